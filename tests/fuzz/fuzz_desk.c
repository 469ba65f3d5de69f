/* What the desk itself reads of a mail's text: Authentication-Results, tokens in addresses and Message-IDs; and its records of the store. */
#include "base/must.h"
#include "desk/authres.h"
#include "desk/bounce_match.h"
#include "desk/extra.h"
#include "desk/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str text = {(const char *)data, size}, token, ours = S("mx");
	struct strs values = {&text, 1}, trusted = {&ours, 1};
	struct authres r;
	struct bounce b;
	struct extra x;
	uint64_t ticket;

	if (size > 16384)
		return 0;
	authres_read(&a, &values, &trusted, S("ann@x.example"), &r);
	/* A result is only ever that of a field of ours. */
	must(r.found || (r.dmarc == AUTH_NONE && !r.contradicting));
	if (token_detail(text, &ticket, &token))
		must(ticket > 0 && token.n == TOKEN_CHARS);
	extra_read(&a, text, &x);
	extra_write(&a, text, &x);
	bounce_decode(&a, text, &b, NULL);
	arena_fini(&a);
	return 0;
}
