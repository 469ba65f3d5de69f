/*
 * Looked at first, all of them, and nothing is changed: one that cannot be done
 * refuses the mail, so that no half of it is carried out. Commands build on
 * each other: "#queue billing" and "#assign ben" asks whether Ben may work
 * billing.
 */
#include "base/must.h"
#include "base/syntax.h"
#include "desk/change.h"
#include "desk/command_check.h"
#include "desk/kb.h"
#include "desk/merge.h"
#include "desk/when.h"
#include "mail/subject.h"

static int
no_near(struct check *x, const char *what, struct str word, struct str near)
{
	if (near.n)
		NO(x, "there is no %s \"%.*s\"; did you mean %.*s?", what,
		    STR_ARG(word), STR_ARG(near));
	else
		NO(x, "there is no %s \"%.*s\"", what, STR_ARG(word));
	return 0;
}

int
check_no_err(struct check *x, const struct err *e)
{
	if (txn_error(x->r->t, x->err) < 0)
		return -1;
	transcript_add(x->r->told, TOLD_REFUSED, x->c->line, "%.*s",
	    STR_ARG(transcript_err(x->r->told, e->msg)));
	return 0;
}

/* More than the mail's identity gives: it waits, or, confirmed already, cannot
 * be. */
void
check_need(struct check *x, enum level least)
{
	if (command_level(x->r) >= least)
		return;
	if (x->r->confirmed)
		NO(x, "your mail system gives no proof that it was you; this "
		      "needs one");
	else
		x->r->needs |= 1u << least;
}

static int
check_none(struct check *x)
{
	if (x->args.n)
		NO(x, "it takes nothing behind it; write further words below "
		      "the commands");
	return 0;
}

static int
check_any(struct check *x)
{
	(void)x;
	return 0;
}

/* --- who, where -------------------------------------------------------- */

const struct queue *
check_queue_named(struct check *x, struct str name)
{
	const struct queue *q = settings_queue(x->s, name);
	struct str *names;

	if (q)
		return q;
	names = arena_array(x->r->a, struct str, x->s->nqueues);
	for (size_t i = 0; i < x->s->nqueues; i++)
		names[i] = x->s->queues[i].name;
	no_near(x, SAY(x->r, "queue"), name,
	    syntax_nearest(name, names, x->s->nqueues));
	return NULL;
}

static int
check_queue(struct check *x)
{
	const struct queue *q;

	if (!x->args.n) {
		NO(x, "it wants the name of a queue");
		return 0;
	}
	q = check_queue_named(x, x->args);
	if (q)
		x->queue = q->name;
	return 0;
}

static int
check_assign(struct check *x)
{
	const struct staff *staff = &x->s->staff;
	const struct agent *who = staff_agent(staff, x->args);
	const struct team *team = staff_team(staff, x->args);
	const struct queue *q;

	if (!x->args.n)
		NO(x, "it wants a name: an agent's, a team's, or nobody");
	else if (command_nobody(x->args))
		return 0;
	else if (who) {
		if (!agent_may(x->s, who, x->queue, RIGHT_WORK))
			NO(x, "%.*s may not work queue %.*s",
			    STR_ARG(who->name), STR_ARG(x->queue));
	} else if (team) {
		q = command_team_queue(x->s, x->queue, team);
		if (q)
			x->queue = q->name;
		else
			NO(x, "team %.*s has no queue", STR_ARG(team->name));
	} else
		return no_near(x, SAY(x->r, "agent or team"), x->args,
		    staff_nearest(x->r->a, staff, x->args));
	return 0;
}

/* --- what it is -------------------------------------------------------- */

static int
check_over(struct check *x)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	uint64_t *ids = NULL;
	size_t n = 0;

	if (x->args.n && !command_force(x->args)) {
		NO(x, "only \"force\" may follow");
		return 0;
	}
	if (merge_open_children(x->r->t, x->r->a, x->r->k, &ids, &n, x->err) <
	    0)
		return -1;
	if (!n || x->args.n)
		return 0;
	for (size_t i = 0; i < n; i++)
		buf_printf(
		    &b, "%s#%llu", i ? ", " : "", (unsigned long long)ids[i]);
	NO(x,
	    "sub-tickets are still open: %s; add \"force\" to do it all the "
	    "same",
	    buf_cstr(&b));
	return 0;
}

static int
check_snooze(struct check *x)
{
	struct err e = ERR_INIT;
	int64_t at;

	if (!x->args.n)
		NO(x, "it wants a time: 2d, 4h, tomorrow 9:00, monday, "
		      "2026-12-24");
	else if (when_parse(x->args, x->s->timezone, x->r->now, &at, &e) < 0)
		return check_no_err(x, &e);
	return 0;
}

static int
check_away(struct check *x)
{
	struct err e = ERR_INIT;
	bool reroute;
	struct str when = command_away(x->args, &reroute);
	int64_t at;

	if (when.n && when_parse(when, x->s->timezone, x->r->now, &at, &e) < 0)
		return check_no_err(x, &e);
	return 0;
}

static int
check_priority(struct check *x)
{
	static const struct str names[] = {
	    {"low", 3}, {"normal", 6}, {"high", 4}, {"urgent", 6}};
	enum priority p;

	if (command_priority(x->args, &p))
		return 0;
	if (syntax_nearest(x->args, names, ARRAY_LEN(names)).n)
		return no_near(x, SAY(x->r, "priority"), x->args,
		    syntax_nearest(x->args, names, ARRAY_LEN(names)));
	NO(x, "it wants low, normal, high or urgent");
	return 0;
}

static int
check_subject(struct check *x)
{
	struct strs tags = settings_tags(x->r->a, x->s);

	if (!subject_base(x->r->a, x->c->args, &tags).n)
		NO(x, "it wants the new subject");
	else if (x->c->args.n > 500)
		NO(x, "that is too long");
	return 0;
}

static bool
good_tag(struct str tag)
{
	bool good = tag.n > 0 && tag.n <= 50;

	for (size_t i = 0; i < tag.n && good; i++)
		good = ch_is_alnum(tag.p[i]) ||
		       (unsigned char)tag.p[i] >= 0x80 ||
		       str_chr(S("-_.:/"), tag.p[i], 0) >= 0;
	return good;
}

static int
check_tag(struct check *x)
{
	struct str rest = command_tags(x->r->a, x->args), word;
	const struct strs *known = &x->s->tags;

	if (!x->args.n)
		NO(x, "it wants tags: +name -name");
	while (str_cut(&rest, ',', &word)) {
		bool minus = str_starts(word, S("-"));

		if (!word.n)
			continue;
		if (str_starts(word, S("+")) || minus)
			word = str_from(word, 1);
		if (!good_tag(word))
			NO(x, "\"%.*s\" is no tag: letters, digits and -_.:/",
			    STR_ARG(word));
		else if (!minus && known->n && !strs_ihas(known, word))
			no_near(x, SAY(x->r, "tag"), word,
			    syntax_nearest(word, known->v, known->n));
	}
	return 0;
}

static int
check_field(struct check *x)
{
	const struct strs *known = &x->s->fields;
	struct str name, value;

	if (!command_field(x->c->args, &name, &value))
		NO(x, "it wants name=value");
	else if (known->n && !strs_ihas(known, name))
		no_near(x, SAY(x->r, "field"), name,
		    syntax_nearest(name, known->v, known->n));
	else if (name.n > 50 || value.n > 1000)
		NO(x, "that is too long");
	return 0;
}

static int
check_time(struct check *x)
{
	int64_t ms;

	if (!change_time_parse(x->args, &ms))
		NO(x, "it wants a duration: 15m, 1h30m");
	return 0;
}

/* --- people ------------------------------------------------------------ */

static bool
read_address(struct check *x, struct str s, struct address *out)
{
	struct err e = ERR_INIT;

	if (change_address(x->r->a, s, out, &e) < 0)
		NO(x, "\"%.*s\" is no address", STR_ARG(s));
	else if (settings_is_own(x->s, out->addr))
		NO(x, "%.*s is an address of ours", STR_ARG(out->addr));
	else
		return true;
	return false;
}

static int
check_cc(struct check *x)
{
	const struct ticket *k = x->r->k;
	struct address one;
	struct str rest = x->args;
	bool add, there = false;

	if (!command_add(&rest, &add)) {
		NO(x, "it wants add or remove, and an address");
		return 0;
	}
	if (!read_address(x, rest, &one))
		return 0;
	for (size_t i = 0; i < k->nparticipants; i++)
		there |= address_eq(k->participants[i].address.addr, one.addr);
	if (!add && address_eq(k->requester.addr, one.addr))
		NO(x, "%.*s is the requester; use #requester",
		    STR_ARG(one.addr));
	else if (!add && !there)
		NO(x, "%.*s does not read along", STR_ARG(one.addr));
	return 0;
}

static int
check_requester(struct check *x)
{
	struct address one;

	if (!x->args.n)
		NO(x, "it wants an address");
	else
		read_address(x, x->args, &one);
	return 0;
}

static check_fn *const checks[COMMAND_COUNT] = {
    [CMD_NOTE_] = check_any,
    [CMD_TAKE_] = check_none,
    [CMD_ASSIGN_] = check_assign,
    [CMD_OPEN_] = check_none,
    [CMD_PENDING_] = check_none,
    [CMD_HOLD_] = check_none,
    [CMD_RESOLVE_] = check_over,
    [CMD_CLOSE_] = check_over,
    [CMD_SNOOZE_] = check_snooze,
    [CMD_PRIORITY_] = check_priority,
    [CMD_QUEUE_] = check_queue,
    [CMD_SUBJECT_] = check_subject,
    [CMD_TAG_] = check_tag,
    [CMD_FIELD_] = check_field,
    [CMD_CC_] = check_cc,
    [CMD_REQUESTER_] = check_requester,
    [CMD_MERGE_] = check_merge,
    [CMD_SPLIT_] = check_split,
    [CMD_CHILD_] = check_child,
    [CMD_LINK_] = check_link,
    [CMD_UNLINK_] = check_unlink,
    [CMD_SPAM_] = check_none,
    [CMD_TIME_] = check_time,
    [CMD_MACRO_] = check_macro,
    [CMD_KB_] = check_kb,
    [CMD_AWAY_] = check_away,
    [CMD_BACK_] = check_none,
    [CMD_HISTORY_] = check_told,
    [CMD_WHY_] = check_told,
    [CMD_LIST_] = check_list,
    [CMD_SEND_] = check_send,
    [CMD_RESEND_] = check_resend,
    [CMD_UNDO_] = check_undo,
    [CMD_HELP_] = check_any,
};

/* --- all of them ------------------------------------------------------- */

/* Known, on a ticket, with the right to it. */
static bool
may(struct check *x)
{
	const struct command_line *c = x->c;
	const struct command_run *r = x->r;

	if (!c->row) {
		if (c->near.n)
			NO(x, "there is no such command; did you mean #%.*s?",
			    STR_ARG(c->near));
		else
			NO(x, "there is no such command; #help lists them");
		return false;
	}
	if (!r->k && !(c->row->flags & CMD_ALONE)) {
		NO(x, "this mail names no ticket; answer a notice of it");
		return false;
	}
	if (!r->k || (c->row->flags & CMD_READS))
		return true;
	if (!agent_may(x->s, r->agent, r->k->queue,
		c->row->flags & CMD_SEE ? RIGHT_SEE : RIGHT_WORK)) {
		NO(x, "you may not work queue %.*s", STR_ARG(r->k->queue));
		return false;
	}
	if (r->k->merged_into && !(c->row->flags & CMD_NOTE)) {
		NO(x, "this ticket was merged into #%llu",
		    (unsigned long long)r->k->merged_into);
		return false;
	}
	return true;
}

/* Set by two words of one mail, only the last would count. */
static bool
twice(struct check *x, size_t i)
{
	const struct command_block *b = x->r->block;

	for (size_t j = 0; j < i; j++)
		if (b->v[j].row && command_is_status(b->v[j].id) &&
		    command_is_status(b->v[i].id)) {
			NO(x, "%.*s sets the status already",
			    STR_ARG(b->v[j].line));
			return true;
		}
	return false;
}

static int
check_one(struct check *x, size_t i)
{
	struct command_run *r = x->r;

	x->c = &r->block->v[i];
	x->args = command_plain(r->a, x->c->args);
	if (!may(x) || twice(x, i))
		return 0;
	check_need(x, command_least(r, x->c));
	return checks[x->c->id](x);
}

int
command_check(struct command_run *r, struct err *err)
{
	struct check x = {.r = r, .s = r->d->settings, .err = err};
	unsigned before = r->told->refused;

	if (r->k)
		x.queue = r->k->queue;
	r->needs = 0;
	if (r->block->too_many)
		transcript_add(r->told, TOLD_REFUSED, S(""),
		    SAY(r, "a mail has at most %d commands"), COMMANDS_MAX);
	for (size_t i = 0; i < r->block->n; i++)
		if (check_one(&x, i) < 0)
			return -1;
	return (int)(r->told->refused - before);
}
