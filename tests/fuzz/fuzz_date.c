/* Dates: within four-digit years, and equal when written in RFC 3339 and read again. */
#include "base/must.h"
#include "mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf b = BUF_INIT;
	int64_t t, again;

	if (!date_parse(str_n((const char *)data, size), &t)) {
		must(t == CLOCK_NONE);
		return 0;
	}
	clock_rfc3339(&b, t);
	if (b.n == 20) {
		must(date_parse(buf_str(&b), &again));
		must(again == t);
	}
	buf_fini(&b);
	return 0;
}
