/*
 * reply_words: the phrases by which mail clients of the world mark quotes, forwards and footers. Private to reply*.c.
 *
 * Each list holds phrases as reply_fold() leaves a line: lower case, one blank between words, without asterisks, typographic quotes
 * and dashes as ASCII, ':' for the full-width one. They are separated by '|'.
 */
#ifndef MAIL_REPLY_WORDS_H
#define MAIL_REPLY_WORDS_H

#include "base/str.h"

/* Fields of the header that Outlook and others put above a quote. */
enum reply_field { FIELD_NONE, FIELD_FROM, FIELD_SENT, FIELD_TO, FIELD_CC, FIELD_SUBJECT, FIELD_OTHER };
extern const char *const reply_fields[]; /* by enum reply_field */

extern const char *const reply_verbs;      /* "wrote", at the end of a heading or within */
extern const char *const reply_leads;      /* how a heading begins */
extern const char *const reply_quoting;    /* begins one that has no verb: "quoting anna <…>:" */
extern const char *const reply_originals;  /* between dashes: "original message" */
extern const char *const reply_forwards;   /* between dashes: "forwarded message" */
extern const char *const reply_begins_forward; /* whole lines */
extern const char *const reply_cuts;       /* within a line of ours: "reply above this line" */
extern const char *const reply_footers;    /* how the footer of a phone begins */
extern const char *const reply_footers_in; /* found anywhere in a short footer */
extern const char *const reply_disclaimers; /* how a disclaimer begins */
extern const char *const reply_disclaimers_in; /* what else it says */

extern const char *const reply_thanks;     /* says thanks */
extern const char *const reply_fine;       /* says that all is well */
extern const char *const reply_filler;     /* says nothing */
extern const char *const reply_greetings;
extern const char *const reply_closings;
extern const char *const reply_doubts;     /* "but", "still", "not": not only thanks */

/* The next phrase of a list; false at its end. */
static inline bool
reply_phrase(struct str *list, struct str *phrase)
{
	return str_cut(list, '|', phrase);
}

#endif
