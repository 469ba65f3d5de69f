/*
 * The main of a fuzz target that replays: every file named, and every file of every directory named, once. Links with one
 * fuzz_NAME.c where there is no libFuzzer.
 */
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
one(const char *path)
{
	struct buf b = BUF_INIT;
	struct err err = ERR_INIT;
	uint8_t *copy;

	if (file_read(path, 0, &b, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 0;
	}
	/* Exactly as large as it is, so that a sanitizer sees a byte too far. */
	copy = malloc(b.n ? b.n : 1);
	if (!copy)
		return 0;
	if (b.n)
		memcpy(copy, b.p, b.n);
	LLVMFuzzerTestOneInput(copy, b.n);
	free(copy);
	buf_fini(&b);
	return 1;
}

static int
all(const char *path)
{
	struct arena a = ARENA_INIT;
	struct dirent *e;
	DIR *d = opendir(path);
	int n = 0;

	if (!d)
		return one(path);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			n += all(path_join(&a, path, e->d_name));
	closedir(d);
	arena_fini(&a);
	return n;
}

int
main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++)
		n += all(argv[i]);
	printf("%d inputs\n", n);
	return n ? 0 : 1;
}
