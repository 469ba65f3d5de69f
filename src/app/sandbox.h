/*
 * sandbox: the daemon shuts itself in once it has all it needs.
 *
 *   privileges  no_new_privs, no capabilities (root keeps those to handle others' files), no core dumps, not traceable
 *   seccomp     no execve, no new processes, nothing that administers the machine; memory is never written and executed
 *   Landlock    (kernel 5.19 on) writes below the data directory and the Maildirs of the configuration alone, reads those,
 *               the configuration and what the system's libraries need; executes nothing
 *
 * The parser's zygote (app/jail.h) and the launcher (app/launcher.h) are forked before.
 */
#ifndef APP_SANDBOX_H
#define APP_SANDBOX_H

#include "app/config.h"

/*
 * For this thread and those it starts from now on; there is no way back. What the machine cannot do is logged as a warning, once, and left out;
 * -1 when it could and failed. What is not there yet may be made later: its nearest existing parent is opened instead.
 */
int sandbox_enter(const struct config *c, const char *data, struct err *err);
/* May the running daemon do what a new configuration wants? -1 with ERR_INVAL names the directory that needs a restart. */
int sandbox_covers(const struct config *c, const char *data, struct err *err);

#endif
