/*
 * charset: bytes in any charset of mail to UTF-8. The home of ICU's converters and of uchardet. Runs in the jail.
 *
 * Labels lie, so they are a hint: what the label cannot explain is guessed. The result is always well-formed UTF-8 without NUL (U+FFFD stands
 * for what could not be read). Opens no file: ICU is told to use only what is linked in.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/arena.h"
#include "base/buf.h"

struct charset_text {
	struct str text;    /* UTF-8; line ends as they were */
	struct str charset; /* in lower case: as labelled, or as guessed ("us-ascii" for plain text without a label) */
	bool unknown;       /* the label names no charset that is known here */
	bool guessed;       /* the label was wrong or missing */
	size_t bad;         /* characters that became U+FFFD */
};

/* Once a process, before the jail closes. */
void charset_init(void);

/*
 * Decodes bytes labelled `label` (any spelling, may be empty). out->text may be `bytes` itself when that is UTF-8 already:
 * it is not copied then. out->charset is in the arena or static.
 */
void charset_decode(struct arena *a, struct str label, struct str bytes, struct charset_text *out);

/* The charset of unlabelled bytes, in lower case; never empty ("us-ascii", "windows-1252" when nothing tells). A static string. */
struct str charset_guess(struct str bytes);

/* Bytes from `from` on that are ASCII; fast. */
size_t charset_ascii_run(struct str s, size_t from);
/* As utf8_valid(), at the speed of memory where the text is plain. */
bool charset_is_utf8(struct str s);

/*
 * For text as it is kept: LF line ends (CRLF and lone CR too become LF), no NUL. Returns s itself when it is like that already.
 */
struct str charset_lines(struct arena *a, struct str s);

#endif
