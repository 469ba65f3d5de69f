/*
 * The values are all made, whether the template asks for them or not: dates
 * are the only dear ones, and their formatters are kept (a handful of
 * languages and one zone), under a lock since they are not for two at once.
 * Text is clipped; what is quoted at length helps nobody.
 */
#include "desk/view.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

#include <pthread.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

enum {
	FORMATTERS = 8,
	NAME_MAX_BYTES = 32,
	TEXT_MAX = 32 << 10
};

static struct formatter {
	char language[NAME_MAX_BYTES];
	char zone[2 * NAME_MAX_BYTES];
	UDateFormat *f;
} formatters[FORMATTERS];
static size_t next_formatter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static UDateFormat *
open_format(const char *language, const char *zone)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar wide[2 * NAME_MAX_BYTES];
	UDateFormat *f;

	u_uastrncpy(wide, zone, 2 * NAME_MAX_BYTES - 1);
	wide[2 * NAME_MAX_BYTES - 1] = 0;
	f = udat_open(
	    UDAT_SHORT, UDAT_LONG, language, wide, -1, NULL, 0, &status);
	return U_FAILURE(status) ? NULL : f;
}

/* The caller holds the lock. */
static UDateFormat *
find_format(const char *language, const char *zone)
{
	struct formatter *x;

	for (size_t i = 0; i < FORMATTERS; i++) {
		x = &formatters[i];
		if (x->f && strcmp(x->language, language) == 0 &&
		    strcmp(x->zone, zone) == 0)
			return x->f;
	}
	x = &formatters[next_formatter++ % FORMATTERS];
	if (x->f)
		udat_close(x->f);
	*x = (struct formatter){.f = open_format(language, zone)};
	snprintf(x->language, sizeof x->language, "%s", language);
	snprintf(x->zone, sizeof x->zone, "%s", zone);
	return x->f;
}

struct str
view_date(struct arena *a, struct str language, const char *zone, int64_t at)
{
	UErrorCode status = U_ZERO_ERROR;
	char name[NAME_MAX_BYTES];
	char utf8[300];
	UChar wide[100];
	UDateFormat *f;
	int32_t n = 0;

	if (at == CLOCK_NONE)
		return str_n(NULL, 0);
	if (!zone || strlen(zone) >= 2 * NAME_MAX_BYTES)
		zone = "UTC";
	snprintf(name, sizeof name, "%.*s", STR_ARG(language));
	pthread_mutex_lock(&lock);
	f = find_format(name, zone);
	if (f)
		n = udat_format(
		    f, (UDate)at, wide, ARRAY_LEN(wide), NULL, &status);
	pthread_mutex_unlock(&lock);
	if (!f || U_FAILURE(status))
		return str_n(NULL, 0);
	u_strToUTF8(utf8, sizeof utf8, &n, wide, n, &status);
	if (U_FAILURE(status) || n < 0)
		return str_n(NULL, 0);
	return arena_dup(a, str_n(utf8, (size_t)n));
}

/* --- languages --------------------------------------------------------- */

static bool
same_tag(struct str a, struct str b, size_t n)
{
	if (a.n < n || b.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char x = a.p[i] == '_' ? '-' : ch_lower(a.p[i]);
		char y = b.p[i] == '_' ? '-' : ch_lower(b.p[i]);

		if (x != y)
			return false;
	}
	return true;
}

static size_t
primary(struct str tag)
{
	size_t n = 0;

	while (n < tag.n && tag.p[n] != '-' && tag.p[n] != '_')
		n++;
	return n;
}

struct str
view_language(const struct settings *s, struct str tag)
{
	const struct strs *l = &s->languages;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].n == tag.n && same_tag(l->v[i], tag, tag.n))
			return l->v[i];
	for (size_t i = 0; i < l->n && tag.n; i++)
		if (primary(l->v[i]) == primary(tag) &&
		    same_tag(l->v[i], tag, primary(tag)))
			return l->v[i];
	return l->n ? l->v[0] : S("en");
}

/* --- text -------------------------------------------------------------- */

struct str
view_quote(struct arena *a, struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = text, line;

	while (str_line(&rest, &line)) {
		/* "> > x" is quoted once more as ">> > x", as clients do. */
		buf_puts(&b, line.n && line.p[0] == '>' ? ">" : "> ");
		buf_put(&b, line);
		buf_putc(&b, '\n');
	}
	while (b.n && b.p[b.n - 1] == '\n')
		buf_cut(&b, b.n - 1);
	return arena_dup(a, buf_str(&b));
}

static void
put_html(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		default:
			buf_putc(b, s.p[i]);
		}
	}
}

struct str
view_html(struct arena *a, struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = text, line;
	bool open = false;

	while (str_line(&rest, &line)) {
		if (!str_trim(line).n) {
			if (open)
				buf_puts(&b, "</p>\n");
			open = false;
			continue;
		}
		buf_puts(&b, open ? "<br>\n" : "<p>");
		open = true;
		put_html(&b, str_rtrim(line));
	}
	if (open)
		buf_puts(&b, "</p>\n");
	return arena_dup(a, buf_str(&b));
}

/* --- the tree ---------------------------------------------------------- */

static struct value *
sub_object(struct arena *a, struct value *root, const char *key)
{
	return value_set(a, root, key, (struct value){.kind = VALUE_OBJECT});
}

static void
set_ticket(struct arena *a, const struct view *v, struct value *root)
{
	const struct ticket *k = v->ticket;
	struct value *o = sub_object(a, root, "ticket");

	value_set_str(
	    a, o, "id", arena_printf(a, "%llu", (unsigned long long)k->id));
	value_set_str(a, o, "label",
	    arena_printf(a, "%.*s #%llu",
		STR_ARG(settings_tag(v->settings, v->queue)),
		(unsigned long long)k->id));
	value_set_str(a, o, "subject", v->known ? k->subject : S(""));
	value_set_str(a, o, "status", str_c(status_name(k->status)));
	value_set_str(a, o, "priority", str_c(priority_name(k->priority)));
	value_set_str(a, o, "queue", k->queue);
	value_set_str(a, o, "created",
	    view_date(a, v->language, v->settings->timezone, k->created));
}

static void
set_people(struct arena *a, const struct view *v, struct value *root)
{
	const struct ticket *k = v->ticket;
	struct value *o = sub_object(a, root, "customer");

	value_set_str(a, o, "name", v->known ? k->requester.name : S(""));
	value_set_str(a, o, "address", k->requester.addr);
	o = sub_object(a, root, "queue");
	value_set_str(a, o, "name", v->queue->name);
	value_set_str(a, o, "address", v->queue->address.addr);
	value_set_str(a, o, "signature", v->queue->signature);
	o = sub_object(a, root, "agent");
	value_set_str(a, o, "name", v->agent);
	value_set_str(a, o, "signature", v->signature);
}

static void
set_message(struct arena *a, const struct view *v, struct value *root)
{
	struct value *o = sub_object(a, root, "message");
	struct str text =
	    v->known ? utf8_clip(v->message_text, TEXT_MAX) : str_n(NULL, 0);
	struct str from = v->message_from.name.n ? v->message_from.name
						 : v->message_from.addr;

	value_set_str(a, o, "text", text);
	value_set_str(a, o, "quoted", text.n ? view_quote(a, text) : S(""));
	value_set_str(a, o, "date",
	    v->message_date == CLOCK_NONE
		? S("")
		: view_date(
		      a, v->language, v->settings->timezone, v->message_date));
	value_set_str(a, o, "from", v->known ? from : S(""));
	o = sub_object(a, root, "answer");
	value_set_str(a, o, "text", v->answer);
	value_set_str(a, o, "html",
	    v->answer_html.n ? v->answer_html
	    : v->answer.n    ? view_html(a, v->answer)
			     : S(""));
}

static void
set_status(struct arena *a, const struct view *v, struct value *root)
{
	enum status now = v->ticket->status;
	struct value *o = sub_object(a, root, "status");

	value_set_str(a, o, "old",
	    v->status_old ? str_c(status_name(v->status_old)) : S(""));
	value_set_str(a, o, "new",
	    v->status_old && v->status_old != now ? str_c(status_name(now))
						  : S(""));
	value_set_bool(a, o, "is_new", now == STATUS_NEW);
	value_set_bool(a, o, "is_open", now == STATUS_OPEN);
	value_set_bool(a, o, "is_pending", now == STATUS_PENDING);
	value_set_bool(a, o, "is_hold", now == STATUS_HOLD);
	value_set_bool(a, o, "is_resolved", now == STATUS_RESOLVED);
	value_set_bool(a, o, "is_closed", now == STATUS_CLOSED);
}

struct value *
view_make(struct arena *a, const struct view *v)
{
	struct value *root = value_object(a);
	int64_t days = v->queue->reopen_within / CLOCK_DAY;

	value_set_str(a, root, "site", v->settings->site);
	value_set_bool(a, root, "known", v->known);
	value_set_num(a, root, "reopen_days", (double)days);
	value_set_str(a, root, "deadline",
	    v->deadline
		? view_date(a, v->language, v->settings->timezone, v->deadline)
		: S(""));
	set_ticket(a, v, root);
	set_people(a, v, root);
	set_message(a, v, root);
	set_status(a, v, root);
	return root;
}
