/*
 * daemon: the whole house, wired: jail, store, writer, pipeline, feeds, senders, control socket, signals.
 *
 *   SIGTERM, SIGINT  drain and end        SIGHUP  reload: all or nothing
 */
#ifndef APP_DAEMON_H
#define APP_DAEMON_H

#include "app/session.h"

struct daemon_options {
	bool once; /* what is waiting everywhere, what is due, then end */
	bool no_sandbox; /* with a warning: for a machine on which it does not work */
};
/* Returns an exit status. One daemon a data directory: a second gets EX_TEMPFAIL and touches nothing. */
int daemon_run(struct verb_context *c, const struct daemon_options *o);

#endif
