/* HTML as text and made harmless: nothing reads beyond, the output is bounded, and what was made safe stays so. */
#include "base/must.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena a = ARENA_INIT;
	struct str html = str_n((const char *)data, size), out;

	if (!ready)
		html_init();
	ready = true;
	if (html_to_text(&a, html, &out, NULL) == 0)
		must(!str_has(out, S(" \n")));
	if (html_sanitise(&a, html, &out, NULL) == 0) {
		must(!str_ihas(out, S("<script")));
		must(!str_ihas(out, S("<svg")));
		must(!str_ihas(out, S("<style")));
		must(!str_ihas(out, S("<iframe")));
	}
	html_bare_text(&a, html);
	arena_fini(&a);
	return 0;
}
