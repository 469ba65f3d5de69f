/*
 * config_table: every setting of helpd.conf and agents.conf, one row each. The rows yield the parser, the checks of single values, the
 * samples (etc/NAME.conf.sample, helpd init) and, by a test, the lists in helpd.conf(5) and helpd-agents(5).
 */
#ifndef APP_CONFIG_TABLE_H
#define APP_CONFIG_TABLE_H

#include "app/config.h"

enum setting_type {
	SETTING_BLOCK,      /* NAME { … } */
	SETTING_STRING,     /* one line */
	SETTING_TEXT,       /* any number of them */
	SETTING_PATH,       /* relative ones count from the configuration's directory */
	SETTING_COMMAND,    /* a program by its whole path, and arguments */
	SETTING_NAME,       /* of a queue, a transport, a credential */
	SETTING_HANDLE,     /* of an agent or a team: typed in commands, so narrower than a name */
	SETTING_HANDLES,
	SETTING_QUEUES,     /* names, or "*" */
	SETTING_LABEL,      /* of tickets' tags and fields: lower case */
	SETTING_LABELS,
	SETTING_TAG,        /* in a subject, between brackets */
	SETTING_TAGS,
	SETTING_ADDRESS,
	SETTING_ADDRESSES,  /* lower case */
	SETTING_DOMAIN,
	SETTING_DOMAINS,
	SETTING_STRINGS,
	SETTING_DURATION,   /* int64_t milliseconds */
	SETTING_DAYS,       /* unsigned: a duration rounded up to days */
	SETTING_DATE,       /* int64_t: the first moment of a day, UTC: "2030-01-31" */
	SETTING_SIZE,       /* uint64_t bytes */
	SETTING_COUNT,      /* unsigned */
	SETTING_PERCENT,    /* unsigned: "80%" */
	SETTING_BOOL,
	SETTING_WORD,       /* an enum: the position in words */
	SETTING_ZONE,
	SETTING_LANGUAGES,
	SETTING_IMAP_URL,
	SETTING_SMTP_URL,
	SETTING_URL,        /* https, or http to this machine */
	SETTING_AFTER,
};

/* Sets one place of the structure that its block fills. */
struct setting {
	const char *block;      /* at the top: "" in helpd.conf, else the file's name */
	const char *name;
	enum setting_type type;
	size_t offset;
	const char *fallback;   /* the default as written, or what it comes from; NULL: none */
	const char *example;    /* for the sample; NULL: the default */
	const char *words;      /* SETTING_WORD: "unseen all now" */
	int64_t least, most;    /* COUNT, SIZE, DURATION (ms); most 0: no limit */
	bool required, once;    /* once: a block that there is no second of */
	unsigned kind;          /* 1 << kind: naming this makes the block of that kind */
	unsigned kinds;         /* the kinds that have this setting; 0: all */
	const char *about;      /* one line for the sample */
};

/* What the rows of agents.conf fill. */
struct agent_values {
	struct agent agent;
	unsigned role;          /* enum rank - 1 */
	struct str certificate; /* the path */
};
struct team_values {
	struct team team;
	struct strs members;
};

extern const struct setting settings_table[];
extern const size_t settings_count;

/* The file a block is of, and the block that its top level is. */
const char *setting_file(const char *block);
const char *setting_top(const char *file);
/* The rows of a block, which stand together. */
const struct setting *settings_of(const char *block, size_t *n);
/* 1 << kind to the name of the setting that makes it: "imap". */
const char *setting_kind_name(const char *block, unsigned kind);

/* Reading one value: what is wrong goes to *bad, and false comes back. */
struct value_reader {
	struct arena *a;
	struct complaints *bad;
	const char *dir;        /* of the configuration */
};
bool setting_read(struct value_reader *r, const struct setting *s, const struct command *c, void *base);

/*
 * Writes a commented configuration: every setting of the table with its meaning; those answered with their value, the others
 * commented out with their default. See `helpd init`.
 */
struct answers {
	struct str data, site, address, timezone, user, group, trust, trust_authserv;
	struct strs languages;
	struct str imap, imap_user, imap_password_file; /* empty imap: no such mailbox */
	struct str maildir;
	struct str smtp, smtp_user, smtp_password_file, out_maildir;
	struct strs agents, agent_addresses; /* as many of the one as of the other */
};
void config_write(struct buf *out, const struct answers *x);
/* The same of sla.conf: a calendar in the site's zone, and a service level "standard", which the queue names. */
void config_write_sla(struct buf *out, const struct answers *x);
/* The same of agents.conf. */
void config_write_agents(struct buf *out, const struct answers *x);

#endif
