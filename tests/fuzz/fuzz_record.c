/* Records as the store and the jail's pipe give them: hostile bytes. What is read is written again and reads the same. */
#include "base/must.h"
#include "base/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recr r = recr_open(str_n((const char *)data, size)), again;
	struct buf b = BUF_INIT;

	while (recr_next(&r)) {
		if (r.is_str) {
			struct recr in = recr_open(r.s);

			rec_str(&b, r.tag, r.s);
			while (recr_next(&in))
				must(in.tag > 0);
		} else {
			rec_u64(&b, r.tag, r.u);
		}
	}
	again = recr_open(buf_str(&b));
	r = recr_open(str_n((const char *)data, size));
	while (recr_next(&r)) {
		must(recr_next(&again) && again.tag == r.tag &&
		     again.is_str == r.is_str && again.u == r.u &&
		     str_eq(again.s, r.s));
	}
	must(!recr_next(&again) && !again.bad);
	buf_fini(&b);
	return 0;
}
