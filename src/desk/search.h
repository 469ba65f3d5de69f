/*
 * search: full text over subject, people, text and attachment names, with filters: `status:open queue:billing from:ann@example.org assignee:eva tag:vip #1042
 * words "a phrase" prefix*`. Newest ticket first.
 *
 * Words of a merged ticket find its target, once; words are looked for in each of them by itself. `#1042` alone and `status:merged` find merged tickets as they are.
 */
#ifndef DESK_SEARCH_H
#define DESK_SEARCH_H

#include "store/ticket.h"

/* Calls fn for each ticket that matches until it returns false or limit (0: none) is reached. ERR_INVAL when a filter's value is wrong. */
int search_tickets(struct txn *t, struct arena *a, struct str query, size_t limit, bool (*fn)(void *ctx, const struct ticket *k), void *ctx, struct err *err);

/* The search terms of a stored article, made again: subject, people, text, attachment names. For what a crash left unindexed. */
struct term_batch;
void index_article(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq, struct term_batch *terms);

#endif
