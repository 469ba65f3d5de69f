#include "base/digest.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* The test cases 13, 14 and 16 of the GCM specification, which NIST took over. */
static const struct known {
	const char *key, *nonce, *aad, *plain, *cipher, *tag;
} known[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000",
	"000000000000000000000000", "", "", "",
	"530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
	"000000000000000000000000", "", "00000000000000000000000000000000",
	"cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	"cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c"
	"0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb0"
	"8e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	"76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void
test_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		AUTO(buf_fini) struct buf key = BUF_INIT, aad = BUF_INIT;
		AUTO(buf_fini) struct buf plain = BUF_INIT, sealed = BUF_INIT;
		struct str got;

		assert_true(buf_unhex(&key, str_c(known[i].key)));
		assert_true(buf_unhex(&aad, str_c(known[i].aad)));
		assert_true(buf_unhex(&plain, str_c(known[i].plain)));
		assert_true(buf_unhex(&sealed, str_c(known[i].nonce)));
		assert_true(buf_unhex(&sealed, str_c(known[i].cipher)));
		assert_true(buf_unhex(&sealed, str_c(known[i].tag)));
		assert_true(seal_open((const unsigned char *)key.p,
		    buf_str(&aad), sealed.p, sealed.n, &got));
		assert_true(str_eq(got, buf_str(&plain)));
	}
}

/* Each bit flipped, cut anywhere, another key, another place: none opens, and nothing of the text is left behind. */
static void
test_changed(void **state)
{
	struct str text = S("Dear support, my card number is");
	unsigned char key[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE];
	AUTO(buf_fini) struct buf sealed = BUF_INIT;
	struct str got;

	(void)state;
	random_bytes(key, sizeof key);
	memcpy(other, key, sizeof key);
	other[31] ^= 1;
	seal(key, S("row 7"), text, &sealed);
	assert_int_equal(sealed.n, text.n + SEAL_OVERHEAD);
	for (size_t i = 0; i < sealed.n * 8; i++) {
		char *copy = mem_new(sealed.n);

		memcpy(copy, sealed.p, sealed.n);
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		assert_false(seal_open(key, S("row 7"), copy, sealed.n, &got));
		assert_int_equal(
		    str_find(str_n(copy, sealed.n), S("support"), 0), -1);
		mem_free(copy);
	}
	for (size_t n = 0; n <= sealed.n; n++) {
		char *copy = mem_new(n + 1); /* exact, for the sanitizer */

		memcpy(copy, sealed.p, n);
		assert_int_equal(
		    seal_open(key, S("row 7"), copy, n, &got), n == sealed.n);
		mem_free(copy);
	}
	for (int i = 0; i < 2; i++) {
		AUTO(buf_fini) struct buf copy = BUF_INIT;

		buf_put(&copy, buf_str(&sealed));
		assert_false(seal_open(i ? key : other,
		    i ? S("row 8") : S("row 7"), copy.p, copy.n, &got));
	}
	assert_true(seal_open(key, S("row 7"), sealed.p, sealed.n, &got));
	assert_true(str_eq(got, text));
}

/* In place behind other bytes; empty; and the same twice is not the same. */
static void
test_in_place(void **state)
{
	unsigned char key[SEAL_KEY_SIZE] = {1};
	AUTO(buf_fini) struct buf a = BUF_INIT, b = BUF_INIT;
	struct str got;

	(void)state;
	buf_puts(&a, "head");
	buf_fill(&a, 0, SEAL_NONCE_SIZE);
	buf_puts(&a, "text");
	seal_buf(key, S(""), &a, 4);
	assert_int_equal(a.n, 4 + 4 + SEAL_OVERHEAD);
	assert_true(str_starts(buf_str(&a), S("head")));
	seal(key, S(""), S("text"), &b);
	assert_memory_not_equal(a.p + 4, b.p, b.n);
	assert_true(seal_open(key, S(""), a.p + 4, a.n - 4, &got));
	assert_true(str_eq(got, S("text")));
	buf_reset(&b);
	seal(key, S("x"), S(""), &b);
	assert_int_equal(b.n, SEAL_OVERHEAD);
	assert_true(seal_open(key, S("x"), b.p, b.n, &got));
	assert_int_equal(got.n, 0);
}

static void
test_full(void **state)
{
	unsigned char key[SEAL_KEY_SIZE] = {1};
	AUTO(buf_fini) struct buf b = buf_max(40);

	(void)state;
	seal(key, S(""), S("twenty bytes of text"), &b);
	assert_true(buf_failed(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answers),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_in_place),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
