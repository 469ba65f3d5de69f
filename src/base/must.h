/*
 * must: an invariant of our own code. Never for input; never compiled out. A failure prints the place
 * and aborts: the store's commits are atomic, so a restart is the recovery.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))

_Noreturn void must_failed(const char *cond, const char *file, int line);

/* Scope-bound clean-up: AUTO(buf_fini) struct buf b = BUF_INIT; runs buf_fini(&b) at the end of the block. */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* A descriptor that closes itself; -1 is none. */
void close_fd(int *fd);
#define AUTO_FD AUTO(close_fd) int

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
