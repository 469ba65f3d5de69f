/* What forward.c and forward_attached.c share. */
#ifndef MAIL_FORWARD_ATTACHED_H
#define MAIL_FORWARD_ATTACHED_H

#include "mail/forward.h"

/* The mail attached, when there is one, as of forward_read(). */
struct forwarded *forward_attached(struct arena *a, const struct message *m, size_t own, const struct mime *mime);
/* The words that begin at or behind `from`, without blanks around them; mutt: until its line that ends them. */
struct span forward_words_from(struct str text, size_t from, bool mutt);

#endif
