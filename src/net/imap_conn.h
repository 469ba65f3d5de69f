/* imap_conn: the inside of struct imap, shared by imap_conn.c (commands), imap_login.c (the way in), imap.c (folders, flags, waiting), imap_fetch.c (mails). */
#ifndef NET_IMAP_CONN_H
#define NET_IMAP_CONN_H

/* First, for the MIN and MAX of a system header that it drags in. */
#include <libetpan/mailimap.h>
#undef MIN
#undef MAX

#include "base/must.h"
#include "net/imap.h"
#include "net/imap_guard.h"
#include "net/stream.h"

struct imap {
	struct stream stream;
	struct guard guard;
	mailimap *session;        /* libetpan's: tags, parsing, what was parsed */
	mailstream *wire;         /* its buffered stream, over our driver */
	struct buf command;       /* being put together */
	unsigned timeout_s;
	char who[200];            /* "support@acme.example at mail.acme.example:993" */
	bool has_sasl_ir, has_idle, has_move, has_uidplus, has_condstore;
	bool selected;
	uint32_t uidnext;         /* of the selected folder, as SELECT told it */
};

enum { IMAP_SMALL_ANSWER = 1024 * 1024 };

/*
 * Sends i->command as one command and has libetpan read the answer. 0: OK. -1: the connection (ERR_TEMP), or the server said NO or BAD:
 * ERR_PERM (ERR_NOENT for NONEXISTENT, ERR_TEMP where a code says so), "WHAT: server's words". answer: bytes it may have, literals of at most literal_max.
 */
int imap_command(struct imap *i, const char *what, unsigned expect, size_t literal_max, uint64_t answer, struct err *err);
/*
 * A session over a descriptor that is connected already, selected and with every capability, without greeting (unless asked for) or
 * login: for fuzzing. Takes fd.
 */
struct imap *imap_over(int fd, bool greeting, struct err *err);
/* The same for small answers without FETCH, LIST or SEARCH. */
int imap_simple(struct imap *i, const char *what, struct err *err);
/* Gives i its libetpan session and stream. */
void imap_attach(struct imap *i);
/* The two halves, for commands that wait for a "+" in between. */
int imap_send(struct imap *i, unsigned expect, size_t literal_max, uint64_t answer, struct err *err);
int imap_answer(struct imap *i, const char *what, struct err *err);
/* More of the command after a continuation; private bytes are never logged by anyone. */
int imap_send_more(struct imap *i, struct str bytes, struct err *err);
/* Copies the connection's error out; -1. */
int imap_lost(struct imap *i, struct err *err);

/* Appends as many of uids[*at..n) as make a command of sensible length and at most max mails, folded ("1:5,9"), and moves *at on. */
void imap_set_of(struct buf *out, const uint32_t *uids, size_t n, size_t max, size_t *at);
/* Appends a folder's name quoted, in modified UTF-7; ERR_INVAL when it can be none. */
int imap_put_folder(struct buf *out, struct str folder, struct err *err);

#endif
