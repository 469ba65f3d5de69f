/*
 * config_sla: sla.conf, in two steps, because agents.conf stands between: sla_read() gives the calendars, sla_judge() the policies, whose ladders name agents.
 */
#ifndef APP_CONFIG_SLA_H
#define APP_CONFIG_SLA_H

#include "app/config_table.h"

/* What the rows of sla.conf fill. */
struct calendar_values {
	const char *zone;
	struct strs weekdays, day[7], holidays;
};
struct target_values {
	int64_t first_response, next_response, resolution;
};
struct sla_values {
	struct str calendar, warn;
	struct strs pause, pauses;
};
struct escalate_values {
	struct strs notify, tag, webhook, targets;
	unsigned priority;
	struct str assign, queue;
};

struct calendar;
/* One block `calendar` (config_calendar.c); zone: where it says none. Its name is added to *names. What cannot be read is told, and *out is then always open. */
void calendar_read(struct value_reader *r, const struct command *c, const char *zone, struct strs *names, struct calendar *out);

struct sla_file;
/* After helpd.conf: into s->calendars. A file that is not there is none. */
struct sla_file *sla_read(struct value_reader *r, const char *path, struct settings *s);
/* After agents.conf: into s->policies, s->waits, s->promises. */
void sla_judge(struct sla_file *f);

bool sla_there(const struct sla_file *f);
const struct strs *sla_calendars(const struct sla_file *f);
const struct strs *sla_policies(const struct sla_file *f);

#endif
