/*
 * transcript: what became of an agent's mail, told to him in his language. Gathered while the mail is carried out, then sent as one mail.
 *
 * Lines quote the command as it was written, then what was done or why not. When something waits for his word, the mail carries a one-time token: a reply with
 * #send on top does it.
 */
#ifndef DESK_TRANSCRIPT_H
#define DESK_TRANSCRIPT_H

#include "desk/notice.h"

enum transcript_kind { TOLD_DONE = 1, TOLD_REFUSED, TOLD_WAITS, TOLD_INFO };

struct transcript_line {
	enum transcript_kind kind;
	struct str command;     /* "#assign ana"; empty: about the whole mail */
	struct str words;       /* one line or several; in the reader's language */
};
struct transcript {
	struct arena *a;
	const struct agent *to;
	struct str language;    /* one of settings.languages */
	struct transcript_line *v;
	size_t n, cap;
	unsigned refused, waits;
	bool silent;            /* he has been told often enough: what waits does so without a word */
	uint32_t seen;          /* of its ticket: the newest article the agent knows of; 0: the newest there is. For those who answer the transcript */
};
void transcript_init(struct transcript *x, struct arena *a, const struct settings *s, const struct agent *to);
void transcript_add(struct transcript *x, enum transcript_kind kind, struct str command, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * The words of a message in the agent's language: a closed table of English texts with their zh_CN form (transcript_words.c); what is not in it
 * comes back as it is. The same printf conversions in the same order in both, which a test checks.
 */
const char *transcript_say(const struct transcript *x, const char *english) __attribute__((format_arg(2)));

/* What a change refused, in the agent's language: an error's message that transcript_errors.c knows; any other as it is. May be in the arena of x. */
struct str transcript_err(const struct transcript *x, const char *msg);

/*
 * The values of template "transcript", beside those of view.h and notice.h:
 *
 *   transcript.lines[]     .command (may be empty) .words (may have line breaks) .indented (the same, each line behind two blanks)
 *                          .is_done .is_refused .is_waits .is_info
 *   transcript.done .refused .waits (how many)    .confirm (true: a reply with #send does what waits)
 */

/* Sends it (template "transcript"). With a ticket, the mail can be answered like a notice. confirm: NULL, or a grant of purpose CONFIRM for what waits. in_reply_to: the agent's mail.
 * In an hour, as many as notices; beyond, none is sent, and the next one says how many there were. */
int transcript_send(struct desk *d, struct txn *t, struct transcript *x, const struct ticket *k, struct grant *confirm, struct str in_reply_to, int64_t now, struct err *err);

#endif
