/*
 * loop_decode MAILDIR: the floor under every figure of the intake: one thread
 * reads each file and lets libetpan parse it and decode all its parts, and does
 * nothing with the result. Prints "mails seconds cpu_seconds bytes".
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <libetpan/libetpan.h>

static size_t decoded;

static void
decode(struct mailmime *m)
{
	clistiter *it;

	switch (m->mm_type) {
	case MAILMIME_SINGLE: {
		int encoding = MAILMIME_MECHANISM_8BIT;
		size_t at = 0, n = 0;
		char *text = NULL;
		struct mailmime_data *d = m->mm_data.mm_single;

		if (d == NULL || d->dt_type != MAILMIME_DATA_TEXT)
			return;
		if (m->mm_mime_fields != NULL)
			encoding =
			    mailmime_transfer_encoding_get(m->mm_mime_fields);
		if (mailmime_part_parse(d->dt_data.dt_text.dt_data,
			d->dt_data.dt_text.dt_length, &at, encoding, &text,
			&n) == MAILIMF_NO_ERROR) {
			decoded += n;
			mailmime_decoded_part_free(text);
		}
		break;
	}
	case MAILMIME_MULTIPLE:
		for (it = clist_begin(m->mm_data.mm_multipart.mm_mp_list);
		     it != NULL; it = clist_next(it))
			decode(clist_content(it));
		break;
	case MAILMIME_MESSAGE:
		if (m->mm_data.mm_message.mm_msg_mime != NULL)
			decode(m->mm_data.mm_message.mm_msg_mime);
		break;
	default:
		break;
	}
}

static bool
one_file(int dir, const char *name, char **buf, size_t *cap)
{
	struct mailmime *m = NULL;
	struct stat st;
	size_t have = 0, at = 0;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (*cap < (size_t)st.st_size + 1) {
		*cap = (size_t)st.st_size * 2 + 1;
		*buf = realloc(*buf, *cap);
		if (*buf == NULL)
			err(EX_OSERR, "realloc");
	}
	while (have < (size_t)st.st_size) {
		ssize_t r = read(fd, *buf + have, (size_t)st.st_size - have);
		if (r <= 0)
			break;
		have += (size_t)r;
	}
	close(fd);
	if (mailmime_parse(*buf, have, &at, &m) == MAILIMF_NO_ERROR) {
		decode(m);
		mailmime_free(m);
	}
	return true;
}

static double
seconds(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	const char *const subs[] = {"new", "cur"};
	double wall = seconds(CLOCK_MONOTONIC);
	size_t mails = 0, cap = 0;
	char *buf = NULL;

	if (argc != 2)
		errx(EX_USAGE, "usage: loop_decode MAILDIR");
	for (size_t i = 0; i < 2; i++) {
		int base = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int fd =
		    openat(base, subs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		struct dirent *e;

		if (base < 0 || d == NULL)
			err(EX_NOINPUT, "%s/%s", argv[1], subs[i]);
		close(base);
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.' &&
			    one_file(fd, e->d_name, &buf, &cap))
				mails++;
		closedir(d);
	}
	free(buf);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("%zu %.6f %.6f %zu\n", mails, wall,
	    seconds(CLOCK_PROCESS_CPUTIME_ID), decoded);
	return 0;
}
