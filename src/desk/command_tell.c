/*
 * History and lists as text for mails: 78 columns, as any client shows it.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/command_private.h"
#include "desk/search.h"
#include "desk/timeline.h"
#include "desk/why.h"
#include "mail/zone.h"

enum {
	COLUMNS = 76, /* the transcript indents by two */
	LIST_MAX = 50,
	EVENTS_MAX = 400,
	ARTICLES_MAX = 200,
	LINES_MAX = 6 /* of an article in a history */
};

struct str
command_time(const struct command_run *r, int64_t at)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str s;

	if (at == CLOCK_NONE)
		return S("-");
	at += (int64_t)zone_offset(r->d->settings->timezone, at) * CLOCK_SECOND;
	clock_rfc3339(&b, at);
	s = arena_dup(r->a, buf_str(&b));
	return arena_printf(r->a, "%.*s %.*s", STR_ARG(str_sub(s, 0, 10)),
	    STR_ARG(str_sub(s, 11, 16)));
}

/* As many columns as fit, with an ellipsis when something was cut. */
static struct str
clip(struct arena *a, struct str s, size_t columns)
{
	uint32_t c;
	size_t n, at = 0, w = 0;

	if (utf8_width(s) <= columns)
		return s;
	while ((n = utf8_next(str_from(s, at), &c)) > 0) {
		w += utf8_width(str_sub(s, at, at + n));
		if (w > columns - 1)
			break;
		at += n;
	}
	return arena_printf(a, "%.*s…", STR_ARG(str_sub(s, 0, at)));
}

static void
pad(struct arena *a, struct buf *b, struct str s, size_t columns)
{
	s = clip(a, s, columns);
	buf_put(b, s);
	buf_fill(b, ' ', columns - utf8_width(s) + 1);
}

/* Broken at blanks; the lines after the first are indented. */
static void
wrap(struct buf *b, struct str s, size_t at, size_t indent)
{
	struct str word;
	bool first = true;

	while (str_word(&s, &word)) {
		size_t w = utf8_width(word);

		if (!first && at + 1 + w > COLUMNS) {
			buf_putc(b, '\n');
			buf_fill(b, ' ', indent);
			at = indent;
		} else if (!first) {
			buf_putc(b, ' ');
			at++;
		}
		first = false;
		buf_put(b, word);
		at += w;
	}
	buf_putc(b, '\n');
}

static void
head(struct command_run *r, const struct ticket *k, struct buf *b)
{
	buf_printf(b, "#%llu ", (unsigned long long)k->id);
	wrap(b, k->subject, 8, 2);
	buf_printf(b, "%s · %s · %.*s · %.*s\n",
	    transcript_say(r->told, status_name(k->status)),
	    transcript_say(r->told, priority_name(k->priority)),
	    STR_ARG(k->queue), STR_ARG(k->assignee.n ? k->assignee : S("-")));
	buf_printf(b, "%.*s <%.*s>\n", STR_ARG(k->requester.name),
	    STR_ARG(k->requester.addr));
	if (k->merged_into)
		buf_printf(b, "-> #%llu\n", (unsigned long long)k->merged_into);
}

/* "#17 " before what is of a ticket that was merged into this one. */
static struct str
of_ticket(struct command_run *r, const struct ticket *k, uint64_t ticket)
{
	return ticket == k->id
		   ? str_n(NULL, 0)
		   : arena_printf(r->a, "#%llu ", (unsigned long long)ticket);
}

static void
tell_event(struct command_run *r, const struct ticket *k, const struct event *e,
    bool causes, struct buf *b)
{
	buf_printf(b, "%.*s  ", STR_ARG(command_time(r, e->at)));
	wrap(b,
	    arena_printf(r->a, "%.*s%.*s: %.*s (%.*s)",
		STR_ARG(of_ticket(r, k, e->ticket)), STR_ARG(e->kind),
		STR_ARG(e->detail), STR_ARG(e->actor)),
	    18, 18);
	if (!causes || !e->cause.n)
		return;
	buf_fill(b, ' ', 18);
	wrap(b, arena_printf(r->a, "<- %.*s", STR_ARG(e->cause)), 18, 21);
}

static int
events(struct command_run *r, const struct ticket *k, bool causes,
    struct buf *b, struct err *err)
{
	AUTO(timeline_close) struct timeline *l = NULL;
	struct event e;
	size_t n;
	int found;

	if (timeline_newest(
		r->t, r->a, k, TIMELINE_EVENTS, EVENTS_MAX, &l, &n, err) < 0)
		return -1;
	if (n > EVENTS_MAX)
		buf_printf(
		    b, SAY(r, "(the newest %d of %zu)\n"), EVENTS_MAX, n);
	while ((found = timeline_event(l, &e)) > 0)
		tell_event(r, k, &e, causes, b);
	return found < 0 ? txn_error(r->t, err) : 0;
}

static void
tell_article(struct command_run *r, const struct ticket *k,
    const struct article *art, struct buf *b)
{
	static const char *const arrows[] = {"  ", "<-", "->", "--"};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct message m = {
	    .text = art->text, .fresh = art->fresh, .nfresh = art->nfresh};
	struct str text = str_trim(message_new_text(&a, &m)), line;
	struct str who =
	    art->author.name.n ? art->author.name : art->author.addr;

	buf_printf(b, "%s %-3u %.*s  %.*s%.*s\n", arrows[art->direction],
	    art->seq, STR_ARG(command_time(r, art->at)),
	    STR_ARG(of_ticket(r, k, art->ticket)),
	    STR_ARG(clip(r->a, who, 45)));
	for (int lines = 0; lines < LINES_MAX && str_line(&text, &line);) {
		line = str_trim(line);
		if (!line.n)
			continue;
		buf_printf(
		    b, "       %.*s\n", STR_ARG(clip(r->a, line, COLUMNS - 7)));
		lines++;
	}
}

static int
articles(struct command_run *r, const struct ticket *k, struct buf *b,
    struct err *err)
{
	AUTO(timeline_close) struct timeline *l = NULL;
	struct article art;
	size_t n;
	int found;

	if (timeline_newest(r->t, r->a, k, TIMELINE_ARTICLES, ARTICLES_MAX, &l,
		&n, err) < 0)
		return -1;
	if (n > ARTICLES_MAX)
		buf_printf(
		    b, SAY(r, "(the newest %d of %zu)\n"), ARTICLES_MAX, n);
	while ((found = timeline_article(l, &art)) > 0)
		tell_article(r, k, &art, b);
	return found < 0 ? txn_error(r->t, err) : 0;
}

int
command_tell_history(struct command_run *r, const struct ticket *k,
    struct str *out, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	head(r, k, &b);
	buf_putc(&b, '\n');
	if (articles(r, k, &b, err) < 0)
		return -1;
	buf_putc(&b, '\n');
	if (events(r, k, false, &b, err) < 0)
		return -1;
	*out = arena_dup(r->a, str_rtrim(buf_str(&b)));
	return 0;
}

/* "queue billing <- 10-orders.sieve:3 (rule)" */
static int
reasons(struct command_run *r, const struct ticket *k, struct buf *b,
    struct err *err)
{
	struct reason *v;
	int n = ticket_why(r->t, r->a, k, &v, err);

	for (int i = 0; i < n; i++) {
		const struct event *e = &v[i].event;

		wrap(b,
		    arena_printf(r->a, "%.*s %.*s <- %.*s (%.*s)",
			STR_ARG(v[i].what), STR_ARG(v[i].value),
			STR_ARG(e->cause.n ? e->cause : e->kind),
			STR_ARG(e->actor)),
		    0, 2);
	}
	return MIN(n, 0);
}

int
command_tell_why(struct command_run *r, const struct ticket *k, struct str *out,
    struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	head(r, k, &b);
	buf_putc(&b, '\n');
	if (reasons(r, k, &b, err) < 0)
		return -1;
	buf_putc(&b, '\n');
	if (events(r, k, true, &b, err) < 0)
		return -1;
	*out = arena_dup(r->a, str_rtrim(buf_str(&b)));
	return 0;
}

/* --- lists ------------------------------------------------------------- */

struct listing {
	struct command_run *r;
	struct arena keep;
	struct buf b;
	bool active;      /* only those that are not over */
	bool team;        /* only the queues of the agent's teams */
	struct str owner; /* only this assignee's */
	size_t n, more;
};

static bool
in_teams(const struct listing *l, struct str queue)
{
	const struct queue *q = settings_queue(l->r->d->settings, queue);

	return q && q->team.n && agent_in_team(l->r->agent, q->team);
}

static bool
add(void *ctx, const struct ticket *k)
{
	struct listing *l = ctx;
	struct command_run *r = l->r;

	if ((l->active && !status_is_active(k->status)) ||
	    (l->owner.n && !str_ieq(k->assignee, l->owner)) ||
	    (l->team && !in_teams(l, k->queue)) ||
	    !agent_may(r->d->settings, r->agent, k->queue, RIGHT_SEE))
		return true;
	if (l->n == LIST_MAX) {
		l->more++;
		return l->more < 1000;
	}
	l->n++;
	buf_printf(&l->b, "%7llu ", (unsigned long long)k->id);
	pad(&l->keep, &l->b,
	    str_c(transcript_say(r->told, status_name(k->status))), 8);
	pad(&l->keep, &l->b,
	    str_c(transcript_say(r->told, priority_name(k->priority))), 6);
	pad(&l->keep, &l->b, k->assignee.n ? k->assignee : S("-"), 10);
	pad(&l->keep, &l->b, k->requester.addr, 18);
	buf_put(&l->b, clip(&l->keep, k->subject, 21));
	buf_putc(&l->b, '\n');
	return true;
}

static int
walk(struct listing *l, struct str args, struct err *err)
{
	struct command_run *r = l->r;
	const struct queue *q = settings_queue(r->d->settings, args);
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct ticket_filter f = {0};

	l->active = true;
	if (!args.n || str_ieq(args, S("mine")) || str_eq(args, S("我的")))
		f.assignee = l->owner = r->agent->name;
	else if (str_ieq(args, S("team")) || str_eq(args, S("团队")))
		l->team = true;
	else if (q)
		f.queue = q->name;
	else if (!str_ieq(args, S("all")) && !str_eq(args, S("全部"))) {
		l->active = false;
		return search_tickets(r->t, &a, args, 0, add, l, err);
	}
	for (enum status s = STATUS_NEW; s <= STATUS_HOLD; s++)
		f.statuses |= 1u << s;
	return ticket_each(r->t, &a, &f, add, l) < 0 ? txn_error(r->t, err) : 0;
}

int
command_tell_list(
    struct command_run *r, struct str args, struct str *out, struct err *err)
{
	struct listing l = {.r = r, .keep = ARENA_INIT, .b = BUF_INIT};
	int rc = walk(&l, args, err);

	if (l.more)
		buf_printf(&l.b, SAY(r, "(%zu more are not shown)\n"), l.more);
	*out = l.n ? arena_dup(r->a, str_rtrim(buf_str(&l.b)))
		   : str_c(SAY(r, "no tickets"));
	buf_fini(&l.b);
	arena_fini(&l.keep);
	return rc;
}
