/* What taking a person out (erase.c) and ending a ticket's time (purge.c) share. */
#ifndef DESK_PRIVACY_PRIVATE_H
#define DESK_PRIVACY_PRIVATE_H

#include "desk/privacy.h"

/* All words of an article that came or went; `word` takes their place, and is its flag. Its bytes, its people and its outbox row are the caller's. */
void article_strip(struct arena *a, struct article *r, struct str word);
/* Message-IDs in <> become `erased`: they tell of the sender's house. */
struct str text_without_ids(struct arena *a, struct str s);
/* An agent's event says which row allowed it and which article, then his command as he wrote it: only that goes. Borrowed from s. */
struct str cause_without_command(struct str s);
/* The person's row, and what is counted under this key. */
void person_forget(struct txn *t, struct arena *a, struct str key);

#endif
