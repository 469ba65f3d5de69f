/*
 * maildir: the two sides of a Maildir (https://cr.yp.to/proto/maildir.html): reading one as intake, writing one as transport.
 */
#ifndef NET_MAILDIR_H
#define NET_MAILDIR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct maildir_file {
	struct str dir;   /* "new" or "cur" */
	struct str name;  /* the whole file name */
	struct str key;   /* the name before ':' */
	bool seen;        /* flag S, in cur */
	int64_t mtime;    /* ms since 1970 */
	uint64_t size;
};
/* All files of new/ and cur/ (no dot files), by modification time, then name. ERR_NOENT when it is no Maildir. */
int maildir_scan(struct arena *a, const char *path, struct maildir_file **out, size_t *n, struct err *err);
/*
 * The same in two steps: the names of new/ (all: of cur/, too) as they come, without time and size; then those of them that v still holds are
 * looked at, put in order, and what is gone or no plain file is left out. Of a large cur/ nearly all is known by name.
 */
int maildir_list(struct arena *a, const char *path, bool all, struct maildir_file **out, size_t *n, struct err *err);
int maildir_look(const char *path, struct maildir_file *v, size_t *n, struct err *err);

/* Reads one; finds it under its key when a client renamed it meanwhile. 1, 0 gone, -1. Not followed: symbolic links. */
int maildir_read(const char *path, const struct maildir_file *f, size_t max, struct buf *out, struct err *err);
/* The same for at most max bytes of its beginning: for a mail that is too large to be taken whole. */
int maildir_read_head(const char *path, const struct maildir_file *f, size_t max, struct buf *out, struct err *err);

/*
 * After ingest; each 1 done, 0 gone already, -1. The file is looked for in new/ and cur/ by key. A rename is whole or not at all; that it lasts
 * through a power failure costs a maildir_sync(), once for many: losing one is harmless, since the ledger and not the place decides what is new.
 */
int maildir_to_cur(const char *path, struct str key, struct err *err);            /* cur/KEY:2,S */
int maildir_move(const char *path, struct str key, const char *to, struct err *err); /* into another Maildir's cur/ (made when missing), same file system */
int maildir_delete(const char *path, struct str key, struct err *err);
/* Makes what was moved in, out of or within new/ and cur/ durable. */
int maildir_sync(const char *path, struct err *err);

/* Delivers durably: tmp/, fsync, link into new/, fsync of new/. Makes the Maildir when it is not there. name gets the file's name. */
int maildir_deliver(struct arena *a, const char *path, struct str raw, struct str *name, struct err *err);

/* inotify on new/ and cur/ of several Maildirs (or plain directories: a spool). */
struct dirwatch;
int dirwatch_open(struct dirwatch **out, struct err *err);
int dirwatch_add(struct dirwatch *w, const char *dir, size_t *index, struct err *err); /* the directory itself, e.g. ".../new" */
/* The same directory once more: it may have been removed and made anew. Nothing changes when it was not. */
int dirwatch_again(struct dirwatch *w, const char *dir, size_t index, struct err *err);
int dirwatch_fd(const struct dirwatch *w);
/* Calls changed(ctx, index) once for each directory that changed since; an overflow reports all. */
int dirwatch_read(struct dirwatch *w, void (*changed)(void *ctx, size_t index), void *ctx, struct err *err);
void dirwatch_close(struct dirwatch **w);

#endif
