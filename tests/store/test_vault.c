/* The vault by itself, then a store whose mail it seals. */
#include "base/digest.h"
#include "base/mem.h"
#include "store/reseal.h"
#include "store/sealed.h"
#include "tests/store/box.h"
#include "tests/store/furnish.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const unsigned char master[SEAL_KEY_SIZE] =
    "the master key of these tests..";
static const unsigned char other[SEAL_KEY_SIZE] =
    "another one, for the same vault";

struct cellar {
	struct box b;
	char file[140];
};

/* --- the vault by itself ------------------------------------------------- */

static struct vault *
open_it(const char *file, const unsigned char key[SEAL_KEY_SIZE])
{
	struct vault *v = NULL;
	struct err e = ERR_INIT;

	if (vault_open(&v, file, key, &e) < 0)
		fail_msg("%s", e.msg);
	return v;
}

static int
setup_file(void **state)
{
	static struct cellar c;

	c = (struct cellar){.b = {.dir = "/tmp/helpd-vault.XXXXXX"}};
	assert_non_null(mkdtemp(c.b.dir));
	snprintf(c.file, sizeof c.file, "%s/vault", c.b.dir);
	assert_int_equal(vault_create(c.file, master, NULL), 0);
	*state = &c;
	return 0;
}

static int
teardown_file(void **state)
{
	struct cellar *c = *state;

	unlink(c->file);
	return rmdir(c->b.dir);
}

static uint64_t
add(struct vault *v)
{
	struct err e = ERR_INIT;
	uint64_t id = 0;

	if (vault_add(v, 0, &id, &e) < 0 || vault_sync(v, &e) < 0)
		fail_msg("%s", e.msg);
	return id;
}

static off_t
size_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_size;
}

static void
keys_last(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	unsigned char keys[8][SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];
	struct vault_counts n;
	struct stat st;

	assert_int_equal(stat(c->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(vault_key(v, VAULT_COMMON, keys[1]), VAULT_HELD);
	assert_int_equal(vault_key(v, VAULT_WORDS, keys[2]), VAULT_HELD);
	for (uint64_t i = VAULT_FIRST; i < 8; i++) {
		assert_int_equal(add(v), i);
		assert_int_equal(vault_key(v, i, keys[i]), VAULT_HELD);
	}
	for (size_t i = 1; i < 8; i++)
		for (size_t k = i + 1; k < 8; k++)
			assert_memory_not_equal(
			    keys[i], keys[k], SEAL_KEY_SIZE);
	assert_int_equal(vault_key(v, 0, again), VAULT_MISSING);
	assert_int_equal(vault_key(v, 8, again), VAULT_MISSING);
	assert_int_equal(vault_key(v, UINT64_MAX, again), VAULT_MISSING);
	vault_close(v);
	v = open_it(c->file, master);
	for (size_t i = 1; i < 8; i++)
		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(vault_key(v, i, again), VAULT_HELD);
			assert_memory_equal(keys[i], again, SEAL_KEY_SIZE);
		}
	assert_int_equal(vault_count(v, &n, NULL), 0);
	assert_int_equal(n.held, 5);
	assert_int_equal(n.forgotten + n.missing, 0);
	vault_close(v);
}

/* Nothing of a key is in the file, and nobody else's master opens it. */
static void
wrong_master(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	AUTO(buf_fini) struct buf bytes = BUF_INIT;
	unsigned char key[SEAL_KEY_SIZE];
	struct err e = ERR_INIT;

	assert_int_equal(vault_key(v, VAULT_COMMON, key), VAULT_HELD);
	assert_int_equal(file_read(c->file, 0, &bytes, NULL), 0);
	assert_int_equal(
	    str_find(buf_str(&bytes), str_n((char *)key, 8), 0), -1);
	vault_close(v);
	assert_int_equal(vault_open(&v, c->file, other, &e), -1);
	assert_int_equal(e.code, ERR_INVAL);
	assert_non_null(strstr(e.msg, "key file"));
	assert_int_equal(vault_create(c->file, other, &e), -1);
	assert_int_equal(e.code, ERR_INVAL);
	chmod(c->file, 0640);
	assert_int_equal(vault_open(&v, c->file, master, &e), -1);
	assert_non_null(strstr(e.msg, "chmod 600"));
	assert_int_equal(truncate(c->file, 30), 0);
	chmod(c->file, 0600);
	assert_int_equal(vault_open(&v, c->file, master, &e), -1);
	assert_int_equal(e.code, ERR_CORRUPT);
	unlink(c->file);
	assert_int_equal(vault_open(&v, c->file, master, &e), -1);
	assert_int_equal(e.code, ERR_NOENT);
}

/* What a crash cut short is a number that is not given again. */
static void
torn_slot(void **state)
{
	struct cellar *c = *state;

	for (off_t cut = 1; cut < VAULT_SLOT; cut += 9) {
		struct vault *v = open_it(c->file, master);
		unsigned char key[SEAL_KEY_SIZE];
		uint64_t id = add(v), next;

		vault_close(v);
		assert_int_equal(
		    truncate(c->file, (off_t)id * VAULT_SLOT + cut), 0);
		v = open_it(c->file, master);
		assert_int_equal(vault_key(v, id, key), VAULT_MISSING);
		next = add(v);
		assert_int_equal(next, id + 1);
		assert_int_equal(vault_key(v, next, key), VAULT_HELD);
		assert_int_not_equal(vault_key(v, id, key), VAULT_HELD);
		vault_close(v);
	}
}

/* Each byte of a slot changed: it opens no more, or is as good as gone. */
static void
changed_slot(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	unsigned char key[SEAL_KEY_SIZE];
	uint64_t id = add(v), two = add(v);
	char slot[VAULT_SLOT];
	int fd = open(c->file, O_RDWR | O_CLOEXEC);

	vault_close(v);
	for (off_t i = 0; i < VAULT_SLOT; i++) {
		off_t at = (off_t)id * VAULT_SLOT + i;
		char was, is;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = (char)(was ^ 0x20);
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		v = open_it(c->file, master);
		if (i < 1 || i > 3) /* those are not used */
			assert_int_equal(vault_key(v, id, key), VAULT_MISSING);
		vault_close(v);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	/* In the place of another it is none. */
	assert_int_equal(
	    pread(fd, slot, VAULT_SLOT, (off_t)id * VAULT_SLOT), VAULT_SLOT);
	assert_int_equal(
	    pwrite(fd, slot, VAULT_SLOT, (off_t)two * VAULT_SLOT), VAULT_SLOT);
	v = open_it(c->file, master);
	assert_int_equal(vault_key(v, id, key), VAULT_HELD);
	assert_int_equal(vault_key(v, two, key), VAULT_MISSING);
	vault_close(v);
	close(fd);
}

/* Here, and at once in another one that has the key in its memory. */
static void
forgotten(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	struct vault *w = open_it(c->file, master);
	unsigned char key[SEAL_KEY_SIZE];
	AUTO(buf_fini) struct buf bytes = BUF_INIT;
	char zero[VAULT_SLOT] = {0};
	uint64_t id = add(v), next = add(v);
	struct err e = ERR_INIT;

	assert_int_equal(vault_key(w, id, key), VAULT_HELD);
	assert_int_equal(vault_forget(v, id, &e), 0);
	assert_int_equal(vault_key(v, id, key), VAULT_FORGOTTEN);
	assert_int_equal(vault_key(w, id, key), VAULT_FORGOTTEN);
	assert_int_equal(vault_key(w, next, key), VAULT_HELD);
	assert_int_equal(vault_forget(w, id, &e), 0);
	assert_int_equal(vault_forget(v, 1000, &e), 0);
	assert_int_equal(size_of(c->file), (off_t)(next + 1) * VAULT_SLOT);
	assert_int_equal(vault_forget(v, VAULT_COMMON, &e), -1);
	assert_int_equal(vault_forget(v, VAULT_WORDS, &e), -1);
	assert_int_equal(file_read(c->file, 0, &bytes, NULL), 0);
	assert_memory_equal(bytes.p + id * VAULT_SLOT, zero, VAULT_SLOT);
	/* The number is not given again. */
	assert_int_equal(add(v), next + 1);
	vault_close(v);
	vault_close(w);
}

/* A copy from before other keys were made: their numbers are not given to
 * others. */
static void
older_copy(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	unsigned char key[SEAL_KEY_SIZE];
	struct err e = ERR_INIT;
	struct vault_counts n;
	uint64_t id;

	assert_int_equal(add(v), VAULT_FIRST);
	assert_int_equal(vault_add(v, 9, &id, &e), 0);
	assert_int_equal(id, 9);
	assert_int_equal(vault_sync(v, &e), 0);
	assert_int_equal(vault_key(v, 9, key), VAULT_HELD);
	for (id = VAULT_FIRST + 1; id < 9; id++)
		assert_int_equal(vault_key(v, id, key), VAULT_MISSING);
	assert_int_equal(vault_add(v, 4, &id, &e), 0);
	assert_int_equal(id, 10);
	assert_int_equal(vault_count(v, &n, &e), 0);
	assert_int_equal(n.held, 3);
	assert_int_equal(n.missing, 5);
	vault_close(v);
}

/* The same keys under another master; the old file is not written any more. */
static void
rewrapped(void **state)
{
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master), *w = NULL;
	unsigned char key[SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];
	unsigned char name[VAULT_NAME], name_again[VAULT_NAME];
	uint64_t gone = add(v), id = add(v), lost;
	struct err e = ERR_INIT;

	assert_int_equal(vault_forget(v, gone, NULL), 0);
	assert_int_equal(vault_add(v, id + 3, &lost, NULL), 0);
	assert_int_equal(vault_key(v, id, key), VAULT_HELD);
	vault_name(v, name);
	assert_int_equal(vault_rewrap(v, other, &e), 0);
	assert_int_equal(vault_add(v, 0, &id, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_int_equal(vault_forget(v, id, &e), -1);
	assert_int_equal(vault_open(&w, c->file, master, &e), -1);
	vault_close(v);
	v = open_it(c->file, other);
	vault_name(v, name_again);
	assert_memory_equal(name, name_again, VAULT_NAME);
	assert_int_equal(vault_key(v, id, again), VAULT_HELD);
	assert_memory_equal(key, again, SEAL_KEY_SIZE);
	assert_int_equal(vault_key(v, gone, again), VAULT_FORGOTTEN);
	assert_int_equal(vault_key(v, lost, again), VAULT_HELD);
	assert_int_equal(vault_key(v, lost - 1, again), VAULT_MISSING);
	assert_int_equal(add(v), lost + 1);
	vault_close(v);
}

/* More persons than there is room for in memory. */
static void
many(void **state)
{
	enum {
		MANY = 5000
	};
	struct cellar *c = *state;
	struct vault *v = open_it(c->file, master);
	unsigned char key[SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];
	struct err e = ERR_INIT;
	uint64_t id;

	for (int i = 0; i < MANY; i++)
		assert_int_equal(vault_add(v, 0, &id, &e), 0);
	assert_true(vault_needs_sync(v));
	assert_int_equal(vault_sync(v, &e), 0);
	assert_false(vault_needs_sync(v));
	assert_int_equal(vault_key(v, VAULT_FIRST, key), VAULT_HELD);
	for (id = VAULT_FIRST; id < VAULT_FIRST + MANY; id++)
		assert_int_equal(vault_key(v, id, again), VAULT_HELD);
	assert_int_equal(vault_key(v, VAULT_FIRST, again), VAULT_HELD);
	assert_memory_equal(key, again, SEAL_KEY_SIZE);
	vault_close(v);
}

/* --- a store whose mail it seals ----------------------------------------- */

static void
use(struct cellar *c, bool seals)
{
	struct err e = ERR_INIT;

	if (store_use_vault(c->b.s, open_it(c->file, master), seals, &e) < 0)
		fail_msg("%s", e.msg);
}

static int
setup_store(void **state)
{
	static struct cellar c;

	c = (struct cellar){0};
	box_init(&c.b);
	snprintf(c.file, sizeof c.file, "%s.vault", c.b.dir);
	assert_int_equal(vault_create(c.file, master, NULL), 0);
	use(&c, true);
	*state = &c;
	return 0;
}

static int
teardown_store(void **state)
{
	struct cellar *c = *state;

	unlink(c->file);
	box_fini(&c->b);
	return 0;
}

static void
reopen(struct cellar *c, bool seals)
{
	store_close(c->b.s);
	box_open(&c->b);
	use(c, seals);
}

#define WORD "Drachenfrucht"
static const struct str raw = {
    "From: ann@x.org\r\nSubject: " WORD "\r\n\r\nDear desk, " WORD "\r\n", 61};

static uint64_t
store_mail_of(struct txn *t, struct str who)
{
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct str file = S(WORD ".pdf");
	struct attachment att = {.name = file, .type = S("application/pdf")};
	struct field field = {S("order"), S(WORD " 17")};
	struct address from = {S(WORD), who};
	struct ticket k = {.status = STATUS_NEW,
	    .subject = S("Order of a " WORD),
	    .fields = &field,
	    .nfields = 1,
	    .requester = {S("A"), who},
	    .updated = 1};
	struct article r = {.direction = DIRECTION_IN,
	    .author = from,
	    .from = {&from, 1},
	    .subject = S("Order of a " WORD),
	    .text = S("Dear desk, " WORD),
	    .attachments = {&att, 1},
	    .size = raw.n};
	struct recipient to = {.addr = who, .state = OUTBOX_QUEUED};
	struct outbox o = {.recipients = &to,
	    .nrecipients = 1,
	    .state = OUTBOX_QUEUED,
	    .kind = S("ack"),
	    .subject = S("Re: " WORD)};

	ticket_put(t, &k);
	r.ticket = o.ticket = k.id;
	r.seq = ++k.articles;
	blob_pack(raw, &packed);
	r.blob = blob_put(t, buf_str(&packed));
	sha256(raw, r.sha256);
	article_put(t, &r);
	o.blob = blob_put(t, buf_str(&packed));
	outbox_put(t, &o);
	ticket_put(t, &k);
	person_put(t, &(struct person){.key = who, .addr = who});
	return k.id;
}

static uint64_t
store_mail(struct cellar *c, struct str who)
{
	struct txn *t = NULL;
	struct err e = ERR_INIT;
	uint64_t id;

	assert_int_equal(txn_write(c->b.s, &t, &e), 0);
	id = store_mail_of(t, who);
	if (txn_commit(t, &e) < 0)
		fail_msg("%s", e.msg);
	return id;
}

/* What is read of it. */
struct seen {
	struct arena a;
	struct ticket k;
	struct article r;
	struct outbox o;
	struct buf raw;
	int got;
};

static void
look(struct cellar *c, uint64_t id, struct seen *x)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct err e = ERR_INIT;

	*x = (struct seen){0};
	assert_int_equal(txn_read(c->b.s, &t, &e), 0);
	assert_int_equal(ticket_get(t, &x->a, id, &x->k), 1);
	assert_int_equal(article_get(t, &x->a, id, 1, &x->r), 1);
	assert_int_equal(outbox_get(t, &x->a, id, &x->o), 1);
	x->got = blob_get(t, x->r.blob, 1 << 20, &x->raw);
}

static void
unlook(struct seen *x)
{
	arena_fini(&x->a);
	buf_fini(&x->raw);
}

#define assert_str(s, c) assert_true(str_eq((s), S(c)))

static void
assert_open(struct cellar *c, uint64_t id)
{
	struct seen x;

	look(c, id, &x);
	assert_str(x.k.subject, "Order of a " WORD);
	assert_int_equal(x.k.nfields, 1);
	assert_str(x.k.fields[0].value, WORD " 17");
	assert_str(x.r.subject, "Order of a " WORD);
	assert_str(x.r.text, "Dear desk, " WORD);
	assert_str(x.r.author.name, WORD);
	assert_int_equal(x.r.from.n, 1);
	assert_int_equal(x.r.attachments.n, 1);
	assert_str(x.r.attachments.v[0].name, WORD ".pdf");
	assert_str(x.o.subject, "Re: " WORD);
	assert_int_equal(x.got, 1);
	assert_true(str_eq(buf_str(&x.raw), raw));
	unlook(&x);
}

static bool
is_in_store(struct cellar *c, struct str what)
{
	AUTO(buf_fini) struct buf bytes = BUF_INIT;
	char path[160];

	snprintf(path, sizeof path, "%s/data.mdb", c->b.dir);
	assert_int_equal(file_read(path, 0, &bytes, NULL), 0);
	return str_find(buf_str(&bytes), what, 0) >= 0;
}

static bool
on_problem(void *ctx, const char *text)
{
	struct buf *b = ctx;

	buf_puts(b, text);
	buf_putc(b, '\n');
	return true;
}

/* What the check tells; in the arena. */
static const char *
problems(struct cellar *c)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct store_counts n;

	assert_int_equal(
	    store_check(c->b.s, NULL, on_problem, &b, &n, NULL), 0);
	return arena_cstr(&c->b.a, buf_str(&b));
}

static void
sealed_and_back(void **state)
{
	struct cellar *c = *state;
	uint64_t id = store_mail(c, S("ann@x.org"));
	struct seen x;

	assert_open(c, id);
	assert_false(is_in_store(c, S(WORD)));
	look(c, id, &x);
	assert_int_equal(x.r.key, VAULT_FIRST);
	assert_int_equal(x.k.key, VAULT_FIRST);
	assert_int_equal(x.o.key, VAULT_FIRST);
	unlook(&x);
	assert_string_equal(problems(c), "");
	reopen(c, true);
	assert_open(c, id);
	/* The same person has the same key, another one another. */
	store_mail(c, S("Ann@X.org"));
	store_mail(c, S("bob@x.org"));
	look(c, 2, &x);
	assert_int_equal(x.r.key, VAULT_FIRST);
	unlook(&x);
	look(c, 3, &x);
	assert_int_equal(x.r.key, VAULT_FIRST + 1);
	unlook(&x);
	/* No more of new mail; the old stays as it was, also when it changes. */
	reopen(c, false);
	assert_open(c, id);
	{
		AUTO(arena_fini) struct arena a = ARENA_INIT;
		struct txn *t = NULL;
		struct ticket k;

		assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
		assert_int_equal(ticket_get(t, &a, id, &k), 1);
		k.status = STATUS_OPEN;
		ticket_put(t, &k);
		assert_int_equal(txn_commit(t, NULL), 0);
	}
	assert_open(c, id);
	assert_false(is_in_store(c, S(WORD)));
	id = store_mail(c, S("ann@x.org"));
	assert_true(is_in_store(c, S(WORD)));
	assert_open(c, id);
	assert_string_equal(problems(c), "");
}

static void
forget(struct cellar *c, uint64_t key)
{
	struct err e = ERR_INIT;

	if (vault_forget(store_vault(c->b.s), key, &e) < 0)
		fail_msg("%s", e.msg);
}

/* Mail of a key that was forgotten is no more; nothing else minds. */
static void
erased(void **state)
{
	struct cellar *c = *state;
	uint64_t ann = store_mail(c, S("ann@x.org"));
	uint64_t bob = store_mail(c, S("bob@x.org"));
	struct seen x;

	forget(c, VAULT_FIRST);
	look(c, ann, &x);
	assert_str(x.k.subject, "erased");
	assert_int_equal(x.k.nfields, 0);
	assert_str(x.r.text, "erased");
	assert_str(x.r.flag, "erased");
	assert_int_equal(x.r.attachments.n, 0);
	assert_int_equal(x.r.author.addr.n, 0);
	assert_str(x.o.subject, "erased");
	assert_int_equal(x.got, 0);
	unlook(&x);
	assert_open(c, bob);
	assert_string_equal(problems(c), "");
	/* What comes later has another key; so has the ticket, once it is put. */
	look(c, store_mail(c, S("ann@x.org")), &x);
	assert_int_equal(x.r.key, VAULT_FIRST + 2);
	unlook(&x);
	assert_open(c, 3);
}

/* A vault from before some mail came: that cannot be read and is told, but not
 * destroyed by what happens to its ticket. */
static void
missing(void **state)
{
	struct cellar *c = *state;
	uint64_t ann = store_mail(c, S("ann@x.org")), bob;
	AUTO(buf_fini) struct buf old = BUF_INIT, new = BUF_INIT;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct txn *t = NULL;
	struct ticket k;
	struct article r;
	struct seen x;

	assert_int_equal(file_read(c->file, 0, &old, NULL), 0);
	bob = store_mail(c, S("bob@x.org"));
	store_close(c->b.s);
	assert_int_equal(file_read(c->file, 0, &new, NULL), 0);
	assert_int_equal(file_replace(c->file, buf_str(&old), 0600, NULL), 0);
	box_open(&c->b);
	use(c, true);
	assert_open(c, ann);
	look(c, bob, &x);
	assert_str(x.r.text, "(sealed with a key that is not here)");
	assert_int_equal(x.got, -1);
	unlook(&x);
	assert_non_null(
	    strstr(problems(c), "ticket 2: it is sealed with key 4, which the "
				"vault does not have"));
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	assert_int_equal(ticket_get(t, &a, bob, &k), 1);
	assert_int_equal(article_get(t, &a, bob, 1, &r), 1);
	k.status = STATUS_RESOLVED;
	ticket_put(t, &k);
	article_put(t, &r);
	assert_int_equal(txn_commit(t, NULL), 0);
	/* His next mail gets a number that is nobody's. */
	look(c, store_mail(c, S("bob@x.org")), &x);
	assert_int_equal(x.r.key, VAULT_FIRST + 2);
	unlook(&x);
	assert_open(c, 3);
	store_close(c->b.s);
	assert_int_equal(file_replace(c->file, buf_str(&new), 0600, NULL), 0);
	box_open(&c->b);
	use(c, true);
	assert_open(c, bob);
}

/* Rows and mails in each other's places, and rows of before. */
static void
swapped(void **state)
{
	struct cellar *c = *state;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct key one = key_of_u64(1), two = key_of_u64(3);
	struct txn *t = NULL;
	struct str v;
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct key r1 = key_of_ticket_seq(1, 1), r2 = key_of_ticket_seq(2, 1);
	struct article r;
	struct ticket k;

	store_mail(c, S("ann@x.org"));
	store_mail(c, S("ann@x.org"));
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	assert_int_equal(row_get(t, T_BLOB, key_str(&one), &v), 1);
	v = arena_dup(&a, v);
	row_put(t, T_BLOB, key_str(&two), v, ROW_PUT);
	assert_int_equal(blob_get(t, 1, 1 << 20, &b), 1);
	assert_int_equal(blob_get(t, 3, 1 << 20, &b), -1);
	txn_abort(&t);
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	assert_int_equal(row_get(t, T_ARTICLE, key_str(&r1), &v), 1);
	v = arena_dup(&a, v);
	row_put(t, T_ARTICLE, key_str(&r2), v, ROW_PUT);
	assert_int_equal(article_get(t, &a, 2, 1, &r), -1);
	txn_abort(&t);
	two = key_of_u64(2);
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	assert_int_equal(row_get(t, T_TICKET, key_str(&one), &v), 1);
	v = arena_dup(&a, v);
	row_put(t, T_TICKET, key_str(&two), v, ROW_PUT);
	assert_int_equal(ticket_get(t, &a, 2, &k), -1);
	txn_abort(&t);
}

/* Killed between the key and the commit: the number is lost, nothing else. */
static void
crash(void **state)
{
	struct cellar *c = *state;
	struct seen x;
	pid_t pid;
	int status;

	store_close(c->b.s);
	pid = fork();
	if (pid == 0) {
		struct txn *t = NULL;

		box_open(&c->b);
		use(c, true);
		if (txn_write(c->b.s, &t, NULL) == 0) {
			store_mail_of(t, S("ann@x.org"));
			vault_sync(store_vault(c->b.s), NULL);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(size_of(c->file), (VAULT_FIRST + 1) * VAULT_SLOT);
	box_open(&c->b);
	use(c, true);
	look(c, store_mail(c, S("bob@x.org")), &x);
	assert_int_equal(x.r.key, VAULT_FIRST + 1);
	unlook(&x);
	assert_open(c, 1);
	assert_string_equal(problems(c), "");
}

/* Another vault, or none at all. */
static void
another_vault(void **state)
{
	struct cellar *c = *state;
	struct err e = ERR_INIT;
	uint64_t id = store_mail(c, S("ann@x.org"));
	struct seen x;

	store_close(c->b.s);
	box_open(&c->b);
	assert_int_equal(store_is_sealed(c->b.s, &e), 1);
	look(c, id, &x);
	assert_str(x.k.subject, "(sealed with a key that is not here)");
	unlook(&x);
	/* Told by nobody who has no vault: who restores a backup has none. */
	{
		struct store_check_options o = {.skip_content = true};
		struct store_counts n;

		assert_int_equal(
		    store_check(c->b.s, &o, on_problem, NULL, &n, &e), 0);
		assert_int_equal(n.problems, 0);
	}
	unlink(c->file);
	assert_int_equal(vault_create(c->file, master, NULL), 0);
	assert_int_equal(
	    store_use_vault(c->b.s, open_it(c->file, master), true, &e), -1);
	assert_int_equal(e.code, ERR_INVAL);
}

/* Whose key it is. */
static void
whose(void **state)
{
	struct cellar *c = *state;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf packed = BUF_INIT;
	struct address ann = {S(""), S("ann@x.org")};
	struct address both[2] = {ann, {S(""), S("bob@x.org")}};
	struct ticket k = {.status = STATUS_NEW, .requester = ann};
	static const struct {
		enum direction direction;
		const char *automatic;
		size_t to;
		uint64_t key;
	} rows[] = {
	    {DIRECTION_IN, "", 0, 4},         /* of bob */
	    {DIRECTION_IN, "a bounce", 0, 3}, /* of the ticket */
	    {DIRECTION_NOTE, "", 0, 3},
	    {DIRECTION_OUT, "", 1, 4}, /* to bob alone */
	    {DIRECTION_OUT, "", 2, 3}, /* to both */
	};
	struct quarantined q = {.reason = S("odd")};
	struct txn *t = NULL;

	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	ticket_put(t, &k);
	blob_pack(raw, &packed);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct article r = {.ticket = k.id,
				   .seq = ++k.articles,
				   .direction = rows[i].direction,
				   .automatic = str_c(rows[i].automatic),
				   .author = both[1],
				   .to = {both + (rows[i].to == 1), rows[i].to},
				   .text = S("x")},
			       got;

		r.blob = blob_put(t, buf_str(&packed));
		article_put(t, &r);
		assert_int_equal(article_get(t, &a, k.id, r.seq, &got), 1);
		assert_int_equal(got.key, rows[i].key);
		/* And what it sends, or was. */
		assert_int_equal(blob_key(t, got.blob), rows[i].key);
	}
	q.blob = blob_put(t, buf_str(&packed));
	quarantine_add(t, &q);
	assert_int_equal(blob_key(t, q.blob), VAULT_COMMON);
	/* Given to somebody else, and to nobody. */
	k.requester = both[1];
	ticket_put(t, &k);
	assert_int_equal(k.key, 4);
	k.requester.addr = S("erased-1@invalid");
	ticket_put(t, &k);
	assert_int_equal(k.key, VAULT_COMMON);
	k.requester.addr = S("");
	ticket_put(t, &k);
	assert_int_equal(k.key, VAULT_COMMON);
	txn_abort(&t);
}

static bool
on_ticket(void *ctx, uint64_t ticket)
{
	*(uint64_t *)ctx = ticket;
	return false;
}

/* The ticket that has the word; 0 none, 99 refused. */
static uint64_t
search(struct cellar *c, const char *word)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct str term = str_c(word);
	struct strs terms = {&term, 1};
	uint64_t found = 0;

	assert_int_equal(txn_read(c->b.s, &t, NULL), 0);
	if (term_search(t, &terms, on_ticket, &found) < 0)
		return 99;
	return found;
}

static void
index_word(struct cellar *c, const char *word, uint64_t ticket)
{
	struct term_batch *b = term_batch_new();
	struct txn *t = NULL;

	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	term_batch_add(b, str_c(word), ticket);
	term_batch_add(b, S("both"), ticket);
	term_batch_put(t, b);
	term_batch_free(b);
	assert_int_equal(txn_commit(t, NULL), 0);
}

/* Words are found, and cannot be read; those in clear go when they are told to. */
static void
words(void **state)
{
	struct cellar *c = *state;
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct txn *t = NULL;
	uint64_t next = 0;

	store_mail(c, S("ann@x.org"));
	store_mail(c, S("bob@x.org"));
	index_word(c, "nachtigall", 1);
	assert_int_equal(search(c, "nachtigall"), 1);
	assert_int_equal(search(c, "nachtigal"), 0);
	assert_int_equal(search(c, "nacht*"), 99);
	assert_false(is_in_store(c, S("nacht")));
	/* New mail in clear, then sealed again. */
	reopen(c, false);
	index_word(c, "lerche", 2);
	assert_true(is_in_store(c, S("lerche")));
	reopen(c, true);
	assert_int_equal(search(c, "lerche"), 2);
	assert_int_equal(search(c, "both"), 2);
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	assert_int_equal(reseal_words(t, &next), 0);
	assert_int_equal(next, 1);
	while (term_forget_clear(t, &place, 1) > 0)
		;
	reseal_words_note(t, 0);
	assert_int_equal(txn_commit(t, NULL), 0);
	assert_int_equal(search(c, "lerche"), 0);
	assert_int_equal(search(c, "nachtigall"), 1);
	assert_int_equal(search(c, "both"), 1);
	assert_string_equal(problems(c), "");
}

/* What stays of a person who goes is under the common key; the rest is dead. */
static void
parted(void **state)
{
	struct cellar *c = *state;
	AUTO(buf_fini) struct buf place = BUF_INIT;
	uint64_t key, done = 0, ann = store_mail(c, S("ann@x.org"));
	struct reseal_counts n;
	struct txn *t = NULL;
	struct seen x;
	int more = 1;

	store_mail(c, S("bob@x.org"));
	assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
	key = reseal_part(t, S("Ann@x.org"));
	assert_int_equal(key, VAULT_FIRST);
	assert_int_equal(reseal_part(t, S("ann@x.org")), 0);
	assert_int_equal(txn_commit(t, NULL), 0);
	/* Mail that comes while it is under way. */
	look(c, store_mail(c, S("ann@x.org")), &x);
	assert_int_equal(x.r.key, VAULT_FIRST + 2);
	unlook(&x);
	while (more > 0) {
		assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
		more = reseal_move(t, key, &place, 1, &done);
		assert_int_equal(txn_commit(t, NULL), 0);
	}
	assert_int_equal(more, 0);
	assert_true(done >= 3);
	forget(c, key);
	assert_open(c, ann);
	look(c, ann, &x);
	assert_int_equal(x.r.key, VAULT_COMMON);
	assert_int_equal(x.k.key, VAULT_COMMON);
	assert_int_equal(x.o.key, VAULT_COMMON);
	unlook(&x);
	assert_open(c, 2);
	assert_open(c, 3);
	assert_int_equal(txn_read(c->b.s, &t, NULL), 0);
	assert_int_equal(reseal_count(t, &n), 0);
	assert_int_equal(n.sealed, 9);
	assert_int_equal(n.mails_sealed, 6);
	assert_int_equal(n.plain + n.mails_plain, 0);
	txn_abort(&t);
	assert_string_equal(problems(c), "");
}

/* What was stored in clear, sealed in steps. */
static void
sealed_later(void **state)
{
	struct cellar *c = *state;
	AUTO(buf_fini) struct buf place = BUF_INIT;
	struct reseal_counts n;
	struct txn *t = NULL;
	uint64_t done = 0;
	int more = 1;

	reopen(c, false);
	furnish(c->b.s);
	reopen(c, true);
	while (more > 0) {
		assert_int_equal(txn_write(c->b.s, &t, NULL), 0);
		more = reseal_plain(t, &place, 2, &done);
		assert_int_equal(txn_commit(t, NULL), 0);
	}
	assert_int_equal(more, 0);
	assert_int_equal(txn_read(c->b.s, &t, NULL), 0);
	assert_int_equal(reseal_count(t, &n), 0);
	assert_int_equal(n.plain + n.mails_plain, 0);
	assert_true(n.sealed >= 8 && n.mails_sealed == 7);
	txn_abort(&t);
	assert_string_equal(problems(c), "");
}

/* Who has no vault writes nothing into what is sealed. */
static void
no_clear_beside(void **state)
{
	struct cellar *c = *state;
	struct err e = ERR_INIT;
	struct txn *t = NULL;

	store_close(c->b.s);
	box_open(&c->b);
	assert_int_equal(txn_write(c->b.s, &t, &e), -1);
	assert_int_equal(e.code, ERR_PERM);
	assert_non_null(strstr(e.msg, "start helpd again"));
	use(c, true);
	store_mail(c, S("ann@x.org"));
}

/* All tables, sealed, through the checks. */
static void
furnished(void **state)
{
	struct cellar *c = *state;

	furnish(c->b.s);
	assert_string_equal(problems(c), "");
}

int
main(void)
{
#define FILE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, setup_file, teardown_file)
#define STORE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, setup_store, teardown_store)
	const struct CMUnitTest tests[] = {
	    FILE_TEST(keys_last),
	    FILE_TEST(wrong_master),
	    FILE_TEST(torn_slot),
	    FILE_TEST(changed_slot),
	    FILE_TEST(forgotten),
	    FILE_TEST(older_copy),
	    FILE_TEST(rewrapped),
	    FILE_TEST(many),
	    STORE_TEST(sealed_and_back),
	    STORE_TEST(erased),
	    STORE_TEST(missing),
	    STORE_TEST(swapped),
	    STORE_TEST(crash),
	    STORE_TEST(another_vault),
	    STORE_TEST(whose),
	    STORE_TEST(words),
	    STORE_TEST(parted),
	    STORE_TEST(sealed_later),
	    STORE_TEST(no_clear_beside),
	    STORE_TEST(furnished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
