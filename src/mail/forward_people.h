/* forward_people: people in the heading of a forward, as clients show them to people. Private to forward*.c. */
#ifndef MAIL_FORWARD_PEOPLE_H
#define MAIL_FORWARD_PEOPLE_H

#include "mail/address.h"

/* One mailbox. How many different addresses there are: 0, 1, 2 for more. The first is taken; the name may be empty. */
unsigned forward_person(struct arena *a, struct str s, struct address *out);
/*
 * "Cole, Ann <ann@c.example>; Bob": appended to *l, parted at semicolons where there are any, else at the commas behind an address or
 * between names. Who has no address is kept by name.
 */
void forward_people(struct arena *a, struct str s, struct addresses *l);

#endif
