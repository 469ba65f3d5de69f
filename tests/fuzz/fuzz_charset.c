/* The first line is the label, the rest the text: always well-formed UTF-8. Transfer decoding and flowed text, over the same bytes. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/flowed.h"
#include "mail/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str rest = str_n((const char *)data, size), label = {NULL, 0};
	struct charset_text t;
	struct uu_block u;
	size_t at = 0;

	str_cut(&rest, '\n', &label);
	charset_decode(&a, label, rest, &t);
	must(utf8_valid(t.text) && utf8_valid(t.charset) && t.charset.n);
	t.text = charset_lines(&a, t.text);
	must(str_chr(t.text, '\r', 0) < 0 && str_chr(t.text, '\0', 0) < 0);
	must(utf8_valid(flowed_unwrap(&a, t.text, size & 1)));
	for (enum transfer k = TRANSFER_IDENTITY; k <= TRANSFER_UU; k++) {
		size_t room = transfer_room(k, rest.n);
		char *out = malloc(room);

		must(out != NULL);
		must(transfer_decode(k, rest, out) <= room);
		free(out);
	}
	while (uu_find(rest, at, &u)) {
		must(u.from >= at && u.to > u.from && u.to <= rest.n);
		at = u.to;
	}
	arena_fini(&a);
	return 0;
}
