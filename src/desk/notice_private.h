/* notice: what notice*.c share. */
#ifndef DESK_NOTICE_PRIVATE_H
#define DESK_NOTICE_PRIVATE_H

#include "desk/classify_ticket.h"
#include "desk/notice.h"
#include "desk/outbound.h"
#include "desk/view.h"

/* One notice, before it is known to whom. */
struct notice_body {
	const struct settings *settings;
	const struct ticket *ticket;
	const struct notice *notice;
	int64_t now;
	bool is_away;                   /* the assignee: until away_until (AWAY_OPEN), so the queue's people are told too */
	int64_t away_until;
	bool has_shown;
	struct article shown;
	struct str text;                /* its new words, clipped and made harmless */
	bool clipped;
	struct compose_attachment *carried; /* of the shown mail */
	size_t ncarried;
	const struct attachment **listed;   /* the rest of its attachments */
	size_t nlisted;
	struct article *earlier;        /* the newest ones beside it */
	size_t nearlier;
	struct kb *suggested;
	size_t nsuggested;
	struct suggestion *guesses;
	size_t nguesses;
};
/* The article that is shown, what was before, its attachments, what may help. -1: the store's errors. */
int notice_body(struct txn *t, struct arena *a, const struct settings *s, const struct ticket *k, const struct notice *x, struct notice_body *b, struct err *err);
/* The values beside those of the view, in the words of a language. can_work: may this reader answer. */
struct value *notice_values(struct arena *a, const struct notice_body *b, struct str language, bool can_work);
/* Without template: the same, poorer. */
struct str notice_plain(struct arena *a, const struct notice_body *b, struct str language);
/* One line of somebody else's words: no control characters, no marks that turn the direction of writing; clipped to max bytes. */
struct str notice_line(struct arena *a, struct str s, size_t max);

/*
 * Words of somebody else as a notice shows them: no line begins with the bar or with "#", none is a marker or "-- ". note: a colleague's, for the desk
 * alone: each line is behind the bar.
 */
struct str notice_words(struct arena *a, struct str text, bool note);

/* The language of an agent's mails. */
struct str notice_language(const struct settings *s, const struct agent *x);

/* Counts one more notice to him. *over: it is beyond his hour, nothing was counted, and it was put into his digest. */
int notice_take(struct txn *t, struct arena *a, const struct settings *s, const struct agent *to, const struct ticket *k, enum notice_kind kind, struct str detail,
    int64_t now, bool *over, struct err *err);

/* A mail as notice_mail() writes it, with what only a notice needs. */
struct notice_extra {
	struct str message_text;
	struct address message_from;
	int64_t message_date;
	const char *sort;               /* X-Helpd-Notice, for agents' filters */
	struct str from_name;           /* before the queue's address; empty: its own */
	struct str message_id;          /* without <>, when there is no grant; empty: a random one */
	struct str transport;           /* empty: the queue's */
};
int notice_write(struct desk *d, struct txn *t, struct arena *a, const struct agent_mail_out *x, const struct notice_extra *e, int64_t now, uint64_t *outbox,
    struct err *err);

#endif
