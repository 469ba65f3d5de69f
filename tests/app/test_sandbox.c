/* What the daemon may still do once it has shut itself in, and what not: each tried by a process that is. */
#include "app/launcher.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#if defined(WITH_SANITIZERS) || defined(__SANITIZE_THREAD__)
#define NO_SECCOMP 1
#endif

static char top[64];
static struct config_file file;
static struct config *config;

static char *
at(const char *name)
{
	static char path[4][200];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof path[i], "%s/%s", top, name);
	return path[i];
}

static void
put(const char *name, const char *text, unsigned mode)
{
	struct err err = ERR_INIT;

	must(file_replace(at(name), str_c(text), mode, &err) == 0);
}

static struct config *
load(const char *more)
{
	struct config *c;
	struct complaints bad;
	struct buf told = BUF_INIT;
	AUTO(buf_fini) struct buf text = BUF_INIT;

	buf_printf(&text,
	    "data \"%s/data\";\n" CONFIG_SITE
	    "mailbox \"in\" { maildir \"%s/in\"; after \"move:%s/done\"; }\n"
	    "mailbox \"boxed\" { maildir \"%s/box/in\"; }\n"
	    "transport \"later\" { maildir \"%s/not/yet\"; }\n"
	    "transport \"mailer\" { sendmail \"%s/mailer\"; }\n"
	    "mailbox \"imap\" { imap \"imaps://localhost\"; user \"u\"; "
	    "password_command \"/bin/echo  pass word\"; }\n%s",
	    top, top, top, top, top, top, more);
	if (config_file_load(&file, buf_str(&text), &c, &bad, &told) < 0)
		fail_msg("%s", buf_cstr(&told));
	buf_fini(&told);
	return c;
}

static int
setup(void **state)
{
	static const char *const dirs[] = {"data", "in", "in/new", "in/cur",
	    "in/tmp", "done", "done/new", "done/cur", "done/tmp", "not",
	    "elsewhere", "elsewhere/cur", "box", "box/in"};

	(void)state;
	snprintf(top, sizeof top, "/tmp/helpd-sandbox-XXXXXX");
	must(mkdtemp(top) != NULL);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		must(mkdir(at(dirs[i]), 0700) == 0);
	put("mailer",
	    "#!/bin/sh\ncase \"$*\" in\n"
	    "*hang*) sleep 60;;\n*slow*) cat >/dev/null; sleep 60;;\n"
	    "*refuse*) cat >/dev/null; exit 67;;\n"
	    "*die*) kill -9 $$;;\nesac\n"
	    "cat >$0.got; echo \"$@\" >$0.args\n",
	    0755);
	put("secret.txt", "x", 0600);
	config_file_open(&file);
	config = load("");
	return 0;
}

static int
teardown(void **state)
{
	char *argv[] = {"/bin/rm", "-rf", top, NULL};
	struct program p = {.argv = argv, .deadline = clock_mono() + 20000};
	struct err err = ERR_INIT;

	(void)state;
	config_free(&config);
	config_file_close(&file);
	return program_run(&p, &err);
}

static bool
has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		   LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

/* The exit status of fn in a process of its own that is shut in; 200 + signal. */
static int
shut_in(int (*fn)(void))
{
	pid_t pid = fork();
	struct err err = ERR_INIT;
	int status;

	must(pid >= 0);
	if (pid == 0) {
		if (sandbox_enter(config, at("data"), &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			_exit(99);
		}
		_exit(fn());
	}
	must(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? 200 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int
rename_it(void)
{
	int fd = open(at("in/tmp/1"), O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0)
		return 1;
	close(fd);
	if (rename(at("in/tmp/1"), at("in/new/1")) < 0)
		return 2;
	if (link(at("in/new/1"), at("done/tmp/1")) < 0)
		return 3;
	if (rename(at("in/new/1"), at("done/new/1")) < 0)
		return 4;
	if (mkdir(at("not/yet"), 0700) < 0 ||
	    mkdir(at("not/yet/new"), 0700) < 0)
		return 5;
	if (truncate(at("done/new/1"), 0) < 0)
		return 6;
	if (unlink(at("done/new/1")) < 0 || unlink(at("done/tmp/1")) < 0)
		return 7;
	return 0;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
use_all(void)
{
	struct addrinfo *list;
	pthread_t t;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 1;
	if (pthread_create(&t, NULL, nothing, NULL) != 0 ||
	    pthread_join(t, NULL) != 0)
		return 2;
	if (getaddrinfo("localhost", "25", NULL, &list) != 0)
		return 3;
	freeaddrinfo(list);
	if (memfd_create("x", MFD_CLOEXEC) < 0)
		return 4;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ||
	    open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
		return 5;
	return 0;
}

static void
what_it_needs(void **state)
{
	(void)state;
	assert_int_equal(shut_in(rename_it), 0);
	assert_int_equal(shut_in(use_all), 0);
}

static int
be_unprivileged(void)
{
	struct rlimit r;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	if (getrlimit(RLIMIT_CORE, &r) < 0 || r.rlim_max != 0)
		return 2;
	if (prctl(PR_CAPBSET_READ, 21 /* CAP_SYS_ADMIN */, 0, 0, 0) != 0)
		return 3;
#ifndef NO_SECCOMP
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 4;
#endif
	return 0;
}

static void
no_privileges(void **state)
{
	(void)state;
	assert_int_equal(shut_in(be_unprivileged), 0);
}

static int
write_elsewhere(void)
{
	/* Not even root may. */
	if (open(at("elsewhere/x"), O_WRONLY | O_CREAT, 0600) >= 0 ||
	    errno != EACCES)
		return 1;
	if (open(at("secret.txt"), O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open("/etc/passwd", O_WRONLY | O_APPEND) >= 0)
		return 3;
	if (symlink("/etc/passwd", at("data/link")) >= 0)
		return 4;
	if (rename(at("in/new"), at("elsewhere/new")) >= 0)
		return 5;
	if (unlink(at("secret.txt")) >= 0 || rmdir(at("elsewhere/cur")) >= 0)
		return 6;
	if (open(file.path, O_WRONLY) >= 0)
		return 7;
	return 0;
}

static void
writes_elsewhere(void **state)
{
	(void)state;
	if (!has_landlock()) {
		print_message("SKIP: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(shut_in(write_elsewhere), 0);
}

#ifndef NO_SECCOMP
static int
execute(void)
{
	execl("/bin/true", "true", NULL);
	return 1;
}

static int
execute_at(void)
{
	syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0);
	return 1;
}

static int
misbehave(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		return 1;
	if (syscall(SYS_ptrace, 0, 0, 0, 0) >= 0 || errno != EPERM)
		return 2;
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return 3;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0) != MAP_FAILED)
		return 4;
	if (mprotect(page, sizeof page, PROT_READ | PROT_EXEC) == 0)
		return 5;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT)
		return 6;
	if (socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EAFNOSUPPORT)
		return 7;
	if (setuid(0) == 0 || chroot("/tmp") == 0)
		return 8;
	if (syscall(SYS_unshare, 0x10000000) == 0 ||
	    syscall(SYS_bpf, 0, 0, 0) >= 0 || errno != EPERM)
		return 9;
	if (syscall(SYS_keyctl, 0, 0, 0) >= 0 || errno != EPERM)
		return 10;
	if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM)
		return 11;
	return 0;
}
#endif

static void
no_programs(void **state)
{
	(void)state;
#ifdef NO_SECCOMP
	print_message("SKIP: no seccomp in a build with sanitizers\n");
	skip();
#else
	assert_int_equal(shut_in(execute), 200 + SIGSYS);
	assert_int_equal(shut_in(execute_at), 200 + SIGSYS);
	assert_int_equal(shut_in(misbehave), 0);
#endif
}

static struct config *variants[5];

static int
try_covers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct err err = ERR_INIT;
		int r = sandbox_covers(variants[i], at("data"), &err);

		if (r != (i < 3 ? 0 : -1))
			return 1 + (int)i;
		if (r < 0 && (err.code != ERR_INVAL ||
				 !strstr(err.msg, "started again")))
			return 10 + (int)i;
	}
	return 0;
}

static void
new_directories(void **state)
{
	/* /…/in is granted: what is below it is, /…/inx is not. box/ is a place
	 * of mail. */
	static const char *const paths[] = {
	    NULL, "in/sub", "box/new", "elsewhere", "inx"};
	struct err err = ERR_INIT;
	char more[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		snprintf(more, sizeof more,
		    "mailbox \"new\" { maildir \"%s/%s\"; }\n", top,
		    paths[i] ? paths[i] : "");
		variants[i] = load(paths[i] ? more : "");
		/* Outside of a sandbox everything is covered. */
		assert_int_equal(
		    sandbox_covers(variants[i], at("data"), &err), 0);
	}
	if (has_landlock())
		assert_int_equal(shut_in(try_covers), 0);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		config_free(&variants[i]);
}

/* --- the launcher ------------------------------------------------------ */

static int
run(const char *to, struct str in, int64_t ms, struct program *p,
    struct err *err)
{
	static char *argv[8];
	char *words[] = {
	    at("mailer"), "-i", "-f", "<>", "--", (char *)(uintptr_t)to, NULL};

	memcpy(argv, words, sizeof words);
	*p = (struct program){
	    .argv = argv, .in = in, .deadline = clock_mono() + ms};
	return program_run(p, err);
}

static void
mailers(void **state)
{
	AUTO(buf_fini) struct buf big = BUF_INIT, got = BUF_INIT;
	struct err err = ERR_INIT;
	struct program p;
	_Atomic bool cancel = true;
	int64_t begin;

	(void)state;
	for (size_t i = 0; i < 300000; i++)
		buf_puts(&big, "a line\n");
	assert_int_equal(launcher_open(config, &err), 0);
	assert_true(launcher_pid() > 0);

	assert_int_equal(run("ann@x", buf_str(&big), 20000, &p, &err), 0);
	assert_true(WIFEXITED(p.status) && WEXITSTATUS(p.status) == 0);
	assert_int_equal(p.taken, big.n);
	assert_int_equal(file_read(at("mailer.got"), 0, &got, &err), 0);
	assert_true(str_eq(buf_str(&got), buf_str(&big)));
	buf_reset(&got);
	assert_int_equal(file_read(at("mailer.args"), 0, &got, &err), 0);
	assert_string_equal(buf_cstr(&got), "-i -f <> -- ann@x\n");

	assert_int_equal(run("refuse@x", S("x\n"), 20000, &p, &err), 0);
	assert_int_equal(WEXITSTATUS(p.status), 67);
	assert_int_equal(run("die@x", S("x\n"), 20000, &p, &err), 0);
	assert_true(WIFSIGNALED(p.status) && p.taken == 0);

	/* The deadline kills it, and says how much it had. */
	begin = clock_mono();
	assert_int_equal(run("hang@x", S("x\n"), 300, &p, &err), -1);
	assert_true(err.code == ERR_TEMP && p.taken == 0 && p.status == -1);
	err = ERR_INIT;
	assert_int_equal(run("slow@x", S("x\n"), 500, &p, &err), -1);
	assert_true(err.code == ERR_TEMP && p.taken == 2);
	err = ERR_INIT;
	p = (struct program){.argv = p.argv,
	    .in = S("x\n"),
	    .deadline = clock_mono() + 60000,
	    .cancel = &cancel};
	assert_int_equal(program_run(&p, &err), -1);
	assert_non_null(strstr(err.msg, "ending"));
	assert_true(clock_mono() - begin < 10000);
	launcher_close();
	assert_int_equal(launcher_pid(), 0);
}

static void
only_what_is_named(void **state)
{
	static const struct {
		const char *argv[8];
		bool good;
	} rows[] = {
	    {{"/bin/echo", "pass", "word"}, true},
	    {{"/bin/echo", "pass"}, false},
	    {{"/bin/echo", "pass", "word", "more"}, false},
	    {{"/bin/echo", "pass", "w"}, false},
	    {{"/bin/sh", "-c", "echo pass word"}, false},
	    {{"MAILER", "-i", "-f", "a@x", "--", "b@x"}, true},
	    {{"MAILER", "-i", "-f", "a@x", "-Cx", "b@x"}, false},
	    {{"MAILER", "-be"}, false},
	    {{"MAILER"}, false},
	    {{"/bin/true"}, false},
	};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(launcher_open(config, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = BUF_INIT;
		char *argv[9] = {NULL};
		struct program p = {.argv = argv,
		    .out = &out,
		    .out_max = 100,
		    .deadline = clock_mono() + 20000};

		for (size_t k = 0; k < 8; k++)
			argv[k] = (char *)(uintptr_t)rows[i].argv[k];
		if (strcmp(argv[0], "MAILER") == 0)
			argv[0] = at("mailer");
		err = ERR_INIT;
		if ((program_run(&p, &err) == 0) != rows[i].good)
			fail_msg("row %zu: %s", i, err.msg);
		if (!rows[i].good)
			assert_int_equal(err.code, ERR_PERM);
		buf_fini(&out);
	}
	/* It reads the configuration by itself: what is there now counts. */
	{
		struct config *c = load("mailbox \"imap2\" { imap "
					"\"imaps://localhost\"; user \"v\"; "
					"password_command \"/bin/true\"; }\n");
		char *argv[] = {"/bin/true", NULL};
		struct program p = {
		    .argv = argv, .deadline = clock_mono() + 20000};

		assert_int_equal(program_run(&p, &err), -1);
		err = ERR_INIT;
		assert_int_equal(launcher_reload(&err), 0);
		assert_int_equal(program_run(&p, &err), 0);
		config_free(&c);
		/* One with errors changes nothing. */
		must(file_replace(file.path, S("nonsense"), 0600, &err) == 0);
		assert_int_equal(launcher_reload(&err), -1);
		assert_int_equal(program_run(&p, &err), 0);
	}
	launcher_close();
}

static void
too_much(void **state)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	char *argv[] = {"/usr/bin/yes", NULL};
	struct program p = {.argv = argv,
	    .out = &out,
	    .out_max = 1000,
	    .deadline = clock_mono() + 20000};
	struct err err = ERR_INIT;

	(void)state;
	/* A process without a launcher: one for this. */
	assert_int_equal(program_run(&p, &err), -1);
	assert_int_equal(err.code, ERR_INVAL);
	assert_int_equal(launcher_pid(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_needs),
	    cmocka_unit_test(no_privileges),
	    cmocka_unit_test(writes_elsewhere),
	    cmocka_unit_test(no_programs),
	    cmocka_unit_test(new_directories),
	    cmocka_unit_test(mailers),
	    cmocka_unit_test(only_what_is_named),
	    cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
