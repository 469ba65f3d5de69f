/*
 * copier: puts mails that were sent into a mailbox's folder of sent mail.
 *
 * One connection of its own, made when it is needed and let go when nothing is to be put for a while.
 */
#ifndef APP_COPIER_H
#define APP_COPIER_H

#include "app/config.h"
#include "net/smtp.h"

struct copier;

/* m has a copy; it and everything it names outlive the copier. */
void copier_new(struct copier **out, const struct mailbox *m);
void copier_free(struct copier **c);
/*
 * The mail into the folder, as read. again: it may be there already, so the folder is searched for its Message-ID first. 0: *to says what became of it: OK;
 * LATER: the server said no; UNKNOWN: it was given, and the answer never came. -1: the server could not be reached or refused the login.
 */
int copier_put(struct copier *c, struct arena *a, struct str message_id, bool again, struct str bytes, struct sent_to *to, struct err *err);
void copier_rest(struct copier *c);
/* What is under way fails soon, and so does all that follows; any thread. */
void copier_cancel(struct copier *c);

#endif
