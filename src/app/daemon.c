#include "app/daemon.h"
#include "app/control.h"
#include "app/feed.h"
#include "app/sender.h"
#include "app/spool.h"
#include "app/status.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/must.h"
#include "desk/delivery.h"
#include "store/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
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
	char *spool;
	int lock, control, signals;
	int64_t started;
	bool stop;
};

static void
on_committed(void *ctx)
{
	struct house *h = ctx;
	struct senders *s = __atomic_load_n(&h->senders, __ATOMIC_ACQUIRE);

	if (s)
		senders_wake(s);
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

/* Rows found sending at the start were in doubt when the last daemon ended. */
static int
recover_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	size_t n = 0;

	(void)j;
	(void)d;
	if (delivery_recover(t, a, now, &n, err) < 0)
		return -1;
	if (n)
		log_warning("outbox",
		    "%zu mails were being sent when the last daemon ended: "
		    "ambiguous, they are sent again with the same bytes",
		    n);
	return 0;
}

static int
start_feeds(struct house *h, struct err *err)
{
	struct sender_context sc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .config = h->s.config,
	    .once = false,
	};
	struct feed_context fc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .pipeline = h->pipeline,
	    .config = h->s.config,
	    .spool = h->spool,
	    .once = h->o.once,
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

	feeds_stop(&h->feeds);
	/* The writer may look at it until what was submitted is done. */
	writer_flush(h->writer);
	__atomic_store_n(&h->senders, NULL, __ATOMIC_RELEASE);
	writer_flush(h->writer);
	senders_stop(&s);
}

static int
open_jail(struct house *h)
{
	struct err err = ERR_INIT;
	struct jail_options jo = {
	    .workers = h->s.config->workers,
	    .limits.message_bytes = h->s.config->settings.message_size,
	};

	return jail_open(&h->jail, &jo, &err) < 0 ? verb_err(h->c, &err)
						  : EX_OK;
}

static int
open_house(struct house *h)
{
	struct err err = ERR_INIT;
	struct writer_options wo = {
	    .committed = on_committed, .coming = on_coming, .ctx = h};
	struct job recover = {.run = recover_run};

	h->spool = session_path(&h->s, "spool");
	if (spool_make(h->spool, &err) < 0)
		return verb_err(h->c, &err);
	if (store_clear_stale(h->s.store, &err) < 0)
		return verb_err(h->c, &err);
	if (writer_open(&h->writer, h->s.store, &h->s.desk, &wo, &err) < 0 ||
	    writer_do(h->writer, &recover, &err) < 0 ||
	    pipeline_open(&h->pipeline, h->jail, h->writer,
		h->s.config->workers, &err) < 0 ||
	    start_feeds(h, &err) < 0)
		return verb_err(h->c, &err);
	return EX_OK;
}

static void
close_house(struct house *h)
{
	if (h->writer && (h->feeds || h->senders))
		stop_feeds(h);
	pipeline_close(&h->pipeline);
	writer_close(&h->writer);
	jail_close(&h->jail);
	close_fd(&h->control);
	if (h->lock >= 0 && h->control >= 0)
		unlink(session_path(&h->s, "helpd.sock"));
	session_close(&h->s);
	close_fd(&h->lock);
	close_fd(&h->signals);
}

struct reload_job {
	struct job job;
	struct config *config;
	struct templates *templates;
};

static int
reload_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct reload_job *r = (struct reload_job *)j;

	(void)t;
	(void)a;
	(void)now;
	(void)err;
	d->settings = &r->config->settings;
	d->templates = r->templates;
	return 0;
}

/* Everything is read first; any error keeps what runs. The reason goes to *why.
 */
static bool
reload(struct house *h, struct buf *why)
{
	struct reload_job r = {.job.run = reload_run};
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_mono() * 1000);
	if (session_load(h->c, &r.config, &arena, &r.templates) < 0) {
		log_error("config",
		    "errors in %s: the old configuration "
		    "stays in force",
		    h->c->config_dir);
		buf_puts(why, "the configuration has errors (see the log); "
			      "the old one stays in force");
		config_free(&r.config);
		arena_fini(&arena);
		sd_notify(0, "READY=1");
		return false;
	}
	r.config->settings.generation = h->s.config->settings.generation + 1;
	stop_feeds(h);
	if (writer_do(h->writer, &r.job, &err) < 0)
		log_error("config", "%s", err.msg);
	config_free(&h->s.config);
	h->s.config = r.config;
	/* The data path and the old templates stay in the session's arena,
	 * small, until the end. */
	if (start_feeds(h, &err) < 0)
		log_error("config", "%s", err.msg);
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
	} else if (str_eq(buf_str(&cmd), S("status"))) {
		struct status_sources src = {
		    .started = h->started,
		    .store = h->s.store,
		    .writer = h->writer,
		    .pipeline = h->pipeline,
		    .feeds = h->feeds,
		    .senders = h->senders,
		};

		status_json(&src, &reply);
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

static void
loop(struct house *h)
{
	uint64_t watchdog = 0;
	int wait = -1;

	if (sd_watchdog_enabled(0, &watchdog) > 0)
		wait = (int)MAX(watchdog / 2000, (uint64_t)500);
	while (!h->stop) {
		struct pollfd p[2] = {
		    {.fd = h->signals, .events = POLLIN},
		    {.fd = h->control, .events = POLLIN},
		};

		if (poll(p, 2, wait) < 0 && errno != EINTR)
			break;
		if (p[0].revents)
			on_signal(h);
		if (p[1].revents)
			on_control(h);
		if (wait >= 0 && is_healthy(h))
			sd_notify(0, "WATCHDOG=1");
	}
}

/* --once: all feeds, then all that is due, then what that may have caused. */
static int
do_once(struct house *h)
{
	size_t failed = feeds_wait(h->feeds);
	struct sender_context sc = {
	    .store = h->s.store,
	    .writer = h->writer,
	    .config = h->s.config,
	    .once = true,
	};
	struct senders *s;
	struct err err = ERR_INIT;

	pipeline_drain(h->pipeline);
	writer_flush(h->writer);
	if (senders_start(&s, &sc, &err) < 0)
		return verb_err(h->c, &err);
	failed += senders_wait(s);
	senders_stop(&s);
	writer_flush(h->writer);
	return failed ? EX_TEMPFAIL : EX_OK;
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

int
daemon_run(struct verb_context *c, const struct daemon_options *o)
{
	struct house h = {.c = c,
	    .o = *o,
	    .lock = -1,
	    .control = -1,
	    .signals = -1,
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
	if (status == EX_OK)
		status =
		    session_open_store(&h.s, c, SESSION_CREATE | SESSION_DESK);
	if (status == EX_OK && block_signals(&h) < 0)
		status = verb_fail(c, EX_OSERR, "signals: %s", strerror(errno));
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
			sd_notify(0, "READY=1");
			loop(&h);
			sd_notify(0, "STOPPING=1");
		}
	}
	close_house(&h);
	return status;
}
