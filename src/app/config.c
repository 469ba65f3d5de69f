/*
 * helpd.conf, from text to struct config. The settings are in config_table.c,
 * their values in config_value.c, blocks in config_block.c; here is what must
 * agree with what.
 */
#include "app/config.h"
#include "app/config_alarms.h"
#include "app/config_block.h"
#include "app/config_customers.h"
#include "app/config_outward.h"
#include "app/config_retain.h"
#include "app/config_rules.h"
#include "app/config_sla.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

struct mailbox_block {
	struct mailbox m;
	struct block b;
	const struct command *at;
};
struct transport_block {
	struct transport t;
	struct block b;
	const struct command *at;
};
struct queue_block {
	struct queue q;
	struct block b;
	const struct command *at;
};

struct reading {
	struct config *c;
	struct arena *a;
	struct complaints *bad;
	struct value_reader values;
	const char *dir;   /* as given */
	struct place file; /* its first character */
	struct block top, site, limits;
	struct mailbox_block **mailboxes; /* in the order of the file */
	size_t nmailboxes;
	struct transport_block **transports;
	size_t ntransports;
	struct queue_block **queues;
	size_t nqueues;
	struct outward *outward;
	struct alarm_blocks *watch;
	struct tiers tiers;
};

static void
read_site(struct reading *r, const struct command *c)
{
	struct settings *s = &r->c->settings;

	s->name = block_name(&r->values, c, SETTING_TAG);
	block_read(&r->values, &r->site, c, s);
	if (!s->site.n)
		s->site = s->name;
	block_judge(&r->values, &r->site, c);
}

static void
read_mailbox(struct reading *r, const struct command *c)
{
	struct mailbox_block *x = arena_new(r->a, struct mailbox_block);

	x->b = block_of("mailbox");
	x->at = c;
	x->m = (struct mailbox){.at = c->at,
	    .channel = S("mail"),
	    .poll = 60 * CLOCK_SECOND,
	    .timeout = 60 * CLOCK_SECOND};
	x->m.name = block_name(&r->values, c, SETTING_NAME);
	block_read(&r->values, &x->b, c, &x->m);
	for (unsigned k = 0; k < 3; k++)
		if (x->b.kind == 1u << k)
			x->m.kind = (enum mailbox_kind)k;
	block_judge(&r->values, &x->b, c);
	ADD(r->a, r->mailboxes, r->nmailboxes, x);
}

static void
read_transport(struct reading *r, const struct command *c)
{
	struct transport_block *x = arena_new(r->a, struct transport_block);

	x->b = block_of("transport");
	x->at = c;
	x->t = (struct transport){.at = c->at, .timeout = 120 * CLOCK_SECOND};
	x->t.name = block_name(&r->values, c, SETTING_NAME);
	block_read(&r->values, &x->b, c, &x->t);
	for (unsigned k = 0; k < 3; k++)
		if (x->b.kind == 1u << k)
			x->t.kind = (enum transport_kind)k;
	block_judge(&r->values, &x->b, c);
	ADD(r->a, r->transports, r->ntransports, x);
}

/* The customer is told in time, or never. */
static void
judge_silence(struct reading *r, struct queue_block *x)
{
	const struct command *c = block_value(&x->b, "warn_before");
	struct queue *q = &x->q;

	if (!c)
		q->warn_before = MIN(2 * CLOCK_DAY, q->resolve_after / 2);
	else if (!block_set(&x->b, "resolve_after"))
		complain_warning(r->a, r->bad, c->at,
		    "warn_before is of no use without resolve_after");
	else if (block_value(&x->b, "resolve_after") &&
		 q->warn_before >= q->resolve_after)
		wrong(r, value_at(c),
		    "warn_before must be shorter than resolve_after");
}

static void
read_queue(struct reading *r, const struct command *c)
{
	struct queue_block *x = arena_new(r->a, struct queue_block);

	x->b = block_of("queue");
	x->at = c;
	x->q = (struct queue){.reopen_within = 14 * CLOCK_DAY,
	    .acknowledge = true,
	    .purge_after = -1,
	    .spam_purge_after = -1};
	x->q.name = block_name(&r->values, c, SETTING_NAME);
	block_read(&r->values, &x->b, c, &x->q);
	block_judge(&r->values, &x->b, c);
	judge_silence(r, x);
	ADD(r->a, r->queues, r->nqueues, x);
}

/* Exactly one way to the key. */
static void
read_encryption(struct reading *r, const struct command *c)
{
	struct encryption *e = &r->c->encryption;
	struct block b = block_of("encryption");

	if (c->nargs)
		wrong(r, c->args[0].at, "encryption has no name: expected '{'");
	*e = (struct encryption){.on = true, .at = c->at, .new_mail = true};
	block_read(&r->values, &b, c, e);
	block_judge(&r->values, &b, c);
	if (!!block_set(&b, "key_file") + !!block_set(&b, "key_command") +
		!!block_set(&b, "credential") !=
	    1)
		wrong(r, c->at,
		    "encryption needs one of key_file, key_command and "
		    "credential");
}

static void
read_top(struct reading *r, const struct command *c)
{
	size_t at;
	const struct setting *s = block_row(&r->values, &r->top, c, &at);

	if (!s)
		return;
	r->top.set[at] = c;
	if (s->type != SETTING_BLOCK) {
		setting_read(&r->values, s, c, r->c);
	} else if (strcmp(s->name, "site") == 0) {
		read_site(r, c);
	} else if (strcmp(s->name, "limits") == 0) {
		if (c->nargs)
			wrong(r, c->args[0].at,
			    "limits has no name: expected '{'");
		block_read(&r->values, &r->limits, c, &r->c->settings);
	} else if (strcmp(s->name, "encryption") == 0) {
		read_encryption(r, c);
	} else if (strcmp(s->name, "alarms") == 0) {
		alarm_blocks_alarms(&r->values, r->watch, c);
	} else if (strcmp(s->name, "heartbeat") == 0) {
		alarm_blocks_heartbeat(&r->values, r->watch, c);
	} else if (!block_room(&r->values, &r->top, c)) {
		return;
	} else if (strcmp(s->name, "mailbox") == 0) {
		read_mailbox(r, c);
	} else if (strcmp(s->name, "transport") == 0) {
		read_transport(r, c);
	} else if (strcmp(s->name, "tier") == 0) {
		tier_read(&r->values, &r->tiers, c);
	} else if (strcmp(s->name, "webhook") == 0) {
		outward_webhook(&r->values, r->outward, c);
	} else if (strcmp(s->name, "classify") == 0) {
		outward_classify(&r->values, r->outward, c);
	} else {
		read_queue(r, c);
	}
}

/* Exactly one way to a password, where there is someone to log in. */
static void
judge_login(struct reading *r, const struct block *b, const struct command *at,
    bool *xoauth2)
{
	static const char *const ways[] = {"password_file", "password_command",
	    "credential", "oauth2_token_command"};
	const struct command *user = block_set(b, "user"), *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		const struct command *c = block_set(b, ways[i]), *second;

		if (!c)
			continue;
		if (!first) {
			first = c;
			continue;
		}
		/* Commands of one block lie in one array, in their order. */
		second = c > first ? c : first;
		first = c > first ? first : c;
		wrong(r, second->at,
		    "one password is enough: %.*s stands at line %u already",
		    STR_ARG(first->name), first->at.line);
	}
	*xoauth2 = block_set(b, "oauth2_token_command") != NULL;
	if (user && !first)
		wrong(r, user->at,
		    "a user needs password_file, password_command, credential "
		    "or oauth2_token_command");
	else if (first && !user)
		wrong(r, first->at, "%.*s needs a user to go with it",
		    STR_ARG(first->name));
	else if (!user && strcmp(b->type, "mailbox") == 0)
		wrong(r, at->at, "an imap mailbox needs a user");
}

static void
judge_after(struct reading *r, struct mailbox_block *x)
{
	const struct command *c = block_value(&x->b, "after");
	struct mailbox *m = &x->m;

	if (!c) {
		m->after = m->kind == MAILBOX_IMAP      ? AFTER_SEEN
			   : m->kind == MAILBOX_MAILDIR ? AFTER_CUR
							: AFTER_DELETE;
		return;
	}
	if (m->kind == MAILBOX_IMAP && m->after == AFTER_CUR)
		wrong(r, value_at(c),
		    "after: \"cur\" is for Maildirs; an imap "
		    "mailbox has \"seen\", \"keyword:NAME\", "
		    "\"move:FOLDER\" and \"delete\"");
	if (m->kind != MAILBOX_MAILDIR)
		return;
	if (m->after == AFTER_SEEN || m->after == AFTER_KEYWORD)
		wrong(r, value_at(c),
		    "after: a maildir has \"cur\", "
		    "\"move:DIR\" and \"delete\"");
	if (m->after == AFTER_MOVE && m->after_arg.n &&
	    m->after_arg.p[0] != '/')
		wrong(r, value_at(c),
		    "after: expected \"move:\" and the whole path of a "
		    "Maildir");
	if (m->after == AFTER_MOVE && str_eq(m->after_arg, m->path))
		wrong(r, value_at(c),
		    "after: the mail cannot move to where it is");
}

/* Which of its folders are read, as mail that came in and as mail that was
 * sent. */
static void
judge_folders(struct reading *r, struct mailbox_block *x)
{
	struct mailbox *m = &x->m;
	const struct command *sent = block_value(&x->b, "sent_folders");
	const struct command *copy = block_value(&x->b, "copy");
	const struct command *c = block_value(&x->b, "folders");

	if (c && m->folders.n == 1 && str_eq(m->folders.v[0], S("none"))) {
		m->folders.n = 0;
		if (!sent)
			wrong(r, value_at(c),
			    "folders \"none\" goes with sent_folders");
	} else if (!m->folders.n) {
		strs_add(r->a, &m->folders, S("INBOX"));
	}
	for (size_t i = 0; sent && i < m->sent_folders.n; i++)
		if (strs_has(&m->folders, m->sent_folders.v[i]))
			wrong(r, value_in(sent, m->sent_folders.v[i]),
			    "sent_folders: %.*s is among the folders of mail "
			    "that comes in",
			    STR_ARG(m->sent_folders.v[i]));
	if (copy && strs_has(&m->folders, m->copy))
		wrong(r, value_at(copy),
		    "copy: %.*s is among the folders of mail that comes in",
		    STR_ARG(m->copy));
}

static bool
reads(const struct mailbox *m, struct str folder)
{
	return strs_has(&m->folders, folder) ||
	       strs_has(&m->sent_folders, folder);
}

/* What an earlier mailbox reads already. */
static void
judge_source(struct reading *r, size_t i)
{
	const struct mailbox_block *x = r->mailboxes[i];
	const struct mailbox *m = &x->m;

	for (size_t k = 0; k < i; k++) {
		const struct mailbox *o = &r->mailboxes[k]->m;
		bool same = false;

		if (!x->b.kind || r->mailboxes[k]->b.kind != x->b.kind)
			continue;
		if (m->kind != MAILBOX_IMAP) {
			same = str_eq(m->path, o->path) ||
			       (m->path.n && str_eq(m->path, o->sent)) ||
			       (m->sent.n && (str_eq(m->sent, o->path) ||
						 str_eq(m->sent, o->sent)));
		} else if (str_ieq(m->host, o->host) && m->port == o->port &&
			   str_eq(m->user, o->user)) {
			for (size_t f = 0; f < m->folders.n; f++)
				same |= reads(o, m->folders.v[f]);
			for (size_t f = 0; f < m->sent_folders.n; f++)
				same |= reads(o, m->sent_folders.v[f]);
		}
		if (same && m->host.n + m->path.n)
			wrong(r, x->at->at,
			    "mailbox \"%.*s\" reads the same as mailbox "
			    "\"%.*s\" at line %u",
			    STR_ARG(m->name), STR_ARG(o->name),
			    r->mailboxes[k]->at->at.line);
	}
}

static void
judge_queue(struct reading *r, size_t i, const struct strs *transports)
{
	struct queue_block *x = r->queues[i];
	const struct command *c = block_set(&x->b, "address");
	const struct settings *s = &r->c->settings;

	judge_reference(&r->values, &x->b, "transport", "transport",
	    x->q.transport, transports);
	if (!c) {
		x->q.address = s->address;
		return;
	}
	for (size_t k = 0; k < i; k++)
		if (block_set(&r->queues[k]->b, "address") &&
		    address_eq(r->queues[k]->q.address.addr, x->q.address.addr))
			complain_warning(r->a, r->bad, value_at(c),
			    "queue \"%.*s\" has this address too, and gets the "
			    "mail to it",
			    STR_ARG(r->queues[k]->q.name));
}

static void
judge(struct reading *r)
{
	struct strs mailboxes = {0}, transports = {0}, queues = {0};

	for (size_t i = 0; i < r->top.nrows; i++)
		if (r->top.rows[i].required && !r->top.set[i] &&
		    !r->top.meant[i])
			wrong(r, r->file, "there is no %s: expected %s %s{ … }",
			    r->top.rows[i].name, r->top.rows[i].name,
			    "\"NAME\" ");
	for (size_t i = 0; i < r->ntransports; i++) {
		struct transport_block *x = r->transports[i];

		judge_name(&r->values, x->at, x->t.name, &transports);
		if (x->b.kind == 1u << TRANSPORT_SMTP)
			judge_login(r, &x->b, x->at, &x->t.xoauth2);
	}
	for (size_t i = 0; i < r->nqueues; i++) {
		judge_name(&r->values, r->queues[i]->at, r->queues[i]->q.name,
		    &queues);
		judge_queue(r, i, &transports);
	}
	if (!r->nqueues)
		strs_add(r->a, &queues, S("support"));
	for (size_t i = 0; i < r->nmailboxes; i++) {
		struct mailbox_block *x = r->mailboxes[i];

		judge_name(&r->values, x->at, x->m.name, &mailboxes);
		if (str_eq(x->m.name, S("deliver")) &&
		    x->b.kind & ~(1u << MAILBOX_SPOOL))
			wrong(r, value_at(x->at),
			    "the name deliver is kept for the spool of helpd "
			    "deliver");
		judge_reference(
		    &r->values, &x->b, "queue", "queue", x->m.queue, &queues);
		if (x->b.kind == 1u << MAILBOX_IMAP) {
			judge_login(r, &x->b, x->at, &x->m.xoauth2);
			judge_folders(r, x);
		}
		if (x->b.kind)
			judge_after(r, x);
		judge_source(r, i);
	}
}

static void
own(struct reading *r, struct str addr)
{
	struct strs *l = &r->c->settings.own_addresses;
	struct str key;

	if (!addr.n)
		return;
	key = address_key(r->a, addr);
	if (!strs_has(l, key))
		strs_add(r->a, l, key);
}

/* Is it the mailbox of another queue than q? */
static bool
is_of_other(
    const struct config *c, const struct mailbox *m, const struct queue *q)
{
	if (m->queue.n)
		return !str_eq(m->queue, q->name);
	for (size_t i = 0; i < c->settings.nqueues; i++)
		if (address_eq(c->settings.queues[i].address.addr, m->user))
			return !address_eq(q->address.addr, m->user);
	return false;
}

/*
 * Where copies of a queue's mails go: into the mailbox that names the queue,
 * else into the one whose user is its address, else into the first that is of
 * no other queue.
 */
static const struct transport *
copy_of(const struct config *c, const struct queue *q)
{
	for (size_t i = 0; i < c->ncopies; i++)
		if (str_eq(c->copies[i].mailbox->queue, q->name))
			return &c->copies[i];
	for (size_t i = 0; i < c->ncopies; i++)
		if (address_eq(c->copies[i].mailbox->user, q->address.addr))
			return &c->copies[i];
	for (size_t i = 0; i < c->ncopies; i++)
		if (!is_of_other(c, c->copies[i].mailbox, q))
			return &c->copies[i];
	return NULL;
}

/* A Maildir of sent mail is a source of its own. */
static void
add_sent(struct reading *r, const struct mailbox *of)
{
	struct config *c = r->c;
	struct mailbox *m = &c->mailboxes[c->nmailboxes++];

	*m = *of;
	m->name = arena_printf(r->a, "%.*s/sent", STR_ARG(of->name));
	m->path = of->sent;
	m->sent = str_n(NULL, 0);
	m->sent_only = true;
	m->after = AFTER_CUR;
}

static void
gather_copies(struct reading *r)
{
	struct config *c = r->c;

	c->copies = arena_array(r->a, struct transport, c->nmailboxes + 1);
	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *m = &c->mailboxes[i];

		if (m->kind != MAILBOX_IMAP || !m->copy.n)
			continue;
		c->copies[c->ncopies++] = (struct transport){
		    .name = arena_printf(r->a, "copy:%.*s", STR_ARG(m->name)),
		    .at = m->at,
		    .kind = TRANSPORT_COPY,
		    .timeout = m->timeout,
		    .mailbox = m,
		};
	}
	for (size_t i = 0; i < c->settings.nqueues; i++) {
		struct queue *q = &c->settings.queues[i];
		const struct transport *t = copy_of(c, q);

		if (!t)
			continue;
		q->copy = t->name;
		q->copy_name = arena_printf(r->a, "%.*s/%.*s",
		    STR_ARG(t->mailbox->name), STR_ARG(t->mailbox->copy));
	}
}

/* The finished value: blocks into arrays, and what follows from what was said.
 */
static void
gather(struct reading *r)
{
	struct config *c = r->c;
	struct settings *s = &c->settings;
	bool spool = false;

	if (!s->address.name.n)
		s->address.name = s->name;
	own(r, s->address.addr);
	c->transports = arena_array(r->a, struct transport, r->ntransports);
	for (size_t i = 0; i < r->ntransports; i++)
		c->transports[c->ntransports++] = r->transports[i]->t;
	s->queues = arena_array(r->a, struct queue, r->nqueues + 1);
	for (size_t i = 0; i < r->nqueues; i++) {
		struct queue *q = &s->queues[s->nqueues++];

		*q = r->queues[i]->q;
		if (q->purge_after < 0)
			q->purge_after = s->purge_after;
		if (q->spam_purge_after < 0)
			q->spam_purge_after = s->spam_purge_after;
		if (!q->address.name.n)
			q->address.name = s->name;
		own(r, q->address.addr);
	}
	if (!s->nqueues)
		s->queues[s->nqueues++] = (struct queue){.name = S("support"),
		    .address = s->address,
		    .reopen_within = 14 * CLOCK_DAY,
		    .acknowledge = true,
		    .purge_after = s->purge_after,
		    .spam_purge_after = s->spam_purge_after};
	c->mailboxes = arena_array(r->a, struct mailbox, 2 * r->nmailboxes + 1);
	for (size_t i = 0; i < r->nmailboxes; i++) {
		const struct mailbox *m = &r->mailboxes[i]->m;
		struct address x;

		c->mailboxes[c->nmailboxes++] = *m;
		spool |= m->kind == MAILBOX_SPOOL;
		/* The account of an agent whose sent mail alone is read is
		 * not the desk's. */
		if (m->kind == MAILBOX_IMAP && m->user.n && m->folders.n &&
		    address_parse_one(r->a, m->user, &x))
			own(r, x.addr);
		if (m->kind == MAILBOX_MAILDIR && m->sent.n)
			add_sent(r, m);
	}
	if (!spool)
		c->mailboxes[c->nmailboxes++] =
		    (struct mailbox){.name = S("deliver"),
			.kind = MAILBOX_SPOOL,
			.channel = S("mail"),
			.after = AFTER_DELETE,
			.begin = BEGIN_ALL};
	if (!s->domain.n)
		s->domain = address_domain(s->address.addr);
	if (!s->languages.n)
		strs_add(r->a, &s->languages, S("en"));
	gather_copies(r);
	outward_finish(&r->values, r->outward, c);
	for (size_t i = 0; i < s->nqueues; i++)
		retain_judge_queue(&r->values,
		    r->nqueues ? &r->queues[i]->b : NULL, &r->site, s,
		    &s->queues[i]);
	retain_judge_site(&r->values, &r->site, s);
	alarm_blocks_finish(&r->values, r->watch, c);
}

/* An answer of an agent goes out at once only when his mail shows that it is his; where nothing can show that, nobody should have to find out why all waits. */
static void
judge_trust(struct reading *r)
{
	const struct settings *s = &r->c->settings;
	const struct command *site = block_set(&r->top, "site");
	bool all_sign = true;

	for (size_t i = 0; i < s->staff.nagents; i++)
		all_sign &= s->staff.agents[i].has_certificate;
	if (!site || all_sign || s->trust != TRUST_DMARC ||
	    s->trust_authserv.n || block_set(&r->site, "trust_authserv"))
		return;
	complain_warning(r->a, r->bad, site->at,
	    "nothing tells an agent's mail from a forged one, so every answer "
	    "of an agent waits until he confirms it with #send; set "
	    "trust_authserv to the name that your mail server writes into "
	    "Authentication-Results, or, where it writes none, trust "
	    "\"token\";");
}

/* The staff, and what of helpd.conf refers to it. */
static void
read_agents(struct reading *r, const struct sla_file *sla)
{
	struct settings *s = &r->c->settings;
	struct strs teams = {0};

	agents_read(&r->values, path_join(r->a, r->dir, "agents.conf"), s,
	    sla_there(sla) ? sla_calendars(sla) : NULL, &teams);
	for (size_t i = 0; i < r->nqueues; i++) {
		const struct queue_block *x = r->queues[i];
		const struct command *c = block_value(&x->b, "team");

		if (teams.n)
			judge_reference(&r->values, &x->b, "team", "team",
			    x->q.team, &teams);
		else if (c && s->staff.nagents)
			complain_warning(r->a, r->bad, value_at(c),
			    "agents.conf has no team \"%.*s\": every agent "
			    "may work this queue",
			    STR_ARG(x->q.team));
	}
	judge_trust(r);
}

/* What is promised, and what of helpd.conf and agents.conf refers to it. */
static void
judge_promises(struct reading *r, struct sla_file *f)
{
	for (size_t i = 0; i < r->nqueues; i++) {
		const struct queue_block *x = r->queues[i];
		const struct command *c = block_value(&x->b, "sla");

		if (sla_there(f))
			judge_reference(&r->values, &x->b, "sla", "sla",
			    x->q.sla, sla_policies(f));
		else if (c)
			complain_warning(r->a, r->bad, value_at(c),
			    "there is no sla.conf: nothing is promised in "
			    "this queue (helpd init writes one)");
	}
	sla_judge(f);
}

/* Where the installed files are; a program that was built but not installed finds them where it was built from. */
static const char *
share_dir(void)
{
	const char *share = getenv("HELPD_SHARE");

	if (share && *share)
		return share;
	if (access(PKGDATADIR "/templates", F_OK) < 0 &&
	    access(SOURCEDIR "/templates", F_OK) == 0)
		return SOURCEDIR;
	return PKGDATADIR;
}

static void
template_dirs(struct reading *r)
{
	struct config *c = r->c;
	const char *share = share_dir(), *mine;
	const struct command *set = block_set(&r->top, "templates");
	struct stat st;

	mine = c->templates.n ? arena_cstr(r->a, c->templates)
			      : path_join(r->a, r->values.dir, "templates");
	if (stat(mine, &st) == 0 && S_ISDIR(st.st_mode))
		strs_add(r->a, &c->settings.template_dirs, str_c(mine));
	else if (set && c->templates.n)
		wrong(r, value_at(set), "templates: there is no directory %s",
		    mine);
	c->templates = str_c(mine);
	strs_add(r->a, &c->settings.template_dirs,
	    str_c(path_join(r->a, share, "templates")));
}

static void
defaults(struct config *c)
{
	static atomic_uint_fast64_t generation;
	struct settings *s = &c->settings;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	c->data = S("/var/lib/helpd");
	c->user = c->group = S("helpd");
	c->map_size = UINT64_C(1) << 40;
	c->workers = cores < 1 ? 1 : cores > 4 ? 4 : (unsigned)cores;
	s->timezone = "UTC";
	s->plus_address = true;
	s->reroute = true;
	s->acknowledge_within = 48 * CLOCK_HOUR;
	s->auto_per_hour = 3;
	s->auto_per_day = 10;
	s->site_per_hour = 1000;
	s->message_size = 50 << 20;
	s->send_days = 5;
	s->notices_per_hour = 120;
	s->notice_attachments = 5 << 20;
	s->notice_within = 90 * CLOCK_DAY;
	s->confirm_within = 3 * CLOCK_DAY;
	s->generation = atomic_fetch_add(&generation, 1) + 1;
}

/* The daemon may go elsewhere: paths are whole from here on. */
static struct str
whole_path(struct arena *a, const char *dir)
{
	char cwd[PATH_MAX];

	if (*dir == '/' || !getcwd(cwd, sizeof cwd))
		return arena_dup(a, str_c(dir));
	return str_c(path_join(a, cwd, dir));
}

int
config_load(const char *dir, struct config **out, struct complaints *bad)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct config *c = mem_new(sizeof *c);
	struct reading r = {.c = c, .a = &c->arena, .bad = bad, .dir = dir};
	size_t before = bad->errors;
	struct sla_file *sla;
	struct script script;
	struct err err = ERR_INIT;
	char *path;

	*out = c;
	defaults(c);
	c->dir = whole_path(r.a, dir);
	path = path_join(r.a, dir, "helpd.conf");
	r.file = (struct place){path, 1, 1};
	r.values = (struct value_reader){r.a, bad, c->dir.p};
	r.top = block_of("");
	r.site = block_of("site");
	r.limits = block_of("limits");
	r.outward = outward_new(r.a);
	r.watch = alarm_blocks_new(r.a);
	if (file_read(path, CONFIG_MAX, &text, &err) < 0) {
		wrong(&r, r.file, "cannot be read: %s%s", err.msg,
		    err.code == ERR_NOENT ? " (helpd init writes one)" : "");
		template_dirs(&r);
		return -1;
	}
	syntax_parse(r.a, path, buf_str(&text), &script, bad);
	syntax_plain(r.a, &script, bad);
	for (size_t i = 0; i < script.n; i++)
		read_top(&r, &script.commands[i]);
	judge(&r);
	gather(&r);
	sla =
	    sla_read(&r.values, path_join(r.a, dir, "sla.conf"), &c->settings);
	read_agents(&r, sla);
	judge_promises(&r, sla);
	customers_read(&r.values, path_join(r.a, dir, "customers.csv"),
	    &r.tiers, &c->settings);
	template_dirs(&r);
	rules_read(r.a, path_join(r.a, dir, "rules.d"), &c->settings,
	    &c->settings.rules, bad);
	complaints_sort(bad);
	return bad->errors > before ? -1 : 0;
}

void
config_free(struct config **c)
{
	struct arena a;

	if (!*c)
		return;
	rules_free(&(*c)->settings.rules);
	a = (*c)->arena;
	arena_fini(&a);
	mem_free(*c);
	*c = NULL;
}

enum begin
mailbox_begin(const struct mailbox *m, bool sent)
{
	return sent && m->begin != BEGIN_ALL ? BEGIN_NOW : m->begin;
}

const struct transport *
config_copy(const struct config *c, struct str name)
{
	for (size_t i = 0; i < c->ncopies; i++)
		if (str_eq(c->copies[i].name, name))
			return &c->copies[i];
	return NULL;
}

const struct transport *
config_hook(const struct config *c, struct str name)
{
	for (size_t i = 0; i < c->nhooks; i++)
		if (str_eq(c->hooks[i].name, name))
			return &c->hooks[i];
	return NULL;
}

const struct transport *
config_transport(const struct config *c, struct str name)
{
	for (size_t i = 0; i < c->ntransports; i++)
		if (name.n == 0 || str_eq(c->transports[i].name, name))
			return &c->transports[i];
	return NULL;
}
