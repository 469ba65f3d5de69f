#include "desk/transcript.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/view.h"

void
transcript_init(struct transcript *x, struct arena *a, const struct settings *s,
    const struct agent *to)
{
	struct str tag = {0};

	if (to && to->languages.n)
		tag = to->languages.v[0];
	*x = (struct transcript){.a = a, .to = to};
	x->language = view_language(s, tag);
}

void
transcript_add(struct transcript *x, enum transcript_kind kind,
    struct str command, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (x->n == x->cap) {
		struct transcript_line *v;

		x->cap = x->cap ? 2 * x->cap : 8;
		v = arena_array(x->a, struct transcript_line, x->cap);
		for (size_t i = 0; i < x->n; i++)
			v[i] = x->v[i];
		x->v = v;
	}
	x->v[x->n++] = (struct transcript_line){kind, arena_dup(x->a, command),
	    arena_dup(x->a, buf_str(&b))};
	x->refused += kind == TOLD_REFUSED;
	x->waits += kind == TOLD_WAITS;
}

int
transcript_send(struct desk *d, struct txn *t, struct transcript *x,
    const struct ticket *k, struct grant *confirm, struct str in_reply_to,
    int64_t now, struct err *err)
{
	(void)d;
	(void)x;
	(void)k;
	(void)confirm;
	(void)in_reply_to;
	(void)now;
	return txn_error(t, err);
}
