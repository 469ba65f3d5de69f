/* struct value as JSON (RFC 8259): one line, keys in the order they were set. */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/template.h"

enum {
	DEPTH = 50
};

static void
put_string(struct buf *out, struct str s)
{
	AUTO(buf_fini) struct buf clean = BUF_INIT;

	utf8_put_clean(&clean, s);
	buf_putc(out, '"');
	for (size_t i = 0; i < clean.n; i++) {
		unsigned char c = (unsigned char)clean.p[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

static void
put_number(struct buf *out, const struct value *v)
{
	size_t before = out->n;

	value_print(out, v);
	if (out->n == before) /* no number at all */
		buf_puts(out, "null");
}

static void
put(struct buf *out, const struct value *v, unsigned depth)
{
	bool object = v->kind == VALUE_OBJECT;

	switch (v->kind) {
	case VALUE_NULL:
		buf_puts(out, "null");
		return;
	case VALUE_BOOL:
		buf_puts(out, v->b ? "true" : "false");
		return;
	case VALUE_NUMBER:
		put_number(out, v);
		return;
	case VALUE_STRING:
		put_string(out, v->s);
		return;
	case VALUE_LIST:
	case VALUE_OBJECT:
		break;
	}
	if (depth == DEPTH) {
		buf_puts(out, "null");
		return;
	}
	buf_putc(out, object ? '{' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			buf_putc(out, ',');
		if (object) {
			put_string(out, v->keys[i]);
			buf_putc(out, ':');
		}
		put(out, &v->items[i], depth + 1);
	}
	buf_putc(out, object ? '}' : ']');
}

void
value_json(struct buf *out, const struct value *v)
{
	put(out, v, 0);
}
