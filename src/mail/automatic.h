/*
 * automatic: was this written by a machine? RFC 3834, RFC 2369, RFC 2919 and the custom of the field (RELIABILITY §4's list), and the words
 * that clients put before the subject of their own answers ("Automatic reply: …"), for those that set no field.
 */
#ifndef MAIL_AUTOMATIC_H
#define MAIL_AUTOMATIC_H

#include "mail/message.h"

/* Fills m->automatic, is_list and list_address from the other fields (headers, from, return_path, subject, bounce). content_type: of the top level, with parameters. */
void automatic_detect(struct arena *a, struct message *m, struct str content_type);
/* The same question for an address alone: mailer-daemon, no-reply, owner-x, x-request … */
bool automatic_address(struct str addr);

#endif
