/* An alarm as a mail to people: what is wrong, since when, what was said, and what to do, which is the template's. */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/health_private.h"
#include "desk/notice_private.h"
#include "desk/token.h"

struct letter {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct health_look *x;
	const struct health_told *told;
	uint64_t grown;
	int64_t now;
};

static struct str
duration(struct arena *a, int64_t ms)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	clock_duration(
	    &b, ms < CLOCK_MINUTE
		    ? MAX(ms / CLOCK_SECOND, (int64_t)1) * CLOCK_SECOND
		    : ms / CLOCK_MINUTE * CLOCK_MINUTE);
	return arena_dup(a, buf_str(&b));
}

static void
add_times(const struct letter *l, struct value *o, struct str language)
{
	const struct alarm *r = &l->told->alarm;
	const char *zone = l->d->settings->timezone;

	value_set_str(l->a, o, "now", view_date(l->a, language, zone, l->now));
	if (alarm_expires(r->kind)) {
		int64_t left = r->expires - l->now;

		value_set_str(l->a, o, "expires",
		    view_date(l->a, language, zone, r->expires));
		value_set_num(
		    l->a, o, "days", (double)(left > 0 ? left / CLOCK_DAY : 0));
		value_set_bool(l->a, o, "is_expired", left <= 0);
		return;
	}
	value_set_str(l->a, o, "since",
	    view_date(l->a, language, zone, l->now - l->told->lasted));
	value_set_str(l->a, o, "lasted", duration(l->a, l->told->lasted));
}

static struct value *
values(const struct letter *l, struct str language)
{
	struct value *root = value_object(l->a), *o = value_object(l->a);
	const struct alarm *r = &l->told->alarm;
	enum alarm_act act = l->told->act;

	for (int k = ALARM_NONE + 1; k < ALARM_COUNT; k++)
		if (r->kind == (enum alarm_kind)k)
			value_set_bool(l->a, o,
			    arena_printf(
				l->a, "is_%s", alarm_name((enum alarm_kind)k))
				.p,
			    true);
	value_set_str(l->a, o, "kind", str_c(alarm_name(r->kind)));
	value_set_str(l->a, o, "name", notice_line(l->a, r->name, 200));
	value_set_str(
	    l->a, o, "words", notice_line(l->a, r->words, ALARM_WORDS_MAX));
	value_set_bool(l->a, o, "is_begin", act == ALARM_BEGIN);
	value_set_bool(l->a, o, "is_reminder", act == ALARM_REMIND);
	value_set_bool(l->a, o, "is_end", act == ALARM_END);
	value_set_bool(l->a, o, "is_over", act == ALARM_OVER);
	value_set_num(l->a, o, "missed", r->missed);
	value_set_num(l->a, o, "grown", (double)l->grown);
	value_set_str(l->a, o, "host", l->x->host);
	add_times(l, o, language);
	value_set(l->a, root, "alarm", *o);
	return root;
}

static struct str
plain(const struct letter *l)
{
	const struct alarm *r = &l->told->alarm;

	return arena_printf(l->a, "%s%s %.*s%s%.*s\n",
	    l->told->act == ALARM_END ? "over: " : "", alarm_name(r->kind),
	    STR_ARG(r->name), r->words.n ? ": " : "", STR_ARG(r->words));
}

/* One that cannot be made is left out; only the store's errors go up. */
static int
write_to(const struct letter *l, const struct agent *to, size_t *mails,
    struct err *err)
{
	const struct settings *s = l->d->settings;
	struct str domain =
	    s->domain.n ? s->domain : address_domain(s->queues[0].address.addr);
	struct agent_mail_out out = {
	    .kind = "alarm",
	    .template = "alarm",
	    .to = to,
	    .data = values(l, notice_language(s, to)),
	    .subject = arena_printf(
		l->a, "helpd: %s", alarm_name(l->told->alarm.kind)),
	    .plain = plain(l),
	};
	struct notice_extra e = {
	    .message_date = CLOCK_NONE,
	    .sort = "alarm",
	    .message_id = token_house_id(l->a, l->d->keys, HOUSE_ALARM,
		meta_next(l->t, S("house")), l->now, domain),
	    .transport = l->x->transport,
	};

	if (notice_write(l->d, l->t, l->a, &out, &e, l->now, NULL, NULL) == 0) {
		++*mails;
		return 0;
	}
	return txn_error(l->t, err);
}

int
alarm_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct health_look *x, const struct health_told *told, uint64_t grown,
    int64_t now, size_t *mails, struct err *err)
{
	const struct letter l = {d, t, a, x, told, grown, now};
	const struct staff *staff = &d->settings->staff;

	*mails = 0;
	if (x->off)
		return 0;
	for (size_t i = 0; i < x->to.n; i++) {
		struct agent to = {.addresses = {&x->to.v[i], 1}};

		if (write_to(&l, &to, mails, err) < 0)
			return -1;
	}
	for (size_t i = 0; !x->to.n && i < staff->nagents; i++)
		if (staff->agents[i].rank == RANK_ADMIN &&
		    write_to(&l, &staff->agents[i], mails, err) < 0)
			return -1;
	return 0;
}
