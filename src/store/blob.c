/*
 * Mail as zstd frames.
 *
 * The length of the raw bytes is in the frame's header, so unpacking allocates once and refuses early. The window is limited
 * to 256 KiB: a thread's compressor then stays below 1 MiB, and mail, whose repetition is near, loses nothing.
 */
#include "store/blob.h"
#include "store/sealed.h"

#include <pthread.h>
#include <zstd.h>

enum {
	LEVEL = 1,
	WINDOW_LOG = 18
};

/* --- one compressor and one decompressor a thread --- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t packers, unpackers;

static void
free_packer(void *p)
{
	ZSTD_freeCCtx(p);
}

static void
free_unpacker(void *p)
{
	ZSTD_freeDCtx(p);
}

static void
make_keys(void)
{
	must(pthread_key_create(&packers, free_packer) == 0);
	must(pthread_key_create(&unpackers, free_unpacker) == 0);
}

static ZSTD_CCtx *
packer(void)
{
	ZSTD_CCtx *c;

	pthread_once(&once, make_keys);
	c = pthread_getspecific(packers);
	if (c)
		return c;
	c = ZSTD_createCCtx();
	must(c != NULL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, WINDOW_LOG);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 1);
	pthread_setspecific(packers, c);
	return c;
}

static ZSTD_DCtx *
unpacker(void)
{
	ZSTD_DCtx *d;

	pthread_once(&once, make_keys);
	d = pthread_getspecific(unpackers);
	if (d)
		return d;
	d = ZSTD_createDCtx();
	must(d != NULL);
	pthread_setspecific(unpackers, d);
	return d;
}

/* The main thread runs no key destructors at exit. */
__attribute__((destructor)) static void
free_of_main(void)
{
	pthread_once(&once, make_keys);
	ZSTD_freeCCtx(pthread_getspecific(packers));
	ZSTD_freeDCtx(pthread_getspecific(unpackers));
	pthread_setspecific(packers, NULL);
	pthread_setspecific(unpackers, NULL);
}

/* --- packing --- */

void
blob_pack(struct str raw, struct buf *out)
{
	size_t bound = ZSTD_compressBound(raw.n), n;
	char *at = buf_reserve(out, bound);

	if (!at)
		return;
	n = ZSTD_compress2(packer(), at, bound, raw.n ? raw.p : "", raw.n);
	must(!ZSTD_isError(n));
	buf_commit(out, n);
}

int
blob_unpack(struct str packed, size_t max, struct buf *out, struct err *err)
{
	unsigned long long size;
	size_t n;
	char *at;

	size = packed.n ? ZSTD_getFrameContentSize(packed.p, packed.n)
			: ZSTD_CONTENTSIZE_ERROR;
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return err_set(
		    err, ERR_CORRUPT, "stored mail is not a zstd frame");
	if (size > max)
		return err_set(
		    err, ERR_PERM, "stored mail is larger than %zu bytes", max);
	at = buf_reserve(out, (size_t)size);
	if (!at)
		return err_set(err, ERR_PERM, "stored mail is too large");
	n = ZSTD_decompressDCtx(
	    unpacker(), at, (size_t)size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != size)
		return err_set(err, ERR_CORRUPT,
		    "stored mail does not decompress: %s",
		    ZSTD_isError(n) ? ZSTD_getErrorName(n) : "wrong length");
	buf_commit(out, n);
	return 0;
}

/* --- rows --- */

enum {
	HEAD = 12, /* "SEAL" and the key's number */
};
#define MARK S("SEAL")

/* The number of the key; 0: a plain frame. */
uint64_t
blob_row_key(struct str row)
{
	struct str at = str_from(row, MARK.n);
	uint64_t key;

	return str_starts(row, MARK) && key_read_uint(&at, 8, &key) ? key : 0;
}

static int
fail_blob(struct txn *t, uint64_t id, const struct err *e)
{
	return txn_fail(
	    t, e->code, "blob %llu: %s", (unsigned long long)id, e->msg);
}

static void
put_sealed(struct txn *t, uint64_t id, struct str packed, uint64_t key,
    enum row_put how)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct key row = key_of_u64(id), head = {0};

	buf_reserve(&b, HEAD + packed.n + SEAL_OVERHEAD);
	key_bytes(&head, MARK);
	key_uint(&head, key, 8);
	buf_put(&b, key_str(&head));
	buf_fill(&b, 0, SEAL_NONCE_SIZE);
	buf_put(&b, packed);
	sealed_bytes(t, &b, HEAD, key, 'b', &row);
	if (!buf_failed(&b) && t->err.code == ERR_NONE)
		kv_put(t, T_BLOB, key_str(&row), buf_str(&b), how);
}

uint64_t
blob_put_as(struct txn *t, struct str packed, uint64_t key)
{
	uint64_t id = seq_next(t, SEQ_BLOB);
	struct key k;

	if (id == 0)
		return 0;
	if (sealed_new(t)) {
		put_sealed(t, id, packed, key ? key : VAULT_COMMON, ROW_APPEND);
		return id;
	}
	k = key_of_u64(id);
	kv_put(t, T_BLOB, key_str(&k), packed, ROW_APPEND);
	return id;
}

uint64_t
blob_put(struct txn *t, struct str packed)
{
	return blob_put_as(t, packed, 0);
}

uint64_t
blob_put_for(struct txn *t, struct str packed, struct article *r)
{
	if (!r->key && sealed_new(t))
		r->key = sealed_of_article(t, r);
	return blob_put_as(t, packed, r->key);
}

/*
 * The frame, in the transaction's scratch buffer. 1, 0, -1; *key that it is
 * sealed with.
 */
static int
get_frame(struct txn *t, uint64_t id, struct str *frame, uint64_t *key)
{
	struct buf *row = scratch_take(t);
	struct key k = key_of_u64(id);
	int r = kv_get(t, T_BLOB, key_str(&k), 0, row);

	*key = 0;
	if (r <= 0)
		return r;
	*frame = buf_str(row);
	*key = blob_row_key(*frame);
	if (!*key)
		return 1;
	switch (sealed_open(t, str_from(*frame, HEAD), *key, 'b', &k, frame)) {
	case SEALED_OPEN:
		return 1;
	case SEALED_FORGOTTEN:
		return 0;
	case SEALED_MISSING:
		return txn_fail(t, ERR_PERM,
		    "stored mail %llu is sealed with key %llu, which the vault "
		    "does not have",
		    (unsigned long long)id, (unsigned long long)*key);
	case SEALED_DAMAGED:
		break;
	}
	return txn_fail(t, ERR_CORRUPT,
	    "stored mail %llu was changed since it was sealed",
	    (unsigned long long)id);
}

int
blob_get(struct txn *t, uint64_t id, size_t max, struct buf *raw)
{
	struct str frame;
	struct err e;
	uint64_t key;
	int r = get_frame(t, id, &frame, &key);

	if (r <= 0)
		return r;
	if (blob_unpack(frame, max, raw, &e) < 0)
		return fail_blob(t, id, &e);
	return 1;
}

uint64_t
blob_key(struct txn *t, uint64_t id)
{
	struct key k = key_of_u64(id);
	struct str head;

	return row_get(t, T_BLOB, key_str(&k), &head) > 0 ? blob_row_key(head)
							  : 0;
}

bool
blob_is_erased(struct txn *t, uint64_t id)
{
	uint64_t key = blob_key(t, id);

	return key && t->store->vault &&
	       vault_look(t->store->vault, key) == VAULT_FORGOTTEN;
}

void
blob_claim(struct txn *t, uint64_t id, uint64_t key)
{
	struct key k = key_of_u64(id);
	struct str head, frame;
	uint64_t old;

	if (row_get(t, T_BLOB, key_str(&k), &head) <= 0 ||
	    blob_row_key(head) == key)
		return;
	old = blob_row_key(head);
	/* What cannot be opened stays what it is. */
	if (old && vault_look(t->store->vault, old) != VAULT_HELD)
		return;
	if (get_frame(t, id, &frame, &old) > 0)
		put_sealed(t, id, frame, key, ROW_PUT);
}

/* Sealed mail is bound to its number, so a copy of it is sealed anew. */
static uint64_t
copy_sealed(struct txn *t, uint64_t id, uint64_t *size)
{
	unsigned long long n;
	struct str frame;
	uint64_t key, to;

	if (get_frame(t, id, &frame, &key) <= 0)
		return 0;
	n = ZSTD_getFrameContentSize(frame.p, frame.n);
	if (n == ZSTD_CONTENTSIZE_ERROR || n == ZSTD_CONTENTSIZE_UNKNOWN) {
		txn_fail(t, ERR_CORRUPT, "blob %llu: not a zstd frame",
		    (unsigned long long)id);
		return 0;
	}
	to = seq_next(t, SEQ_BLOB);
	if (to == 0)
		return 0;
	put_sealed(t, to, frame, key, ROW_APPEND);
	*size = n;
	return t->err.code == ERR_NONE ? to : 0;
}

uint64_t
blob_copy(struct txn *t, uint64_t id, uint64_t *size)
{
	struct key from = key_of_u64(id), to;
	unsigned long long n;
	struct str head;
	uint64_t copy;

	if (row_get(t, T_BLOB, key_str(&from), &head) <= 0)
		return 0;
	if (blob_row_key(head))
		return copy_sealed(t, id, size);
	n = ZSTD_getFrameContentSize(head.p, head.n);
	if (n == ZSTD_CONTENTSIZE_ERROR || n == ZSTD_CONTENTSIZE_UNKNOWN) {
		row_corrupt(t, T_BLOB, key_str(&from));
		return 0;
	}
	copy = seq_next(t, SEQ_BLOB);
	if (copy == 0)
		return 0;
	to = key_of_u64(copy);
	if (!kv_copy(t, T_BLOB, key_str(&from), key_str(&to)))
		return 0;
	*size = n;
	return copy;
}

void
blob_del(struct txn *t, uint64_t id)
{
	struct key k = key_of_u64(id);

	kv_del(t, T_BLOB, key_str(&k));
}
