#include "app/session.h"
#include "app/control.h"
#include "app/sealing.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/must.h"
#include "desk/rules.h"
#include "desk/settle.h"
#include "store/term.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static void
print_complaints(const struct complaints *bad)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;

	complaints_print(&out, bad);
	fwrite(buf_cstr(&out), 1, out.n, stderr);
}

/* Without these customers get a few plain words only: helpd is not installed, or was moved. */
static void
need_templates(const struct settings *s, const struct templates *t,
    struct arena *a, struct complaints *bad)
{
	static const char *const needed[] = {
	    "ack", "reply", "status", "closed", "reminder"};
	struct str last = s->template_dirs.v[s->template_dirs.n - 1];
	struct str lang = s->languages.n ? s->languages.v[0] : S("en");

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!templates_has(t, needed[i])) {
			struct place at = {arena_cstr(a, last), 1, 1};

			complain_warning(a, bad, at,
			    "there is no template \"%s\" for %.*s here: is "
			    "helpd "
			    "installed? (HELPD_SHARE in the environment names "
			    "another place than this)",
			    needed[i], STR_ARG(lang));
		}
}

static int
load_templates(const struct config *c, struct arena *a, struct templates **out,
    struct complaints *bad)
{
	const struct settings *s = &c->settings;
	size_t before;

	if (templates_load(a, &s->template_dirs,
		s->languages.n ? s->languages.v[0] : S("en"), out, bad) < 0)
		return -1;
	need_templates(s, *out, a, bad);
	before = bad->errors;
	rules_judge_templates(s->rules, *out, a, bad);
	return bad->errors > before ? -1 : 0;
}

int
session_load(struct verb_context *c, struct config **config, struct arena *a,
    struct templates **templates)
{
	struct complaints bad = {0};
	int r = config_load(c->config_dir, config, &bad);

	if (r == 0 && templates)
		r = load_templates(*config, a, templates, &bad);
	/* Who only reads tickets was warned by check, and the daemon was. */
	if (bad.errors || (bad.n && templates))
		print_complaints(&bad);
	return r;
}

static int
become(const struct verb_context *c, uid_t uid, gid_t gid, const char *name)
{
	if (initgroups(name ? name : "nobody", gid) < 0 || setgid(gid) < 0 ||
	    setuid(uid) < 0)
		return verb_fail(c, EX_OSERR, "cannot become user %ld: %s",
		    (long)uid, strerror(errno));
	return EX_OK;
}

static bool
is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n = 0;

	if (!d)
		return false;
	while ((e = readdir(d)))
		n +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n == 0;
}

/*
 * As root: the data directory's owner. One that is yet to be made, or that root
 * has just made by hand, is given to the configured user. The group is the
 * configured one, whose members may use `helpd deliver`.
 */
static int
drop_root(struct session *s, const struct verb_context *c, bool create)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	const struct group *gr;
	const struct passwd *pw;
	struct stat st;
	struct err err = ERR_INIT;
	bool is_there;
	gid_t gid;

	if (geteuid() != 0)
		return EX_OK;
	gr = getgrnam(arena_cstr(&a, s->config->group));
	is_there = stat(s->data, &st) == 0;
	if (is_there && st.st_uid) {
		pw = getpwuid(st.st_uid);
		gid = gr ? gr->gr_gid : pw ? pw->pw_gid : st.st_gid;
		return become(c, st.st_uid, gid, pw ? pw->pw_name : NULL);
	}
	pw = getpwnam(arena_cstr(&a, s->config->user));
	if (!pw || pw->pw_uid == 0 || !create ||
	    (is_there && !is_empty(s->data)))
		return EX_OK;
	gid = gr ? gr->gr_gid : pw->pw_gid;
	if (dir_make(s->data, 0710, &err) < 0 || chmod(s->data, 0710) < 0 ||
	    chown(s->data, pw->pw_uid, gid) < 0)
		return verb_fail(c, EX_CANTCREAT, "%s: %s", s->data,
		    err.code ? err.msg : strerror(errno));
	return become(c, pw->pw_uid, gid, pw->pw_name);
}

char *
session_path(struct session *s, const char *name)
{
	return path_join(&s->arena, s->data, name);
}

static int
session_templates(struct session *s)
{
	struct complaints bad = {0};
	int r = load_templates(s->config, &s->arena, &s->templates, &bad);

	if (bad.n)
		print_complaints(&bad);
	return r;
}

static int
open_desk(struct session *s, struct verb_context *c)
{
	struct err err = ERR_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct txn *done;

	if (txn_write(s->store, &t, &err) < 0 ||
	    keyring_load(t, clock_now(), &s->keys, &err) < 0)
		return verb_err(c, &err);
	done = t;
	t = NULL;
	if (txn_commit(done, &err) < 0)
		return verb_err(c, &err);
	s->desk = (struct desk){
	    .settings = &s->config->settings,
	    .templates = s->templates,
	    .keys = s->keys,
	    .terms = term_batch_new(),
	};
	return EX_OK;
}

int
session_own(struct session *s, struct verb_context *c)
{
	return drop_root(s, c, true);
}

int
session_open_store(struct session *s, struct verb_context *c, int need)
{
	struct err err = ERR_INIT;
	struct store_options o = {
	    .create = need & SESSION_CREATE,
	    .map_size = s->config->map_size,
	};

	if ((need & SESSION_DESK) && !s->templates && session_templates(s) < 0)
		return verb_fail(c, EX_CONFIG,
		    "the templates of %s have errors", c->config_dir);
	if (o.create && dir_make(s->data, 0710, &err) < 0)
		return verb_err(c, &err);
	if (store_open(&s->store, session_path(s, "store"), &o, &err) < 0) {
		if (err.code == ERR_NOENT)
			return verb_fail(c, EX_NOINPUT,
			    "there is no store in %s yet; helpd run makes it",
			    s->data);
		return verb_err(c, &err);
	}
	if (sealing_begin(s->store, s->config, s->data, &err) < 0)
		return verb_err(c, &err);
	return need & SESSION_DESK ? open_desk(s, c) : EX_OK;
}

int
session_open(struct session *s, struct verb_context *c, int need)
{
	int status;

	*s = (struct session){0};
	if (session_load(c, &s->config, &s->arena,
		need & SESSION_DESK ? &s->templates : NULL) < 0)
		return verb_fail(c, EX_CONFIG,
		    "the configuration in %s has errors", c->config_dir);
	s->data =
	    c->data_dir ? c->data_dir : arena_cstr(&s->arena, s->config->data);
	if (!(need & (SESSION_STORE | SESSION_CREATE)))
		return EX_OK;
	status = drop_root(s, c, need & SESSION_CREATE);
	return status == EX_OK ? session_open_store(s, c, need) : status;
}

void
session_close(struct session *s)
{
	if (s->desk.terms)
		term_batch_free(s->desk.terms);
	keyring_free(s->keys);
	if (s->store)
		store_close(s->store);
	config_free(&s->config);
	arena_fini(&s->arena);
	*s = (struct session){0};
}

int
session_write(struct session *s, struct verb_context *c,
    int (*fn)(struct session *s, struct txn *t, struct arena *a, int64_t now,
	void *ctx, struct err *err),
    void *ctx)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf reply = BUF_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	int64_t now = clock_now();
	struct err err = ERR_INIT;
	struct txn *done;

	if (txn_write(s->store, &t, &err) < 0 ||
	    fn(s, t, &a, now, ctx, &err) < 0 ||
	    desk_settle(&s->desk, t, &a, now, &err) < 0 ||
	    txn_error(t, &err) < 0)
		return verb_err(c, &err);
	if (s->desk.terms)
		term_batch_put(t, s->desk.terms);
	done = t;
	t = NULL;
	if (txn_commit(done, &err) < 0)
		return verb_err(c, &err);
	/* The daemon, if one runs, is told that mail may wait; if none does,
	 * the next one finds it. */
	control_ask(session_path(s, "helpd.sock"), "wake", 2, &reply, NULL);
	return EX_OK;
}

struct str
session_actor(struct arena *a)
{
	uid_t uid = getuid();
	const char *login = getenv("SUDO_USER");
	struct passwd *pw = getpwuid(uid);

	if (login && *login && strlen(login) < 64)
		return arena_printf(a, "cli:%s", login);
	if (pw)
		return arena_printf(a, "cli:%s", pw->pw_name);
	return arena_printf(a, "cli:%ld", (long)uid);
}

int
session_ticket(struct txn *t, struct arena *a, uint64_t id, struct ticket *out,
    struct err *err)
{
	int r = ticket_get(t, a, id, out);

	if (r == 0)
		return err_set(err, ERR_NOENT, "there is no ticket #%llu",
		    (unsigned long long)id);
	return r < 0 ? txn_error(t, err) : 0;
}
