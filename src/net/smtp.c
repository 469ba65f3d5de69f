/* One easy handle of libcurl a server, kept: its connection serves mail after mail. How a mail fared: net/smtp_talk.c. */
#include "net/smtp_talk.h"
#include "net/smtp_why.h"
#include "net/tls_peer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unicode/uidna.h>
#include <unistd.h>

enum {
	RATE = 16384,
	CONNECT_S = 30
};

struct smtp {
	CURL *curl;
	struct smtp_server server; /* strings owned below */
	char *host, *ca_file, *user, *secret, *helo;
	unsigned timeout_s;
	char error[CURL_ERROR_SIZE];
	char who[300];
	struct talk talk;
};

/* --- what libcurl calls --- */

static size_t
on_anything(char *p, size_t size, size_t count, void *ctx)
{
	(void)p;
	(void)ctx;
	return size * count;
}

/* SMTP_PLAINTEXT: a socket only for a loopback address. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	const struct sockaddr *sa = &a->addr;
	bool ok = false;

	(void)ctx;
	(void)purpose;
	if (sa->sa_family == AF_INET)
		ok = ntohl(((const struct sockaddr_in *)(const void *)sa)
			       ->sin_addr.s_addr) >>
			 24 ==
		     127;
	else if (sa->sa_family == AF_INET6)
		ok = IN6_IS_ADDR_LOOPBACK(
		    &((const struct sockaddr_in6 *)(const void *)sa)
			 ->sin6_addr);
	if (!ok)
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Called once a second at least. */
static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct smtp_server *server = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return server->cancel && atomic_load(server->cancel);
}

/* --- a server --- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
init_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *
own(struct str s)
{
	char *p = mem_new(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

/* Nothing that could leave its place in a URL or a command. */
static bool
name_ok(struct str s, bool may_be_empty)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && !memchr("-._:[]", s.p[i], 6))
			return false;
	return s.n <= 253 && (s.n || may_be_empty);
}

static void
set_url(struct smtp *s)
{
	AUTO(buf_fini) struct buf url = BUF_INIT;
	bool v6 = strchr(s->host, ':') && s->host[0] != '[';

	buf_printf(&url, "%s://%s%s%s:%u/%s",
	    s->server.security == SMTP_IMPLICIT ? "smtps" : "smtp",
	    v6 ? "[" : "", s->host, v6 ? "]" : "", s->server.port, s->helo);
	curl_easy_setopt(s->curl, CURLOPT_URL, buf_cstr(&url));
}

static void
set_options(struct smtp *s)
{
	CURL *c = s->curl;
	bool plain = s->server.security == SMTP_PLAINTEXT;

	set_url(s);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Its resolver's thread is left behind, not waited for. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
#endif
	/* Most mails are small; a buffer that is mapped and unmapped for each costs more than it saves. */
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 32768L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(c, CURLOPT_USE_SSL,
	    (long)(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
	if (s->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
	if (plain)
		curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT, (long)MIN(s->timeout_s, CONNECT_S));
	curl_easy_setopt(c, CURLOPT_FTP_RESPONSE_TIMEOUT, (long)s->timeout_s);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, smtp_on_talk);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, &s->talk);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, smtp_on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, &s->talk);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_anything);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_anything);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, &s->server);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	if (!s->user[0])
		return;
	curl_easy_setopt(c, CURLOPT_USERNAME, s->user);
	if (s->server.xoauth2) {
		curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, s->secret);
		curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
	} else {
		curl_easy_setopt(c, CURLOPT_PASSWORD, s->secret);
		curl_easy_setopt(
		    c, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
	}
	/* The first word of the client already, where the server lets it. */
	curl_easy_setopt(c, CURLOPT_SASL_IR, 1L);
}

int
smtp_new(const struct smtp_server *server, struct smtp **out, struct err *err)
{
	static const uint16_t ports[] = {[SMTP_STARTTLS] = 587,
	    [SMTP_IMPLICIT] = 465,
	    [SMTP_PLAINTEXT] = 25};
	struct smtp *s;

	*out = NULL;
	if (!name_ok(server->host, false))
		return err_set(err, ERR_INVAL, "\"%.*s\" is no host name",
		    STR_ARG(server->host));
	if (!name_ok(server->helo, true))
		return err_set(err, ERR_INVAL, "\"%.*s\" is no name for EHLO",
		    STR_ARG(server->helo));
	pthread_once(&curl_once, init_curl);
	s = mem_new(sizeof(*s));
	s->curl = curl_ready == CURLE_OK ? curl_easy_init() : NULL;
	if (!s->curl) {
		mem_free(s);
		return err_set(err, ERR_TEMP, "libcurl cannot be started");
	}
	s->server = *server;
	if (!s->server.port)
		s->server.port = ports[server->security];
	s->host = own(server->host);
	s->helo = own(server->helo);
	s->user = own(server->user);
	s->secret = own(server->secret);
	s->ca_file = server->ca_file ? mem_strdup(server->ca_file) : NULL;
	s->timeout_s = server->timeout_s ? server->timeout_s : 120;
	snprintf(s->who, sizeof(s->who), "%s:%u", s->host, s->server.port);
	set_options(s);
	*out = s;
	return 0;
}

void
smtp_free(struct smtp **sp)
{
	struct smtp *s = *sp;
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (!s)
		return;
	*sp = NULL;
	/* libcurl says QUIT and waits two minutes for an answer that is of no
	 * use to anybody: it is to find that there is none. */
	if (curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd) ==
		CURLE_OK &&
	    fd != CURL_SOCKET_BAD)
		shutdown(fd, SHUT_RD);
	curl_easy_cleanup(s->curl);
	smtp_talk_fini(&s->talk);
	secret_wipe(s->secret, strlen(s->secret));
	mem_free(s->secret);
	mem_free(s->host);
	mem_free(s->helo);
	mem_free(s->user);
	mem_free(s->ca_file);
	mem_free(s);
}

static void
talk_begin(struct smtp *s)
{
	struct talk old = s->talk;

	s->talk = (struct talk){.line = old.line, .reply = old.reply};
	buf_reset(&s->talk.line);
	buf_reset(&s->talk.reply);
	s->error[0] = 0;
}

/* --- what went wrong before or outside a mail --- */

static const char *
words(struct smtp *s)
{
	struct str r = buf_str(&s->talk.reply);

	/* A server may quote what it was given. */
	if (strlen(s->secret) >= 4 && str_has(r, str_c(s->secret)))
		return "(its words held the secret)";
	return r.n ? buf_cstr(&s->talk.reply) : "no reason given";
}

static int
why(struct smtp *s, CURLcode r, struct err *err)
{
	const char *text = s->error[0] ? s->error : curl_easy_strerror(r);
	int code = s->talk.code;

	switch (r) {
	case CURLE_LOGIN_DENIED:
		return err_set(err,
		    code >= 400 && code < 500 ? ERR_TEMP : ERR_PERM,
		    "%s refused the login of %s: %s", s->who, s->user,
		    words(s));
	case CURLE_USE_SSL_FAILED:
		return err_set(err, ERR_PERM,
		    "%s does not offer STARTTLS: refusing to send without "
		    "encryption",
		    s->who);
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(
		    err, ERR_TEMP, "cannot find the address of %s", s->host);
	case CURLE_COULDNT_CONNECT:
		if (s->server.security == SMTP_PLAINTEXT)
			return err_set(err, ERR_TEMP,
			    "cannot connect to %s (without TLS only a loopback "
			    "address is allowed): %s",
			    s->who, text);
		return err_set(
		    err, ERR_TEMP, "cannot connect to %s: %s", s->who, text);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(
		    err, ERR_TEMP, "%s did not answer in time", s->who);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		/* libcurl's words depend on its TLS library and often name
		 * no reason. */
		if (smtp_why(
			&s->server, s->host, s->ca_file, s->timeout_s, err) < 0)
			return -1;
		return err_set(err,
		    r == CURLE_SSL_CONNECT_ERROR ? ERR_TEMP : ERR_PERM,
		    "TLS with %s failed: %s", s->who, text);
	default:
		if (code >= 400)
			return err_set(err, code < 500 ? ERR_TEMP : ERR_PERM,
			    "%s: %s", s->who, words(s));
		return err_set(err, ERR_TEMP, "%s: %s", s->who, text);
	}
}

/* When the server's certificates expire; of a connection that is used again
 * there is nothing new. */
static void
note_peer(struct smtp *s)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(s->curl, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    !info)
		return;
	for (int i = 0; i < info->num_of_certs; i++)
		for (struct curl_slist *l = info->certinfo[i]; l; l = l->next)
			if (str_starts(str_c(l->data), S("Cert:")))
				tls_peer_note_pem(s->who,
				    str_from(str_c(l->data), 5), i == 0);
}

int
smtp_probe(struct smtp *s, struct err *err)
{
	CURLcode r;

	talk_begin(s);
	curl_easy_setopt(s->curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 0L);
	curl_easy_setopt(s->curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_easy_setopt(s->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
	curl_easy_setopt(
	    s->curl, CURLOPT_TIMEOUT_MS, (long)s->timeout_s * 1000);
	r = curl_easy_perform(s->curl);
	if (r == CURLE_OK)
		note_peer(s);
	curl_easy_setopt(s->curl, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(s->curl, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(s->curl, CURLOPT_FRESH_CONNECT, 0L);
	if (r != CURLE_OK)
		return why(s, r, err);
	if (s->user[0] && !s->talk.authenticated)
		return err_set(err, ERR_PERM,
		    "%s offers no login (AUTH %s) that we know", s->who,
		    s->server.xoauth2 ? "XOAUTH2" : "PLAIN or LOGIN");
	return 0;
}

/* --- addresses --- */

/* The domain in ASCII (RFC 5890), of either form. */
static bool
domain_ascii(struct str domain, struct buf *out)
{
	UErrorCode e = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UIDNA *idna;
	char ascii[256];
	int32_t n;

	if (utf8_is_ascii(domain)) {
		buf_put(out, domain);
		return true;
	}
	idna = uidna_openUTS46(
	    UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI, &e);
	n = uidna_nameToASCII_UTF8(
	    idna, domain.p, (int32_t)domain.n, ascii, sizeof(ascii), &info, &e);
	uidna_close(idna);
	if (U_FAILURE(e) || info.errors || n <= 0 || n > 253)
		return false;
	buf_put(out, str_n(ascii, (size_t)n));
	return true;
}

/* "<local@domain>" for the wire; NULL, or why not. Nothing here may end the
 * command early: libcurl writes what it is given. */
static const char *
wire_address(struct str addr, struct buf *out)
{
	ptrdiff_t at = str_rchr(addr, '@');

	if (at <= 0 || (size_t)at + 1 >= addr.n || addr.n > 320)
		return "not sent: this is no mail address";
	for (size_t i = 0; i < addr.n; i++) {
		unsigned char c = (unsigned char)addr.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
			return "not sent: the address holds a character that "
			       "no address may";
	}
	if (!utf8_is_ascii(str_sub(addr, 0, (size_t)at)))
		return "not sent: an address with a part before the @ that "
		       "is not ASCII (SMTPUTF8) is not supported";
	buf_putc(out, '<');
	buf_put(out, str_sub(addr, 0, (size_t)at + 1));
	if (!utf8_valid(addr) ||
	    !domain_ascii(str_from(addr, (size_t)at + 1), out))
		return "not sent: the domain of the address is malformed";
	buf_putc(out, '>');
	return NULL;
}

/* --- sending --- */

static bool
wants_login(int code)
{
	return code == 530 || code == 534 || code == 535 || code == 538;
}

/* A kept connection that the server had given up meanwhile: nothing was
 * taken, a new one may do. */
static bool
was_stale(struct smtp *s, CURLcode r)
{
	long connects = 1;

	if (r == CURLE_OK || s->talk.phase > PHASE_MAIL ||
	    (s->talk.code && s->talk.code != 421))
		return false;
	curl_easy_getinfo(s->curl, CURLINFO_NUM_CONNECTS, &connects);
	return connects == 0;
}

/*
 * The size to announce. libcurl before 8.7 counts what it wrote, dots doubled, against the size it was told, and calls a mail
 * done, and ends it, when both are equal: with as many doubled dots so far as bytes left, the tail of the mail was silently
 * missing. Those versions are told the doubled size.
 */
static curl_off_t
announced(struct str bytes)
{
	size_t dots = 0;

	if (curl_version_info(CURLVERSION_NOW)->version_num >= 0x080700)
		return (curl_off_t)bytes.n;
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] == '.' && (i == 0 || bytes.p[i - 1] == '\n'))
			dots++;
	return (curl_off_t)(bytes.n + dots);
}

static CURLcode
perform(struct smtp *s, const char *from, struct curl_slist *rcpt)
{
	long ms =
	    (long)s->timeout_s * 1000 + (long)(s->talk.bytes.n / RATE) * 1000;
	CURLcode r;

	curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, rcpt);
	curl_easy_setopt(
	    s->curl, CURLOPT_INFILESIZE_LARGE, announced(s->talk.bytes));
	curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, ms);
	r = curl_easy_perform(s->curl);
	fault_point("send-answered");
	/* Of one that was not verified nothing is believed. */
	if (s->talk.phase >= PHASE_MAIL)
		note_peer(s);
	return r;
}

static int
send_to(
    struct smtp *s, const char *from, struct curl_slist *rcpt, struct err *err)
{
	struct talk *t = &s->talk;
	struct talk fresh = *t;
	CURLcode r = perform(s, from, rcpt);

	if (was_stale(s, r)) {
		fresh.line = t->line;
		fresh.reply = t->reply;
		*t = fresh;
		buf_reset(&t->line);
		buf_reset(&t->reply);
		s->error[0] = 0;
		curl_easy_setopt(s->curl, CURLOPT_FRESH_CONNECT, 1L);
		r = perform(s, from, rcpt);
		curl_easy_setopt(s->curl, CURLOPT_FRESH_CONNECT, 0L);
	}
	if (t->phase < PHASE_MAIL) {
		smtp_all_are(t, SENT_LATER, S(""));
		why(s, r, err);
		smtp_all_are(
		    t, SENT_LATER, arena_dup(t->a, str_c(err ? err->msg : "")));
		return -1;
	}
	if (t->phase == PHASE_MAIL && wants_login(t->code)) {
		smtp_all_are(
		    t, SENT_LATER, arena_dup(t->a, buf_str(&t->reply)));
		return err_set(
		    err, ERR_PERM, "%s wants a login: %s", s->who, words(s));
	}
	smtp_settle(
	    t, arena_printf(t->a, "the connection to %s failed: %s", s->who,
		   s->error[0] ? s->error : curl_easy_strerror(r)));
	return 0;
}

int
smtp_send(struct smtp *s, struct arena *a, struct str sender,
    struct sent_to *to, size_t n, struct str bytes, struct err *err)
{
	AUTO(buf_fini) struct buf from = BUF_INIT;
	struct curl_slist *rcpt = NULL;
	struct err own_err = ERR_INIT;
	struct talk *t = &s->talk;
	const char *bad;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		to[i].result = SENT_LATER;
		to[i].reply = S("");
	}
	if (wire_check(bytes, err) < 0)
		return -1;
	if (!sender.n || str_eq(sender, S("<>")))
		buf_puts(&from, "<>");
	else if ((bad = wire_address(sender, &from)))
		return err_set(
		    err, ERR_PERM, "sender %.*s: %s", STR_ARG(sender), bad);
	talk_begin(s);
	t->a = a;
	t->bytes = bytes;
	t->rcpt = arena_array(a, struct sent_to *, n);
	t->rcpt_code = arena_array(a, int, n);
	for (size_t i = 0; i < n; i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct curl_slist *more;

		bad = wire_address(to[i].addr, &b);
		if (bad) {
			to[i].result = SENT_REFUSED;
			to[i].reply = str_c(bad);
			continue;
		}
		more = curl_slist_append(rcpt, buf_cstr(&b));
		if (!more)
			mem_out();
		rcpt = more;
		t->rcpt[t->nrcpt++] = &to[i];
	}
	if (t->nrcpt)
		r = send_to(s, buf_cstr(&from), rcpt, err ? err : &own_err);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(rcpt);
	t->bytes = S("");
	t->a = NULL;
	t->rcpt = NULL;
	t->rcpt_code = NULL;
	t->nrcpt = 0;
	return r;
}
