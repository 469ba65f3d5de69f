/* bounce_words: addresses and words in the fields and texts of delivery reports. Private to bounce*.c. */
#ifndef MAIL_BOUNCE_WORDS_H
#define MAIL_BOUNCE_WORDS_H

#include "base/arena.h"

/* "rfc822; a@b", "<a@b>", "a@b (Name)": the address, in the arena; empty when there is none. */
struct str bounce_plain_address(struct arena *a, struct str s);
/* White space folded, cut: what a person reads. In the arena. */
struct str bounce_one_line(struct arena *a, struct str s);
/* Within a longer text: the line with a reply code and what continues it; all of it when there is no code. */
struct str bounce_server_words(struct str words);
/* Up to the first empty line. */
struct str bounce_paragraph(struct str words);
/* Google puts advice of its own before what the other server said: only that. */
struct str bounce_without_advice(struct str words);
/* The string behind "key" at or after from in JSON that a machine wrote; *next is behind it. Empty when there is none. */
struct str bounce_json_string(struct str s, const char *key, size_t from, size_t *next);

#endif
