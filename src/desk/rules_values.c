/*
 * What scripts may ask of the desk. Times are in seconds, lists give several
 * strings, and what is not there gives none, so that :count says 0.
 */
#include "base/clock.h"
#include "base/must.h"
#include "desk/calendar.h"
#include "desk/customers.h"
#include "desk/extra.h"
#include "desk/rules_private.h"

const struct person *
rule_person(struct rule_run *x)
{
	struct str addr = x->k->requester.addr;

	if (x->person_known)
		return &x->person;
	x->person_known = true;
	if (!addr.n ||
	    person_get(x->t, x->a, address_key(x->a, addr), &x->person) <= 0)
		x->person = (struct person){0};
	return &x->person;
}

static struct str
seconds(struct arena *a, int64_t ms)
{
	return arena_printf(a, "%lld", (long long)(MAX(ms, 0) / 1000));
}

static struct str
number(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%llu", (unsigned long long)n);
}

/* --- ticket ------------------------------------------------------------ */

static bool
ticket_times(struct rule_run *x, struct str name, struct str *out)
{
	const struct ticket *k = x->k;
	int64_t since = x->e->idle_since ? x->e->idle_since : k->updated;

	if (str_ieq(name, S("age")))
		*out = seconds(x->a, x->now - k->created);
	else if (str_ieq(name, S("idle")))
		*out = seconds(x->a, x->now - since);
	else if (str_ieq(name, S("reopens")))
		*out = number(x->a, k->reopens);
	else if (str_ieq(name, S("articles")))
		*out = number(x->a, k->articles);
	else if (str_ieq(name, S("id")))
		*out = number(x->a, k->id);
	else
		return false;
	return true;
}

static bool
ticket_words(struct rule_run *x, struct str name, struct str *out)
{
	const struct ticket *k = x->k;
	struct extra extra;

	if (str_ieq(name, S("status")))
		*out = str_c(status_name(k->status));
	else if (str_ieq(name, S("priority")))
		*out = str_c(priority_name(k->priority));
	else if (str_ieq(name, S("queue")))
		*out = k->queue;
	else if (str_ieq(name, S("assignee")))
		*out = k->assignee;
	else if (str_ieq(name, S("subject")))
		*out = k->subject;
	else if (str_ieq(name, S("requester")))
		*out = k->requester.addr;
	else if (str_ieq(name, S("channel")))
		*out = k->channel;
	else if (str_ieq(name, S("language")))
		*out = k->language;
	else if (str_ieq(name, S("sla"))) {
		extra_read(x->a, k->extra, &extra);
		*out = extra.policy;
	} else
		return false;
	return true;
}

static bool
ticket_value(struct rule_run *x, struct str name, struct strs *out)
{
	const struct ticket *k = x->k;
	struct str s = {0};

	if (str_ieq(name, S("tags"))) {
		for (size_t i = 0; i < k->tags.n; i++)
			strs_add(x->a, out, k->tags.v[i]);
		return true;
	}
	if (ticket_words(x, name, &s) || ticket_times(x, name, &s)) {
		if (s.n)
			strs_add(x->a, out, s);
		return true;
	}
	for (size_t i = 0; i < k->nfields; i++)
		if (str_ieq(k->fields[i].name, name))
			strs_add(x->a, out, k->fields[i].value);
	return out->n > 0;
}

/* --- customer ---------------------------------------------------------- */

static bool
customer_row(struct rule_run *x, struct str name, struct str *out)
{
	const struct settings *s = x->d->settings;
	const struct customer *c;

	if (!s->customers)
		return false;
	c = customer_find(s, x->a, x->k->requester.addr);
	if (!c)
		return false;
	*out = customer_value(s, c, name);
	return out->n > 0;
}

static bool
customer_values(struct rule_run *x, struct str name, struct strs *out)
{
	const struct address *who = &x->k->requester;
	const struct person *p = rule_person(x);
	struct str s = {0};

	if (!customer_row(x, name, &s)) {
		if (str_ieq(name, S("address")))
			s = who->addr;
		else if (str_ieq(name, S("domain")))
			s = address_domain(who->addr);
		else if (str_ieq(name, S("name")))
			s = who->name;
		else if (str_ieq(name, S("language")))
			s = p->language.n ? p->language : x->k->language;
		else if (str_ieq(name, S("tickets")))
			s = number(x->a, p->tickets);
		else if (str_ieq(name, S("mails")))
			s = number(x->a, p->articles);
		else if (str_ieq(name, S("known")))
			s = p->answered ? S("yes") : S("no");
	}
	if (s.n)
		strs_add(x->a, out, s);
	return s.n > 0;
}

/* --- the rest ---------------------------------------------------------- */

static bool
load_value(struct rule_run *x, struct str team, struct strs *out)
{
	const struct staff *s = &x->d->settings->staff;
	uint64_t sum = 0;

	if (!staff_team(s, team))
		return false;
	for (size_t i = 0; i < s->nagents; i++) {
		struct ticket_load l;

		if (agent_in_team(&s->agents[i], team) &&
		    ticket_load(x->t, s->agents[i].name, &l) > 0)
			sum += ticket_load_sum(&l);
	}
	strs_add(x->a, out, number(x->a, sum));
	return true;
}

static bool
hours_value(struct rule_run *x, struct str name, struct strs *out)
{
	const struct calendar *c = settings_calendar(x->d->settings, name);

	if (!c)
		return false;
	strs_add(x->a, out, calendar_working(c, x->now) ? S("yes") : S("no"));
	return true;
}

static bool
values(void *ctx, struct arena *a, enum sieve_kind kind, struct str name,
    struct strs *out)
{
	struct rule_run *x = ctx;
	struct str s = {0};

	switch (kind) {
	case SIEVE_TICKET:
		return ticket_value(x, name, out);
	case SIEVE_CUSTOMER:
		return customer_values(x, name, out);
	case SIEVE_HOURS:
		return hours_value(x, name, out);
	case SIEVE_LOAD:
		return load_value(x, name, out);
	case SIEVE_EVENT:
		s = str_c(rule_event_name(x->e->kind));
		break;
	case SIEVE_CHANNEL:
		s = x->e->in && x->e->in->channel.n ? x->e->in->channel
						    : x->k->channel;
		break;
	case SIEVE_LANGUAGE:
		s = x->e->message && x->e->message->language.n
			? x->e->message->language
			: x->k->language;
		break;
	}
	if (s.n)
		strs_add(a, out, s);
	return s.n > 0;
}

static bool
environment(void *ctx, struct str name, struct str *value)
{
	const struct rule_run *x = ctx;

	if (str_ieq(name, S("name")))
		*value = S("helpd");
	else if (str_ieq(name, S("version")))
		*value = str_c(PACKAGE_VERSION);
	else if (str_ieq(name, S("domain")))
		*value = x->d->settings->domain;
	else if (str_ieq(name, S("location")))
		*value = S("MS");
	else if (str_ieq(name, S("phase")))
		*value = S("post");
	else
		return false;
	return true;
}

static bool
duplicate(void *ctx, struct str id)
{
	struct rule_run *x = ctx;

	return rule_seen(x, arena_printf(x->a, "duplicate:%.*s", STR_ARG(id))) >
	       0;
}

static bool
mailbox_exists(void *ctx, struct str name)
{
	const struct rule_run *x = ctx;

	return settings_queue(x->d->settings, name) != NULL;
}

static struct str
unbracketed(struct str s)
{
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return str_sub(s, 1, s.n - 1);
	return s;
}

void
rule_context(struct rule_run *x, struct sieve_context *out)
{
	const struct intake *in = x->e->in;
	const struct message *m = x->e->message;

	*out = (struct sieve_context){
	    .mail = &x->mail,
	    .now = x->now,
	    .timezone = x->d->settings->timezone,
	    .ctx = x,
	    .environment = environment,
	    .values = values,
	    .duplicate = duplicate,
	    .mailbox_exists = mailbox_exists,
	};
	if (in && in->envelope_sender.n)
		out->from = unbracketed(in->envelope_sender);
	else if (m && m->has_return_path)
		out->from = m->return_path.n ? m->return_path : S("");
	if (in && in->envelope_recipient.n)
		out->to = in->envelope_recipient;
	else if (m && m->delivered_to.n)
		out->to = m->delivered_to.v[0].addr;
	/* "<>" without its brackets is empty, and known. */
	if (!out->from.p && in && in->envelope_sender.n)
		out->from = S("");
}
