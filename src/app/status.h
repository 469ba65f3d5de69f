/*
 * status: the daemon's health as one line of JSON (helpd-json(7)), for `helpd status`, the status file, and monitors.
 *
 * What is counted is counted by index; only of the service levels every open ticket is looked at, STATUS_SLA_MAX of them at most.
 */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "app/feed.h"
#include "app/pipeline.h"
#include "app/sender.h"

enum { STATUS_SLA_MAX = 10000 };

struct status_sources {
	int64_t started;
	struct store *store;
	struct writer *writer;
	struct pipeline *pipeline;
	struct feeds *feeds;
	struct senders *senders;
	const struct config *config;
	const char *data;      /* the data directory */
};
/* running false: the daemon ends. line, n: the same in a few words, for people; may be NULL, 0. */
void status_json(const struct status_sources *s, bool running, struct buf *out, char *line, size_t n);

/* What a JSON line of status_json() says, in the text format of Prometheus. -1: it is none. */
int status_metrics(struct str json, struct buf *out);

#endif
