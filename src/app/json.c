#include "app/json.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

#include <stdio.h>

json_t *
json_of(struct str s)
{
	AUTO(buf_fini) struct buf clean = BUF_INIT;

	if (utf8_valid(s))
		return json_stringn(s.n ? s.p : "", s.n);
	utf8_put_clean(&clean, s);
	return json_stringn(buf_cstr(&clean), clean.n);
}

void
json_put_str(json_t *o, const char *key, struct str s)
{
	json_object_set_new(o, key, json_of(s));
}

void
json_put_str_or_null(json_t *o, const char *key, struct str s)
{
	json_object_set_new(o, key, s.n ? json_of(s) : json_null());
}

void
json_put_time(json_t *o, const char *key, int64_t t)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	clock_rfc3339(&b, t);
	json_put_str_or_null(o, key, buf_str(&b));
}

void
json_put_strs(json_t *o, const char *key, const struct strs *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(v, json_of(l->v[i]));
	json_object_set_new(o, key, v);
}

json_t *
json_of_address(const struct address *a)
{
	json_t *o = json_object();

	json_put_str(o, "name", a->name);
	json_put_str(o, "address", a->addr);
	return o;
}

json_t *
json_of_addresses(const struct addresses *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(v, json_of_address(&l->v[i]));
	return v;
}

static int
append(const char *p, size_t n, void *ctx)
{
	buf_put(ctx, str_n(p, n));
	return 0;
}

void
json_line(struct buf *out, json_t *o)
{
	json_dump_callback(o, append, out, JSON_COMPACT);
	buf_putc(out, '\n');
	json_decref(o);
}

void
json_print(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}
