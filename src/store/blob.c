/*
 * Mail as zstd frames.
 *
 * The length of the raw bytes is in the frame's header, so unpacking allocates once and refuses early. The window is limited
 * to 256 KiB: a thread's compressor then stays below 1 MiB, and mail, whose repetition is near, loses nothing.
 */
#include "store/blob.h"
#include "store/txn_private.h"

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

uint64_t
blob_put(struct txn *t, struct str packed)
{
	uint64_t id = seq_next(t, SEQ_BLOB);
	struct key k;

	if (id == 0)
		return 0;
	k = key_of_u64(id);
	kv_put(t, T_BLOB, key_str(&k), packed, ROW_APPEND);
	return id;
}

int
blob_get(struct txn *t, uint64_t id, size_t max, struct buf *raw)
{
	struct buf *packed = scratch_take(t);
	struct key k = key_of_u64(id);
	struct err e;
	int r = kv_get(t, T_BLOB, key_str(&k), 0, packed);

	if (r <= 0)
		return r;
	if (blob_unpack(buf_str(packed), max, raw, &e) < 0)
		return txn_fail(
		    t, e.code, "blob %llu: %s", (unsigned long long)id, e.msg);
	return 1;
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
