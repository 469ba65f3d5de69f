/* smtp_talk: what is seen of one SMTP conversation, and what follows from it for each recipient. */
#ifndef NET_SMTP_TALK_H
#define NET_SMTP_TALK_H

#include <curl/curl.h>
#include "net/smtp.h"

enum phase {
	PHASE_CONNECT,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_BODY
};

/* What is seen of one conversation. */
struct talk {
	enum phase phase;
	struct buf line;       /* of a reply, not yet whole */
	struct buf reply;      /* the newest reply, its lines joined */
	int code;              /* its code; 0: none since the last command */
	struct sent_to **rcpt; /* in the order of the RCPT commands */
	int *rcpt_code;
	size_t nrcpt, at_rcpt; /* at_rcpt: commands sent */
	struct arena *a;
	struct str bytes;
	size_t given;     /* bytes handed to libcurl */
	uint64_t written; /* bytes of data that left, stuffing included */
	int final;        /* code of the reply to the dot */
	bool authenticated;
	bool quitting; /* what comes now answers a QUIT */
};

void smtp_talk_fini(struct talk *t);
/* For CURLOPT_DEBUGFUNCTION and CURLOPT_READFUNCTION; ctx is the talk. */
int smtp_on_talk(CURL *curl, curl_infotype type, char *p, size_t n, void *ctx);
size_t smtp_on_read(char *to, size_t size, size_t count, void *ctx);
/* The same result for all recipients. */
void smtp_all_are(struct talk *t, enum sent result, struct str reply);
/* The results of a talk that got as far as MAIL and has ended; lost: the words where no reply came. In t->a, both. */
void smtp_settle(struct talk *t, struct str lost);

#endif
