/*
 * control: the daemon's socket, DATA/helpd.sock. One line in ("wake", "status", "stop", "reload", "keys"), one line of JSON out.
 * Only the data directory's owner and root can connect: the directory keeps others out.
 */
#ifndef APP_CONTROL_H
#define APP_CONTROL_H

#include "base/buf.h"
#include "base/err.h"

/* Server side: a listening, non-blocking socket; a stale file is replaced (the lock was taken before). */
int control_listen(const char *path, int *fd, struct err *err);
/* Reads one command from a fresh connection into cmd (at most 100 bytes, 1 s); the connection's descriptor, or -1. */
int control_accept(int listen_fd, struct buf *cmd);
void control_reply(int fd, struct str line); /* and closes */

/* Client side: 1 answered (in *reply), 0 nobody listens, -1. */
int control_ask(const char *path, const char *cmd, unsigned timeout_s, struct buf *reply, struct err *err);

#endif
