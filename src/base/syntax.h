/*
 * syntax: the one grammar of all of helpd's own files, the generic one of Sieve (RFC 5228 §8).
 *
 *   command arguments ";"        command arguments { commands }
 *
 * An argument is a string ("…" with \" and \\, or text: … a line of "."), a number (with K, M, G), a tag
 * (:word), a list ["a", "b"], or a test (an identifier with arguments of its own; several in parentheses).
 * Comments: # to the end of the line, and C's.
 *
 * The parser never stops at the first error: it notes file, line and column, skips to the next ';' or
 * brace and goes on. What a name means is the caller's business, who reports through the same list.
 */
#ifndef BASE_SYNTAX_H
#define BASE_SYNTAX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct place {
	const char *file; /* as given; lives as long as the arena */
	unsigned line, column; /* from 1; columns count characters, not bytes */
};

enum node_kind { NODE_STRING, NODE_NUMBER, NODE_TAG, NODE_LIST, NODE_TEST };

struct node {
	enum node_kind kind;
	struct place at;
	struct str s;        /* string value, tag name without ':', or the name of a test */
	uint64_t number;     /* NODE_NUMBER, quantifier applied */
	struct str raw;      /* as written; for a number that is a duration or size word */
	bool multiline;      /* a string written as text: */
	struct node *items;  /* NODE_LIST: strings; NODE_TEST: its arguments */
	size_t nitems;
	struct node *tests;  /* NODE_TEST: the tests of its own ("not x", "allof (x, y)") */
	size_t ntests;
	bool test_list;      /* these tests stood in parentheses */
	struct place end;    /* behind the last character */
};

struct command {
	struct place at;
	struct str name;     /* as written; compare without case */
	struct node *args;
	size_t nargs;
	struct node *tests;  /* the test or test list after the arguments ("if header …") */
	size_t ntests;
	bool test_list;
	bool has_block;
	struct command *block;
	size_t nblock;
	struct place end;    /* of the closing ';' or brace */
};

/* What was found wrong, in the order of the file. */
struct complaint {
	struct place at;
	bool warning;
	bool whole_line; /* other errors of this line are likely to follow from it */
	bool drop;       /* complaints_sort()'s: it does */
	struct str msg;
};
struct complaints {
	struct complaint *v;
	size_t n, cap;
	size_t errors;       /* without the warnings */
	size_t max;          /* further ones are only counted; 0: 100 */
	size_t dropped;      /* those */
};

struct script {
	struct command *commands;
	size_t n;
};

/*
 * Parses text (UTF-8, at most 16 MiB; nesting at most 32) into *out; everything lives in the arena, text itself may go. Errors
 * are appended to *bad; what could be read is returned all the same, so the caller can check the rest. Line breaks
 * inside strings become LF. Numbers are at most 2^63 - 1.
 * Returns 0 when nothing was wrong, else -1.
 */
int syntax_parse(struct arena *a, const char *file, struct str text, struct script *out, struct complaints *bad);

/*
 * For files whose commands take no tests (all of ours but Sieve): what the grammar reads as a test is a word that
 * lacks its quotes, or the next command after one that lacks its ';'. Says so, and puts it right in *s, so
 * that what follows can be checked. Returns -1 when there was any. A backslash before a letter or digit gets a warning: "\n" is the letter n.
 */
int syntax_plain(struct arena *a, struct script *s, struct complaints *bad);

void complain(struct arena *a, struct complaints *bad, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void complain_warning(struct arena *a, struct complaints *bad, struct place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "file:line:column: error: message" lines; control characters and what is not UTF-8 become \\xNN. */
void complaints_print(struct buf *out, const struct complaints *bad);
/* By file (in the order of their first complaint), line and column; equal places keep their order. What is likely to follow from
 * another complaint about the same line is left out. */
void complaints_sort(struct complaints *bad);

/* The nearest of names to s for "did you mean", or an empty str when none is near enough. */
struct str syntax_nearest(struct str s, const struct str *names, size_t n);

#endif
