/*
 * launcher: the one process that starts programs (the sendmail transport, password_command).
 *
 * The daemon shuts itself in without execve (app/sandbox.h), so a small process is forked before that, before threads, store and
 * secrets. It starts what the configuration names and nothing else: the daemon can ask for a program, but the launcher compares
 * it with what it has read in helpd.conf by itself, and reads that again at launcher_reload(). It has no socket and no file of the daemon.
 *
 * It ends with the daemon, and so does what it has started and is not done.
 */
#ifndef APP_LAUNCHER_H
#define APP_LAUNCHER_H

#include <stdatomic.h>

#include "app/config.h"

/* Forks it; before any thread. One in a process: program_run() uses it from then on. */
int launcher_open(const struct config *c, struct err *err);
void launcher_close(void);
/* Its pid, for tests and status; 0: there is none. */
int launcher_pid(void);
/* It reads the configuration again; errors in that keep its old list. */
int launcher_reload(struct err *err);

struct program {
	char **argv;                 /* argv[0] is a path; ends with NULL */
	struct str in;               /* all of its standard input. It is in memory before the program starts: no end of ours cuts it short */
	struct buf *out;             /* what it prints is appended; NULL: its output is ours. Make room before for what must not be copied about */
	size_t out_max;              /* more than that is ERR_INVAL */
	int64_t deadline;            /* clock_mono(); then it is killed, with its children of the same process group */
	const _Atomic bool *cancel;  /* the same, when it gets true; may be NULL */
	int status;                  /* out, as of waitpid(2); -1: it did not end by itself */
	size_t taken;                /* out: octets of `in` that it has read */
};
/*
 * Runs it: 0 when it ended by itself (also by a signal). ERR_PERM: not in the configuration; ERR_INVAL: it cannot be started;
 * ERR_TEMP: deadline, cancelled, or the launcher is gone. Thread-safe. In a process without a launcher (the verbs) one is forked for this call, which
 * starts just this.
 */
int program_run(struct program *p, struct err *err);

/* The words of a password_command in the arena, NULL behind; at most 64. */
char **program_words(struct arena *a, struct str line);

#endif
