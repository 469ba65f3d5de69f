/* forward_date: the date in the heading of a forward, as clients write it for people. Private to forward*.c. */
#ifndef MAIL_FORWARD_DATE_H
#define MAIL_FORWARD_DATE_H

#include "base/str.h"

/*
 * "Friday, March 1, 2024 10:00 AM", "1. März 2024 um 10:00:00 MEZ", "2024年3月1日(星期五) 上午10:00", "01.03.2024 10:00", and all that date_parse() reads. Without a zone, which they
 * mostly leave out, it is taken as UTC. CLOCK_NONE when it cannot be told, also when day and month could be either way round ("01/03/2024").
 */
int64_t forward_date(struct str s);

#endif
