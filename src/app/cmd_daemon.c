/* status, stop, reload: what is asked of a running daemon. */
#include "app/control.h"
#include "app/json.h"
#include "app/session.h"
#include "app/status.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

/* Sends cmd; EX_OK with the reply parsed, else the status to exit with. */
static int
ask(struct verb_context *c, const char *cmd, unsigned timeout_s, json_t **out)
{
	struct session s;
	AUTO(buf_fini) struct buf reply = BUF_INIT;
	struct err err = ERR_INIT;
	int status = session_open(&s, c, SESSION_CONFIG), r;

	if (status != EX_OK) {
		session_close(&s);
		return status;
	}
	r = control_ask(
	    session_path(&s, "helpd.sock"), cmd, timeout_s, &reply, &err);
	if (r == 0)
		status = verb_fail(c, EX_UNAVAILABLE,
		    "no daemon runs on %s; helpd run starts one", s.data);
	else if (r < 0)
		status = verb_err(c, &err);
	else if (!(*out = json_loadb(reply.p, reply.n, 0, NULL)))
		status = verb_fail(
		    c, EX_PROTOCOL, "the daemon's answer cannot be read");
	session_close(&s);
	return status;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static struct str
number_of(struct arena *a, const json_t *o, const char *key)
{
	return arena_printf(
	    a, "%lld", (long long)json_integer_value(json_object_get(o, key)));
}

/* "12s", "1h30m" of a number of seconds. */
static struct str
span_of(struct arena *a, const json_t *o, const char *key)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	json_int_t s = json_integer_value(json_object_get(o, key));

	if (s <= 0)
		return S("-");
	clock_duration(&b, s < 3600 ? s * CLOCK_SECOND : s / 60 * CLOCK_MINUTE);
	return arena_dup(a, buf_str(&b));
}

static void
print_mailboxes(struct verb_context *c, struct arena *a, const json_t *status)
{
	static const char *const heads[] = {"MAILBOX", "STATE", ">TAKEN",
	    ">WAIT", "LAG", "LAST READ", "ERROR", NULL};
	struct table t;
	json_t *m;
	size_t i;

	table_init(&t, a, c->colour, heads);
	json_array_foreach(json_object_get(status, "mailboxes"), i, m)
	{
		struct table_row *r = table_row(&t);
		bool failed = json_is_string(json_object_get(m, "error"));

		r->cell[0] = str_c(text_of(m, "name"));
		r->cell[1] = str_c(text_of(m, "state"));
		r->colour[1] = failed ? COLOUR_RED : COLOUR_GREEN;
		r->cell[2] = number_of(a, m, "taken");
		r->cell[3] = number_of(a, m, "unstored");
		r->cell[4] = span_of(a, m, "lag");
		r->cell[5] = str_c(text_of(m, "last_ok"));
		r->cell[6] = failed ? str_c(text_of(m, "error")) : S("");
	}
	table_print(&t);
}

static void
print_transports(struct verb_context *c, struct arena *a, const json_t *status)
{
	static const char *const heads[] = {"TRANSPORT", ">SENT", ">REFUSED",
	    ">DEFERRED", "FAILING", "LAST SENT", "ERROR", NULL};
	struct table t;
	json_t *m;
	size_t i;

	table_init(&t, a, c->colour, heads);
	json_array_foreach(json_object_get(status, "transports"), i, m)
	{
		struct table_row *r = table_row(&t);

		r->cell[0] = str_c(text_of(m, "name"));
		r->cell[1] = number_of(a, m, "sent");
		r->cell[2] = number_of(a, m, "refused");
		r->cell[3] = number_of(a, m, "deferred");
		r->cell[4] = span_of(a, m, "failing");
		r->cell[5] = str_c(text_of(m, "last_ok"));
		r->cell[6] = json_is_string(json_object_get(m, "error"))
				 ? str_c(text_of(m, "error"))
				 : S("");
	}
	table_print(&t);
}

/* Alarms that are raised, and what expires within the next weeks. */
static void
print_alarms(struct verb_context *c, struct arena *a, const json_t *status)
{
	static const char *const heads[] = {
	    "ALARM", "NAME", "STATE", "SINCE", "WORDS", NULL};
	struct table t;
	json_t *m, *list = json_object_get(status, "alarms");
	size_t i;

	if (!json_array_size(list))
		return;
	table_init(&t, a, c->colour, heads);
	json_array_foreach(list, i, m)
	{
		struct table_row *r = table_row(&t);

		r->cell[0] = str_c(text_of(m, "kind"));
		r->cell[1] = str_c(text_of(m, "name"));
		r->cell[2] = str_c(text_of(m, "state"));
		r->colour[2] =
		    str_eq(r->cell[2], S("raised")) ? COLOUR_RED : COLOUR_NONE;
		r->cell[3] = str_c(text_of(m, "since"));
		r->cell[4] = str_c(text_of(m, "words"));
	}
	table_print(&t);
	putchar('\n');
}

static void
print_counts(struct arena *a, const char *label, const json_t *o)
{
	const char *key;
	json_t *v;
	bool first = true;

	printf("%-10s", label);
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (json_integer_value(v) == 0)
			continue;
		printf("%s%s %lld", first ? " " : ", ", key,
		    (long long)json_integer_value(v));
		first = false;
	}
	(void)a;
	puts(first ? " none" : "");
}

/* Only where tickets are kept for a time. */
static void
print_purge(const json_t *x)
{
	long long n = json_integer_value(json_object_get(x, "waiting"));

	if (n)
		printf("%-10s %lld tickets, next %s\n", "purge", n,
		    text_of(x, "next"));
}

static void
print_timers(const json_t *x)
{
	long long n = json_integer_value(json_object_get(x, "waiting"));

	printf("%-10s %lld waiting", "timers", n);
	if (n)
		printf(
		    ", next %s (%s)", text_of(x, "next"), text_of(x, "kind"));
	putchar('\n');
}

static void
print_store(const json_t *o)
{
	printf("%-10s %.1f MiB used of %.0f GiB, %.1f GiB of the disk free%s\n",
	    "store",
	    (double)json_integer_value(json_object_get(o, "store_used")) /
		1048576.0,
	    (double)json_integer_value(json_object_get(o, "store_size")) /
		1073741824.0,
	    (double)json_integer_value(json_object_get(o, "disk_free")) /
		1073741824.0,
	    json_is_true(json_object_get(o, "store_full"))
		? ": FULL, nothing is taken"
		: "");
	printf("%-10s %s\n", "backup", text_of(o, "last_backup"));
}

/* The first that expires of all that is known. */
static void
print_expiring(const json_t *o)
{
	const json_t *list = json_object_get(o, "expiring"), *first = NULL;
	const json_t *m;
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *at =
		    json_string_value(json_object_get(m, "expires"));

		/* Times of this form sort as text. */
		if (at && (!first || strcmp(at, text_of(first, "expires")) < 0))
			first = m;
	}
	if (first)
		printf("%-10s %s %s on %s\n", "expires", text_of(first, "kind"),
		    text_of(first, "name"), text_of(first, "expires"));
}

static void
print_rest(struct arena *a, const json_t *o)
{
	const json_t *beat = json_object_get(o, "heartbeat");

	print_counts(a, "tickets", json_object_get(o, "tickets"));
	if (json_object_get(o, "sla"))
		print_counts(a, "sla", json_object_get(o, "sla"));
	print_counts(a, "outbox", json_object_get(o, "outbox"));
	if (json_is_string(json_object_get(o, "oldest_unsent")))
		printf("%-10s %s (%.*s)\n", "unsent",
		    text_of(o, "oldest_unsent"),
		    STR_ARG(span_of(a, o, "oldest_unsent_age")));
	printf("%-10s %lld in the quarantine, %lld being taken in, %lld to be "
	       "written\n",
	    "mails",
	    (long long)json_integer_value(json_object_get(o, "quarantine")),
	    (long long)json_integer_value(json_object_get(o, "intake")),
	    (long long)json_integer_value(json_object_get(o, "writer_queue")));
	print_timers(json_object_get(o, "timers"));
	print_purge(json_object_get(o, "purge"));
	if (beat)
		printf("%-10s last back %s after %.1f s, %lld lost in a row\n",
		    "heartbeat", text_of(beat, "arrived"),
		    json_real_value(json_object_get(beat, "seconds")),
		    (long long)json_integer_value(
			json_object_get(beat, "lost")));
	print_store(o);
	print_expiring(o);
}

static void
print_status(struct verb_context *c, const json_t *o, bool well)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const json_t *m;
	size_t i;

	printf("helpd %s, pid %lld, since %s: %s\n", text_of(o, "version"),
	    (long long)json_integer_value(json_object_get(o, "pid")),
	    text_of(o, "started"), well ? "well" : "in trouble");
	json_array_foreach(json_object_get(o, "problems"), i, m)
	    printf("  %s\n", json_string_value(m));
	putchar('\n');
	print_mailboxes(c, &a, o);
	putchar('\n');
	print_transports(c, &a, o);
	putchar('\n');
	print_alarms(c, &a, o);
	print_rest(&a, o);
}

static int
print_metrics(struct verb_context *c, const json_t *o)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	char *line = json_dumps(o, JSON_COMPACT);
	int r = status_metrics(str_c(line), &out);

	mem_free(line);
	if (r < 0)
		return verb_fail(
		    c, EX_PROTOCOL, "the daemon's answer cannot be read");
	fputs(buf_cstr(&out), stdout);
	return EX_OK;
}

int
cmd_status(struct verb_context *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"metrics", no_argument, NULL, 'm'},
	    {NULL, 0, NULL, 0},
	};
	bool metrics = false, well;
	json_t *o = NULL;
	int status, opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'm')
			return verb_usage(c);
		metrics = true;
	}
	if (optind != argc)
		return verb_usage(c);
	status = ask(c, "status", 10, &o);
	if (status != EX_OK) {
		if (metrics)
			puts("helpd_up 0");
		else if (c->json)
			puts("{\"running\":false}");
		return status;
	}
	well = json_is_true(json_object_get(o, "well"));
	if (metrics) {
		puts("helpd_up 1");
		status = print_metrics(c, o);
	} else if (c->json) {
		json_print(json_incref(o));
	} else
		print_status(c, o, well);
	json_decref(o);
	return status != EX_OK || well ? status : EX_TEMPFAIL;
}

static int
simple(struct verb_context *c, const char *cmd, const char *done)
{
	json_t *o = NULL;
	int status = ask(c, cmd, 60, &o);

	if (status != EX_OK)
		return status;
	if (!json_is_true(json_object_get(o, "ok")))
		status = verb_fail(c, EX_CONFIG, "%s", text_of(o, "error"));
	else if (c->json)
		puts("{\"ok\":true}");
	else
		puts(done);
	json_decref(o);
	return status;
}

int
cmd_reload(struct verb_context *c, int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return verb_usage(c);
	return simple(c, "reload", "the new configuration is in force");
}

/* Asks, then waits until the process has ended (whether or not its parent has
 * noticed): what it had begun is then done. */
int
cmd_stop(struct verb_context *c, int argc, char **argv)
{
	AUTO_FD process = -1;
	struct pollfd p = {.events = POLLIN};
	json_t *o = NULL;
	int status;

	(void)argv;
	if (argc != 1)
		return verb_usage(c);
	status = ask(c, "status", 10, &o);
	if (status != EX_OK)
		return status;
	process = (int)syscall(SYS_pidfd_open,
	    (pid_t)json_integer_value(json_object_get(o, "pid")), 0);
	json_decref(o);
	status = simple(c, "stop", "ending");
	p.fd = process;
	if (status == EX_OK && process >= 0 && poll(&p, 1, 60000) == 0)
		return verb_fail(
		    c, EX_TEMPFAIL, "it has not ended within 60 s");
	return status;
}
