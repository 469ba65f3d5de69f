/*
 * answer_html: the newest words of an HTML mail as HTML that may be sent on. Runs in the jail.
 *
 * There is one reader of quotes, signatures and disclaimers, mail/reply.h, and it reads text. So the HTML is made text and safe HTML in
 * one go, noting which piece became which; what reply_split() keeps of the text, without the lines of commands on top, is what is kept of the HTML. Pictures
 * by cid: stay, nothing is fetched from elsewhere.
 *
 * In doubt there is none: when a piece is new only in part, when a quote is among the answers, when the result does not read as
 * what was kept.
 */
#ifndef MAIL_ANSWER_HTML_H
#define MAIL_ANSWER_HTML_H

#include "mail/message.h"

enum { ANSWER_HTML_MAX = 1 << 20 }; /* bytes of HTML; of more, none is made */

/* Sets m->answer_html and m->answer_text from m->html, when the mail looks like an answer to a notice (a token of its shape, or a ticket number in the subject). */
void answer_html_read(struct arena *a, struct message *m);
/* The same of any HTML; false, and both empty, when there is none. */
bool answer_html_make(struct arena *a, struct str html, struct str *safe, struct str *text);

/*
 * Do both say the same words? White space, marks of lists and of bold type, places of pictures ("[cid:…]", "[image: …]") and the "<url>" behind a link aside,
 * which the plain half of a mail writes otherwise than the HTML half. To be asked of answer_text and the words about to be sent. Linear.
 */
bool answer_html_says(struct str answer_text, struct str words);

#endif
