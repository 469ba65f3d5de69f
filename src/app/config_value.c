/* Values of helpd.conf: from a node of the grammar into the place that the
 * table names. */
#include "app/config_value.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/locale.h"

#include <limits.h>
#include <stdio.h>

enum {
	LIST_MAX = 1000
};

typedef struct value_reader reader;

/* "expected …" at the value; false. */
bool
value_expected(
    reader *r, const struct setting *s, const struct node *n, const char *what)
{
	struct str raw = utf8_clip(n->raw, 60);

	if (n->kind == NODE_LIST)
		raw = S("a list");
	complain(r->a, r->bad, n->at, "%s: found %.*s, expected %s", s->name,
	    STR_ARG(raw), what);
	return false;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool
text(reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	if (n->kind != NODE_STRING)
		return value_expected(r, s, n, "a string in \"…\"");
	*out = arena_dup(r->a, n->s); /* for its NUL: paths go to open(2) */
	return true;
}

/* One line that says something. */
bool
value_line(
    reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	struct str v;

	if (!text(r, s, n, &v))
		return false;
	if (v.n == 0)
		return value_expected(r, s, n, "something between the quotes");
	if (has_control(v))
		return value_expected(
		    r, s, n, "one line without control characters");
	*out = v;
	return true;
}

static bool
path(reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (v.n >= PATH_MAX)
		return value_expected(r, s, n, "a shorter path");
	if (v.p[0] == '~')
		return value_expected(r, s, n, "a path written out, without ~");
	if (v.p[0] != '/')
		v = str_c(path_join(r->a, r->dir, arena_cstr(r->a, v)));
	*out = v;
	return true;
}

static bool
command_line(
    reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	if (!value_line(r, s, n, out))
		return false;
	if (out->p[0] != '/')
		return value_expected(
		    r, s, n, "a program by its whole path (there is no shell)");
	return true;
}

static bool
address(reader *r, const struct setting *s, const struct node *n,
    struct address *out)
{
	struct addresses list;
	struct address x;
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (address_parse_one(r->a, v, out))
		return true;
	/* Name <local@domain> */
	if (addresses_parse(r->a, v, &list) == 0 && list.n == 1 &&
	    address_parse_one(r->a, list.v[0].addr, &x)) {
		*out = list.v[0];
		return true;
	}
	return value_expected(
	    r, s, n, "an address such as support@example.org");
}

static bool
address_lower(
    reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	struct address x;

	if (!address(r, s, n, &x))
		return false;
	*out = address_key(r->a, x.addr);
	return true;
}

bool
value_is_domain(struct str v)
{
	struct str rest = v, label;

	if (v.n == 0 || v.n > 253)
		return false;
	while (str_cut(&rest, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!ch_is_alnum(label.p[i]) && !(label.p[i] & 0x80) &&
			    label.p[i] != '-' && label.p[i] != '_')
				return false;
	}
	return true;
}

static bool
domain(
    reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (!value_is_domain(v))
		return value_expected(r, s, n, "a domain such as example.org");
	*out = arena_lower(r->a, v);
	return true;
}

typedef bool read_str(
    reader *, const struct setting *, const struct node *, struct str *);

static bool
language(
    reader *r, const struct setting *s, const struct node *n, struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (!locale_language(r->a, v, out))
		return value_expected(
		    r, s, n, "a language such as \"en\", \"de\" or \"zh_CN\"");
	return true;
}

/* A list, or a single value. */
static bool
each(reader *r, const struct setting *s, const struct node *n, read_str *one,
    struct strs *out)
{
	size_t count = n->kind == NODE_LIST ? n->nitems : 1;
	const struct node *v = n->kind == NODE_LIST ? n->items : n;
	bool good = true;

	*out = (struct strs){0};
	if (count > LIST_MAX) {
		complain(r->a, r->bad, n->at, "%s: more than %d values",
		    s->name, LIST_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct str x;

		if (!one(r, s, &v[i], &x)) {
			good = false;
		} else if (strs_has(out, x)) {
			complain_warning(r->a, r->bad, v[i].at,
			    "%s: \"%.*s\" is there twice", s->name, STR_ARG(x));
		} else {
			strs_add(r->a, out, x);
		}
	}
	return good;
}

static bool
out_of_range(reader *r, const struct setting *s, const struct node *n,
    void (*show)(struct buf *, int64_t))
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (s->most) {
		buf_puts(&b, "something from ");
		show(&b, s->least);
		buf_puts(&b, " to ");
		show(&b, s->most);
	}
	return value_expected(r, s, n, buf_cstr(&b));
}

static bool
fits(const struct setting *s, int64_t v)
{
	return v >= s->least && (s->most == 0 || v <= s->most);
}

static void
show_duration(struct buf *b, int64_t ms)
{
	clock_duration(b, ms);
}

static bool
duration(reader *r, const struct setting *s, const struct node *n, int64_t *out)
{
	int64_t ms = 0;

	if (n->kind == NODE_STRING && clock_parse_duration(n->s, &ms)) {
		/* read */
	} else if (n->kind == NODE_NUMBER && n->number == 0) {
		ms = 0;
	} else if (n->kind == NODE_NUMBER &&
		   ch_is_digit(n->raw.p[n->raw.n - 1])) {
		char what[80];

		snprintf(what, sizeof what,
		    "a duration with its unit, such as \"%.*ss\" or \"%.*sd\"",
		    STR_ARG(str_sub(n->raw, 0, 9)),
		    STR_ARG(str_sub(n->raw, 0, 9)));
		return value_expected(r, s, n, what);
	} else {
		return value_expected(r, s, n,
		    "a duration such as \"30s\", \"15m\", \"8h\" or \"14d\"");
	}
	if (!fits(s, ms))
		return out_of_range(r, s, n, show_duration);
	*out = ms;
	return true;
}

static bool
percent(reader *r, const struct setting *s, const struct node *n, unsigned *out)
{
	uint64_t v = 0;

	if (n->kind != NODE_STRING || !str_ends(n->s, S("%")) ||
	    !str_u64(str_sub(n->s, 0, n->s.n - 1), &v) || v < 1 || v > 100)
		return value_expected(
		    r, s, n, "a share from \"1%\" to \"100%\"");
	*out = (unsigned)v;
	return true;
}

static void
show_size(struct buf *b, int64_t v)
{
	static const char unit[] = "\0KMG";
	size_t u = 0;

	while (u < 3 && v && v % 1024 == 0) {
		v /= 1024;
		u++;
	}
	buf_u64(b, (uint64_t)v);
	if (u)
		buf_putc(b, unit[u]);
}

/* 25M, or "25M". */
static bool
size(reader *r, const struct setting *s, const struct node *n, uint64_t *out)
{
	uint64_t v = n->number;

	if (n->kind == NODE_STRING) {
		static const char units[] = "kmg";
		size_t len = n->s.n;
		const char *u =
		    len ? memchr(units, ch_lower(n->s.p[len - 1]), 3) : NULL;
		unsigned shift = u ? (unsigned)(u - units + 1) * 10 : 0;

		if (!str_u64(str_sub(n->s, 0, len - (u ? 1 : 0)), &v) ||
		    v > (uint64_t)INT64_MAX >> shift)
			return value_expected(r, s, n, "a size such as 25M");
		v <<= shift;
	} else if (n->kind != NODE_NUMBER) {
		return value_expected(r, s, n, "a size such as 25M");
	}
	if (!fits(s, (int64_t)v))
		return out_of_range(r, s, n, show_size);
	*out = v;
	return true;
}

static void
show_count(struct buf *b, int64_t v)
{
	buf_u64(b, (uint64_t)v);
}

static bool
count(reader *r, const struct setting *s, const struct node *n, unsigned *out)
{
	uint64_t v = n->number;

	if (n->kind == NODE_STRING ? !str_u64(n->s, &v)
				   : n->kind != NODE_NUMBER)
		return value_expected(r, s, n, "a number");
	if (v > INT_MAX || !fits(s, (int64_t)v))
		return out_of_range(r, s, n, show_count);
	*out = (unsigned)v;
	return true;
}

/* The position of v in "a b c", or -1; the words as names for "did you mean".
 */
static int
word_index(reader *r, const char *words, struct str v, struct strs *names)
{
	struct str rest = str_c(words), w;
	int found = -1;

	while (str_word(&rest, &w)) {
		if (str_ieq(w, v))
			found = (int)names->n;
		strs_add(r->a, names, w);
	}
	return found;
}

static bool
word(reader *r, const struct setting *s, const struct node *n,
    const char *words, int *out)
{
	struct strs names = {0};
	struct str v, near;
	AUTO(buf_fini) struct buf what = BUF_INIT;

	if (!text(r, s, n, &v))
		return false;
	*out = word_index(r, words, v, &names);
	if (*out >= 0)
		return true;
	for (size_t i = 0; i < names.n; i++)
		buf_printf(&what, "%s\"%.*s\"",
		    i == 0             ? ""
		    : i + 1 == names.n ? " or "
				       : ", ",
		    STR_ARG(names.v[i]));
	near = syntax_nearest(v, names.v, names.n);
	if (near.n)
		buf_printf(&what, ": did you mean \"%.*s\"?", STR_ARG(near));
	return value_expected(r, s, n, buf_cstr(&what));
}

static bool
boolean(reader *r, const struct setting *s, const struct node *n, bool *out)
{
	int i;

	if (!word(r, s, n, "yes no", &i))
		return false;
	*out = i == 0;
	return true;
}

static bool
zone(reader *r, const struct setting *s, const struct node *n, const char **out)
{
	struct str v, near;
	char *z;

	if (!value_line(r, s, n, &v))
		return false;
	z = arena_cstr(r->a, v);
	if (locale_zone_known(z)) {
		*out = z;
		return true;
	}
	near = locale_zone_nearest(r->a, v);
	if (near.n)
		return value_expected(r, s, n,
		    arena_printf(r->a, "a time zone: did you mean \"%.*s\"?",
			STR_ARG(near))
			.p);
	return value_expected(r, s, n, "a time zone such as \"Europe/Berlin\"");
}

/* What goes with which kind of mailbox is judged when the block is whole. */
static bool
after(
    reader *r, const struct setting *s, const struct node *n, struct mailbox *m)
{
	struct str v, arg = {NULL, 0};
	struct node bare = *n;
	ptrdiff_t colon;
	int i;

	if (!value_line(r, s, n, &v))
		return false;
	colon = str_chr(v, ':', 0);
	if (colon >= 0) {
		arg = str_from(v, (size_t)colon + 1);
		bare.s = str_sub(v, 0, (size_t)colon);
	}
	if (!word(r, s, &bare, "seen keyword move delete cur", &i))
		return false;
	m->after = (enum after)i;
	m->after_arg = arg;
	if (m->after == AFTER_KEYWORD || m->after == AFTER_MOVE) {
		if (arg.n == 0)
			return value_expected(r, s, n,
			    m->after == AFTER_MOVE ? "\"move:FOLDER\""
						   : "\"keyword:NAME\"");
	} else if (colon >= 0) {
		return value_expected(r, s, n, "nothing behind this word");
	}
	/* An IMAP keyword is an atom (RFC 3501 §9). */
	for (size_t k = 0; m->after == AFTER_KEYWORD && k < arg.n; k++)
		if (arg.p[k] <= ' ' || arg.p[k] == 0x7f ||
		    strchr("(){%*\"\\]", arg.p[k]))
			return value_expected(
			    r, s, n, "a keyword of ASCII letters and digits");
	return true;
}

static bool
read_days(
    reader *r, const struct setting *s, const struct node *n, unsigned *out)
{
	int64_t ms;

	if (!duration(r, s, n, &ms))
		return false;
	*out = (unsigned)((ms + CLOCK_DAY - 1) / CLOCK_DAY);
	return true;
}

/* "2030-01-31" */
static bool
date(reader *r, const struct setting *s, const struct node *n, int64_t *out)
{
	char text[24];

	if (n->kind == NODE_STRING && n->s.n == 10) {
		snprintf(text, sizeof text, "%.10sT00:00:00Z", n->s.p);
		if (clock_parse_rfc3339(str_c(text), out) && *out > 0)
			return true;
	}
	return value_expected(r, s, n, "a day such as \"2030-01-31\"");
}

static bool
word_setting(reader *r, const struct setting *s, const struct node *n, void *at)
{
	int i;

	/* All enums of the table are unsigned ints that begin at 0. */
	if (!word(r, s, n, s->words, &i))
		return false;
	*(unsigned *)at = (unsigned)i;
	return true;
}

static bool
read_node(reader *r, const struct setting *s, const struct node *n, void *base)
{
	void *at = (char *)base + s->offset;

	switch (s->type) {
	case SETTING_BLOCK:
		break;
	case SETTING_STRING:
		return value_line(r, s, n, at);
	case SETTING_TEXT:
		return text(r, s, n, at);
	case SETTING_PATH:
		return path(r, s, n, at);
	case SETTING_COMMAND:
		return command_line(r, s, n, at);
	case SETTING_NAME:
		return value_name(r, s, n, at);
	case SETTING_HANDLE:
		return value_handle(r, s, n, at);
	case SETTING_HANDLES:
		return each(r, s, n, value_handle, at);
	case SETTING_QUEUES:
		return each(r, s, n, value_queue_name, at);
	case SETTING_LABEL:
		return value_label(r, s, n, at);
	case SETTING_LABELS:
		return each(r, s, n, value_label, at);
	case SETTING_TAG:
		return value_tag(r, s, n, at);
	case SETTING_TAGS:
		return each(r, s, n, value_tag, at);
	case SETTING_ADDRESS:
		return address(r, s, n, at);
	case SETTING_ADDRESSES:
		return each(r, s, n, address_lower, at);
	case SETTING_DOMAIN:
		return domain(r, s, n, at);
	case SETTING_DOMAINS:
		return each(r, s, n, domain, at);
	case SETTING_STRINGS:
		return each(r, s, n, value_line, at);
	case SETTING_DURATION:
		return duration(r, s, n, at);
	case SETTING_DATE:
		return date(r, s, n, at);
	case SETTING_DAYS:
		return read_days(r, s, n, at);
	case SETTING_SIZE:
		return size(r, s, n, at);
	case SETTING_COUNT:
		return count(r, s, n, at);
	case SETTING_PERCENT:
		return percent(r, s, n, at);
	case SETTING_BOOL:
		return boolean(r, s, n, at);
	case SETTING_WORD:
		return word_setting(r, s, n, at);
	case SETTING_ZONE:
		return zone(r, s, n, at);
	case SETTING_LANGUAGES:
		return each(r, s, n, language, at);
	case SETTING_IMAP_URL:
		return value_imap_url(r, s, n, base);
	case SETTING_URL:
		return value_url(r, s, n, at);
	case SETTING_SMTP_URL:
		return value_smtp_url(r, s, n, base);
	case SETTING_AFTER:
		return after(r, s, n, base);
	}
	must(!"a setting type without a reader");
	return false;
}

bool
setting_read(struct value_reader *r, const struct setting *s,
    const struct command *c, void *base)
{
	if (c->has_block) {
		complain(r->a, r->bad, c->at,
		    "%s is a setting, not a block: "
		    "expected %s VALUE;",
		    s->name, s->name);
		return false;
	}
	if (c->nargs != 1) {
		complain(r->a, r->bad, c->nargs ? c->args[1].at : c->end,
		    c->nargs ? "%s takes one value: expected ';'%s"
			     : "%s: expected a value%s",
		    s->name,
		    c->nargs > 1 && c->args[1].kind == NODE_STRING
			? ", or a list [\"…\", \"…\"]"
			: "");
		return false;
	}
	return read_node(r, s, &c->args[0], base);
}
