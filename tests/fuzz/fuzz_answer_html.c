/* The answer in HTML: harmless, whole, and without what must not be in it. */
#include "base/must.h"
#include "mail/answer_html.h"
#include "mail/command_line.h"
#include "mail/html.h"
#include "mail/reply_marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena a = ARENA_INIT;
	struct str html = str_n((const char *)data, size), safe, text, again,
		   line;

	if (!ready)
		html_init();
	ready = true;
	if (answer_html_make(&a, html, &safe, &text)) {
		must(safe.n > 0 && str_trim(text).n > 0);
		must(!str_ihas(safe, S("<script")));
		must(!str_ihas(safe, S("<style")));
		must(!str_ihas(safe, S("<svg")));
		must(!str_ihas(safe, S(" src=\"http")));
		must(!str_ihas(safe, S("<blockquote")) ||
		     !str_has(text, S("\n> ")));
		for (again = text; str_cut(&again, '\n', &line);)
			must(reply_marker_of(line) == MARKER_NONE);
		must(html_to_text(&a, safe, &again, NULL) == 0);
		must(str_eq(again, text));
		answer_html_says(text, again);
	}
	answer_html_says(html, html);
	must(command_line_trim(html).n <= html.n);
	arena_fini(&a);
	return 0;
}
