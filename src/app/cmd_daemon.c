/* status, stop, reload: what is asked of a running daemon. */
#include "app/control.h"
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "base/must.h"

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

static void
print_mailboxes(struct verb_context *c, struct arena *a, const json_t *status)
{
	static const char *const heads[] = {
	    "MAILBOX", "STATE", ">TAKEN", "LAST READ", "ERROR", NULL};
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
		r->cell[3] = str_c(text_of(m, "last_ok"));
		r->cell[4] = failed ? str_c(text_of(m, "error")) : S("");
	}
	table_print(&t);
}

static void
print_transports(struct verb_context *c, struct arena *a, const json_t *status)
{
	static const char *const heads[] = {"TRANSPORT", ">SENT", ">REFUSED",
	    ">DEFERRED", "LAST SENT", "ERROR", NULL};
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
		r->cell[4] = str_c(text_of(m, "last_ok"));
		r->cell[5] = json_is_string(json_object_get(m, "error"))
				 ? str_c(text_of(m, "error"))
				 : S("");
	}
	table_print(&t);
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

/* A mailbox or transport in trouble, or a full disk, is an exit status for
 * monitors. */
static bool
is_well(const json_t *status)
{
	static const char *const lists[] = {"mailboxes", "transports"};
	json_t *m;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(json_object_get(status, lists[k]), i,
		    m) if (json_is_string(json_object_get(m,
			       "error"))) return false;
	return !json_is_true(json_object_get(status, "store_full"));
}

int
cmd_status(struct verb_context *c, int argc, char **argv)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	json_t *o = NULL;
	int status;
	bool well;

	(void)argv;
	if (argc != 1)
		return verb_usage(c);
	status = ask(c, "status", 10, &o);
	if (status != EX_OK) {
		if (c->json)
			puts("{\"running\":false}");
		return status;
	}
	well = is_well(o);
	if (c->json) {
		json_object_set_new(o, "running", json_true());
		json_object_set_new(o, "well", json_boolean(well));
		json_print(o);
		return well ? EX_OK : EX_TEMPFAIL;
	}
	printf("helpd %s, pid %lld, since %s: %s\n\n", text_of(o, "version"),
	    (long long)json_integer_value(json_object_get(o, "pid")),
	    text_of(o, "started"), well ? "well" : "in trouble");
	print_mailboxes(c, &a, o);
	putchar('\n');
	print_transports(c, &a, o);
	putchar('\n');
	print_counts(&a, "tickets", json_object_get(o, "tickets"));
	print_counts(&a, "outbox", json_object_get(o, "outbox"));
	print_timers(json_object_get(o, "timers"));
	printf("%-10s %.1f MiB used of %.0f GiB%s\n", "store",
	    (double)json_integer_value(json_object_get(o, "store_used")) /
		1048576.0,
	    (double)json_integer_value(json_object_get(o, "store_size")) /
		1073741824.0,
	    json_is_true(json_object_get(o, "store_full"))
		? ": FULL, nothing is taken"
		: "");
	json_decref(o);
	return well ? EX_OK : EX_TEMPFAIL;
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
