/*
 * release: a mail in the quarantine whose writer said that it is his (desk/held.h) is read again.
 *
 * due_run() names it; the daemon pushes it through the pipeline like any other mail, as retried. Who confirmed it stands in the row, so a
 * crash in between loses nothing: the timer goes in the transaction that ingests the mail.
 */
#ifndef APP_RELEASE_H
#define APP_RELEASE_H

#include "app/pipeline.h"

/*
 * Fetches the mail and pushes it; what becomes of it is logged. 0 pushed, or gone already (its timer goes too); -1 with ERR_TEMP when the store
 * cannot be read now: try later.
 */
int release_push(struct store *s, struct pipeline *p, uint64_t quarantine, struct err *err);

#endif
