/* A store in a directory of its own, gone at the end. */
#ifndef TESTS_STORE_BOX_H
#define TESTS_STORE_BOX_H

#include "base/file.h"
#include "base/must.h"
#include "store/check.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

struct box {
	char dir[120];
	struct store *s;
	struct arena a;
};

static inline void
box_open_with(struct box *b, const struct store_options *o)
{
	struct err e = ERR_INIT;

	if (store_open(&b->s, b->dir, o, &e) < 0)
		fail_msg("%s", e.msg);
}

static inline void
box_open(struct box *b)
{
	box_open_with(b, &(struct store_options){.create = true});
}

static inline void
box_init(struct box *b)
{
	*b = (struct box){.dir = "/tmp/helpd-store.XXXXXX"};
	assert_non_null(mkdtemp(b->dir));
	box_open(b);
}

static inline void
box_remove(const char *dir)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	unlink(path_join(&a, dir, "data.mdb"));
	unlink(path_join(&a, dir, "lock.mdb"));
	assert_int_equal(rmdir(dir), 0);
}

static inline void
box_fini(struct box *b)
{
	store_close(b->s);
	arena_fini(&b->a);
	box_remove(b->dir);
}

/* cmocka's setup and teardown: *state is a struct box. */
static inline int
box_setup(void **state)
{
	static struct box b;

	box_init(&b);
	*state = &b;
	return 0;
}

static inline int
box_teardown(void **state)
{
	box_fini(*state);
	return 0;
}

static inline struct txn *
box_write(struct box *b)
{
	struct err e = ERR_INIT;
	struct txn *t;

	if (txn_write(b->s, &t, &e) < 0)
		fail_msg("%s", e.msg);
	return t;
}

static inline struct txn *
box_read(struct box *b)
{
	struct err e = ERR_INIT;
	struct txn *t;

	if (txn_read(b->s, &t, &e) < 0)
		fail_msg("%s", e.msg);
	return t;
}

static inline void
box_commit(struct txn *t)
{
	struct err e = ERR_INIT;

	if (txn_commit(t, &e) < 0)
		fail_msg("%s", e.msg);
}

static inline bool
box_print_problem(void *ctx, const char *text)
{
	struct buf *all = ctx;

	buf_puts(all, text);
	buf_putc(all, '\n');
	return true;
}

/* The check finds nothing. */
static inline struct store_counts
box_check(struct box *b)
{
	AUTO(buf_fini) struct buf all = BUF_INIT;
	struct store_counts n;
	struct err e = ERR_INIT;

	if (store_check(b->s, NULL, box_print_problem, &all, &n, &e) < 0)
		fail_msg("%s", e.msg);
	if (n.problems)
		fail_msg("%s", buf_cstr(&all));
	return n;
}

/* How many problems the check finds; text: the last of them, or empty. */
static inline bool
box_problem(void *ctx, const char *text)
{
	snprintf(ctx, 300, "%s", text);
	return true;
}

static inline uint64_t
box_problems(struct box *b, char text[300])
{
	struct store_counts n;
	struct err err = ERR_INIT;

	text[0] = 0;
	if (store_check(b->s, NULL, box_problem, text, &n, &err) < 0)
		fail_msg("%s", err.msg);
	return n.problems;
}

#endif
