/* Several processes on one store; some of them die. */
#include "box.h"
#include "base/clock.h"
#include "store/ledger.h"
#include "store/person.h"
#include "store/ticket.h"

#include <signal.h>
#include <sys/wait.h>

/* A child never uses the environment it inherited: it opens its own. The parent opens after forking. */
static pid_t
child(const char *dir, void (*run)(struct box *b, int fd), int *fd)
{
	int p[2];
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct box b = {0};

		snprintf(b.dir, sizeof b.dir, "%s", dir);
		if (store_open(&b.s, b.dir, NULL, NULL) < 0)
			_exit(3);
		run(&b, p[1]);
		store_close(b.s);
		_exit(0);
	}
	close(p[1]);
	*fd = p[0];
	return pid;
}

static void
wait_byte(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
}

static void
say(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(4);
}

static void
kill_wait(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
read_and_hang(struct box *b, int fd)
{
	struct txn *t;

	if (txn_read(b->s, &t, NULL) < 0)
		_exit(5);
	say(fd);
	pause();
}

/* As long as a dead reader's slot stands, nothing that it might read is reused. */
static void
dead_reader_is_cleared(void **state)
{
	uint64_t before, after, size;
	struct err e = ERR_INIT;
	struct box b;
	pid_t pid;
	int fd;

	(void)state;
	box_init(&b);
	store_close(b.s);
	pid = child(b.dir, read_and_hang, &fd);
	wait_byte(fd);
	box_open(&b);
	kill_wait(pid);
	assert_int_equal(store_clear_stale(b.s, &e), 1);
	assert_int_equal(store_clear_stale(b.s, &e), 0);
	for (int round = 0; round < 60; round++) {
		struct txn *t = box_write(&b);

		for (unsigned i = 0; i < 50; i++)
			counter_put(
			    t, arena_printf(&b.a, "%d", (int)i), S("value"));
		box_commit(t);
		if (round == 10)
			store_usage(b.s, &before, &size);
	}
	store_usage(b.s, &after, &size);
	assert_true(after <= before + 40960);
	close(fd);
	box_fini(&b);
}

static void
write_alternately(struct box *b, int fd)
{
	(void)fd;
	for (int i = 0; i < 200; i++) {
		struct ticket k = {
		    .status = STATUS_NEW, .updated = i, .queue = S("child")};
		struct txn *t;

		if (txn_write(b->s, &t, NULL) < 0)
			_exit(5);
		ticket_put(t, &k);
		if (txn_commit(t, NULL) < 0)
			_exit(6);
	}
}

static void
two_writers(void **state)
{
	struct box b;
	uint64_t n;
	pid_t pid;
	int fd, status;
	struct txn *t;

	(void)state;
	box_init(&b);
	store_close(b.s);
	pid = child(b.dir, write_alternately, &fd);
	box_open(&b);
	for (int i = 0; i < 200; i++) {
		struct ticket k = {
		    .status = STATUS_NEW, .updated = i, .queue = S("parent")};

		t = box_write(&b);
		ticket_put(t, &k);
		box_commit(t);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	t = box_read(&b);
	assert_int_equal(ticket_count(t, STATUS_NEW, &n), 0);
	assert_int_equal(n, 400);
	box_commit(t);
	box_check(&b);
	close(fd);
	box_fini(&b);
}

static void
write_and_hang(struct box *b, int fd)
{
	struct txn *t;

	for (int i = 0; i < 2; i++) {
		if (txn_write(b->s, &t, NULL) < 0)
			_exit(5);
		for (int n = 0; n < 1000; n++) {
			struct ticket k = {.status = STATUS_NEW,
			    .updated = n,
			    .subject = S("of the child")};

			ticket_put(t, &k);
		}
		if (i == 0 && txn_commit(t, NULL) < 0)
			_exit(6);
	}
	say(fd);
	pause();
}

/* The first transaction is there whole, the second not at all, and the lock is free again. */
static void
killed_writer_leaves_last_commit(void **state)
{
	struct ticket k = {.status = STATUS_NEW};
	struct box b;
	struct txn *t;
	uint64_t n;
	pid_t pid;
	int fd;

	(void)state;
	box_init(&b);
	store_close(b.s);
	pid = child(b.dir, write_and_hang, &fd);
	wait_byte(fd);
	box_open(&b);
	kill_wait(pid);
	t = box_write(&b);
	assert_int_equal(ticket_count(t, STATUS_NEW, &n), 0);
	assert_int_equal(n, 1000);
	ticket_put(t, &k);
	assert_int_equal(k.id, 1001);
	box_commit(t);
	box_check(&b);
	close(fd);
	box_fini(&b);
}

static void
write_for_ever(struct box *b, int fd)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	for (uint32_t i = 1;; i++) {
		struct ledger_row row = {.fate = FATE_TICKET, .seq = 1};
		struct ticket k = {.status = STATUS_NEW, .articles = 1};
		struct article r = {.seq = 1,
		    .direction = DIRECTION_IN,
		    .date = CLOCK_NONE,
		    .text = S("some words")};
		struct txn *t;

		arena_reset(&a);
		if (txn_write(b->s, &t, NULL) < 0)
			_exit(5);
		ticket_put(t, &k);
		r.ticket = row.ticket = k.id;
		article_put(t, &r);
		ledger_put(t,
		    (struct source_key){source_number(t, S("INBOX")),
			arena_printf(&a, "%u.%llu", (unsigned)getpid(),
			    (unsigned long long)k.id)},
		    &row);
		if (txn_commit(t, NULL) < 0)
			_exit(6);
		if (i == 5)
			say(fd);
	}
}

static void
killed_at_any_moment(void **state)
{
	struct box b;

	(void)state;
	box_init(&b);
	for (useconds_t i = 0; i < 12; i++) {
		pid_t pid;
		int fd;

		store_close(b.s);
		pid = child(b.dir, write_for_ever, &fd);
		wait_byte(fd);
		usleep(i * 137);
		kill_wait(pid);
		close(fd);
		box_open(&b);
		assert_true(box_check(&b).tickets >= 5 * (i + 1));
	}
	box_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dead_reader_is_cleared),
	    cmocka_unit_test(two_writers),
	    cmocka_unit_test(killed_writer_leaves_last_commit),
	    cmocka_unit_test(killed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
