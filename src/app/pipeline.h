/*
 * pipeline: from raw bytes to a committed article, for every source alike.
 *
 *   push -> parser threads: jail, hashes, compression -> writer: ingest -> done()
 *
 * Items are committed in the order in which they were pushed. The queue is bounded in bytes: pipeline_push() blocks while it is full, so a
 * source fetches no faster than the store takes.
 */
#ifndef APP_PIPELINE_H
#define APP_PIPELINE_H

#include "app/jail.h"
#include "app/writer.h"

struct pipeline;

struct item {
	struct item *next;      /* the pipeline's while it has it, then the owner's */
	struct source_key key;  /* key.key lives in the item: item_new() copies */
	struct buf raw;         /* freed by the pipeline when it is packed */
	uint64_t size;          /* of the mail; when oversize, larger than raw */
	bool oversize, begin_old;
	bool sent;              /* from a folder of sent mail */
	uint64_t retried;       /* out of the quarantine: its id there; key is that of then */
	bool keep;              /* oversize or such: the original is not to be moved or deleted */
	struct str queue, channel, envelope_sender, envelope_recipient; /* borrowed from the source, or from `own` */
	struct str confirmed;   /* of a retried one: see struct intake */
	struct arena own;
	uint64_t reserved;      /* pipeline_reserve() */
	int64_t pushed;         /* clock_mono(); the source's own */

	struct outcome outcome; /* when done */
	uint32_t uid;           /* the source's own: IMAP UID */
	void *owner;
	/* In the writer's thread. failed NULL: committed. The owner frees the item. */
	void (*done)(struct item *it, const struct err *failed);
	char key_bytes[];
};

struct item *item_new(struct source_key key);
void item_free(struct item *it);

int pipeline_open(struct pipeline **out, struct jail *j, struct writer *w, unsigned threads, struct err *err);
/*
 * Before a mail of that size is read: several large ones at once would pass the memory bound. Waits for its turn, false when it has not come
 * in time; small ones have no need to wait. What is pushed is released when it is done; what is not, by pipeline_release().
 */
bool pipeline_reserve(struct pipeline *in, struct item *it, uint64_t size, int64_t wait_ms);
void pipeline_release(struct pipeline *in, struct item *it);
void pipeline_push(struct pipeline *in, struct item *it);
/* While it is set, what has not been parsed within a second goes back to its owner as failed: at an end that is not to take long. */
void pipeline_hurry(struct pipeline *in, bool hurry);
/* Waits until everything pushed is done. */
void pipeline_drain(struct pipeline *in);
void pipeline_close(struct pipeline **in);
struct writer *pipeline_writer(struct pipeline *in);
size_t pipeline_depth(struct pipeline *in); /* pushed and not done; takes no lock */

#endif
