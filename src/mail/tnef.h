/*
 * tnef: the winmail.dat that Outlook wraps a mail in ([MS-OXTNEF]). The home of libytnef's header. Runs in the jail.
 */
#ifndef MAIL_TNEF_H
#define MAIL_TNEF_H

#include "base/arena.h"

enum { TNEF_FILES_MAX = 500 };

struct tnef_file {
	struct str name;    /* UTF-8; may be empty */
	struct str type;    /* "image/png" where the container says so; else empty */
	struct str content_id;
	struct str content;
};
struct tnef {
	struct tnef_file *v;
	size_t n;
	struct str text;    /* the body as UTF-8 text; empty when it has none */
	struct str html;    /* the body as UTF-8 HTML */
	bool damaged;       /* not all of it could be read */
};

/* Does it begin like TNEF? */
bool tnef_is(struct str bytes);
/* Everything in *out lives in the arena. Never fails: what can be read is read. */
void tnef_read(struct arena *a, struct str bytes, struct tnef *out);

#endif
