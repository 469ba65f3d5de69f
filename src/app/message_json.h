/* message_json: a parsed mail as the JSON object of `helpd parse` (helpd-json(7)). */
#ifndef APP_MESSAGE_JSON_H
#define APP_MESSAGE_JSON_H

#include <jansson.h>
#include "mail/message.h"

/* A new reference. file: as the user gave it; NULL leaves the key out. Every key is there, null or an empty list where the mail has nothing. */
json_t *message_json(const struct message *m, const char *file);

/* A list of {"name", "type", "size", "sha256", "inline"}. */
json_t *attachments_json(const struct attachments *l);
/* null, or {"recipients": [{"address", "status", "smtp_code", "kind", "reason"}]}. */
json_t *bounce_json(const struct bounce *b);

#endif
