#include "app/journal.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	TAG_ID = 1,
	TAG_ATTEMPT,
	TAG_ENDED,
	TAG_RECIPIENT,
};
enum {
	TAG_ADDR = 1,
	TAG_RESULT,
	TAG_REPLY,
};
enum {
	FILE_MAX = 64 << 20
};

struct journal {
	int fd;
	struct buf line; /* scratch */
	off_t size;      /* of whole records */
	bool torn;       /* half a record is at the end, and stays there */
};

static int
boot_id(struct buf *out, struct err *err)
{
	return file_read("/proc/sys/kernel/random/boot_id", 200, out, err);
}

/* Every file of the directory but those that begin with a dot. */
static int
each_file(struct arena *a, const char *dir, struct strs *names, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return err_sys(err, ERR_TEMP, "%s", dir);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			strs_add(a, names, arena_dup(a, str_c(e->d_name)));
	closedir(d);
	return 0;
}

int
journal_start(const char *dir, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf boot = BUF_INIT;
	struct strs names = {0};

	if (dir_make(dir, 0700, err) < 0 || boot_id(&boot, err) < 0 ||
	    each_file(&a, dir, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (unlink(path_join(&a, dir, names.v[i].p)) < 0 &&
		    errno != ENOENT)
			return err_sys(err, ERR_TEMP, "%s", dir);
	fault_point("forget-after");
	return file_replace(
	    path_join(&a, dir, "boot"), buf_str(&boot), 0600, err);
}

void
journal_distrust(const char *dir)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;

	unlink(path_join(&a, dir, "boot"));
}

int
journal_open(struct journal **out, const char *dir, struct str name,
    unsigned turn, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf file = BUF_INIT;
	struct journal *j;
	const char *path;

	/* A name may hold anything. */
	buf_putc(&file, 'j');
	buf_hex(&file, str_sub(name, 0, 100));
	buf_printf(&file, ".%u", turn);
	path = path_join(&a, dir, buf_cstr(&file));
	j = mem_new(sizeof *j);
	j->fd = open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (j->fd < 0) {
		err_sys(err, ERR_TEMP, "%s", path);
		mem_free(j);
		return -1;
	}
	*out = j;
	return 0;
}

void
journal_close(struct journal **j)
{
	if (!*j)
		return;
	close_fd(&(*j)->fd);
	buf_fini(&(*j)->line);
	mem_free(*j);
	*j = NULL;
}

static int
put(struct journal *j, uint64_t id, uint32_t attempt, bool ended,
    const struct delivery *v, size_t n, struct err *err)
{
	struct buf *b = &j->line;
	uint32_t length = 0;

	buf_reset(b);
	buf_put(b, str_n((const char *)&length, sizeof length));
	rec_u64(b, TAG_ID, id);
	rec_u64(b, TAG_ATTEMPT, attempt);
	rec_u64(b, TAG_ENDED, ended);
	for (size_t i = 0; i < n; i++) {
		size_t at = rec_begin(b, TAG_RECIPIENT);

		rec_str(b, TAG_ADDR, v[i].addr);
		rec_u64(b, TAG_RESULT, (uint64_t)v[i].result);
		rec_str(b, TAG_REPLY, str_sub(v[i].reply, 0, 1000));
		rec_end(b, at);
	}
	length = (uint32_t)(b->n - sizeof length);
	memcpy(b->p, &length, sizeof length);
	if (j->torn)
		return err_set(err, ERR_TEMP, "the journal is damaged");
	if (fd_write_all(j->fd, buf_str(b), err) < 0) {
		/* What came after half a record would not be found again. */
		j->torn = ftruncate(j->fd, j->size) < 0;
		return -1;
	}
	j->size += (off_t)b->n;
	return 0;
}

int
journal_begin(struct journal *j, uint64_t id, uint32_t attempt, struct err *err)
{
	int r = put(j, id, attempt, false, NULL, 0, err);

	fault_point("note-after");
	return r;
}

void
journal_end(struct journal *j, uint64_t id, uint32_t attempt,
    const struct delivery *v, size_t n)
{
	put(j, id, attempt, true, v, n, NULL);
	fault_point("note-after");
}

void
journal_reset(struct journal *j)
{
	fault_point("forget-before");
	/* Should it fail: rows that are no longer sending are left alone at a recovery. */
	if (ftruncate(j->fd, 0) < 0)
		return;
	j->size = 0;
	j->torn = false;
}

static bool
read_recipient(struct arena *a, struct str rec, struct delivery *v)
{
	struct recr r = recr_open(rec);

	*v = (struct delivery){.result = DELIVERED_UNKNOWN};
	while (recr_next(&r)) {
		if (r.tag == TAG_ADDR)
			v->addr = arena_dup(a, r.s);
		else if (r.tag == TAG_RESULT && r.u <= DELIVERED_UNKNOWN)
			v->result = (enum delivered)r.u;
		else if (r.tag == TAG_REPLY)
			v->reply = arena_dup(a, r.s);
	}
	return !r.bad && v->addr.n > 0;
}

static bool
read_record(struct arena *a, struct str rec, struct delivery_record *out)
{
	struct recr r = recr_open(rec);
	size_t cap = 0;

	*out = (struct delivery_record){0};
	for (struct recr count = r; recr_next(&count);)
		cap += count.tag == TAG_RECIPIENT;
	out->v = arena_array(a, struct delivery, cap + 1);
	while (recr_next(&r)) {
		if (r.tag == TAG_ID)
			out->id = r.u;
		else if (r.tag == TAG_ATTEMPT)
			out->attempt = (uint32_t)r.u;
		else if (r.tag == TAG_ENDED)
			out->ended = r.u != 0;
		else if (r.tag == TAG_RECIPIENT &&
			 !read_recipient(a, r.s, &out->v[out->n++]))
			return false;
	}
	return !r.bad && out->id;
}

int
journal_read(struct arena *a, const char *dir, bool *complete,
    struct delivery_record **rows, size_t *n, struct err *err)
{
	AUTO(buf_fini) struct buf now = BUF_INIT;
	AUTO(buf_fini) struct buf then = BUF_INIT;
	struct strs names = {0};
	size_t cap = 0;
	struct delivery_record *v = NULL;

	*complete = false;
	*rows = NULL;
	*n = 0;
	if (access(dir, F_OK) < 0)
		return 0;
	if (boot_id(&now, err) < 0 || each_file(a, dir, &names, err) < 0)
		return -1;
	if (file_read(path_join(a, dir, "boot"), 200, &then, NULL) < 0 ||
	    !str_eq(buf_str(&now), buf_str(&then)))
		return 0;
	*complete = true;
	for (size_t i = 0; i < names.n; i++) {
		AUTO(buf_fini) struct buf all = BUF_INIT;
		struct str rest;

		if (names.v[i].p[0] != 'j')
			continue;
		if (file_read(path_join(a, dir, names.v[i].p), FILE_MAX, &all,
			err) < 0)
			return -1;
		rest = buf_str(&all);
		while (rest.n > sizeof(uint32_t)) {
			uint32_t length;
			struct delivery_record rec;

			memcpy(&length, rest.p, sizeof length);
			rest = str_from(rest, sizeof length);
			if (length > rest.n ||
			    !read_record(a, str_sub(rest, 0, length), &rec))
				break;
			rest = str_from(rest, length);
			if (*n == cap) {
				size_t more = cap ? cap * 2 : 64;
				struct delivery_record *w = arena_array(
				    a, struct delivery_record, more);

				if (*n)
					memcpy(w, v, *n * sizeof *w);
				v = w;
				cap = more;
			}
			v[(*n)++] = rec;
		}
	}
	*rows = v;
	return 0;
}
