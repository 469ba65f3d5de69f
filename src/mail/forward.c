#include "mail/forward.h"

struct forwarded *
forward_read(struct arena *a, const struct message *m, size_t own,
    const struct mime *mime)
{
	(void)a;
	(void)m;
	(void)own;
	(void)mime;
	return NULL;
}
