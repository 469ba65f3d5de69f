/* ticket_json: tickets as other programs read them (helpd-json(7); the keys are fixed). */
#ifndef APP_TICKET_JSON_H
#define APP_TICKET_JSON_H

#include "app/json.h"
#include "desk/settings.h"
#include "store/ticket.h"

/* One object of `list --json`. */
json_t *ticket_json(const struct settings *s, const struct ticket *k);
/* `show N --json`: that, and participants, fields, sla, articles, events, parent, children, relations, merged_into, merged_from, csat. -1: the transaction's error. */
int ticket_json_whole(struct txn *t, struct arena *a, const struct settings *s, const struct ticket *k, json_t **out, struct err *err);
/* One of `articles`. */
json_t *article_json(struct txn *t, struct arena *a, const struct article *r, uint64_t shown);
/* shown: of another ticket, merged into that one, it says so. */
json_t *event_json(const struct event *e, uint64_t shown);
const char *role_name(enum role r);
const char *link_name(enum link_kind k);

#endif
