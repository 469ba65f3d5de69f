#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, enum err_code code, const char *fmt, ...)
{
	int saved = errno;
	char why[128];
	size_t n;
	va_list ap;

	if (!e)
		return -1;
	if (saved == ENOSPC || saved == EDQUOT)
		code = ERR_SPACE;
	else if (saved == ENOENT && code != ERR_PERM)
		code = ERR_NOENT;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s",
	    strerror_r(saved, why, sizeof why));
	errno = saved;
	return -1;
}

int
err_in(struct err *e, const char *fmt, ...)
{
	struct err old;
	size_t n;
	va_list ap;

	if (!e)
		return -1;
	old = *e;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", old.msg);
	return -1;
}

static const struct {
	const char *name;
	int status;
} codes[] = {
    [ERR_NONE] = {"none", EX_OK},
    [ERR_TEMP] = {"temporary", EX_TEMPFAIL},
    [ERR_PERM] = {"permanent", EX_UNAVAILABLE},
    [ERR_INVAL] = {"invalid", EX_DATAERR},
    [ERR_NOENT] = {"not-found", EX_NOINPUT},
    [ERR_CORRUPT] = {"corrupt", EX_SOFTWARE},
    [ERR_SPACE] = {"no-space", EX_TEMPFAIL},
};

const char *
err_name(enum err_code code)
{
	return codes[code].name;
}

int
err_exit(enum err_code code)
{
	return codes[code].status;
}
