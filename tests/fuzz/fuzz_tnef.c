/* winmail.dat, and the RTF and calendars that come with it. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/calendar.h"
#include "mail/charset.h"
#include "mail/rtf.h"
#include "mail/tnef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libytnef 2.0 gives up damaged RTF without freeing what it had; a parser process has limits, and does not live long. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:DecompressRTF\n";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct charset_text c;
	struct tnef t;
	bool html;

	tnef_read(&a, in, &t);
	must(utf8_valid(t.text) && utf8_valid(t.html));
	must(t.n <= TNEF_FILES_MAX);
	for (size_t i = 0; i < t.n; i++)
		must(utf8_valid(t.v[i].name) && utf8_valid(t.v[i].type) &&
		     utf8_valid(t.v[i].content_id));
	must(utf8_valid(rtf_text(&a, in, S("windows-1252"), &html)));
	charset_decode(&a, S("utf-8"), in, &c);
	must(utf8_valid(calendar_text(&a, charset_lines(&a, c.text))));
	arena_fini(&a);
	return 0;
}
