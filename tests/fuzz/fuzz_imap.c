/*
 * A server's bytes, whatever they are, over the real path: stream, guard, libetpan. The first byte chooses the command they answer; the bytes
 * are there, and then the connection's end, before it is sent, so nothing waits. 0x80 set: without the guard's own
 * budget lowered, the answers of a whole session in a row.
 */
#include "net/imap_conn.h"
#include "base/log.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
take(void *ctx, uint32_t uid, struct str raw)
{
	uint64_t *sum = ctx;

	*sum += uid + raw.n;
	for (size_t i = 0; i < raw.n; i++)
		*sum += (unsigned char)raw.p[i];
	return true;
}

static void
session(struct imap *i, uint8_t what)
{
	static const uint32_t uids[] = {1, 2, 3};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = buf_max(4 << 20);
	struct imap_mailbox box;
	struct imap_seen *seen;
	struct strs folders;
	struct err err;
	uint64_t sum = 0;
	size_t n;

	if (what & 1)
		imap_select(i, S("INBOX"), &box, &err);
	i->selected = true;
	if (what & 2)
		imap_survey(i, &a, 1, 0, &seen, &n, &err);
	if (what & 4)
		imap_fetch(i, uids, 3, take, &sum, &err);
	if (what & 8)
		imap_list(i, &a, &folders, &err);
	if (what & 16)
		imap_fetch_large(i, 1, 0, &b, &err);
	if (what & 32)
		imap_idle(i, 0, 1, &err);
	if (what & 64)
		imap_move(i, uids, 3, S("Done"), &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap *i;
	struct err err = ERR_INIT;
	int pair[2];
	int big = 1 << 20;

	if (size < 2 || size > 100000 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	(void)!write(pair[1], data + 1, size - 1);
	shutdown(pair[1], SHUT_WR);
	i = imap_over(pair[0], data[0] & 128, &err);
	if (i) {
		session(i, data[0]);
		imap_close(&i);
	}
	close(pair[1]);
	return 0;
}
