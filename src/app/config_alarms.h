/* config_alarms: the blocks alarms and heartbeat of helpd.conf, and when passwords expire. */
#ifndef APP_CONFIG_ALARMS_H
#define APP_CONFIG_ALARMS_H

#include "app/config_block.h"

struct alarm_blocks;

struct alarm_blocks *alarm_blocks_new(struct arena *a);
void alarm_blocks_alarms(struct value_reader *r, struct alarm_blocks *o, const struct command *c);
void alarm_blocks_heartbeat(struct value_reader *r, struct alarm_blocks *o, const struct command *c);
/* When mailboxes, transports and own addresses are in *c: into c->watch. transports: the names of those of the file. */
void alarm_blocks_finish(struct value_reader *r, struct alarm_blocks *o, struct config *c);

#endif
