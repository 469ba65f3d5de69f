/*
 * stream: one TCP connection, plain or TLS, with a deadline on everything. What libetpan's IMAP runs on.
 *
 * Blocking for the caller, non-blocking underneath: every wait is poll(2) on the socket and on a wake-up
 * descriptor, and ends at the deadline. An EOF is an error wherever it comes (libetpan's own stream spins on it), and so
 * is a TLS stream cut without close_notify. The first error is kept in err and everything fails after it.
 *
 * The deadline is that of a whole command: stream_begin() sets it, and it moves on by one second for each 16 KB that
 * really moved, so a large mail over a slow line is no error and a server that drips bytes is.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdatomic.h>
#include <sys/types.h>
#include "base/err.h"
#include "base/str.h"

struct ssl_st;

enum { STREAM_RATE = 16384, STREAM_BUFFER = 65536 };

struct stream {
	int fd, wake;              /* -1: none */
	struct ssl_st *ssl;        /* NULL: plain */
	char peer[300];            /* "mail.acme.example:993", for messages */
	int64_t deadline;          /* CLOCK_MONOTONIC, ms, without what moved */
	uint64_t moved;            /* bytes both ways since stream_begin() */
	_Atomic bool stop;         /* stream_interrupt() was called */
	_Atomic bool woken;        /* stream_wake() was called and nobody has taken it yet */
	struct err err;            /* the first error; code ERR_NONE: good */
	char *in;                  /* read, not yet taken */
	size_t in_at, in_n;
};

/* An unconnected stream with its wake-up descriptor; stream_close() for it in any state. */
int stream_init(struct stream *s, struct err *err);
/* Over a descriptor that is connected already (tests). Takes it. */
int stream_init_fd(struct stream *s, int fd, struct err *err);
void stream_close(struct stream *s);

/*
 * Connects to the first address that answers, each getting its share of the time. With loopback_only an address that is not a
 * loopback one is refused with ERR_PERM. The resolver's time is part of it.
 */
int stream_connect(struct stream *s, struct str host, uint16_t port, bool loopback_only, unsigned timeout_s, struct err *err);
/* Handshake; see net/tls.h for what is verified. Bytes already buffered in plain text are an error: someone injected them. */
int stream_tls(struct stream *s, struct str host, const char *ca_file, struct err *err);

/* The deadline of what follows: timeout_s from now. */
void stream_begin(struct stream *s, unsigned timeout_s);
/* Time the caller spent elsewhere meanwhile is not the peer's. */
void stream_excuse(struct stream *s, int64_t ms);

/* At least one more byte into the buffer. 0, -1 (also at EOF). */
int stream_fill(struct stream *s);
/* Some bytes, at least one: from the buffer, else straight from the connection. -1 on any error. */
ssize_t stream_read(struct stream *s, char *to, size_t n);
/* Everything. 0, -1. */
int stream_write(struct stream *s, struct str bytes);
/*
 * Waits for bytes without taking any: 1 there are some, 0 the time is over, -1 error. Ends early with 0 and *woken at a stream_wake() or
 * stream_interrupt(), which this takes.
 */
int stream_wait(struct stream *s, int64_t ms, bool *woken);

/* From another thread: ends the wait or command in progress with an error; or only a stream_wait(). */
void stream_interrupt(struct stream *s);
void stream_wake(struct stream *s);

/* Sets the sticky error if there is none yet; returns -1. */
int stream_fail(struct stream *s, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
