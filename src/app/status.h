/* status: the daemon's health as one line of JSON (helpd-json(7)), for `helpd status` and monitors. */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include "app/feed.h"
#include "app/pipeline.h"
#include "app/sender.h"

struct status_sources {
	int64_t started;
	struct store *store;
	struct writer *writer;
	struct pipeline *pipeline;
	struct feeds *feeds;
	struct senders *senders;
};
void status_json(const struct status_sources *s, struct buf *out);

#endif
