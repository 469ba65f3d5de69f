/*
 * The text is read once, from front to end. A field without doubled quotes is
 * a part of the text; keys are copies, since they are folded. Then a table of
 * positions by the hash of the key: a hundred thousand customers take some
 * tens of milliseconds at start and a microsecond a mail.
 */
#include "desk/customers.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/settings.h"
#include "mail/address.h"

enum {
	COMPLAINTS = 20
};
enum column {
	COLUMN_ADDRESS,
	COLUMN_TIER,
	COLUMN_NAME,
	COLUMN_LANGUAGE,
	COLUMN_MORE
};
static const char *const columns[COLUMN_MORE] = {
    "address", "tier", "name", "language"};

struct reading {
	struct arena *a;
	const char *file;
	struct str text;
	size_t at;
	unsigned line, row_line;
	size_t line_at; /* where the line begins */
	struct customers *out;
	size_t cap;
	struct complaints *bad;
	size_t wrong;
	struct str row[CUSTOMER_COLUMNS];
	struct place where[CUSTOMER_COLUMNS]; /* of each field */
	size_t nrow;
	enum column what[CUSTOMER_COLUMNS];
	size_t ncolumns;
	bool header_wrong;
};

#define WRONG(r, at_, ...)                                              \
	do {                                                            \
		if ((r)->wrong++ < COMPLAINTS)                          \
			complain((r)->a, (r)->bad, (at_), __VA_ARGS__); \
	} while (0)

/* --- fields and rows --------------------------------------------------- */

static struct place
here(const struct reading *r)
{
	size_t column = 1;

	for (size_t i = r->line_at; i < r->at && i < r->text.n; i++)
		column += ((unsigned char)r->text.p[i] & 0xc0) != 0x80;
	return (struct place){r->file, r->line, (unsigned)column};
}

static bool
at_end(const struct reading *r)
{
	return r->at >= r->text.n;
}

/* LF, CRLF, and the lone CR of old. */
static bool
is_break(const struct reading *r)
{
	return r->text.p[r->at] == '\n' || r->text.p[r->at] == '\r';
}

static void
skip_break(struct reading *r)
{
	if (r->text.p[r->at] == '\r' && r->at + 1 < r->text.n &&
	    r->text.p[r->at + 1] == '\n')
		r->at++;
	r->at++;
	r->line++;
	r->line_at = r->at;
}

static struct str
undouble(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		p[n++] = s.p[i];
		if (s.p[i] == '"')
			i++;
	}
	return str_n(p, n);
}

/* Behind the opening quote. */
static struct str
quoted(struct reading *r)
{
	struct place opened = here(r);
	size_t from = ++r->at;
	bool doubled = false;
	struct str s;

	for (;;) {
		if (at_end(r)) {
			WRONG(r, opened,
			    "the quote that opens here is never closed");
			return str_sub(r->text, from, r->at);
		}
		if (r->text.p[r->at] == '"') {
			if (r->at + 1 >= r->text.n ||
			    r->text.p[r->at + 1] != '"')
				break;
			doubled = true;
			r->at += 2;
		} else if (is_break(r))
			skip_break(r);
		else
			r->at++;
	}
	s = str_sub(r->text, from, r->at++);
	while (!at_end(r) && r->text.p[r->at] == ' ')
		r->at++;
	if (!at_end(r) && r->text.p[r->at] != ',' && !is_break(r)) {
		WRONG(r, here(r),
		    "found something behind the closing quote, expected ',' "
		    "or the end of the line");
		while (!at_end(r) && r->text.p[r->at] != ',' && !is_break(r))
			r->at++;
	}
	return doubled ? undouble(r->a, s) : s;
}

static struct str
plain(struct reading *r)
{
	size_t from = r->at;

	while (!at_end(r) && r->text.p[r->at] != ',' && !is_break(r)) {
		if (r->text.p[r->at] == '"')
			WRONG(r, here(r),
			    "found a quote inside of a field: the whole field "
			    "is to stand in quotes, those in it doubled");
		r->at++;
	}
	return str_sub(r->text, from, r->at);
}

static struct str
one_field(struct reading *r)
{
	size_t from = r->at;

	/* Blanks before a quote are a habit of hands. */
	while (!at_end(r) && r->text.p[r->at] == ' ')
		r->at++;
	if (!at_end(r) && r->text.p[r->at] == '"')
		return str_trim(quoted(r));
	r->at = from;
	return str_trim(plain(r));
}

/* False at the end. Empty lines are passed over. */
static bool
next_row(struct reading *r)
{
	while (!at_end(r) && is_break(r))
		skip_break(r);
	if (at_end(r))
		return false;
	r->nrow = 0;
	r->row_line = r->line;
	for (;;) {
		struct place at = here(r);
		struct str s = one_field(r);

		if (r->nrow < CUSTOMER_COLUMNS) {
			r->where[r->nrow] = at;
			r->row[r->nrow] = s;
		}
		r->nrow++;
		if (at_end(r))
			return true;
		if (r->text.p[r->at] != ',')
			break;
		r->at++;
	}
	skip_break(r);
	return true;
}

/* --- the header -------------------------------------------------------- */

static enum column
column_of(struct str name)
{
	for (int i = 0; i < COLUMN_MORE; i++)
		if (str_ieq(name, str_c(columns[i])))
			return (enum column)i;
	return COLUMN_MORE;
}

static void
read_header(struct reading *r)
{
	bool seen[COLUMN_MORE] = {false};
	struct customers *c = r->out;

	r->ncolumns = MIN(r->nrow, (size_t)CUSTOMER_COLUMNS);
	c->fields = arena_array(r->a, struct str, r->ncolumns + 1);
	if (r->nrow > CUSTOMER_COLUMNS)
		WRONG(r, r->where[0], "more than %d columns", CUSTOMER_COLUMNS);
	for (size_t i = 0; i < r->ncolumns; i++) {
		struct str name = r->row[i];
		enum column x = column_of(name);

		r->what[i] = x;
		if (!name.n)
			WRONG(r, r->where[i], "a column without a name");
		if (x == COLUMN_MORE) {
			c->fields[c->nfields++] = name;
			continue;
		}
		if (seen[x])
			WRONG(r, r->where[i], "the column %s is there twice",
			    columns[x]);
		seen[x] = true;
	}
	if (seen[COLUMN_ADDRESS])
		return;
	if (r->nrow == 1 && str_has(r->row[0], S(";")))
		WRONG(r, r->where[0],
		    "columns are separated by commas, not by ';'");
	else
		WRONG(r, r->where[0],
		    "the first line names the columns, and there is no "
		    "address: expected address,tier,name,language");
}

/* --- customers --------------------------------------------------------- */

static bool
good_domain(struct str s)
{
	if (!s.n || s.n > 253 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.' &&
		    (unsigned char)s.p[i] < 0x80)
			return false;
	return true;
}

static bool
read_key(struct reading *r, struct str s, struct place at, struct str *out)
{
	struct address x;

	if (!s.n) {
		WRONG(r, at,
		    "no address: expected ann@example.org or "
		    "@example.org");
		return false;
	}
	if (s.p[0] == '@' ? !good_domain(str_from(s, 1))
			  : !address_parse_one(r->a, s, &x)) {
		WRONG(r, at, "found \"%.*s\", expected an address or @domain",
		    STR_ARG(utf8_clip(s, 60)));
		return false;
	}
	*out = address_key(r->a, s.p[0] == '@' ? s : x.addr);
	return true;
}

static void
add_more(struct reading *r, struct customer *x)
{
	struct str *v = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->ncolumns; i++) {
		if (r->what[i] != COLUMN_MORE)
			continue;
		if (i < r->nrow && r->row[i].n) {
			if (!v)
				v = arena_array(
				    r->a, struct str, r->out->nfields);
			v[n] = r->row[i];
		}
		n++;
	}
	x->more = v;
}

static bool
good_values(struct reading *r)
{
	bool good = true;

	if (r->nrow > r->ncolumns) {
		WRONG(r,
		    r->where[MIN(r->ncolumns, (size_t)CUSTOMER_COLUMNS - 1)],
		    "%zu fields, and the first line names %zu columns", r->nrow,
		    r->ncolumns);
		return false;
	}
	for (size_t i = 0; i < r->nrow; i++) {
		if (r->row[i].n > CUSTOMER_VALUE_MAX) {
			WRONG(r, r->where[i], "a value of more than %d bytes",
			    CUSTOMER_VALUE_MAX);
			good = false;
		} else if (!utf8_valid(r->row[i])) {
			WRONG(r, r->where[i],
			    "this is not UTF-8: save the file as UTF-8");
			good = false;
		}
	}
	return good;
}

static void
add(struct reading *r)
{
	struct customer x = {.line = r->row_line};
	struct customers *c = r->out;
	bool good = good_values(r);

	for (size_t i = 0; good && i < r->nrow; i++)
		switch (r->what[i]) {
		case COLUMN_ADDRESS:
			good = read_key(r, r->row[i], r->where[i], &x.key);
			break;
		case COLUMN_TIER:
			x.tier = r->row[i];
			break;
		case COLUMN_NAME:
			x.name = r->row[i];
			break;
		case COLUMN_LANGUAGE:
			x.language = r->row[i];
			break;
		case COLUMN_MORE:
			break;
		}
	if (good && !x.key.n) {
		WRONG(r, r->where[0], "no address");
		good = false;
	}
	if (!good)
		return;
	if (c->n == CUSTOMERS_MAX) {
		WRONG(r, r->where[0], "more than %d customers", CUSTOMERS_MAX);
		r->at = r->text.n;
		return;
	}
	if (c->n == r->cap) {
		struct customer *v;

		r->cap = r->cap ? 2 * r->cap : 64;
		v = arena_array(r->a, struct customer, r->cap);
		if (c->n)
			memcpy(v, c->v, c->n * sizeof *v);
		c->v = v;
	}
	add_more(r, &x);
	c->v[c->n++] = x;
}

/* --- finding ----------------------------------------------------------- */

static const struct customer *
look_up(const struct customers *c, struct str key)
{
	size_t i;

	if (!c->n)
		return NULL;
	for (i = str_hash(key) & c->mask; c->slots[i]; i = (i + 1) & c->mask)
		if (str_eq(c->v[c->slots[i] - 1].key, key))
			return &c->v[c->slots[i] - 1];
	return NULL;
}

static void
make_table(struct reading *r)
{
	struct customers *c = r->out;
	size_t size = 16, kept = 0;

	while (size < 2 * c->n)
		size *= 2;
	c->mask = size - 1;
	c->slots = arena_array(r->a, uint32_t, size);
	for (size_t k = 0; k < c->n; k++) {
		struct customer x = c->v[k];
		size_t i = str_hash(x.key) & c->mask;

		while (c->slots[i] && !str_eq(c->v[c->slots[i] - 1].key, x.key))
			i = (i + 1) & c->mask;
		if (c->slots[i]) {
			struct place at = {c->file, x.line, 1};

			WRONG(r, at, "%.*s stands at line %u already",
			    STR_ARG(x.key), c->v[c->slots[i] - 1].line);
			continue;
		}
		c->v[kept] = x;
		c->slots[i] = (uint32_t)++kept;
	}
	c->n = kept;
}

void
customers_parse(struct arena *a, const char *file, struct str text,
    struct customers *out, struct complaints *bad)
{
	struct reading r = {
	    .a = a,
	    .file = file,
	    .text = text,
	    .line = 1,
	    .out = out,
	    .bad = bad,
	};
	struct place top = {file, 1, 1};

	*out = (struct customers){.file = file};
	if (str_starts(text, S("\xef\xbb\xbf")))
		r.at = r.line_at = 3;
	if (!next_row(&r)) {
		WRONG(&r, top,
		    "the file is empty: expected a first line with the names "
		    "of the columns, address,tier,name,language");
		return;
	}
	read_header(&r);
	r.header_wrong = r.wrong > 0;
	/* Under a wrong header every row would be wrong. */
	while (!r.header_wrong && next_row(&r))
		add(&r);
	make_table(&r);
	if (r.wrong > COMPLAINTS)
		complain(a, bad, (struct place){file, r.line, 1},
		    "and %zu more errors in this file", r.wrong - COMPLAINTS);
}

const struct customer *
customers_find(const struct customers *c, struct arena *a, struct str addr)
{
	const struct customer *x;
	struct str key = address_key(a, addr);
	ptrdiff_t at = str_rchr(key, '@');

	if (at < 0)
		return NULL;
	x = look_up(c, key);
	return x ? x : look_up(c, str_from(key, (size_t)at));
}

const struct customer *
customer_find(const struct settings *s, struct arena *a, struct str addr)
{
	return s->customers ? customers_find(s->customers, a, addr) : NULL;
}

struct str
customer_value(
    const struct settings *s, const struct customer *x, struct str column)
{
	const struct customers *c = s->customers;

	switch (column_of(column)) {
	case COLUMN_ADDRESS:
		return x->key;
	case COLUMN_TIER:
		return x->tier;
	case COLUMN_NAME:
		return x->name;
	case COLUMN_LANGUAGE:
		return x->language;
	case COLUMN_MORE:
		break;
	}
	for (size_t i = 0; c && x->more && i < c->nfields; i++)
		if (str_ieq(c->fields[i], column))
			return x->more[i];
	return str_n(NULL, 0);
}

const struct tier *
settings_tier(const struct settings *s, struct str name)
{
	for (size_t i = 0; name.n && i < s->ntiers; i++)
		if (str_ieq(s->tiers[i].name, name))
			return &s->tiers[i];
	return NULL;
}

struct str
customer_tier(const struct settings *s, struct arena *a, struct str addr)
{
	const struct customer *x = customer_find(s, a, addr);

	return x ? x->tier : str_n(NULL, 0);
}
