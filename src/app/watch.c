/*
 * A look gathers what is seen in memory, asks in a read transaction whether
 * anything comes of it, and only then takes the writer's time. All spans of
 * time are by CLOCK_MONOTONIC, so a clock that is set raises no alarm.
 */
#include "app/watch.h"
#include "app/expiry.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "desk/health.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/statvfs.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
	LONGEST_MS = 60000, /* between two looks */
	SHORTEST_MS = 250,
	FILE_MS = 60000,    /* between two writings of the status file */
	FILES_MS = 3600000, /* between two readings of certificates' files */
	ALIVE_MS = 300000,  /* between two notes that we are at work */
	SPARE = 4, /* signs beside mailboxes, transports and what expires */
};

struct watch {
	struct store *store;
	struct writer *writer;
	int fd;
	uint64_t run;
	int64_t began;        /* clock_mono() */
	int64_t looked;       /* clock_mono(); 0: never */
	int64_t written;      /* the status file, likewise */
	_Atomic bool running; /* a job is at the writer's */
	_Atomic bool spent;   /* it has written what is said once */
	int64_t down;         /* ms that nobody was at work before; 0: told */
	int64_t full_since;   /* clock_mono(); 0: there is room */
	int64_t full_for;     /* ms that there was none; 0: told */
	int64_t disk_since;   /* clock_mono(); 0: there is room enough */
	bool file_failed;
	struct arena files; /* of what expires */
	struct expiry *expiring;
	size_t nexpiring;
	int64_t expiring_at;
	char status[200]; /* of systemd */
};

/* --- signs ------------------------------------------------------------- */

struct seen {
	struct watch *w;
	struct arena *a;
	const struct config *c;
	struct alarm_sign *v;
	size_t n, max;
	struct str working; /* the first transport that is not failing */
	bool preferred;     /* and it is the one that alarms are to leave by */
	int64_t now, mono;
};

static void
add(struct seen *g, struct alarm_sign s)
{
	must(g->n < g->max);
	s.words = arena_dup(g->a, s.words);
	s.name = arena_dup(g->a, s.name);
	if (!s.run)
		s.run = g->w->run;
	g->v[g->n++] = s;
}

static void
add_feed(void *ctx, const struct feed_status *s)
{
	struct seen *g = ctx;
	bool failing = strcmp(s->state, "failed") == 0;
	int64_t after = g->c->watch.unread_after;

	/* One that is healthy is looked at when news come, or after a while. */
	if (!failing)
		after = MAX(after, 2 * s->expected);
	add(g, (struct alarm_sign){.kind = ALARM_MAILBOX,
		   .name = s->name,
		   .run = s->run,
		   /* A start is no recovery. */
		   .unknown = !failing && s->last_ok == CLOCK_NONE &&
			      s->unread_for < after,
		   .bad = failing || s->unread_for >= after,
		   .bad_for = s->unread_for,
		   .after = after,
		   .words = str_c(s->error),
		   .count = s->taken});
}

static void
add_sender(void *ctx, const struct sender_status *s)
{
	struct seen *g = ctx;
	const struct watching *w = &g->c->watch;
	bool wanted = w->transport.n && str_eq(w->transport, s->name);
	bool mail = false;

	for (size_t i = 0; i < g->c->ntransports; i++)
		mail |= str_eq(g->c->transports[i].name, s->name);
	if (!mail)
		return;
	if (!s->failing_for && !g->preferred && (!g->working.n || wanted)) {
		g->working = s->name;
		g->preferred = wanted;
	}
	add(g, (struct alarm_sign){.kind = ALARM_TRANSPORT,
		   .name = s->name,
		   .run = s->run,
		   .unknown = !s->failing_for && s->last_ok == CLOCK_NONE,
		   .bad = s->failing_for > 0,
		   .bad_for = s->failing_for,
		   .after = w->unreachable_after,
		   .words = str_c(s->error)});
}

/* How full, in percent, and what of. */
static unsigned
used(const struct watch *w, struct arena *a, struct str *words)
{
	uint64_t in_use = 0, size = 0;
	struct statvfs fs;
	unsigned map, disk = 0;
	double left = 0;

	store_usage(w->store, &in_use, &size);
	map = size ? (unsigned)(in_use * 100 / size) : 0;
	if (statvfs(store_dir(w->store), &fs) == 0 && fs.f_blocks) {
		uint64_t mine = fs.f_blocks - fs.f_bfree + fs.f_bavail;

		disk = mine
			   ? (unsigned)((fs.f_blocks - fs.f_bfree) * 100 / mine)
			   : 100;
		left = (double)fs.f_bavail * (double)fs.f_frsize / 1048576.0;
	}
	if (map >= disk)
		*words = arena_printf(a,
		    "%u %% of map_size is used, %llu of %llu MiB", map,
		    (unsigned long long)in_use >> 20,
		    (unsigned long long)size >> 20);
	else
		*words = arena_printf(a,
		    "%u %% of the disk of %s is used, %.0f MiB are left", disk,
		    store_dir(w->store), left);
	return MAX(map, disk);
}

static void
add_room(struct seen *g)
{
	struct watch *w = g->w;
	struct alarm_sign s = {.kind = ALARM_DISK};
	struct str words;
	unsigned percent = used(w, g->a, &words);

	if (percent < g->c->watch.disk)
		w->disk_since = 0;
	else if (!w->disk_since)
		w->disk_since = g->mono;
	s.bad = w->disk_since != 0;
	s.bad_for = s.bad ? g->mono - w->disk_since : 0;
	s.words = words;
	add(g, s);
	add(g, (struct alarm_sign){.kind = ALARM_FULL,
		   .over = w->full_for > 0,
		   .bad_for = w->full_for,
		   .words = words});
}

/* Files are not read at each look. */
static void
add_expiring(struct seen *g)
{
	struct watch *w = g->w;
	struct expiry *v;
	size_t n;

	if (!w->expiring_at || g->mono - w->expiring_at >= FILES_MS) {
		arena_reset(&w->files);
		w->nexpiring = expiry_list(&w->files, g->c, &w->expiring);
		w->expiring_at = g->mono;
	}
	v = w->expiring;
	n = w->nexpiring;
	expiry_refresh(&w->files, v, n);
	for (size_t i = 0; i < n; i++)
		add(g, (struct alarm_sign){.kind = v[i].kind,
			   .name = v[i].name,
			   .expires = v[i].at,
			   .words = v[i].words});
}

static void
gather(struct seen *g, const struct status_sources *s)
{
	struct watch *w = g->w;
	const struct config *c = g->c;

	g->max = c->nmailboxes + c->ntransports + SPARE +
		 3 * (c->nmailboxes + c->ntransports) + c->nhooks +
		 c->settings.staff.nagents;
	g->v = arena_array(g->a, struct alarm_sign, g->max);
	if (s->feeds)
		feeds_status(s->feeds, add_feed, g);
	if (s->senders)
		senders_status(s->senders, add_sender, g);
	add_room(g);
	add(g,
	    (struct alarm_sign){
		.kind = ALARM_DOWN, .over = w->down > 0, .bad_for = w->down});
	add_expiring(g);
}

/* --- the job ----------------------------------------------------------- */

struct look_job {
	struct job job;
	struct watch *w;
	struct arena arena;
	struct health_look look;
	bool stuck; /* no transport works */
	bool once;  /* what is said once is among the signs */
};

static int
look_run(struct job *j, struct desk *d, struct txn *t, struct arena *a,
    int64_t now, struct err *err)
{
	struct look_job *b = (struct look_job *)j;

	(void)a;
	return health_look(d, t, &b->arena, &b->look, false, now, err) < 0 ? -1
									   : 0;
}

static void
tell(const struct look_job *b, const struct health_told *t)
{
	static const char *const words[] = {[ALARM_BEGIN] = "begins",
	    [ALARM_REMIND] = "lasts",
	    [ALARM_END] = "is over",
	    [ALARM_OVER] = "was"};
	const struct alarm *r = &t->alarm;
	AUTO(buf_fini) struct buf d = BUF_INIT;
	bool bad = t->act == ALARM_BEGIN || t->act == ALARM_REMIND;

	clock_duration(&d, t->lasted / CLOCK_SECOND * CLOCK_SECOND);
	log_line(bad && b->stuck       ? LOG_LEVEL_ALERT
		 : t->act == ALARM_END ? LOG_LEVEL_INFO
				       : LOG_LEVEL_WARNING,
	    "alarm", "%s%s%.*s %s after=%s mails=%zu%s%s%.*s",
	    alarm_name(r->kind), r->name.n ? "=" : "", STR_ARG(r->name),
	    words[t->act], buf_cstr(&d), t->mails,
	    bad && b->stuck && t->mails ? " which wait, for no transport works"
					: "",
	    r->words.n ? ": " : "", STR_ARG(r->words));
}

static void
look_done(struct job *j, const struct err *failed)
{
	struct look_job *b = (struct look_job *)j;
	struct watch *w = b->w;
	uint64_t one = 1;

	if (failed && failed->code != ERR_SPACE)
		log_warning("alarm", "cannot be written: %s", failed->msg);
	for (size_t i = 0; !failed && i < b->look.ntold; i++)
		tell(b, &b->look.told[i]);
	if (!failed && b->once)
		atomic_store(&w->spent, true);
	atomic_store(&w->running, false);
	if (!failed && b->look.ntold)
		(void)!write(w->fd, &one, sizeof one);
	arena_fini(&b->arena);
	mem_free(b);
}

static struct str
host_name(struct arena *a)
{
	char name[256];

	if (gethostname(name, sizeof name) < 0)
		return S("");
	name[sizeof name - 1] = '\0';
	return arena_dup(a, str_c(name));
}

static void
fill(struct look_job *b, struct seen *g)
{
	const struct watching *c = &g->c->watch;
	const struct watch *w = g->w;

	b->stuck = !g->working.n;
	b->once = w->down > 0 || w->full_for > 0;
	b->look = (struct health_look){.signs = g->v,
	    .nsigns = g->n,
	    .run = w->run,
	    .mono = g->mono,
	    .up = g->mono - w->began,
	    .steps = c->steps,
	    .nsteps = c->nsteps,
	    .to = c->to,
	    .off = c->off,
	    .transport = g->working.n ? g->working : c->transport,
	    .host = host_name(g->a),
	    .unsent_after = c->unsent_after,
	    .quarantined = c->quarantined,
	    .alive_every = MIN(c->unread_after, (int64_t)ALIVE_MS),
	    .heartbeat = c->heartbeat,
	    .every = c->every,
	    .within = c->within,
	    .probe_transport = c->probe_transport,
	    .probe_to = c->probe_to};
}

/* --- the look ---------------------------------------------------------- */

/* While there is no room nothing can be written, so nobody can be told by mail. */
static bool
is_full(struct watch *w, int64_t mono)
{
	struct writer_state st;

	writer_state(w->writer, &st);
	if (st.full) {
		if (!w->full_since) {
			w->full_since = mono;
			log_alert("alarm",
			    "full: the store cannot be written, no mail is "
			    "taken in until there is room on the disk of %s",
			    store_dir(w->store));
		}
		return true;
	}
	if (w->full_since) {
		w->full_for = MAX(mono - w->full_since, (int64_t)1);
		w->full_since = 0;
	}
	return false;
}

static void
decide(struct watch *w, const struct status_sources *s, int64_t mono)
{
	struct look_job *b = mem_new(sizeof *b);
	struct seen g = {.w = w,
	    .a = &b->arena,
	    .c = s->config,
	    .now = clock_now(),
	    .mono = mono};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct desk d = {.settings = &s->config->settings};
	struct err err = ERR_INIT;
	int r = -1;

	b->job.run = look_run;
	b->job.done = look_done;
	b->job.weight = 1;
	b->w = w;
	gather(&g, s);
	fill(b, &g);
	if (txn_read(w->store, &t, &err) == 0)
		r = health_look(&d, t, &a, &b->look, true, g.now, &err);
	txn_abort(&t);
	if (r < 0)
		log_warning("alarm", "%s", err.msg);
	if (r > 0) {
		atomic_store(&w->running, true);
		writer_submit(w->writer, &b->job);
		return;
	}
	arena_fini(&b->arena);
	mem_free(b);
}

static void
write_file(struct watch *w, const struct status_sources *s, bool running)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	const char *path = s->config->status_file.n
			       ? arena_cstr(&a, s->config->status_file)
			       : path_join(&a, s->data, "status.json");
	char line[sizeof w->status];

	status_json(s, running, &out, line, sizeof line);
	if (strcmp(line, w->status) != 0) {
		memcpy(w->status, line, sizeof line);
		sd_notifyf(0, "STATUS=%s", line);
	}
	/* The group of the data directory may look. */
	if (file_swap(path, buf_str(&out), 0640, &err) == 0)
		w->file_failed = false;
	else if (!w->file_failed) {
		w->file_failed = true;
		log_warning("alarm", "status file %s", err.msg);
	}
	w->written = clock_mono();
}

static int64_t
period(const struct config *c)
{
	const struct watching *w = &c->watch;
	int64_t ms =
	    MIN(MIN(w->unread_after, w->unreachable_after), w->unsent_after) /
	    4;

	if (w->heartbeat)
		ms = MIN(ms, MIN(w->within, w->every) / 4);
	return MIN(MAX(ms, (int64_t)SHORTEST_MS), (int64_t)LONGEST_MS);
}

int
watch_wait(const struct watch *x, const struct config *c)
{
	int64_t left = x->looked + period(c) - clock_mono();

	return !x->looked || left < 0 ? 0 : (int)left;
}

void
watch_look(struct watch *x, const struct status_sources *s, bool changed)
{
	int64_t mono = clock_mono();
	uint64_t n;

	if (changed)
		(void)!read(x->fd, &n, sizeof n);
	if (!changed && watch_wait(x, s->config) > 0)
		return;
	x->looked = mono;
	if (atomic_exchange(&x->spent, false))
		x->down = x->full_for = 0;
	if (!is_full(x, mono) && !atomic_load(&x->running))
		decide(x, s, mono);
	if (changed || !x->written || mono - x->written >= FILE_MS ||
	    period(s->config) < 5000)
		write_file(x, s, true);
}

void
watch_reload(struct watch *x)
{
	x->expiring_at = 0;
	x->looked = 0;
}

void
watch_end(struct watch *x, const struct status_sources *s)
{
	write_file(x, s, false);
}

/* --- open and close ---------------------------------------------------- */

/* How long nobody was at work: a pause of restarts is none. */
static int
read_down(struct watch *x, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct health h;

	if (txn_read(x->store, &t, err) < 0 || health_read(t, &a, &h, err) < 0)
		return -1;
	if (h.alive != CLOCK_NONE)
		x->down = MAX(clock_now() - h.alive, (int64_t)0);
	return 0;
}

int
watch_open(struct watch **out, struct store *s, struct writer *w,
    const struct config *c, struct err *err)
{
	struct watch *x = mem_new(sizeof *x);

	*out = NULL;
	x->store = s;
	x->writer = w;
	x->run = random_u64();
	x->began = clock_mono();
	x->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (x->fd < 0) {
		mem_free(x);
		return err_sys(err, ERR_TEMP, "eventfd");
	}
	*out = x;
	if (read_down(x, err) < 0)
		return -1;
	if (x->down < c->watch.unread_after +
			  MIN(c->watch.unread_after, (int64_t)ALIVE_MS))
		x->down = 0;
	return 0;
}

int
watch_fd(const struct watch *x)
{
	return x->fd;
}

void
watch_close(struct watch **px)
{
	struct watch *x = *px;

	if (!x)
		return;
	close(x->fd);
	arena_fini(&x->files);
	mem_free(x);
	*px = NULL;
}
