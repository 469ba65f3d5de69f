/* Signatures are checked inside the real jail: no system call that OpenSSL makes there ends the worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../mail/smime_mail.h"
#include "app/jail.h"
#include "mail/message.h"

static void
signed_mails(void **state)
{
	static const char *const kinds[] = {"EC", "RSA"};
	struct str content =
	    S("Content-Type: text/plain\r\n\r\n#close\r\n\r\nDone.");
	struct jail_options o = {.workers = 1};
	struct jail *j = NULL;
	struct arena a = ARENA_INIT;
	struct identity_of who[2];
	struct jailed items[8];
	struct err err = ERR_INIT;

	(void)state;
	memset(items, 0, sizeof items);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct str der, bad, opaque;
		char *p;

		identity_make(&who[i], kinds[i], kinds[i]);
		der = sign_der(&a, &who[i], content, CMS_DETACHED);
		opaque = sign_der(&a, &who[i], content, 0);
		p = arena_cstr(&a, der);
		p[der.n - 10] ^= 1;
		bad = str_n(p, der.n);
		items[i * 4].raw = signed_mail(&a, content, der, NULL);
		items[i * 4 + 1].raw = opaque_mail(&a, opaque);
		items[i * 4 + 2].raw = signed_mail(&a, content, bad, NULL);
		items[i * 4 + 3].raw =
		    signed_mail(&a, content, S("\x30\x80nonsense"), NULL);
	}
	assert_int_equal(jail_open(&j, &o, &err), 0);
	assert_int_equal(jail_parse(j, &a, items, ARRAY_LEN(items), &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct message m;

		if (items[i].refused != ERR_NONE)
			fail_msg("%zu: %.*s", i, STR_ARG(items[i].why));
		assert_int_equal(
		    message_decode(&a, items[i].record, &m, &err), 0);
		assert_true(str_has(m.text, S("#close")));
		assert_int_equal(m.smime != NULL, i % 4 < 2);
		if (m.smime) {
			assert_true(m.smime->whole);
			assert_memory_equal(m.smime->certificate,
			    who[i / 4].fingerprint, SHA256_SIZE);
		}
	}
	jail_close(&j);
	identity_free(&who[0]);
	identity_free(&who[1]);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signed_mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
