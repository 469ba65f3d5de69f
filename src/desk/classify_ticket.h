/*
 * classify_ticket: where guesses are made of tickets and where they are learned from (desk/classify.h has the learning).
 *
 * A new ticket is guessed from its subject and what was newly written, for each `classify "FIELD"` of helpd.conf. What is likely enough is told (an event, the notice, `helpd
 * show`); what is more than the admin's `act`, and what nobody and no rule has decided, is set.
 *
 * A ticket that a person brought to its end, or its customer's thanks did, is an example of each field's value then. It is one once: a note in ticket.extra says of what. A
 * value that the model set itself is no example, unless a person answered the ticket and left it so.
 *
 * A desk without `classify` pays nothing.
 */
#ifndef DESK_CLASSIFY_TICKET_H
#define DESK_CLASSIFY_TICKET_H

#include "desk/classify.h"
#include "desk/event.h"
#include "desk/ingest.h"

enum { CLASSIFY_TEXT_MAX = 20000 /* bytes of a text that are looked at */ };

/* What is to be read of a ticket: its subject, and the new words of its first article. Empty: nothing was written. */
int classify_text(struct txn *t, struct arena *a, const struct ticket *k, struct str *text, struct err *err);

/* One field's guess of one ticket. */
struct suggestion {
	struct str field, value;
	double probability;
	bool acted;
};

/*
 * For a new ticket, after the rules and before it is given to somebody: guesses, tells, acts. decided: what a rule, an address or a person has said already: bits
 * CLASSIFY_QUEUE, CLASSIFY_PRIORITY; a field with a value is decided. Nothing for automatic mail, spam, merged tickets and sub-tickets. Does not put k. A model that cannot be
 * read guesses nothing. text: subject and new words.
 */
enum { CLASSIFY_QUEUE = 1, CLASSIFY_PRIORITY = 2 };
int classify_new(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str text, unsigned decided, int64_t now, struct err *err);

/* What was suggested of it when it was new (from its history), the last for each field, and is not what it has now or was set; in the arena. */
int classify_suggestions(struct txn *t, struct arena *a, const struct ticket *k, struct suggestion **out, size_t *n, struct err *err);
/* The guesses of now for one field, best first, whatever is configured: classify_guess() of the ticket's text. */
int classify_of(struct txn *t, struct arena *a, const struct ticket *k, struct str field, struct guess out[GUESSES_MAX], struct err *err);

/* What a ticket says of a field: its queue, its priority, or a field. Empty: nothing. */
struct str classify_value(const struct ticket *k, struct str field);
/* Is it over, and is what it says of the field worth learning? Not of spam, merged tickets and sub-tickets; not what the model itself said and nobody left standing. */
int classify_settled(struct txn *t, struct arena *a, const struct ticket *k, struct str field, bool *settled, struct err *err);

/* After all that a transaction did: what came to its end in it is learned. */
int classify_settle(struct desk *d, struct txn *t, struct arena *a, const struct event_ref *v, size_t n, int64_t now, struct err *err);
/* One ticket, as --train does: 1 when it was learned, 0, -1. again: whatever its note says. Does not put k: *changed. */
int classify_learn_ticket(struct txn *t, struct arena *a, struct ticket *k, struct str field, bool again, bool *changed, struct err *err);

#endif
