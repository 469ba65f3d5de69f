/*
 * settings: what the admin decided, as far as tickets are concerned. app/config.h reads it from /etc/helpd.
 *
 * One immutable value a configuration; a reload makes a new one. Everything lives in the configuration's arena.
 */
#ifndef DESK_SETTINGS_H
#define DESK_SETTINGS_H

#include "desk/agent.h"
#include "desk/route_pick.h"
#include "mail/address.h"

struct queue {
	struct str name;
	struct address address;     /* the support address of this queue */
	struct str tag;             /* in subjects: [tag #N]; the site's when empty */
	struct str team, sla;
	struct str templates;       /* a subdirectory of templates/LANG/ to look in first; may be empty */
	int64_t reopen_within;      /* ms; default 14 days */
	struct str transport;       /* name; empty: the default one */
	struct str signature;       /* under answers; may be empty */
	bool acknowledge;           /* default true */
	enum strategy assign;       /* of its new tickets; STRATEGY_NONE: nobody gets them by himself */
	/* ms; 0: never. What waits: desk/wait.h */
	int64_t remind_after;       /* agents, of a ticket that waits for us */
	int64_t escalate_after;     /* those above, of a ticket where nothing happens */
	int64_t resolve_after;      /* after silence of the customer */
	int64_t warn_before;        /* and how long before the customer is told */
	int64_t close_after;        /* after it was resolved */
	/* ms; 0: never. How long what is over is kept: desk/purge.h */
	int64_t purge_after;        /* since it was closed */
	int64_t spam_purge_after;   /* since it was spam; 0: as purge_after */
	struct str copy;            /* the transport that puts copies of its mails into a folder of sent mail; empty: none */
	struct str copy_name;       /* and what people call that folder: "support/Sent" */
};

struct calendar;
struct rules;
struct sla_policy;

struct tier;
struct customers;

enum trust { TRUST_DMARC, TRUST_TOKEN };

/* A URL that is told what happens: desk/hook.h. How it is reached is app/config.h's. */
struct hook {
	struct str name;
	struct str url;
	unsigned events;            /* bits 1 << enum hook_event: at these it is posted to without a rule */
	bool text;                  /* with the words of customers and agents: subject and text; default true */
};

/* A field that is guessed from what was learned: desk/classify_ticket.h. */
struct classified {
	struct str name;            /* "queue", "priority", or a field's name */
	unsigned suggest, act;      /* percent, 1 to 100; act 0: never */
};

struct settings {
	/* site */
	struct str site;            /* "Acme": the tag in subjects */
	struct str name;            /* the site's name in full, for people; the tag when there is no other */
	struct strs old_tags;       /* still recognised */
	struct address address;     /* the default support address */
	struct str domain;          /* of our Message-IDs; the address's when not set */
	const char *timezone;       /* IANA name */
	struct strs languages;      /* the first is the default */
	bool plus_address;          /* Reply-To: support+N.TOKEN@…; default true */
	struct strs own_addresses;  /* every address that is ours: queues', mailboxes', further ones. Lower case */
	struct strs own_lists;      /* list addresses whose List-* and Precedence do not count */
	struct strs forms;          /* senders of form mail, whose Reply-To is the requester */
	struct strs trust_authserv; /* authserv-ids whose Authentication-Results count */
	enum trust trust;
	int64_t acknowledge_within; /* ms; older mail is never acknowledged; 0: no limit; default 48 h */

	/* limits: RELIABILITY's numbers are the defaults */
	unsigned auto_per_hour, auto_per_day; /* automatic mails to one address: 3, 10 */
	unsigned site_per_hour;     /* the breaker's floor: 1,000 */
	size_t message_size;        /* bytes; larger mail becomes a stub: 50 MiB */
	unsigned send_days;         /* give up on a mail that nobody takes: 5 */

	struct queue *queues;       /* at least one; the first is the default */
	size_t nqueues;
	struct staff staff;         /* agents.conf; empty when there is none */
	struct strs desk_addresses; /* all addresses of agents. Lower case */
	struct strs fields;         /* names a ticket's fields may have; empty: any */
	struct strs tags;           /* tags agents may set; empty: any */
	unsigned notices_per_hour;  /* to one agent; 120 */
	uint64_t notice_attachments;/* bytes of a customer's attachments carried along in a notice; 5 MiB */
	int64_t notice_within;      /* ms: how long a notice can be answered with its token; 90 days */
	bool reroute;               /* who goes away: his tickets without an answer get somebody else; default true */
	struct tier *tiers;         /* desk/customers.h */
	size_t ntiers;
	const struct customers *customers; /* customers.csv; NULL: none */
	int64_t confirm_within;     /* ms: how long something waits for #send; 3 days */

	/* sla.conf */
	struct calendar *calendars;
	size_t ncalendars;
	struct sla_policy *policies;
	size_t npolicies;
	bool waits;                 /* any queue has one of its times of waiting */
	uint64_t promises;          /* differs when anything of policies, or of what queues say of them and of waiting, does */

	/* retention: desk/purge.h, desk/tidy.h */
	int64_t purge_after, spam_purge_after; /* of queues that do not say it themselves */
	int64_t quarantine_after;   /* ms a mail lies in the quarantine; 0: for ever */
	struct strs keep_tags;      /* tickets with one of them are neither purged nor erased */
	bool retains;               /* anything is kept for a time only */

	struct hook *hooks;
	size_t nhooks;
	struct classified *classified;
	size_t nclassified;

	struct rules *rules;        /* rules.d (desk/rules.h); NULL: none */
	struct strs template_dirs;  /* looked into in order: the admin's, then the installed ones */
	uint64_t generation;        /* grows with each reload */
};

/* By name, or by a support address (plus-details ignored); NULL when there is none. */
const struct queue *settings_queue(const struct settings *s, struct str name);
const struct queue *settings_queue_by_address(const struct settings *s, struct str addr);
/* By name, ASCII case ignored; NULL. */
const struct calendar *settings_calendar(const struct settings *s, struct str name);
const struct sla_policy *settings_policy(const struct settings *s, struct str name);
/* Is this one of our own addresses (with any +detail)? */
bool settings_is_own(const struct settings *s, struct str addr);
/* Is this an agent's address? */
bool settings_is_desk(const struct settings *s, struct str addr);
/* The subject tag of a queue, and all tags ever (for subject_ticket()). */
struct str settings_tag(const struct settings *s, const struct queue *q);
struct strs settings_tags(struct arena *a, const struct settings *s);

#endif
