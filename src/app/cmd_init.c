/*
 * helpd init: a configuration that works, from a few answers. Given as flags,
 * nothing is asked; on a terminal without flags each is asked for, with a
 * proposal. Nothing that exists is overwritten unless --force says so, and
 * secrets never are.
 */
#include "app/config_table.h"
#include "app/init_rules.h"
#include "app/verb.h"
#include "base/file.h"
#include "desk/locale.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

struct init {
	const struct verb_context *c;
	struct arena a;
	struct answers x;
	const char *dir;
	bool force, flags; /* flags: something was answered */
	bool asked;
	struct str password; /* typed in */
	struct strs written;
	struct strs placeholders;
};

/* The zone /etc/localtime links to. */
static struct str
local_zone(struct arena *a)
{
	char target[512];
	ssize_t n = readlink("/etc/localtime", target, sizeof target);
	struct str t, mark = S("zoneinfo/");
	ptrdiff_t at;

	if (n <= 0)
		return S("UTC");
	t = str_n(target, (size_t)n);
	at = str_find(t, mark, 0);
	if (at < 0)
		return S("UTC");
	t = arena_dup(a, str_from(t, (size_t)at + mark.n));
	return locale_zone_known(t.p) ? t : S("UTC");
}

/* One line from the terminal; the proposal when it is empty. False at the end
 * of the input. */
static bool
ask(struct init *in, const char *question, struct str proposal, struct str *out)
{
	char line[1000];

	if (proposal.n)
		fprintf(stderr, "%s [%.*s]: ", question, STR_ARG(proposal));
	else
		fprintf(stderr, "%s: ", question);
	if (!fgets(line, sizeof line, stdin))
		return false;
	*out = arena_dup(&in->a, str_trim(str_c(line)));
	if (!out->n)
		*out = proposal;
	return true;
}

static bool
ask_password(struct init *in)
{
	struct termios old, quiet;
	bool good;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return true;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	good = ask(in,
	    "Password (not shown; empty: you put it into its file later)",
	    S(""), &in->password);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return good;
}

/* "example.org" to "imaps://example.org". */
static struct str
with_scheme(struct init *in, struct str s, const char *scheme)
{
	if (!s.n || str_has(s, S("://")))
		return s;
	return arena_printf(&in->a, "%s://%.*s", scheme, STR_ARG(s));
}

static struct str
host_guess(struct init *in, const char *name)
{
	struct str domain = address_domain(in->x.address);

	return arena_printf(&in->a, "%s.%.*s", name, STR_ARG(domain));
}

/* What a command can name him by, from "Anna.Berg@example.org": the local part's letters and digits, in lower case. */
static struct str
handle_guess(struct init *in, struct str addr)
{
	struct str local = arena_lower(&in->a, address_local(addr));
	struct str out = str_sub(local, 0, 0);

	while (out.n < local.n && out.n < 40 && ch_is_alnum(local.p[out.n]))
		out.n++;
	return out.n ? out : S("anna");
}

/* "anna=anna@example.org", or the address alone. */
static void
add_agent(struct init *in, struct str arg)
{
	struct str addr = arg, name;

	if (!str_cut(&addr, '=', &name) || !addr.p) {
		addr = arg;
		name = handle_guess(in, addr);
	}
	strs_add(&in->a, &in->x.agents, str_trim(name));
	strs_add(&in->a, &in->x.agent_addresses, str_trim(addr));
}

/* "en,de": more languages. */
static void
add_languages(struct init *in, struct str list)
{
	struct str one;

	while (str_cut(&list, ',', &one))
		if (str_trim(one).n)
			strs_add(&in->a, &in->x.languages, str_trim(one));
}

static bool
ask_all(struct init *in)
{
	struct answers *x = &in->x;
	struct str language = S(""), agent = S(""), name;

	fputs("A few questions; an empty answer takes what is in brackets.\n",
	    stderr);
	while (!x->address.n)
		if (!ask(in, "Support address", S(""), &x->address))
			return false;
	if (!ask(in, "Name of the site, for subjects: [NAME #1042]",
		S("Support"), &x->site) ||
	    !ask(in, "IMAP server (or the path of a Maildir)",
		host_guess(in, "imap"), &x->imap))
		return false;
	if (str_starts(x->imap, S("/"))) {
		x->maildir = x->imap;
		x->imap = S("");
	} else if (!ask(in, "User to log in as", x->address, &x->imap_user) ||
		   !ask_password(in)) {
		return false;
	}
	if (!ask(in, "SMTP server (or the path of a Maildir)",
		host_guess(in, "smtp"), &x->smtp))
		return false;
	if (str_starts(x->smtp, S("/"))) {
		x->out_maildir = x->smtp;
		x->smtp = S("");
	}
	if (!ask(in, "Time zone", local_zone(&in->a), &x->timezone) ||
	    !ask(in, "Language", S("en"), &language))
		return false;
	add_languages(in, language);
	if (!ask(in,
		"Own address of the first agent, who answers from his mail "
		"client (empty: nobody yet)",
		S(""), &agent))
		return false;
	if (!agent.n)
		return true;
	if (!ask(in, "Short name of that agent, as in #assign NAME",
		handle_guess(in, agent), &name))
		return false;
	strs_add(&in->a, &x->agents, name);
	strs_add(&in->a, &x->agent_addresses, agent);
	return ask(in,
	    "Name your mail server writes at the start of "
	    "Authentication-Results (empty: it writes none)",
	    S(""), &x->trust_authserv);
}

enum flag {
	FLAG_DIR = 256,
	FLAG_SITE,
	FLAG_ADDRESS,
	FLAG_IMAP,
	FLAG_USER,
	FLAG_PASSWORD_FILE,
	FLAG_SMTP,
	FLAG_SMTP_USER,
	FLAG_SMTP_PASSWORD_FILE,
	FLAG_MAILDIR,
	FLAG_OUT_MAILDIR,
	FLAG_DATA,
	FLAG_TIMEZONE,
	FLAG_LANGUAGE,
	FLAG_AGENT,
	FLAG_TRUST,
	FLAG_TRUST_AUTHSERV,
	FLAG_FORCE,
};

/* From where the command was given, for paths on the command line. */
static struct str
whole_path(struct init *in, const char *path)
{
	char cwd[4096];

	if (*path == '/' || !getcwd(cwd, sizeof cwd))
		return str_c(path);
	return str_c(path_join(&in->a, cwd, path));
}

static void
take_flag(struct init *in, int flag, const char *value)
{
	struct answers *x = &in->x;
	struct str *const where[] = {
	    [FLAG_SITE - FLAG_DIR] = &x->site,
	    [FLAG_ADDRESS - FLAG_DIR] = &x->address,
	    [FLAG_IMAP - FLAG_DIR] = &x->imap,
	    [FLAG_USER - FLAG_DIR] = &x->imap_user,
	    [FLAG_SMTP - FLAG_DIR] = &x->smtp,
	    [FLAG_SMTP_USER - FLAG_DIR] = &x->smtp_user,
	    [FLAG_TIMEZONE - FLAG_DIR] = &x->timezone,
	    [FLAG_TRUST - FLAG_DIR] = &x->trust,
	    [FLAG_TRUST_AUTHSERV - FLAG_DIR] = &x->trust_authserv,
	};

	in->flags = in->flags || (flag != FLAG_DIR && flag != FLAG_FORCE);
	switch (flag) {
	case FLAG_DIR:
		in->dir = value;
		break;
	case FLAG_FORCE:
		in->force = true;
		break;
	case FLAG_LANGUAGE:
		add_languages(in, str_c(value));
		break;
	case FLAG_AGENT:
		add_agent(in, str_c(value));
		break;
	case FLAG_PASSWORD_FILE:
		x->imap_password_file = whole_path(in, value);
		break;
	case FLAG_SMTP_PASSWORD_FILE:
		x->smtp_password_file = whole_path(in, value);
		break;
	case FLAG_MAILDIR:
		x->maildir = whole_path(in, value);
		break;
	case FLAG_OUT_MAILDIR:
		x->out_maildir = whole_path(in, value);
		break;
	case FLAG_DATA:
		x->data = whole_path(in, value);
		break;
	default:
		*where[flag - FLAG_DIR] = str_c(value);
		break;
	}
}

static bool
read_flags(struct init *in, int argc, char **argv)
{
	static const struct option flags[] = {
	    {"dir", required_argument, NULL, FLAG_DIR},
	    {"site", required_argument, NULL, FLAG_SITE},
	    {"address", required_argument, NULL, FLAG_ADDRESS},
	    {"imap", required_argument, NULL, FLAG_IMAP},
	    {"user", required_argument, NULL, FLAG_USER},
	    {"password-file", required_argument, NULL, FLAG_PASSWORD_FILE},
	    {"smtp", required_argument, NULL, FLAG_SMTP},
	    {"smtp-user", required_argument, NULL, FLAG_SMTP_USER},
	    {"smtp-password-file", required_argument, NULL,
		FLAG_SMTP_PASSWORD_FILE},
	    {"maildir", required_argument, NULL, FLAG_MAILDIR},
	    {"out-maildir", required_argument, NULL, FLAG_OUT_MAILDIR},
	    {"data", required_argument, NULL, FLAG_DATA},
	    {"timezone", required_argument, NULL, FLAG_TIMEZONE},
	    {"language", required_argument, NULL, FLAG_LANGUAGE},
	    {"agent", required_argument, NULL, FLAG_AGENT},
	    {"trust", required_argument, NULL, FLAG_TRUST},
	    {"trust-authserv", required_argument, NULL, FLAG_TRUST_AUTHSERV},
	    {"force", no_argument, NULL, FLAG_FORCE},
	    {NULL, 0, NULL, 0},
	};
	int f;

	optind = 0;
	while ((f = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (f == '?')
			return false;
		take_flag(in, f, optarg);
	}
	return optind == argc;
}

/* What was not said follows from what was. */
static void
complete(struct init *in)
{
	struct answers *x = &in->x;

	x->imap = with_scheme(in, x->imap, "imaps");
	x->smtp = with_scheme(in, x->smtp, "submission");
	if (!x->site.n)
		x->site = S("Support");
	if (x->imap.n && !x->imap_user.n)
		x->imap_user = x->address;
	if (x->imap.n && !x->imap_password_file.n)
		x->imap_password_file = S("secret/support");
	if (x->smtp.n && !x->smtp_user.n && !str_has(x->smtp, S("+plain:")))
		x->smtp_user = x->imap_user.n ? x->imap_user : x->address;
	if (x->smtp_user.n && !x->smtp_password_file.n)
		x->smtp_password_file =
		    str_eq(x->smtp_user, x->imap_user) && x->imap.n
			? x->imap_password_file
			: S("secret/smtp");
	if (!x->timezone.n)
		x->timezone = local_zone(&in->a);
	if (!x->languages.n)
		strs_add(&in->a, &x->languages, S("en"));
	if (in->asked && x->agents.n && !x->trust_authserv.n && !x->trust.n)
		x->trust = S("token");
	/* Someone who is not root is trying things out. */
	if (!x->data.n && in->c->data_dir)
		x->data = whole_path(in, in->c->data_dir);
	if (!x->data.n)
		x->data = geteuid() == 0 ? S("/var/lib/helpd") : S("data");
}

static int
missing(struct init *in)
{
	const struct answers *x = &in->x;

	if (!x->address.n)
		return verb_fail(
		    in->c, EX_USAGE, "which support address? --address ADDR");
	if (!x->imap.n && !x->maildir.n)
		return verb_fail(in->c, EX_USAGE,
		    "where does mail come from? --imap SERVER or --maildir "
		    "DIR");
	if (!x->smtp.n && !x->out_maildir.n)
		return verb_fail(in->c, EX_USAGE,
		    "how does mail leave? --smtp SERVER or --out-maildir DIR");
	return 0;
}

/* Reads what would be written, from a directory of its own, so that a wrong
 * answer leaves nothing behind. */
static int
try_out(struct init *in, struct str text, struct str agents, struct str sla)
{
	char *dir = arena_cstr(&in->a, S("/tmp/helpd-init-XXXXXX"));
	struct complaints bad = {0};
	struct config *c = NULL;
	struct err err = ERR_INIT;
	char *file, *staff, *levels;
	int r;

	if (!mkdtemp(dir))
		return verb_fail(
		    in->c, EX_CANTCREAT, "%s: cannot be made", dir);
	file = path_join(&in->a, dir, "helpd.conf");
	staff = path_join(&in->a, dir, "agents.conf");
	levels = path_join(&in->a, dir, "sla.conf");
	r = file_replace(file, text, 0600, &err);
	if (r == 0)
		r = file_replace(staff, agents, 0600, &err);
	if (r == 0)
		r = file_replace(levels, sla, 0600, &err);
	if (r == 0)
		r = config_load(dir, &c, &bad);
	unlink(file);
	unlink(staff);
	unlink(levels);
	rmdir(dir);
	if (err.code) {
		config_free(&c);
		return verb_err(in->c, &err);
	}
	for (size_t i = 0; i < bad.n; i++)
		/* One answer may stand in several places. */
		if (!bad.v[i].warning &&
		    (i == 0 || !str_eq(bad.v[i].msg, bad.v[i - 1].msg)))
			verb_fail(
			    in->c, EX_USAGE, "%.*s", STR_ARG(bad.v[i].msg));
	config_free(&c);
	return r < 0 ? EX_USAGE : 0;
}

/* The daemon's user owns its secrets, when there is that user and root asks. */
static void
give_to_daemon(const char *path)
{
	const struct passwd *pw;

	if (geteuid() != 0 || !(pw = getpwnam("helpd")))
		return;
	if (lchown(path, pw->pw_uid, pw->pw_gid) < 0)
		fprintf(stderr, "helpd: init: %s: %m\n", path);
}

static void
note_written(struct init *in, const char *path)
{
	strs_add(&in->a, &in->written, str_c(path));
}

static int
make_dir(struct init *in, const char *name, unsigned mode, struct err *err)
{
	char *path = path_join(&in->a, in->dir, name);
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	if (dir_make(path, mode, err) < 0)
		return -1;
	note_written(in, path);
	return 0;
}

/* An empty file for a password, or one with what was typed in. Never touches an
 * existing one. */
static int
make_secret(
    struct init *in, struct str name, struct str password, struct err *err)
{
	struct buf line = BUF_INIT;
	char *path;
	int fd, r = 0;

	if (!name.n || name.p[0] == '/')
		return 0;
	path = path_join(&in->a, in->dir, arena_cstr(&in->a, name));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : err_sys(err, ERR_PERM, "%s", path);
	buf_put(&line, password);
	if (password.n) {
		buf_putc(&line, '\n');
		r = fd_write_all(fd, buf_str(&line), err);
	} else {
		strs_add(&in->a, &in->placeholders, str_c(path));
	}
	buf_fini(&line);
	close(fd);
	give_to_daemon(path);
	note_written(in, path);
	return r;
}

/* Somebody's list of agents goes only for another one, and only when he says so. */
static int
write_agents(struct init *in, struct str agents, struct err *err)
{
	char *path = path_join(&in->a, in->dir, "agents.conf");
	struct stat st;

	if (lstat(path, &st) == 0 && !(in->force && in->x.agents.n))
		return 0;
	if (file_replace(path, agents, 0644, err) < 0)
		return -1;
	note_written(in, path);
	return 0;
}

/* What is promised already stays promised. */
static int
write_sla(struct init *in, struct str sla, struct err *err)
{
	char *path = path_join(&in->a, in->dir, "sla.conf");
	struct stat st;

	if (lstat(path, &st) == 0)
		return 0;
	if (file_replace(path, sla, 0644, err) < 0)
		return -1;
	note_written(in, path);
	return 0;
}

/* An example where there are no rules yet, and its test. */
static int
write_rules(struct init *in, struct err *err)
{
	char *dir = path_join(&in->a, in->dir, "rules.d");
	char *rules = path_join(&in->a, dir, "00-example.sieve");
	char *tests = path_join(&in->a, dir, "tests");
	char *test = path_join(&in->a, tests, "00-example.svtest");

	if (access(dir, F_OK) == 0)
		return 0;
	if (make_dir(in, "rules.d", 0755, err) < 0 ||
	    dir_make(tests, 0755, err) < 0 ||
	    file_replace(rules, str_c(init_rules_example), 0644, err) < 0 ||
	    file_replace(test, str_c(init_rules_test), 0644, err) < 0)
		return -1;
	note_written(in, rules);
	note_written(in, test);
	return 0;
}

static int
write_all(struct init *in, struct str text, struct str agents, struct str sla,
    struct err *err)
{
	char *conf = path_join(&in->a, in->dir, "helpd.conf");
	char *secret = path_join(&in->a, in->dir, "secret");
	const struct answers *x = &in->x;
	struct stat st;

	if (dir_make(in->dir, 0755, err) < 0)
		return -1;
	if (stat(secret, &st) < 0) {
		if (make_dir(in, "secret", 0700, err) < 0)
			return -1;
		give_to_daemon(secret);
	}
	if (make_dir(in, "templates", 0755, err) < 0 ||
	    write_rules(in, err) < 0 ||
	    make_secret(in, x->imap_password_file, in->password, err) < 0 ||
	    make_secret(in, x->smtp_password_file, S(""), err) < 0 ||
	    make_dir(in, "holidays", 0755, err) < 0 ||
	    write_agents(in, agents, err) < 0 || write_sla(in, sla, err) < 0 ||
	    file_replace(conf, text, 0644, err) < 0)
		return -1;
	note_written(in, conf);
	return 0;
}

static void
tell(struct init *in)
{
	const char *c = in->dir;

	if (in->c->json) {
		json_t *o = json_object(), *files = json_array();
		json_t *empty = json_array();

		for (size_t i = 0; i < in->written.n; i++)
			json_array_append_new(
			    files, json_string(in->written.v[i].p));
		for (size_t i = 0; i < in->placeholders.n; i++)
			json_array_append_new(
			    empty, json_string(in->placeholders.v[i].p));
		json_object_set_new(o, "dir", json_string(c));
		json_object_set_new(o, "written", files);
		json_object_set_new(o, "passwords_needed", empty);
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
		return;
	}
	for (size_t i = 0; i < in->written.n; i++)
		printf("wrote %.*s\n", STR_ARG(in->written.v[i]));
	printf("\nNext:\n");
	for (size_t i = 0; i < in->placeholders.n; i++)
		printf("  put the password into %.*s\n",
		    STR_ARG(in->placeholders.v[i]));
	printf("  helpd -c %s check --connect    is all of it right, and do "
	       "the servers let us in?\n"
	       "  helpd -c %s run --once         handle what is waiting, once\n"
	       "  helpd -c %s run                the daemon; under systemd: "
	       "systemctl enable --now helpd\n",
	    c, c, c);
}

static int
run(struct init *in, int argc, char **argv)
{
	AUTO(buf_fini) struct buf text = BUF_INIT, agents = BUF_INIT;
	AUTO(buf_fini) struct buf sla = BUF_INIT;
	struct err err = ERR_INIT;
	const char *conf;
	struct stat st;
	int r;

	if (!read_flags(in, argc, argv))
		return verb_usage(in->c);
	conf = path_join(&in->a, in->dir, "helpd.conf");
	if (!in->force && lstat(conf, &st) == 0)
		return verb_fail(in->c, EX_CANTCREAT,
		    "%s is there already; --force writes a new one", conf);
	in->asked = !in->flags && isatty(STDIN_FILENO);
	if (in->asked && !ask_all(in))
		return verb_fail(
		    in->c, EX_USAGE, "the answers ended; nothing was written");
	complete(in);
	r = missing(in);
	if (r)
		return r;
	config_write(&text, &in->x);
	config_write_agents(&agents, &in->x);
	config_write_sla(&sla, &in->x);
	r = try_out(in, buf_str(&text), buf_str(&agents), buf_str(&sla));
	if (r)
		return r;
	if (write_all(
		in, buf_str(&text), buf_str(&agents), buf_str(&sla), &err) < 0)
		return verb_err(in->c, &err);
	tell(in);
	return 0;
}

int
cmd_init(struct verb_context *c, int argc, char **argv)
{
	struct init in = {.c = c, .dir = c->config_dir};
	int r = run(&in, argc, argv);

	arena_fini(&in.a);
	return r;
}
