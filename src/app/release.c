#include "app/release.h"

int
release_push(
    struct store *s, struct pipeline *p, uint64_t quarantine, struct err *err)
{
	(void)s, (void)p, (void)quarantine;
	return err_set(err, ERR_PERM, "not yet");
}
