/*
 * bounce_reason: why a mail came back, from the words and numbers of the server that refused it. Words first: many servers send
 * 5.0.0 or 5.7.1 with everything, and say plainly what is wrong.
 */
#ifndef MAIL_BOUNCE_REASON_H
#define MAIL_BOUNCE_REASON_H

#include "base/str.h"

enum bounce_reason {
	REASON_NONE,
	REASON_USER,      /* no such mailbox */
	REASON_HOST,      /* no such domain or host */
	REASON_MOVED,     /* left, with or without a new address */
	REASON_NOT_ACCEPT, /* the host takes no mail at all */
	REASON_FULL,      /* mailbox or quota full */
	REASON_TOO_BIG,
	REASON_SUSPENDED, /* disabled, inactive, on hold */
	REASON_EXPIRED,   /* tried for days */
	REASON_AUTH,      /* SPF, DKIM, DMARC */
	REASON_PTR,       /* no reverse name */
	REASON_BLOCKED,   /* the sending address or host is on a list */
	REASON_RATE,      /* too much at once, greylisting */
	REASON_SPAM,
	REASON_VIRUS,
	REASON_RELAY,
	REASON_SENDER,    /* the sender's address is refused */
	REASON_POLICY,    /* security and site policy */
	REASON_FILTERED,  /* by the recipient's own rules */
	REASON_CONTENT,
	REASON_NETWORK,   /* no connection, loops */
	REASON_SYSTEM,    /* the server is broken or full */
	REASON_SYNTAX,
	REASON_FEEDBACK,  /* a complaint (ARF) */
	REASON_COUNT,
};

/* What servers say, most telling first (bounce_phrases.c). */
struct reason_phrase {
	enum bounce_reason reason;
	const char *phrase;
};
extern const struct reason_phrase reason_phrases[];
extern const size_t reason_phrases_n;

/* By phrase alone; REASON_NONE when none is known. Case and line breaks do not matter. */
enum bounce_reason reason_by_words(struct str text);
/* Do the words say in so many words that there is no such mailbox? */
bool reason_is_plain(struct str text);
/* By an enhanced status ("5.1.1") and reply code ("550"), either of which may be empty. */
enum bounce_reason reason_by_status(struct str status, struct str code);
/* "the mailbox does not exist": for where the mail has no words of its own. */
struct str reason_name(enum bounce_reason r);
/* The status RFC 3463 has for it, of class 5, or 4 where it is temporary by nature or soft asks for it. */
struct str reason_status(enum bounce_reason r, bool soft);
/* Will it not get better by itself? */
bool reason_is_hard(enum bounce_reason r);

/*
 * The first enhanced status code in the text (RFC 3463; not an IP address, not a version), the one beside a reply code preferred,
 * and a detail other than x.0.0 preferred. Empty when there is none.
 */
struct str status_find(struct str text);
/* The first SMTP reply code of class 4 or 5 in the text. */
struct str code_find(struct str text);
bool status_valid(struct str s);
/* Does phrase (lower case; one blank is any run of white space) stand at offset at of s? */
bool phrase_at(struct str s, size_t at, const char *phrase);

#endif
