/* Address lists: what comes out is an address or empty, and survives being written and read again. */
#include "base/must.h"
#include "base/utf8.h"
#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *a, const struct address *x)
{
	struct addresses again;
	struct buf b = BUF_INIT;

	must(utf8_valid(x->name) && utf8_valid(x->addr));
	must(x->addr.n <= ADDRESS_MAX);
	if (!x->addr.n)
		return;
	must(address_local(x->addr).n > 0 && address_domain(x->addr).n > 0);
	address_key(a, x->addr);
	address_format(&b, x);
	for (size_t i = 0; i < b.n; i++)
		must((unsigned char)b.p[i] >= ' ' && b.p[i] != 0x7f);
	addresses_parse(a, buf_str(&b), &again);
	must(again.n == 1 && str_eq(again.v[0].addr, x->addr));
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str in = str_n((const char *)data, size);
	struct addresses l;
	struct address one;

	addresses_parse(&a, in, &l);
	must(l.n <= ADDRESSES_MAX);
	for (size_t i = 0; i < l.n && i < 50; i++)
		check(&a, &l.v[i]);
	if (address_parse_one(&a, in, &one))
		check(&a, &one);
	arena_fini(&a);
	return 0;
}
