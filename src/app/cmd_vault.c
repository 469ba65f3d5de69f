/*
 * vault: the keys that stored mail is sealed with (store/vault.h).
 *
 *   status   how much is sealed, how many keys there are
 *   init     makes the master key's file and the vault
 *   seal     seals what was stored before, while the daemon runs
 *   rewrap   puts the keys under another master key
 */
#include "app/json.h"
#include "app/sealing.h"
#include "app/session.h"
#include "app/table.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/must.h"
#include "desk/search.h"
#include "store/reseal.h"
#include "store/term.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* In one transaction, between which others write. */
enum {
	ROWS = 100,   /* that are sealed, each with its mail */
	TICKETS = 50, /* whose words are */
	CHUNKS = 500, /* of words in clear that go: 2 MB */
};

#define N(x) ((unsigned long long)(x))

/* --- status ------------------------------------------------------------ */

static void
print_status(struct verb_context *c, struct session *s,
    const struct vault_counts *v, const struct reseal_counts *n)
{
	const struct vault *vault = store_vault(s->store);
	bool seals = s->config->encryption.new_mail;
	json_t *o;

	if (!c->json) {
		printf("vault %s: %llu keys of people, %llu forgotten, %llu "
		       "missing\n"
		       "mails: %llu sealed, %llu in clear; tickets, articles "
		       "and outbox: %llu sealed, %llu in clear\n"
		       "new mail is %s\n",
		    vault_path(vault), N(v->held), N(v->forgotten),
		    N(v->missing), N(n->mails_sealed), N(n->mails_plain),
		    N(n->sealed), N(n->plain),
		    seals ? "sealed" : "not sealed (new_mail \"no\";)");
		return;
	}
	o = json_object();
	json_put_str(o, "vault", str_c(vault_path(vault)));
	json_object_set_new(o, "new_mail", json_boolean(seals));
#define COUNT(key, x) json_object_set_new(o, key, json_integer((json_int_t)(x)))
	COUNT("keys", v->held);
	COUNT("keys_forgotten", v->forgotten);
	COUNT("keys_missing", v->missing);
	COUNT("mails_sealed", n->mails_sealed);
	COUNT("mails_plain", n->mails_plain);
	COUNT("rows_sealed", n->sealed);
	COUNT("rows_plain", n->plain);
#undef COUNT
	json_print(o);
}

static int
no_vault(struct verb_context *c)
{
	return verb_fail(c, EX_CONFIG,
	    "helpd.conf has no encryption { key_file \"…\"; }: nothing is "
	    "sealed");
}

static int
status_verb(struct verb_context *c)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct vault_counts v;
	struct reseal_counts n;
	struct session s;
	struct err err = ERR_INIT;
	int status = session_open(&s, c, SESSION_STORE);

	if (status == EX_OK && !store_vault(s.store))
		status = no_vault(c);
	else if (status == EX_OK &&
		 (vault_count(store_vault(s.store), &v, &err) < 0 ||
		     txn_read(s.store, &t, &err) < 0))
		status = verb_err(c, &err);
	else if (status == EX_OK && reseal_count(t, &n) < 0) {
		txn_error(t, &err);
		status = verb_err(c, &err);
	} else if (status == EX_OK)
		print_status(c, &s, &v, &n);
	txn_abort(&t);
	session_close(&s);
	return status;
}

/* --- a master key ------------------------------------------------------ */

/* The daemon reads it: as root it is given to its group. */
static int
give(int fd, const char *path, const struct config *c, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const struct group *g =
	    geteuid() == 0 ? getgrnam(arena_cstr(&a, c->group)) : NULL;

	if (g && (fchown(fd, 0, g->gr_gid) < 0 || fchmod(fd, 0640) < 0))
		return err_sys(err, ERR_PERM, "%s", path);
	return 0;
}

static int
write_key(int fd, const char *path, struct err *err)
{
	unsigned char key[SEAL_KEY_SIZE];
	struct buf text = BUF_INIT;
	int r;

	buf_reserve(&text, 256);
	random_bytes(key, sizeof key);
	buf_hex(&text, str_n((const char *)key, sizeof key));
	buf_putc(&text, '\n');
	r = fd_write_all(fd, buf_str(&text), err);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, ERR_TEMP, "%s", path);
	secret_wipe(key, sizeof key);
	secret_wipe(text.p, text.cap);
	buf_fini(&text);
	return r;
}

/* A new key in a new file. 1, 0 when there is one already, -1. */
static int
make_key(const char *path, const struct config *c, struct err *err)
{
	AUTO_FD fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return err_sys(err, ERR_PERM, "%s", path);
	r = write_key(fd, path, err);
	if (r == 0)
		r = give(fd, path, c, err);
	if (r < 0)
		unlink(path);
	return r < 0 ? -1 : 1;
}

static int
init_verb(struct verb_context *c)
{
	const struct encryption *e;
	const char *file = NULL;
	struct session s;
	struct err err = ERR_INIT;
	int made = 0, status = session_open(&s, c, SESSION_CONFIG);

	e = status == EX_OK ? &s.config->encryption : NULL;
	if (e && !e->on)
		status = verb_fail(c, EX_CONFIG,
		    "helpd.conf needs encryption { key_file \"…\"; } first");
	if (status == EX_OK && e && e->key.file.n) {
		file = arena_cstr(&s.arena, e->key.file);
		made = make_key(file, s.config, &err);
		if (made < 0)
			status = verb_err(c, &err);
	}
	if (status == EX_OK)
		status = session_own(&s, c);
	if (status == EX_OK)
		status = session_open_store(&s, c, SESSION_CREATE);
	if (status == EX_OK && c->json)
		puts("{\"ok\":true}");
	else if (status == EX_OK)
		printf("%s%s%sthe keys of people are in %s\n"
		       "Keep a copy of each, apart from the other and from the "
		       "backups: without one of them no mail can be read.\n",
		    made ? "the master key is in " : "", made ? file : "",
		    made ? "\n" : "", vault_path(store_vault(s.store)));
	session_close(&s);
	return status;
}

/* --- what was stored before -------------------------------------------- */

static int
seal_some(struct session *s, struct buf *place, uint64_t *done, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *all;
	int more;

	if (txn_write(s->store, &t, err) < 0)
		return -1;
	more = reseal_plain(t, place, ROWS, done);
	if (more < 0)
		return txn_error(t, err);
	all = t;
	t = NULL;
	return txn_commit(all, err) < 0 ? -1 : more;
}

/* Some tickets' words, sealed beside those in clear. 1 there are more, 0, -1. */
static int
index_some(struct txn *t, uint64_t next)
{
	struct term_batch *b = term_batch_new();
	uint64_t last = 0, to;
	int r = ticket_last(t, &last);

	to = MIN(last, next + TICKETS - 1);
	for (uint64_t id = next; r == 0 && id <= to; id++) {
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct ticket k;
		int found = ticket_get(t, &a, id, &k);

		for (uint32_t seq = 1; found > 0 && seq <= k.articles; seq++) {
			AUTO(arena_fini) struct arena each = ARENA_INIT;

			index_article(t, &each, id, seq, b);
		}
		r = MIN(found, 0);
	}
	term_batch_put(t, b);
	term_batch_free(b);
	if (r == 0 && term_fold_due(t))
		term_fold(t, 1 << 20);
	if (r == 0)
		reseal_words_note(t, to + 1);
	return r < 0 ? -1 : to < last;
}

/* Then those in clear go. 1 there is more to do, 0, -1. */
static int
words_some(struct session *s, bool *indexed, struct buf *place, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *done;
	uint64_t next;
	int more;

	if (txn_write(s->store, &t, err) < 0)
		return -1;
	if (reseal_words(t, &next) < 0)
		return txn_error(t, err);
	if (!next)
		return 0;
	more = *indexed ? term_forget_clear(t, place, CHUNKS)
			: index_some(t, next);
	if (more < 0 || txn_error(t, err) < 0)
		return txn_error(t, err);
	if (!more && *indexed)
		reseal_words_note(t, 0);
	if (!more && !*indexed) {
		*indexed = true;
		more = 1;
	}
	done = t;
	t = NULL;
	return txn_commit(done, err) < 0 ? -1 : more;
}

static int
seal_words(struct session *s, struct err *err)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	bool indexed = false;
	int more = 1;

	for (uint64_t n = 0; more > 0; n += TICKETS) {
		more = words_some(s, &indexed, &place, err);
		if (more > 0 && !indexed)
			progress("words of tickets:", n);
	}
	return more;
}

static int
seal_verb(struct verb_context *c)
{
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct session s;
	struct err err = ERR_INIT;
	uint64_t done = 0;
	int more = 1, status = session_open(&s, c, SESSION_STORE);

	if (status == EX_OK && !store_vault(s.store))
		status = no_vault(c);
	if (status == EX_OK && !s.config->encryption.new_mail)
		status = verb_fail(c, EX_CONFIG,
		    "new_mail \"no\"; says that nothing is sealed");
	while (status == EX_OK && more > 0) {
		more = seal_some(&s, &place, &done, &err);
		if (more < 0)
			status = verb_err(c, &err);
		progress("sealed:", done);
	}
	if (status == EX_OK && seal_words(&s, &err) < 0)
		status = verb_err(c, &err);
	progress_end();
	if (status == EX_OK && c->json)
		printf("{\"sealed\":%llu}\n", N(done));
	else if (status == EX_OK)
		printf("%llu rows and mails sealed. Older backups hold them in "
		       "clear, and so do pages of the store that are free now: "
		       "helpd backup and helpd restore leave those behind\n",
		    N(done));
	session_close(&s);
	return status;
}

/* --- another master key ------------------------------------------------ */

static int
rewrap(struct session *s, const struct secret *new, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	unsigned char key[SEAL_KEY_SIZE];
	int r;

	if (sealing_key(new, key, err) < 0)
		return -1;
	/* Nobody adds a key meanwhile. */
	r = txn_write(s->store, &t, err);
	if (r == 0)
		r = vault_rewrap(store_vault(s->store), key, err);
	secret_wipe(key, sizeof key);
	return r;
}

static int
lock_data(struct session *s, struct verb_context *c, int *lock)
{
	*lock = open(session_path(s, "lock"),
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) < 0)
		return verb_fail(c, EX_TEMPFAIL,
		    "a daemon runs on %s: stop it first (helpd stop)", s->data);
	return EX_OK;
}

static int
rewrap_verb(struct verb_context *c, const char *file)
{
	struct secret new = {.file = str_c(file)};
	struct session s;
	struct err err = ERR_INIT;
	AUTO_FD lock = -1;
	int status = session_open(&s, c, SESSION_CONFIG);

	if (status == EX_OK && !s.config->encryption.on)
		status = no_vault(c);
	if (status == EX_OK && make_key(file, s.config, &err) < 0)
		status = verb_err(c, &err);
	if (status == EX_OK)
		status = session_own(&s, c);
	if (status == EX_OK)
		status = lock_data(&s, c, &lock);
	if (status == EX_OK)
		status = session_open_store(&s, c, SESSION_STORE);
	if (status == EX_OK && rewrap(&s, &new, &err) < 0)
		status = verb_err(c, &err);
	if (status == EX_OK && c->json)
		puts("{\"ok\":true}");
	else if (status == EX_OK)
		printf("%s opens with %s from now on: name it in helpd.conf "
		       "before the daemon is started, then destroy the old "
		       "one\n",
		    vault_path(store_vault(s.store)), file);
	session_close(&s);
	return status;
}

int
cmd_vault(struct verb_context *c, int argc, char **argv)
{
	const char *verb = argc >= 2 ? argv[1] : "status";

	if (strcmp(verb, "rewrap") == 0 && argc == 3)
		return rewrap_verb(c, argv[2]);
	if (argc > 2)
		return verb_usage(c);
	if (strcmp(verb, "status") == 0)
		return status_verb(c);
	if (strcmp(verb, "init") == 0)
		return init_verb(c);
	if (strcmp(verb, "seal") == 0)
		return seal_verb(c);
	return verb_usage(c);
}
