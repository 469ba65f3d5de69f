/* flowed: format=flowed text (RFC 3676) back to whole paragraphs. */
#ifndef MAIL_FLOWED_H
#define MAIL_FLOWED_H

#include "base/arena.h"

/*
 * text has LF line ends. Soft-broken lines of the same quote depth are joined, space-stuffing is taken off, "-- " stays. delsp: the blank
 * at a soft break goes (DelSp=yes). Quote marks come out as "> > " would: one ">" a level, then a blank.
 */
struct str flowed_unwrap(struct arena *a, struct str text, bool delsp);

#endif
