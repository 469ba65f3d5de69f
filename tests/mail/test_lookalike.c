/* Addresses and names that pass for others, and those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/must.h"
#include "mail/lookalike.h"

static const struct {
	const char *addr, *real;
	bool alike;
} addresses[] = {
    {"anna@acme.example", "anna@acme.example", false}, /* it is */
    {"ANNA@acme.example", "anna@acme.example", false},
    {"\xd0\xb0nna@acme.example", "anna@acme.example", true},
    {"anna@\xd0\xb0\xd1\x81me.example", "anna@acme.example", true},
    {"anna@xn--cme-5cd.example", "anna@acme.example", true},
    {"anna@XN--CME-5CD.example", "anna@acme.example", true},
    {"\xef\xbd\x81nna@acme.example", "anna@acme.example", true},
    {"an\xe2\x80\x8bna@acme.example", "anna@acme.example", true},
    {"anna\xef\xbc\xa0"
     "acme.example",
	"anna@acme.example", true},
    {"anna@acrne.example", "anna@acme.example", true},
    {"pau1@acme.example", "paul@acme.example", true},
    {"b0b@acme.example", "bob@acme.example", true},
    {"anne@acme.example", "anna@acme.example", false},
    {"anna@acme.example.evil.example", "anna@acme.example", false},
    {"anna@acme-example.example", "anna@acme.example", false},
    {"\xe5\xae\x89\xe5\xa8\x9c@acme.example", "anna@acme.example", false},
    {"anna@xn--.example", "anna@acme.example", false},
    {"anna@xn--\xff.example", "anna@acme.example", false},
    {"", "anna@acme.example", false},
    {"anna@acme.example", "", false},
};

static const struct {
	const char *name;
	bool shows;
} names[] = {
    {"anna@acme.example", true},
    {"Anna (ANNA@ACME.EXAMPLE)", true},
    {"Anna <anna@acme.example>, Acme", true},
    {"anna\xef\xbc\xa0"
     "acme.example",
	true},
    {"\xd0\xb0nna@acme.example", true},
    {"an\xc2\xadna@acme.example", true},
    {"Anna Berg", false},
    {"joanna@acme.example", false},
    {"anna@acme.example2", false},
    {"x-anna@acme.example", false},
    {"@", false},
    {"", false},
};

static void
test_addresses(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (lookalike_address(&a, str_c(addresses[i].addr),
			str_c(addresses[i].real)) != addresses[i].alike)
			fail_msg(
			    "%s and %s", addresses[i].addr, addresses[i].real);
	arena_fini(&a);
}

static void
test_names(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (lookalike_shows(&a,
			lookalike_form(&a, str_c(names[i].name)),
			S("anna@acme.example")) != names[i].shows)
			fail_msg("%s", names[i].name);
	arena_fini(&a);
}

/* Whatever it is given, it ends, and soon. */
static void
test_long(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "\xef\xb7\xba"); /* one that becomes eighteen */
	lookalike_form(&a, buf_str(&b));
	assert_false(
	    lookalike_address(&a, buf_str(&b), S("anna@acme.example")));
	buf_fini(&b);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
