/* customers.csv: any bytes; every complaint has a place inside them, and who was read is found. */
#include "base/must.h"
#include "desk/customers.h"
#include "desk/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct complaints bad = {0};
	struct customers c;
	struct settings s = {.customers = &c};
	size_t lines = 1;

	customers_parse(&a, "f", str_n((const char *)data, size), &c, &bad);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	for (size_t i = 0; i < bad.n; i++)
		must(bad.v[i].at.line >= 1 && bad.v[i].at.line <= lines &&
		     bad.v[i].at.column >= 1 && bad.v[i].at.column <= size + 1);
	for (size_t i = 0; i < c.n; i++) {
		const struct customer *x = &c.v[i];
		struct str addr = x->key;

		must(x->key.n > 1 && x->line >= 2 && x->line <= lines);
		if (addr.p[0] == '@')
			addr = arena_printf(&a, "nobody%.*s", STR_ARG(addr));
		must(customers_find(&c, &a, addr) != NULL);
		for (size_t k = 0; k < c.nfields; k++)
			must(customer_value(&s, x, c.fields[k]).n <=
			     CUSTOMER_VALUE_MAX);
	}
	arena_fini(&a);
	return 0;
}
