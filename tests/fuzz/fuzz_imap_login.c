/*
 * The beginning of an IMAP connection, and what fuzz_imap.c leaves out: a server's words are there before they are asked for
 * (tests/fuzz/liar.h). The first byte: 1 XOAUTH2, 2 with STARTTLS, which nothing here can complete, 4 to 64 what is done then.
 */
#include "liar.h"
#include "base/utf8.h"
#include "net/imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET S("correct horse")

static void
work(struct imap *i, uint8_t what)
{
	static const uint32_t uids[] = {1, 2, 3};
	AUTO(buf_fini) struct buf b = buf_max(1 << 20);
	struct imap_mailbox box;
	struct err err;
	bool there;

	if (imap_select(i, S("INBOX"), &box, &err) < 0 && !imap_is_good(i))
		return;
	if (what & 4)
		imap_find(i, S("1@x.example"), &there, &err);
	if (what & 8)
		imap_fetch_header(i, 1, 1000, &b, &err);
	if (what & 16)
		imap_flag(i, uids, 3, S("\\Seen"), &err);
	if (what & 32)
		imap_append(
		    i, S("Done"), S("From: a@x\r\n\r\nx\r\n"), true, &err);
	if (what & 64)
		imap_delete(i, uids, 3, &err);
	if (what & 128)
		imap_idle(i, 0, 1, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_login login = {.host = S("127.0.0.1"),
	    .port = 143,
	    .user = S("helpd"),
	    .secret = SECRET,
	    .timeout_s = 1};
	AUTO(buf_fini) struct buf heard = BUF_INIT;
	struct err err = ERR_INIT;
	struct imap *i;

	if (size < 2 || size > 65536)
		return 0;
	login.plaintext_loopback = !(data[0] & 2);
	login.auth = data[0] & 1 ? IMAP_AUTH_XOAUTH2 : IMAP_AUTH_PASSWORD;
	liar_begin(str_n((const char *)data + 1, size - 1));
	if (imap_open(&login, &i, &err) == 0) {
		must(!(data[0] & 2));
		work(i, data[0]);
		imap_close(&i);
	} else {
		must(err.msg[0] && utf8_valid(str_c(err.msg)));
		must(!str_has(str_c(err.msg), SECRET));
	}
	liar_end(&heard);
	/* Not a word of who we are without TLS, where that is asked for. */
	if (data[0] & 2)
		must(!str_ihas(buf_str(&heard), S("LOGIN")) &&
		     !str_ihas(buf_str(&heard), S("AUTHENTICATE")));
	return 0;
}
