/*
 * imap_account: the way from a mailbox of the configuration to a connection that is logged in; for its feed, for copies into its folder of sent mail, and
 * for helpd check.
 */
#ifndef APP_IMAP_ACCOUNT_H
#define APP_IMAP_ACCOUNT_H

#include "app/config.h"
#include "net/imap.h"

#include <stdatomic.h>

/*
 * The secret is read each time: it may have been changed. A command that prints it is ended when *cancel gets true (ERR_TEMP). cancel, opening, ctx (see struct
 * imap_login): may be NULL.
 */
int imap_account_open(const struct mailbox *m, const _Atomic bool *cancel, void (*opening)(void *ctx, struct imap *i), void *ctx, struct imap **out, struct err *err);

#endif
