/* command: what those share that carry commands out, a function a command. */
#ifndef DESK_COMMAND_DEED_H
#define DESK_COMMAND_DEED_H

#include "desk/command_private.h"

struct deed {
	struct command_run *r;
	const struct command_line *c;
	struct str args;  /* plain */
	struct actor who; /* its cause ends with the command */
	struct err *err;
};
/* 0; -1 with x->err: what could not be done is told, the store's errors go up. */
typedef int deed_fn(struct deed *x);

#define YES(x, english, ...) DONE((x)->r, (x)->c, english, ##__VA_ARGS__)
#define RUN(x) (x)->r->d, (x)->r->t, (x)->r->a, (x)->r->k

deed_fn do_take, do_queue, do_assign, do_open, do_pending, do_hold, do_resolve, do_close, do_spam, do_snooze, do_priority, do_subject, do_tag, do_field, do_time, do_cc, do_requester, do_merge, do_split, do_child, do_link, do_unlink, do_macro, do_kb, do_away, do_back, do_history, do_why, do_list, do_help, do_resend, do_undo;

#endif
