#include "app/verb.h"
#include "base/must.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

const struct verb verbs[] = {
    {"init", cmd_init,
	"[--dir DIR] [--site NAME] [--address ADDR] [--agent NAME=ADDR] …",
	"write a commented configuration"},
    {"check", cmd_check, "[--connect]",
	"read the whole configuration, report every error"},
    {"run", cmd_run, "[--once] [--no-sandbox]",
	"the daemon, in the foreground"},
    {"parse", cmd_parse, "FILE…", "what helpd reads in a mail, as JSON lines"},
    {"deliver", cmd_deliver,
	"[--channel NAME] [--sender ADDR] [--recipient ADDR]",
	"take one message on standard input"},
    {"render", cmd_render,
	"TEMPLATE [--data FILE.json] [--partials DIR] [--html|--text]",
	"a template with given or sample values"},
    {"sieve-test", cmd_sieve_test, "FILE…", "run tests of rules, TAP out"},
    {"list", cmd_list,
	"[--all] [--status S] [--queue Q] [--assignee A] [--requester ADDR] "
	"[--limit N]",
	"tickets, newest change first"},
    {"show", cmd_show, "N [--raw SEQ | --save DIR]",
	"one ticket with its whole history"},
    {"search", cmd_search, "WORDS…", "full text over subject, body, people"},
    {"reply", cmd_reply, "N [--message TEXT] [--status S]",
	"answer the customer"},
    {"note", cmd_note, "N [--message TEXT]", "an internal note"},
    {"set", cmd_set,
	"N [status=S] [priority=P] [queue=Q] [assignee=A] [subject=TEXT] "
	"[tag=+x,-y] [field.NAME=V] [requester=ADDR] [cc=+ADDR,-ADDR] "
	"[snooze=2d] [time=15m] [sla=NAME] [--notify] [--force]",
	"change a ticket"},
    {"merge", cmd_merge, "A B", "ticket A becomes part of ticket B"},
    {"split", cmd_split, "N ARTICLE", "a ticket of its own from one mail of N"},
    {"child", cmd_child,
	"N QUEUE SUBJECT [--message TEXT] [--requester ADDR] [--author NAME]",
	"a sub-ticket of N; its task on standard input"},
    {"link", cmd_link, "N M", "link two tickets"},
    {"unlink", cmd_unlink, "N M", "take their link away"},
    {"kb", cmd_kb,
	"[list [--all] | show N [--version V] | add TITLE | edit N | publish N "
	"| withdraw N | search WORDS]",
	"the knowledge base"},
    {"calendar", cmd_calendar, "[NAME [--from TIME]] [--add DURATION]",
	"working time, holidays and due times of a calendar"},
    {"agents", cmd_agents,
	"[list | away NAME [[until] WHEN] [--reroute] | back NAME]",
	"who is there, and what each has"},
    {"why", cmd_why, "N", "what led to the ticket's present state"},
    {"replay", cmd_replay, "[--since 30d] [--rules DIR]",
	"which tickets the rules, as they are now, would make differently"},
    {"classify", cmd_classify,
	"N | --train [--since 2y] | --evaluate [FIELD] [--since 2y] "
	"[--csv FILE] | --forget FIELD",
	"what was learned of earlier tickets"},
    {"outbox", cmd_outbox, "[list | show ID | retry ID… | drop ID…]",
	"what waits to be sent"},
    {"quarantine", cmd_quarantine, "[list | show ID | retry ID… | release ID…]",
	"what could not be parsed"},
    {"verify", cmd_verify, "[--before TIME]",
	"check every invariant over the whole store"},
    {"backup", cmd_backup, "DIR", "a hot copy of the store"},
    {"restore", cmd_restore, "DIR [--force]", "put a backup in place"},
    {"keys", cmd_keys, "[list | rotate [--force]]",
	"the keys that sign ticket numbers"},
    {"export", cmd_export, "ADDRESS [DIR]",
	"all that is kept of a person, as mbox and JSON lines"},
    {"erase", cmd_erase, "ADDRESS [--yes] [--force] | --continue",
	"erase a person from the store"},
    {"vault", cmd_vault, "[status | init | seal | rewrap KEYFILE]",
	"the keys that stored mail is sealed with"},
    {"status", cmd_status, "[--metrics]", "health, mailboxes, queues, lag"},
    {"stop", cmd_stop, "", "end the daemon when what it has begun is done"},
    {"reload", cmd_reload, "", "make the daemon read its configuration again"},
    {"help", cmd_help, "[VERB|commands]",
	"this list, one verb's usage, or the #commands of agents"},
    {"version", cmd_version, "", "the version, and of what it is built"},
    {NULL, NULL, NULL, NULL},
};

int
verb_fail(const struct verb_context *c, int status, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf msg = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	fprintf(stderr, "helpd: %s: %s\n", c->name, buf_cstr(&msg));
	return status;
}

int
verb_err(const struct verb_context *c, const struct err *err)
{
	return verb_fail(c, err_exit(err->code), "%s", err->msg);
}

int
verb_usage(const struct verb_context *c)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, c->name) == 0)
			fprintf(
			    stderr, "usage: helpd %s %s\n", v->name, v->usage);
	return EX_USAGE;
}

bool
verb_ticket(const char *s, uint64_t *n)
{
	struct str v = str_c(s);

	return str_u64(str_starts(v, S("#")) ? str_from(v, 1) : v, n) && *n;
}
