/* calendar: an invitation (RFC 5545, 5546) in a few readable lines. The home of libical's header in this floor. Runs in the jail. */
#ifndef MAIL_CALENDAR_H
#define MAIL_CALENDAR_H

#include "base/arena.h"

/*
 * ics: UTF-8. What, when (as written, with the time zone's name; no conversion), where, organizer, number of attendees, description; LF line ends.
 * Empty when there is no event, to-do or journal in it.
 */
struct str calendar_text(struct arena *a, struct str ics);

#endif
