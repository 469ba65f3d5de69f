/* config_retain: how long things are kept (purge_after, spam_purge_after, quarantine_after): what must agree with what, in helpd.conf. */
#ifndef APP_CONFIG_RETAIN_H
#define APP_CONFIG_RETAIN_H

#include "app/config_block.h"

/* After limits are read. q has its site's times where it says none itself. */
void retain_judge_queue(struct value_reader *r, const struct block *queue, const struct block *site, const struct settings *s, const struct queue *q);
/* After the queues: also fills s->retains. */
void retain_judge_site(struct value_reader *r, const struct block *site, struct settings *s);

#endif
