/* The jail: a batch through real workers; what is refused costs one mail; a killed worker is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/jail.h"
#include "base/must.h"

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct jail *
open_jail(size_t message_bytes)
{
	struct jail *j = NULL;
	struct jail_options o = {
	    .workers = 2, .limits.message_bytes = message_bytes};
	struct err err = ERR_INIT;

	assert_int_equal(jail_open(&j, &o, &err), 0);
	return j;
}

static void
batch(void **state)
{
	struct jail *j = open_jail(1 << 20);
	struct arena a = ARENA_INIT;
	struct jailed items[300];
	struct err err = ERR_INIT;

	(void)state;
	memset(items, 0, sizeof items);
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i].raw = arena_printf(&a,
		    "From: ann@example.org\nSubject: mail %zu\n\nbody %zu\n", i,
		    i);
	assert_int_equal(jail_parse(j, &a, items, ARRAY_LEN(items), &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct message m;
		char want[40];

		assert_int_equal(items[i].refused, ERR_NONE);
		assert_int_equal(
		    message_decode(&a, items[i].record, &m, &err), 0);
		snprintf(want, sizeof want, "mail %zu", i);
		assert_true(str_eq(m.subject, str_c(want)));
	}
	jail_close(&j);
	arena_fini(&a);
}

static void
too_large(void **state)
{
	struct jail *j = open_jail(100000);
	struct arena a = ARENA_INIT;
	struct buf big = BUF_INIT;
	struct jailed items[3] = {
	    {.raw = S("Subject: a\n\nx\n")},
	    {.raw = {NULL, 0}},
	    {.raw = S("Subject: b\n\nx\n")},
	};
	struct err err = ERR_INIT;

	(void)state;
	buf_puts(&big, "Subject: big\n\n");
	buf_fill(&big, 'x', 200000);
	items[1].raw = buf_str(&big);
	assert_int_equal(jail_parse(j, &a, items, 3, &err), 0);
	assert_int_equal(items[0].refused, ERR_NONE);
	assert_int_equal(items[1].refused, ERR_PERM);
	assert_true(items[1].why.n > 0);
	assert_int_equal(items[2].refused, ERR_NONE);
	jail_close(&j);
	buf_fini(&big);
	arena_fini(&a);
}

/* All children of the zygote, killed between two batches: the next batch does not notice. */
static void
worker_killed(void **state)
{
	struct jail *j = open_jail(1 << 20);
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	(void)state;
	for (int round = 0; round < 5; round++) {
		struct jailed it = {.raw = S("Subject: a\n\nx\n")};
		char path[64], list[256] = "";
		FILE *f;

		assert_int_equal(jail_parse(j, &a, &it, 1, &err), 0);
		assert_int_equal(it.refused, ERR_NONE);
		snprintf(path, sizeof path, "/proc/%d/task/%d/children",
		    jail_pid(j), jail_pid(j));
		f = fopen(path, "r");
		if (!f)
			skip();
		if (fgets(list, sizeof list, f)) {
			char *at = list, *end;

			for (long pid = strtol(at, &end, 10); end != at;
			     pid = strtol(at, &end, 10)) {
				kill((pid_t)pid, SIGKILL);
				at = end;
			}
		}
		fclose(f);
	}
	jail_close(&j);
	arena_fini(&a);
}

static void
attachment(void **state)
{
	struct jail *j = open_jail(1 << 20);
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	struct str raw = S("Subject: a\nMIME-Version: 1.0\n"
			   "Content-Type: multipart/mixed; boundary=b\n\n"
			   "--b\n\ntext\n--b\n"
			   "Content-Type: application/octet-stream\n"
			   "Content-Disposition: attachment; filename=x.bin\n"
			   "Content-Transfer-Encoding: base64\n\n"
			   "aGVsbG8=\n--b--\n");

	(void)state;
	assert_int_equal(jail_attachment(j, raw, 0, &out, &err), 0);
	assert_true(str_eq(buf_str(&out), S("hello")));
	assert_int_equal(jail_attachment(j, raw, 1, &out, &err), -1);
	assert_int_equal(err.code, ERR_NOENT);
	jail_close(&j);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(batch),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(worker_killed),
	    cmocka_unit_test(attachment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
