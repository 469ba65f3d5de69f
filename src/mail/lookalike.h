/*
 * lookalike: an address that a reader takes for another one: "аnna@acme.example" with a Cyrillic а, "anna＠acme.example", "rnaria@…" for "maria@…".
 *
 * By Unicode's confusables (UTS #39 §4) after compatibility, case and invisible characters are folded (NFKC_Casefold).
 */
#ifndef MAIL_LOOKALIKE_H
#define MAIL_LOOKALIKE_H

#include "base/arena.h"

/* How a text looks: two that look the same have the same. At most its first 1,000 bytes count; empty when it has none. */
struct str lookalike_form(struct arena *a, struct str s);

/* Does addr look like `real`, and is not (address_eq)? Cheap for addresses that differ plainly. */
bool lookalike_address(struct arena *a, struct str addr, struct str real);
/* Does the domain of addr look like this one, or is it? For those who ask about many addresses of one domain. */
bool lookalike_domain(struct arena *a, struct str addr, struct str domain);
/* Does a display name show an address that is `real` or looks like it? name_form: lookalike_form() of the name. */
bool lookalike_shows(struct arena *a, struct str name_form, struct str real);

#endif
