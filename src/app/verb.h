/*
 * verb: one `helpd VERB …` of the command line. One table (app/verbs.c) yields dispatch, `helpd help`, and the bash completion.
 */
#ifndef APP_VERB_H
#define APP_VERB_H

#include "base/buf.h"
#include "base/err.h"

struct verb_context {
	const char *config_dir; /* -c, or /etc/helpd (HELPD_CONFIG in the environment) */
	const char *data_dir;   /* -d, or NULL: what the configuration says */
	bool json;              /* --json, anywhere on the line */
	bool colour;            /* standard output is a terminal, and NO_COLOR is not set */
	unsigned verbose;       /* -v, twice for debug */
	const char *name;       /* the verb */
};

/* argv[0] is the verb; --json is taken out already. Returns an exit status of sysexits.h. */
typedef int verb_fn(struct verb_context *c, int argc, char **argv);

struct verb {
	const char *name;
	verb_fn *run;
	const char *usage;      /* "[--since 30d] FILE…" */
	const char *summary;    /* one line */
};
extern const struct verb verbs[]; /* ends with name NULL */

/* "helpd: check: message" to standard error; returns status. */
int verb_fail(const struct verb_context *c, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for a struct err, with its own status. */
int verb_err(const struct verb_context *c, const struct err *err);
/* Prints the usage line of the verb to standard error; returns EX_USAGE. */
int verb_usage(const struct verb_context *c);

/* "1042" or "#1042", as people write a ticket's number; never 0. */
bool verb_ticket(const char *s, uint64_t *n);

/* One each, in app/cmd_NAME.c. */
verb_fn cmd_replay, cmd_calendar, cmd_classify, cmd_sieve_test, cmd_init, cmd_check, cmd_run, cmd_parse, cmd_deliver, cmd_render, cmd_list, cmd_show, cmd_search, cmd_reply, cmd_note, cmd_set, cmd_kb, cmd_agents, cmd_why,
    cmd_merge, cmd_split, cmd_child, cmd_link, cmd_unlink, cmd_outbox, cmd_quarantine, cmd_verify, cmd_backup, cmd_restore, cmd_status, cmd_stop, cmd_reload, cmd_keys, cmd_export, cmd_erase, cmd_vault, cmd_help, cmd_version;

#endif
