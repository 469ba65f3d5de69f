/* The check's part on the term index: runs in order, chunks under their right keys, tickets that exist. */
#include "store/check_private.h"
#include "store/term_run.h"

struct last {
	unsigned char term[TERM_KEY_MAX];
	size_t n;
	uint64_t ticket;
};

static void
check_run(struct check *c, const struct run *r)
{
	struct run_reader *in = arena_new(&c->a, struct run_reader);
	struct last last = {.n = 0};
	uint64_t missing = 0;
	int got;

	for (got = run_reader_open(in, c->t, r->id, str_n(NULL, 0), 0);
	     got > 0 && !c->stop; got = run_reader_next(in)) {
		struct str term = run_reader_term(in);
		int order =
		    str_cmp(str_n((const char *)last.term, last.n), term);

		check_step(c, "search terms");
		c->out->postings++;
		if (order > 0 || (order == 0 && in->ticket <= last.ticket)) {
			check_tell(c, "run %u of terms is not in order", r->id);
			break;
		}
		if (in->ticket > r->max_ticket) {
			check_tell(c,
			    "run %u of terms goes beyond what it says", r->id);
			break;
		}
		if (!check_bits_has(&c->tickets, in->ticket) && !missing++)
			check_tell(c,
			    "the term index names ticket %llu, which does not "
			    "exist",
			    (unsigned long long)in->ticket);
		memcpy(last.term, term.p, term.n);
		last.n = term.n;
		last.ticket = in->ticket;
	}
	run_reader_close(in);
	check_failed(c);
}

/* Every chunk belongs to a run that is there, and begins with the pair that its key says. */
static void
check_chunks(struct check *c, const struct run *runs, size_t n)
{
	AUTO(iter_end) struct iter it = ITER_INIT;
	size_t at = 0;
	int r;

	for (r = iter_ge(&it, c->t, T_TERM, str_n(NULL, 0)); r > 0 && !c->stop;
	     r = iter_next(&it)) {
		unsigned char term[TERM_KEY_MAX];
		struct str key_term, rest = it.value, postings;
		uint64_t key_ticket, ticket;
		size_t term_n = 0;
		uint32_t run;

		if (!chunk_key_read(it.key, &run, &key_term, &key_ticket)) {
			check_tell(c, "a chunk of terms has no proper key");
			continue;
		}
		while (at < n && runs[at].id < run)
			at++;
		if (at == n || runs[at].id != run)
			check_tell(c,
			    "a chunk of terms is of run %u, which "
			    "does not exist",
			    run);
		if (chunk_entry(&rest, term, &term_n, &postings) <= 0 ||
		    !varint_get(&postings, &ticket) || ticket != key_ticket ||
		    !str_eq(str_n((const char *)term, term_n), key_term))
			check_tell(c,
			    "a chunk of run %u of terms is not what "
			    "its key says",
			    run);
	}
	if (r < 0)
		check_failed(c);
}

void
check_terms(struct check *c)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	uint64_t counts[RUN_LEVELS + 2] = {0}, n;
	struct run *runs;
	size_t nruns;

	if (run_list(c->t, &a, &runs, &nruns) < 0) {
		check_failed(c);
		return;
	}
	c->all = 0;
	check_chunks(c, runs, nruns);
	for (size_t i = 0; i < nruns && !c->stop; i++) {
		arena_reset(&c->a);
		if (runs[i].state == RUN_LIVE) {
			counts[runs[i].level]++;
			c->out->term_runs++;
			check_run(c, &runs[i]);
		} else {
			counts[RUN_LEVELS + (runs[i].state == RUN_DEAD)]++;
		}
	}
	for (unsigned i = 0; i < RUN_LEVELS + 2 && !c->stop; i++)
		if (count_get(c->t, COUNT_RUNS + i, &n) == 0 && n != counts[i])
			check_tell(
			    c, "the runs of terms are not counted right");
	check_failed(c);
}
