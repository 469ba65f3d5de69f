#include "desk/identity.h"
#include "base/must.h"

const char *
level_name(enum level l)
{
	static const char *const names[] = {
	    "none", "weak", "medium", "good", "strong"};

	must((size_t)l < ARRAY_LEN(names));
	return names[l];
}

void
identity_decide(
    struct arena *a, const struct identity_query *q, struct identity *out)
{
	(void)a;
	(void)q;
	*out = (struct identity){0};
}
