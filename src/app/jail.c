#include "app/jail.h"
#include "app/jail_worker.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DEFAULT_MESSAGE = 50 << 20,
	OUT_SLACK = 64 << 20,
	/* A worker that finishes nothing for so many seconds is taken for dead.
	 * What computes is ended by its CPU limit long before. */
	STALL_S = 15,
	/* Above this a mail is parsed alone, one at a time in the whole jail:
	 * two at once could pass the memory bound. */
	LARGE = 8 << 20,
	/* What is given back to the system after a batch. */
	KEEP = 4 << 20,
};

struct slot {
	struct jail_slot mem;
	int fd, pidfd; /* to the worker and of it, or -1 */
	bool busy;
};

struct jail {
	struct slot slot[JAIL_SLOTS];
	struct jail_slot mem[JAIL_SLOTS]; /* the zygote's view */
	unsigned n;
	struct jail_options options;
	pid_t zygote;
	int fd; /* to the zygote */
	pthread_mutex_t lock;
	pthread_cond_t free;
	pthread_mutex_t zygote_lock, large_lock;
	_Atomic bool hurry;
};

static void end_worker(struct slot *s);

static int
map_slot(struct jail_slot *s, size_t message_bytes, struct err *err)
{
	size_t head = (sizeof(struct jail_shared) + 4095) & ~(size_t)4095;
	char *p;

	s->in_size = message_bytes + (4u << 20);
	s->out_size = message_bytes + OUT_SLACK;
	s->size = head + s->in_size + s->out_size;
	/* Shared and anonymous: sparse, and the same memory in every fork. */
	p = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_sys(err, ERR_TEMP, "memory for a parser");
	s->shared = (struct jail_shared *)(void *)p;
	s->in = p + head;
	s->out = p + head + s->in_size;
	return 0;
}

int
jail_open(struct jail **out, const struct jail_options *o, struct err *err)
{
	struct jail *j = mem_new(sizeof *j);
	int pair[2] = {-1, -1};

	j->n = o->workers ? MIN(o->workers, (unsigned)JAIL_SLOTS) : 1;
	j->options = *o;
	j->fd = -1;
	pthread_mutex_init(&j->lock, NULL);
	pthread_mutex_init(&j->zygote_lock, NULL);
	pthread_mutex_init(&j->large_lock, NULL);
	pthread_cond_init(&j->free, NULL);
	if (!j->options.limits.message_bytes)
		j->options.limits.message_bytes = DEFAULT_MESSAGE;
	for (unsigned i = 0; i < JAIL_SLOTS; i++)
		j->slot[i].fd = j->slot[i].pidfd = -1;
	for (unsigned i = 0; i < j->n; i++) {
		if (map_slot(&j->mem[i], j->options.limits.message_bytes, err) <
		    0)
			goto fail;
		j->slot[i].mem = j->mem[i];
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_sys(err, ERR_TEMP, "socket pair for the jail");
		goto fail;
	}
	j->zygote = fork();
	if (j->zygote == 0) {
		close(pair[0]);
		jail_zygote(pair[1], j->mem, &j->options);
	}
	close(pair[1]);
	j->fd = pair[0];
	if (j->zygote < 0) {
		err_sys(err, ERR_TEMP, "cannot start the parser process");
		goto fail;
	}
	*out = j;
	return 0;
fail:
	jail_close(&j);
	return -1;
}

void
jail_close(struct jail **pj)
{
	struct jail *j = *pj;

	if (!j)
		return;
	for (unsigned i = 0; i < j->n; i++) {
		end_worker(&j->slot[i]);
		if (j->mem[i].shared)
			munmap(j->mem[i].shared, j->mem[i].size);
	}
	close_fd(&j->fd);
	if (j->zygote > 0) {
		/* It would end by itself, unless somebody has stopped it. */
		kill(j->zygote, SIGKILL);
		while (waitpid(j->zygote, NULL, 0) < 0 && errno == EINTR)
			;
	}
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->zygote_lock);
	pthread_mutex_destroy(&j->large_lock);
	pthread_cond_destroy(&j->free);
	mem_free(j);
	*pj = NULL;
}

void
jail_hurry(struct jail *j, bool hurry)
{
	atomic_store(&j->hurry, hurry);
}

bool
jail_hurries(const struct jail *j)
{
	return atomic_load(&j->hurry);
}

int
jail_pid(const struct jail *j)
{
	return (int)j->zygote;
}

static struct slot *
take_slot(struct jail *j)
{
	struct slot *found = NULL;

	pthread_mutex_lock(&j->lock);
	for (;;) {
		/* One that has a worker already, if there is. */
		for (unsigned i = 0; i < j->n; i++)
			if (!j->slot[i].busy && (!found || found->fd < 0))
				found = &j->slot[i];
		if (found)
			break;
		pthread_cond_wait(&j->free, &j->lock);
	}
	found->busy = true;
	pthread_mutex_unlock(&j->lock);
	return found;
}

static void
give_slot(struct jail *j, struct slot *s)
{
	pthread_mutex_lock(&j->lock);
	s->busy = false;
	pthread_cond_signal(&j->free);
	pthread_mutex_unlock(&j->lock);
}

static int
receive_fds(int sock, int *fd, int *pidfd)
{
	char c;
	struct iovec iov = {&c, 1};
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} u;
	int fds[2];
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = u.buf,
	    .msg_controllen = sizeof u.buf};
	struct cmsghdr *h;
	ssize_t n;

	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	h = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (!h || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(sizeof fds))
		return -1;
	memcpy(fds, CMSG_DATA(h), sizeof fds);
	*fd = fds[0];
	*pidfd = fds[1];
	return 0;
}

/* Makes sure that nobody writes to the slot's memory any more. */
static void
end_worker(struct slot *s)
{
	struct pollfd p = {.fd = s->pidfd, .events = POLLIN};

	if (s->pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
	}
	close_fd(&s->pidfd);
	close_fd(&s->fd);
}

static int
start_worker(struct jail *j, struct slot *s, struct err *err)
{
	unsigned char number = (unsigned char)(s - j->slot);
	int r = 0;

	pthread_mutex_lock(&j->zygote_lock);
	if (send(j->fd, &number, 1, MSG_NOSIGNAL) != 1 ||
	    receive_fds(j->fd, &s->fd, &s->pidfd) < 0)
		r = err_set(
		    err, ERR_TEMP, "the parser process cannot be started");
	pthread_mutex_unlock(&j->zygote_lock);
	return r;
}

/*
 * Waits for the worker's byte: 1 answered, 0 it died or stalls, -1 nobody waits
 * for it any more. In steps, so that time in which all of us stood still counts
 * as one.
 */
static int
await(struct jail *j, struct slot *s)
{
	uint32_t seen = 0, quiet = 0;

	while (quiet < STALL_S) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		uint32_t done;
		char c;
		int r = poll(&p, 1, 1000);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return 0;
		if (r > 0)
			return recv(s->fd, &c, 1, MSG_DONTWAIT) == 1;
		if (atomic_load(&j->hurry))
			return -1;
		done = atomic_load(&s->mem.shared->done);
		quiet = done == seen ? quiet + 1 : 0;
		seen = done;
	}
	return 0;
}

static void
give_back(char *p, size_t size)
{
	size_t skip = (4096 - ((uintptr_t)p & 4095)) & 4095;

	if (size > KEEP + skip)
		madvise(p + skip + KEEP, (size - KEEP - skip) & ~(size_t)4095,
		    MADV_REMOVE);
}

static int
read_answer(
    struct arena *a, const struct slot *s, uint32_t i, struct jailed *out)
{
	/* Each is read once: who writes there is not to be trusted. */
	const volatile struct jail_item *it = &s->mem.shared->item[i];
	uint64_t at = it->out, n = it->out_n;
	uint32_t code = it->code;
	char why[sizeof it->why];

	for (size_t k = 0; k < sizeof why; k++)
		why[k] = it->why[k];
	why[sizeof why - 1] = '\0';
	if (code == ERR_NONE && n <= s->mem.out_size &&
	    at <= s->mem.out_size - n) {
		out->refused = ERR_NONE;
		out->record = arena_dup(a, str_n(s->mem.out + at, n));
		return 0;
	}
	out->record = str_n(NULL, 0);
	out->refused = code > ERR_NONE && code <= ERR_SPACE
			   ? (enum err_code)code
			   : ERR_CORRUPT;
	out->why = arena_dup(a, code == ERR_NONE
				    ? S("the parser's answer makes no sense")
				    : str_c(why));
	return str_eq(out->why, S("batch full")) ? 1 : 0;
}

/*
 * One request on one slot: how many items are answered. *suspect is set when
 * the worker died on the item after those, and not because it had been idle,
 * or answered without having done anything.
 */
static int
request(struct jail *j, struct arena *a, struct slot *s, uint32_t op,
    uint64_t index, struct jailed *items, uint32_t n, uint32_t *answered,
    bool *suspect, struct err *err)
{
	struct jail_shared *sh = s->mem.shared;
	size_t used = 0, produced = 0;
	int r;
	uint32_t done;

	*suspect = false;
	*answered = 0;
	if (s->fd < 0 && start_worker(j, s, err) < 0)
		return -1;
	sh->op = op;
	sh->n = n;
	sh->index = index;
	atomic_store(&sh->begun, 0);
	atomic_store(&sh->done, 0);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(s->mem.in + used, items[i].raw.n ? items[i].raw.p : "",
		    items[i].raw.n);
		sh->item[i] = (struct jail_item){
		    .in = used, .in_n = items[i].raw.n, .code = ERR_CORRUPT};
		used += items[i].raw.n;
	}
	r = send(s->fd, "p", 1, MSG_NOSIGNAL) == 1 ? await(j, s) : 0;
	if (r < 0) {
		end_worker(s);
		give_back(s->mem.in, used);
		give_back(s->mem.out, s->mem.out_size);
		return err_set(err, ERR_TEMP, "helpd is ending");
	}
	done = MIN(atomic_load(&sh->done), n);
	for (uint32_t i = 0; i < done; i++) {
		if (read_answer(a, s, i, &items[i]) == 1)
			break;
		*answered = i + 1;
		produced += items[i].record.n;
	}
	if (!r || !*answered) {
		*suspect = r || (*answered == done && atomic_load(&sh->begun));
		end_worker(s);
	}
	give_back(s->mem.in, used);
	if (!r || used > KEEP || produced > KEEP)
		give_back(s->mem.out, s->mem.out_size);
	return 0;
}

static bool
refuse_large(const struct jail *j, struct arena *a, struct jailed *it)
{
	if (it->raw.n <= j->options.limits.message_bytes)
		return false;
	it->refused = ERR_PERM;
	it->record = str_n(NULL, 0);
	it->why = arena_printf(a, "larger than the limit of %zu bytes",
	    j->options.limits.message_bytes);
	return true;
}

/* How many of the items go into one request: all that fit, a large one alone.
 */
static uint32_t
fits(const struct slot *s, const struct jailed *items, size_t n)
{
	size_t bytes = 0;
	uint32_t k = 0;

	while (k < n && k < JAIL_BATCH) {
		if (k &&
		    (items[k].raw.n > LARGE || bytes + items[k].raw.n > KEEP))
			break;
		if (items[k].raw.n > s->mem.in_size - bytes)
			break;
		bytes += items[k].raw.n;
		k++;
		if (items[k - 1].raw.n > LARGE)
			break;
	}
	return k;
}

static int
run(struct jail *j, struct arena *a, uint32_t op, uint64_t index,
    struct jailed *items, size_t n, struct err *err)
{
	struct slot *s = take_slot(j);
	size_t at = 0;
	unsigned tries = 0, starts = 0;
	int r = 0;

	while (at < n && r == 0) {
		uint32_t answered, k;
		bool suspect, large;

		if (refuse_large(j, a, &items[at])) {
			at++;
			continue;
		}
		/* The suspect is tried again alone. */
		k = tries ? 1 : fits(s, items + at, n - at);
		must(k > 0);
		large = items[at].raw.n > LARGE;
		if (large)
			pthread_mutex_lock(&j->large_lock);
		r = request(j, a, s, op, index, items + at, k, &answered,
		    &suspect, err);
		if (large)
			pthread_mutex_unlock(&j->large_lock);
		if (r < 0)
			break;
		at += answered;
		if (answered)
			tries = starts = 0;
		if (suspect && ++tries == 2) {
			items[at].refused = ERR_PERM;
			items[at].record = str_n(NULL, 0);
			items[at].why = S("the parser died or took too long "
					  "on it, twice");
			at++;
			tries = 0;
		} else if (!answered && !suspect && ++starts == 5) {
			r = err_set(err, ERR_TEMP,
			    "parser processes end before they begin");
		}
	}
	give_slot(j, s);
	return r;
}

int
jail_parse(struct jail *j, struct arena *a, struct jailed *items, size_t n,
    struct err *err)
{
	return run(j, a, JAIL_PARSE, 0, items, n, err);
}

int
jail_attachment_dup(struct jail *j, struct arena *a, struct str raw,
    size_t index, struct str *out, struct err *err)
{
	struct jailed it = {.raw = raw};

	if (run(j, a, JAIL_ATTACHMENT, index, &it, 1, err) < 0)
		return -1;
	if (it.refused)
		return err_set(err, it.refused, "%.*s", STR_ARG(it.why));
	*out = it.record;
	return 0;
}

int
jail_attachment(struct jail *j, struct str raw, size_t index, struct buf *out,
    struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str content;

	if (jail_attachment_dup(j, &a, raw, index, &content, err) < 0)
		return -1;
	buf_put(out, content);
	return 0;
}
