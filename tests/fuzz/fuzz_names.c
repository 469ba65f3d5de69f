/*
 * Names that others choose: files in a Maildir, folders of an IMAP server (modified UTF-7), and what an admin calls a time zone or a language.
 */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/locale.h"
#include "net/maildir.h"
#include "net/utf7.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/helpd-fuzz-XXXXXX";
static char box[sizeof dir + 16], there[sizeof dir + 16];

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *w)
{
	(void)st;
	(void)kind;
	(void)w;
	return remove(path);
}

static void
clean_up(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
prepare(void)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str name;

	must(mkdtemp(dir) != NULL);
	snprintf(box, sizeof box, "%s/in", dir);
	snprintf(there, sizeof there, "%s/out", dir);
	must(maildir_deliver(&a, box, S("x"), &name, NULL) == 0);
	must(maildir_delete(box, name, NULL) == 1);
	atexit(clean_up);
}

/* A file of this name in new/ or cur/: found, read and put away, or not seen at all. */
static void
file(struct arena *a, struct str name, const char *sub)
{
	AUTO(buf_fini) struct buf content = BUF_INIT;
	const char *path = arena_cstr(
	    a, arena_printf(a, "%s/%s/%.*s", box, sub, STR_ARG(name)));
	struct maildir_file *v;
	struct err err = ERR_INIT;
	size_t n;
	int fd, r;

	if (!name.n || memchr(name.p, '/', name.n) ||
	    memchr(name.p, 0, name.n) || str_eq(name, S(".")) ||
	    str_eq(name, S("..")))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* too long */
	must(write(fd, "From: a", 7) == 7);
	close(fd);
	must(maildir_scan(a, box, &v, &n, &err) == 0);
	must(n == (name.p[0] != '.'));
	if (!n) {
		unlink(path);
		return;
	}
	must(str_eq(v->name, name) && str_starts(name, v->key) && v->key.n);
	must(maildir_read(box, v, 100, &content, &err) == 1);
	must(content.n == 7);
	if (name.n % 2)
		r = maildir_to_cur(box, v->key, &err);
	else
		r = maildir_move(box, v->key, there, &err);
	/* A name can be too long for flags behind it. */
	must(r == 1 || (r < 0 && v->key.n > 240));
	r = maildir_delete(name.n % 2 || r < 0 ? box : there, v->key, &err);
	must(r == 1);
	must(maildir_scan(a, box, &v, &n, &err) == 0 && n == 0);
}

static void
folder(struct str name)
{
	AUTO(buf_fini)
	struct buf text = BUF_INIT, wire = BUF_INIT, again = BUF_INIT;

	utf7_decode(&text, name);
	must(utf8_valid(buf_str(&text)));
	if (!utf7_encode(&wire, name)) {
		must(!utf8_valid(name) || name.n);
		return;
	}
	must(utf8_is_ascii(buf_str(&wire)));
	must(utf7_decode(&again, buf_str(&wire)));
	must(str_eq(buf_str(&again), name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str in, out;

	if (size < 1 || size > 1000)
		return 0;
	if (!*box)
		prepare();
	in = str_n((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		file(&a, in, "new");
		break;
	case 1:
		file(&a, in, "cur");
		break;
	case 2:
		folder(in);
		break;
	default:
		out = locale_zone_nearest(&a, in);
		must(!out.n || locale_zone_known(arena_cstr(&a, out)));
		if (locale_language(&a, in, &out))
			must(out.n >= 2 && utf8_is_ascii(out));
		break;
	}
	return 0;
}
