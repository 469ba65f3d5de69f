/* The new text of a mail: spans lie in the text, in order, apart; thanks are decided without harm. */
#include "base/must.h"
#include "mail/reply.h"
#include "mail/reply_marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str text = str_n((const char *)data, size);
	struct span *v;
	size_t n;

	reply_split(&a, text, &v, &n);
	/* None also of a notice of ours that came back without a word. */
	must(n > 0 || str_trim(text).n == 0 || str_has(text, S("##")) ||
	     str_has(text, S(REPLY_OURS)));
	must(n == 0 || str_trim(text).n > 0);
	for (size_t i = 0; i < n; i++) {
		must(v[i].from <= v[i].to && v[i].to <= size);
		must(i == 0 || v[i - 1].to <= v[i].from);
	}
	reply_is_thanks(text);
	arena_fini(&a);
	return 0;
}
