/*
 * Commented helpd.conf and agents.conf, from the table of settings. What was answered stands
 * there; everything else stands behind a '#', with its default or an example,
 * so that the file is also the shortest reference.
 *
 *     # times in mails are of this zone. Default: "UTC"
 *     timezone "Europe/Berlin";
 *
 * Each setting is explained once, where it first applies.
 */
#include "app/config_table.h"
#include "base/must.h"
#include "base/utf8.h"

struct given {
	const char *name;
	struct str value; /* one, or */
	const struct strs *list;
};

struct writer {
	struct buf *out;
	bool explained[256]; /* by row */
};

static bool
is_list(enum setting_type t)
{
	return t == SETTING_TAGS || t == SETTING_ADDRESSES ||
	       t == SETTING_DOMAINS || t == SETTING_STRINGS ||
	       t == SETTING_LANGUAGES || t == SETTING_HANDLES ||
	       t == SETTING_QUEUES || t == SETTING_LABELS;
}

static void
value(struct buf *out, const struct setting *s, struct str v)
{
	if (s->type == SETTING_COUNT || s->type == SETTING_SIZE) {
		buf_put(out, v);
	} else if (is_list(s->type)) {
		buf_putc(out, '[');
		buf_quoted(out, v);
		buf_putc(out, ']');
	} else {
		buf_quoted(out, v);
	}
}

/* "# …", wrapped before column 100. */
static void
comment(struct buf *out, const char *indent, const char *text)
{
	struct str rest = str_c(text), word;
	size_t column = 0;

	while (str_word(&rest, &word)) {
		size_t n = utf8_width(word);

		if (column && column + 1 + n > 100) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (!column) {
			buf_printf(out, "%s#", indent);
			column = strlen(indent) + 1;
		}
		buf_putc(out, ' ');
		buf_put(out, word);
		column += n + 1;
	}
	buf_putc(out, '\n');
}

static void
explain(struct writer *w, const struct setting *s, const char *indent)
{
	size_t row = (size_t)(s - settings_table);
	AUTO(buf_fini) struct buf text = BUF_INIT;

	must(settings_count <= ARRAY_LEN(w->explained));
	if (w->explained[row])
		return;
	w->explained[row] = true;
	buf_puts(&text, s->about);
	if (s->fallback)
		buf_printf(&text, ". Default: %s", s->fallback);
	comment(w->out, indent, buf_cstr(&text));
}

static void
setting(struct writer *w, const struct setting *s, const struct given *g,
    const char *indent, bool off)
{
	explain(w, s, indent);
	buf_printf(w->out, "%s%s%s ", indent, g && !off ? "" : "#", s->name);
	if (g && g->list) {
		buf_putc(w->out, '[');
		for (size_t i = 0; i < g->list->n; i++) {
			if (i)
				buf_puts(w->out, ", ");
			buf_quoted(w->out, g->list->v[i]);
		}
		buf_putc(w->out, ']');
	} else {
		value(w->out, s,
		    g            ? g->value
		    : s->example ? str_c(s->example)
				 : str_c(s->fallback));
	}
	buf_puts(w->out, ";\n");
}

static const struct given *
find(const struct given *g, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(g[i].name, name) == 0 &&
		    (g[i].value.n || (g[i].list && g[i].list->n)))
			return &g[i];
	return NULL;
}

/* off: the whole block behind '#'. kind 0: a block without kinds. */
static void
block(struct writer *w, const char *type, struct str name, unsigned kind,
    const struct given *g, size_t ng, bool off)
{
	size_t n;
	const struct setting *s = settings_of(type, &n);

	buf_printf(w->out, "%s%s", off ? "#" : "", type);
	if (name.n) {
		buf_putc(w->out, ' ');
		buf_quoted(w->out, name);
	}
	buf_puts(w->out, " {\n");
	for (size_t i = 0; i < n; i++) {
		const struct given *x = find(g, ng, s[i].name);
		size_t row = (size_t)(&s[i] - settings_table);

		if (s[i].kind && s[i].kind != kind)
			continue;
		if (s[i].kinds && !(s[i].kinds & kind))
			continue;
		if (!x && w->explained[row])
			continue;
		setting(w, &s[i], x, "    ", off);
	}
	buf_printf(w->out, "%s}\n\n", off ? "#" : "");
}

static void
head(struct writer *w, const char *top, const char *name)
{
	size_t n;
	const struct setting *s = settings_of(top, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, name) == 0)
			explain(w, &s[i], "");
}

static void
top(struct writer *w, const struct answers *x)
{
	const struct given g[] = {
	    {.name = "data", .value = x->data},
	    {.name = "user", .value = x->user},
	    {.name = "group", .value = x->group},
	};
	size_t n;
	const struct setting *s = settings_of("", &n);

	buf_puts(w->out,
	    "# helpd.conf: what helpd(8) reads when it starts and when it is "
	    "reloaded; helpd.conf(5) says all about it.\n"
	    "# A name right behind a '#' is a setting with its default or an "
	    "example: take the '#' away to set it.\n"
	    "# After each change: helpd check, or helpd check --connect to "
	    "log in to every server, too.\n\n");
	for (size_t i = 0; i < n; i++)
		if (s[i].type != SETTING_BLOCK)
			setting(w, &s[i], find(g, ARRAY_LEN(g), s[i].name), "",
			    false);
	buf_putc(w->out, '\n');
}

static void
mailboxes(struct writer *w, const struct answers *x)
{
	struct given imap[] = {
	    {.name = "imap", .value = x->imap},
	    {.name = "user", .value = x->imap_user},
	    {.name = "password_file", .value = x->imap_password_file},
	    {.name = "queue", .value = S("support")},
	};
	struct given maildir[] = {
	    {.name = "maildir", .value = x->maildir},
	    {.name = "queue", .value = S("support")},
	};
	struct given sample[] = {
	    {.name = "maildir", .value = S("/var/mail/support")},
	};
	struct given spool[] = {
	    {.name = "spool", .value = S("/var/spool/helpd")},
	};

	head(w, "", "mailbox");
	block(w, "mailbox", S("support"), 1u << MAILBOX_IMAP, imap,
	    x->imap.n ? ARRAY_LEN(imap) : 0, !x->imap.n);
	if (x->maildir.n)
		block(w, "mailbox", x->imap.n ? S("local") : S("support"),
		    1u << MAILBOX_MAILDIR, maildir, ARRAY_LEN(maildir), false);
	else
		block(w, "mailbox", S("local"), 1u << MAILBOX_MAILDIR, sample,
		    1, true);
	block(w, "mailbox", S("deliver"), 1u << MAILBOX_SPOOL, spool, 1, true);
}

static void
transports(struct writer *w, const struct answers *x)
{
	struct given smtp[] = {
	    {.name = "smtp", .value = x->smtp},
	    {.name = "user", .value = x->smtp_user},
	    {.name = "password_file", .value = x->smtp_password_file},
	};
	struct given sendmail[] = {
	    {.name = "sendmail", .value = S("/usr/sbin/sendmail")},
	};
	struct given maildir[] = {
	    {.name = "maildir", .value = x->out_maildir},
	};
	struct given sample[] = {
	    {.name = "maildir", .value = S("/var/spool/helpd/out")},
	};

	head(w, "", "transport");
	block(w, "transport", S("default"), 1u << TRANSPORT_SMTP, smtp,
	    x->smtp.n ? ARRAY_LEN(smtp) : 0, !x->smtp.n);
	if (x->out_maildir.n)
		block(w, "transport", x->smtp.n ? S("out") : S("default"),
		    1u << TRANSPORT_MAILDIR, maildir, ARRAY_LEN(maildir),
		    false);
	block(w, "transport", S("local"), 1u << TRANSPORT_SENDMAIL, sendmail,
	    ARRAY_LEN(sendmail), true);
	if (!x->out_maildir.n)
		block(w, "transport", S("out"), 1u << TRANSPORT_MAILDIR, sample,
		    1, true);
}

void
config_write(struct buf *out, const struct answers *x)
{
	struct writer w = {.out = out};
	const struct given site[] = {
	    {.name = "address", .value = x->address},
	    {.name = "timezone", .value = x->timezone},
	    {.name = "languages", .list = &x->languages},
	    {.name = "trust", .value = x->trust},
	    {.name = "trust_authserv", .value = x->trust_authserv},
	};
	const struct given queue[] = {
	    {.name = "address", .value = x->address},
	    {.name = "sla", .value = S("standard")},
	};

	top(&w, x);
	head(&w, "", "site");
	block(&w, "site", x->site, 0, site, ARRAY_LEN(site), false);
	mailboxes(&w, x);
	transports(&w, x);
	head(&w, "", "queue");
	block(&w, "queue", S("support"), 0, queue, ARRAY_LEN(queue), false);
	head(&w, "", "tier");
	block(&w, "tier", S("vip"), 0, NULL, 0, true);
	head(&w, "", "limits");
	block(&w, "limits", S(""), 0, NULL, 0, false);
	head(&w, "", "encryption");
	block(&w, "encryption", S(""), 0, NULL, 0, true);
	head(&w, "", "alarms");
	block(&w, "alarms", S(""), 0, NULL, 0, false);
	head(&w, "", "heartbeat");
	block(&w, "heartbeat", S(""), 0, NULL, 0, true);
	head(&w, "", "webhook");
	block(&w, "webhook", S("ops"), 0, NULL, 0, true);
	head(&w, "", "classify");
	block(&w, "classify", S("queue"), 0, NULL, 0, true);
}

/* Not by rows: what stands there is an offer, and shows the whole of a ladder. */
void
config_write_sla(struct buf *out, const struct answers *x)
{
	struct str zone = x->timezone.n ? x->timezone : S("UTC");

	buf_puts(out,
	    "# sla.conf: what is promised to customers, and in which hours it "
	    "counts; helpd-sla(5) says all about it.\n"
	    "# helpd calendar NAME shows what comes of it. After each change: "
	    "helpd check, then helpd reload.\n\n"
	    "# working time. Service levels, agents' hours and rules name "
	    "it\n"
	    "calendar \"office\" {\n"
	    "    timezone ");
	buf_quoted(out, zone);
	buf_puts(out,
	    ";\n"
	    "    # monday to friday; a day named by itself has its own hours, "
	    "or "
	    "\"none\"\n"
	    "    weekdays [\"09:00-17:00\"];\n"
	    "    #friday [\"09:00-12:30\", \"13:30-16:00\"];\n"
	    "    #saturday [\"09:00-13:00\"];\n"
	    "    # dates, and .ics files in this directory\n"
	    "    #holidays [\"2026-12-25 Christmas\", "
	    "\"holidays/de.ics\"];\n"
	    "}\n\n"
	    "# the targets of each priority, in working time of the calendar. "
	    "A queue names it in helpd.conf: sla \"standard\";\n"
	    "sla \"standard\" {\n"
	    "    calendar \"office\";\n"
	    "    # when this share of a target's time is used, its agents are "
	    "warned. Default: 80%\n"
	    "    #warn \"80%\";\n"
	    "    # in these statuses clocks stand still, and these clocks do. "
	    "Default: resolution, while the customer is waited for\n"
	    "    #pause [\"pending\"];\n"
	    "    #pauses [\"resolution\"];\n\n"
	    "    # first_response: until somebody answers; next_response: from "
	    "the customer's next word until the next answer;\n"
	    "    # resolution: until it is resolved\n"
	    "    urgent { first_response \"15m\"; next_response \"30m\"; "
	    "resolution \"2h\"; }\n"
	    "    high   { first_response \"1h\";  next_response \"2h\";  "
	    "resolution \"8h\"; }\n"
	    "    normal { first_response \"4h\";  next_response \"8h\";  "
	    "resolution \"24h\"; }\n"
	    "    low    { first_response \"8h\";  next_response \"16h\"; "
	    "resolution \"48h\"; }\n\n"
	    "    # who missed a target is told; what else is done then, or "
	    "later. Each step is taken once\n"
	    "    escalate \"100%\" { notify [\"lead\"]; }\n"
	    "    #escalate \"150%\" { priority \"raise\"; tag \"late\"; }\n"
	    "    #escalate \"+4h\" { targets [\"resolution\"]; notify "
	    "[\"team\", \"lead\"]; }\n"
	    "}\n");
}

void
config_write_agents(struct buf *out, const struct answers *x)
{
	struct writer w = {.out = out};
	const struct given sample[] = {
	    {.name = "address", .value = S("anna@example.org")},
	};
	const struct given team[] = {
	    {.name = "members", .value = S("anna")},
	};

	buf_puts(out,
	    "# agents.conf: who works at the desk, and who may see and work "
	    "what; helpd-agents(5) says all about it.\n"
	    "# After each change: helpd check, then helpd reload.\n\n");
	head(&w, "agents.conf", "agent");
	for (size_t i = 0; i < x->agents.n; i++) {
		const struct given agent[] = {
		    {.name = "address", .value = x->agent_addresses.v[i]},
		};

		block(&w, "agent", x->agents.v[i], 0, agent, ARRAY_LEN(agent),
		    false);
	}
	if (!x->agents.n)
		block(
		    &w, "agent", S("anna"), 0, sample, ARRAY_LEN(sample), true);
	head(&w, "agents.conf", "team");
	block(&w, "team", S("first-line"), 0, team, ARRAY_LEN(team), true);
}
