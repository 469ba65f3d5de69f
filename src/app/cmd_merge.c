/* merge, split, child, link, unlink: tickets that become one, two, or parts of
 * each other. */
#include "app/session.h"
#include "app/table.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/merge.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	TASK_MAX_BYTES = 1 << 20
};

struct deed {
	uint64_t ticket, other; /* other: the target, or what is linked */
	uint32_t seq;
	struct child child;
	struct ticket out; /* the new one; merge: the target */
	struct arena a;    /* its strings */
};

/* What is printed after the commit, when the transaction's memory is gone. */
static void
keep(struct deed *d, const struct ticket *k)
{
	d->out = (struct ticket){
	    .id = k->id,
	    .subject = arena_dup(&d->a, k->subject),
	    .queue = arena_dup(&d->a, k->queue),
	    .requester = {arena_dup(&d->a, k->requester.name),
		arena_dup(&d->a, k->requester.addr)},
	};
}

static int
do_merge(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd merge")};
	struct ticket from, into;

	if (session_ticket(t, a, d->ticket, &from, err) < 0 ||
	    session_ticket(t, a, d->other, &into, err) < 0 ||
	    merge_tickets(&s->desk, t, a, &into, &from, &who, now, err) < 0)
		return -1;
	keep(d, &into);
	return 0;
}

static int
do_split(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd split")};
	struct ticket k, out;

	if (session_ticket(t, a, d->ticket, &k, err) < 0 ||
	    merge_split(&s->desk, t, a, &k, d->seq, &who, now, &out, err) < 0)
		return -1;
	keep(d, &out);
	return 0;
}

static int
do_child(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd child")};
	struct ticket k, out;

	if (session_ticket(t, a, d->ticket, &k, err) < 0 ||
	    merge_child(&s->desk, t, a, &k, &d->child, &who, now, &out, err) <
		0)
		return -1;
	keep(d, &out);
	return 0;
}

static int
do_link(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd link")};
	struct ticket k;

	if (session_ticket(t, a, d->ticket, &k, err) < 0)
		return -1;
	return merge_link(&s->desk, t, a, &k, d->other, &who, now, err);
}

static int
do_unlink(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd unlink")};
	struct ticket k;

	if (session_ticket(t, a, d->ticket, &k, err) < 0)
		return -1;
	return merge_unlink(&s->desk, t, a, &k, d->other, &who, now, err);
}

/* Of the new ticket or the target, fit for a terminal. */
static struct str
subject_of(struct deed *d)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	paint(&b, false, COLOUR_NONE, d->out.subject);
	return arena_dup(&d->a, buf_str(&b));
}

typedef int deed_fn(struct session *s, struct txn *t, struct arena *a,
    int64_t now, void *ctx, struct err *err);

static int
run(struct verb_context *c, deed_fn *fn, struct deed *d)
{
	struct session s;
	int status = session_open(&s, c, SESSION_STORE | SESSION_DESK);

	if (status == EX_OK)
		status = session_write(&s, c, fn, d);
	session_close(&s);
	return status;
}

/* --- the verbs --------------------------------------------------------- */

int
cmd_merge(struct verb_context *c, int argc, char **argv)
{
	struct deed d = {0};
	int status;

	if (argc != 3 || !verb_ticket(argv[1], &d.ticket) ||
	    !verb_ticket(argv[2], &d.other))
		return verb_usage(c);
	status = run(c, do_merge, &d);
	if (status == EX_OK && c->json)
		printf("{\"ticket\":%llu,\"merged\":%llu}\n",
		    (unsigned long long)d.other, (unsigned long long)d.ticket);
	else if (status == EX_OK)
		printf("#%llu is part of #%llu now (%.*s)\n",
		    (unsigned long long)d.ticket, (unsigned long long)d.other,
		    STR_ARG(subject_of(&d)));
	arena_fini(&d.a);
	return status;
}

int
cmd_split(struct verb_context *c, int argc, char **argv)
{
	struct deed d = {0};
	uint64_t seq;
	int status;

	if (argc != 3 || !verb_ticket(argv[1], &d.ticket) ||
	    !str_u64(str_c(argv[2]), &seq) || !seq || seq > UINT32_MAX)
		return verb_usage(c);
	d.seq = (uint32_t)seq;
	status = run(c, do_split, &d);
	if (status == EX_OK && c->json)
		printf("{\"ticket\":%llu,\"from\":%llu,\"article\":%u}\n",
		    (unsigned long long)d.out.id, (unsigned long long)d.ticket,
		    d.seq);
	else if (status == EX_OK)
		printf("article %u of #%llu is ticket #%llu now (%.*s)\n",
		    d.seq, (unsigned long long)d.ticket,
		    (unsigned long long)d.out.id, STR_ARG(subject_of(&d)));
	arena_fini(&d.a);
	return status;
}

/* The task: --message, or standard input where that is no terminal; none is
 * fine. */
static int
get_task(struct verb_context *c, const char *message, struct buf *out)
{
	struct err err = ERR_INIT;

	if (message)
		buf_puts(out, message);
	else if (!isatty(STDIN_FILENO) &&
		 fd_read_all(STDIN_FILENO, TASK_MAX_BYTES, out, &err) < 0)
		return verb_err(c, &err);
	if (!utf8_valid(buf_str(out)) || memchr(buf_cstr(out), 0, out->n))
		return verb_fail(c, EX_DATAERR, "the text is not UTF-8");
	return EX_OK;
}

static int
child_options(struct verb_context *c, int argc, char **argv, struct deed *d,
    const char **message)
{
	static const struct option options[] = {
	    {"message", required_argument, NULL, 'm'},
	    {"requester", required_argument, NULL, 'r'},
	    {"author", required_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0},
	};
	struct addresses l;
	int opt;

	while ((opt = getopt_long(argc, argv, "m:", options, NULL)) != -1)
		switch (opt) {
		case 'm':
			*message = optarg;
			break;
		case 'a':
			d->child.author = str_c(optarg);
			break;
		case 'r':
			addresses_parse(&d->a, str_c(optarg), &l);
			if (l.n != 1 || !l.v[0].addr.n)
				return verb_fail(c, EX_USAGE,
				    "\"%s\" is not an address", optarg);
			d->child.requester = l.v[0];
			break;
		default:
			return verb_usage(c);
		}
	if (optind + 3 != argc || !verb_ticket(argv[optind], &d->ticket))
		return verb_usage(c);
	d->child.queue = str_c(argv[optind + 1]);
	d->child.subject = str_c(argv[optind + 2]);
	return EX_OK;
}

int
cmd_child(struct verb_context *c, int argc, char **argv)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	const char *message = NULL;
	struct deed d = {0};
	int status = child_options(c, argc, argv, &d, &message);

	if (status == EX_OK)
		status = get_task(c, message, &text);
	if (status == EX_OK) {
		d.child.text = buf_str(&text);
		status = run(c, do_child, &d);
	}
	if (status == EX_OK && c->json)
		printf("{\"ticket\":%llu,\"parent\":%llu}\n",
		    (unsigned long long)d.out.id, (unsigned long long)d.ticket);
	else if (status == EX_OK)
		printf("sub-ticket #%llu of #%llu, in %.*s (%.*s)\n",
		    (unsigned long long)d.out.id, (unsigned long long)d.ticket,
		    STR_ARG(d.out.queue), STR_ARG(subject_of(&d)));
	arena_fini(&d.a);
	return status;
}

static int
two(struct verb_context *c, int argc, char **argv, deed_fn *fn,
    const char *words)
{
	struct deed d = {0};
	int status;

	if (argc != 3 || !verb_ticket(argv[1], &d.ticket) ||
	    !verb_ticket(argv[2], &d.other))
		return verb_usage(c);
	status = run(c, fn, &d);
	if (status == EX_OK && c->json)
		printf("{\"ticket\":%llu,\"other\":%llu}\n",
		    (unsigned long long)d.ticket, (unsigned long long)d.other);
	else if (status == EX_OK)
		printf("#%llu and #%llu are %s\n", (unsigned long long)d.ticket,
		    (unsigned long long)d.other, words);
	return status;
}

int
cmd_link(struct verb_context *c, int argc, char **argv)
{
	return two(c, argc, argv, do_link, "linked");
}

int
cmd_unlink(struct verb_context *c, int argc, char **argv)
{
	return two(c, argc, argv, do_unlink, "linked no more");
}
