/*
 * sla: the clocks of a ticket. By hand, and random lives of a ticket held against a count of single minutes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/must.h"
#include "desk/sla.h"

#define M CLOCK_MINUTE
#define H CLOCK_HOUR

static uint64_t seed = 99;

static int64_t
below(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)(seed >> 33) % n;
}

static int64_t
at(const char *s)
{
	int64_t t;

	assert_true(clock_parse_rfc3339(str_c(s), &t));
	return t;
}

static void
office(struct arena *a, struct calendar *c)
{
	struct err err = ERR_INIT;

	*c = (struct calendar){.name = S("office"), .zone = "Europe/Berlin"};
	for (unsigned d = 0; d < 5; d++) {
		c->week[d][0] = (struct work_span){9 * 60, 17 * 60};
		c->nspans[d] = 1;
	}
	assert_int_equal(calendar_ready(a, c, &err), 0);
}

static struct sla_policy
standard(const struct calendar *c)
{
	struct sla_policy p = {
	    .name = S("standard"),
	    .calendar = c,
	    .warn = 80,
	    .pause = 1u << STATUS_PENDING,
	    .pauses = 1u << SLA_RESOLUTION,
	    .version = 1,
	};

	for (int i = PRIORITY_LOW; i < PRIORITY_COUNT; i++) {
		p.target[i][SLA_FIRST] = 4 * H;
		p.target[i][SLA_NEXT] = 4 * H;
		p.target[i][SLA_RESOLUTION] = 24 * H;
	}
	p.target[PRIORITY_URGENT][SLA_FIRST] = 15 * M;
	p.target[PRIORITY_URGENT][SLA_RESOLUTION] = 2 * H;
	return p;
}

static struct ticket
opened(int64_t now)
{
	return (struct ticket){
	    .id = 1,
	    .status = STATUS_NEW,
	    .priority = PRIORITY_NORMAL,
	    .created = now,
	    .resolved = CLOCK_NONE,
	    .closed = CLOCK_NONE,
	    .first_response = CLOCK_NONE,
	    .customer_wrote = now,
	    .agent_wrote = CLOCK_NONE,
	};
}

static struct sla_clocks
none(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct sla_clocks c;

	assert_true(sla_decode(&a, S(""), &c));
	return c;
}

static void
test_a_day(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct calendar cal;
	struct sla_policy p;
	struct sla_clocks c = none();
	struct ticket k =
	    opened(at("2026-11-20T14:00:00Z")); /* Friday, 15:00 */
	struct sla_due due;

	(void)unused;
	office(&a, &cal);
	p = standard(&cal);
	assert_false(sla_clocks_set(&p, &c, &k, k.created));
	assert_int_equal(c.v[SLA_FIRST].state, SLA_RUNNING);
	assert_int_equal(c.v[SLA_FIRST].due, at("2026-11-23T10:00:00Z"));
	assert_int_equal(c.v[SLA_RESOLUTION].due, at("2026-11-25T14:00:00Z"));
	assert_int_equal(c.v[SLA_NEXT].state, SLA_NONE);
	/* The warning of the first response: 3 h 12 min of work. */
	assert_true(sla_next(&p, &c, &due));
	assert_int_equal(due.target, SLA_FIRST);
	assert_int_equal(due.bit, SLA_FIRED_WARN);
	assert_int_equal(due.at, at("2026-11-23T09:12:00Z"));

	/* Answered in time, and waits for the customer. */
	k.first_response = k.agent_wrote = at("2026-11-23T09:00:00Z");
	k.status = STATUS_PENDING;
	assert_false(sla_clocks_set(&p, &c, &k, k.agent_wrote));
	assert_int_equal(c.v[SLA_FIRST].state, SLA_MET);
	assert_int_equal(c.v[SLA_RESOLUTION].state, SLA_PAUSED);
	assert_int_equal(sla_left(&p, &c.v[SLA_RESOLUTION], 0), 21 * H);
	assert_false(sla_next(&p, &c, &due));

	/* He writes again two days later. */
	k.customer_wrote = at("2026-11-25T09:00:00Z");
	k.status = STATUS_OPEN;
	assert_false(sla_clocks_set(&p, &c, &k, k.customer_wrote));
	assert_int_equal(c.v[SLA_NEXT].state, SLA_RUNNING);
	assert_int_equal(c.v[SLA_NEXT].due, at("2026-11-25T13:00:00Z"));
	assert_int_equal(c.v[SLA_RESOLUTION].due, at("2026-11-27T14:00:00Z"));

	/* Nobody answers: the breach, then the answer comes too late. */
	assert_false(sla_clocks_set(&p, &c, &k, at("2026-11-25T13:00:01Z")));
	assert_int_equal(c.v[SLA_NEXT].state, SLA_BREACHED);
	k.agent_wrote = at("2026-11-25T14:00:00Z");
	k.status = STATUS_RESOLVED;
	k.resolved = k.agent_wrote;
	assert_false(sla_clocks_set(&p, &c, &k, k.agent_wrote));
	assert_int_equal(c.v[SLA_NEXT].state, SLA_MISSED);
	assert_int_equal(c.v[SLA_RESOLUTION].state, SLA_MET);
	assert_false(sla_next(&p, &c, &due));

	/* Reopened: what is left goes on. */
	k.status = STATUS_OPEN;
	k.resolved = CLOCK_NONE;
	assert_false(sla_clocks_set(&p, &c, &k, at("2026-11-26T08:00:00Z")));
	assert_int_equal(c.v[SLA_RESOLUTION].state, SLA_RUNNING);
	assert_int_equal(
	    sla_left(&p, &c.v[SLA_RESOLUTION], at("2026-11-26T08:00:00Z")),
	    24 * H - 3 * H - 5 * H);
}

static void
test_priority_and_policy(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct calendar cal;
	struct sla_policy p, gold;
	struct sla_clocks c = none();
	struct ticket k = opened(at("2026-11-23T08:00:00Z"));
	int64_t now = k.created + 10 * M;

	(void)unused;
	office(&a, &cal);
	p = standard(&cal);
	sla_clocks_set(&p, &c, &k, k.created);
	k.priority = PRIORITY_URGENT;
	assert_true(sla_clocks_set(&p, &c, &k, now));
	assert_int_equal(c.v[SLA_FIRST].due, k.created + 15 * M);
	assert_false(sla_clocks_set(&p, &c, &k, now));
	/* Long over by the new measure: due when it is said. */
	k.priority = PRIORITY_NORMAL;
	sla_clocks_set(&p, &c, &k, now);
	k.priority = PRIORITY_URGENT;
	assert_true(sla_clocks_set(&p, &c, &k, now + 2 * H));
	assert_int_equal(c.v[SLA_FIRST].due, now + 2 * H);
	sla_clocks_set(&p, &c, &k, now + 2 * H + 1);
	assert_int_equal(c.v[SLA_FIRST].state, SLA_BREACHED);
	/* Another policy gives more time: the breach is taken back. */
	gold = p;
	gold.name = S("gold");
	gold.version = 2;
	gold.target[PRIORITY_URGENT][SLA_FIRST] = 8 * H;
	assert_true(sla_clocks_set(&gold, &c, &k, now + 2 * H + 2));
	assert_int_equal(c.v[SLA_FIRST].state, SLA_RUNNING);
	assert_int_equal(c.v[SLA_FIRST].due, k.created + 8 * H);
	/* No target any more; nothing promised at all. */
	gold.version = 3;
	gold.target[PRIORITY_URGENT][SLA_FIRST] = 0;
	assert_true(sla_clocks_set(&gold, &c, &k, now + 3 * H));
	assert_int_equal(c.v[SLA_FIRST].state, SLA_NONE);
	assert_true(sla_clocks_set(NULL, &c, &k, now + 3 * H));
	assert_int_equal(c.v[SLA_RESOLUTION].state, SLA_NONE);
	assert_false(sla_clocks_set(NULL, &c, &k, now + 3 * H));
}

static void
test_ladder(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct sla_step steps[] = {
	    {.percent = 50, .act = SLA_DO_NOTIFY, .arg = S("assignee")},
	    {.percent = 100, .act = SLA_DO_PRIORITY, .arg = S("raise")},
	    {.after = 30 * M, .act = SLA_DO_NOTIFY, .arg = S("lead")},
	    {.percent = 200,
		.act = SLA_DO_ASSIGN,
		.arg = S("eva"),
		.targets = 1u << SLA_FIRST},
	};
	static const struct {
		unsigned bit;
		int minutes;
	} want[] = {{1, 120}, {SLA_FIRED_WARN, 192}, {SLA_FIRED_BREACH, 240},
	    {2, 240}, {4, 270}, {8, 480}};
	struct sla_policy p = standard(calendar_always());
	struct sla_clocks c = none();
	struct ticket k = opened(at("2026-11-21T00:00:00Z"));
	struct sla_due due;
	size_t seen = 0;

	(void)unused;
	(void)a;
	p.steps = steps;
	p.nsteps = ARRAY_LEN(steps);
	p.target[PRIORITY_NORMAL][SLA_RESOLUTION] = 0;
	sla_clocks_set(&p, &c, &k, k.created);
	while (sla_next(&p, &c, &due)) {
		assert_true(seen < ARRAY_LEN(want));
		assert_int_equal(due.bit, want[seen].bit);
		assert_int_equal(due.at, k.created + want[seen].minutes * M);
		c.v[due.target].fired |= due.bit;
		/* Written down and read again. */
		{
			AUTO(buf_fini) struct buf b = BUF_INIT;

			sla_encode(&c, &b);
			assert_true(sla_decode(&a, buf_str(&b), &c));
		}
		sla_clocks_set(&p, &c, &k, due.at);
		seen++;
	}
	assert_int_equal(seen, ARRAY_LEN(want));
	/* To a priority without targets, and back: nothing of it again. */
	for (unsigned i = 0; i < SLA_TARGETS_COUNT; i++)
		p.target[PRIORITY_LOW][i] = 0;
	for (int back = 0; back < 2; back++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;

		k.priority = back ? PRIORITY_NORMAL : PRIORITY_LOW;
		assert_true(sla_clocks_set(&p, &c, &k, k.created + 9 * H));
		assert_int_equal(
		    c.v[SLA_FIRST].state, back ? SLA_BREACHED : SLA_NONE);
		assert_false(sla_next(&p, &c, &due));
		sla_encode(&c, &b);
		assert_true(sla_decode(&a, buf_str(&b), &c));
	}
	assert_int_equal(c.v[SLA_FIRST].due, k.created + 4 * H);
	/* With a longer one it is in time again, and can be missed again. */
	k.priority = PRIORITY_LOW;
	sla_clocks_set(&p, &c, &k, k.created + 9 * H);
	p.target[PRIORITY_NORMAL][SLA_FIRST] = 10 * H;
	k.priority = PRIORITY_NORMAL;
	sla_clocks_set(&p, &c, &k, k.created + 9 * H);
	assert_true(sla_next(&p, &c, &due));
	assert_int_equal(due.bit, SLA_FIRED_BREACH);
	assert_int_equal(due.at, k.created + 10 * H);
}

/* A life of random statuses; the resolution clock against single minutes. */
static void
one_life(const struct sla_policy *p)
{
	struct ticket k =
	    opened(at("2026-03-27T00:00:00Z") + below(4 * 1440) * M);
	struct sla_clocks c = none();
	int64_t now = k.created, used = 0, due = CLOCK_NONE;

	sla_clocks_set(p, &c, &k, now);
	for (int step = 0; step < 12; step++) {
		static const enum status to[] = {
		    STATUS_OPEN, STATUS_PENDING, STATUS_HOLD, STATUS_OPEN};
		int64_t until = now + below(1000) * M;

		for (; now < until; now += M) {
			if (k.status == STATUS_PENDING ||
			    !calendar_working(p->calendar, now))
				continue;
			used += M;
			if (used == 24 * H)
				due = now + M;
		}
		sla_clocks_set(p, &c, &k, now);
		k.status = to[below(ARRAY_LEN(to))];
		if (below(3) == 0)
			k.customer_wrote = now;
		if (below(3) == 0) {
			k.agent_wrote = now;
			if (k.first_response == CLOCK_NONE)
				k.first_response = now;
		}
		sla_clocks_set(p, &c, &k, now);
		assert_int_equal(
		    sla_left(p, &c.v[SLA_RESOLUTION], now), 24 * H - used);
		if (due != CLOCK_NONE)
			assert_int_equal(c.v[SLA_RESOLUTION].due, due);
	}
}

static void
test_lives(void **unused)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct calendar cal;
	struct sla_policy p;

	(void)unused;
	office(&a, &cal);
	p = standard(&cal);
	for (int i = 0; i < 500; i++)
		one_life(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_day),
	    cmocka_unit_test(test_priority_and_policy),
	    cmocka_unit_test(test_ladder),
	    cmocka_unit_test(test_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
