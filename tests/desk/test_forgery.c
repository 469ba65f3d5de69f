/*
 * Mails in an agent's name or with an agent's token, from their bytes to what became of them: tests/desk/forgery/, one file a mail, and
 * expected.tsv. Each meets a house of its own with tickets, people and live tokens. Asserted of every one: no command was done, nothing goes to
 * a customer, all of it is stored, and the row that refused it is named. That the right mails do act is test_held.c's.
 */
#include "base/file.h"
#include "desk/agent.h"
#include "forgery_house.h"
#include "mail/parse.h"
#include "store/blob.h"

#include <stdio.h>

/* --- what became of it ------------------------------------------------- */

struct sight {
	struct house *h;
	struct buf said; /* all that was written down since */
	unsigned bad;
	const char *name;
};

static void __attribute__((format(printf, 2, 3)))
wrong(struct sight *s, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	print_error("%s: %s\n", s->name, buf_cstr(&b));
	s->bad++;
}

static bool
look_at_row(void *ctx, const struct outbox *o)
{
	struct sight *s = ctx;

	if (o->id <= s->h->outbox || o->state == OUTBOX_HELD)
		return true;
	for (size_t i = 0; i < o->nrecipients; i++)
		if (!staff_by_address(
			&s->h->f.settings.staff, o->recipients[i].addr))
			wrong(s, "a mail (%.*s) to %.*s", STR_ARG(o->kind),
			    STR_ARG(o->recipients[i].addr));
	return true;
}

static void
look_at_ticket(struct sight *s, struct txn *t, const struct ticket *k)
{
	struct arena *a = &s->h->f.a;
	uint32_t from = k->id <= TICKETS ? s->h->before[k->id - 1].events : 0;
	uint32_t old = k->id <= TICKETS ? s->h->before[k->id - 1].articles : 0;
	struct article r;
	struct event e;

	for (uint32_t seq = from + 1; seq <= k->events; seq++) {
		assert_int_equal(event_get(t, a, k->id, seq, &e), 1);
		buf_put(&s->said, e.detail);
		buf_putc(&s->said, '\n');
		buf_put(&s->said, e.cause);
		buf_putc(&s->said, '\n');
	}
	for (uint32_t seq = old + 1; seq <= k->articles; seq++) {
		assert_int_equal(article_get(t, a, k->id, seq, &r), 1);
		buf_put(&s->said, r.evidence);
		buf_putc(&s->said, '\n');
		buf_put(&s->said, r.flag);
		buf_putc(&s->said, '\n');
		if (r.direction == DIRECTION_OUT && r.outbox) {
			struct outbox o;

			if (outbox_get(t, a, r.outbox, &o) == 1 &&
			    o.state != OUTBOX_HELD)
				wrong(s, "an answer");
		}
	}
}

static void
compare(struct sight *s, const struct ticket *was, const struct ticket *k)
{
	if (was->status != k->status || was->priority != k->priority ||
	    was->merged_into != k->merged_into || was->tags.n != k->tags.n ||
	    !str_eq(was->queue, k->queue) ||
	    !str_eq(was->assignee, k->assignee) ||
	    !str_eq(was->subject, k->subject))
		wrong(s, "ticket %u was changed: %s", (unsigned)k->id,
		    status_name(k->status));
}

static void
look(struct sight *s)
{
	struct arena rows = ARENA_INIT, *a = &s->h->f.a;
	struct txn *t = NULL;
	struct ticket k;

	assert_int_equal(txn_read(s->h->f.store, &t, NULL), 0);
	for (int st = OUTBOX_QUEUED; st < OUTBOX_STATE_COUNT; st++)
		assert_int_equal(outbox_each(t, &rows, (enum outbox_state)st,
				     look_at_row, s),
		    0);
	for (uint64_t id = 1; ticket_get(t, a, id, &k) == 1; id++) {
		look_at_ticket(s, t, &k);
		if (id <= TICKETS)
			compare(s, &s->h->before[id - 1], &k);
		else if (k.assignee.n || k.tags.n || k.status != STATUS_NEW ||
			 k.priority != PRIORITY_NORMAL)
			wrong(s, "the new ticket was worked on");
	}
	txn_abort(&t);
	arena_fini(&rows);
}

/* Every byte of it is kept. */
static void
look_at_bytes(struct sight *s, const struct outcome *o, struct str raw_mail)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct arena *a = &s->h->f.a;
	struct quarantined q;
	struct article r;
	struct txn *t = NULL;
	uint64_t blob = 0;

	assert_int_equal(txn_read(s->h->f.store, &t, NULL), 0);
	if (o->fate == FATE_QUARANTINE &&
	    quarantine_get(t, a, o->quarantine, &q) == 1) {
		blob = q.blob;
		buf_put(&s->said, q.reason);
		buf_putc(&s->said, '\n');
	} else if (o->seq && article_get(t, a, o->ticket, o->seq, &r) == 1)
		blob = r.blob;
	if (!blob || blob_get(t, blob, 1 << 20, &b) != 1 ||
	    !str_eq(buf_str(&b), raw_mail))
		wrong(s, "it is not stored as it came");
	txn_abort(&t);
}

static const char *
place_of(const struct outcome *o)
{
	switch (o->fate) {
	case FATE_TICKET:
		return "ticket";
	case FATE_QUARANTINE:
		return "quarantine";
	case FATE_INTERNAL:
		return "internal";
	default:
		return "elsewhere";
	}
}

static struct str
read_mail(struct house *h, struct str name)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	const char *path = arena_cstr(
	    &h->f.a, arena_printf(&h->f.a, "%s/tests/desk/forgery/%.*s.eml",
			 source_dir(), STR_ARG(name)));

	if (file_read(path, 1 << 20, &b, &err) < 0)
		fail_msg("%s", err.msg);
	return fill_in(h, buf_str(&b));
}

/* How many things were wrong. */
static unsigned
one_mail(struct str name, struct str said, struct str place)
{
	struct house h;
	struct sight s = {.h = &h};
	struct outcome o;
	struct str mail;

	house_open(&h);
	s.name = arena_cstr(&h.f.a, name);
	mail = read_mail(&h, name);
	o = ingest_raw(&h, &(struct incoming){.raw = mail}, NOW);
	if (!str_eq(place, str_c(place_of(&o))))
		wrong(&s, "it is in %s", place_of(&o));
	look_at_bytes(&s, &o, mail);
	look(&s);
	if (!str_eq(said, S("-")) && !str_eq(said, S("nothing")) &&
	    !str_has(buf_str(&s.said), said))
		wrong(&s, "\"%.*s\" is not said, but: %s", STR_ARG(said),
		    buf_cstr(&s.said));
	buf_fini(&s.said);
	house_close(&h);
	return s.bad;
}

static void
test_forged(void **state)
{
	AUTO(buf_fini) struct buf list = BUF_INIT;
	char path[1000];
	const char *only = getenv("FORGERY");
	struct str rest, line;
	unsigned n = 0, bad = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/desk/forgery/expected.tsv",
	    source_dir());
	assert_int_equal(file_read(path, 1 << 20, &list, NULL), 0);
	rest = buf_str(&list);
	while (str_line(&rest, &line)) {
		struct str name, said, place;

		if (!line.n || line.p[0] == '#')
			continue;
		assert_true(str_cut(&line, '\t', &name));
		assert_true(str_cut(&line, '\t', &said));
		assert_true(str_cut(&line, '\t', &place));
		if (only && !str_eq(name, str_c(only)))
			continue;
		n++;
		bad += one_mail(name, said, place) > 0;
	}
	print_message("%u mails\n", n);
	assert_int_equal(bad, 0);
	assert_true(only || n >= 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forged),
	};

	if (parse_init(NULL, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
