#include "app/spool.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TAG_CHANNEL = 1,
	TAG_SENDER,
	TAG_RECIPIENT
};
enum {
	LINE_MAX_BYTES = 2000
};
#define MARK S("HELPD1 ")

int
spool_make(const char *path, struct err *err)
{
	static const char *const sub[] = {"", "/tmp", "/new", "/cur"};
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sub); i++) {
		char *dir =
		    (char *)(uintptr_t)arena_printf(&a, "%s%s", path, sub[i]).p;
		struct stat st;
		mode_t mode = i == 0 ? 02750 : i == 3 ? 0700 : 03730;

		if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		if (dir_make(dir, 0700, err) < 0)
			return -1;
		if (chmod(dir, mode) < 0)
			return err_sys(err, ERR_PERM, "%s", dir);
	}
	return 0;
}

/* A file in tmp/, our line written; its names in *tmp and *final. The
 * descriptor, or -1. */
static int
begin_file(struct arena *a, const char *path, const struct spooled *s,
    char **tmp, char **final, struct err *err)
{
	AUTO(buf_fini) struct buf rec = BUF_INIT;
	AUTO(buf_fini) struct buf head = BUF_INIT;
	AUTO(buf_fini) struct buf name = BUF_INIT;
	unsigned char nonce[8];
	int fd;

	random_bytes(nonce, sizeof nonce);
	buf_printf(&name, "%lld.", (long long)clock_now());
	buf_hex(&name, str_n((const char *)nonce, sizeof nonce));
	rec_str_opt(&rec, TAG_CHANNEL, s->channel);
	if (s->has_sender)
		rec_str(&rec, TAG_SENDER, s->sender);
	rec_str_opt(&rec, TAG_RECIPIENT, s->recipient);
	buf_put(&head, MARK);
	buf_base64url(&head, buf_str(&rec));
	buf_putc(&head, '\n');
	*tmp = path_join(a, path_join(a, path, "tmp"), buf_cstr(&name));
	*final = path_join(a, path_join(a, path, "new"), buf_cstr(&name));
	/* The daemon, not we, will read it: the directory's group is the
	 * daemon's. */
	fd = open(
	    *tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "%s", *tmp);
	fchmod(fd, 0640);
	if (fd_write_all(fd, buf_str(&head), err) == 0)
		return fd;
	close(fd);
	unlink(*tmp);
	return -1;
}

/* Makes it a mail, durably. r < 0: what was written is of no use. Closes fd. */
static int
end_file(struct arena *a, const char *path, int fd, const char *tmp,
    const char *final, int r, struct err *err)
{
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, ERR_TEMP, "fsync");
	close(fd);
	fault_point("rename-before");
	if (r == 0 && rename(tmp, final) < 0)
		r = err_sys(err, ERR_TEMP, "rename");
	fault_point("rename-after");
	if (r < 0) {
		unlink(tmp);
		return err_in(err, "%s", path);
	}
	/* The group may not open the directory for reading; then its sync is
	 * left to the file system's own order: sync the file system. */
	fd =
	    open(path_join(a, path, "new"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		r = fsync(fd);
		close(fd);
	} else {
		fd = open(final, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		r = fd >= 0 ? syncfs(fd) : -1;
		close_fd(&fd);
	}
	return r < 0 ? err_sys(err, ERR_TEMP, "%s", path) : 0;
}

int
spool_put(
    struct arena *a, const char *path, const struct spooled *s, struct err *err)
{
	char *tmp, *final;
	int fd = begin_file(a, path, s, &tmp, &final, err);

	if (fd < 0)
		return -1;
	return end_file(
	    a, path, fd, tmp, final, fd_write_all(fd, s->raw, err), err);
}

int
spool_put_from(struct arena *a, const char *path, const struct spooled *s,
    int from, struct err *err)
{
	char *tmp, *final;
	char piece[65536];
	bool something = false;
	int r = 0, fd = begin_file(a, path, s, &tmp, &final, err);

	while (fd >= 0 && r == 0) {
		ssize_t n = read(from, piece, sizeof piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = err_sys(err, ERR_TEMP, "standard input");
		if (n <= 0)
			break;
		something |= str_trim(str_n(piece, (size_t)n)).n > 0;
		r = fd_write_all(fd, str_n(piece, (size_t)n), err);
	}
	if (fd < 0)
		return -1;
	if (r == 0 && !something)
		r = err_set(err, ERR_INVAL, "the message is empty");
	return end_file(a, path, fd, tmp, final, r, err);
}

void
spool_read(struct arena *a, struct str content, struct spooled *out)
{
	AUTO(buf_fini) struct buf rec = BUF_INIT;
	ptrdiff_t lf = str_chr(str_sub(content, 0, LINE_MAX_BYTES), '\n', 0);
	struct recr r;

	*out = (struct spooled){.raw = content, .channel = S("mail")};
	if (!str_starts(content, MARK) || lf < 0 ||
	    !buf_unbase64url(&rec, str_sub(content, MARK.n, (size_t)lf)))
		return;
	out->raw = str_from(content, (size_t)lf + 1);
	for (r = recr_open(buf_str(&rec)); recr_next(&r);) {
		struct str s = arena_dup(a, r.s);

		if (!utf8_valid(s) || s.n > 400)
			continue;
		if (r.tag == TAG_CHANNEL) {
			out->channel = s;
		} else if (r.tag == TAG_SENDER) {
			out->sender = s;
			out->has_sender = true;
		} else if (r.tag == TAG_RECIPIENT) {
			out->recipient = s;
		}
	}
}
