/*
 * What lies between processes of ours and others could write: the control socket's two directions, files of the spool, the journal of a sender. The
 * first byte chooses.
 */
#include "liar.h"
#include "app/control.h"
#include "app/journal.h"
#include "app/spool.h"
#include "base/file.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/un.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/helpd-fuzz-XXXXXX";
static char sock[sizeof dir + 16], journal[sizeof dir + 32];
static char sending[sizeof dir + 16], boot[sizeof sending + 8];
static int listening;

static void
clean_up(void)
{
	unlink(sock);
	unlink(journal);
	unlink(boot);
	rmdir(sending);
	rmdir(dir);
}

static void
prepare(void)
{
	must(mkdtemp(dir) != NULL);
	snprintf(sock, sizeof sock, "%s/sock", dir);
	snprintf(sending, sizeof sending, "%s/sending", dir);
	snprintf(boot, sizeof boot, "%s/boot", sending);
	snprintf(journal, sizeof journal, "%s/j00.0", sending);
	must(control_listen(sock, &listening, NULL) == 0);
	must(journal_start(sending, NULL) == 0);
	atexit(clean_up);
}

/* A word to the daemon. */
static void
command(struct str in)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	AUTO(buf_fini) struct buf cmd = BUF_INIT;
	int at, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, sock, sizeof sock);
	must(syscall(SYS_connect, fd, &un, sizeof un) == 0);
	(void)!send(fd, in.p, in.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	at = control_accept(listening, &cmd);
	must(cmd.n <= 100);
	if (at >= 0) {
		must(str_chr(buf_str(&cmd), '\n', 0) < 0);
		control_reply(at, buf_str(&cmd));
	}
	close(fd);
}

/* A word of the daemon. */
static void
answer(struct str in)
{
	AUTO(buf_fini) struct buf reply = BUF_INIT, heard = BUF_INIT;
	struct err err = ERR_INIT;
	int r;

	liar_begin(in);
	r = control_ask(sock, "status", 1, &reply, &err);
	liar_end(&heard);
	must(r != 0 && str_eq(buf_str(&heard), S("status\n")));
	must(r < 0 || str_chr(buf_str(&reply), '\n', 0) < 0);
}

static void
spooled(struct arena *a, struct str in)
{
	struct spooled s;

	spool_read(a, in, &s);
	must(s.raw.p + s.raw.n == in.p + in.n && s.raw.n <= in.n);
	must(utf8_valid(s.channel) && utf8_valid(s.sender) &&
	     utf8_valid(s.recipient));
	must(s.has_sender || !s.sender.n);
}

static void
sent(struct arena *a, struct str in)
{
	struct delivery_record *rows;
	struct err err = ERR_INIT;
	bool complete;
	size_t n;
	int fd;

	fd = open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && fd_write_all(fd, in, &err) == 0);
	close(fd);
	must(journal_read(a, sending, &complete, &rows, &n, &err) == 0);
	must(complete);
	for (size_t i = 0; i < n; i++) {
		must(rows[i].id > 0);
		for (size_t k = 0; k < rows[i].n; k++)
			must(rows[i].v[k].addr.n > 0 &&
			     rows[i].v[k].result <= DELIVERED_UNKNOWN);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str in;

	if (size < 1 || size > 65536)
		return 0;
	if (!*sock)
		prepare();
	in = str_n((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		command(in);
		break;
	case 1:
		answer(in);
		break;
	case 2:
		spooled(&a, in);
		break;
	default:
		sent(&a, in);
		break;
	}
	return 0;
}
