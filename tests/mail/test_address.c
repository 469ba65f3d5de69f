/* Address lists as they come, and back into a header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../guard_page.h"
#include "mail/address.h"

static const struct {
	const char *what, *list, *is; /* "name <addr>|…" */
} rows[] = {
    {"bare", "anna@example.com", "<anna@example.com>"},
    {"in brackets", "<anna@example.com>", "<anna@example.com>"},
    {"named", "Anna Example <anna@example.com>",
	"Anna Example <anna@example.com>"},
    {"quoted", "\"Example, Anna\" <anna@example.com>",
	"Example, Anna <anna@example.com>"},
    {"quotes in quotes", "\"A \\\"B\\\" C\" <a@example.com>",
	"A \"B\" C <a@example.com>"},
    {"a comma in an encoded word",
	"=?utf-8?Q?Example,=20Anna?= <anna@example.com>, b@example.com",
	"Example, Anna <anna@example.com>|<b@example.com>"},
    {"a word that is not closed",
	"=?utf-8?Q?A <a@example.com>, =?utf-8?Q?B?= <b@example.com>",
	"=?utf-8?Q?A <a@example.com>|B <b@example.com>"},
    {"all in one encoded word",
	"=?utf-8?Q?Anna_<anna@example.com>?=", "Anna <anna@example.com>"},
    {"nobody's name", "Mail Delivery Subsystem <>",
	"Mail Delivery Subsystem <>"},
    {"only a comment", "(nobody)", "nobody <>"},
    {"a comment behind a group", "A: a@example.com; (the end)",
	"<a@example.com>"},
    {"name in a comment", "anna@example.com (Anna Example)",
	"Anna Example <anna@example.com>"},
    {"two", "a@example.com, B <b@example.com>",
	"<a@example.com>|B <b@example.com>"},
    {"semicolons", "a@example.com; b@example.com",
	"<a@example.com>|<b@example.com>"},
    {"a comma at the end", "a@example.com,", "<a@example.com>"},
    {"the domain in lower case", "Anna@Example.COM", "<Anna@example.com>"},
    {"dots in the name", "John Q. Public <j@example.com>",
	"John Q. Public <j@example.com>"},
    {"an address as the name", "\"a@b.example\" <c@example.com>",
	"a@b.example <c@example.com>"},
    {"the same without quotes", "a@b.example <c@example.com>",
	"a@b.example <c@example.com>"},
    {"a group", "Friends: a@example.com, B <b@example.com>;, c@example.com",
	"<a@example.com>|B <b@example.com>|<c@example.com>"},
    {"an empty group", "undisclosed-recipients:;", ""},
    {"a route", "<@relay.example,@two.example:a@example.com>",
	"<a@example.com>"},
    {"mailto", "<mailto:a@example.com>", "<a@example.com>"},
    {"blanks around the at", "Anna < anna @ example . com >",
	"Anna <anna@example.com>"},
    {"a domain literal", "a@[192.0.2.1]", "<a@[192.0.2.1]>"},
    {"a quoted local part", "\"a b\"@example.com", "<\"a b\"@example.com>"},
    {"quotes that are not needed", "\"anna\"@example.com",
	"<anna@example.com>"},
    {"encoded", "=?utf-8?q?=C3=84nna?= <a@example.com>",
	"\303\204nna <a@example.com>"},
    {"encoded in quotes", "\"=?iso-8859-1?Q?J=F6rg?=\" <j@example.com>",
	"J\303\266rg <j@example.com>"},
    {"an encoded comma", "=?utf-8?q?A=2C_B?= <a@example.com>",
	"A, B <a@example.com>"},
    {"all of it encoded",
	"=?utf-8?q?Anna_=3Ca=40example=2Ecom=3E?=", "Anna <a@example.com>"},
    {"UTF-8 as it is", "J\303\266rg <j\303\266rg@ex\303\244mple.com>",
	"J\303\266rg <j\303\266rg@ex\303\244mple.com>"},
    {"folded", "Anna\r\n Example\r\n\t<a@example.com>,\r\n b@example.com",
	"Anna Example <a@example.com>|<b@example.com>"},
    {"a quote left open", "\"Anna <a@example.com>", "Anna <a@example.com>"},
    {"a bracket left open", "Anna <a@example.com", "Anna <a@example.com>"},
    {"brackets twice", "<<a@example.com>>", "<a@example.com>"},
    {"commas forgotten", "A <a@example.com> B <b@example.com>",
	"A <a@example.com>|B <b@example.com>"},
    {"nothing but addresses", "a@example.com b@example.com",
	"<a@example.com>|<b@example.com>"},
    {"brackets forgotten", "Big Bug bb@example.com",
	"Big Bug <bb@example.com>"},
    {"no address", "Anna", "Anna <>"},
    {"no domain", "Mail System <MAILER-DAEMON>",
	"Mail System <MAILER-DAEMON> <>"},
    {"nobody", "<>", ""},
    {"nothing", "  ", ""},
    {"comments everywhere",
	"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	"Pete <pete@silly.test>"},
};

static void
show(struct buf *b, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_printf(b, "%s%.*s%s<%.*s>", i ? "|" : "",
		    STR_ARG(l->v[i].name), l->v[i].name.n ? " " : "",
		    STR_ARG(l->v[i].addr));
}

static void
reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct addresses l;

		addresses_parse(&a, str_c(rows[i].list), &l);
		show(&b, &l);
		if (strcmp(buf_cstr(&b), rows[i].is) != 0)
			fail_msg("%s: \"%s\"", rows[i].what, buf_cstr(&b));
		buf_fini(&b);
		arena_fini(&a);
	}
}

static void
never_reads_too_far(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t n = 0; n <= strlen(rows[i].list); n++) {
			struct guarded g = guard_page(str_n(rows[i].list, n));
			struct arena a = ARENA_INIT;
			struct addresses l;

			addresses_parse(&a, g.s, &l);
			arena_fini(&a);
			guard_page_free(&g);
		}
}

static void
one(void **state)
{
	static const char *const bad[] = {"", "anna", "a b@example.com",
	    "a@example.com, b@example.com", "<a@example.com>", "@example.com",
	    "a@", "a@example.com.", "a@b@c,d"};
	struct arena a = ARENA_INIT;
	struct address x;

	(void)state;
	assert_true(address_parse_one(&a, S("Anna@Example.com"), &x));
	assert_true(str_eq(x.addr, S("Anna@example.com")));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (address_parse_one(&a, str_c(bad[i]), &x))
			fail_msg("%s", bad[i]);
	arena_fini(&a);
}

static void
compares(void **state)
{
	struct arena a = ARENA_INIT;
	struct str base, detail;

	(void)state;
	assert_true(address_eq(S("A@example.com"), S("a@EXAMPLE.com")));
	assert_false(address_eq(S(""), S("")));
	assert_true(
	    str_eq(address_key(&a, S("A@Example.com")), S("a@example.com")));
	assert_true(str_eq(address_key(&a, S("\303\204@example.com")),
	    S("\303\244@example.com")));
	assert_true(
	    address_detail(&a, S("support+12.x@example.com"), &base, &detail));
	assert_true(str_eq(base, S("support@example.com")));
	assert_true(str_eq(detail, S("12.x")));
	assert_false(address_detail(&a, S("a@example.com"), &base, &detail));
	arena_fini(&a);
}

/* What is written is read as the same, and no name can add a line or an address. */
static void
formats(void **state)
{
	static const struct address in[] = {
	    {{"Anna", 4}, {"a@example.com", 13}},
	    {{"Example, \"A\"", 12}, {"a@example.com", 13}},
	    {{"J\303\266rg", 5}, {"j@example.com", 13}},
	    {{"x\r\nBcc: y", 9}, {"a@example.com", 13}},
	    {{"=?x?=", 5}, {"a@example.com", 13}},
	    {{"", 0}, {"a@example.com", 13}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT;
		struct addresses l;

		address_format(&b, &in[i]);
		assert_true(str_chr(buf_str(&b), '\n', 0) < 0);
		assert_true(str_chr(buf_str(&b), '\r', 0) < 0);
		addresses_parse(&a, buf_str(&b), &l);
		assert_int_equal(l.n, 1);
		assert_true(str_eq(l.v[0].addr, in[i].addr));
		if (i != 3)
			assert_true(str_eq(l.v[0].name, in[i].name));
		buf_fini(&b);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(never_reads_too_far),
	    cmocka_unit_test(one),
	    cmocka_unit_test(compares),
	    cmocka_unit_test(formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
