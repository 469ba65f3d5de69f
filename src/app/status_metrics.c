/*
 * The status as metrics (https://prometheus.io/docs/instrumenting/exposition_formats/):
 *
 *     # HELP helpd_mailbox_lag_seconds since it was last read without an error
 *     # TYPE helpd_mailbox_lag_seconds gauge
 *     helpd_mailbox_lag_seconds{mailbox="support"} 12
 */
#include "app/json.h"
#include "app/status.h"
#include "base/clock.h"
#include "base/must.h"

/* A key of the whole, or of each thing in a list or object. */
struct metric {
	const char *list; /* NULL: of the whole */
	const char *label;
	const char *key; /* NULL: the value of each key of an object */
	const char *name, *help;
	bool counter;
};

static const struct metric metrics[] = {
    {NULL, NULL, "well", "well", "1 when nothing is wrong", false},
    {NULL, NULL, "started", "start_time_seconds", "when it was started", false},
    {"mailboxes", "mailbox", "lag", "mailbox_lag_seconds",
	"since it was last read without an error", false},
    {"mailboxes", "mailbox", "expected", "mailbox_expected_seconds",
	"between two readings when nothing comes in", false},
    {"mailboxes", "mailbox", "last_ok", "mailbox_last_success_time_seconds",
	"when it was last read without an error", false},
    {"mailboxes", "mailbox", "unstored", "mailbox_unstored",
	"mails seen and not stored yet", false},
    {"mailboxes", "mailbox", "oldest_unstored",
	"mailbox_oldest_unstored_seconds", "since the oldest of them was seen",
	false},
    {"mailboxes", "mailbox", "taken", "mailbox_taken_total",
	"mails taken since the start", true},
    {"transports", "transport", "failing", "transport_failing_seconds",
	"since it cannot be reached; 0: it can", false},
    {"transports", "transport", "sent", "transport_sent_total",
	"recipients whose mail was taken", true},
    {"transports", "transport", "refused", "transport_refused_total",
	"recipients refused for good", true},
    {"transports", "transport", "deferred", "transport_deferred_total",
	"recipients put off", true},
    {NULL, NULL, "intake", "intake", "mails being parsed and stored", false},
    {NULL, NULL, "writer_queue", "writer_queue", "jobs that wait to be written",
	false},
    {NULL, NULL, "commits", "commits_total", "commits since the start", true},
    {NULL, NULL, "store_full", "store_full", "1 when nothing can be stored",
	false},
    {NULL, NULL, "store_used", "store_used_bytes", "of the store's map", false},
    {NULL, NULL, "store_size", "store_size_bytes", "of the store's map", false},
    {NULL, NULL, "disk_free", "disk_free_bytes", "of the data directory's disk",
	false},
    {NULL, NULL, "disk_size", "disk_size_bytes", "of the data directory's disk",
	false},
    {"outbox", "state", NULL, "outbox", "mails to be sent, by state", false},
    {NULL, NULL, "oldest_unsent_age", "oldest_unsent_seconds",
	"since the oldest mail was made that waits to be sent", false},
    {"tickets", "status", NULL, "tickets", "by status", false},
    {NULL, NULL, "quarantine", "quarantine", "mails in the quarantine", false},
    {"sla", "state", NULL, "sla_clocks",
	"clocks of open tickets, by state; tickets_breached counts tickets",
	false},
    {"alarms", "alarm", "raised", "alarm", "1 when it is raised", false},
    {"expiring", "name", "expires", "expires_time_seconds",
	"when a certificate or password expires", false},
    {"heartbeat", NULL, "seconds", "heartbeat_seconds",
	"that the last probe took that came back", false},
    {"heartbeat", NULL, "arrived", "heartbeat_arrived_time_seconds",
	"when the last probe came back", false},
    {"heartbeat", NULL, "lost", "heartbeat_lost", "probes lost in a row",
	false},
    {NULL, NULL, "last_backup", "last_backup_time_seconds",
	"when helpd backup last ended", false},
};

/* Numbers, yes and no, times. False: there is none. */
static bool
put_value(struct buf *out, const json_t *v)
{
	int64_t t;

	if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(out, "%.3f", json_real_value(v));
	else if (json_is_boolean(v))
		buf_putc(out, json_is_true(v) ? '1' : '0');
	else if (json_is_string(v) &&
		 clock_parse_rfc3339(str_c(json_string_value(v)), &t))
		buf_printf(out, "%lld", (long long)(t / CLOCK_SECOND));
	else
		return false;
	return true;
}

static void
put_label(struct buf *out, const char *label, struct str value)
{
	buf_printf(out, "{%s=\"", label);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\\' || c == '"')
			buf_putc(out, '\\');
		if (c == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, c);
	}
	buf_puts(out, "\"}");
}

static void
put_line(struct buf *out, const struct metric *m, struct str label,
    const json_t *value)
{
	AUTO(buf_fini) struct buf v = BUF_INIT;

	if (!put_value(&v, value))
		return;
	buf_printf(out, "helpd_%s", m->name);
	if (m->label)
		put_label(out, m->label, label);
	buf_putc(out, ' ');
	buf_put(out, buf_str(&v));
	buf_putc(out, '\n');
}

/* Alarms and what expires have a kind beside their name. */
static struct str
label_of(struct arena *a, const json_t *o)
{
	struct str kind = str_c(json_string_value(json_object_get(o, "kind")));
	struct str name = str_c(json_string_value(json_object_get(o, "name")));

	if (!kind.n)
		return name;
	return arena_printf(
	    a, "%.*s%s%.*s", STR_ARG(kind), name.n ? " " : "", STR_ARG(name));
}

static void
put_list(struct buf *out, const struct metric *m, json_t *list)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	json_t *x;
	size_t i;

	json_array_foreach(list, i, x)
	{
		json_t *state = json_object_get(x, "state");
		bool raised =
		    state && strcmp(json_string_value(state), "raised") == 0;

		put_line(out, m, label_of(&a, x),
		    strcmp(m->key, "raised") == 0 ? json_boolean(raised)
						  : json_object_get(x, m->key));
	}
}

static void
put_metric(struct buf *out, const struct metric *m, json_t *root)
{
	json_t *from = m->list ? json_object_get(root, m->list) : root, *v;
	AUTO(buf_fini) struct buf lines = BUF_INIT;
	const char *key;

	if (json_is_array(from)) {
		put_list(&lines, m, from);
	} else if (json_is_object(from) && !m->key) {
		json_object_foreach(from, key, v)
		{
			if (json_is_integer(v))
				put_line(&lines, m, str_c(key), v);
		}
	} else if (json_is_object(from)) {
		put_line(&lines, m, S(""), json_object_get(from, m->key));
	}
	if (!lines.n)
		return;
	buf_printf(out, "# HELP helpd_%s %s\n# TYPE helpd_%s %s\n", m->name,
	    m->help, m->name, m->counter ? "counter" : "gauge");
	buf_put(out, buf_str(&lines));
}

int
status_metrics(struct str json, struct buf *out)
{
	json_t *root = json_loadb(json.p, json.n, 0, NULL);

	if (!json_is_object(root)) {
		json_decref(root);
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		put_metric(out, &metrics[i], root);
	json_decref(root);
	return 0;
}
