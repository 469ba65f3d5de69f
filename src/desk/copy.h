/*
 * copy: what was sent to customers, once more in a folder of sent mail.
 *
 * A copy is a row of the outbox of its own, of kind "copy", written in the transaction that records that the first of its mail's recipients has
 * it. Claim, journal, retries and `helpd outbox` are those of mail. Its bytes are the article's, which no row ever takes away. Its one recipient is
 * the folder, "support/Sent". What becomes of it changes nothing of the ticket but the history.
 */
#ifndef DESK_COPY_H
#define DESK_COPY_H

#include "desk/event.h"
#include "desk/ingest.h"
#include "store/outbox.h"

bool copy_is(const struct outbox *row);
/* Writes the copy's row of a mail to a customer, if the ticket's queue has its mails copied. Nothing for notices, or for a copy. */
int copy_write(struct desk *d, struct txn *t, struct arena *a, const struct outbox *mail, int64_t now, struct err *err);
/* It was given up. Does not put k. */
void copy_failed(struct txn *t, struct arena *a, struct ticket *k, const struct outbox *row, struct str words, int64_t now);

#endif
