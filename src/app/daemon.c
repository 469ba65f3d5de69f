#include "app/daemon.h"
#include "app/control.h"
#include "app/feed.h"
#include "app/journal.h"
#include "app/launcher.h"
#include "app/sandbox.h"
#include "app/sealing.h"
#include "app/sender.h"
#include "app/spool.h"
#include "app/status.h"
#include "app/timers.h"
#include "app/watch.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/must.h"
#include "desk/settle.h"
#include "desk/delivery.h"
#include "desk/privacy.h"
#include "store/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* A group that takes longer than this means that the writer hangs: the watchdog
 * is then not fed. */
enum {
	WRITER_STALL_MS = 120000
};

struct house {
	struct session s;
	struct verb_context *c;
	struct daemon_options o;
	struct jail *jail;
	struct writer *writer;
	struct pipeline *pipeline;
	struct feeds *feeds;
	struct senders *senders;
	struct timers *timers;
	struct watch *watch;
	char *spool, *journals;
	struct arena arena; /* of the templates of the last reload */
	int lock, control, signals;
	int jail_end, launcher_end; /* pidfds; -1: not watched */
	int64_t started;
	size_t message_size; /* the largest that the jail takes */
	bool stop;
	int status; /* to end with */
};

static void
on_committed(void *ctx)
{
	struct house *h = ctx;
	struct senders *s = __atomic_load_n(&h->senders, __ATOMIC_ACQUIRE);
	struct timers *x = __atomic_load_n(&h->timers, __ATOMIC_ACQUIRE);

	if (s)
		senders_wake(s);
	if (x)
		timers_look(x);
}

static size_t
on_coming(void *ctx)
{
	struct house *h = ctx;
	struct pipeline *p = __atomic_load_n(&h->pipeline, __ATOMIC_ACQUIRE);

	return p ? pipeline_depth(p) : 0;
}

static int
take_lock(struct house *h)
{
	char *path = session_path(&h->s, "lock");
	struct err err = ERR_INIT;

	if (dir_make(h->s.data, 0710, &err) < 0)
		return verb_err(h->c, &err);
	h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->lock < 0)
		return verb_fail(
		    h->c, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (flock(h->lock, LOCK_EX | LOCK_NB) < 0)
		return verb_fail(h->c, EX_TEMPFAIL,
		    "another helpd runs on %s (helpd status asks it)",
		    h->s.data);
	return EX_OK;
}

struct resume_job {
	struct job job;
	struct delivery_record *notes;
	size_t n;
	bool complete;
	size_t ambiguous; /* out */
};

static int
resume_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct resume_job *r = (struct resume_job *)j;

	return delivery_resume(
	    d, t, a, r->notes, r->n, r->complete, now, &r->ambiguous, err);
}

/*
 * Rows found sending have no sender now: what is known of them is made good,
 * what was in the middle of it is ambiguous. Before any sender starts.
 */
static int
resume_rows(struct house *h, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct resume_job r = {.job = {.run = resume_run, .weight = 1}};

	if (journal_read(&a, h->journals, &r.complete, &r.notes, &r.n, err) <
		0 ||
	    writer_do(h->writer, &r.job, err) < 0)
		return -1;
	if (r.ambiguous)
		log_warning("outbox",
		    "%zu mails were being sent when that ended: "
		    "ambiguous, they are sent again with the same bytes",
		    r.ambiguous);
	return journal_start(h->journals, err);
}

static int
resume_erasure_run(struct job *j, struct desk *d, struct txn *t,
    struct arena *a, int64_t now, struct err *err)
{
	(void)j;
	(void)d;
	return erasure_resume(t, a, now) < 0 ? txn_error(t, err) : 0;
}

/* What whoever began it did not end: it is due at once. */
static void
resume_erasure(struct house *h)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct job j = {.run = resume_erasure_run, .weight = 1};
	struct err err = ERR_INIT;
	struct erasure e;

	if (txn_read(h->s.store, &t, NULL) < 0 ||
	    erasure_pending(t, &a, &e) <= 0)
		return;
	erasure_fini(&e);
	txn_abort(&t);
	log_warning("privacy", "an erasure was begun and has not ended: it "
			       "goes on now (helpd verify tells when it has)");
	writer_hurry(h->writer, true);
	if (writer_do(h->writer, &j, &err) < 0)
		log_warning("privacy", "it goes on later: %s", err.msg);
	writer_hurry(h->writer, h->o.once);
}

static int
promises_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	bool sweeps;

	(void)j;
	(void)now;
	if (desk_promises(d, t, a, &sweeps, err) < 0)
		return -1;
	if (sweeps)
		log_info("sla",
		    "what is promised was changed: the tickets are counted "
		    "anew");
	return 0;
}

/* Nothing that anybody has to wait for: a failure is told, and the next start
 * tries again. */
static void
count_promises(struct house *h)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct job j = {.run = promises_run, .weight = 1};
	struct err err = ERR_INIT;
	int r;

	if (txn_read(h->s.store, &t, &err) < 0)
		return;
	r = desk_promises_differ(&h->s.config->settings, t, &a);
	txn_abort(&t);
	if (r <= 0)
		return;
	writer_hurry(h->writer, true);
	if (writer_do(h->writer, &j, &err) < 0)
		log_warning("sla", "tickets are not counted anew: %s", err.msg);
	writer_hurry(h->writer, h->o.once);
}

static int
start_feeds(struct house *h, struct err *err)
{
	struct sender_context sc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .config = h->s.config,
	    .journals = h->journals,
	    .once = false,
	    .changed = h->watch ? watch_fd(h->watch) : -1,
	};
	struct feed_context fc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .pipeline = h->pipeline,
	    .config = h->s.config,
	    .spool = h->spool,
	    .once = h->o.once,
	    .changed = h->watch ? watch_fd(h->watch) : -1,
	};

	if (!h->o.once) {
		struct senders *s;

		if (senders_start(&s, &sc, err) < 0)
			return -1;
		__atomic_store_n(&h->senders, s, __ATOMIC_RELEASE);
	}
	return feeds_start(&h->feeds, &fc, err);
}

static void
stop_feeds(struct house *h)
{
	struct senders *s = h->senders;

	/* Both have their few seconds at the same time, and none of them is
	 * kept by a full disk. */
	writer_hurry(h->writer, true);
	if (s)
		senders_ask(s);
	feeds_stop(&h->feeds);
	/* The parsers look at the settings too. */
	pipeline_drain(h->pipeline);
	/* The writer may look at it until what was submitted is done. */
	writer_flush(h->writer);
	__atomic_store_n(&h->senders, NULL, __ATOMIC_RELEASE);
	writer_flush(h->writer);
	senders_stop(&s);
	writer_flush(h->writer);
}

static int
open_jail(struct house *h)
{
	struct err err = ERR_INIT;
	struct jail_options jo = {
	    .workers = h->s.config->workers,
	    .limits.message_bytes = h->s.config->settings.message_size,
	};

	h->message_size = h->s.config->settings.message_size;
	return jail_open(&h->jail, &jo, &err) < 0 ? verb_err(h->c, &err)
						  : EX_OK;
}

/* A signal within ms that ends us? */
static bool
told_to_end(struct house *h, int ms)
{
	struct pollfd p = {.fd = h->signals, .events = POLLIN};
	struct signalfd_siginfo si;

	while (poll(&p, 1, ms) > 0 &&
	       read(h->signals, &si, sizeof si) == (ssize_t)sizeof si)
		if (si.ssi_signo != SIGHUP) {
			log_info("daemon", "ending on a signal");
			return true;
		}
	return false;
}

/* Before anything is sent. Without room on the disk it waits for it, but not
 * for ever when told to end. */
static int
recover(struct house *h, struct err *err)
{
	writer_hurry(h->writer, true);
	while (resume_rows(h, err) < 0) {
		if (err->code != ERR_SPACE || h->o.once || told_to_end(h, 5000))
			return -1;
	}
	*err = ERR_INIT;
	writer_hurry(h->writer, h->o.once);
	return 0;
}

static int
start_timers(struct house *h, struct err *err)
{
	struct timers *x;

	if (timers_open(&x, h->s.store, h->writer, err) < 0)
		return -1;
	__atomic_store_n(&h->timers, x, __ATOMIC_RELEASE);
	return 0;
}

static int
open_house(struct house *h)
{
	struct err err = ERR_INIT;
	struct writer_options wo = {
	    .committed = on_committed, .coming = on_coming, .ctx = h};

	h->spool = session_path(&h->s, "spool");
	h->journals = session_path(&h->s, "sending");
	if (spool_make(h->spool, &err) < 0)
		return verb_err(h->c, &err);
	if (store_clear_stale(h->s.store, &err) < 0)
		return verb_err(h->c, &err);
	if (writer_open(&h->writer, h->s.store, &h->s.desk, &wo, &err) < 0 ||
	    recover(h, &err) < 0 ||
	    pipeline_open(&h->pipeline, h->jail, h->writer,
		h->s.config->workers, &err) < 0 ||
	    start_timers(h, &err) < 0 ||
	    (!h->o.once && watch_open(&h->watch, h->s.store, h->writer,
			       h->s.config, &err) < 0))
		return verb_err(h->c, &err);
	count_promises(h);
	resume_erasure(h);
	if (start_feeds(h, &err) < 0)
		return verb_err(h->c, &err);
	return EX_OK;
}

static struct status_sources
sources(const struct house *h)
{
	return (struct status_sources){
	    .started = h->started,
	    .store = h->s.store,
	    .writer = h->writer,
	    .pipeline = h->pipeline,
	    .feeds = h->feeds,
	    .senders = h->senders,
	    .config = h->s.config,
	    .data = h->s.data,
	};
}

static void
close_house(struct house *h)
{
	struct pipeline *p = h->pipeline;
	struct timers *x = h->timers;

	if (h->writer && (h->feeds || h->senders))
		stop_feeds(h);
	if (h->watch && h->pipeline) {
		struct status_sources src = sources(h);

		watch_end(h->watch, &src);
	}
	__atomic_store_n(&h->pipeline, NULL, __ATOMIC_RELEASE);
	if (h->writer) {
		writer_hurry(h->writer, true);
		writer_flush(h->writer);
	}
	pipeline_close(&p);
	writer_close(&h->writer);
	watch_close(&h->watch);
	__atomic_store_n(&h->timers, NULL, __ATOMIC_RELEASE);
	timers_close(&x);
	jail_close(&h->jail);
	launcher_close();
	if (h->control >= 0)
		unlink(session_path(&h->s, "helpd.sock"));
	close_fd(&h->control);
	session_close(&h->s);
	arena_fini(&h->arena);
	close_fd(&h->lock);
	close_fd(&h->signals);
	close_fd(&h->jail_end);
	close_fd(&h->launcher_end);
}

/* What is fixed when the daemon starts: an edit of it is told, not followed. */
static void
keep_fixed(struct house *h, struct config *new)
{
	const struct config *old = h->s.config;

	if (!h->c->data_dir && !str_eq(new->data, old->data)) {
		log_warning("config", "data: another directory is used from "
				      "the next start on");
	}
	if (new->workers != old->workers || new->map_size != old->map_size) {
		log_warning("config", "workers, map_size: used from the next "
				      "start on");
	}
	if (!sealing_same(&new->encryption, &old->encryption))
		log_warning(
		    "config", "encryption: used from the next start on");
	if (new->settings.message_size > h->message_size) {
		log_warning("config",
		    "message_size: more than %zu bytes from the next start on",
		    h->message_size);
		new->settings.message_size = h->message_size;
	}
}

/* Verbs add keys (helpd keys rotate). While nothing is fed and nothing sent
 * nobody looks at them. */
static int
take_keys(struct house *h, struct err *err)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct keyring *new;

	if (txn_read(h->s.store, &t, err) < 0 ||
	    keyring_load(t, clock_now(), &new, err) < 0)
		return -1;
	keyring_free(h->s.keys);
	h->s.keys = new;
	h->s.desk.keys = new;
	return 0;
}

static bool
change_keys(struct house *h)
{
	struct err err = ERR_INIT;
	bool taken;

	stop_feeds(h);
	taken = take_keys(h, &err) == 0;
	if (!taken)
		log_error("daemon", "the keys stay as they were: %s", err.msg);
	writer_hurry(h->writer, false);
	if (start_feeds(h, &err) < 0) {
		log_error("daemon", "%s; ending", err.msg);
		h->stop = true;
		h->status = EX_OSERR;
		return false;
	}
	return taken;
}

/* The data directory stays as it is, whatever the new one says. */
static bool
may_use(struct house *h, const struct config *new, struct buf *why)
{
	struct err err = ERR_INIT;

	if (sandbox_covers(new, h->s.data, &err) == 0)
		return true;
	log_error(
	    "config", "%s; the old configuration stays in force", err.msg);
	buf_printf(why, "%s; the old configuration stays in force", err.msg);
	return false;
}

static bool
reload_failed(struct config **config, struct arena *arena)
{
	config_free(config);
	arena_fini(arena);
	sd_notify(0, "READY=1");
	return false;
}

/*
 * Everything is read first; any error keeps what runs. The reason goes to *why.
 * While nothing is fed and nothing sent the writer is idle and looks at no
 * settings: that is when they are exchanged, without the store, which may be
 * full.
 */
static bool
reload(struct house *h, struct buf *why)
{
	struct arena arena = ARENA_INIT;
	struct config *config = NULL;
	struct templates *templates = NULL;
	struct err err = ERR_INIT;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_mono() * 1000);
	if (session_load(h->c, &config, &arena, &templates) < 0) {
		log_error("config",
		    "errors in %s: the old configuration "
		    "stays in force",
		    h->c->config_dir);
		buf_puts(why, "the configuration has errors (see the log); "
			      "the old one stays in force");
		return reload_failed(&config, &arena);
	}
	if (!may_use(h, config, why))
		return reload_failed(&config, &arena);
	if (launcher_reload(&err) < 0)
		log_warning("config", "%s", err.msg);
	err = ERR_INIT;
	config->settings.generation = h->s.config->settings.generation + 1;
	keep_fixed(h, config);
	stop_feeds(h);
	h->s.desk.settings = &config->settings;
	h->s.desk.templates = templates;
	config_free(&h->s.config);
	h->s.config = config;
	h->s.templates = templates;
	/* Those of the start are in the session's arena, to the end. */
	arena_fini(&h->arena);
	h->arena = arena;
	/* Nothing is being sent now: what looks as if is in doubt, when a full
	 * disk took no result. */
	if (resume_rows(h, &err) < 0) {
		journal_distrust(h->journals);
		log_warning("outbox",
		    "what was being sent waits for the next start: %s",
		    err.msg);
	}
	writer_hurry(h->writer, false);
	if (take_keys(h, &err) < 0)
		log_warning(
		    "daemon", "the keys stay as they were: %s", err.msg);
	count_promises(h);
	if (start_feeds(h, &err) < 0) {
		log_error("config", "%s; ending", err.msg);
		buf_puts(why, "the mailboxes cannot be watched; ending");
		h->stop = true;
		h->status = EX_OSERR;
		return false;
	}
	watch_reload(h->watch);
	log_info("config", "%s is in force", h->c->config_dir);
	sd_notify(0, "READY=1");
	return true;
}

static void
on_control(struct house *h)
{
	AUTO(buf_fini) struct buf cmd = BUF_INIT;
	AUTO(buf_fini) struct buf reply = BUF_INIT;
	int fd = control_accept(h->control, &cmd);

	if (fd < 0)
		return;
	if (str_eq(buf_str(&cmd), S("wake"))) {
		on_committed(h);
		buf_puts(&reply, "{\"ok\":true}\n");
	} else if (str_eq(buf_str(&cmd), S("stop"))) {
		h->stop = true;
		buf_puts(&reply, "{\"ok\":true}\n");
	} else if (str_eq(buf_str(&cmd), S("reload"))) {
		AUTO(buf_fini) struct buf why = BUF_INIT;

		if (reload(h, &why))
			buf_puts(&reply, "{\"ok\":true}\n");
		else
			buf_printf(&reply, "{\"ok\":false,\"error\":\"%s\"}\n",
			    buf_cstr(&why));
	} else if (str_eq(buf_str(&cmd), S("keys"))) {
		buf_printf(
		    &reply, "{\"ok\":%s}\n", change_keys(h) ? "true" : "false");
	} else if (str_eq(buf_str(&cmd), S("status"))) {
		struct status_sources src = sources(h);

		status_json(&src, true, &reply, NULL, 0);
	} else {
		buf_puts(&reply, "{\"ok\":false,\"error\":\"unknown\"}\n");
	}
	control_reply(fd, buf_str(&reply));
}

static void
on_signal(struct house *h)
{
	struct signalfd_siginfo si;
	AUTO(buf_fini) struct buf why = BUF_INIT;

	if (read(h->signals, &si, sizeof si) != (ssize_t)sizeof si)
		return;
	if (si.ssi_signo == SIGHUP) {
		reload(h, &why);
	} else {
		log_info("daemon", "ending on %s",
		    si.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		h->stop = true;
	}
}

static bool
is_healthy(struct house *h)
{
	struct writer_state w;

	writer_state(h->writer, &w);
	return w.full || !w.busy_since ||
	       clock_mono() - w.busy_since < WRITER_STALL_MS;
}

/*
 * Without the process that forks parsers no mail is read, without the other one
 * no password: nothing in here can make them anew, a start can.
 */
static void
on_orphaned(struct house *h, const char *name, const char *what)
{
	log_error("daemon",
	    "%s, the process that starts %s, is gone: ending, to be started "
	    "again",
	    name, what);
	h->stop = true;
	h->status = EX_TEMPFAIL;
}

static void
look(struct house *h, bool changed)
{
	struct status_sources src = sources(h);

	watch_look(h->watch, &src, changed);
}

static void
loop(struct house *h)
{
	uint64_t watchdog = 0;
	int feed = -1;

	if (sd_watchdog_enabled(0, &watchdog) > 0)
		feed = (int)MAX(watchdog / 2000, (uint64_t)500);
	timers_look(h->timers);
	while (!h->stop) {
		struct pollfd p[6] = {
		    {.fd = h->signals, .events = POLLIN},
		    {.fd = h->control, .events = POLLIN},
		    {.fd = timers_fd(h->timers), .events = POLLIN},
		    {.fd = h->jail_end, .events = POLLIN},
		    {.fd = h->launcher_end, .events = POLLIN},
		    {.fd = watch_fd(h->watch), .events = POLLIN},
		};
		int wait = watch_wait(h->watch, h->s.config);

		if (feed >= 0)
			wait = MIN(wait, feed);
		if (poll(p, 6, wait) < 0 && errno != EINTR)
			break;
		if (p[3].revents)
			on_orphaned(h, "helpd-jail", "parsers");
		if (p[4].revents)
			on_orphaned(h, "helpd-launcher", "programs");
		if (p[2].revents)
			timers_run(h->timers, h->pipeline);
		if (p[0].revents)
			on_signal(h);
		if (p[1].revents)
			on_control(h);
		if (!h->stop)
			look(h, p[5].revents != 0);
		if (feed >= 0 && is_healthy(h))
			sd_notify(0, "WATCHDOG=1");
	}
}

/* --once: all feeds, then all that is due, then what that may have caused. */
static int
do_once(struct house *h)
{
	size_t failed = 0;
	struct sender_context sc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .config = h->s.config,
	    .journals = h->journals,
	    .once = true,
	    .changed = -1,
	};
	struct senders *s;
	struct err err = ERR_INIT;

	while (!feeds_ended(h->feeds))
		if (told_to_end(h, 2))
			return EX_TEMPFAIL;
	failed = feeds_wait(h->feeds);
	pipeline_drain(h->pipeline);
	writer_flush(h->writer);
	if (timers_once(h->timers, h->pipeline, &err) < 0)
		return verb_err(h->c, &err);
	writer_flush(h->writer);
	if (senders_start(&s, &sc, &err) < 0)
		return verb_err(h->c, &err);
	__atomic_store_n(&h->senders, s, __ATOMIC_RELEASE);
	while (!senders_ended(s))
		if (told_to_end(h, 2))
			return EX_TEMPFAIL;
	failed += senders_wait(s);
	writer_flush(h->writer);
	return failed ? EX_TEMPFAIL : EX_OK;
}

/* The last step before there are threads and mail: the store is open, the
 * processes that start others are forked. */
static int
shut_in(struct house *h)
{
	struct err err = ERR_INIT;

	if (h->o.no_sandbox) {
		log_warning("sandbox", "--no-sandbox: the daemon may do "
				       "whatever its user may");
		return EX_OK;
	}
	return sandbox_enter(h->s.config, h->s.data, &err) < 0
		   ? verb_err(h->c, &err)
		   : EX_OK;
}

static int
block_signals(struct house *h)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* Before any thread: they inherit it, so signals come to the descriptor
	 * alone. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return h->signals < 0 ? -1 : 0;
}

/* Where the kernel cannot tell (before 5.3) they are not watched. */
static void
watch_children(struct house *h)
{
	h->jail_end = (int)syscall(SYS_pidfd_open, jail_pid(h->jail), 0);
	if (launcher_pid() > 0)
		h->launcher_end =
		    (int)syscall(SYS_pidfd_open, launcher_pid(), 0);
}

int
daemon_run(struct verb_context *c, const struct daemon_options *o)
{
	struct house h = {.c = c,
	    .o = *o,
	    .lock = -1,
	    .control = -1,
	    .signals = -1,
	    .jail_end = -1,
	    .launcher_end = -1,
	    .started = clock_now()};
	struct err err = ERR_INIT;
	int status;

	umask(077);
	log_set_journal(getenv("JOURNAL_STREAM") != NULL);
	/* The configuration first, then the lock, then the store: a second
	 * daemon leaves no trace. */
	status = session_open(&h.s, c, SESSION_CONFIG);
	if (status == EX_OK)
		status = session_own(&h.s, c);
	if (status == EX_OK)
		status = take_lock(&h);
	/* Before any secret is in memory, any store is mapped, any thread runs.
	 */
	if (status == EX_OK)
		status = open_jail(&h);
	if (status == EX_OK && launcher_open(h.s.config, &err) < 0)
		status = verb_err(c, &err);
	if (status == EX_OK)
		watch_children(&h);
	if (status == EX_OK)
		status =
		    session_open_store(&h.s, c, SESSION_CREATE | SESSION_DESK);
	if (status == EX_OK && block_signals(&h) < 0)
		status = verb_fail(c, EX_OSERR, "signals: %s", strerror(errno));
	if (status == EX_OK)
		status = shut_in(&h);
	if (status == EX_OK)
		status = open_house(&h);
	if (status == EX_OK && !o->once &&
	    control_listen(session_path(&h.s, "helpd.sock"), &h.control, &err) <
		0)
		status = verb_err(c, &err);
	if (status == EX_OK) {
		if (o->once) {
			status = do_once(&h);
		} else {
			log_info("daemon",
			    "helpd " PACKAGE_VERSION
			    " is ready data=%s mailboxes=%zu transports=%zu",
			    h.s.data, h.s.config->nmailboxes,
			    h.s.config->ntransports);
			if (geteuid() == 0)
				log_warning("daemon",
				    "runs as root: give %s to a user of its "
				    "own, and it becomes that user",
				    h.s.data);
			sd_notify(0, "READY=1");
			loop(&h);
			status = h.status;
			sd_notify(0, "STOPPING=1");
		}
	}
	close_house(&h);
	return status;
}
