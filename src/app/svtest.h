/*
 * svtest: test scripts for rules (helpd sieve-test), in the language of vnd.dovecot.testsuite: a Sieve script that sets up a mail,
 * compiles and runs other scripts, and looks at what they did. Nothing is sent or stored: there is a set of mailboxes and an
 * outgoing queue in memory. See helpd-rules(5), TESTING.
 */
#ifndef APP_SVTEST_H
#define APP_SVTEST_H

#include "desk/sieve/engine.h"

struct svmail {
	struct str raw;
	struct strs flags;
	struct str from, to;      /* of what was sent */
	struct svmail *next;
};
struct svbox {
	struct str name;
	struct svmail *mails;
	struct svbox *next;
};
struct svpair {
	struct str name, value;
	struct svpair *next;
};
struct svbinary {
	struct sieve *s;
	struct str name;          /* empty: not saved */
	struct svbinary *next;
};

struct svtest {
	struct arena a;
	const char *file;
	struct str dir;           /* of the file, with '/' at its end, or empty */
	struct sieve_options options;
	struct sieve_context context;
	struct sieve_mail mail;
	struct str raw;
	struct svpair *settings, *values, *seen, *metadata;
	struct svbox *boxes;
	struct svmail *sent;
	struct svbinary *binaries; /* all that were compiled; freed at the end */
	struct sieve *subject;
	struct sieve_result result;
	struct strs result_flags;  /* for the implicit keep */
	bool has_result_flags;
	bool keep_cancelled;
	struct strs errors;
	struct str name;          /* of the running test */
	bool failed;
	unsigned *count;          /* tests so far, over all files: TAP's numbers */
	unsigned failures, tests;
};

/* Runs one file; prints TAP lines. Returns the number of failures (a file that cannot be run is one). */
unsigned svtest_file(const char *file, unsigned *count);

struct svtest *svtest_of(struct sieve_run *r);
/* The file's text in the arena. 1, 0: not there, -1: cannot be read. */
int svtest_read(struct arena *a, const char *path, struct str *text);
/* TAP: text made safe for a line; one test's line; text as comments; a failure of the running test, told. */
void svtest_put(struct str s);
void svtest_outcome(struct svtest *t, bool ok);
void svtest_comment(struct str s);
enum { RUN_FAILED = 100 }; /* leaves the test's block */
int svtest_failed(struct sieve_run *r, const struct sieve_node *n, struct str why);

/* --- svtest_commands.c, svtest_look.c ----------------------------------- */

extern const struct sieve_def svtest_defs[];
/* What the engine may ask of a test: settings, scripts, values, mailboxes. */
void svtest_wire(struct svtest *t);
void svtest_mail_changed(struct sieve_run *r, struct svtest *t);
sieve_fn svtest_run_test_error, svtest_run_result_action, svtest_run_result_print, svtest_run_test_message, svtest_run_message_print;
sieve_check_fn svtest_check_test_message;

/* --- svtest_mail.c ----------------------------------------------------- */

void svtest_set_mail(struct svtest *t, struct str raw, const struct strs *flags);
struct svbox *svtest_box(struct svtest *t, struct str name, bool create);
/* Carries out t->result. False, with errors added, when something could not be done. */
bool svtest_execute(struct svtest *t);
void svtest_error(struct svtest *t, struct str msg);

#endif
