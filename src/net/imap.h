/*
 * imap: one authenticated connection to an IMAP server (RFC 3501, 9051), blocking, with a deadline on every command.
 *
 * libetpan's low-level client over our own OpenSSL stream (net/stream.h): chain and host name verified, SNI, TLS 1.2 or later, an EOF anywhere
 * is an error, a deadline for the whole command. Never asks for ENVELOPE or BODYSTRUCTURE. The home of libetpan's
 * IMAP headers. Not thread-safe: one thread a connection; imap_interrupt() alone may be called from another.
 */
#ifndef NET_IMAP_H
#define NET_IMAP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct imap;

enum imap_auth { IMAP_AUTH_PASSWORD, IMAP_AUTH_XOAUTH2 };

struct imap_login {
	struct str host;
	uint16_t port;           /* 0: 993, or 143 with STARTTLS */
	bool implicit_tls;       /* imaps; else STARTTLS is required */
	bool plaintext_loopback; /* no TLS at all; refused unless the address is a loopback one. For tests and benches */
	const char *ca_file;     /* further trusted certificates (PEM); NULL: the system's */
	struct str user, secret; /* secret: password, or the OAuth2 access token */
	enum imap_auth auth;
	unsigned timeout_s;      /* for a whole command, plus what large data needs at 16 KB/s; 0: 60 */
	/*
	 * Told of the connection before it is made, and with NULL when that failed, before it is freed: imap_interrupt() may be called in
	 * between. May be NULL.
	 */
	void (*opening)(void *ctx, struct imap *i);
	void *ctx;
};

/*
 * Connects, secures, logs in. ERR_TEMP: the network; ERR_PERM: refused credentials, certificate, or STARTTLS not offered; the message says
 * which, in an admin's terms, and never holds the secret.
 */
int imap_open(const struct imap_login *login, struct imap **out, struct err *err);
void imap_close(struct imap **i);      /* LOGOUT when the connection is good, then frees */
void imap_interrupt(struct imap *i);   /* makes a waiting imap_idle() or command return ERR_TEMP soon; any thread */
/* Ends a waiting imap_idle(), or the next one, with ERR_TEMP "interrupted" and the connection good; leaves other commands alone. Any thread. */
void imap_wake(struct imap *i);

struct imap_mailbox {
	uint32_t uidvalidity, uidnext, exists;
	uint64_t modseq;         /* 0: no CONDSTORE */
	bool keywords_allowed;   /* PERMANENTFLAGS has \* */
};
int imap_select(struct imap *i, struct str folder, struct imap_mailbox *out, struct err *err);
/* Names (decoded from modified UTF-7 to UTF-8) of all folders. */
int imap_list(struct imap *i, struct arena *a, struct strs *folders, struct err *err);

struct imap_seen {
	uint32_t uid;
	uint64_t size;           /* RFC822.SIZE */
	bool seen, deleted;
	int64_t internal_date;   /* CLOCK_NONE when not asked for or unreadable */
};
/* UID, FLAGS, RFC822.SIZE, INTERNALDATE of all messages with UID >= from (and <= to; 0: no end), ascending. */
int imap_survey(struct imap *i, struct arena *a, uint32_t from, uint32_t to, struct imap_seen **out, size_t *n, struct err *err);

enum {
	IMAP_CHUNK = 1024 * 1024,            /* the largest literal ever asked for */
	IMAP_FETCH_MAX = 64 * 1024 * 1024,   /* the largest mail imap_fetch() puts together by itself; beyond it ERR_PERM */
};

/*
 * Raw mails of the given UIDs by BODY.PEEK[], a hundred or so a FETCH; fn gets each as it arrives and may return false to stop. A UID that has
 * vanished is simply not delivered. UIDs ascending. Mails above IMAP_CHUNK bytes are put together in memory: ask for them with
 * imap_fetch_large() and a limit of your own. The time fn takes is not counted against the deadline.
 */
typedef bool imap_fetched(void *ctx, uint32_t uid, struct str raw);
int imap_fetch(struct imap *i, const uint32_t *uids, size_t n, imap_fetched *fn, void *ctx, struct err *err);
/* BODY.PEEK[]<offset.n>, appended to *out, until the mail ends (size is a hint, 0: unknown; servers announce it wrongly). ERR_NOENT when it
 * vanished, ERR_PERM when it is larger than out->max. */
int imap_fetch_large(struct imap *i, uint32_t uid, uint64_t size, struct buf *out, struct err *err);
/* BODY.PEEK[HEADER], at most max bytes. */
int imap_fetch_header(struct imap *i, uint32_t uid, size_t max, struct buf *out, struct err *err);

/* What is done to a mail that is safe with us. Ranges are folded, many UIDs go in one command. */
int imap_flag(struct imap *i, const uint32_t *uids, size_t n, struct str flag_or_keyword, struct err *err); /* "\\Seen" … */
int imap_move(struct imap *i, const uint32_t *uids, size_t n, struct str folder, struct err *err); /* MOVE, else COPY, \Deleted, UID EXPUNGE */
int imap_delete(struct imap *i, const uint32_t *uids, size_t n, struct err *err); /* \Deleted and UID EXPUNGE; never a plain EXPUNGE */
/* Adds a mail to a folder, which is made when it is missing. The server is asked before the mail is given: it may say NO (over quota) first. */
int imap_append(struct imap *i, struct str folder, struct str raw, bool seen, struct err *err);
/* Has the selected folder a mail with this Message-ID (without its brackets)? */
int imap_find(struct imap *i, struct str message_id, bool *there, struct err *err);
/* After an error: did the server say no, and the connection is as good as before? */
bool imap_is_good(const struct imap *i);

/*
 * Waits until the folder may have changed, at most timeout_s: IDLE where the server has it (renewed below 29 min), else sleeps poll_s and NOOPs.
 * Returns 1 when something may be new, 0 at the time-out, -1.
 */
int imap_idle(struct imap *i, unsigned timeout_s, unsigned poll_s, struct err *err);

#endif
