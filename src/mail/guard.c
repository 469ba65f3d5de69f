#include "mail/guard.h"

enum {
	MESSAGE_BYTES = 50 << 20,
	HEADER_BYTES = 1 << 20,
	NESTING = 100,
	PARTS = 10000,
	WORK_FLOOR = 64 << 20,
};

int
guard_open(struct guard *g, struct str raw, const struct parse_limits *limits,
    struct err *err)
{
	*g = (struct guard){.err = err};
	if (limits)
		g->limits = *limits;
	if (!g->limits.message_bytes)
		g->limits.message_bytes = MESSAGE_BYTES;
	if (!g->limits.header_bytes)
		g->limits.header_bytes = HEADER_BYTES;
	if (!g->limits.nesting)
		g->limits.nesting = NESTING;
	if (!g->limits.parts)
		g->limits.parts = PARTS;
	if (raw.n > g->limits.message_bytes)
		return err_set(err, ERR_PERM,
		    "the mail has %zu bytes, more than the limit of %zu", raw.n,
		    g->limits.message_bytes);
	/* An ordinary mail is scanned twice or three times; 100 levels around all of a large one is no mail. */
	g->work = WORK_FLOOR + (uint64_t)raw.n * 6;
	return 0;
}

int
guard_part(struct guard *g, unsigned depth, size_t header_bytes)
{
	if (depth > g->limits.nesting)
		return err_set(g->err, ERR_PERM,
		    "parts are nested more than %u levels deep",
		    g->limits.nesting);
	if (++g->parts > g->limits.parts)
		return err_set(
		    g->err, ERR_PERM, "more than %u parts", g->limits.parts);
	if (header_bytes > g->limits.header_bytes)
		return err_set(g->err, ERR_PERM,
		    "a header of %zu bytes, more than the limit of %zu",
		    header_bytes, g->limits.header_bytes);
	return guard_scan(g, header_bytes);
}

int
guard_scan(struct guard *g, size_t bytes)
{
	if (bytes > g->work)
		return err_set(g->err, ERR_PERM,
		    "its parts are nested around too much content");
	g->work -= bytes;
	return 0;
}
