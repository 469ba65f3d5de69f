/*
 * helpd parse FILE…: what helpd reads in a mail, one line of JSON each, by the same jailed workers that the daemon uses. Needs no configuration
 * and no store.
 */
#include "app/jail.h"
#include "app/json.h"
#include "app/message_json.h"
#include "app/verb.h"
#include "base/file.h"
#include "base/must.h"

#include <sysexits.h>
#include <unistd.h>

/* A worker gets several mails at a time: a round trip costs more than a small mail. */
enum {
	BATCH_FILES = 32,
	BATCH_BYTES = 8 << 20,
	FILE_MAX = 50 << 20
};

struct batch {
	const char *file[BATCH_FILES];
	struct buf raw[BATCH_FILES];
	struct err unread[BATCH_FILES]; /* why a file could not be read */
	size_t n, bytes;
};

static void
print_error(const char *file, struct str why)
{
	json_t *o = json_object();

	json_put_str(o, "file", str_c(file));
	json_put_str(o, "error", why);
	json_print(o);
}

static void
read_file(struct batch *b, const char *file)
{
	size_t i = b->n++;

	b->file[i] = file;
	b->unread[i] = ERR_INIT;
	if (!strcmp(file, "-"))
		fd_read_all(STDIN_FILENO, FILE_MAX, &b->raw[i], &b->unread[i]);
	else
		file_read(file, FILE_MAX, &b->raw[i], &b->unread[i]);
	b->bytes += b->raw[i].n;
}

static int
print_one(struct arena *a, const char *file, const struct jailed *j)
{
	struct message m;
	struct err err = ERR_INIT;

	if (!j->record.n) {
		print_error(file, j->why.n ? j->why : S("refused"));
		return EX_DATAERR;
	}
	if (message_decode(a, j->record, &m, &err)) {
		print_error(file, str_c(err.msg));
		return EX_DATAERR;
	}
	json_print(message_json(&m, file));
	return EX_OK;
}

/* Parses and prints what was gathered, in the order given. *status keeps the worst. */
static int
flush(struct jail *jail, struct batch *b, int *status, struct err *err)
{
	struct arena a = ARENA_INIT;
	struct jailed items[BATCH_FILES] = {0};
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < b->n; i++)
		if (!b->unread[i].code)
			items[n++].raw = buf_str(&b->raw[i]);
	if (n)
		rc = jail_parse(jail, &a, items, n, err);
	n = 0;
	for (size_t i = 0; i < b->n; i++) {
		int one = EX_OK;

		if (b->unread[i].code) {
			print_error(b->file[i], str_c(b->unread[i].msg));
			one = b->unread[i].code == ERR_PERM ? EX_DATAERR
							    : EX_NOINPUT;
		} else if (rc == 0) {
			one = print_one(&a, b->file[i], &items[n++]);
		}
		if (one != EX_OK && *status != EX_DATAERR)
			*status = one;
		buf_reset(&b->raw[i]);
	}
	b->n = b->bytes = 0;
	arena_fini(&a);
	return rc;
}

int
cmd_parse(struct verb_context *c, int argc, char **argv)
{
	struct jail_options o = {.workers = 1};
	struct batch b = {.n = 0};
	struct jail *jail;
	struct err err = ERR_INIT;
	int status = EX_OK, rc = 0, first = 1;

	if (argc > 1 && strcmp(argv[1], "--") == 0)
		first = 2;
	else if (argc > 1 && argv[1][0] == '-' && argv[1][1])
		return verb_usage(c);
	if (argc <= first)
		return verb_usage(c);
	if (jail_open(&jail, &o, &err))
		return verb_err(c, &err);
	for (int i = first; i < argc && rc == 0; i++) {
		read_file(&b, argv[i]);
		if (b.n == BATCH_FILES || b.bytes >= BATCH_BYTES)
			rc = flush(jail, &b, &status, &err);
	}
	if (rc == 0 && b.n)
		rc = flush(jail, &b, &status, &err);
	for (size_t i = 0; i < BATCH_FILES; i++)
		buf_fini(&b.raw[i]);
	jail_close(&jail);
	return rc ? verb_err(c, &err) : status;
}
