/* config_customers: the tiers of helpd.conf, and customers.csv. */
#ifndef APP_CONFIG_CUSTOMERS_H
#define APP_CONFIG_CUSTOMERS_H

#include "app/config_block.h"
#include "desk/customers.h"

enum { CUSTOMERS_FILE_MAX = 256 << 20 /* bytes */ };

/* What helpd.conf says of tiers, while it is read. */
struct tiers {
	struct tier_block **v;
	size_t n;
	struct strs names;
};
/* One tier "NAME" { … } of helpd.conf. */
void tier_read(struct value_reader *r, struct tiers *f, const struct command *c);
/*
 * Once queues, staff and what is promised are known: into s->tiers and s->customers, and whether they agree with each other. A customers.csv
 * that is not there is none.
 */
void customers_read(struct value_reader *r, const char *path, struct tiers *f, struct settings *s);

#endif
