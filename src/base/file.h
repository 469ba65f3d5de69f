/* file: whole files, durably. Paths are C strings; they come from configuration, never from mail. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends the whole file (or all of fd) to *out. ERR_NOENT; ERR_PERM when larger than max bytes (0: no limit). */
int file_read(const char *path, size_t max, struct buf *out, struct err *err);
int fd_read_all(int fd, size_t max, struct buf *out, struct err *err);
/* Writes everything, over short writes and EINTR. */
int fd_write_all(int fd, struct str s, struct err *err);
/*
 * Replaces path durably: temporary file beside it, fsync, rename, fsync of the directory. A crash leaves
 * the old or the new content, whole. mode as for open(2).
 */
int file_replace(const char *path, struct str content, unsigned mode, struct err *err);
/* The same without the syncs, for what is made again anyway: a reader never sees a part of it, a power failure may leave nothing. */
int file_swap(const char *path, struct str content, unsigned mode, struct err *err);
/* mkdir -p; existing directories are fine. */
int dir_make(const char *path, unsigned mode, struct err *err);
int dir_sync(const char *path, struct err *err);
/* "a/b" of a and b, in the arena. */
char *path_join(struct arena *a, const char *dir, const char *name);

#endif
