/*
 * watch: looks at the house every so often (desk/health.h decides what comes of it), and keeps the status file.
 *
 * The main thread alone looks; rows and mails are written by a job of the writer's, when a look finds that there is something to write. With a full store
 * there is no job: it is told in the log, and by mail when there is room.
 */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include "app/status.h"

struct watch;

int watch_open(struct watch **out, struct store *s, struct writer *w, const struct config *c, struct err *err);
/* For feeds and senders, to be written to when something changed; for poll(), readable then. */
int watch_fd(const struct watch *x);
/* ms until watch_look() is to be called; 0: now. */
int watch_wait(const struct watch *x, const struct config *c);
/* Looks, when it is time or the descriptor was readable. */
void watch_look(struct watch *x, const struct status_sources *s, bool changed);
/* A reload: what the new configuration names is read anew. */
void watch_reload(struct watch *x);
/* The last word of the status file. */
void watch_end(struct watch *x, const struct status_sources *s);
/* When the writer has nothing of it any more. */
void watch_close(struct watch **x);

#endif
