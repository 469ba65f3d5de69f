/* A DER blob as a detached signature of some content, as signed-data with content, and as a certificate file. The first byte says how long the content is. */
#include "base/must.h"
#include "mail/smime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size), content, der, inside;
	unsigned char sum[SHA256_SIZE];
	struct smime x;
	const char *why = NULL;

	if (!ready)
		smime_init();
	ready = true;
	if (!size)
		return 0;
	content = str_sub(in, 1, 1 + (size_t)data[0]);
	der = str_from(in, 1 + content.n);
	if (!smime_detached(content, der, &x, &why))
		must(why && *why);
	why = NULL;
	if (smime_opaque(&a, der, &inside, &x, &why))
		must(inside.n > 0 && !x.whole);
	else
		must(why && *why);
	smime_certificate(der, sum, NULL);
	arena_fini(&a);
	return 0;
}
