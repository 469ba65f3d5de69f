/*
 * kb: articles of the knowledge base, and their words.
 *
 * The postings (term to articles, with how often and how long) are kept in step by kb_put(): a search reads the rows of its terms and
 * nothing else. An article that was withdrawn is in none of them.
 */
#ifndef STORE_KB_H
#define STORE_KB_H

#include "store/store.h"

#define KB_STATES(X) X(1, DRAFT, "draft") X(2, PUBLISHED, "published") X(3, WITHDRAWN, "withdrawn")
#define X_ENUM_KB(n, id, name) KB_##id = n,
enum kb_state { KB_NONE, KB_STATES(X_ENUM_KB) KB_STATE_COUNT };
const char *kb_state_name(enum kb_state s);

struct kb {
	uint64_t id;            /* 0: not stored yet */
	struct str title, text; /* UTF-8, LF */
	struct str language;
	struct str author;      /* "agent:anna" */
	enum kb_state state;
	int64_t created, updated;
	uint64_t ticket;        /* whose answer it was made of; 0 */
	uint32_t version;       /* from 1; earlier ones are kept */
	uint32_t uses;
	int64_t used;           /* last time; CLOCK_NONE */
};
void kb_put(struct txn *t, struct kb *x); /* gives the id; the row before it is kept as an old version when text or title changed */
int kb_get(struct txn *t, struct arena *a, uint64_t id, struct kb *out);
int kb_get_version(struct txn *t, struct arena *a, uint64_t id, uint32_t version, struct kb *out);
/* In the order of their numbers. */
int kb_each(struct txn *t, struct arena *a, bool (*fn)(void *ctx, const struct kb *x), void *ctx);


enum { KB_TEXT_MAX = 256 << 10, KB_TITLE_MAX = 300 }; /* bytes; the caller holds to it */

struct kb_hit {
	uint64_t id;
	double score;           /* BM25 */
	unsigned terms;         /* how many of the words it holds */
};
/*
 * The articles that hold any of the terms (mail/terms.h), best first, at most max; how many, -1. Of many terms only the rarest count: the
 * cost is bounded whatever the text. all: those only that hold all of them.
 */
int kb_search(struct txn *t, struct arena *a, const struct strs *terms, bool all, struct kb_hit *out, size_t max);

#endif
