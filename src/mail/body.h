/* body: what a reader sees of a mail: its text, its HTML, its attachments, gathered from the tree of parts. */
#ifndef MAIL_BODY_H
#define MAIL_BODY_H

#include "mail/message.h"
#include "mail/mime.h"

struct body {
	/* in */
	struct arena *arena;
	const struct mime *mime;
	struct strs *warnings;
	struct buf *wanted;          /* NULL, or where the bytes of attachment wanted_index go: then only attachments are looked at */
	size_t wanted_index;

	/* out */
	struct str text, html, charset;
	size_t own;                  /* the first so many bytes of text are the mail's; the rest is of mails inside it */
	struct attachments attachments;
	bool found;                  /* the wanted attachment was there */
	struct str report, report_type, original; /* for mail/bounce.h */
};

/* Fills the out half. Leaves nothing undone and never fails; caps are those of mail/message.h. */
void body_read(struct body *b);

#endif
