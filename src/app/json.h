/* json: small helpers over jansson, so that every verb writes a value the same way (helpd-json(7)). */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "mail/address.h"

/* s is made well-formed UTF-8. */
json_t *json_of(struct str s);
void json_put_str(json_t *o, const char *key, struct str s);
void json_put_str_or_null(json_t *o, const char *key, struct str s); /* null when empty */
void json_put_time(json_t *o, const char *key, int64_t t);          /* RFC 3339, or null for CLOCK_NONE */
void json_put_strs(json_t *o, const char *key, const struct strs *l);
json_t *json_of_address(const struct address *a);                   /* {"name","address"} */
json_t *json_of_addresses(const struct addresses *l);
/* Appends o as one line with LF, and frees it. */
void json_line(struct buf *out, json_t *o);
/* The same to standard output. */
void json_print(json_t *o);

#endif
