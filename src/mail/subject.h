/*
 * subject: what a subject line says once mail clients have had their way with it.
 *
 *   "AW: Re[2]: [Acme #1042] Drucker brennt"     base "Drucker brennt", ticket 1042
 */
#ifndef MAIL_SUBJECT_H
#define MAIL_SUBJECT_H

#include "base/arena.h"

/*
 * A subject (decoded, UTF-8), cleaned for reuse: reply and forward prefixes of the common languages and clients ("Re:", "RE[2]:",
 * "AW:", "回复：", "Fwd:" …) and our own "[Tag #N]" taken from the front, in any order and number; white space folded. The tags of
 * mailing lists stay. May come out empty.
 */
struct str subject_base(struct arena *a, struct str subject, const struct strs *tags);
/*
 * The number in the first "[Tag #N]" of any of the tags, anywhere in the subject; 0 when there is none. The tag is compared without
 * case, and white space may have been lost or gained about it ("[acme  #1042 ]"). N is at most 2^53.
 */
uint64_t subject_ticket(struct str subject, const struct strs *tags);

/* What the first prefix says that the mail is: of "Fwd: Re: x" a forward, of "Re: [Acme #17] WG: x" a reply. */
enum subject_prefix { SUBJECT_PLAIN, SUBJECT_REPLY, SUBJECT_FORWARD };
enum subject_prefix subject_prefix(struct str subject, const struct strs *tags);

#endif
