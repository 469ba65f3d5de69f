/*
 * kb: the knowledge base that grows out of answers, and macros: texts that agents put into answers.
 *
 * An article is plain text with a title, found by its words. "#kb save" makes a draft of an answer, with addresses, numbers and the customer's name taken out; a lead or
 * admin publishes it (`helpd kb publish N`). Drafts can be used by agents, and are never shown to customers by themselves.
 *
 * A macro is a template templates/LANG/macro/NAME.mustache (desk/template.h), rendered with the ticket's values.
 */
#ifndef DESK_KB_H
#define DESK_KB_H

#include "desk/event.h"
#include "desk/ingest.h"
#include "store/kb.h"

/*
 * From an answer's text, as a draft: names and addresses of this ticket's people, every address but our own, the values of its fields, ticket numbers and long numbers become
 * "[name]", "[address]", "[order]", "[number]". ERR_INVAL: no title or text, or too long. The event is the caller's.
 */
int kb_save(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k, struct str title, struct str text, const struct actor *who, int64_t now, uint64_t *id,
    struct err *err);
/* Changes title, text or state (those of x; x->id 0: a new one, whose author is who); old forms are kept as versions. ERR_INVAL as above. */
int kb_put_text(struct desk *d, struct txn *t, struct arena *a, struct kb *x, struct str text, const struct actor *who, int64_t now, struct err *err);
/* Counts a use: an article that is used rises in suggestions. ERR_NOENT when there is no such article, or it was withdrawn. The event is the caller's. */
int kb_use(struct txn *t, struct arena *a, uint64_t id, uint64_t ticket, int64_t now, struct kb *out, struct err *err);
/* The best articles for a text (and subject), best first: BM25 over title and text, drafts too. How many, at most max (10); none when nothing fits. Below a millisecond. */
size_t kb_suggest(struct txn *t, struct arena *a, struct str text, struct kb *out, size_t max);
/* Articles that hold all of the words, best first; how many, -1. */
int kb_find(struct txn *t, struct arena *a, struct str words, struct kb *out, size_t max, struct err *err);

/* The text of a macro for this ticket and agent, in the customer's language. ERR_NOENT names the nearest; ERR_INVAL when it gives no text. */
struct agent;
int macro_render(struct desk *d, struct arena *a, const struct ticket *k, const struct agent *who, struct str name, struct str *text, struct err *err);

#endif
