/*
 * forward: whose mail was forwarded in a mail, and where its words stand. Runs in the jail.
 *
 * Of a mail inside the mail (message/rfc822) the header says it. Of a forward in the text the heading does that the client wrote: Outlook, Gmail,
 * Apple Mail, Thunderbird, K-9, Notes, Yahoo, QQ Mail, Foxmail, NetEase, mutt and their like, in the languages of mail/reply_words.h.
 *
 * A forward of a forward: the first heading from the top, the outermost. It names who wrote to him that now forwards; what that one had forwarded
 * before is a part of his words. A mail attached counts after a forward in the text, for it may be what the customer attached.
 *
 * Anybody can write a heading. What is found here is what a mail says, for those who may be believed: agents' mails only.
 * A bounced mail (Resent-From, RFC 5322 §3.6.6) is no forward: its From is the writer's still.
 */
#ifndef MAIL_FORWARD_H
#define MAIL_FORWARD_H

#include "mail/message.h"
#include "mail/mime.h"

enum {
	FORWARD_SEARCH_LINES = 200, /* the heading stands within so many lines */
	FORWARD_VALUE_MAX = 16 << 10, /* bytes of one field, with the lines it goes on in */
};

/*
 * m: text and subject are read; the first own bytes of text are the mail's, the rest is of the mails inside it. mime may be NULL. NULL when nothing was forwarded. Linear; strings are
 * copied or borrow from m->text.
 */
struct forwarded *forward_read(struct arena *a, const struct message *m, size_t own, const struct mime *mime);
/* The words that were forwarded (m->forwarded is not NULL), trimmed, without the one quote mark that Apple Mail sets before every line. In the arena, or of m->text. */
struct str forward_words(struct arena *a, const struct message *m);

#endif
