/*
 * proof: what a mail carries that may show whose it is: an agent's token (desk/token.h), a signature. What they are worth is desk/identity.h's.
 */
#ifndef DESK_PROOF_H
#define DESK_PROOF_H

#include "desk/ingest.h"
#include "store/grant.h"

enum { PROOF_TOKENS_MAX = 8 /* that look like one and are verified, a mail */ };

struct proof {
	bool found;           /* grant is one whose token verified; it may be expired, used or revoked */
	struct grant grant;
	bool by_address;      /* the token stood in an address that the mail was sent to */
};

/*
 * Looks at the addresses it was sent to (envelope, To, Cc, Delivered-To), then at In-Reply-To, then at References from the end. The first token that has neither expired nor
 * been revoked; when there is none, the first that verified.
 */
int proof_find(const struct desk *d, struct txn *t, struct arena *a, const struct message *m, struct str envelope_recipient, int64_t now, struct proof *out, struct err *err);
/* The grant of a Message-ID that we gave a mail to an agent: 1, 0, -1. */
int proof_of_id(const struct desk *d, struct txn *t, struct arena *a, struct str id, struct grant *out);

/*
 * What the writer of a mail says in his own words: message_new_text(), but nothing where that is only what he quoted, forwarded or attached, or a signature. What is
 * acted upon must come from here: message_new_text() gives a reader all there is, when nothing is new.
 */
struct str proof_words(struct arena *a, const struct message *m);

/*
 * S/MIME signatures that were accepted, kept as long as they would count as fresh (SMIME_FRESH): the same one twice is a replay. An agent has room for
 * SIGNATURES_MAX; when it is full, every further one counts as spent.
 */
enum { SIGNATURES_MAX = 2000 };
int signature_is_spent(struct txn *t, struct arena *a, struct str agent, const struct smime *x, int64_t now, bool *spent, struct err *err);
int signature_spend(struct txn *t, struct arena *a, struct str agent, const struct smime *x, int64_t now, struct err *err);

#endif
