/* The knowledge base's postings; for kb.c, the check and its test. */
#ifndef STORE_KB_PRIVATE_H
#define STORE_KB_PRIVATE_H

#include "store/kb.h"
#include "store/txn_private.h"

/* How often the words of an article occur. */
struct kb_words {
	struct kb_word {
		struct str term;
		uint32_t times; /* in how many stretches of the text; the title's count three */
	} *v;
	size_t n;
	uint64_t length;        /* sum of times */
};
/* Of title and text; in the arena. The same text gives the same. */
void kb_words_of(struct arena *a, struct str title, struct str text, struct kb_words *out);
/* Puts the article into, or takes it out of, the rows of its words. */
void kb_words_put(struct txn *t, struct arena *a, uint64_t id, const struct kb_words *w, bool there);

/* One row: how many articles, then for each, ascending: id - the last one's, times, length of the article. */
struct kb_posting {
	uint64_t id, times, length;
};
/* 1, 0 at the end, -1 when it is not in its form. last: the id before. */
int kb_posting_next(struct str *row, uint64_t last, struct kb_posting *out);

/* How many articles are in the postings, and the sum of their lengths. */
int kb_totals(struct txn *t, uint64_t *articles, uint64_t *length);
/* True for the key of a term's first piece. */
static inline bool
kb_term_key(struct str key)
{
	return key.n > 0 && str_chr(key, '\0', 0) < 0;
}
bool kb_decode(struct str rec, struct kb *out);

#endif
