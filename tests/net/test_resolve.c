/* The resolver that hangs: getaddrinfo() here is ours. */
#include "base/clock.h"
#include "base/must.h"
#include "net/resolve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static _Atomic bool hang;
static _Atomic int calls, ended;
static struct addrinfo answer;

int
getaddrinfo(const char *restrict name, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	atomic_fetch_add(&calls, 1);
	(void)service;
	while (strcmp(name, "hang") == 0 && atomic_load(&hang))
		usleep(10000);
	atomic_fetch_add(&ended, 1);
	if (strcmp(name, "nobody") == 0)
		return EAI_NONAME;
	if (strcmp(name, "plain") == 0 && hints->ai_flags)
		return EAI_ADDRFAMILY;
	*out = &answer;
	return 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, &answer);
}

static void
answers(void **state)
{
	struct addrinfo *list;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    resolve("good", "25", clock_mono() + 5000, -1, NULL, &list, &err),
	    0);
	assert_ptr_equal(list, &answer);
	assert_int_equal(
	    resolve("plain", "25", clock_mono() + 5000, -1, NULL, &list, &err),
	    0);
	assert_int_equal(
	    resolve("nobody", "25", clock_mono() + 5000, -1, NULL, &list, &err),
	    -1);
	assert_int_equal(err.code, ERR_TEMP);
	assert_non_null(strstr(err.msg, "nobody"));
	assert_null(list);
}

static void *
stop_it(void *arg)
{
	uint64_t one = 1;
	int fd = *(int *)arg;

	usleep(100000);
	assert_int_equal(write(fd, &one, sizeof one), sizeof one);
	return NULL;
}

static _Atomic bool stop;

static void *
wake_it(void *arg)
{
	usleep(100000);
	atomic_store(&stop, true);
	usleep(1000);
	return stop_it(arg);
}

static void
hangs(void **state)
{
	struct addrinfo *list;
	struct err err = ERR_INIT;
	int64_t begin = clock_mono(), took;
	int fd = eventfd(0, EFD_CLOEXEC), before;
	int first = atomic_load(&calls);
	pthread_t t;

	(void)state;
	atomic_store(&hang, true);
	/* The time is over. */
	assert_int_equal(
	    resolve("hang", "25", begin + 300, -1, NULL, &list, &err), -1);
	took = clock_mono() - begin;
	assert_true(took >= 290 && took < 3000);
	assert_non_null(strstr(err.msg, "in time"));
	/* Stopped by another thread. */
	err = ERR_INIT;
	assert_int_equal(pthread_create(&t, NULL, wake_it, &fd), 0);
	begin = clock_mono();
	assert_int_equal(
	    resolve("hang", "25", begin + 60000, fd, &stop, &list, &err), -1);
	assert_true(clock_mono() - begin < 5000);
	assert_non_null(strstr(err.msg, "interrupted"));
	pthread_join(t, NULL);
	/* No more than 16 are left behind; the others are told at once. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(resolve("hang", "25", clock_mono() + 1, -1,
				     NULL, &list, &err),
		    -1);
	/* A thread that was started late calls late. */
	for (int i = 0; i < 500 && atomic_load(&calls) < first + 16; i++)
		usleep(10000);
	before = atomic_load(&calls);
	assert_int_equal(before, first + 16);
	err = ERR_INIT;
	begin = clock_mono();
	assert_int_equal(
	    resolve("good", "25", begin + 60000, -1, NULL, &list, &err), -1);
	assert_non_null(strstr(err.msg, "does not answer"));
	assert_true(clock_mono() - begin < 1000);
	assert_int_equal(atomic_load(&calls), before);
	/* They come back, and it goes on. */
	atomic_store(&hang, false);
	for (int i = 0; i < 500; i++) {
		usleep(10000);
		err = ERR_INIT;
		if (atomic_load(&ended) == atomic_load(&calls) &&
		    resolve("good", "25", clock_mono() + 5000, -1, NULL, &list,
			&err) == 0)
			break;
	}
	assert_ptr_equal(list, &answer);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers), cmocka_unit_test(hangs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
