/*
 * What a notice says:
 *
 *   ##- Please write your answer above this line -##
 *   ¦ Acme #1042 · new ticket
 *   ¦ Customer: Wei Zhang <wei@customer.example>
 *   ##- Message -##
 *
 *   The printer on the 2nd floor is on fire.
 *
 *   ##- End of message -##
 *   ¦ Your reply to this mail goes to the customer. …
 *
 * The markers (mail/reply_marker.h) tell the parts when it comes back as a
 * quote. Every line of ours begins with a bar, and none of the customer's does:
 * so he can write nothing that looks like ours, and what is left of ours in an
 * answer is found there too (outbound_guard.c). Markers in his words are
 * broken; lines of his that begin with "#" move in by a blank, since a client
 * that does not quote would put a command on top; "-- " loses its blank, for
 * clients cut there when they quote.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/customers.h"
#include "desk/extra.h"
#include "desk/kb.h"
#include "desk/notice_private.h"
#include "desk/route.h"
#include "desk/sla_run.h"
#include "mail/reply_marker.h"

enum {
	TEXT_MAX = 30 << 10,
	LINE_MAX_BYTES = 120,
	EARLIER = 3,      /* articles told of */
	EARLIER_LOOK = 8, /* looked at: acknowledgements are not told */
	EARLIER_WORDS = 100,
	SUGGESTED = 3,
	LISTED_MAX = 30
};

/* --- made harmless ----------------------------------------------------- */

/* Embeddings, overrides and isolates (UAX #9): they can turn a line about. */
static bool
turns_writing(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* "##" as "# #". */
static void
put_broken(struct buf *b, struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		buf_putc(b, line.p[i]);
		if (str_starts(str_from(line, i), S("##")))
			buf_putc(b, ' ');
	}
}

struct str
notice_line(struct arena *a, struct str s, size_t max)
{
	AUTO(buf_fini) struct buf whole = BUF_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest;
	uint32_t c;
	size_t n;

	put_broken(&whole, utf8_clip(str_trim(s), 4 * max));
	rest = buf_str(&whole);
	while ((n = utf8_next(rest, &c)) > 0) {
		if (c < ' ' || c == 0x7f)
			buf_putc(&b, ' ');
		else if (!turns_writing(c))
			buf_put(&b, str_sub(rest, 0, n));
		rest = str_from(rest, n);
	}
	if (b.n <= max)
		return arena_dup(a, buf_str(&b));
	return arena_printf(a, "%.*s\xe2\x80\xa6",
	    STR_ARG(str_rtrim(utf8_clip(buf_str(&b), max - 3))));
}

struct str
notice_words(struct arena *a, struct str text, bool note)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = text, line, inner;

	while (str_line(&rest, &line)) {
		line = str_eq(line, S("-- ")) ? S("--") : line;
		if (note)
			buf_puts(&b, NOTICE_BAR " ");
		inner = str_ltrim(line);
		if (str_starts(inner, S(NOTICE_BAR))) {
			buf_putc(&b, '|');
			line = str_from(inner, sizeof NOTICE_BAR - 1);
		} else if (str_starts(inner, S("#")) ||
			   str_starts(inner, S("\xef\xbc\x83")))
			buf_putc(&b, ' ');
		if (reply_marker_of(line) != MARKER_NONE)
			put_broken(&b, line);
		else
			buf_put(&b, line);
		buf_putc(&b, '\n');
	}
	return arena_dup(a, str_rtrim(buf_str(&b)));
}

/* --- gathering --------------------------------------------------------- */

static struct str
new_words(struct arena *a, const struct article *r)
{
	struct message m = {
	    .text = r->text, .fresh = r->fresh, .nfresh = r->nfresh};

	return message_new_text(a, &m);
}

static int
find_shown(struct txn *t, struct arena *a, const struct ticket *k,
    const struct notice *x, struct notice_body *b, struct err *err)
{
	uint32_t seq = x->seq;
	struct extra extra;
	int found;

	if (!seq) {
		extra_read(a, k->extra, &extra);
		seq = extra.last_in ? extra.last_in : k->articles;
	}
	if (!seq)
		return 0;
	found = article_get(t, a, k->id, seq, &b->shown);
	if (found < 0)
		return txn_error(t, err);
	b->has_shown = found;
	if (found) {
		struct str text = new_words(a, &b->shown);

		b->text = notice_words(a, utf8_clip(text, TEXT_MAX),
		    b->shown.direction == DIRECTION_NOTE);
		b->clipped = text.n > TEXT_MAX;
	}
	return 0;
}

static int
find_earlier(struct txn *t, struct arena *a, const struct ticket *k,
    struct notice_body *b, struct err *err)
{
	b->earlier = arena_array(a, struct article, EARLIER);
	for (uint32_t i = 0; i < EARLIER_LOOK && i < k->articles; i++) {
		struct article *r = &b->earlier[b->nearlier];
		uint32_t seq = k->articles - i;
		int found;

		if (b->has_shown && seq == b->shown.seq)
			continue;
		found = article_get(t, a, k->id, seq, r);
		if (found < 0)
			return txn_error(t, err);
		if (!found || (r->direction == DIRECTION_OUT && r->automatic.n))
			continue;
		/* An agent's mail whose words all went into the answer. */
		if (r->direction == DIRECTION_NOTE && !r->attachments.n &&
		    !new_words(a, r).n)
			continue;
		if (++b->nearlier == EARLIER)
			break;
	}
	return 0;
}

/* What is there and fits goes along; the rest is told of. */
static void
sort_files(struct arena *a, const struct settings *s, const struct notice *x,
    struct notice_body *b)
{
	const struct intake *in = x->in;
	const struct attachments *l = &b->shown.attachments;
	const struct str *content = NULL;
	uint64_t room = s->notice_attachments;

	if (!b->has_shown || !l->n)
		return;
	if (in && in->files && in->message &&
	    in->message->attachments.n == l->n)
		content = in->files;
	b->carried = arena_array(a, struct compose_attachment, l->n);
	b->listed = arena_array(a, const struct attachment *, l->n);
	for (size_t i = 0; i < l->n; i++) {
		if (!content || !content[i].p || content[i].n > room) {
			b->listed[b->nlisted++] = &l->v[i];
			continue;
		}
		room -= content[i].n;
		b->carried[b->ncarried++] = (struct compose_attachment){
		    .name = l->v[i].name,
		    .type = l->v[i].type,
		    .content = content[i],
		};
	}
}

int
notice_body(struct txn *t, struct arena *a, const struct settings *s,
    const struct ticket *k, const struct notice *x, struct notice_body *b,
    struct err *err)
{
	*b = (struct notice_body){.settings = s, .ticket = k, .notice = x};
	if (find_shown(t, a, k, x, b, err) < 0 ||
	    find_earlier(t, a, k, b, err) < 0)
		return -1;
	sort_files(a, s, x, b);
	if (b->has_shown && b->shown.direction == DIRECTION_IN &&
	    (x->kind == NOTICE_NEW || x->kind == NOTICE_FOLLOWUP ||
		x->kind == NOTICE_ASSIGNED)) {
		b->suggested = arena_array(a, struct kb, SUGGESTED);
		b->nsuggested = kb_suggest(t, a,
		    arena_printf(a, "%.*s\n%.*s", STR_ARG(k->subject),
			STR_ARG(utf8_clip(b->text, 4000))),
		    b->suggested, SUGGESTED);
	}
	if (s->nclassified && x->kind != NOTICE_FOLLOWUP &&
	    classify_suggestions(t, a, k, &b->guesses, &b->nguesses, err) < 0)
		return -1;
	return txn_error(t, err);
}

/* --- values ------------------------------------------------------------ */

static struct str
one_person(struct arena *a, const struct address *x)
{
	struct str name = notice_line(a, x->name, 40);
	struct str addr = notice_line(a, x->addr, LINE_MAX_BYTES);

	if (!name.n || !addr.n)
		return name.n ? name : addr;
	return arena_printf(a, "%.*s <%.*s>", STR_ARG(name), STR_ARG(addr));
}

static struct str
size_words(struct arena *a, uint64_t n)
{
	if (n < 1000)
		return arena_printf(a, "%u B", (unsigned)n);
	if (n < 1000000)
		return arena_printf(a, "%u kB", (unsigned)((n + 999) / 1000));
	return arena_printf(a, "%.1f MB", (double)n / 1e6);
}

static void
add_files(struct arena *a, const struct notice_body *b, struct value *o)
{
	struct value *l = value_list(a);

	for (size_t i = 0; i < b->nlisted && i < LISTED_MAX; i++) {
		const struct attachment *x = b->listed[i];
		struct value *f = value_object(a);
		struct str name = notice_line(a, x->name, 60);

		value_set_str(a, f, "name", name.n ? name : x->type);
		value_set_str(a, f, "type", x->type);
		value_set_str(a, f, "size", size_words(a, x->size));
		value_add(a, l, *f);
	}
	value_set(a, o, "files", *l);
	value_set_bool(a, o, "has_files", b->nlisted > 0);
	if (b->nlisted > LISTED_MAX)
		value_set_num(
		    a, o, "more_files", (double)(b->nlisted - LISTED_MAX));
	value_set_num(a, o, "carried", (double)b->ncarried);
}

static void
add_earlier(struct arena *a, const struct notice_body *b, struct str language,
    struct value *o)
{
	struct value *l = value_list(a);

	for (size_t i = 0; i < b->nearlier; i++) {
		const struct article *r = &b->earlier[i];
		struct value *e = value_object(a);
		struct str who =
		    r->author.name.n ? r->author.name : r->author.addr;

		value_set_str(a, e, "date",
		    view_date(a, language, b->settings->timezone, r->at));
		value_set_str(a, e, "from", notice_line(a, who, 40));
		value_set_str(a, e, "words",
		    notice_line(a, new_words(a, r), EARLIER_WORDS));
		value_set_bool(a, e, "is_note", r->direction == DIRECTION_NOTE);
		value_set_bool(
		    a, e, "is_answer", r->direction == DIRECTION_OUT);
		value_add(a, l, *e);
	}
	value_set(a, o, "earlier", *l);
	value_set_bool(a, o, "has_earlier", b->nearlier > 0);
}

static void
add_suggested(struct arena *a, const struct notice_body *b, struct value *o)
{
	struct value *l = value_list(a);

	for (size_t i = 0; i < b->nsuggested; i++) {
		struct value *e = value_object(a);

		value_set_str(a, e, "id",
		    arena_printf(
			a, "%llu", (unsigned long long)b->suggested[i].id));
		value_set_str(
		    a, e, "title", notice_line(a, b->suggested[i].title, 60));
		value_add(a, l, *e);
	}
	value_set(a, o, "suggested", *l);
	value_set_bool(a, o, "has_suggested", b->nsuggested > 0);
}

/* What was learned says of it, where it is not so. */
static void
add_guesses(struct arena *a, const struct notice_body *b, struct value *o)
{
	struct value *l = value_list(a);

	for (size_t i = 0; i < b->nguesses; i++) {
		const struct suggestion *x = &b->guesses[i];
		struct value *e = value_object(a);

		if (str_eq(classify_value(b->ticket, x->field), x->value))
			continue;
		value_set_str(a, e, "field", notice_line(a, x->field, 40));
		value_set_str(a, e, "value", notice_line(a, x->value, 60));
		value_set_num(
		    a, e, "percent", (double)(int)(x->probability * 100 + 0.5));
		value_add(a, l, *e);
	}
	value_set(a, o, "guesses", *l);
}

/* What is promised and still runs, the first that is due first. */
static void
add_sla(struct arena *a, const struct notice_body *b, struct str language,
    struct value *o)
{
	struct value *l = value_list(a);
	const struct sla_policy *p;
	struct sla_clocks c;
	bool done[SLA_TARGETS_COUNT] = {false};
	size_t n = 0;

	if (sla_clocks_of(b->settings, a, b->ticket, b->now, &c, &p) && p)
		for (;;) {
			unsigned at = SLA_TARGETS_COUNT;
			struct value *e = value_object(a);

			for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
				if (!done[i] && sla_is_live(&c.v[i]) &&
				    c.v[i].due != CLOCK_NONE &&
				    (at == SLA_TARGETS_COUNT ||
					c.v[i].due < c.v[at].due))
					at = i;
			if (at == SLA_TARGETS_COUNT)
				break;
			done[at] = true;
			value_set_str(a, e, "target",
			    str_c(sla_target_name((enum sla_target)at)));
			value_set_bool(a, e, "is_first", at == SLA_FIRST);
			value_set_bool(a, e, "is_next", at == SLA_NEXT);
			value_set_bool(
			    a, e, "is_resolution", at == SLA_RESOLUTION);
			value_set_bool(
			    a, e, "is_missed", c.v[at].state == SLA_BREACHED);
			value_set_str(a, e, "due",
			    view_date(a, language, b->settings->timezone,
				c.v[at].due));
			value_add(a, l, *e);
			n++;
		}
	value_set(a, o, "sla", *l);
	value_set_bool(a, o, "has_sla", n > 0);
}

static struct value
kind_values(struct arena *a, enum notice_kind kind)
{
	struct value *o = value_object(a);

	value_set_str(a, o, "kind", str_c(notice_name(kind)));
#define X_IS_NOTICE(id, name, doc) \
	value_set_bool(a, o, "is_" name, kind == NOTICE_##id);
	NOTICES(X_IS_NOTICE)
	return *o;
}

static struct value
priority_values(struct arena *a, enum priority p)
{
	struct value *o = value_object(a);

#define X_IS_PRIORITY(n, id, name) \
	value_set_bool(a, o, "is_" name, p == PRIORITY_##id);
	PRIORITIES(X_IS_PRIORITY)
	return *o;
}

/* How it came to the assignee, and that he is not there. */
static void
add_route(struct arena *a, const struct notice_body *b, struct str language,
    struct value *o)
{
	const struct route_choice *c = b->notice->route;

	value_set_str(a, o, "tier",
	    notice_line(a,
		customer_tier(b->settings, a, b->ticket->requester.addr), 40));
	value_set_bool(a, o, "is_routed", c && c->agent);
	value_set_bool(a, o, "is_beyond", c && c->beyond);
	if (c && c->beyond) {
		value_set_num(a, o, "has_tickets", (double)c->tickets);
		value_set_num(a, o, "capacity", (double)c->capacity);
		value_set_str(
		    a, o, "aside", notice_line(a, c->aside_words, 90));
	}
	value_set_bool(a, o, "is_away", b->is_away);
	if (b->is_away)
		value_set_str(a, o, "away_until",
		    b->away_until == AWAY_OPEN
			? S("")
			: view_date(a, language, b->settings->timezone,
			      b->away_until));
}

/* Why he got it stands behind what else there is to say. */
static struct str
detail_in(struct arena *a, const struct notice *x, struct str language)
{
	const struct route_choice *c = x->route;

	if (!c || !c->why.n || !str_starts(language, S("zh")) ||
	    !str_ends(x->detail, c->why))
		return x->detail;
	return arena_printf(a, "%.*s%.*s",
	    STR_ARG(str_sub(x->detail, 0, x->detail.n - c->why.n)),
	    STR_ARG(c->why_zh));
}

struct value *
notice_values(struct arena *a, const struct notice_body *b, struct str language,
    bool can_work)
{
	struct value *root = value_object(a), *o = value_object(a);
	const struct ticket *k = b->ticket;
	const struct notice *x = b->notice;

	*o = kind_values(a, x->kind);
	value_set_str(
	    a, o, "detail", notice_line(a, detail_in(a, x, language), 200));
	value_set_str(a, o, "who",
	    str_starts(x->who.name, S("customer:")) ||
		    str_eq(x->who.name, S("system"))
		? S("")
		: notice_line(a, notice_who(b->settings, &x->who), 40));
	value_set_str(a, o, "moved_from", notice_line(a, x->moved_from, 40));
	value_set_bool(a, o, "can_work", can_work);
	value_set_str(a, o, "customer", one_person(a, &k->requester));
	value_set_str(a, o, "writer", one_person(a, &b->shown.author));
	value_set_str(a, o, "by",
	    notice_line(a,
		b->shown.author.name.n ? b->shown.author.name
				       : b->shown.author.addr,
		40));
	value_set_bool(a, o, "other_writer",
	    b->has_shown && b->shown.direction == DIRECTION_IN &&
		!address_eq(b->shown.author.addr, k->requester.addr));
	value_set_bool(a, o, "shows_note",
	    b->has_shown && b->shown.direction == DIRECTION_NOTE);
	value_set_bool(a, o, "shows_answer",
	    b->has_shown && b->shown.direction == DIRECTION_OUT);
	value_set_bool(a, o, "clipped", b->clipped);
	value_set_str(a, o, "subject", notice_line(a, k->subject, 60));
	value_set_str(a, o, "assignee", notice_line(a, k->assignee, 40));
	value_set_num(a, o, "articles", (double)k->articles);
	add_sla(a, b, language, o);
	add_route(a, b, language, o);
	add_files(a, b, o);
	add_earlier(a, b, language, o);
	add_suggested(a, b, o);
	add_guesses(a, b, o);
	value_set(a, root, "notice", *o);
	value_set(a, root, "priority", priority_values(a, k->priority));
	return root;
}

struct str
notice_plain(struct arena *a, const struct notice_body *b, struct str language)
{
	struct str customer = one_person(a, &b->ticket->requester);

	return arena_printf(a,
	    "%.*s\n" NOTICE_BAR " %s\n" NOTICE_BAR
	    " %.*s\n%.*s\n\n%.*s\n\n%.*s\n",
	    STR_ARG(reply_marker(MARKER_TOP, language)),
	    notice_name(b->notice->kind), STR_ARG(customer),
	    STR_ARG(reply_marker(MARKER_WORDS, language)), STR_ARG(b->text),
	    STR_ARG(reply_marker(MARKER_END, language)));
}
