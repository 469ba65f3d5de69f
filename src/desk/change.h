/*
 * change: what people do to a ticket, each with its event. For the verbs `set`, `note`, `reply`.
 *
 * A ticket is got, changed by any number of these, and put by change_done() (or ticket_put()). Nothing happens, and no event is written, when the
 * value is the same already. ERR_INVAL tells the user's mistake in his terms.
 */
#ifndef DESK_CHANGE_H
#define DESK_CHANGE_H

#include "desk/event.h"
#include "desk/ingest.h"

/*
 * NEW cannot be returned to from elsewhere; MERGED is not a status one sets; a merged ticket is not changed at all. Resolved and closed: ERR_INVAL, which names them, while a
 * sub-ticket is active; forced: not, and the history says which were. The parents of a sub-ticket are told (desk/merge.h), and put.
 */
int change_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum status s, const struct actor *who, int64_t now, struct err *err);
int change_status_forced(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum status s, const struct actor *who, int64_t now, struct err *err);
int change_priority(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, enum priority p, const struct actor *who, int64_t now, struct err *err);
/* The name of a configured queue. */
int change_queue(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str queue, const struct actor *who, int64_t now, struct err *err);
/* The same by a person's hand: who may not work there has it no longer, and those who look after the new queue are told. */
int change_move(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str queue, const struct actor *who, int64_t now, struct err *err);
/* Empty: nobody. Where there are agents, the name of one who may work the ticket's queue (ASCII case ignored); else anything of at most 100 bytes without
 * control characters. */
int change_assignee(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str assignee, const struct actor *who, int64_t now, struct err *err);
/* The same, and nobody is told: the caller does. */
int change_assignee_quietly(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str assignee, const struct actor *who, int64_t now, struct err *err);
int change_subject(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str subject, const struct actor *who, int64_t now, struct err *err);
/* "+refund,-spam,vip": a name without sign is added. Names: letters, digits, "-_.:/", lower case is made; at most 50 on a ticket. */
int change_tags(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str changes, const struct actor *who, int64_t now, struct err *err);
/*
 * A field of the ticket; an empty value removes it. When settings.fields names any, only these (ASCII case ignored; ERR_INVAL suggests the nearest), else letters,
 * digits, "-_." and what is not ASCII, at most 50 bytes. The value is one line of at most 1,000 bytes; at most 100 fields.
 */
int change_field(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str name, struct str value, const struct actor *who, int64_t now,
    struct err *err);
/* Adds working time (ms; negative takes away, never below none in all); the sum is extra.time_spent. */
int change_time(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t ms, const struct actor *who, int64_t now, struct err *err);
/* The service level whose targets count instead of its queue's; empty: its queue's again. ERR_INVAL suggests the nearest. */
int change_sla(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str policy, const struct actor *who, int64_t now, struct err *err);
/* "15m", "1h30m", "-15m". */
bool change_time_parse(struct str s, int64_t *ms);
/*
 * Out of sight until then: the status becomes hold, what it was comes back when the time is there, or as soon as the customer writes (snooze_wake()). Any other
 * change of status ends it. A timer of DUE_SNOOZE; snoozing again moves it. ERR_INVAL when it is not later than now, or the ticket is neither new, open, pending nor on hold.
 */
int change_snooze(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, int64_t until, const struct actor *who, int64_t now, struct err *err);
/*
 * The ticket is back: status, EVENT_AWOKE, no timer any more. customer: he wrote, so pending becomes open. Nothing when it is not snoozed. The caller puts k.
 * True when it was. snooze_cancel(): only forgets it, for those who set another status by themselves (merge).
 */
bool snooze_wake(struct txn *t, struct arena *a, struct ticket *k, bool customer, const struct actor *who, int64_t now);
void snooze_cancel(struct txn *t, struct arena *a, struct ticket *k);
/*
 * Who reads along. Added: takes part as Cc from now on, also who was only proposed. Removed: takes part no more; the requester cannot be (change_requester()). Never
 * one of our own addresses, nor an agent's: those who take part read each other's. ERR_INVAL when it is no address, is not among them, or there are too many.
 */
int change_cc(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct address *x, bool add, const struct actor *who, int64_t now, struct err *err);
/* Whose ticket it is. Who it was stays, as Cc. */
int change_requester(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, const struct address *x, const struct actor *who, int64_t now, struct err *err);
/*
 * The same upon k in memory alone: who would take part. For a mail that is made before the change, and waits with it. What would be refused changes nothing.
 * The old list of participants is not written to, so the caller can put it back.
 */
enum people_change { PEOPLE_ADD, PEOPLE_REMOVE, PEOPLE_REQUESTER };
void change_people_ahead(const struct settings *s, struct arena *a, struct ticket *k, const struct address *x, enum people_change how);
/* An address as a person writes it: "ann@x.example", "Ann <ann@x.example>", one. ERR_INVAL. */
int change_address(struct arena *a, struct str s, struct address *out, struct err *err);
/*
 * One "name=value" of `helpd set N name=value`: status, priority, queue, assignee, subject, tag, field.NAME, requester, cc (+a@x,-b@y), snooze (desk/when.h), time, sla.
 * ERR_INVAL suggests the nearest name.
 */
int change_set(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str name, struct str value, const struct actor *who, int64_t now, struct err *err);

/* An internal note: an article that is never mailed. Plain text, UTF-8. */
int change_note(struct desk *d, struct txn *t, struct arena *a, struct ticket *k, struct str text, const struct actor *who, struct str author, int64_t now,
    uint32_t *seq, struct err *err);

/* Puts the ticket (each change has set `updated`); -1 with the transaction's error. */
int change_done(struct txn *t, struct ticket *k, int64_t now, struct err *err);

#endif
