#include "app/config_retain.h"
#include "base/clock.h"
#include "base/must.h"

/* What is too short is seldom meant: "10d" for "10y". */
#define PURGE_LEAST (7 * CLOCK_DAY)
#define OTHER_LEAST CLOCK_DAY

struct judged {
	struct value_reader *r;
	const struct command *c; /* NULL: it was not said, or was wrong */
	const char *name;
	int64_t ms;
};

/* One complaint a value is enough, however many queues have it; but a warning
 * hides no error. */
static bool
was_told(const struct judged *j, bool warning)
{
	struct place at = value_at(j->c);
	const struct complaints *bad = j->r->bad;

	for (size_t i = 0; i < bad->n; i++)
		if ((warning || !bad->v[i].warning) &&
		    bad->v[i].at.file == at.file &&
		    bad->v[i].at.line == at.line &&
		    bad->v[i].at.column == at.column)
			return true;
	return false;
}

static void
at_least(const struct judged *j, int64_t least)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (!j->c || !j->ms || j->ms >= least || was_told(j, false))
		return;
	clock_duration(&b, least);
	wrong(j->r, value_at(j->c), "%s: expected at least \"%s\", or \"0\"",
	    j->name, buf_cstr(&b));
}

/* Nothing may still wait for a mail that is purged already. */
static void
longer_than(const struct judged *j, const char *what, int64_t ms)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (!j->c || !j->ms || j->ms > ms || was_told(j, false))
		return;
	clock_duration(&b, ms);
	wrong(j->r, value_at(j->c), "%s must be longer than %s (%s)", j->name,
	    what, buf_cstr(&b));
}

static struct judged
judged(struct value_reader *r, const struct block *queue,
    const struct block *site, const char *name, int64_t ms)
{
	const struct command *c = queue && block_set(queue, name)
				      ? block_value(queue, name)
				      : block_value(site, name);

	return (struct judged){.r = r, .c = c, .name = name, .ms = ms};
}

void
retain_judge_queue(struct value_reader *r, const struct block *queue,
    const struct block *site, const struct settings *s, const struct queue *q)
{
	struct judged j = judged(r, queue, site, "purge_after", q->purge_after);

	longer_than(&j, "reopen_within", q->reopen_within);
	longer_than(&j, "close_after", q->close_after);
	longer_than(&j, "confirm_within", s->confirm_within);
	longer_than(&j, "send_for", s->send_days * CLOCK_DAY);
	if (queue && block_set(queue, "purge_after"))
		at_least(&j, PURGE_LEAST);
	if (j.c && q->purge_after && !q->close_after && !was_told(&j, true))
		complain_warning(r->a, r->bad, value_at(j.c),
		    "queue \"%.*s\" has no close_after: what is only resolved "
		    "is never purged",
		    STR_ARG(q->name));
	j = judged(r, queue, site, "spam_purge_after", q->spam_purge_after);
	longer_than(&j, "confirm_within", s->confirm_within);
	longer_than(&j, "send_for", s->send_days * CLOCK_DAY);
	if (queue && block_set(queue, "spam_purge_after"))
		at_least(&j, OTHER_LEAST);
}

void
retain_judge_site(
    struct value_reader *r, const struct block *site, struct settings *s)
{
	struct judged j = judged(r, NULL, site, "purge_after", s->purge_after);

	at_least(&j, PURGE_LEAST);
	j = judged(r, NULL, site, "spam_purge_after", s->spam_purge_after);
	at_least(&j, OTHER_LEAST);
	j = judged(r, NULL, site, "quarantine_after", s->quarantine_after);
	at_least(&j, OTHER_LEAST);
	longer_than(&j, "confirm_within", s->confirm_within);
	s->retains = s->quarantine_after != 0;
	for (size_t i = 0; i < s->nqueues; i++)
		s->retains |=
		    s->queues[i].purge_after || s->queues[i].spam_purge_after;
}
