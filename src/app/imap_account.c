#include "app/imap_account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/must.h"

int
imap_account_open(const struct mailbox *m, const _Atomic bool *cancel,
    void (*opening)(void *ctx, struct imap *i), void *ctx, struct imap **out,
    struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf secret = buf_max(8192);
	struct imap_login login = {
	    .host = m->host,
	    .port = m->port,
	    .implicit_tls = m->implicit_tls,
	    .plaintext_loopback = m->plaintext,
	    .ca_file = m->ca_file.n ? arena_cstr(&a, m->ca_file) : NULL,
	    .user = m->user,
	    .auth = m->xoauth2 ? IMAP_AUTH_XOAUTH2 : IMAP_AUTH_PASSWORD,
	    .timeout_s =
		(unsigned)((m->timeout + CLOCK_SECOND - 1) / CLOCK_SECOND),
	    .opening = opening,
	    .ctx = ctx,
	};
	int r = secret_read_by(&m->secret,
	    clock_mono() + (m->timeout > 0 ? m->timeout : 60 * CLOCK_SECOND),
	    cancel, &secret, err);

	login.secret = buf_str(&secret);
	if (r == 0)
		r = imap_open(&login, out, err);
	if (secret.p)
		secret_wipe(secret.p, secret.cap);
	return r;
}
