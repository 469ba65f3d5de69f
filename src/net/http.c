/*
 * Redirects are followed by hand: libcurl would not tell the socket's callback
 * which of its connections is one. Each request has an easy handle of its own,
 * and they share their connections: libcurl 7.88 writes to freed memory when an
 * answer to a handle that was used before begins with a folded line.
 */
#include "net/http.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

enum {
	CONNECT_S = 15,
	TIMEOUT_S = 30
};

struct http {
	CURL *curl;    /* of the newest request */
	CURLSH *share; /* connections, kept */
	char *url, *ca_file;
	struct http_options o;
	char error[CURL_ERROR_SIZE];
	bool redirected; /* the connection is one that an answer asked for */
	bool plain;      /* without TLS: this machine only */
	const char *refused; /* why no socket was made */
	struct buf body;     /* the beginning of the answer's */
};

/* --- addresses --------------------------------------------------------- */

struct range {
	uint32_t net;
	unsigned bits;
};

static bool
private4(uint32_t a)
{
	static const struct range ranges[] = {{0x00000000, 8}, {0x0a000000, 8},
	    {0x64400000, 10}, {0x7f000000, 8}, {0xa9fe0000, 16},
	    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
	    {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
	    {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3}};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (a >> (32 - ranges[i].bits) ==
		    ranges[i].net >> (32 - ranges[i].bits))
			return true;
	return false;
}

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool
private6(const unsigned char *p)
{
	static const unsigned char zero[12],
	    mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
	    nat64[12] = {0, 0x64, 0xff, 0x9b};

	/* IPv4 inside: ::a.b.c.d, ::ffff:a.b.c.d, 64:ff9b::a.b.c.d, 6to4 */
	if (memcmp(p, zero, 12) == 0 || memcmp(p, mapped, 12) == 0 ||
	    memcmp(p, nat64, 12) == 0)
		return private4(be32(p + 12));
	if (p[0] == 0x20 && p[1] == 0x02)
		return private4(be32(p + 2));
	/* Only 2000::/3 is routed; of it not 2001::/23, 2001:db8::/32. */
	if ((p[0] & 0xe0) != 0x20)
		return true;
	return p[0] == 0x20 && p[1] == 0x01 &&
	       (p[2] < 2 || (p[2] == 0x0d && p[3] == 0xb8));
}

bool
http_is_private(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return private4(
		    ntohl(((const struct sockaddr_in *)(const void *)sa)
			      ->sin_addr.s_addr));
	if (sa->sa_family == AF_INET6)
		return private6(((const struct sockaddr_in6 *)(const void *)sa)
				    ->sin6_addr.s6_addr);
	return true;
}

static bool
is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)sa)
				 ->sin_addr.s_addr) >>
			   24 ==
		       127;
	return sa->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		   &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

/* --- what libcurl calls ------------------------------------------------ */

static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http *h = ctx;

	(void)purpose;
	if (h->plain && !is_loopback(&a->addr)) {
		h->refused = "without TLS only this machine is written to";
		return CURL_SOCKET_BAD;
	}
	if (h->redirected && !h->o.allow_private && http_is_private(&a->addr)) {
		h->refused = "the redirect leads into a private network";
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct http *h = ctx;
	size_t n = size * count;

	if (h->body.n < HTTP_REPLY_MAX)
		buf_put(&h->body,
		    str_n(p, MIN(n, (size_t)HTTP_REPLY_MAX - h->body.n)));
	return n;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct http *h = ctx;

	(void)a;
	(void)c;
	(void)d;
	/* An answer without end says nothing more. */
	if (b > (curl_off_t)1 << 20)
		return 1;
	return h->o.cancel && atomic_load(h->o.cancel);
}

/* --- a URL ------------------------------------------------------------- */

/* What stands between the scheme and the path. */
static struct str
url_authority(struct str url)
{
	ptrdiff_t at = str_find(url, S("://"), 0);
	struct str rest = str_from(url, (size_t)at + 3);
	size_t end = 0;

	while (end < rest.n && !memchr("/?#", rest.p[end], 3))
		end++;
	return str_sub(rest, 0, end);
}

/* Without the port, and without the brackets of an IPv6 address. */
static struct str
authority_host(struct str s)
{
	ptrdiff_t end = str_chr(s, s.n && s.p[0] == '[' ? ']' : ':', 0);

	if (s.n && s.p[0] == '[')
		return end < 0 ? str_n(NULL, 0) : str_sub(s, 1, (size_t)end);
	return end < 0 ? s : str_sub(s, 0, (size_t)end);
}

int
http_check_url(struct str url, struct err *err)
{
	bool tls = str_istarts(url, S("https://"));
	struct str host;

	if (!tls && !str_istarts(url, S("http://")))
		return err_set(err, ERR_INVAL, "a URL begins with https://");
	if (url.n > HTTP_URL_MAX)
		return err_set(err, ERR_INVAL,
		    "a URL has at most %d characters", HTTP_URL_MAX);
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' ||
		    (unsigned char)url.p[i] >= 0x7f)
			return err_set(
			    err, ERR_INVAL, "a URL is ASCII without blanks");
	host = url_authority(url);
	if (str_chr(host, '@', 0) >= 0)
		return err_set(err, ERR_INVAL,
		    "no user or password in the URL: what is posted is signed "
		    "instead");
	host = authority_host(host);
	if (!host.n)
		return err_set(err, ERR_INVAL, "the URL names no host");
	if (!tls && !str_ieq(host, S("localhost")) &&
	    !str_starts(host, S("127.")) && !str_eq(host, S("::1")))
		return err_set(err, ERR_INVAL,
		    "http:// only to this machine: write https://");
	return 0;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
init_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void
set_options(struct http *h)
{
	CURL *c = h->curl;
	long timeout = h->o.timeout_s ? (long)h->o.timeout_s : TIMEOUT_S;

	curl_easy_setopt(c, CURLOPT_SHARE, h->share);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Its resolver's thread is left behind, not waited for. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, MIN(timeout, CONNECT_S));
	curl_easy_setopt(c, CURLOPT_TIMEOUT, timeout);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "helpd");
}

/* A handle without a past. */
static void
renew(struct http *h)
{
	CURL *c = curl_easy_init();

	if (!c)
		mem_out();
	curl_easy_cleanup(h->curl);
	h->curl = c;
	set_options(h);
}

int
http_new(const struct http_options *o, struct http **out, struct err *err)
{
	struct http *h;

	*out = NULL;
	if (http_check_url(o->url, err) < 0)
		return -1;
	pthread_once(&curl_once, init_curl);
	h = mem_new(sizeof *h);
	h->share = curl_ready == CURLE_OK ? curl_share_init() : NULL;
	if (!h->share) {
		mem_free(h);
		return err_set(err, ERR_TEMP, "libcurl cannot be started");
	}
	h->o = *o;
	h->url = mem_new(o->url.n + 1);
	memcpy(h->url, o->url.p, o->url.n);
	h->ca_file = o->ca_file ? mem_strdup(o->ca_file) : NULL;
	curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	renew(h);
	*out = h;
	return 0;
}

void
http_free(struct http **hp)
{
	struct http *h = *hp;

	if (!h)
		return;
	*hp = NULL;
	curl_easy_cleanup(h->curl);
	curl_share_cleanup(h->share);
	buf_fini(&h->body);
	mem_free(h->url);
	mem_free(h->ca_file);
	mem_free(h);
}

struct str
http_where(struct str url)
{
	struct str host = url_authority(url);

	return str_sub(url, 0, (size_t)(host.p - url.p) + host.n);
}

int
http_probe(struct http *h, struct err *err)
{
	CURLcode r;

	h->error[0] = 0;
	h->refused = NULL;
	h->redirected = false;
	h->plain = str_istarts(str_c(h->url), S("http://"));
	renew(h);
	curl_easy_setopt(h->curl, CURLOPT_URL, h->url);
	curl_easy_setopt(h->curl, CURLOPT_CONNECT_ONLY, 1L);
	r = curl_easy_perform(h->curl);
	if (r == CURLE_OK)
		return 0;
	return err_set(err, ERR_TEMP, "%s",
	    h->refused    ? h->refused
	    : h->error[0] ? h->error
			  : curl_easy_strerror(r));
}

/* --- posting ----------------------------------------------------------- */

static bool
header_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static struct curl_slist *
headers(struct arena *a, struct str type, const struct http_header *v, size_t n)
{
	/* An "Expect: 100-continue" only costs time here. */
	struct curl_slist *l = curl_slist_append(NULL, "Expect:");

	if (header_ok(type))
		l = curl_slist_append(l,
		    arena_cstr(a,
			arena_printf(a, "Content-Type: %.*s", STR_ARG(type))));
	for (size_t i = 0; i < n; i++)
		if (header_ok(v[i].value))
			l = curl_slist_append(l,
			    arena_cstr(a, arena_printf(a, "%s: %.*s", v[i].name,
					      STR_ARG(v[i].value))));
	return l;
}

static struct str
say_status(struct http *h, struct arena *a, long status)
{
	AUTO(buf_fini) struct buf clean = BUF_INIT;

	utf8_put_clean(&clean, str_trim(buf_str(&h->body)));
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < ' ' || clean.p[i] == 0x7f)
			clean.p[i] = ' ';
	return utf8_clip(arena_printf(a, "%ld%s%.*s", status,
			     clean.n ? ": " : "", STR_ARG(buf_str(&clean))),
	    HTTP_REPLY_MAX);
}

static enum posted
judge_status(long status)
{
	if (status >= 200 && status < 300)
		return POSTED_OK;
	if (status >= 500 || status == 408 || status == 425 || status == 429)
		return POSTED_LATER;
	return POSTED_REFUSED;
}

/* No answer: did anything of the body leave? */
static enum posted
judge_failure(struct http *h, CURLcode r)
{
	curl_off_t sent = 0;
	long connected = 0;

	if (r == CURLE_PEER_FAILED_VERIFICATION || r == CURLE_COULDNT_CONNECT ||
	    r == CURLE_COULDNT_RESOLVE_HOST || r == CURLE_SSL_CONNECT_ERROR)
		return POSTED_LATER;
	curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(h->curl, CURLINFO_NUM_CONNECTS, &connected);
	return sent > 0 ? POSTED_UNKNOWN : POSTED_LATER;
}

static struct str
say_failure(struct http *h, struct arena *a, CURLcode r)
{
	const char *why = h->error[0] ? h->error : curl_easy_strerror(r);

	if (h->refused)
		why = h->refused;
	else if (r == CURLE_OPERATION_TIMEDOUT)
		why = "no answer in time";
	return utf8_clip(arena_dup(a, str_trim(str_c(why))), HTTP_REPLY_MAX);
}

/* One request. True when `result` is settled; false: go on at *next. */
static bool
one_post(struct http *h, struct arena *a, const char *url, unsigned hop,
    enum posted *result, struct str *reply, const char **next)
{
	long status = 0;
	char *to = NULL;
	CURLcode r;

	h->error[0] = 0;
	h->refused = NULL;
	h->redirected = hop > 0;
	h->plain = str_istarts(str_c(url), S("http://"));
	buf_reset(&h->body);
	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	fault_point("post-before");
	r = curl_easy_perform(h->curl);
	fault_point("post-answered");
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	/* An answer whose body breaks off, or is too long, is an answer. */
	if (r != CURLE_OK && (status < 200 || r == CURLE_OPERATION_TIMEDOUT)) {
		*result = h->refused ? POSTED_REFUSED : judge_failure(h, r);
		*reply = say_failure(h, a, r);
		return true;
	}
	*result = judge_status(status);
	*reply = say_status(h, a, status);
	if (status != 307 && status != 308)
		return true;
	curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
	if (!to || hop == HTTP_REDIRECTS) {
		*reply = arena_printf(a, "%ld: %s", status,
		    to ? "too many redirects" : "a redirect to nowhere");
		return true;
	}
	if (str_istarts(str_c(url), S("https://")) &&
	    !str_istarts(str_c(to), S("https://"))) {
		*reply =
		    arena_printf(a, "%ld: a redirect away from https", status);
		return true;
	}
	*next = arena_cstr(a, str_c(to));
	return false;
}

void
http_post(struct http *h, struct arena *a, struct str type,
    const struct http_header *v, size_t n, struct str body, enum posted *result,
    struct str *reply)
{
	struct curl_slist *list = headers(a, type, v, n);
	const char *url = h->url;

	for (unsigned hop = 0;; hop++) {
		renew(h);
		curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, list);
		curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(
		    h->curl, CURLOPT_POSTFIELDS, body.n ? body.p : "");
		curl_easy_setopt(
		    h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		/* A kept connection would not ask for its address again. */
		curl_easy_setopt(
		    h->curl, CURLOPT_FRESH_CONNECT, hop > 0 ? 1L : 0L);
		curl_easy_setopt(
		    h->curl, CURLOPT_FORBID_REUSE, hop > 0 ? 1L : 0L);
		if (one_post(h, a, url, hop, result, reply, &url))
			break;
	}
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, "");
	curl_slist_free_all(list);
}
