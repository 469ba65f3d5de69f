/* dirwatch: inotify on a few directories; see net/maildir.h. */
#include "net/maildir.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <stdalign.h>
#include <sys/inotify.h>
#include <unistd.h>

struct dirwatch {
	int fd;
	int *wd; /* by index */
	bool *changed;
	size_t n, cap, changed_cap;
};

int
dirwatch_open(struct dirwatch **out, struct err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	*out = NULL;
	if (fd < 0)
		return err_sys(err, ERR_TEMP, "inotify");
	*out = mem_new(sizeof(**out));
	(*out)->fd = fd;
	return 0;
}

static int
watch(struct dirwatch *w, const char *dir, struct err *err)
{
	/* A mail arrives by link (IN_CREATE), rename, or, in a plain spool,
	 * when its writer closes it. */
	int wd = inotify_add_watch(w->fd, dir,
	    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF |
		IN_MOVE_SELF | IN_ONLYDIR);

	if (wd < 0 && errno == ENOSPC)
		return err_set(err, ERR_TEMP,
		    "%s: no inotify watch left "
		    "(sysctl fs.inotify.max_user_watches)",
		    dir);
	if (wd < 0)
		return err_sys(err, ERR_TEMP, "%s: inotify", dir);
	return wd;
}

int
dirwatch_again(
    struct dirwatch *w, const char *dir, size_t index, struct err *err)
{
	int wd = watch(w, dir, err);

	w->wd[index] = wd;
	return wd < 0 ? -1 : 0;
}

int
dirwatch_add(
    struct dirwatch *w, const char *dir, size_t *index, struct err *err)
{
	int wd = watch(w, dir, err);

	if (wd < 0)
		return -1;
	w->wd = mem_fit(w->wd, &w->cap, w->n + 1, sizeof(*w->wd));
	w->changed =
	    mem_fit(w->changed, &w->changed_cap, w->n + 1, sizeof(*w->changed));
	w->wd[w->n] = wd;
	w->changed[w->n] = false;
	*index = w->n++;
	return 0;
}

int
dirwatch_fd(const struct dirwatch *w)
{
	return w->fd;
}

static void
note(struct dirwatch *w, const struct inotify_event *e)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->wd[i] == e->wd || (e->mask & IN_Q_OVERFLOW))
			w->changed[i] = true;
}

int
dirwatch_read(struct dirwatch *w, void (*changed)(void *ctx, size_t index),
    void *ctx, struct err *err)
{
	alignas(struct inotify_event) char events[16384];
	ssize_t n;

	for (;;) {
		n = read(w->fd, events, sizeof(events));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return err_sys(err, ERR_TEMP, "inotify");
		for (size_t at = 0; at < (size_t)n;) {
			const struct inotify_event *e =
			    (const void *)(events + at);

			note(w, e);
			at += sizeof(*e) + e->len;
		}
	}
	for (size_t i = 0; i < w->n; i++) {
		if (!w->changed[i])
			continue;
		w->changed[i] = false;
		changed(ctx, i);
	}
	return 0;
}

void
dirwatch_close(struct dirwatch **wp)
{
	struct dirwatch *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	close(w->fd);
	mem_free(w->wd);
	mem_free(w->changed);
	mem_free(w);
}
