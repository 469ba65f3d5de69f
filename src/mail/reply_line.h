/*
 * reply_line: what a single line (or a few joined) of a mail's text is. Private to reply*.c.
 *
 * The questions are asked of folded lines: see reply_fold(). None of them looks at more than REPLY_LINE_MAX bytes.
 */
#ifndef MAIL_REPLY_LINE_H
#define MAIL_REPLY_LINE_H

#include "mail/reply_words.h"

enum { REPLY_LINE_MAX = 600 };

struct folded {
	char p[REPLY_LINE_MAX + 8];
	size_t n;
	bool cut; /* there was more */
};

/* Appends the line, folded as reply_words.h says, after a blank if there is something already. Trailing blanks go. */
void reply_fold(struct folded *f, struct str line);
static inline struct str
folded_str(const struct folded *f)
{
	return (struct str){f->p, f->n};
}

/* Begins with '>' (or its full-width form), after blanks: the rest in *inner, after all the marks. */
bool reply_is_quoted(struct str line, struct str *inner);
/* Only dashes, underscores, equals signs or the like, at least min of them. */
bool reply_is_rule(struct str line, size_t min);

/* How sure it is that the lines are the heading of a quote. */
enum heading { HEADING_NO, HEADING_IF_QUOTED, HEADING_SURE };
/* May a heading end with this line? A cheap first question. */
bool reply_may_end_heading(struct str folded);
enum heading reply_heading(struct str folded);
/* GroupWise's heading, in marks of its own: ">>> Anna 2/4/2020 5:58 PM >>>". */
bool reply_is_groupwise(struct str line);
/* Where text ends on whose line a sure heading follows: "yes. On Mon, 1 Jan 2024, a@b wrote:"; 0 where none does. */
size_t reply_heading_within(struct str line);
/* The beginning of a heading that goes on in the next line: "On Mon, 1 Jan 2024 at 10:00," */
bool reply_begins_heading(struct str folded);
/* A date, then an address, and nothing else: "2013/7/20 anna <a@b.example>". Only before a quote. */
bool reply_is_short_heading(struct str folded);

/* Does it tell the time of the day, or is it too foreign to tell? */
bool reply_has_time(struct str folded);
enum reply_field reply_field_of(struct str folded, struct str *value);
bool reply_is_original(struct str line, struct str folded);
bool reply_is_forward(struct str line, struct str folded);
bool reply_is_cut(struct str line, struct str folded);
bool reply_is_footer(struct str folded);
bool reply_ends_sentence(struct str line);
/* The paragraph that a gateway puts above mail from outside? */
bool reply_is_banner(struct str folded);
bool reply_begins_disclaimer(struct str folded);
bool reply_in_disclaimer(struct str folded);

#endif
