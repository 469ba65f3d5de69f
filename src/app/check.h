/* check: whether the servers and directories that the configuration names can be used, in an admin's terms. */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "app/config.h"

struct check {
	const char *what;      /* "mailbox", "transport" */
	struct str name;       /* of it */
	struct str where;      /* "imaps://mail.example.org:993, folder INBOX" */
	bool good;
	bool soon;             /* good, and not for long: it expires */
	struct str message;    /* why not; or what was found */
};
struct checks {
	struct check *v;
	size_t n;
};

/* Where a mailbox is read and a transport leads, as written in helpd.conf. */
struct str mailbox_where(struct arena *a, const struct mailbox *m, struct str data);
struct str transport_where(struct arena *a, const struct transport *t);

/*
 * Without connecting: can each secret be read (commands are not run), is each certificate file there. What is wrong goes to *bad;
 * a password file that is still empty is a warning.
 */
void check_files(struct arena *a, const struct config *c, struct complaints *bad);

/*
 * Logs in to every IMAP and SMTP server, looks for every folder, tries every Maildir and the data directory; then what of it all expires, and when. report() is
 * called after each, since each may take a while. Returns the number of those that failed.
 */
typedef void check_report(void *ctx, const struct check *c);
size_t check_connect(struct arena *a, const struct config *c, check_report *report, void *ctx);

#endif
