/* editor: a text from a person at the shell. */
#ifndef APP_EDITOR_H
#define APP_EDITOR_H

#include "app/verb.h"
#include "base/arena.h"

enum { EDITOR_TEXT_MAX = 1 << 20 };

/*
 * message when it is given, else standard input, else, on a terminal, $VISUAL or $EDITOR on `initial`. EX_OK, or prints what is wrong and
 * returns the exit status: the text is UTF-8 and not empty.
 */
int editor_text(struct verb_context *c, struct arena *a, const char *message, struct str initial, struct buf *out);

#endif
