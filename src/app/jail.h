/*
 * jail: the worker processes that read hostile bytes.
 *
 * A zygote is forked before the daemon has threads, sockets or secrets; it forks workers, which can do nothing
 * but compute: seccomp (no files, no network, no exec), no descriptors but their two, rlimits on memory and CPU.
 * Raw mail goes in by shared memory, a record (mail/message.h) comes out. A worker that dies, stalls or asks for too much costs one
 * mail and nothing else: a batch is tried again one by one to find which.
 */
#ifndef APP_JAIL_H
#define APP_JAIL_H

#include "mail/parse.h"

struct jail;

struct jail_options {
	unsigned workers;            /* 1 to 16 */
	struct parse_limits limits;
	unsigned cpu_ms;             /* for one mail; 0: 2,000 */
	unsigned idle_s;             /* a worker idle for so long ends; 0: 30 */
};
/* Forks the zygote: call before any thread is started. */
int jail_open(struct jail **out, const struct jail_options *o, struct err *err);
void jail_close(struct jail **j);
/* The zygote's pid, for tests and status. */
int jail_pid(const struct jail *j);

struct jailed {
	struct str raw;              /* in; must live until the call returns */
	struct str record;           /* out: a message_encode() record in the arena, or empty */
	enum err_code refused;       /* ERR_NONE, or why there is none */
	struct str why;              /* in the admin's words, for the quarantine */
};
/*
 * Parses n mails on one worker, waiting for a free one (thread-safe). Every item gets a record or a reason. Returns -1 only when no worker
 * can be started at all, or in a hurry.
 */
int jail_parse(struct jail *j, struct arena *a, struct jailed *items, size_t n, struct err *err);
/* While it is set, jail_parse() waits a second at most, and returns -1: the daemon ends, what it has not read stays where it is. */
void jail_hurry(struct jail *j, bool hurry);
bool jail_hurries(const struct jail *j);
/* The bytes of one attachment, appended to *out; or in the arena. */
int jail_attachment_dup(struct jail *j, struct arena *a, struct str raw, size_t index, struct str *out, struct err *err);
int jail_attachment(struct jail *j, struct str raw, size_t index, struct buf *out, struct err *err);

#endif
