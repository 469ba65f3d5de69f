/*
 * spool: where `helpd deliver` leaves a message for the daemon: a Maildir-like directory, DATA/spool, mode 03730 (the group may add, not look). A
 * file is one line of our own, then the mail as it came:
 *
 *   HELPD1 <base64url of a record: channel, envelope sender, recipient> LF
 */
#ifndef APP_SPOOL_H
#define APP_SPOOL_H

#include "base/arena.h"
#include "base/err.h"

struct spooled {
	struct str channel;            /* "mail" when nothing was said */
	bool has_sender;
	struct str sender, recipient;  /* envelope; empty when not said */
	struct str raw;                /* the mail, borrowed */
};
/* Makes the directories, for the group to write to; called by the daemon. */
int spool_make(const char *path, struct err *err);
/* Durable when it returns 0. s->raw is written behind the line. */
int spool_put(struct arena *a, const char *path, const struct spooled *s, struct err *err);
/* The same with the mail read from a descriptor, however large; ERR_INVAL when there is nothing but white space. */
int spool_put_from(struct arena *a, const char *path, const struct spooled *s, int from, struct err *err);
/* Splits a file's content. A file without the line is a plain mail. */
void spool_read(struct arena *a, struct str content, struct spooled *out);

#endif
