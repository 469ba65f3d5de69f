/*
 * timers: the daemon's part of desk/due.h. A timerfd stands at the first row that falls due; nothing polls.
 *
 * After each commit, in whatever thread, timers_look() reads the first row and moves the timerfd when that is needed. A clock that is set wakes it too
 * (TFD_TIMER_CANCEL_ON_SET). What is due is run as a job of the writer, submitted by the main thread alone: so a reload, which empties
 * the writer first, never meets one.
 */
#ifndef APP_TIMERS_H
#define APP_TIMERS_H

#include "app/pipeline.h"

struct timers;

int timers_open(struct timers **out, struct store *s, struct writer *w, struct err *err);
/* For poll(): readable when timers_run() has something to do. */
int timers_fd(const struct timers *x);
/* Any thread. What cannot be read now is looked at again in a minute. */
void timers_look(struct timers *x);
/* The main thread, when the descriptor is readable. p: for mails of the quarantine that are to be read again. */
void timers_run(struct timers *x, struct pipeline *p);
/* All that is due now, and waits for it: for `helpd run --once`. */
int timers_once(struct timers *x, struct pipeline *p, struct err *err);
/* When the writer is closed, or has nothing of it any more. */
void timers_close(struct timers **x);

#endif
