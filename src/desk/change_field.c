/* Fields that the admin named, and working time. */
#include "base/clock.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "desk/change_private.h"
#include "desk/extra.h"

enum {
	FIELD_NAME_MAX = 50,
	FIELD_VALUE_MAX = 1000,
	FIELDS_MAX = 100
};

/* The name as it is configured, or else as the ticket has it already. */
static int
field_name(const struct settings *s, const struct ticket *k, struct str *name,
    struct err *err)
{
	struct str n = str_trim(*name), near;
	bool good = n.n > 0 && n.n <= FIELD_NAME_MAX && utf8_valid(n);

	for (size_t i = 0; i < s->fields.n; i++)
		if (str_ieq(s->fields.v[i], n)) {
			*name = s->fields.v[i];
			return 0;
		}
	if (s->fields.n) {
		near = syntax_nearest(n, s->fields.v, s->fields.n);
		return err_set(err, ERR_INVAL, "there is no field %.*s%s%.*s%s",
		    STR_ARG(utf8_clip(n, 100)), near.n ? "; did you mean " : "",
		    STR_ARG(near), near.n ? "?" : "");
	}
	for (size_t i = 0; i < n.n && good; i++)
		good = ch_is_alnum(n.p[i]) || (unsigned char)n.p[i] >= 0x80 ||
		       str_chr(S("-_."), n.p[i], 0) >= 0;
	if (!good)
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no name of a field: letters, digits and "
		    "-_., at most %d bytes",
		    STR_ARG(utf8_clip(n, 100)), FIELD_NAME_MAX);
	*name = n;
	for (size_t i = 0; i < k->nfields; i++)
		if (str_ieq(k->fields[i].name, n))
			*name = k->fields[i].name;
	return 0;
}

/* The list with the field set, or without it. */
static void
put_field(struct arena *a, struct ticket *k, struct str name, struct str value)
{
	struct field *v = arena_array(a, struct field, k->nfields + 1);
	size_t n = 0;
	bool found = false;

	for (size_t i = 0; i < k->nfields; i++) {
		if (!str_ieq(k->fields[i].name, name)) {
			v[n++] = k->fields[i];
			continue;
		}
		if (value.n && !found)
			v[n++] = (struct field){k->fields[i].name, value};
		found = true;
	}
	if (value.n && !found)
		v[n++] = (struct field){arena_dup(a, name), value};
	k->fields = v;
	k->nfields = n;
}

int
change_field(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str name, struct str value, const struct actor *who, int64_t now,
    struct err *err)
{
	struct str old = {0};

	value = str_trim(value);
	if (change_check_open(k, err) < 0 ||
	    field_name(d->settings, k, &name, err) < 0 ||
	    change_check_line(
		value, FIELD_VALUE_MAX, "the field's value", err) < 0)
		return -1;
	for (size_t i = 0; i < k->nfields; i++)
		if (str_ieq(k->fields[i].name, name))
			old = k->fields[i].value;
	if (str_eq(old, value))
		return 0;
	if (!old.n && k->nfields >= FIELDS_MAX)
		return err_set(err, ERR_INVAL,
		    "a ticket takes at most %d fields", FIELDS_MAX);
	put_field(a, k, name, arena_dup(a, value));
	k->updated = now;
	event_add(t, k, EVENT_FIELD, who,
	    arena_printf(a, "%.*s: %.*s -> %.*s", STR_ARG(name),
		STR_ARG(old.n ? old : S("none")),
		STR_ARG(value.n ? value : S("none"))),
	    now);
	return 0;
}

/* --- time -------------------------------------------------------------- */

bool
change_time_parse(struct str s, int64_t *ms)
{
	bool minus;

	s = str_trim(s);
	minus = str_starts(s, S("-"));
	if (minus || str_starts(s, S("+")))
		s = str_ltrim(str_from(s, 1));
	if (!clock_parse_duration(s, ms))
		return false;
	if (minus)
		*ms = -*ms;
	return true;
}

int
change_time(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    int64_t ms, const struct actor *who, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct extra x;

	(void)d;
	if (!ms)
		return 0;
	if (change_check_open(k, err) < 0)
		return -1;
	extra_read(a, k->extra, &x);
	if (ms > 0 && ms > 36525 * CLOCK_DAY - x.time_spent)
		return err_set(
		    err, ERR_INVAL, "that is more time than there is");
	if (ms < 0 && -ms > x.time_spent) {
		buf_puts(&b, "only ");
		clock_duration(&b, x.time_spent);
		return err_set(err, ERR_INVAL,
		    "%s of working time are noted, so that much less cannot be",
		    buf_cstr(&b));
	}
	x.time_spent += ms;
	k->extra = extra_write(a, k->extra, &x);
	k->updated = now;
	if (ms > 0)
		buf_putc(&b, '+');
	clock_duration(&b, ms);
	buf_puts(&b, ", ");
	clock_duration(&b, x.time_spent);
	buf_puts(&b, " in all");
	event_add(t, k, EVENT_TIME, who, arena_dup(a, buf_str(&b)), now);
	return 0;
}
