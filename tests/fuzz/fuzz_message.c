/* The record of a message, from a process that is not trusted: refused, or all that mail/message.h promises. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct buf first = BUF_INIT, second = BUF_INIT;
	unsigned char hash[SHA256_SIZE];
	struct message m, again;
	struct err err = ERR_INIT;

	message_content_hash(in, hash);
	if (message_decode(&a, in, &m, &err) == 0) {
		must(utf8_valid(m.text) && m.text.n <= MESSAGE_TEXT_MAX);
		must(utf8_valid(message_new_text(&a, &m)));
		must(m.nheaders <= MESSAGE_HEADERS_MAX);
		/* What was read writes a record that reads the same. */
		message_encode(&m, &first);
		must(message_decode(&a, buf_str(&first), &again, &err) == 0);
		message_encode(&again, &second);
		must(str_eq(buf_str(&first), buf_str(&second)));
	} else {
		must(err.code == ERR_CORRUPT);
	}
	buf_fini(&first);
	buf_fini(&second);
	arena_fini(&a);
	return 0;
}
