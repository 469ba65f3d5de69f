/*
 * reply: what the writer newly wrote, apart from quotes, quote headings ("On … wrote:"), signature, disclaimer and
 * mobile footers, in the common languages and clients. Works on text (UTF-8, LF); answers with offsets: nothing is removed from the mail.
 */
#ifndef MAIL_REPLY_H
#define MAIL_REPLY_H

#include "mail/message.h"

/*
 * Quotes below the answer go, and one quote above it; where answers stand between several quotes these stay, for the answers make
 * no sense without. A forward below a text stays whole; of a mail that is nothing but a forward only its heading goes.
 * Linear in the text.
 *
 * Of a notice of ours (mail/reply_marker.h) nothing is new but the customer's words in it, where answers stand between them.
 *
 * At least one span unless the text is blank; when everything looks quoted (a bare forward) the whole text is one span. But none when a notice
 * of ours came back without a word.
 */
void reply_split(struct arena *a, struct str text, struct span **fresh, size_t *nfresh);
/* Is the new text no more than thanks ("Thank you!", "Danke, hat geklappt", "谢谢")? For tickets that are resolved already. */
bool reply_is_thanks(struct str new_text);

#endif
