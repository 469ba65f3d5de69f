/*
 * What scripts want done, done to a ticket.
 *
 * No mail is ever lost by a rule: what Sieve would throw away becomes a closed
 * ticket (or an article nobody is told of) with a tag that says why.
 */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/change.h"
#include "desk/hook.h"
#include "desk/rehearse.h"
#include "desk/route.h"
#include "desk/rules_private.h"

/* --- changes ----------------------------------------------------------- */

static int
set_priority(
    struct rule_run *x, const struct sieve_action *c, const struct actor *who)
{
	int p = (int)x->k->priority;
	enum priority to;
	struct err why = ERR_INIT;

	if (c->flag || c->lower) {
		int by = (int)MIN(MAX(c->number, 1), 3);

		p += c->lower ? -by : by;
		to = (enum priority)MIN(
		    MAX(p, (int)PRIORITY_LOW), (int)PRIORITY_URGENT);
	} else if (!priority_parse(c->name, &to)) {
		rule_tell(x, who,
		    arena_printf(x->a, "there is no priority %.*s",
			STR_ARG(utf8_clip(c->name, 60))));
		return 0;
	}
	if (change_priority(x->d, x->t, x->a, x->k, to, who, x->now, &why) < 0)
		rule_tell(x, who, arena_dup(x->a, str_c(why.msg)));
	return txn_error(x->t, NULL);
}

/* Letters, digits and what a tag may have; a flag's leading $ or \ goes. */
static struct str
tag_of(struct arena *a, struct str s)
{
	while (s.n && (s.p[0] == '$' || s.p[0] == '\\'))
		s = str_from(s, 1);
	return arena_lower(a, utf8_clip(s, 50));
}

static int
change_tag(struct rule_run *x, struct str tag, bool add,
    const struct actor *who, struct err *why)
{
	struct str name = str_trim(tag);

	if (!name.n || str_chr(name, ',', 0) >= 0)
		return err_set(why, ERR_INVAL, "\"%.*s\" is no tag",
		    STR_ARG(utf8_clip(tag, 60)));
	return change_tags(x->d, x->t, x->a, x->k,
	    arena_printf(x->a, "%c%.*s", add ? '+' : '-', STR_ARG(name)), who,
	    x->now, why);
}

/* All in one event; where one of them cannot be, each for itself. */
static int
set_tags(
    struct rule_run *x, const struct strs *l, bool add, const struct actor *who)
{
	AUTO(buf_fini) struct buf all = BUF_INIT;
	bool good = true;

	for (size_t i = 0; i < l->n; i++) {
		good &= str_trim(l->v[i]).n && str_chr(l->v[i], ',', 0) < 0;
		buf_printf(&all, "%s%c%.*s", i ? "," : "", add ? '+' : '-',
		    STR_ARG(str_trim(l->v[i])));
	}
	if (good && l->n &&
	    change_tags(x->d, x->t, x->a, x->k, arena_dup(x->a, buf_str(&all)),
		who, x->now, NULL) == 0)
		return 0;
	for (size_t i = 0; i < l->n; i++) {
		struct err why = ERR_INIT;

		if (change_tag(x, l->v[i], add, who, &why) == 0)
			continue;
		if (txn_error(x->t, NULL) < 0)
			return -1;
		rule_tell(x, who, arena_dup(x->a, str_c(why.msg)));
	}
	return 0;
}

/* IMAP flags of keep and fileinto: keywords and \Flagged become tags. */
static int
set_flags(
    struct rule_run *x, const struct sieve_action *c, const struct actor *who)
{
	struct strs l = {0};

	for (size_t i = 0; c->has_flags && i < c->flags.n; i++) {
		struct str f = c->flags.v[i];

		if (f.n && f.p[0] == '\\' && !str_ieq(f, S("\\Flagged")))
			continue;
		strs_add(x->a, &l, tag_of(x->a, f));
	}
	return set_tags(x, &l, true, who);
}

static int
set_field(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str v = c->value, word;

	/* A value is one line. */
	while (str_word(&v, &word)) {
		if (b.n)
			buf_putc(&b, ' ');
		buf_put(&b, word);
	}
	return change_field(x->d, x->t, x->a, x->k, c->name,
	    arena_dup(x->a, utf8_clip(buf_str(&b), 1000)), who, x->now, why);
}

static int
set_status(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	enum status s;

	if (!status_parse(c->name, &s))
		return err_set(why, ERR_INVAL, "there is no status %.*s",
		    STR_ARG(utf8_clip(c->name, 60)));
	return change_status(x->d, x->t, x->a, x->k, s, who, x->now, why);
}

static int
set_sla(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	return change_sla(x->d, x->t, x->a, x->k, c->name, who, x->now, why);
}

static int
assign(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	struct route_choice mine, *to = x->e->routed ? x->e->routed : &mine;
	struct route_query q = {
	    .agent = c->value,
	    .team = c->team,
	    .skill = c->skill,
	    .quiet = x->e->routed != NULL,
	};

	if (c->strategy.n && !strategy_parse(c->strategy, &q.strategy))
		return err_set(why, ERR_INVAL, "there is no strategy %.*s",
		    STR_ARG(utf8_clip(c->strategy, 40)));
	if (x->d->rehearsal) {
		x->d->rehearsal->assigned =
		    arena_printf(x->a, "%.*s%s%.*s%s%.*s", STR_ARG(c->value),
			c->team.n    ? "one of "
			: c->value.n ? ""
				     : "somebody",
			STR_ARG(c->team), c->skill.n ? " with " : "",
			STR_ARG(c->skill));
		return 0;
	}
	return route_assign(x->d, x->t, x->a, x->k, &q, who, x->now, to, why);
}

static int
add_note(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	return change_note(x->d, x->t, x->a, x->k, c->name, who, who->cause,
	    x->now, NULL, why);
}

/* --- what ends a ticket ------------------------------------------------ */

static void
going(struct rule_run *x, const char *tag, const struct actor *who)
{
	x->gone_tag = tag;
	x->gone_who = *who;
}

/* The ticket is what it was before this mail. */
static int
restore(struct rule_run *x, const struct actor *who, struct err *why)
{
	enum status s = x->e->before;

	if (!s || s == x->k->status || s == STATUS_NEW || s == STATUS_MERGED)
		return 0;
	return change_status_forced(
	    x->d, x->t, x->a, x->k, s, who, x->now, why);
}

static int
put_away(
    struct rule_run *x, const char *tag, enum status s, const struct actor *who)
{
	struct strs l = {0};
	struct err why = ERR_INIT;

	x->out->acknowledge = x->out->tell = false;
	strs_add(x->a, &l, str_c(tag));
	if (set_tags(x, &l, true, who) < 0)
		return -1;
	if ((x->e->kind == RULE_NEW ? change_status_forced(x->d, x->t, x->a,
					  x->k, s, who, x->now, &why)
				    : restore(x, who, &why)) < 0 &&
	    txn_error(x->t, NULL) == 0)
		rule_tell(x, who, arena_dup(x->a, str_c(why.msg)));
	return txn_error(x->t, NULL);
}

/* --- all of it --------------------------------------------------------- */

static int
mark(struct rule_run *x, const struct sieve_action *c)
{
	return rule_mark(x,
	    arena_printf(x->a, "duplicate:%.*s", STR_ARG(c->name)), c->number);
}

static int
file_into(struct rule_run *x, const struct sieve_action *c,
    const struct actor *who, struct err *why)
{
	x->kept = true;
	if (set_flags(x, c, who) < 0)
		return -1;
	/* With :copy the ticket stays where it is: there is one of it. */
	return c->copy ? 0
		       : change_queue(
			     x->d, x->t, x->a, x->k, c->name, who, x->now, why);
}

/* Its URL is as good as its name. */
static struct str
hook_name_of(const struct rule_run *x, struct str s)
{
	const struct hook *h = hook_by_url(x->d->settings, s);

	return h ? h->name : s;
}

static int
one(struct rule_run *x, const struct sieve_action *c, const struct actor *who,
    struct err *why)
{
	x->out->queue |= c->kind == SIEVE_QUEUE || c->kind == SIEVE_STORE;
	x->out->priority |=
	    c->kind == SIEVE_PRIORITY || c->kind == SIEVE_ESCALATE;
	switch (c->kind) {
	case SIEVE_KEEP:
		x->kept = true;
		return set_flags(x, c, who);
	case SIEVE_STORE:
		return file_into(x, c, who, why);
	case SIEVE_DISCARD:
		going(x, "discarded", who);
		return 0;
	case SIEVE_REDIRECT:
		if (!c->copy)
			going(x, "redirected", who);
		return rule_redirect(x, c);
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
		going(x, "rejected", who);
		return rule_reject(x, c);
	case SIEVE_VACATION:
		return rule_vacation(x, c);
	case SIEVE_NOTIFY:
		return rule_notify(x, c);
	case SIEVE_MARK:
		return mark(x, c);
	case SIEVE_QUEUE:
		return change_queue(
		    x->d, x->t, x->a, x->k, c->name, who, x->now, why);
	case SIEVE_PRIORITY:
		return set_priority(x, c, who);
	case SIEVE_TAG:
	case SIEVE_UNTAG:
		return set_tags(x, &c->list, c->kind == SIEVE_TAG, who);
	case SIEVE_FIELD:
		return set_field(x, c, who, why);
	case SIEVE_ASSIGN:
		return assign(x, c, who, why);
	case SIEVE_SLA:
		return set_sla(x, c, who, why);
	case SIEVE_STATUS:
		return set_status(x, c, who, why);
	case SIEVE_NOTE:
		return add_note(x, c, who, why);
	case SIEVE_ANSWER:
		return rule_answer(x, c);
	case SIEVE_ESCALATE:
		return rule_escalate(x, c);
	case SIEVE_WEBHOOK:
		return rule_webhook(x, c, hook_name_of(x, c->name));
	case SIEVE_SPAM:
		x->kept = true;
		return put_away(x, "spam", STATUS_SPAM, who);
	}
	return 0;
}

int
rule_act(struct rule_run *x, const struct sieve_result *r)
{
	x->kept = x->gone = false;
	x->gone_tag = NULL;
	for (size_t i = 0; i < r->nactions; i++) {
		const struct sieve_action *c = &r->actions[i];
		struct actor who = rule_actor(x, c->at);
		struct err why = ERR_INIT;

		if (one(x, c, &who, &why) == 0)
			continue;
		if (txn_error(x->t, NULL) < 0)
			return -1;
		rule_tell(x, &who,
		    arena_printf(
			x->a, "%s: %s", sieve_action_name(c->kind), why.msg));
	}
	x->gone = !r->keep && !x->kept && x->gone_tag;
	return x->gone ? put_away(x, x->gone_tag, STATUS_CLOSED, &x->gone_who)
		       : 0;
}
