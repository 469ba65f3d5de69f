/*
 * imap_guard: what a server may say to libetpan's parser.
 *
 * libetpan parses IMAP in the daemon itself, so it gets to see only a small, well-formed part of the grammar: the responses that the
 * command in progress asked for, each line complete, each number in range, each literal within a limit, response codes and
 * flags from a short list, free text replaced. What else a server sends unasked is dropped; what is no IMAP, too much, or BYE is
 * an error, and the connection is then of no further use. Without it libetpan 1.9.4 (tests/fuzz/fuzz_imap.c, the driver reading the stream
 * directly) allocates what "{4294967295}" announces, overflows its stack on a nested BODYSTRUCTURE, follows NULL at
 * a greeting "* OK [PERMANENTFLAGS ()]", and leaks at a BYE greeting.
 */
#ifndef NET_IMAP_GUARD_H
#define NET_IMAP_GUARD_H

#include "base/buf.h"
#include "net/stream.h"

/* What the command in progress may be answered with, besides status lines, EXISTS, EXPUNGE, FLAGS, CAPABILITY. */
enum {
	GUARD_GREETING = 1 << 0,
	GUARD_FETCH = 1 << 1,
	GUARD_LIST = 1 << 2,
	GUARD_SEARCH = 1 << 3,
	GUARD_BYE = 1 << 4, /* LOGOUT: a BYE is no error */
};

struct guard {
	struct stream *s;
	/* the command in progress */
	unsigned expect;
	unsigned tag;
	size_t literal_max;       /* of one literal */
	uint64_t left;            /* bytes of all it may still send */
	/* the response in progress */
	struct buf line;          /* a line being put together */
	struct buf out;           /* vetted, for libetpan */
	size_t out_at;
	uint64_t literal_left;
	enum { GUARD_FIRST, GUARD_FETCHING, GUARD_LISTING, GUARD_DROPPING } state;
	/* what was said */
	enum { GUARD_NONE, GUARD_OK, GUARD_NO, GUARD_BAD } tagged;
	struct buf text;          /* of the tagged answer, clean, without its code */
	struct buf code;          /* its response code, upper case, "" for none */
	bool preauth;
	bool news;                /* EXISTS came; the caller clears it */
	uint32_t exists;
	uint64_t modseq;          /* HIGHESTMODSEQ */
};

void guard_init(struct guard *g, struct stream *s);
void guard_fini(struct guard *g);
/* Before each command. literal_max: of one literal; total: of all bytes of its answer. */
void guard_begin(struct guard *g, unsigned tag, unsigned expect, size_t literal_max, uint64_t total);
/* For libetpan: some vetted bytes, at least one; -1 on any error, which is then the stream's. Never past the tagged answer. */
ssize_t guard_read(struct guard *g, char *to, size_t n);
/* Waits for a continuation: 1 with its text in *text (or NULL), 0 when the tagged answer came instead (it is then read as usual), -1. */
int guard_continuation(struct guard *g, struct buf *text);
/* Takes what has arrived unasked (IDLE): 0, or -1. Looks only at what is there already. */
int guard_unasked(struct guard *g);

#endif
