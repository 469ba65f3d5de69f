/* command: what checks share, a function a command. */
#ifndef DESK_COMMAND_CHECK_H
#define DESK_COMMAND_CHECK_H

#include "desk/command_private.h"

struct check {
	struct command_run *r;
	const struct settings *s;
	const struct command_line *c;
	struct str args;  /* plain */
	struct str queue; /* as it will be */
	struct err *err;
};
/* 0, also when it was refused; -1 for the store's errors. */
typedef int check_fn(struct check *x);

#define NO(x, english, ...) REFUSE((x)->r, (x)->c, english, ##__VA_ARGS__)

/* Told, unless it is the store's: 0, -1. */
int check_no_err(struct check *x, const struct err *e);
/* More than the mail's identity gives: it waits, or, confirmed already, cannot be. */
void check_need(struct check *x, enum level least);
/* NULL: told that there is none. */
const struct queue *check_queue_named(struct check *x, struct str name);

/* command_check_other.c */
check_fn check_merge, check_link, check_unlink, check_split, check_child, check_macro, check_kb, check_told, check_list, check_send, check_resend, check_undo;

#endif
