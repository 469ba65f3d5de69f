/*
 * sieve: the rules. A Sieve script (RFC 5228 and the extensions of helpd-rules(5)) becomes an immutable program; the program,
 * run over one mail, gives a list of actions. Nothing here reads a clock, a disk or the store: what a script may ask of the world
 * comes through struct sieve_context, and what it wants done is returned, not done.
 *
 *   sieve_compile(&opt, "rules.d/10-vip.sieve", text, &program, &bad);       when the configuration is read
 *   sieve_run(program, &context, &arena, &result);                         once a mail
 *
 * Bounds: a script is at most SIEVE_SCRIPT_MAX bytes, nested 32 deep, includes 10 deep and 255 in all; a variable holds 4,000
 * bytes; a run takes at most SIEVE_STEPS_MAX steps (a command, a test, each 64 bytes looked at the slow way); beyond that the run ends with
 * an error, and the mail is kept as if there were no rules. A regular expression that takes longer than some 5 ms does not match,
 * with a warning.
 */
#ifndef DESK_SIEVE_H
#define DESK_SIEVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/syntax.h"
#include "mail/message.h"

enum {
	SIEVE_SCRIPT_MAX = 1 << 20,
	SIEVE_VARIABLE_MAX = 4000,
	SIEVE_ACTIONS_MAX = 32,     /* of one run, unless the setting sieve_max_actions says otherwise */
	SIEVE_REDIRECTS_MAX = 4,    /* sieve_max_redirects */
	SIEVE_STEPS_MAX = 1000000,
};

/* --- the mail, as rules see it ----------------------------------------- */

struct sieve_field {
	struct str name;  /* as written */
	struct str value; /* unfolded, decoded, without blanks at both ends */
	struct str raw;   /* unfolded but not decoded; may be empty: then addresses are read from value */
};

/* A part of the mail, for `body :content`, `foreverypart` and `header :mime`. A part stands before its children. */
struct sieve_part {
	struct str type;      /* "text/plain", lower case */
	struct str content;   /* a leaf: decoded, text as UTF-8 with LF line ends; else what it is made of, as it came */
	struct sieve_field *fields;
	size_t nfields;
	struct str prologue, epilogue; /* of a multipart */
	struct str header;    /* of an embedded message: its header block as text */
	unsigned depth;       /* 0: the mail itself */
	size_t next;          /* index of the first part behind this one and its children */
	bool multipart, message;
};

struct sieve_mail {
	struct sieve_field *fields;
	size_t nfields;
	uint64_t size;        /* octets, line ends counted as CRLF */
	struct str body;      /* undecoded (body :raw); p NULL where only the parsed mail is at hand: then texts */
	struct strs texts;    /* what a reader sees, UTF-8 (body :text), a part each */
	struct sieve_part *parts;
	size_t nparts;
	struct strs flags;    /* IMAP flags it has already */
	const struct message *parsed; /* addresses of the usual fields come from here where it is given */
};

/* From a parsed mail (nothing is copied but small tables): size is that of the raw mail. Its parts are
 * text, html and the attachments, these with type, names and Content-ID but without content. */
void sieve_mail_of_message(struct arena *a, const struct message *m, uint64_t size, struct sieve_mail *out);
/* From a raw one. It is parsed here and now: for mails an admin tries his rules on, never for mail that came in. */
int sieve_mail_of_raw(struct arena *a, struct str raw, struct sieve_mail *out, struct err *err);

/* --- compiling --------------------------------------------------------- */

struct sieve; /* immutable but for the scratch memory of its regular expressions: one run at a time */
struct sieve_def;

struct sieve_options {
	/*
	 * An included script (RFC 6609): *text in the arena, *file the name errors show. 1 found, 0 none of that name, -1 unreadable.
	 * NULL: include is refused.
	 */
	int (*include)(void *ctx, struct arena *a, bool global, struct str name, struct str *text, const char **file);
	/* A setting by name (sieve_max_redirects, sieve_spamtest_status_header, … see helpd-rules(5)); false when it is not set. May be NULL. */
	bool (*setting)(void *ctx, struct str name, struct str *value);
	void *ctx;
	const struct sieve_def *extra; /* further commands and tests (desk/sieve/engine.h), ended by name NULL; may be NULL */
	bool grammar_first;            /* a script with errors of grammar is not looked at further */
	bool implicit_helpd;           /* vnd.helpd needs no require */
};

/*
 * Compiles text. Complaints go to *bad; *out is NULL when there was an error, else it lives until sieve_free().
 * Returns 0, or -1 when there was any error.
 */
int sieve_compile(const struct sieve_options *o, const char *file, struct str text, struct arena *bad_arena, struct sieve **out, struct complaints *bad);
void sieve_free(struct sieve **s);
/* Does the program name this extension in a require? */
bool sieve_requires(const struct sieve *s, struct str extension);
/* The names of all extensions, for documentation and completion; ends with NULL. */
const char *const *sieve_extensions(void);

/* --- running ----------------------------------------------------------- */

enum sieve_kind { /* what ticket "x", customer "x" and the like ask for */
	SIEVE_EVENT,
	SIEVE_TICKET,
	SIEVE_CUSTOMER,
	SIEVE_CHANNEL,
	SIEVE_LANGUAGE,
	SIEVE_HOURS,
	SIEVE_LOAD,
};

struct sieve_context {
	const struct sieve_mail *mail;
	struct str from, to, orig_to, auth; /* the envelope; p NULL: not known. from "" is the null sender */
	int64_t now;
	const char *timezone;      /* IANA name of the desk's own zone; NULL: UTC */

	void *ctx;                 /* for the following; each may be NULL */
	bool (*environment)(void *ctx, struct str name, struct str *value);
	/* The values of a field; several for tags. SIEVE_HOURS: one, "yes" or "no". False: there is no such thing (no value, and :count 0). */
	bool (*values)(void *ctx, struct arena *a, enum sieve_kind kind, struct str name, struct strs *out);
	/* Was this id seen within the time it was marked for? (RFC 7352; marking is an action of the result.) */
	bool (*duplicate)(void *ctx, struct str id);
	bool (*mailbox_exists)(void *ctx, struct str name);
	/* An annotation (RFC 5490); mailbox empty: of the server. */
	bool (*metadata)(void *ctx, struct str mailbox, struct str name, struct str *value);
	bool (*spam_address)(void *ctx, struct str addr); /* reserved */
};

enum sieve_action_kind {
	SIEVE_KEEP, SIEVE_STORE, SIEVE_DISCARD, SIEVE_REDIRECT, SIEVE_REJECT, SIEVE_EREJECT, SIEVE_VACATION, SIEVE_NOTIFY,
	SIEVE_MARK,      /* remember name as seen for `number` seconds (duplicate); from the last time when flag */
	/* vnd.helpd */
	SIEVE_QUEUE, SIEVE_PRIORITY, SIEVE_TAG, SIEVE_UNTAG, SIEVE_FIELD, SIEVE_ASSIGN, SIEVE_SLA, SIEVE_STATUS, SIEVE_NOTE,
	SIEVE_ANSWER, SIEVE_ESCALATE, SIEVE_WEBHOOK, SIEVE_SPAM,
};
/* "keep", "store", "discard", …: as test_result_action and helpd why show it. */
const char *sieve_action_name(enum sieve_action_kind kind);

struct sieve_action {
	enum sieve_action_kind kind;
	struct place at;          /* the command that caused it; line 0: implicit keep */
	struct str name;          /* mailbox, address, queue, priority, tag, field, template, notify method, duplicate's id, URL; reject: the reason */
	struct str value;         /* field's value; vacation, notify: the message; assign: the agent */
	struct strs flags;        /* keep, store: IMAP flags */
	bool has_flags;
	bool copy, create;        /* :copy, :create */
	bool flag;                /* :mime of vacation; :last of duplicate; :raise of priority (number: by how much) */
	bool lower;               /* :lower of priority */
	struct str subject, from, handle, importance, team, skill, strategy, special_use;
	struct str fcc;           /* vacation, notify: a copy of what is sent goes into this mailbox (RFC 8580), with flags and create */
	struct strs list;         /* vacation :addresses; notify :options */
	int64_t number;           /* seconds (vacation, duplicate), steps */
	const struct sieve_mail *mail; /* keep, store, redirect: the mail as it was then (editheader) */
};

struct sieve_error {
	struct place at;
	struct str msg;
};

struct sieve_result {
	struct sieve_action *actions; /* in order; keep too where it is in force, explicit or implicit */
	size_t nactions, cap;
	bool keep;                    /* the mail is to be kept in its usual place */
	bool implicit;                /* by implicit keep (no action cancelled it, or an error) */
	bool stopped;                 /* by stop: later scripts are not run */
	struct sieve_error *errors;
	size_t nerrors;
	struct sieve_error *warnings;
	size_t nwarnings;
	const struct sieve_mail *mail; /* as edited */
	uint64_t steps;
};

/*
 * Runs the program. Everything in *out lives in the arena. Returns 0, or -1 after a run-time error: out->errors says what, its only
 * action is the implicit keep.
 */
int sieve_run(struct sieve *s, const struct sieve_context *c, struct arena *a, struct sieve_result *out);

#endif
