/* reply_split: the lines of a mail's text, and what each is taken for. Private to reply*.c. */
#ifndef MAIL_REPLY_SPLIT_H
#define MAIL_REPLY_SPLIT_H

#include "mail/reply_line.h"

enum kind { TEXT, BLANK, QUOTED, HEADING, DROPPED };

struct line {
	uint32_t from, to; /* without the line break */
	uint8_t kind;
};

struct split {
	struct str text;
	struct line *line;
	size_t n;     /* lines */
	size_t end;   /* what is below is old */
	size_t keep;  /* from this line on all is a forward, kept whole; SIZE_MAX: none */
	size_t tries; /* of headings and header blocks: few in any real mail */
	bool maybe_notice, notice; /* a notice of ours is in it */
};

static inline struct str
reply_line_at(const struct split *s, size_t i)
{
	return str_sub(s->text, s->line[i].from, s->line[i].to);
}

static inline void
reply_fold_line(const struct split *s, size_t i, struct folded *f)
{
	f->n = 0;
	f->cut = false;
	reply_fold(f, reply_line_at(s, i));
}

static inline void
reply_mark(struct split *s, size_t from, size_t to, enum kind kind)
{
	for (size_t i = from; i < to; i++)
		s->line[i].kind = (uint8_t)kind;
}

/* Above all text: "CAUTION: this mail is from outside". */
void reply_drop_banner(struct split *s);
/* At the end of each run of text: signature, footers, disclaimer. */
void reply_drop_ends(struct split *s);

/* mail/reply_marker.h: may a notice of ours be in the text at all? Does line i, which is not quoted, begin a notice of ours, or another part of one? */
bool reply_maybe_notice(struct str text);
bool reply_begins_notice(struct split *s, size_t i);
/* Of quoted notices only the customer's words stay, of forwarded ones nothing. */
void reply_drop_notices(struct split *s);

#endif
