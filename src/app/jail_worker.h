/*
 * jail_worker: the other side of the jail: the zygote that forks workers, and the worker's loop. Private to app/jail*.c.
 *
 * Memory shared by daemon and worker, one mapping a slot, both sparse:
 *
 *   struct jail_shared | in: raw mails, back to back | out: records, back to back
 *
 * The daemon writes the request, then one byte to the socket; the worker answers with one byte when `done` equals `n`. Whatever the worker
 * writes is hostile: the daemon copies lengths and bytes before it looks at them.
 */
#ifndef APP_JAIL_WORKER_H
#define APP_JAIL_WORKER_H

#include <stdatomic.h>

#include "app/jail.h"

enum jail_op { JAIL_PARSE = 1, JAIL_ATTACHMENT };
enum { JAIL_BATCH = 256, JAIL_SLOTS = 16 };

struct jail_item {
	uint64_t in, in_n;   /* daemon: where the raw mail is, from the start of `in` */
	uint64_t out, out_n; /* worker: where the record is, from the start of `out` */
	uint32_t code;       /* worker: enum err_code */
	char why[200];       /* worker: NUL-terminated */
};

struct jail_shared {
	uint32_t op, n;
	uint64_t index;         /* JAIL_ATTACHMENT: which */
	_Atomic uint32_t begun; /* worker: set when it has read the request */
	_Atomic uint32_t done;  /* worker: items finished */
	struct jail_item item[JAIL_BATCH];
};

struct jail_slot {
	struct jail_shared *shared;
	char *in, *out;
	size_t in_size, out_size;
	size_t size; /* of the whole mapping */
};

/*
 * The zygote: never returns. Reads a slot's number (one byte) from fd, forks a worker for it, and answers with one end of a new socket pair (SCM_RIGHTS).
 * Ends when fd does.
 */
_Noreturn void jail_zygote(int fd, const struct jail_slot *slots, const struct jail_options *o);

#endif
