/* config_outward: the blocks webhook and classify of helpd.conf, into the settings; and the webhooks' transports. */
#ifndef APP_CONFIG_OUTWARD_H
#define APP_CONFIG_OUTWARD_H

#include "app/config_block.h"

/* What the rows of a webhook fill. */
struct webhook_values {
	struct transport t;
	struct strs events;
	bool text;
};

struct outward;
struct outward *outward_new(struct arena *a);
void outward_webhook(struct value_reader *r, struct outward *o, const struct command *c);
void outward_classify(struct value_reader *r, struct outward *o, const struct command *c);
/* When all blocks were read and the site is known: checks them, and puts them into *c. */
void outward_finish(struct value_reader *r, struct outward *o, struct config *c);

#endif
