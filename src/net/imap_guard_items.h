/* imap_guard_items: the inside of net/imap_guard.h: scanners that take from the front of a line, or leave it and say no. */
#ifndef NET_IMAP_GUARD_ITEMS_H
#define NET_IMAP_GUARD_ITEMS_H

#include "net/imap_guard.h"

/* A word, its case aside. */
bool guard_take(struct str *s, const char *word);
bool guard_number(struct str *s, uint64_t max, uint64_t *out);
/* The run of plain characters at the front, perhaps none. */
struct str guard_word(struct str *s);
/* "(\\Seen $label …)": copied to out but for what is no plain word. */
bool guard_flags(struct guard *g, struct str *s);
/* A quoted string, with its quotes. */
bool guard_quoted(struct str *s, struct str *out);
/* "{n}" at the very end; above max it is the stream's error and false. */
bool guard_literal(struct guard *g, size_t max, struct str *s, uint64_t *n);

/* The items of a FETCH up to its end or a literal; a LIST after that word. 0, -1. */
int guard_fetch(struct guard *g, struct str s, bool first);
int guard_list(struct guard *g, struct str s);

/* "… sent something that is no IMAP (what)"; -1. */
int guard_garbage(struct guard *g, const char *what);

#endif
