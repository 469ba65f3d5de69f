#include "base/log.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <unistd.h>

static _Atomic int level = LOG_LEVEL_INFO;
static _Atomic bool journal;

void
log_set_level(enum log_level l)
{
	level = (int)l;
}

enum log_level
log_get_level(void)
{
	return (enum log_level)level;
}

void
log_set_journal(bool on)
{
	journal = on;
}

static void
put_clean(struct buf *out, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		uint32_t c;
		size_t n = utf8_next(str_from(s, i), &c);

		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) ||
		    c == 0x2028 || c == 0x2029) {
			buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
			i++;
		} else {
			buf_put(out, str_sub(s, i, i + n));
			i += n;
		}
	}
}

void
log_line(enum log_level l, const char *subsystem, const char *fmt, ...)
{
	static const struct {
		const char *name, *prefix;
	} names[] = {
	    {"alert", "<1>"},
	    {"error", "<3>"},
	    {"warning", "<4>"},
	    {"info", "<6>"},
	    {"debug", "<7>"},
	};
	struct buf msg = buf_max(16384), out = BUF_INIT;
	va_list ap;

	if ((int)l > level)
		return;
	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	if (journal)
		buf_puts(&out, names[l - LOG_LEVEL_ALERT].prefix);
	buf_printf(&out, "%s %s ", names[l - LOG_LEVEL_ALERT].name, subsystem);
	put_clean(&out, buf_str(&msg));
	buf_putc(&out, '\n');
	/* Nowhere to report a failing standard error. */
	(void)!write(2, out.p, out.n);
	buf_fini(&out);
	buf_fini(&msg);
}
