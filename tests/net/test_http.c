/* http: which URLs are taken, and which addresses are nobody's business of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "base/must.h"
#include "net/http.h"

static bool
private_address(const char *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct sockaddr_in6 b = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, s, &a.sin_addr) == 1)
		return http_is_private((const struct sockaddr *)&a);
	assert_int_equal(inet_pton(AF_INET6, s, &b.sin6_addr), 1);
	return http_is_private((const struct sockaddr *)&b);
}

static void
addresses(void **state)
{
	static const char *const private[] = {"127.0.0.1", "127.255.0.9",
	    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
	    "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
	    "255.255.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.9", "::1",
	    "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1",
	    "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::1",
	    "2001:db8::1", "2001::1"};
	static const char *const public[] = {"8.8.8.8", "172.15.0.1",
	    "172.32.0.1", "192.167.1.1", "100.63.0.1", "100.128.0.1",
	    "2606:4700::1", "2a00:1450::5", "::ffff:8.8.8.8",
	    "64:ff9b::8.8.8.8", "2002:0808:0808::1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		if (!private_address(private[i]))
			fail_msg("%s is private", private[i]);
	for (size_t i = 0; i < ARRAY_LEN(public); i++)
		if (private_address(public[i]))
			fail_msg("%s is public", public[i]);
}

static void
urls(void **state)
{
	static const char *const good[] = {"https://hooks.example.org/x?y=z",
	    "https://[2606:4700::1]:8443/", "http://localhost:8080/",
	    "http://127.0.0.1/", "http://[::1]:9/x", "HTTPS://EXAMPLE.ORG"};
	static const char *const bad[] = {"", "example.org", "ftp://x/",
	    "file:///etc/passwd", "http://example.org/",
	    "https://user:pass@example.org/", "https://", "https:///x",
	    "https://x y/", "https://x/\r\nHost: y", "http://127.evil.example/",
	    "https://ex\xc3\xa4mple.org/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err err = ERR_INIT;

		if (http_check_url(str_c(good[i]), &err) < 0)
			fail_msg("%s: %s", good[i], err.msg);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;
		bool refused = http_check_url(str_c(bad[i]), &err) < 0;

		/* A name is asked for its address later. */
		if (!refused && !str_has(str_c(bad[i]), S("127.evil")))
			fail_msg("%s is taken", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
