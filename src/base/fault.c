#include "base/fault.h"

#ifdef WITH_FAULT_POINTS
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/str.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t kill_at;
static bool whole_group;
static int count_fd = -1;
static _Atomic uint64_t passed;

static void
set_up(void)
{
	const char *at = getenv("HELPD_FAULT_AT");
	const char *file = getenv("HELPD_FAULT_COUNT");

	if (at && !str_u64(str_c(at), &kill_at))
		kill_at = 0;
	whole_group = getenv("HELPD_FAULT_GROUP") != NULL;
	if (file && *file)
		count_fd =
		    open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void
fault_point(const char *name)
{
	uint64_t n;
	char line[100];
	int len;

	pthread_once(&once, set_up);
	if (!kill_at && count_fd < 0)
		return;
	n = atomic_fetch_add(&passed, 1) + 1;
	len = snprintf(
	    line, sizeof line, "%llu %s\n", (unsigned long long)n, name);
	if (count_fd >= 0 && write(count_fd, line, (size_t)len) < 0)
		_exit(70);
	if (n == kill_at) {
		kill(whole_group ? 0 : getpid(), SIGKILL);
		/* Not a step further, by any thread. */
		for (;;)
			pause();
	}
}
#else
/* ISO C wants something in every file. */
typedef int fault_points_are_off;
#endif
