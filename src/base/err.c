#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* A message that had to be cut does not end inside of a character. */
static void
end_whole(struct err *e)
{
	static const unsigned char lead[] = {0xc0, 0xe0, 0xf0};
	size_t n = strlen(e->msg);

	if (n + 1 < sizeof e->msg)
		return;
	for (size_t i = 1; i <= 3; i++) {
		unsigned char c = (unsigned char)e->msg[n - i];

		if (c < 0x80)
			return;
		if (c >= 0xc0) {
			if (c >= lead[i - 1])
				e->msg[n - i] = 0;
			return;
		}
	}
}

int
err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	if (!e)
		return -1;
	e->code = code;
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	end_whole(e);
	return -1;
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_setv(e, code, fmt, ap);
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
	end_whole(e);
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
	end_whole(e);
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
