/*
 * view: a ticket as the values that templates know:
 *
 *   site  known
 *   ticket.id .label ("Acme #1042") .subject .status .priority .queue .created (in words, the site's time zone, the reader's language)
 *   customer.name .address    queue.name .address .signature
 *   message.text .quoted .date .from        (the newest words of the mail that is acknowledged or answered)
 *   answer.text .html    agent.name .signature
 *   deadline (in words; of the template "reminder")
 *   status.old .new .is_new .is_open .is_pending .is_hold .is_resolved .is_closed    reopen_days
 *
 * With known false everything that a stranger chose (subject, names, text) is empty, so no template can repeat it.
 */
#ifndef DESK_VIEW_H
#define DESK_VIEW_H

#include "desk/ingest.h"
#include "desk/template.h"
#include "store/ticket.h"

struct view {
	const struct settings *settings;
	const struct ticket *ticket;
	const struct queue *queue;
	bool known;
	struct str language;            /* of the reader, one of settings.languages */
	struct str message_text;        /* may be empty */
	struct address message_from;
	int64_t message_date;           /* CLOCK_NONE: none */
	struct str answer, agent;       /* may be empty */
	struct str answer_html;         /* safe to send; empty: made of answer */
	struct str signature;           /* the agent's; empty: the queue's */
	int64_t deadline;               /* when it will be resolved unless the customer writes; 0: not told */
	enum status status_old;         /* STATUS_NONE: no change is told */
};
struct value *view_make(struct arena *a, const struct view *v);
/* A time in words, as the templates print it; empty for CLOCK_NONE. zone: an IANA name. */
struct str view_date(struct arena *a, struct str language, const char *zone, int64_t at);
/* The one of settings.languages for a BCP 47 tag: "zh-CN" or "zh" finds "zh_CN"; else the first. */
struct str view_language(const struct settings *s, struct str tag);
/* Text as HTML paragraphs, escaped, with links left as text. */
struct str view_html(struct arena *a, struct str text);
/* Each line behind "> ". */
struct str view_quote(struct arena *a, struct str text);

#endif
