/*
 * So many notices an hour to one agent, and the rest in one mail.
 *
 * "notice:anna" holds when the last ones were written: as many as an hour may
 * have. What comes above waits in rows of its own, "digest:anna/1" and so on,
 * each written once; "digest:anna" counts them. Beyond LINES_MAX they are only
 * counted: a mail of more lines than that is read by nobody. The timer is due
 * when the oldest of the hour's notices is an hour old.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/due.h"
#include "desk/notice_private.h"
#include "store/person.h"

enum {
	KEPT_MAX = 2000,
	LINES_MAX = 1000,
	TAG_AT = 1,
	TAG_LINES = 1,
	TAG_MORE = 2,
	TAG_DUE = 3,
	LINE_TICKET = 1,
	LINE_KIND = 2,
	LINE_AT = 3,
	LINE_DETAIL = 4
};

/* --- the hour ---------------------------------------------------------- */

struct hour {
	int64_t at[KEPT_MAX];
	size_t n;
};

static size_t
limit_of(const struct settings *s)
{
	return MIN(s->notices_per_hour, (unsigned)KEPT_MAX);
}

/* Those of the last hour. A clock that was set back leaves times of the
 * future: they count, but not for more than an hour. */
static void
read_hour(struct str rec, int64_t now, struct hour *h)
{
	struct recr r = recr_open(rec);
	int64_t at = 0;

	h->n = 0;
	while (recr_next(&r)) {
		if (r.tag != TAG_AT || r.is_str)
			continue;
		at += recr_i64(&r);
		if (at > now - CLOCK_HOUR && at < now + CLOCK_HOUR &&
		    h->n < KEPT_MAX)
			h->at[h->n++] = at;
	}
}

static void
write_hour(struct txn *t, struct str name, const struct hour *h)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	int64_t last = 0;

	for (size_t i = 0; i < h->n; i++) {
		rec_i64(&b, TAG_AT, h->at[i] - last);
		last = h->at[i];
	}
	counter_put(t, name, buf_str(&b));
}

/* --- what waits -------------------------------------------------------- */

struct waiting_lines {
	uint64_t lines, more;
	int64_t due;
};

static struct str
head_key(struct arena *a, struct str agent)
{
	return arena_printf(a, "digest:%.*s", STR_ARG(agent));
}

static struct str
line_key(struct arena *a, struct str agent, uint64_t n)
{
	return arena_printf(
	    a, "digest:%.*s/%llu", STR_ARG(agent), (unsigned long long)n);
}

static int
read_head(
    struct txn *t, struct arena *a, struct str agent, struct waiting_lines *w)
{
	struct str rec = {0};
	int found = counter_get(t, a, head_key(a, agent), &rec);
	struct recr r = recr_open(rec);

	*w = (struct waiting_lines){0};
	while (found > 0 && recr_next(&r)) {
		if (r.tag == TAG_LINES && !r.is_str)
			w->lines = MIN(r.u, (uint64_t)LINES_MAX);
		else if (r.tag == TAG_MORE && !r.is_str)
			w->more = r.u;
		else if (r.tag == TAG_DUE && !r.is_str)
			w->due = recr_i64(&r);
	}
	return found;
}

static void
write_head(struct txn *t, struct arena *a, struct str agent,
    const struct waiting_lines *w)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_u64(&b, TAG_LINES, w->lines);
	rec_u64_opt(&b, TAG_MORE, w->more);
	rec_i64(&b, TAG_DUE, w->due);
	counter_put(t, head_key(a, agent), buf_str(&b));
}

static int
add_line(struct txn *t, struct arena *a, struct str agent,
    const struct ticket *k, enum notice_kind kind, struct str detail,
    int64_t due, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct waiting_lines w;
	int found = read_head(t, a, agent, &w);

	if (found < 0)
		return txn_error(t, err);
	if (!found) {
		struct timer m = {
		    .due = due, .kind = DUE_DIGEST, .data = agent};

		w.due = due;
		timer_put(t, &m);
	}
	if (w.lines == LINES_MAX)
		w.more++;
	else {
		rec_u64(&b, LINE_TICKET, k->id);
		rec_str(&b, LINE_KIND, str_c(notice_name(kind)));
		rec_i64(&b, LINE_AT, now);
		rec_str_opt(&b, LINE_DETAIL, notice_line(a, detail, 200));
		counter_put(t, line_key(a, agent, ++w.lines), buf_str(&b));
	}
	write_head(t, a, agent, &w);
	return txn_error(t, err);
}

int
notice_take(struct txn *t, struct arena *a, const struct settings *s,
    const struct agent *to, const struct ticket *k, enum notice_kind kind,
    struct str detail, int64_t now, bool *over, struct err *err)
{
	struct str name = arena_printf(a, "notice:%.*s", STR_ARG(to->name));
	struct hour *h = arena_new(a, struct hour);
	struct str rec = {0};

	if (counter_get(t, a, name, &rec) < 0)
		return txn_error(t, err);
	read_hour(rec, now, h);
	*over = h->n >= limit_of(s);
	if (*over)
		return add_line(t, a, to->name, k, kind, detail,
		    MIN(h->n ? h->at[0] : now, now) + CLOCK_HOUR, now, err);
	h->at[h->n++] = now;
	write_hour(t, name, h);
	return txn_error(t, err);
}

/* --- the mail ---------------------------------------------------------- */

struct digest_line {
	uint64_t ticket;
	struct str kind, detail;
	int64_t at;
	unsigned times;
};

static bool
read_line(struct str rec, struct digest_line *out)
{
	struct recr r = recr_open(rec);

	*out = (struct digest_line){.at = CLOCK_NONE, .times = 1};
	while (recr_next(&r)) {
		if (r.tag == LINE_TICKET && !r.is_str)
			out->ticket = r.u;
		else if (r.tag == LINE_KIND && r.is_str)
			out->kind = r.s;
		else if (r.tag == LINE_AT && !r.is_str)
			out->at = recr_i64(&r);
		else if (r.tag == LINE_DETAIL && r.is_str)
			out->detail = r.s;
	}
	return !r.bad && out->ticket;
}

/* The same of the same ticket is one line. */
static bool
seen_before(struct digest_line *v, size_t n, const struct digest_line *x)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].ticket == x->ticket && str_eq(v[i].kind, x->kind) &&
		    str_eq(v[i].detail, x->detail)) {
			v[i].times++;
			v[i].at = x->at;
			return true;
		}
	return false;
}

/* Takes the rows out of the store. */
static int
take_lines(struct txn *t, struct arena *a, struct str agent,
    const struct waiting_lines *w, struct digest_line *v, size_t *n,
    struct err *err)
{
	*n = 0;
	for (uint64_t i = 1; i <= w->lines; i++) {
		struct str key = line_key(a, agent, i), rec;
		struct digest_line x;
		int found = counter_get(t, a, key, &rec);

		if (found < 0)
			return txn_error(t, err);
		if (!found)
			continue;
		counter_del(t, key);
		if (read_line(rec, &x) && !seen_before(v, *n, &x))
			v[(*n)++] = x;
	}
	counter_del(t, head_key(a, agent));
	return txn_error(t, err);
}

static struct value
line_values(struct desk *d, struct arena *a, const struct agent *to,
    const struct ticket *k, const struct digest_line *x)
{
	const struct settings *s = d->settings;
	struct value *o = value_object(a);
	struct str who =
	    k->requester.name.n ? k->requester.name : k->requester.addr;

	value_set_str(a, o, "label", outbound_label(a, s, k));
	value_set_str(a, o, "subject", notice_line(a, k->subject, 80));
	value_set_str(a, o, "customer", notice_line(a, who, 40));
	value_set_str(a, o, "queue", k->queue);
	value_set_str(a, o, "status", str_c(status_name(k->status)));
	value_set_str(a, o, "detail", x->detail);
	value_set_str(a, o, "kind", x->kind);
	value_set_str(a, o, "date",
	    view_date(a, notice_language(s, to), s->timezone, x->at));
	if (x->times > 1)
		value_set_num(a, o, "times", x->times);
#define X_IS(id, name, doc) \
	value_set_bool(a, o, "is_" name, str_eq(x->kind, S(name)));
	NOTICES(X_IS)
	return *o;
}

/* The lines of tickets that he may see now; how many notices they were. */
static int
digest_values(struct desk *d, struct txn *t, struct arena *a,
    const struct agent *to, const struct digest_line *v, size_t n,
    struct value *list, struct buf *plain, uint64_t *count, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct ticket k;
		int found = ticket_get(t, a, v[i].ticket, &k);

		if (found < 0)
			return txn_error(t, err);
		if (!found || !agent_may(d->settings, to, k.queue, RIGHT_SEE))
			continue;
		*count += v[i].times;
		value_add(a, list, line_values(d, a, to, &k, &v[i]));
		buf_printf(plain, "%.*s %.*s: %.*s\n",
		    STR_ARG(outbound_label(a, d->settings, &k)),
		    STR_ARG(v[i].kind), STR_ARG(notice_line(a, k.subject, 80)));
	}
	return 0;
}

static int
write_digest(struct desk *d, struct txn *t, struct arena *a,
    const struct agent *to, const struct digest_line *v, size_t n,
    uint64_t more, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf plain = BUF_INIT;
	struct value *root = value_object(a), *list = value_list(a);
	struct value *o = value_object(a);
	uint64_t count = 0;
	struct agent_mail_out x = {
	    .kind = "digest",
	    .template = "digest",
	    .to = to,
	    .data = root,
	};
	struct err why = ERR_INIT;

	if (digest_values(d, t, a, to, v, n, list, &plain, &count, err) < 0)
		return -1;
	if (!count && !more)
		return 0;
	value_set(a, o, "lines", *list);
	value_set_num(a, o, "count", (double)(count + more));
	if (more)
		value_set_num(a, o, "more", (double)more);
	value_set_num(a, o, "limit", d->settings->notices_per_hour);
	value_set(a, root, "digest", *o);
	if (more)
		buf_printf(
		    &plain, "… and %llu more\n", (unsigned long long)more);
	x.plain = buf_str(&plain);
	if (notice_mail(d, t, a, &x, now, NULL, &why) < 0)
		return txn_error(t, err);
	return 0;
}

int
due_digest(struct desk *d, struct txn *t, struct arena *a,
    const struct timer *m, int64_t now, struct err *err)
{
	const struct agent *to = staff_agent(&d->settings->staff, m->data);
	struct waiting_lines w;
	struct digest_line *v;
	size_t n;
	int found = read_head(t, a, m->data, &w);

	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return 0;
	v = arena_array(a, struct digest_line, LINES_MAX);
	if (take_lines(t, a, m->data, &w, v, &n, err) < 0)
		return -1;
	if (!to || !to->notices)
		return 0;
	return write_digest(d, t, a, to, v, n, w.more, now, err);
}
