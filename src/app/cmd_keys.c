/* keys: those that sign ticket numbers and tokens. */
#include "app/control.h"
#include "app/json.h"
#include "app/session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/must.h"

#include <stdio.h>
#include <sysexits.h>

enum {
	LIVE_DAYS = 180
};

static int
rotate_in(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	(void)s;
	(void)a;
	(void)ctx;
	return keyring_rotate(t, now, err);
}

/* What the daemon sends from now on is signed with the new one; without a
 * daemon, by the next. */
static int
tell_daemon(struct session *s, struct verb_context *c)
{
	AUTO(buf_fini) struct buf reply = BUF_INIT;
	struct err err = ERR_INIT;
	int r = control_ask(
	    session_path(s, "helpd.sock"), "keys", 60, &reply, &err);

	if (r < 0)
		return verb_fail(c, EX_TEMPFAIL,
		    "there is a new key, but the daemon did not take it: %s",
		    err.msg);
	if (r > 0 && !str_starts(buf_str(&reply), S("{\"ok\":true")))
		return verb_fail(c, EX_TEMPFAIL,
		    "there is a new key, but the daemon did not take it: "
		    "helpd reload");
	return EX_OK;
}

/* Eight are kept. What the one that would go has signed, until the second
 * came, may still be answered. */
static bool
is_alive(const struct keyring *k, int64_t now)
{
	uint64_t id;

	return keyring_count(k) == KEYRING_MAX &&
	       now - keyring_made(k, 1, &id) < LIVE_DAYS * CLOCK_DAY;
}

static int
rotate(struct session *s, struct verb_context *c, bool force)
{
	int status;

	if (!force && is_alive(s->keys, clock_now()))
		return verb_fail(c, EX_TEMPFAIL,
		    "the oldest key would go, and mail of the last %d days "
		    "was signed with it; --force does it nevertheless",
		    LIVE_DAYS);
	status = session_write(s, c, rotate_in, NULL);
	if (status == EX_OK)
		status = tell_daemon(s, c);
	if (status != EX_OK)
		return status;
	if (c->json)
		puts("{\"ok\":true}");
	else
		puts("a new key signs from now on; what the older ones have "
		     "signed stays good");
	return EX_OK;
}

static int
list(struct session *s, struct verb_context *c)
{
	static const char *const heads[] = {">KEY", "MADE", "", NULL};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct table t;
	size_t n = keyring_count(s->keys);

	table_init(&t, &a, c->colour, heads);
	for (size_t i = 0; i < n; i++) {
		uint64_t id;
		int64_t made = keyring_made(s->keys, i, &id);
		struct table_row *r;

		if (c->json) {
			json_t *j = json_object();

			json_object_set_new(
			    j, "id", json_integer((json_int_t)id));
			json_put_time(j, "created", made);
			json_object_set_new(
			    j, "signs", json_boolean(i + 1 == n));
			json_print(j);
			continue;
		}
		r = table_row(&t);
		r->cell[0] = arena_printf(&a, "%llu", (unsigned long long)id);
		r->cell[1] = time_text(&a, made);
		r->cell[2] = i + 1 == n ? S("signs") : S("verifies");
	}
	if (!c->json)
		table_print(&t);
	return EX_OK;
}

int
cmd_keys(struct verb_context *c, int argc, char **argv)
{
	bool turn = argc >= 2 && strcmp(argv[1], "rotate") == 0;
	bool force = turn && argc == 3 && strcmp(argv[2], "--force") == 0;
	struct session s;
	int status;

	if (argc > 2 + force ||
	    (argc == 2 && !turn && strcmp(argv[1], "list") != 0))
		return verb_usage(c);
	status = session_open(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK)
		status = turn ? rotate(&s, c, force) : list(&s, c);
	session_close(&s);
	return status;
}
