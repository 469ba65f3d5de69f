/* An iCalendar file: as holidays of an admin's, and as an invitation in a mail. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/calendar.h"
#include "mail/charset.h"
#include "mail/holidays.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct charset_text c;
	struct holiday *v;
	struct err err = ERR_INIT;
	size_t n, timed;

	if (size > 16384)
		return 0;
	if (holidays_read(&a, in, &v, &n, &timed, &err) == 0) {
		must(n > 0 && n <= HOLIDAYS_MAX);
		for (size_t i = 0; i < n; i++) {
			must(i == 0 || v[i - 1].day < v[i].day);
			must(utf8_valid(v[i].name));
		}
	} else {
		must(err.code == ERR_INVAL && err.msg[0]);
	}
	charset_decode(&a, S("utf-8"), in, &c);
	must(utf8_valid(calendar_text(&a, charset_lines(&a, c.text))));
	return 0;
}
