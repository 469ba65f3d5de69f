/*
 * ticket: tickets, their articles and their history, as rows.
 *
 * The rows are values: get, change, put. ticket_put() keeps the secondary indexes in step. What a change
 * means, and which event it makes, is decided in desk/.
 */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include "mail/message.h"
#include "store/store.h"

/* The closed vocabularies; the names are what users write and read. Numbers are stored: never renumber. */
#define STATUSES(X) \
	X(1, NEW, "new") X(2, OPEN, "open") X(3, PENDING, "pending") X(4, HOLD, "hold") \
	X(5, RESOLVED, "resolved") X(6, CLOSED, "closed") X(7, SPAM, "spam") X(8, MERGED, "merged")
#define PRIORITIES(X) X(1, LOW, "low") X(2, NORMAL, "normal") X(3, HIGH, "high") X(4, URGENT, "urgent")
#define X_ENUM_STATUS(n, id, name) STATUS_##id = n,
enum status { STATUS_NONE, STATUSES(X_ENUM_STATUS) STATUS_COUNT };
#define X_ENUM_PRIORITY(n, id, name) PRIORITY_##id = n,
enum priority { PRIORITY_NONE, PRIORITIES(X_ENUM_PRIORITY) PRIORITY_COUNT };
const char *status_name(enum status s);
const char *priority_name(enum priority p);
bool status_parse(struct str s, enum status *out); /* ASCII case ignored */
bool priority_parse(struct str s, enum priority *out);
static inline bool
status_is_active(enum status s)
{
	return s >= STATUS_NEW && s <= STATUS_HOLD;
}

enum link_kind { LINK_RELATED = 1, LINK_FOLLOWS, LINK_FOLLOWED_BY, LINK_PARENT, LINK_CHILD, LINK_MERGED_FROM, LINK_SPLIT };
struct link {
	uint64_t ticket;
	enum link_kind kind;
};
struct field {
	struct str name, value;
};

enum role { ROLE_REQUESTER = 1, ROLE_TO, ROLE_CC, ROLE_PROPOSED /* named by a later mail; sees nothing until an agent says so */ };
struct participant {
	struct address address;
	enum role role;
};

struct ticket {
	uint64_t id;               /* the number in the subject; 0: not stored yet */
	struct str subject;        /* without tags and reply prefixes */
	enum status status;
	enum priority priority;
	struct str queue, assignee, channel, language;
	struct address requester;
	struct participant *participants; /* the requester is one of them */
	size_t nparticipants;
	int64_t created, updated;
	int64_t resolved, closed;  /* CLOCK_NONE when it is not */
	int64_t first_response;    /* of a person; CLOCK_NONE */
	int64_t customer_wrote, agent_wrote; /* last time; CLOCK_NONE */
	struct strs tags;
	struct field *fields;
	size_t nfields;
	struct link *links;
	size_t nlinks;
	uint64_t merged_into;      /* 0 */
	uint32_t articles, events; /* the last seq given */
	uint32_t reopens;
	bool acknowledged;         /* one acknowledgement a ticket */
	struct str extra;          /* a record of what later parts keep with the ticket (clocks, survey) */
	uint64_t key;              /* of the vault, that subject and fields are sealed with; 0: ticket_put() sees to it (store/sealed.h) */
	struct str sealed;         /* what could not be opened, because the key is missing; it is put back as it is */
};

/* A ticket's number is given by the first put of id 0. */
void ticket_put(struct txn *t, struct ticket *k);
int ticket_get(struct txn *t, struct arena *a, uint64_t id, struct ticket *out);
/* The tickets that were put in this transaction since the last call, each once, in the order of their numbers; in the arena. How many. */
size_t ticket_touched(struct txn *t, struct arena *a, uint64_t **ids);
/* The highest number given so far; 0: none. 0, -1. */
int ticket_last(struct txn *t, uint64_t *id);

/* Lists newest change first. Zero or empty means any. */
struct ticket_filter {
	uint32_t statuses;         /* bit 1 << enum status; 0: any */
	struct str queue, assignee, requester; /* requester: an address key */
	uint64_t after;            /* continue behind this ticket */
	size_t limit;              /* 0: none */
};
int ticket_each(struct txn *t, struct arena *a, const struct ticket_filter *f, bool (*fn)(void *ctx, const struct ticket *k), void *ctx);
/* Tickets of a status; counted by the index, without reading tickets. */
int ticket_count(struct txn *t, enum status s, uint64_t *n);

/* An assignee's active tickets, by priority; counted by ticket_put(), so this is one look-up. ASCII case of the name is ignored. 0: he has none. */
struct ticket_load {
	uint32_t n[PRIORITY_COUNT];
};
int ticket_load(struct txn *t, struct str assignee, struct ticket_load *out);
uint32_t ticket_load_sum(const struct ticket_load *l);

enum direction { DIRECTION_IN = 1, DIRECTION_OUT, DIRECTION_NOTE };
const char *direction_name(enum direction d); /* in, out, note */

struct article {
	uint64_t ticket;
	uint32_t seq;              /* from 1 */
	enum direction direction;
	struct address author;
	struct addresses from, to, cc;
	struct str subject;
	int64_t date;              /* of the mail's Date field, or when we wrote it */
	int64_t at;                /* when it was stored */
	struct str message_id;
	struct str text;
	struct span *fresh;
	size_t nfresh;
	struct attachments attachments;
	struct str automatic;      /* the sign, or empty */
	struct str evidence;       /* what joined it to the ticket: "token", "references <id>", "subject", "new" … */
	struct str flag;           /* why to distrust it ("sender differs from the token's recipient"); empty */
	struct str language, charset;
	struct str bounce;         /* a record, when the mail is a bounce; desk's */
	uint64_t blob;             /* raw mail; 0: a note without one, or an oversize stub */
	uint64_t size;             /* bytes of the raw mail */
	unsigned char sha256[SHA256_SIZE], content[SHA256_SIZE];
	uint64_t outbox;           /* the row that sends it; 0 */
	uint64_t key;              /* of the vault, that its words and the raw mail are sealed with; 0: article_put() sees to it */
	struct str sealed;         /* as of a ticket */
};
/* seq 0: the next one of the ticket, which the caller counts in k->articles and puts. */
void article_put(struct txn *t, const struct article *r);
int article_get(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq, struct article *out);

/* The audit history: append-only. */
struct event {
	uint64_t ticket;
	uint32_t seq;
	int64_t at;
	struct str kind;           /* "created", "status", "article", "outbox" … (desk/event.h has the vocabulary) */
	struct str actor;          /* "customer:ann@x", "agent:anna", "rule", "system", "cli:root" */
	struct str detail;         /* "open -> resolved" */
	struct str cause;          /* what led to it: evidence, file:line, command */
};
/* seq 0: the next one. Each carries a digest over the one before and itself (store/event.c), which the check follows. */
void event_put(struct txn *t, const struct event *given);
int event_get(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq, struct event *out);
/*
 * Erases a person's traces from an event: other words take the place of actor, detail and cause. The chain still holds, by the digest of what stood there.
 * 1, 0 no such event, -1.
 */
int event_erase(struct txn *t, struct arena *a, uint64_t ticket, uint32_t seq, struct str actor, struct str detail, struct str cause);
/* The events that were put in this transaction since the last call, in their order; in the arena. How many. */
struct event_ref {
	uint64_t ticket;
	uint32_t seq;
};
size_t event_fresh(struct txn *t, struct arena *a, struct event_ref **out);

/* Every Message-ID seen or referred to, to its ticket. The first ticket that names an id keeps it, unless replaced. */
int msgid_get(struct txn *t, struct str id, uint64_t *ticket);
void msgid_put(struct txn *t, struct str id, uint64_t ticket, bool replace);

#endif
