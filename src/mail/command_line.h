/*
 * command_line: which lines of an agent's mail are commands. The one rule, for those who read them (desk/command.h) and for those who
 * take them off before the words go to a customer (mail/answer_html.h).
 *
 * A command is a line that begins, after blanks, with "#" or its full-width or small form, right followed by a Latin letter of ASCII or a Chinese
 * character. "#1042 …" and "# heading" are none. The block of commands begins at the first line that is not blank and ends at the first that is neither
 * blank nor a command: Outlook's plain text has a blank line below every paragraph, so blank lines between two commands do not end it. (Who knows the
 * names may end it at a name below a blank line that is none. Then a line too many was taken here, and the HTML does not say what the text says.)
 */
#ifndef MAIL_COMMAND_LINE_H
#define MAIL_COMMAND_LINE_H

#include "base/str.h"

/* Without white space of any script, byte order marks and zero-width characters at both ends. */
struct str command_line_trim(struct str line);
/* Is the line a command? Then what follows the mark, trimmed, in *rest (may be NULL): "tag +refund". */
bool command_line_is(struct str line, struct str *rest);
/*
 * Takes the next command from *text, whose top is the top of the block: true, and the line without its mark in *rest, as
 * written and trimmed in *line (may be NULL). False when the block is over: *text then begins with the first line of the answer. Linear over all calls.
 */
bool command_line_next(struct str *text, struct str *line, struct str *rest);

#endif
