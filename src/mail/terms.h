/*
 * terms: the words of a text as they are searched for, and the same for a query.
 *
 * Runs of letters and digits, folded to lower case (full Unicode fold; accents kept and also dropped: "café" gives "café" and "cafe");
 * addresses and dotted words whole and in parts; Han, Kana and Hangul as overlapping pairs of characters (single ones too when alone).
 * Terms are 1 to 64 bytes. Plain ASCII text takes no ICU at all.
 */
#ifndef MAIL_TERMS_H
#define MAIL_TERMS_H

#include "base/arena.h"

enum { TERM_MAX = 64, TERMS_MAX = 5000 };

struct terms; /* a set being gathered */
struct terms *terms_new(struct arena *a);
/* Adds the terms of text (valid UTF-8) that are not in the set yet, until TERMS_MAX. */
void terms_add(struct terms *t, struct str text);
/* What was gathered; in the arena. */
struct strs terms_list(const struct terms *t);

/* The words of text in their order, repeated ones too, folded to lower case without accents; a character each of scripts written without spaces. At most max. */
struct strs terms_words(struct arena *a, struct str text, size_t max);

/* The terms that a person's query asks for: all must be found. "foo*" stays a prefix; "an exact phrase" becomes its terms. */
struct strs terms_query(struct arena *a, struct str query);

#endif
