/*
 * reply_words: the phrases by which mail clients of the world mark quotes, forwards and footers. Private to reply*.c.
 *
 * Each list holds phrases as reply_fold() leaves a line: lower case, one blank between words, without asterisks, typographic quotes
 * and dashes as ASCII, ':' for the full-width one. They are separated by '|'.
 */
#ifndef MAIL_REPLY_WORDS_H
#define MAIL_REPLY_WORDS_H

#include "base/str.h"

struct phrase_index;
struct phrases {
	const char *words;
	struct phrase_index *index; /* made when first asked for */
};

/* Does the list hold s; does s begin with one, end with one, contain one as a whole word? */
bool phrases_have(struct phrases *list, struct str s);
size_t phrases_begin(struct phrases *list, struct str s); /* the length of the longest, 0: none */
bool phrases_end(struct phrases *list, struct str s);
bool phrases_in(struct phrases *list, struct str s);
/* The same, anywhere, also within a word. */
bool phrases_within(struct phrases *list, struct str s);

/* Those that begin with byte c, or all. They live as long as the process. */
struct strs phrases_of(struct phrases *list, unsigned char c);
struct strs phrases_all(struct phrases *list);

/* Fields of the header that Outlook and others put above a quote. */
enum reply_field { FIELD_NONE, FIELD_FROM, FIELD_SENT, FIELD_TO, FIELD_CC, FIELD_SUBJECT, FIELD_OTHER };
extern struct phrases reply_fields[]; /* by enum reply_field */

extern struct phrases reply_verbs;      /* "wrote", at the end of a heading or within */
extern struct phrases reply_leads;      /* how a heading begins */
extern struct phrases reply_quoting;    /* begins one that has no verb: "quoting anna <…>:" */
extern struct phrases reply_originals;  /* between dashes: "original message" */
extern struct phrases reply_forwards;   /* between dashes: "forwarded message" */
extern struct phrases reply_begins_forward; /* whole lines */
extern struct phrases reply_cuts;       /* within a line of ours: "reply above this line" */
extern struct phrases reply_footers;    /* how the footer of a phone begins */
extern struct phrases reply_footers_in; /* found anywhere in a short footer */
extern struct phrases reply_devices;    /* what a longer one names, or asks to be excused for */
extern struct phrases reply_banners;    /* what a gateway puts above mail from outside */
extern struct phrases reply_disclaimers; /* how a disclaimer begins */
extern struct phrases reply_disclaimers_in; /* what else it says */

extern struct phrases reply_thanks;     /* says thanks */
extern struct phrases reply_fine;       /* says that all is well */
extern struct phrases reply_filler;     /* says nothing */
extern struct phrases reply_greetings;
extern struct phrases reply_closings;
extern struct phrases reply_doubts;     /* "but", "still", "not": not only thanks */

#endif
