/*
 * agent_fixture: the desk of fixture.h with staff and templates, and agents who answer its mails as a mail client does: raw mails, parsed and ingested.
 *
 *   anna, ben   first-line: queue support        carla   billing: queue billing        lena   a lead of both
 *   zhou        first-line, reads Chinese
 */
#ifndef TESTS_DESK_AGENT_FIXTURE_H
#define TESTS_DESK_AGENT_FIXTURE_H

#include "fixture.h"
#include "desk/agent.h"
#include "mail/message.h"

#define ANN "ann@x.example"
#define BOB "bob@y.example"
#define ANNA "anna@acme.example"
#define BEN "ben@acme.example"
#define LATER (NOW + CLOCK_HOUR)
#define PASS "mx.acme.example; dmarc=pass header.from=acme.example"

struct agents {
	struct fixture f;
	struct agent agents[5];
	struct team teams[2];
	struct complaints bad;
};
int agents_setup(void **state); /* *state is a struct agents, which begins with its struct fixture */
int agents_teardown(void **state);

/* The newest mail of a kind ("notice", "transcript", "answer") to an address, parsed; NULL: none. */
struct message *sent(struct fixture *f, const char *kind, const char *to);
unsigned count_sent(struct fixture *f, const char *kind, const char *to);
struct outbox *row_of(struct fixture *f, const char *kind, const char *to);

/* Ann's printer burns: a new ticket. */
uint64_t customer(struct fixture *f, int64_t now);

struct written {
	const char *from;         /* "Anna <anna@acme.example>" */
	const char *to;           /* NULL: Reply-To of `answers` */
	const char *cc, *subject; /* NULL: "Re: " of `answers` */
	const struct message *answers;
	const char *auth;         /* NULL: dmarc=pass; "": none */
	const char *id;           /* NULL: made up; "": none */
	const char *headers;      /* further lines, each ending in \n, Content-Type among them */
	const char *body;
	bool sent_folder, no_token; /* no_token: To is the plain address, nothing is referred to */
};
struct outcome writes(struct fixture *f, const struct written *w, int64_t now);
/* The same for the ordinary case: an answer to the newest mail of that kind that this agent got. */
struct outcome replies(struct fixture *f, const char *agent, const char *kind, const char *body, int64_t now);
/* The text of the newest transcript to the agent. */
struct str told(struct fixture *f, const char *agent);
/* What the newest answer to that customer says. */
struct str answered(struct fixture *f, const char *customer);

#endif
