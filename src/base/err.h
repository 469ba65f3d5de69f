/*
 * err: what went wrong, for the caller (code) and for the person (message).
 *
 * Functions return 0, or -1 with *err filled; look-ups return 1 found, 0 not, -1 error. A struct err
 * lives on the caller's stack; callers that do not care pass NULL. The message is in the user's terms,
 * without a trailing dot or newline, and gains context on the way up with err_in().
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

enum err_code {
	ERR_NONE = 0,
	ERR_TEMP,    /* may go by itself: retry later */
	ERR_PERM,    /* will not: give up and tell someone */
	ERR_INVAL,   /* the user's mistake */
	ERR_NOENT,   /* no such thing */
	ERR_CORRUPT, /* stored data contradicts itself */
	ERR_SPACE,   /* disk or map full: stop taking, go on when there is room */
};

struct err {
	enum err_code code;
	char msg[500];
};

#define ERR_INIT ((struct err){0})

/* Fills *e and returns -1, so: return err_set(err, ERR_TEMP, "…", …); A message too long is cut, between characters. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));
/* The same with ": " and strerror(errno); ENOSPC and EDQUOT become ERR_SPACE, ENOENT ERR_NOENT. */
int err_sys(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " before the message; returns -1. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "temporary", "permanent", … */
const char *err_name(enum err_code code);
/* The exit status of sysexits.h for it: 75, 69, 65, 66, 70, 74. */
int err_exit(enum err_code code);

#endif
