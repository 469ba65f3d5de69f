/*
 * config: all of /etc/helpd, read and checked.
 *
 * Every string that was written in the file is followed by a NUL that is not counted.
 *
 * One immutable value with an arena of its own. A reload reads a whole new one first; any error keeps the old. The
 * settings are one table (config_table.c) that yields parser, checks, sample file and the list in helpd.conf(5).
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "base/syntax.h"
#include "desk/settings.h"

/* A secret is read when it is needed, never kept in the configuration and never logged. */
struct secret {
	struct str file, command, credential; /* password_file, password_command (argv split at spaces, no shell), systemd credential; one of them set, or none */
	int64_t expires;           /* password_expires: the first moment of that day, in UTC; 0: not said */
};
static inline bool
secret_is_set(const struct secret *s)
{
	return s->file.n || s->command.n || s->credential.n;
}
/* Reads it into *out (wipe it afterwards), without the trailing line break. A file that group or others can read is refused
 * (group helpd may read), with what to do. password_command runs without a shell, 10 s at most. */
int secret_read(const struct secret *s, struct buf *out, struct err *err);
/* A command ends at the deadline (clock_mono()) too, and when *cancel (may be NULL) gets true. */
int secret_read_by(const struct secret *s, int64_t deadline, const _Atomic bool *cancel, struct buf *out, struct err *err);

enum mailbox_kind { MAILBOX_IMAP, MAILBOX_MAILDIR, MAILBOX_SPOOL };
enum begin { BEGIN_UNSEEN, BEGIN_ALL, BEGIN_NOW };
enum after { AFTER_SEEN, AFTER_KEYWORD, AFTER_MOVE, AFTER_DELETE, AFTER_CUR };

struct mailbox {
	struct str name;
	struct place at;           /* of its block in helpd.conf; line 0: it stands in none */
	enum mailbox_kind kind;
	struct str queue;          /* may be empty: the first queue */
	struct str channel;        /* "mail" */
	enum begin begin;
	enum after after;
	struct str after_arg;      /* keyword, or folder/Maildir to move to */
	/* IMAP */
	struct str host;
	uint16_t port;
	bool implicit_tls;
	bool plaintext;            /* imap+plain://, loopback only */
	struct str user;
	struct secret secret;
	struct str ca_file;
	bool xoauth2;              /* the secret is an OAuth2 access token */
	struct strs folders;       /* INBOX when none is named; may be empty when there are sent_folders */
	struct strs sent_folders;  /* of sent mail: read for answers that were written elsewhere, and left as they are */
	struct str copy;           /* where copies of what helpd sends are put; empty: nowhere */
	int64_t poll;              /* ms, where there is no IDLE; default 60 s */
	int64_t timeout;           /* of a command; default 60 s */
	/* Maildir or spool */
	struct str sent;           /* a Maildir of sent mail; it is a mailbox of its own beside this one */
	bool sent_only;            /* such a one: begins now (or with all), is left as it is */
	struct str path;           /* an empty path of a spool: "spool" in the data directory */
};

/* A folder of sent mail is read from now on, unless the mailbox begins with all. */
enum begin mailbox_begin(const struct mailbox *m, bool sent);

enum transport_kind { TRANSPORT_SMTP, TRANSPORT_SENDMAIL, TRANSPORT_MAILDIR, TRANSPORT_COPY, TRANSPORT_HOOK };
struct transport {
	struct str name;
	struct place at;
	enum transport_kind kind;
	struct str host;
	uint16_t port;
	enum { TRANSPORT_STARTTLS, TRANSPORT_IMPLICIT, TRANSPORT_PLAINTEXT } security; /* submission:// and smtp://, submissions:// and smtps://, smtp+plain:// */
	struct str user;
	struct secret secret;
	struct str ca_file, helo;
	bool xoauth2;
	int64_t timeout;
	struct str path;           /* sendmail's program, or the Maildir; HOOK: the URL, which may itself be a secret: never shown whole */
	struct str hook;           /* HOOK: its name in the file; in no list but config.hooks. The secret signs what is posted */
	bool allow_private;        /* HOOK: redirects into private networks */
	const struct mailbox *mailbox; /* COPY: into its folder mailbox.copy; in no list but config.copies */
};

/* Stored mail that is kept sealed (store/vault.h): the block encryption. */
struct encryption {
	bool on;                   /* the block is there */
	struct place at;
	struct secret key;         /* the master key, 64 hexadecimal digits */
	struct str vault;          /* the file of the keys; empty: "vault" in the data directory */
	bool new_mail;             /* seal what comes; else only what is sealed stays so */
};

/* What is watched, and who is told of it: blocks alarms and heartbeat. */
struct watching {
	struct strs to;            /* addresses, lower case; empty: those of the admins in agents.conf */
	bool off;                  /* to "none" */
	struct str transport;      /* empty: the first that works */
	int64_t unread_after, unreachable_after, unsent_after; /* ms: a mailbox, a transport, the oldest mail */
	unsigned disk;             /* percent of disk or map in use */
	unsigned quarantined;      /* mails in an hour */
	struct strs expiring;
	int64_t steps[8];          /* ms before something expires, falling */
	size_t nsteps;
	bool heartbeat;            /* a probe goes out `every`, and comes back `within` */
	int64_t every, within;
	struct str probe_mailbox, probe_transport; /* the latter empty: the first */
	struct address probe_to;
};

struct config {
	struct arena arena;
	struct str dir;            /* /etc/helpd */
	struct str data;           /* /var/lib/helpd */
	struct str user, group;    /* to run as when started as root; "helpd" */
	uint64_t map_size;
	struct str templates;      /* the admin's directory of templates; it need not be there */
	struct str status_file;    /* empty: status.json in the data directory */
	unsigned workers;          /* parser processes; default: cores, at most 4 */
	struct mailbox *mailboxes;
	size_t nmailboxes;
	struct transport *transports;
	size_t ntransports;
	struct transport *copies;  /* one for each mailbox with a copy, named "copy:MAILBOX", which no transport of the file can be */
	size_t ncopies;
	struct transport *hooks;   /* one for each webhook, named "webhook:NAME" */
	size_t nhooks;
	struct watching watch;
	struct encryption encryption;
	struct settings settings;
};

/*
 * Reads DIR/helpd.conf and what belongs to it. Problems go to *bad (which lives in out->arena) in file order, with the nearest known name suggested;
 * returns 0 when there was no error (warnings do not count). *out is to be freed in either case. A configuration without a spool
 * mailbox gets one, "deliver", for `helpd deliver`; one without a queue gets "support" with the site's address.
 *
 * The installed templates are in PKGDATADIR/templates, or in HELPD_SHARE/templates where the environment has that (tests, and
 * a program that is not installed).
 */
int config_load(const char *dir, struct config **out, struct complaints *bad);
void config_free(struct config **c);
const struct transport *config_copy(const struct config *c, struct str name); /* NULL: there is none any more */
const struct transport *config_hook(const struct config *c, struct str name);
const struct transport *config_transport(const struct config *c, struct str name); /* empty name: the first */

#endif
