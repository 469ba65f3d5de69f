/*
 * reply_marker: the lines by which helpd's own notices tell their parts, so that a reply can be told from the notice in it, whatever
 * the client did to it. Templates print them by the keys `marker`, `marker_words`, `marker_end`, each as a line (in HTML: a block) of its own.
 *
 *   ##- Please write your answer above this line -##      marker: the first line of the notice
 *   Ticket … Customer … Due …                             the header, for the agent's eyes
 *   ##- Message -##                                       marker_words: the customer's words begin
 *   My printer burns.
 *   ##- End of message -##                                marker_end: the footer begins
 *   #close  #note …
 *
 * mail/reply.c knows them, in every language, in a line by themselves or with words around, in plain text, in HTML, behind any quote marks:
 *   - not quoted, `marker` is where the old begins: all from there on goes, whatever stands above. With no text above there is no new text at
 *     all (nfresh 0): a notice that was sent back without a word is never an answer.
 *   - quoted, everything from `marker` to `marker_words`, and from `marker_end` to the end of the quote, is dropped also where a quote between
 *     answers is kept; without a `marker_words` in the quote, the whole quote.
 *     A line of the header right above `marker_words` that ends in a colon says that the words are not the customer's ("An internal note of Ben:"): they
 *     are dropped as well. Surer still: print no `marker_words` above a note.
 * So nothing of the header or the footer of a notice gets into an answer by quoting.
 */
#ifndef MAIL_REPLY_MARKER_H
#define MAIL_REPLY_MARKER_H

#include "base/str.h"

enum marker { MARKER_NONE, MARKER_TOP, MARKER_WORDS, MARKER_END };

/* language, marker, marker_words, marker_end. The first row is for languages without one. What is between "##- " and " -##" is in no two rows. */
#define REPLY_MARKERS(X) \
	X("en", "##- Please write your answer above this line -##", "##- Message -##", "##- End of message -##") \
	X("zh", "##- 请在此行上方撰写回复 -##", "##- 邮件正文 -##", "##- 邮件正文结束 -##") \
	X("de", "##- Bitte antworten Sie oberhalb dieser Zeile -##", "##- Nachricht -##", "##- Ende der Nachricht -##") \
	X("fr", "##- Répondez au-dessus de cette ligne -##", "##- Message reçu -##", "##- Fin du message -##") \
	X("es", "##- Responda por encima de esta línea -##", "##- Mensaje -##", "##- Fin del mensaje -##")

/* How helpd's own lines between the markers begin (desk/notice.h); quoted, such a line is dropped, and what is below it up to the next `marker_words`. */
#define REPLY_OURS "\u00a6"

/* The text in a language ("en", "zh_CN", "de-AT": what stands before '_' or '-' counts). Never empty but for MARKER_NONE. */
struct str reply_marker(enum marker m, struct str language);
/* What a line of a mail is, after quote marks and whatever else stands around. */
enum marker reply_marker_of(struct str line);

#endif
