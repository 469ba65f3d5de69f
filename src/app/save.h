/* save: what `helpd show` gives out of a ticket as it came: a raw mail, or the attachments as files. Exit statuses; errors are printed. */
#ifndef APP_SAVE_H
#define APP_SAVE_H

#include "app/jail.h"
#include "app/verb.h"
#include "store/ticket.h"

/* The mail of an article, to standard output. */
int save_raw(struct verb_context *c, struct txn *t, struct arena *a, const struct ticket *k, uint64_t seq);
/* All attachments, of merged tickets too, into the directory, which is made: "SEQ-I-NAME". Never over a file that is there. */
int save_attachments(struct verb_context *c, struct jail *j, struct txn *t, struct arena *a, const struct ticket *k, const char *path);

#endif
