/*
 * bench_sla: what service levels cost: a desk without them, one with them, and one with 100,000 open tickets whose timers wait.
 *
 *   bench_sla [TICKETS]
 *
 * Each mail and each firing is a transaction of its own, as at a quiet desk. Time of the processor, so that the disk and who else uses it are not in the figures.
 */
#include "../desk/agent_fixture.h"
#include "base/mem.h"
#include "desk/due.h"
#include "desk/settle.h"
#include "desk/sla_run.h"
#include "store/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	MAILS = 1000,
	FIRED = 1000,
	GROUP = 1000
};

static struct calendar office = {
    .name = {"office", 6},
    .zone = "Europe/Berlin",
    .week = {{{540, 1020}}, {{540, 1020}}, {{540, 1020}}, {{540, 1020}},
	{{540, 1020}}},
    .nspans = {1, 1, 1, 1, 1},
};
static struct sla_policy policy = {
    .name = {"standard", 8},
    .calendar = &office,
    .warn = 80,
    .pause = 1u << STATUS_PENDING,
    .pauses = 1u << SLA_RESOLUTION,
    .version = 1,
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print(const char *what, double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	printf("%-44s median %7.3f ms   99 %% %7.3f ms\n", what, v[n / 2] * 1e3,
	    v[n * 99 / 100] * 1e3);
}

static void
ingest_some(struct fixture *f, const char *what, int64_t now)
{
	static double v[MAILS];

	for (size_t i = 0; i < MAILS; i++) {
		double t = seconds();

		/* Automatic: no other mail is written for it. */
		take(f, &(struct mail){.from = ANN, .automatic = "x"}, now);
		v[i] = seconds() - t;
	}
	print(what, v, MAILS);
}

struct making {
	size_t n;
	int64_t now;
};

static int
run_make(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct making *m = ctx;

	for (size_t i = 0; i < m->n; i++) {
		struct ticket k = {
		    .subject = S("Printer on fire"),
		    .status = STATUS_OPEN,
		    .priority = PRIORITY_NORMAL,
		    .queue = S("support"),
		    .channel = S("mail"),
		    .requester = {.addr = S(ANN)},
		    .created = m->now,
		    .updated = m->now,
		    .resolved = CLOCK_NONE,
		    .closed = CLOCK_NONE,
		    .first_response = CLOCK_NONE,
		    .customer_wrote = m->now,
		    .agent_wrote = CLOCK_NONE,
		};

		struct article r = {
		    .seq = ++k.articles,
		    .direction = DIRECTION_NOTE,
		    .text = S("It smokes."),
		    .at = m->now,
		};

		ticket_put(t, &k);
		r.ticket = k.id;
		article_put(t, &r);
		m->now += CLOCK_SECOND;
	}
	f->now = m->now;
	return txn_error(t, err);
}

static int
fire_due(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	uint64_t *release;
	size_t n;

	return due_run(&f->desk, t, &f->a, f->now, 1, ctx, &release, &n, err);
}

static int
run_start(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	int64_t at;

	(void)ctx;
	(void)err;
	if (desk_promises_differ(&f->settings, t, &f->a) < 0)
		return -1;
	return due_next(t, &f->a, &at) < 0 ? -1 : 0;
}

static int
run_promises(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	return desk_promises(&f->desk, t, &f->a, ctx, err);
}

int
main(int argc, char **argv)
{
	uint64_t tickets = 100000;
	size_t ran;
	struct fixture *f;
	struct err err = ERR_INIT;
	static double v[FIRED];
	void *state = NULL;
	bool sweeps;
	int64_t now = NOW;
	double t;

	if (argc > 1)
		str_u64(str_c(argv[1]), &tickets);
	agents_setup(&state);
	f = state;
	f->settings.staff.nagents = 0; /* notices have a bench of their own */
	policy.target[PRIORITY_NORMAL][SLA_FIRST] = 4 * CLOCK_HOUR;
	policy.target[PRIORITY_NORMAL][SLA_RESOLUTION] = 24 * CLOCK_HOUR;
	must(calendar_ready(&f->a, &office, &err) == 0);
	ingest_some(f, "a mail, no sla.conf", now);
	f->settings.policies = &policy;
	f->settings.npolicies = 1;
	f->settings.promises = 1;
	f->queues[0].sla = policy.name;
	ingest_some(f, "a mail, a service level, few timers", now);
	t = seconds();
	for (size_t i = 0; i < tickets; i += GROUP) {
		struct making m = {GROUP, now + (int64_t)i * CLOCK_SECOND};

		with_txn(f, run_make, &m);
	}
	now = f->now;
	printf("%llu tickets put and settled: %.1f us each\n",
	    (unsigned long long)tickets,
	    (seconds() - t) / (double)tickets * 1e6);
	ingest_some(f, "a mail, a service level, all these timers", now);
	t = seconds();
	with_txn(f, run_start, NULL);
	printf("what a start looks at: %.3f ms\n", (seconds() - t) * 1e3);
	f->now = now + 5 * CLOCK_DAY;
	for (size_t i = 0; i < FIRED; i++) {
		t = seconds();
		with_txn(f, fire_due, &ran);
		v[i] = seconds() - t;
		must(ran == 1);
	}
	print("one timer fires", v, FIRED);
	/* Another promise: one step of the sweep is what others wait for. */
	policy.version = 2;
	policy.target[PRIORITY_NORMAL][SLA_RESOLUTION] = 30 * CLOCK_HOUR;
	f->settings.promises = 2;
	f->now = now;
	with_txn(f, run_promises, &sweeps);
	for (size_t i = 0; i < 100; i++) {
		t = seconds();
		with_txn(f, fire_due, &ran);
		v[i] = seconds() - t;
	}
	print("a step of the sweep, 200 tickets", v, 100);
	agents_teardown(&state);
	return 0;
}
