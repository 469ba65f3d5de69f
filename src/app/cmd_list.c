/* list, search: many tickets, one a line. */
#include "app/listing.h"
#include "app/session.h"
#include "app/ticket_json.h"
#include "base/must.h"
#include "desk/search.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum {
	PAGE = 50
};
#define STATUSES_ALL ((1u << STATUS_COUNT) - 2) /* there is no number 0 */

static const char *const heads[] = {">#", "STATUS", "PRIORITY", "QUEUE",
    "ASSIGNEE", "CHANGED", "REQUESTER", "SUBJECT", NULL};

struct view {
	struct listing l;
	const struct settings *settings;
};

static bool
add(void *ctx, const struct ticket *k)
{
	struct view *v = ctx;
	struct listing *l = &v->l;
	struct table_row *r = listing_row(l);

	if (!r) {
		json_print(ticket_json(v->settings, k));
		return true;
	}
	r->cell[0] = arena_printf(&l->a, "%llu", (unsigned long long)k->id);
	r->cell[1] = str_c(status_name(k->status));
	r->colour[1] = colour_of_status(r->cell[1]);
	r->cell[2] = str_c(priority_name(k->priority));
	r->colour[2] = colour_of_priority(r->cell[2]);
	r->cell[3] = arena_dup(&l->a, k->queue);
	r->cell[4] = k->assignee.n ? arena_dup(&l->a, k->assignee) : S("-");
	r->cell[5] = time_ago(&l->a, k->updated, l->now);
	r->cell[6] = arena_dup(&l->a, k->requester.addr);
	r->cell[7] = arena_dup(&l->a, k->subject);
	return true;
}

static void
end(struct view *v, size_t limit, const char *more)
{
	const struct verb_context *c = v->l.c;

	listing_end(&v->l, "no tickets");
	if (!c->json && c->colour && limit && v->l.n == limit)
		printf("(the first %zu; %s)\n", limit, more);
}

static int
list(struct verb_context *c, const struct ticket_filter *f)
{
	struct session s;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct view v;
	int status = session_open(&s, c, SESSION_STORE);

	if (status == EX_OK) {
		v.settings = &s.config->settings;
		listing_init(&v.l, c, heads);
		if (txn_read(s.store, &t, &err) < 0 ||
		    (ticket_each(t, &a, f, add, &v) < 0 &&
			txn_error(t, &err) < 0))
			status = verb_err(c, &err);
		end(&v, f->limit, "--all lists every one");
		txn_abort(&t);
	}
	session_close(&s);
	return status;
}

int
cmd_list(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"all", no_argument, NULL, 'a'},
	    {"status", required_argument, NULL, 's'},
	    {"queue", required_argument, NULL, 'q'},
	    {"assignee", required_argument, NULL, 'g'},
	    {"requester", required_argument, NULL, 'r'},
	    {"limit", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0},
	};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct ticket_filter f = {0};
	bool all = false;
	uint64_t limit = PAGE;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		struct str rest, word;
		enum status st;

		switch (opt) {
		case 'a':
			all = true;
			break;
		case 's':
			rest = str_c(optarg);
			while (str_cut(&rest, ',', &word)) {
				if (!status_parse(word, &st))
					return verb_fail(c, EX_USAGE,
					    "no status is called \"%.*s\" "
					    "(new, "
					    "open, pending, hold, resolved, "
					    "closed, spam, merged)",
					    STR_ARG(word));
				f.statuses |= 1u << st;
			}
			break;
		case 'q':
			f.queue = str_c(optarg);
			break;
		case 'g':
			f.assignee = str_c(optarg);
			break;
		case 'r':
			f.requester = address_key(&a, str_c(optarg));
			break;
		case 'l':
			if (!str_u64(str_c(optarg), &limit))
				return verb_fail(
				    c, EX_USAGE, "--limit wants a number");
			break;
		default:
			return verb_usage(c);
		}
	}
	if (optind != argc)
		return verb_usage(c);
	if (!all && !f.statuses && f.requester.n)
		f.statuses = STATUSES_ALL & ~(1u << STATUS_MERGED);
	if (!all && !f.statuses)
		f.statuses = 1u << STATUS_NEW | 1u << STATUS_OPEN |
			     1u << STATUS_PENDING | 1u << STATUS_HOLD;
	f.limit = all ? 0 : (size_t)limit;
	return list(c, &f);
}

int
cmd_search(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"limit", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0},
	};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf query = BUF_INIT;
	struct session s;
	struct txn *t = NULL;
	struct err err = ERR_INIT;
	struct view v;
	uint64_t limit = PAGE;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (opt != 'l' || !str_u64(str_c(optarg), &limit))
			return verb_usage(c);
	if (optind >= argc)
		return verb_usage(c);
	for (int i = optind; i < argc; i++)
		buf_printf(&query, "%s%s", i > optind ? " " : "", argv[i]);
	status = session_open(&s, c, SESSION_STORE);
	if (status == EX_OK) {
		v.settings = &s.config->settings;
		listing_init(&v.l, c, heads);
		if (txn_read(s.store, &t, &err) < 0 ||
		    search_tickets(t, &a, buf_str(&query), (size_t)limit, add,
			&v, &err) < 0)
			status = verb_err(c, &err);
		end(&v, (size_t)limit, "--limit 0 finds every one");
		txn_abort(&t);
		/* As grep does: nothing found is a status of its own. */
		if (status == EX_OK && v.l.n == 0)
			status = 1;
	}
	session_close(&s);
	return status;
}
