/* reply, note, set: what a person does to a ticket from the shell. */
#include "app/editor.h"
#include "app/session.h"
#include "app/ticket_json.h"
#include "base/must.h"
#include "desk/change.h"
#include "desk/command.h"
#include "desk/outbound.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

struct deed {
	struct verb_context *c;
	uint64_t ticket;
	struct str text; /* of a reply or note */
	struct str author;
	enum status status;
	bool notify, quote, is_note, force;
	char **settings; /* name=value */
	int nsettings;
	uint32_t seq; /* out */
	uint64_t outbox;
};

static int
do_reply(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct ticket k;
	struct actor who = {session_actor(a), S("helpd reply")};
	struct answer w = {
	    .text = d->text,
	    .author = d->author,
	    .who = who,
	    .status = d->status,
	    .quote = d->quote,
	};

	if (session_ticket(t, a, d->ticket, &k, err) < 0)
		return -1;
	return outbound_answer(
	    &s->desk, t, a, &k, &w, now, &d->seq, &d->outbox, err);
}

/* As in an agent's note; what comes of a name is said when it is not what he
 * thinks. */
static int
mention(struct session *s, struct txn *t, struct arena *a, struct ticket *k,
    const struct deed *d, const struct actor *who, int64_t now, struct err *err)
{
	struct transcript told;
	struct command_run r = {
	    .d = &s->desk,
	    .t = t,
	    .a = a,
	    .k = k,
	    .who = *who,
	    .now = now,
	    .told = &told,
	};

	if (!s->desk.settings->staff.nagents)
		return 0;
	transcript_init(&told, a, s->desk.settings, NULL);
	told.language = S("en");
	if (command_mentions(&r, d->text, d->seq, err) < 0)
		return -1;
	for (size_t i = 0; i < told.n; i++)
		if (told.v[i].kind == TOLD_REFUSED)
			fprintf(stderr, "helpd: %.*s %.*s\n",
			    STR_ARG(told.v[i].command),
			    STR_ARG(told.v[i].words));
	return 0;
}

static int
do_note(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct ticket k;
	struct actor who = {session_actor(a), S("helpd note")};

	if (session_ticket(t, a, d->ticket, &k, err) < 0 ||
	    change_note(&s->desk, t, a, &k, d->text, &who, d->author, now,
		&d->seq, err) < 0 ||
	    mention(s, t, a, &k, d, &who, now, err) < 0)
		return -1;
	return change_done(t, &k, now, err);
}

/* --force is about sub-tickets that are open, so about the status only. */
static int
set_one(struct session *s, struct txn *t, struct arena *a, struct ticket *k,
    const struct deed *d, struct str name, struct str value,
    const struct actor *who, int64_t now, struct err *err)
{
	enum status st;

	if (d->force && str_ieq(name, S("status")) && status_parse(value, &st))
		return change_status_forced(
		    &s->desk, t, a, k, st, who, now, err);
	return change_set(&s->desk, t, a, k, name, value, who, now, err);
}

static int
do_set(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct ticket k;
	enum status old;
	struct actor who = {session_actor(a), S("helpd set")};

	if (session_ticket(t, a, d->ticket, &k, err) < 0)
		return -1;
	old = k.status;
	for (int i = 0; i < d->nsettings; i++) {
		struct str value = str_c(d->settings[i]), name;

		if (!str_cut(&value, '=', &name) || !value.p)
			return err_set(err, ERR_INVAL,
			    "\"%s\" is not of the form name=value",
			    d->settings[i]);
		if (set_one(s, t, a, &k, d, name, value, &who, now, err) < 0)
			return -1;
	}
	if (d->notify && old != k.status &&
	    outbound_status(&s->desk, t, a, &k, old, &who, now, err) < 0)
		return -1;
	return change_done(t, &k, now, err);
}

static int
parse_options(struct verb_context *c, int argc, char **argv, struct deed *d,
    const char **message)
{
	static const struct option options[] = {
	    {"message", required_argument, NULL, 'm'},
	    {"author", required_argument, NULL, 'a'},
	    {"status", required_argument, NULL, 's'},
	    {"quote", no_argument, NULL, 'q'},
	    {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "m:", options, NULL)) != -1) {
		switch (opt) {
		case 'm':
			*message = optarg;
			break;
		case 'a':
			d->author = str_c(optarg);
			break;
		case 'q':
			d->quote = true;
			break;
		case 's':
			if (status_parse(str_c(optarg), &d->status))
				break;
			return verb_fail(
			    c, EX_USAGE, "no status is called \"%s\"", optarg);
		default:
			return verb_usage(c);
		}
	}
	if (optind + 1 != argc || !verb_ticket(argv[optind], &d->ticket))
		return verb_usage(c);
	return EX_OK;
}

static int
write_article(struct verb_context *c, int argc, char **argv, bool is_note)
{
	struct session s;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct deed d = {.c = c, .is_note = is_note};
	const char *message = NULL;
	int status = parse_options(c, argc, argv, &d, &message);

	if (status != EX_OK)
		return status;
	status = editor_text(c, &a, message, str_n(NULL, 0), &text);
	if (status != EX_OK)
		return status;
	d.text = buf_str(&text);
	status = session_open(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK)
		status = session_write(&s, c, is_note ? do_note : do_reply, &d);
	session_close(&s);
	if (status != EX_OK)
		return status;
	if (c->json)
		printf("{\"ticket\":%llu,\"article\":%u,\"outbox\":%llu}\n",
		    (unsigned long long)d.ticket, d.seq,
		    (unsigned long long)d.outbox);
	else if (is_note)
		printf("noted as article %u of #%llu\n", d.seq,
		    (unsigned long long)d.ticket);
	else
		printf("answer %u of #%llu waits to be sent (outbox %llu)\n",
		    d.seq, (unsigned long long)d.ticket,
		    (unsigned long long)d.outbox);
	return EX_OK;
}

int
cmd_reply(struct verb_context *c, int argc, char **argv)
{
	return write_article(c, argc, argv, false);
}

int
cmd_note(struct verb_context *c, int argc, char **argv)
{
	return write_article(c, argc, argv, true);
}

int
cmd_set(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"notify", no_argument, NULL, 'n'},
	    {"force", no_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct session s;
	struct deed d = {.c = c};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'n' && opt != 'f')
			return verb_usage(c);
		d.notify |= opt == 'n';
		d.force |= opt == 'f';
	}
	if (optind + 2 > argc || !verb_ticket(argv[optind], &d.ticket))
		return verb_usage(c);
	d.settings = argv + optind + 1;
	d.nsettings = argc - optind - 1;
	status = session_open(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK)
		status = session_write(&s, c, do_set, &d);
	session_close(&s);
	if (status == EX_OK && c->json)
		printf("{\"ticket\":%llu}\n", (unsigned long long)d.ticket);
	return status;
}
