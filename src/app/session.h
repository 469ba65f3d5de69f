/*
 * session: configuration, store, keys and templates, opened together; what every verb and the daemon begin with.
 *
 * Run as root, the process first becomes the owner of the data directory (or the configured user, when the directory is yet
 * to be made), so that no file of the store ever belongs to root by accident.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include "app/config.h"
#include "app/verb.h"
#include "desk/ingest.h"
#include "desk/token.h"
#include "store/store.h"
#include "store/ticket.h"

struct session {
	struct config *config;
	struct arena arena;         /* of the data path and templates */
	const char *data;           /* the data directory */
	struct store *store;
	struct templates *templates;
	struct keyring *keys;
	struct desk desk;
};

enum session_need {
	SESSION_CONFIG = 1,         /* configuration only */
	SESSION_STORE = 2,          /* and a store that exists */
	SESSION_CREATE = 4,         /* make the store when there is none */
	SESSION_DESK = 8,           /* and templates, keys, a term batch: to change tickets */
};
/* Returns EX_OK, or prints what is wrong and returns the exit status. Close in either case. */
int session_open(struct session *s, struct verb_context *c, int need);
void session_close(struct session *s);
/* The steps of it, for the daemon, which locks the directory in between: SESSION_CONFIG, then these. */
int session_own(struct session *s, struct verb_context *c);
int session_open_store(struct session *s, struct verb_context *c, int need);

/* Reads configuration and templates anew: complaints are logged, -1 keeps everything as it was. */
int session_load(struct verb_context *c, struct config **config, struct arena *a, struct templates **templates);

/* The ticket that somebody named: 0; -1: ERR_NOENT "there is no ticket #42", or the store's error. */
int session_ticket(struct txn *t, struct arena *a, uint64_t id, struct ticket *out, struct err *err);

/* "store" and "helpd.sock" in the data directory. */
char *session_path(struct session *s, const char *name);

/* Runs fn in a write transaction with terms put, then tells a running daemon. Returns an exit status, errors printed. */
int session_write(struct session *s, struct verb_context *c, int (*fn)(struct session *s, struct txn *t, struct arena *a, int64_t now, void *ctx, struct err *err),
    void *ctx);

/* "cli:anna": the login name of who runs the verb. In the arena. */
struct str session_actor(struct arena *a);

#endif
