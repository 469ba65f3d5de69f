/*
 * Carried out in order, after all of them were found good. What a command says
 * of the answer (its text, the status it sets) is gathered in the run and done
 * by who sends the answer.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/command_private.h"
#include "desk/extra.h"
#include "desk/kb.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/route.h"
#include "desk/undo.h"
#include "desk/when.h"

enum {
	NAMES_LOOKED_AT = 10000, /* of a note */
	UNKNOWN_TOLD = 10
};

struct deed {
	struct command_run *r;
	const struct command_line *c;
	struct str args;  /* plain */
	struct actor who; /* its cause ends with the command */
	struct err *err;
};
typedef int deed_fn(struct deed *x);

#define YES(x, english, ...) DONE((x)->r, (x)->c, english, ##__VA_ARGS__)
#define RUN(x) (x)->r->d, (x)->r->t, (x)->r->a, (x)->r->k

static int
tell(struct deed *x, enum notice_kind kind, const struct agent *to,
    uint32_t seq, struct str detail)
{
	struct command_run *r = x->r;
	struct notice n = {
	    .kind = kind,
	    .seq = seq,
	    .who = x->who,
	    .to = to,
	    .detail = detail,
	};

	return notice_send(r->d, r->t, r->a, r->k, &n, r->now, NULL, x->err);
}

/* --- who, where -------------------------------------------------------- */

static int
assign(struct deed *x, const struct agent *to)
{
	struct command_run *r = x->r;
	struct str old = r->k->assignee, name = to ? to->name : S("");

	if (change_assignee(RUN(x), name, &x->who, r->now, x->err) < 0)
		return -1;
	if (str_eq(old, r->k->assignee))
		YES(x, "nothing changed: the assignee is %.*s",
		    STR_ARG(old.n ? old : S("-")));
	else
		YES(x, "assignee: %.*s, was %.*s",
		    STR_ARG(name.n ? name : S("-")),
		    STR_ARG(old.n ? old : S("-")));
	return 0;
}

static int
do_take(struct deed *x)
{
	return assign(x, x->r->agent);
}

static int
move(struct deed *x, const struct queue *q)
{
	struct command_run *r = x->r;
	const struct settings *s = r->d->settings;
	const struct agent *has = staff_agent(&s->staff, r->k->assignee);
	struct str old = r->k->queue;

	if (change_queue(RUN(x), q->name, &x->who, r->now, x->err) < 0)
		return -1;
	if (str_eq(old, q->name)) {
		YES(x, "nothing changed: it is in queue %.*s already",
		    STR_ARG(old));
		return 0;
	}
	YES(x, "queue: %.*s, was %.*s", STR_ARG(q->name), STR_ARG(old));
	/* Who may not work there cannot keep it. */
	if (r->k->assignee.n &&
	    (!has || !agent_may(s, has, q->name, RIGHT_WORK))) {
		old = r->k->assignee;
		if (change_assignee(RUN(x), S(""), &x->who, r->now, x->err) < 0)
			return -1;
		YES(x, "assignee: nobody, since %.*s may not work queue %.*s",
		    STR_ARG(old), STR_ARG(q->name));
	}
	return tell(x, NOTICE_NEW, NULL, 0,
	    arena_printf(r->a, "moved here from %.*s by %.*s", STR_ARG(old),
		STR_ARG(r->agent->full_name)));
}

static int
do_queue(struct deed *x)
{
	return move(x, settings_queue(x->r->d->settings, x->args));
}

static int
do_assign(struct deed *x)
{
	struct command_run *r = x->r;
	const struct settings *s = r->d->settings;
	const struct team *team = staff_team(&s->staff, x->args);
	const struct queue *q;

	if (!team)
		return assign(x, command_nobody(x->args)
				     ? NULL
				     : staff_agent(&s->staff, x->args));
	q = command_team_queue(s, r->k->queue, team);
	if (r->k->assignee.n && assign(x, NULL) < 0)
		return -1;
	return move(x, q);
}

/* --- what it is -------------------------------------------------------- */

/* With an answer, the status is set and told in the same mail. */
static int
set_status(struct deed *x, enum status s)
{
	struct command_run *r = x->r;
	enum status old = r->k->status;

	if (command_force(x->args)) {
		if (change_status_forced(RUN(x), s, &x->who, r->now, x->err) <
		    0)
			return -1;
	} else if (r->status_with_answer) {
		r->status = s;
		r->status_cause = x->who.cause;
	} else if (change_status(RUN(x), s, &x->who, r->now, x->err) < 0)
		return -1;
	if (s == old)
		YES(x, "nothing changed: the status is %s", status_name(s));
	else
		YES(x, "status: %s, was %s", status_name(s), status_name(old));
	/* Nobody is left without a word: what was never answered is told. */
	if (!r->status_with_answer && s != old &&
	    (s == STATUS_RESOLVED || s == STATUS_CLOSED) &&
	    r->k->agent_wrote == CLOCK_NONE &&
	    r->k->customer_wrote != CLOCK_NONE)
		return outbound_status(RUN(x), old, &x->who, r->now, x->err) < 0
			   ? -1
			   : 0;
	return 0;
}

static int
do_open(struct deed *x)
{
	return set_status(x, STATUS_OPEN);
}

static int
do_pending(struct deed *x)
{
	return set_status(x, STATUS_PENDING);
}

static int
do_hold(struct deed *x)
{
	return set_status(x, STATUS_HOLD);
}

static int
do_resolve(struct deed *x)
{
	return set_status(x, STATUS_RESOLVED);
}

static int
do_close(struct deed *x)
{
	return set_status(x, STATUS_CLOSED);
}

static int
do_spam(struct deed *x)
{
	return set_status(x, STATUS_SPAM);
}

static int
do_snooze(struct deed *x)
{
	struct command_run *r = x->r;
	int64_t until;

	if (when_parse(
		x->args, r->d->settings->timezone, r->now, &until, x->err) < 0)
		return -1;
	r->snooze = until;
	r->snooze_cause = x->who.cause;
	YES(x, "out of sight until %.*s", STR_ARG(command_time(r, until)));
	return 0;
}

static int
do_priority(struct deed *x)
{
	struct command_run *r = x->r;
	enum priority old = r->k->priority, p = old;

	command_priority(x->args, &p);
	if (change_priority(RUN(x), p, &x->who, r->now, x->err) < 0)
		return -1;
	if (p == old)
		YES(x, "nothing changed: the priority is %s", priority_name(p));
	else
		YES(x, "priority: %s, was %s", priority_name(p),
		    priority_name(old));
	return 0;
}

static int
do_subject(struct deed *x)
{
	struct command_run *r = x->r;

	if (change_subject(RUN(x), x->c->args, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "subject: %.*s", STR_ARG(r->k->subject));
	return 0;
}

static int
do_tag(struct deed *x)
{
	struct command_run *r = x->r;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (change_tags(RUN(x), command_tags(r->a, x->args), &x->who, r->now,
		x->err) < 0)
		return -1;
	for (size_t i = 0; i < r->k->tags.n; i++)
		buf_printf(
		    &b, "%s%.*s", i ? " " : "", STR_ARG(r->k->tags.v[i]));
	YES(x, "tags: %s", b.n ? buf_cstr(&b) : "-");
	return 0;
}

static int
do_field(struct deed *x)
{
	struct command_run *r = x->r;
	struct str name, value;

	command_field(x->c->args, &name, &value);
	if (change_field(RUN(x), name, value, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "%.*s: %.*s", STR_ARG(name), STR_ARG(value.n ? value : S("-")));
	return 0;
}

static int
do_time(struct deed *x)
{
	struct command_run *r = x->r;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct extra e;
	int64_t ms = 0;

	change_time_parse(x->args, &ms);
	if (change_time(RUN(x), ms, &x->who, r->now, x->err) < 0)
		return -1;
	extra_read(r->a, r->k->extra, &e);
	clock_duration(&b, e.time_spent);
	YES(x, "working time: %s in all", buf_cstr(&b));
	return 0;
}

/* --- people ------------------------------------------------------------ */

static int
do_cc(struct deed *x)
{
	struct command_run *r = x->r;
	struct str rest = x->args;
	struct address one;
	bool add = false;

	command_add(&rest, &add);
	if (change_address(r->a, rest, &one, x->err) < 0 ||
	    change_cc(RUN(x), &one, add, &x->who, r->now, x->err) < 0)
		return -1;
	if (add)
		YES(x, "%.*s reads along", STR_ARG(one.addr));
	else
		YES(x, "%.*s reads along no more", STR_ARG(one.addr));
	return 0;
}

static int
do_requester(struct deed *x)
{
	struct command_run *r = x->r;
	struct str old = r->k->requester.addr;
	struct address one;

	if (change_address(r->a, x->args, &one, x->err) < 0 ||
	    change_requester(RUN(x), &one, &x->who, r->now, x->err) < 0)
		return -1;
	/* The agent stood in for the customer whom we did not find. */
	if (r->asked &&
	    staff_by_address(&r->d->settings->staff, old) == r->agent) {
		struct address me = {.addr = old};

		if (change_cc(RUN(x), &me, false, &x->who, r->now, x->err) < 0)
			return -1;
	}
	YES(x, "requester: %.*s, was %.*s", STR_ARG(r->k->requester.addr),
	    STR_ARG(old));
	return 0;
}

/* --- other tickets ----------------------------------------------------- */

static int
do_merge(struct deed *x)
{
	struct command_run *r = x->r;
	struct ticket into;
	uint64_t id = 0;
	int found;

	command_number(x->args, &id);
	found = ticket_get(r->t, r->a, id, &into);
	if (found <= 0)
		return found < 0 ? txn_error(r->t, x->err)
				 : err_set(x->err, ERR_INVAL,
				       "there is no ticket %llu",
				       (unsigned long long)id);
	if (merge_tickets(
		r->d, r->t, r->a, &into, r->k, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "#%llu is part of #%llu now: %.*s", (unsigned long long)r->k->id,
	    (unsigned long long)into.id, STR_ARG(into.subject));
	return 0;
}

static int
do_split(struct deed *x)
{
	struct command_run *r = x->r;
	struct ticket out;
	uint64_t seq = 0;

	command_article(r, x->args, &seq);
	if (merge_split(RUN(x), (uint32_t)seq, &x->who, r->now, &out, x->err) <
	    0)
		return -1;
	YES(x, "article %llu is ticket #%llu now", (unsigned long long)seq,
	    (unsigned long long)out.id);
	return 0;
}

static int
do_child(struct deed *x)
{
	struct command_run *r = x->r;
	struct str rest = x->args;
	struct ticket out;
	struct child c = {
	    .requester = {r->agent->full_name, r->agent->addresses.v[0]},
	    .author = r->agent->full_name,
	    .text = r->child_took_text ? str_n(NULL, 0) : str_trim(r->text),
	};

	c.queue = settings_queue(r->d->settings, command_word(&rest))->name;
	rest = str_trim(rest);
	c.subject = str_starts(rest, S("\"")) ? command_word(&rest) : rest;
	if (!c.subject.n)
		c.subject = r->k->subject;
	if (merge_child(RUN(x), &c, &x->who, r->now, &out, x->err) < 0)
		return -1;
	r->child_took_text |= c.text.n > 0;
	YES(x, "sub-ticket #%llu in queue %.*s: %.*s",
	    (unsigned long long)out.id, STR_ARG(out.queue),
	    STR_ARG(out.subject));
	return 0;
}

static int
do_link(struct deed *x)
{
	struct command_run *r = x->r;
	uint64_t id = 0;

	command_number(x->args, &id);
	if (merge_link(RUN(x), id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "linked to #%llu", (unsigned long long)id);
	return 0;
}

static int
do_unlink(struct deed *x)
{
	struct command_run *r = x->r;
	uint64_t id = 0;

	command_number(x->args, &id);
	if (merge_unlink(RUN(x), id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "not linked to #%llu any more", (unsigned long long)id);
	return 0;
}

/* --- texts ------------------------------------------------------------- */

/* Behind what the commands before put in, above what the agent wrote. */
static void
insert(struct command_run *r, struct str text)
{
	struct str own = str_rtrim(r->block->text);
	struct str before = str_sub(r->text, 0, r->inserted);

	text = str_rtrim(text);
	before = before.n ? arena_printf(r->a, "%.*s%.*s\n\n", STR_ARG(before),
				STR_ARG(text))
			  : arena_printf(r->a, "%.*s\n\n", STR_ARG(text));
	r->inserted = before.n;
	r->text = str_rtrim(
	    arena_printf(r->a, "%.*s%.*s", STR_ARG(before), STR_ARG(own)));
	r->inserted = MIN(r->inserted, r->text.n);
}

static int
do_macro(struct deed *x)
{
	struct command_run *r = x->r;
	struct str text;

	if (macro_render(r->d, r->a, r->k, r->agent, x->args, &text, x->err) <
	    0)
		return -1;
	insert(r, text);
	event_add(r->t, r->k, EVENT_MACRO, &x->who, x->args, r->now);
	YES(x, "put into the answer");
	return 0;
}

static int
do_kb(struct deed *x)
{
	struct command_run *r = x->r;
	struct str title;
	uint64_t id = 0;
	struct kb kb;

	if (command_kb_save(r->a, x->c->args, &title)) {
		if (kb_save(r->d, r->t, r->a, r->k, title, r->text, &x->who,
			r->now, &id, x->err) < 0)
			return -1;
		YES(x, "article %llu of the knowledge base, a draft: %.*s",
		    (unsigned long long)id, STR_ARG(title));
	} else {
		command_number(x->args, &id);
		if (kb_use(r->t, r->a, id, r->k->id, r->now, &kb, x->err) < 0)
			return -1;
		insert(r, kb.text);
		title = kb.title;
		YES(x, "put into the answer: %.*s", STR_ARG(kb.title));
	}
	event_add(r->t, r->k, EVENT_KB, &x->who,
	    arena_printf(
		r->a, "%llu %.*s", (unsigned long long)id, STR_ARG(title)),
	    r->now);
	return 0;
}

/* --- being there ------------------------------------------------------- */

static int
do_away(struct deed *x)
{
	struct command_run *r = x->r;
	const struct settings *s = r->d->settings;
	struct away w = {
	    .agent = r->agent->name,
	    .since = r->now,
	    .until = AWAY_OPEN,
	    .by = x->who.name,
	};
	bool all;
	struct str when = command_away(x->args, &all);
	size_t n = 0;

	if (when.n &&
	    when_parse(when, s->timezone, r->now, &w.until, x->err) < 0)
		return -1;
	if (away_set(r->t, r->a, &w, r->now, x->err) < 0)
		return -1;
	if ((all || s->reroute) &&
	    route_away(r->d, r->t, r->a, r->agent, &w, all, r->k, &x->who,
		r->now, &n, x->err) < 0)
		return -1;
	if (w.until == AWAY_OPEN)
		YES(x, "you are away until you write #back");
	else
		YES(x, "you are away until %.*s",
		    STR_ARG(command_time(r, w.until)));
	if (n)
		YES(x, "tickets of yours that went to others: %zu", n);
	return 0;
}

static int
do_back(struct deed *x)
{
	struct command_run *r = x->r;
	int was = away_end(r->t, r->a, r->agent->name, r->now, x->err);

	if (was < 0)
		return -1;
	if (was)
		YES(x, "you are there again");
	else
		YES(x, "nothing changed: you were not away");
	return 0;
}

/* --- reading ----------------------------------------------------------- */

static void
info(struct deed *x, struct str words)
{
	transcript_add(
	    x->r->told, TOLD_INFO, x->c->line, "%.*s", STR_ARG(words));
}

static int
told_ticket(struct deed *x, struct ticket *out)
{
	struct command_run *r = x->r;
	uint64_t id;
	int found;

	if (!x->args.n || !command_number(x->args, &id)) {
		*out = *r->k;
		return 1;
	}
	found = ticket_get(r->t, r->a, id, out);
	return found < 0 ? txn_error(r->t, x->err) : found;
}

static int
do_history(struct deed *x)
{
	struct ticket k;
	struct str words = {0};
	int found = told_ticket(x, &k);

	if (found <= 0)
		return found;
	if (command_tell_history(x->r, &k, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

static int
do_why(struct deed *x)
{
	struct ticket k;
	struct str words = {0};
	int found = told_ticket(x, &k);

	if (found <= 0)
		return found;
	if (command_tell_why(x->r, &k, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

static int
do_list(struct deed *x)
{
	struct str words = {0};

	if (command_tell_list(x->r, x->args, &words, x->err) < 0)
		return -1;
	info(x, words);
	return 0;
}

static int
do_help(struct deed *x)
{
	info(x, command_help(x->r->a, x->r->told));
	return 0;
}

static int
do_nothing(struct deed *x)
{
	(void)x;
	return 0;
}

/* --- taking back, again ------------------------------------------------ */

static int
do_resend(struct deed *x)
{
	struct command_run *r = x->r;
	struct outbox o;
	int found = command_failed_mail(r, x->args, &o, x->err);

	if (found <= 0)
		return found;
	if (outbound_again(
		r->t, r->a, r->k, o.id, &x->who, r->now, x->err) < 0)
		return -1;
	YES(x, "article %u is sent again", o.seq);
	return 0;
}

static int
do_undo(struct deed *x)
{
	struct command_run *r = x->r;
	struct str words;
	uint32_t event;

	if (undo_find(r->t, r->a, r->k, &x->who, &event, &words, x->err) < 0 ||
	    undo_change(RUN(x), &x->who, event, r->now, x->err) < 0)
		return -1;
	YES(x, "taken back: %.*s", STR_ARG(words));
	return 0;
}

static deed_fn *const deeds[COMMAND_COUNT] = {
    [CMD_NOTE_] = do_nothing,
    [CMD_TAKE_] = do_take,
    [CMD_ASSIGN_] = do_assign,
    [CMD_OPEN_] = do_open,
    [CMD_PENDING_] = do_pending,
    [CMD_HOLD_] = do_hold,
    [CMD_RESOLVE_] = do_resolve,
    [CMD_CLOSE_] = do_close,
    [CMD_SNOOZE_] = do_snooze,
    [CMD_PRIORITY_] = do_priority,
    [CMD_QUEUE_] = do_queue,
    [CMD_SUBJECT_] = do_subject,
    [CMD_TAG_] = do_tag,
    [CMD_FIELD_] = do_field,
    [CMD_CC_] = do_cc,
    [CMD_REQUESTER_] = do_requester,
    [CMD_MERGE_] = do_merge,
    [CMD_SPLIT_] = do_split,
    [CMD_CHILD_] = do_child,
    [CMD_LINK_] = do_link,
    [CMD_UNLINK_] = do_unlink,
    [CMD_SPAM_] = do_spam,
    [CMD_TIME_] = do_time,
    [CMD_MACRO_] = do_macro,
    [CMD_KB_] = do_kb,
    [CMD_AWAY_] = do_away,
    [CMD_BACK_] = do_back,
    [CMD_HISTORY_] = do_history,
    [CMD_WHY_] = do_why,
    [CMD_LIST_] = do_list,
    [CMD_SEND_] = do_nothing,
    [CMD_RESEND_] = do_resend,
    [CMD_UNDO_] = do_undo,
    [CMD_HELP_] = do_help,
};

/* --- all of them ------------------------------------------------------- */

static void
begin(struct command_run *r, size_t i, struct deed *x, struct err *err)
{
	x->r = r;
	x->c = &r->block->v[i];
	x->args = command_plain(r->a, x->c->args);
	x->who = r->who;
	x->who.cause = arena_printf(r->a, "%.*s, %.*s", STR_ARG(r->who.cause),
	    STR_ARG(utf8_clip(x->c->line, 200)));
	x->err = err;
}

/* A merged ticket takes no changes: that comes last, whatever the order. And
 * the answer in hand is written before its ticket goes to somebody else. */
static bool
is_last(const struct command_line *c)
{
	return c->id == CMD_MERGE_ || c->id == CMD_AWAY_;
}

static int
run_one(struct command_run *r, size_t i, struct err *err)
{
	struct err e = ERR_INIT;
	struct deed x;

	begin(r, i, &x, &e);
	if (deeds[x.c->id](&x) == 0) {
		r->changed |= !(x.c->row->flags & CMD_READS);
		return 0;
	}
	if (txn_error(r->t, err) < 0)
		return -1;
	REFUSE(r, x.c, "%s", e.msg);
	return 0;
}

/* What puts a text into the answer. */
static bool
is_text(struct command_run *r, const struct command_line *c)
{
	struct str title;

	return c->id == CMD_MACRO_ ||
	       (c->id == CMD_KB_ && !command_kb_save(r->a, c->args, &title));
}

int
command_carry_out_texts(
    struct command_run *r, struct str *rest, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct transcript *told = r->told;
	struct transcript *none = arena_new(r->a, struct transcript);
	int rc = 0;

	r->text = r->block->text;
	*none = (struct transcript){
	    .a = told->a, .to = told->to, .language = told->language};
	r->told = none;
	for (size_t i = 0; i < r->block->n; i++) {
		const struct command_line *c = &r->block->v[i];

		if (!is_text(r, c))
			buf_printf(
			    &b, "%s%.*s", b.n ? "\n" : "", STR_ARG(c->line));
		else if ((rc = run_one(r, i, err)) < 0)
			break;
	}
	r->told = told;
	*rest = arena_dup(r->a, buf_str(&b));
	return rc;
}

void
command_people_ahead(const struct command_run *r, struct ticket *k)
{
	for (size_t i = 0; i < r->block->n; i++) {
		const struct command_line *c = &r->block->v[i];
		struct str rest = command_plain(r->a, c->args);
		struct err e = ERR_INIT;
		struct address one;
		bool add = false;

		if (c->id != CMD_CC_ && c->id != CMD_REQUESTER_)
			continue;
		if (c->id == CMD_CC_)
			command_add(&rest, &add);
		if (change_address(r->a, rest, &one, &e) == 0)
			change_people_ahead(r->d->settings, r->a, k, &one,
			    c->id == CMD_REQUESTER_ ? PEOPLE_REQUESTER
			    : add                   ? PEOPLE_ADD
						    : PEOPLE_REMOVE);
	}
}

int
command_carry_out(struct command_run *r, struct err *err)
{
	r->text = r->block->text;
	for (size_t i = 0; i < r->block->n; i++)
		if (!is_last(&r->block->v[i]) && run_one(r, i, err) < 0)
			return -1;
	return 0;
}

int
command_carry_out_last(struct command_run *r, struct err *err)
{
	struct err e = ERR_INIT;
	struct actor who = r->who;

	if (r->snooze) {
		who.cause = r->snooze_cause;
		if (change_snooze(r->d, r->t, r->a, r->k, r->snooze, &who,
			r->now, &e) < 0) {
			if (txn_error(r->t, err) < 0)
				return -1;
			transcript_add(
			    r->told, TOLD_REFUSED, S(""), "%s", e.msg);
		}
	}
	for (size_t i = 0; i < r->block->n; i++)
		if (is_last(&r->block->v[i]) && run_one(r, i, err) < 0)
			return -1;
	return 0;
}

/* --- mentions ---------------------------------------------------------- */

static int
mention(struct command_run *r, const struct agent *to, uint32_t seq,
    struct strs *told, struct err *err)
{
	struct actor who = r->who;
	struct notice n = {
	    .kind = NOTICE_MENTION,
	    .seq = seq,
	    .who = who,
	    .to = to,
	    .detail = arena_printf(r->a, "%.*s mentions you in a note",
		STR_ARG(r->agent->full_name)),
	};

	if (to == r->agent || strs_has(told, to->name))
		return 0;
	strs_add(r->a, told, to->name);
	if (!agent_may(r->d->settings, to, r->k->queue, RIGHT_SEE)) {
		transcript_add(r->told, TOLD_REFUSED,
		    arena_printf(r->a, "@%.*s", STR_ARG(to->name)),
		    SAY(r, "was not told: may not see queue %.*s"),
		    STR_ARG(r->k->queue));
		return 0;
	}
	if (notice_send(r->d, r->t, r->a, r->k, &n, r->now, NULL, err) < 0)
		return -1;
	event_add(r->t, r->k, EVENT_MENTION, &who, to->name, r->now);
	transcript_add(r->told, TOLD_DONE,
	    arena_printf(r->a, "@%.*s", STR_ARG(to->name)), "%s",
	    SAY(r, "was told"));
	return 0;
}

static bool
is_name_char(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* "@anna" that does not stand in an address; a dot at the end is not part of
 * it. */
static struct str
next_mention(struct str *rest)
{
	ptrdiff_t at = -1;
	struct str s = *rest, name = {0};

	for (size_t from = 0; (at = str_chr(s, '@', from)) >= 0;
	     from = (size_t)at + 1) {
		size_t end = (size_t)at + 1;

		if (at > 0 && is_name_char(s.p[at - 1]))
			continue;
		while (end < s.n && is_name_char(s.p[end]))
			end++;
		*rest = str_from(s, end);
		while (end > (size_t)at + 1 && s.p[end - 1] == '.')
			end--;
		name = str_sub(s, (size_t)at + 1, end);
		if (name.n)
			return name;
	}
	*rest = str_n(NULL, 0);
	return name;
}

static void
tell_unknown(struct command_run *r, struct str name)
{
	struct str near = staff_nearest(r->a, &r->d->settings->staff, name);

	transcript_add(r->told, TOLD_REFUSED,
	    arena_printf(r->a, "@%.*s", STR_ARG(name)),
	    near.n ? SAY(r, "nobody is called so; did you mean @%.*s?")
		   : SAY(r, "nobody is called so%.*s"),
	    STR_ARG(near));
}

int
command_mentions(
    struct command_run *r, struct str text, uint32_t seq, struct err *err)
{
	const struct staff *s = &r->d->settings->staff;
	struct strs told = {0}, unknown = {0};
	struct str name;

	for (unsigned n = 0; (name = next_mention(&text)).n; n++) {
		const struct agent *to = staff_agent(s, name);
		const struct team *team = staff_team(s, name);

		/* A pasted log is full of "@". */
		if (n == NAMES_LOOKED_AT) {
			transcript_add(r->told, TOLD_REFUSED, S("@"), "%s",
			    SAY(r, "further names were not looked at"));
			break;
		}
		if (to && mention(r, to, seq, &told, err) < 0)
			return -1;
		for (size_t i = 0; !to && team && i < s->nagents; i++)
			if (agent_in_team(&s->agents[i], team->name) &&
			    mention(r, &s->agents[i], seq, &told, err) < 0)
				return -1;
		if (!to && !team && unknown.n < UNKNOWN_TOLD &&
		    !strs_ihas(&unknown, name)) {
			strs_add(r->a, &unknown, name);
			tell_unknown(r, name);
		}
	}
	return 0;
}
