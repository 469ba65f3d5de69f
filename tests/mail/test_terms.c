/* mail/terms: what a text can be found by, and that every piece of it can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/terms.h"

static struct str
joined(struct arena *a, struct strs l)
{
	struct str s = S("");

	for (size_t i = 0; i < l.n; i++)
		s = arena_printf(
		    a, "%.*s%s%.*s", STR_ARG(s), i ? " " : "", STR_ARG(l.v[i]));
	return s;
}

static struct strs
terms_of(struct arena *a, struct str text)
{
	struct terms *t = terms_new(a);

	terms_add(t, text);
	return terms_list(t);
}

/* clang-format off */
static const struct {
	const char *text, *terms, *query;
} cases[] = {
	{"", "", ""},
	{"Hello, world! hello", "hello world", "hello world"},
	{"A-1042", "a 1042 a-1042", "a-1042"},
	{"v1.2.3", "v1 2 v1.2 3 2.3 v1.2.3", "v1.2 2.3"},
	{"John.Doe@mail.example.com",
	    "john doe john.doe mail doe@mail example mail.example com example.com "
	    "john.doe@mail.example.com mail.example.com",
	    "john.doe doe@mail mail.example example.com"},
	{"<a@b.example>", "a b a@b example b.example a@b.example", "a@b b.example"},
	{"caf\u00e9", "caf\u00e9 cafe", "caf\u00e9"},
	{"cafe\u0301 CAF\u00c9", "caf\u00e9 cafe", "caf\u00e9"},
	{"Stra\u00dfe", "strasse", "strasse"},
	{"don\u2019t", "don t don't", "don't"},
	{"\u041f\u0440\u0438\u0432\u0435\u0442", "\u043f\u0440\u0438\u0432\u0435\u0442",
	    "\u043f\u0440\u0438\u0432\u0435\u0442"},
	{"手机坏了", "手机 机坏 坏了", "手机 机坏 坏了"},
	{"手", "手", "手*"},
	{"iPhone手机", "iphone 手机", "iphone 手机"},
	{"\uff21\uff22\uff23", "abc", "abc"},
	{"\uff83\uff7d\uff84", "テス スト", "テス スト"},
	{"foo*", "foo", "foo*"},
	{"a-10*", "a 10 a-10", "a-10*"},
	{"\"exact phrase\"", "exact phrase", "exact phrase"},
	{"12345678901234567890 123456789012345678901", "12345678901234567890", "12345678901234567890"},
	{"iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4aaaa end", "end", "end"},
	{"--- ... @@@", "", ""},
};
/* clang-format on */

static void
test_cases(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text = str_c(cases[i].text);

		assert_string_equal(
		    arena_cstr(&a, joined(&a, terms_of(&a, text))),
		    cases[i].terms);
		assert_string_equal(
		    arena_cstr(&a, joined(&a, terms_query(&a, text))),
		    cases[i].query);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static bool
found(const struct strs *terms, struct str q)
{
	if (!str_ends(q, S("*")))
		return strs_has(terms, q);
	q.n--;
	for (size_t i = 0; i < terms->n; i++)
		if (str_starts(terms->v[i], q))
			return true;
	return false;
}

static uint64_t seed = 1;
static size_t
pick(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

/* Texts of random pieces: any run of their whole words, or of two characters of a dense script, finds them. */
static void
test_every_piece_finds_it(void **state)
{
	static const char *const words[] = {"Mail", "x", "2024", "caf\u00e9",
	    "Gr\u00fc\u00dfe", "\u041c\u0438\u0440", "手机", "ありがとう",
	    "한국어", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
	    "I\u0307stanbul", "e\u0301te\u0301", "ﬁne", "สวัสดี",
	    "\u0645\u0631\u062d\u0628\u0627"};
	static const char *const gaps[] = {" ", ".", "-", "@", ", ", "'", "_",
	    "\n", "+", "/", "\u2019", "--", " \u2026 ", "\u2011"};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t round = 0; round < 4000; round++) {
		size_t from[40], to[40], n = 1 + pick(12), l, r;
		struct buf b = BUF_INIT;
		struct strs terms, query;

		for (size_t i = 0; i < n; i++) {
			from[i] = b.n;
			buf_puts(&b, words[pick(ARRAY_LEN(words))]);
			to[i] = b.n;
			buf_puts(&b, gaps[pick(ARRAY_LEN(gaps))]);
		}
		l = pick(n);
		r = l + pick(n - l);
		terms = terms_of(&a, buf_str(&b));
		query = terms_query(&a, str_sub(buf_str(&b), from[l], to[r]));
		for (size_t i = 0; i < query.n; i++)
			if (!found(&terms, query.v[i]))
				fail_msg("%.*s: %.*s is not found by %.*s",
				    STR_ARG(buf_str(&b)), STR_ARG(query.v[i]),
				    STR_ARG(
					str_sub(buf_str(&b), from[l], to[r])));
		buf_fini(&b);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void
test_dense_piece_finds_it(void **state)
{
	const struct str text =
	    S("您好，打印机昨天坏了。ありがとうございます。한국어 문의입니다");
	struct arena a = ARENA_INIT;
	struct strs terms = terms_of(&a, text);

	(void)state;
	for (size_t i = 0; i < text.n; i += 3)
		for (size_t n = 6; n <= 30 && i + n <= text.n; n += 3) {
			struct str piece = str_sub(text, i, i + n);
			struct strs q;

			/* Up to the next punctuation or blank. */
			if (!utf8_valid(piece) || str_has(piece, S("，")) ||
			    str_has(piece, S("。")) || str_has(piece, S(" ")))
				continue;
			q = terms_query(&a, piece);
			assert_true(q.n > 0);
			for (size_t k = 0; k < q.n; k++)
				assert_true(found(&terms, q.v[k]));
		}
	arena_fini(&a);
}

static void
test_limits(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct strs l;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&b, "w%u.x%u@y ", i, i);
	l = terms_of(&a, buf_str(&b));
	assert_int_equal(l.n, TERMS_MAX);
	for (size_t i = 0; i < l.n; i++)
		assert_true(l.v[i].n >= 1 && l.v[i].n <= TERM_MAX);
	buf_reset(&b);
	for (unsigned i = 0; i < 300000; i++)
		buf_puts(&b, "手");
	l = terms_of(&a, buf_str(&b));
	assert_int_equal(l.n, 1);
	buf_fini(&b);
	arena_fini(&a);
}

static void
test_guard_page(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct arena a = ARENA_INIT;

	(void)state;
	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = strlen(cases[i].text);

		for (size_t k = 1; k <= n; k++) {
			char *at = p + page - k;

			memcpy(at, cases[i].text, k);
			terms_of(&a, str_n(at, k));
			terms_query(&a, str_n(at, k));
			arena_reset(&a);
		}
	}
	arena_fini(&a);
	munmap(p, 2 * page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_every_piece_finds_it),
	    cmocka_unit_test(test_dense_piece_finds_it),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_guard_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
