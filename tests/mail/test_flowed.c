/* format=flowed, RFC 3676. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "mail/flowed.h"

static const struct {
	const char *what, *in, *out;
	bool delsp;
} rows[] = {
    {"joined", "one \ntwo\n", "one two\n", false},
    {"three", "one \ntwo \nthree\nnew\n", "one two three\nnew\n", false},
    {"fixed lines stay", "one\ntwo\n", "one\ntwo\n", false},
    {"the blank goes with DelSp", "one \ntwo\n", "onetwo\n", true},
    {"two blanks with DelSp", "one  \ntwo\n", "one two\n", true},
    {"stuffing", " From\n >x\n", "From\n>x\n", false},
    {"quotes", "> one \n> two\n", "> one two\n", false},
    {"deeper quotes", ">> one \n>> two\n", ">> one two\n", false},
    {"depth changes", "> one \ntwo\n", "> one \ntwo\n", false},
    {"the signature mark", "text \n-- \nme\n", "text \n-- \nme\n", false},
    {"a quoted signature mark", "> -- \n> me\n", "> -- \n> me\n", false},
    {"an empty quoted line", "> a\n>\n> b\n", "> a\n> \n> b\n", false},
    {"no line end", "one \ntwo", "one two", false},
    {"soft at the end", "one ", "one ", false},
    {"soft before the end", "one \n", "one \n", false},
    {"nothing", "", "", false},
};

static void
unwraps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct str s =
		    flowed_unwrap(&a, str_c(rows[i].in), rows[i].delsp);

		if (!str_eq(s, str_c(rows[i].out)))
			fail_msg("%s: \"%.*s\"", rows[i].what, STR_ARG(s));
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unwraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
