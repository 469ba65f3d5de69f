#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
must_failed(const char *cond, const char *file, int line)
{
	fprintf(
	    stderr, "fatal base invariant=\"%s\" at=%s:%d\n", cond, file, line);
	abort();
}

void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
