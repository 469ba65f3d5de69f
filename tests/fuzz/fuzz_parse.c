/* A whole mail: parsed, sent as a record, read back; every attachment can be had again with the same digest. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct buf rec = BUF_INIT, bytes = BUF_INIT;
	struct message m, back;
	struct err err = ERR_INIT;

	if (!ready)
		must(parse_init(NULL, &err) == 0);
	ready = true;
	if (message_parse(&a, in, NULL, &m, &err) == 0) {
		message_encode(&m, &rec);
		must(message_decode(&a, buf_str(&rec), &back, &err) == 0);
		must(str_eq(back.text, m.text) && utf8_valid(m.html));
		for (size_t i = 0; i < m.attachments.n && i < 20; i++) {
			unsigned char sum[SHA256_SIZE];

			buf_reset(&bytes);
			must(message_attachment(
				 &a, in, NULL, i, &bytes, &err) == 0);
			must(bytes.n == m.attachments.v[i].size);
			sha256(buf_str(&bytes), sum);
			must(!memcmp(
			    sum, m.attachments.v[i].sha256, SHA256_SIZE));
		}
	} else {
		must(err.code == ERR_PERM);
	}
	buf_fini(&rec);
	buf_fini(&bytes);
	arena_fini(&a);
	return 0;
}
