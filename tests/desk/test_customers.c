/* customers: what is read of customers.csv, what is wrong with one and where, finding among very many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/must.h"
#include "desk/customers.h"
#include "desk/settings.h"

static struct arena a;

static void
read_good(const char *text, struct customers *c)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	struct complaints bad = {0};

	customers_parse(&a, "customers.csv", str_c(text), c, &bad);
	complaints_print(&out, &bad);
	if (bad.n)
		fail_msg("%s", buf_cstr(&out));
}

#define assert_str(s, lit)                                                    \
	do {                                                                  \
		struct str s_ = (s);                                          \
		if (!str_eq(s_, str_c(lit)))                                  \
			fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(s_), lit); \
	} while (0)

static void
test_read(void **state)
{
	struct settings s = {0};
	struct customers c;
	const struct customer *x;

	(void)state;
	s.customers = &c;
	read_good("\xef\xbb\xbf"
		  "Name, address ,Tier,Contract,language,note\r\n"
		  "\"Example, Ann\",Ann@Example.ORG,vip,C-1,en,\r\n"
		  "\r\n"
		  "\"say \"\"hi\"\"\",@bigcorp.example,gold,,zh_CN,"
		  "\"two\r\nlines\"\r\n"
		  "\xe7\x8e\x8b,wang@bigcorp.example\n"
		  " \"Bob\" ,bob@y.example,\n"
		  "last,last@y.example",
	    &c);
	assert_int_equal(c.n, 5);
	assert_int_equal(c.nfields, 2);
	x = customer_find(&s, &a, S("ANN@example.org"));
	assert_non_null(x);
	assert_str(x->name, "Example, Ann");
	assert_str(x->tier, "vip");
	assert_str(x->language, "en");
	assert_int_equal(x->line, 2);
	assert_str(customer_value(&s, x, S("contract")), "C-1");
	assert_str(customer_value(&s, x, S("note")), "");
	assert_str(customer_value(&s, x, S("tier")), "vip");
	assert_str(customer_value(&s, x, S("address")), "ann@example.org");
	assert_str(customer_value(&s, x, S("other")), "");
	/* His own row, before that of the domain. */
	x = customer_find(&s, &a, S("wang@bigcorp.example"));
	assert_str(x->name, "\xe7\x8e\x8b");
	assert_str(x->tier, "");
	assert_null(x->more);
	x = customer_find(&s, &a, S("else@BIGCORP.example"));
	assert_str(x->name, "say \"hi\"");
	assert_int_equal(x->line, 4);
	assert_str(customer_value(&s, x, S("note")), "two\r\nlines");
	assert_str(customer_tier(&s, &a, S("x@bigcorp.example")), "gold");
	assert_null(customer_find(&s, &a, S("x@sub.bigcorp.example")));
	assert_null(customer_find(&s, &a, S("nobody")));
	assert_null(customer_find(&s, &a, S("")));
	x = customer_find(&s, &a, S("last@y.example"));
	assert_int_equal(x->line, 8);
	assert_str(customer_find(&s, &a, S("bob@y.example"))->name, "Bob");
	arena_reset(&a);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
	    {"", "customers.csv:1:1: error: the file is empty: expected a "
		 "first line with the names of the columns, "
		 "address,tier,name,language\n"},
	    {"\n\n", "customers.csv:1:1: error: the file is empty"},
	    {"mail,tier\na@x.example,b\n",
		"customers.csv:1:1: error: the first line names the columns, "
		"and there is no address: expected "
		"address,tier,name,language\n"},
	    {"address;tier\na@x.example;b\n",
		"customers.csv:1:1: error: columns are separated by commas, "
		"not by ';'\n"},
	    {"address,tier,Tier\n",
		"customers.csv:1:14: error: the column tier is there twice\n"},
	    {"address,,tier\n",
		"customers.csv:1:9: error: a column without a name\n"},
	    {"address\na@x.example,more\n",
		"customers.csv:2:13: error: 2 fields, and the first line "
		"names 1 columns\n"},
	    {"tier,address\nvip,nonsense\n",
		"customers.csv:2:5: error: found \"nonsense\", expected an "
		"address or @domain\n"},
	    {"tier,address\nvip,\n", "customers.csv:2:5: error: no address"},
	    {"tier,address\nvip\n", "customers.csv:2:1: error: no address\n"},
	    {"address\n@x y\n", "customers.csv:2:1: error: found \"@x y\""},
	    {"address\n@\n", "customers.csv:2:1: error: found \"@\""},
	    {"address,name\na@x.example,\"open\nb@x.example,c\n",
		"customers.csv:2:13: error: the quote that opens here is "
		"never closed\n"},
	    {"address,name\na@x.example,\"a\"b\n",
		"customers.csv:2:16: error: found something behind the "
		"closing quote, expected ',' or the end of the line\n"},
	    {"address,name\na@x.example,a \"b\"\n",
		"customers.csv:2:15: error: found a quote inside of a field"},
	    {"address,name\na@x.example,b\xff\n",
		"customers.csv:2:13: error: this is not UTF-8: save the file "
		"as UTF-8\n"},
	    {"address\na@x.example\n\xc3\xa4@x.example\nA@X.example\n",
		"customers.csv:4:1: error: a@x.example stands at line 2 "
		"already\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf_fini) struct buf out = BUF_INIT;
		struct complaints bad = {0};
		struct customers c;

		customers_parse(
		    &a, "customers.csv", str_c(rows[i].text), &c, &bad);
		complaints_print(&out, &bad);
		if (!bad.errors || !strstr(buf_cstr(&out), rows[i].told))
			fail_msg("%s\ntold: %s\nwant: %s", rows[i].text,
			    buf_cstr(&out), rows[i].told);
		/* Whatever was wrong, it can be asked. */
		assert_null(customers_find(&c, &a, S("z@z.example")));
		arena_reset(&a);
	}
}

static void
test_many_wrong(void **state)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	AUTO(buf_fini) struct buf out = BUF_INIT;
	struct complaints bad = {0};
	struct customers c;

	(void)state;
	buf_puts(&text, "address\n");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&text, "no %u\n", i);
	customers_parse(&a, "c", buf_str(&text), &c, &bad);
	complaints_print(&out, &bad);
	assert_int_equal(bad.n, 21);
	assert_non_null(
	    strstr(buf_cstr(&out), "and 980 more errors in this file\n"));
	arena_reset(&a);
}

static void
test_many(void **state)
{
	enum {
		MANY = 100000
	};
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct complaints bad = {0};
	struct customers c;
	clock_t began;

	(void)state;
	buf_puts(&text, "address,tier,name,language,contract\n");
	for (unsigned i = 0; i < MANY; i++)
		buf_printf(&text,
		    "user%u@host%u.example,vip,\"User, %u\",en,C%u\n", i,
		    i % 1000, i, i);
	began = clock();
	customers_parse(&a, "c", buf_str(&text), &c, &bad);
	print_message("100,000 customers: read in %.0f ms",
	    (double)(clock() - began) * 1000 / CLOCKS_PER_SEC);
	assert_int_equal(bad.n, 0);
	assert_int_equal(c.n, MANY);
	began = clock();
	for (unsigned i = 0; i < MANY; i++) {
		AUTO(arena_fini) struct arena b = ARENA_INIT;
		const struct customer *x = customers_find(&c, &b,
		    arena_printf(&b, "User%u@HOST%u.example", i, i % 1000));

		assert_non_null(x);
		assert_int_equal(x->line, i + 2);
	}
	print_message(", found in %.2f us\n",
	    (double)(clock() - began) * 1e6 / CLOCKS_PER_SEC / MANY);
	arena_reset(&a);
}

/* No bytes end in anything but a list and complaints. */
static void
test_garbage(void **state)
{
	static const char alphabet[] = "a@x.e,\"\n\r \xff\xc3\xa4;b";
	uint64_t seed = 3;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct complaints bad = {0};
		struct customers c;
		char text[60];
		size_t n;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		n = (size_t)(seed >> 40) % sizeof text;
		for (size_t k = 0; k < n; k++) {
			seed =
			    seed * 6364136223846793005u + 1442695040888963407u;
			text[k] =
			    alphabet[(seed >> 33) % (sizeof alphabet - 1)];
		}
		if (i % 2)
			memcpy(text, "address\n", MIN(n, (size_t)8));
		customers_parse(&a, "c", str_n(text, n), &c, &bad);
		for (size_t k = 0; k < c.n; k++)
			assert_non_null(customers_find(&c, &a,
			    c.v[k].key.p[0] == '@'
				? arena_printf(&a, "q%.*s", STR_ARG(c.v[k].key))
				: c.v[k].key));
		arena_reset(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_many_wrong),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_garbage),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	arena_fini(&a);
	return rc;
}
