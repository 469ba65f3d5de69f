/*
 * seccomp: a list of what is refused, not of what is allowed. What the daemon
 * itself calls could be listed, but below it are the C library's resolver with
 * whatever nsswitch.conf loads, OpenSSL, libcurl and ICU of many versions, and
 * an allow-list that lacks one call of theirs stops a helpdesk at night after an
 * upgrade. The parsers, which do meet hostile bytes, have an allow-list
 * (jail_worker.c). Here what matters is refused: other programs (nobody but
 * code of an intruder calls execve here, so that ends the process), other
 * processes, and everything that only an administrator needs.
 *
 * Landlock ties rules to inodes, and a Maildir may be removed and made anew, or
 * mounted, while the daemon runs. So the directory it lies in is granted, where
 * that is a place of mail (/var/mail) and not somebody's home or a part of the
 * system: then a reload can name the neighbours, too. Anything else that a
 * reload names for the first time is out of reach until the next start, and
 * refused.
 */
#include "app/sandbox.h"
#include "base/file.h"
#include "base/log.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pwd.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(WITH_SANITIZERS) || defined(__SANITIZE_THREAD__) || \
    defined(__SANITIZE_ADDRESS__)
#define NO_SECCOMP 1
#endif

/* --- privileges -------------------------------------------------------- */

/* Root (who was warned) handles other people's files, and ends its parsers. */
static const unsigned kept_by_root[] = {CAP_CHOWN, CAP_DAC_OVERRIDE,
    CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL};

static int
drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct has[2] = {{0}}, d[2] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned long i = 0; i <= 63; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	if (syscall(SYS_capget, &h, has) < 0)
		return err_sys(err, ERR_TEMP, "capget");
	if (geteuid() == 0)
		for (size_t i = 0; i < ARRAY_LEN(kept_by_root); i++)
			d[0].permitted |=
			    has[0].permitted & 1u << kept_by_root[i];
	d[0].effective = d[0].permitted;
	/* A unit of systemd that lets us have none refuses the call as well. */
	if (memcmp(has, d, sizeof d) != 0 && syscall(SYS_capset, &h, d) < 0)
		return err_sys(err, ERR_TEMP, "cannot drop capabilities");
	return 0;
}

static int
drop_privileges(struct err *err)
{
	static const struct rlimit none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, ERR_TEMP, "no_new_privs");
	if (drop_capabilities(err) < 0)
		return -1;
	/* Keys and passwords are in our memory. */
	setrlimit(RLIMIT_CORE, &none);
#ifndef NO_SECCOMP
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	return 0;
}

/* --- seccomp ----------------------------------------------------------- */

#ifndef NO_SECCOMP
static const int deadly[] = {SCMP_SYS(execve), SCMP_SYS(execveat)};

static const int refused[] = {
    /* processes */
    SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(unshare), SCMP_SYS(setns),
    SCMP_SYS(personality), SCMP_SYS(modify_ldt),
    /* who we are */
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
    /* the file tree */
    SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(open_tree), SCMP_SYS(move_mount),
    SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(mknod), SCMP_SYS(mknodat),
    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(fanotify_init), SCMP_SYS(acct),
    /* the kernel */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(keyctl), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(lookup_dcookie), SCMP_SYS(syslog), SCMP_SYS(iopl),
    SCMP_SYS(ioperm), SCMP_SYS(reboot), SCMP_SYS(vhangup),
    /* the machine's clock and name */
    SCMP_SYS(settimeofday), SCMP_SYS(stime), SCMP_SYS(clock_settime),
    SCMP_SYS(clock_settime64), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_adjtime64), SCMP_SYS(sethostname), SCMP_SYS(setdomainname)};

/* Threads, but no processes: glibc takes clone when clone3, whose flags no
 * filter can see, is not there. */
static int
refuse_processes(scmp_filter_ctx f)
{
	int r =
	    seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone),
		    1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return r;
}

/* What was written is not executed. Libraries are still loaded (a name service
 * of nsswitch.conf, a provider of OpenSSL): those are files. */
static int
refuse_code(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect),
	    1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(pkey_mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap),
		    1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE,
			PROT_EXEC | PROT_WRITE));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap),
		    2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	return r;
}

/* TCP, local sockets, and the netlink by which the resolver asks for our
 * addresses: those three numbers and AF_INET6 are what socket(2) may name. */
static int
refuse_families(scmp_filter_ctx f)
{
	static const unsigned gaps[][2] = {
	    {AF_INET + 1, AF_INET6 - 1}, {AF_INET6 + 1, AF_NETLINK - 1}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(gaps); i++)
		for (unsigned n = gaps[i][0]; r == 0 && n <= gaps[i][1]; n++)
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT),
			    SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, n));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		    SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	return r;
}

static int
load_filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? seccomp_attr_set(
			f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
		  : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(deadly); i++)
		r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(refused); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (r == 0)
		r = refuse_processes(f);
	if (r == 0)
		r = refuse_code(f);
	if (r == 0)
		r = refuse_families(f);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}
#endif

/* A container without seccomp still runs a helpdesk. */
static bool
enter_seccomp(void)
{
#ifdef NO_SECCOMP
	/* Their leak checker traces us at the end. */
	return false;
#else
	int r = load_filter();

	if (r < 0)
		log_warning("sandbox",
		    "no system call filter (seccomp) here: %s", strerror(-r));
	return r == 0;
#endif
}

/* --- directories ------------------------------------------------------- */

#define READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                             \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |   \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |   \
	    LANDLOCK_ACCESS_FS_REFER)
/* Handled, so that nobody may. */
#define NEVER                                                              \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |       \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

struct places {
	struct arena *a;
	struct strs write, read; /* as configured */
};

/* Resolved, and its nearest parent that is there; empty: only "/" is. */
static struct str
resolve(struct arena *a, struct str path)
{
	char real[PATH_MAX];
	struct str p = path;

	while (p.n > 1) {
		ptrdiff_t slash;

		if (realpath(arena_cstr(a, p), real)) {
			if (strcmp(real, "/") == 0)
				break;
			return arena_dup(a, str_c(real));
		}
		slash = str_rchr(p, '/');
		p = str_sub(p, 0, slash > 0 ? (size_t)slash : 0);
	}
	return str_n(NULL, 0);
}

static struct str
parent_of(struct str path)
{
	ptrdiff_t slash = str_rchr(path, '/');

	return str_sub(path, 0, slash > 0 ? (size_t)slash : 0);
}

/* Files are replaced by others of their name: so their directory. */
static void
add_file(struct places *p, struct str file)
{
	if (file.n)
		strs_add(p->a, &p->read, parent_of(file));
}

static struct places *links; /* nftw(3) has no argument */

static int
on_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	char real[PATH_MAX];

	(void)st;
	if (kind == FTW_SL && realpath(path, real))
		add_file(links, arena_dup(links->a, str_c(real)));
	return at->level > 8;
}

/* What symbolic links in the configuration lead to. */
static void
add_links(struct places *p, struct str dir)
{
	links = p;
	nftw(arena_cstr(p->a, dir), on_entry, 16, FTW_PHYS);
	links = NULL;
}

static void
add_environment(struct places *p)
{
	static const char *const names[] = {"CREDENTIALS_DIRECTORY",
	    "HELPD_SHARE", "SSL_CERT_DIR", "TZDIR", "ICU_DATA"};
	const char *v;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if ((v = getenv(names[i])) && *v == '/')
			strs_add(p->a, &p->read, arena_dup(p->a, str_c(v)));
	if ((v = getenv("SSL_CERT_FILE")) && *v == '/')
		add_file(p, arena_dup(p->a, str_c(v)));
}

static void
collect(struct places *p, const struct config *c, const char *data)
{
	ptrdiff_t slash = str_rchr(c->status_file, '/');

	strs_add(p->a, &p->write, str_c(data));
	if (slash > 0)
		strs_add(
		    p->a, &p->write, str_sub(c->status_file, 0, (size_t)slash));
	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *m = &c->mailboxes[i];

		if (m->path.n)
			strs_add(p->a, &p->write, m->path);
		if (m->kind == MAILBOX_MAILDIR && m->after == AFTER_MOVE)
			strs_add(p->a, &p->write, m->after_arg);
		add_file(p, m->secret.file);
		add_file(p, m->ca_file);
	}
	for (size_t i = 0; i < c->ntransports; i++) {
		const struct transport *t = &c->transports[i];

		if (t->kind == TRANSPORT_MAILDIR)
			strs_add(p->a, &p->write, t->path);
		add_file(p, t->secret.file);
		add_file(p, t->ca_file);
	}
	for (size_t i = 0; i < c->nhooks; i++) {
		add_file(p, c->hooks[i].secret.file);
		add_file(p, c->hooks[i].ca_file);
	}
	strs_add(p->a, &p->read, c->dir);
	strs_add(p->a, &p->read, c->templates);
	for (size_t i = 0; i < c->settings.template_dirs.n; i++)
		strs_add(p->a, &p->read, c->settings.template_dirs.v[i]);
	add_environment(p);
	add_links(p, c->dir);
}

static bool
is_home(struct str dir, uid_t uid)
{
	char mem[4096];
	struct passwd p, *found = NULL;

	return getpwuid_r(uid, &p, mem, sizeof mem, &found) == 0 && found &&
	       str_eq(str_c(found->pw_dir), dir);
}

static bool
is_at_or_below(struct str path, struct str dir)
{
	return str_starts(path, dir) &&
	       (path.n == dir.n || path.p[dir.n] == '/');
}

/* A directory of Maildirs: not at the top, nothing of the system's or of ours,
 * nobody's home. */
static bool
is_place_of_mail(
    struct places *p, struct str dir, const struct config *c, const char *data)
{
	static const char *const others[] = {"/etc", "/usr", "/boot", "/lib",
	    "/lib64", "/bin", "/sbin", "/dev", "/proc", "/sys", "/run", "/root",
	    "/opt", "/var/lib", "/var/log", "/var/spool/cron"};
	const char *path = arena_cstr(p->a, dir);
	struct stat st;

	if (str_rchr(dir, '/') <= 0 || stat(path, &st) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (is_at_or_below(dir, str_c(others[i])) ||
		    is_at_or_below(str_c(others[i]), dir))
			return false;
	return !is_at_or_below(resolve(p->a, c->dir), dir) &&
	       !is_at_or_below(resolve(p->a, str_c(data)), dir) &&
	       !is_home(dir, st.st_uid) && !is_home(dir, geteuid());
}

static void
add_neighbours(struct places *p, const struct config *c, const char *data)
{
	size_t n = p->write.n;

	for (size_t i = 0; i < n; i++) {
		struct str dir = parent_of(resolve(p->a, p->write.v[i]));

		if (is_place_of_mail(p, dir, c, data))
			strs_add(p->a, &p->write, dir);
	}
}

/* --- Landlock ---------------------------------------------------------- */

/* What was granted, resolved, for sandbox_covers(); ends with the process. */
static struct arena granted_arena;
static struct strs granted_write, granted_read;
static bool restricted;

/* Where the system keeps what its libraries read. */
static const char *const system_dirs[] = {"/etc", "/usr", "/lib", "/lib32",
    "/lib64", "/run", "/proc", "/sys", "/dev", "/var/lib/ca-certificates",
    "/nix/store", "/gnu/store", "/opt"};

static void
grant(int rules, struct str path, uint64_t access, struct strs *note)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	AUTO_FD fd =
	    path.n ? open(arena_cstr(&granted_arena, path), O_PATH | O_CLOEXEC)
		   : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE |
				       LANDLOCK_ACCESS_FS_WRITE_FILE |
				       LANDLOCK_ACCESS_FS_TRUNCATE;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) < 0)
		log_warning(
		    "sandbox", "%.*s: %s", STR_ARG(path), strerror(errno));
	else if (note)
		strs_add(&granted_arena, note, arena_dup(&granted_arena, path));
}

static void
grant_all(int rules, struct places *p, uint64_t handled)
{
	uint64_t all = (READS | WRITES | LANDLOCK_ACCESS_FS_TRUNCATE) & handled;

	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++)
		grant(rules, resolve(p->a, str_c(system_dirs[i])), READS,
		    &granted_read);
	grant(rules, S("/dev"), LANDLOCK_ACCESS_FS_WRITE_FILE, NULL);
	for (size_t i = 0; i < p->read.n; i++)
		grant(rules, resolve(p->a, p->read.v[i]), READS, &granted_read);
	for (size_t i = 0; i < p->write.n; i++)
		grant(rules, resolve(p->a, p->write.v[i]), all, &granted_write);
}

static int
enter_landlock(
    const struct config *c, const char *data, int *abi, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct places p = {.a = &a};
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = READS | WRITES | NEVER};
	AUTO_FD rules = -1;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	/* The first version lets nothing be renamed into another directory,
	 * which is what a Maildir lives by. */
	if (*abi < 2) {
		log_info("sandbox", "no Landlock here: files are guarded by "
				    "their modes alone");
		*abi = 0;
		return 0;
	}
	if (*abi >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	rules =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules < 0)
		return err_sys(err, ERR_TEMP, "Landlock");
	collect(&p, c, data);
	add_neighbours(&p, c, data);
	grant_all(rules, &p, attr.handled_access_fs);
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return err_sys(err, ERR_TEMP, "Landlock");
	restricted = true;
	return 0;
}

static bool
is_below(struct str path, const struct strs *dirs)
{
	for (size_t i = 0; i < dirs->n; i++)
		if (is_at_or_below(path, dirs->v[i]))
			return true;
	return false;
}

int
sandbox_covers(const struct config *c, const char *data, struct err *err)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct places p = {.a = &a};

	if (!restricted)
		return 0;
	collect(&p, c, data);
	for (size_t i = 0; i < p.write.n; i++)
		if (!is_below(resolve(&a, p.write.v[i]), &granted_write))
			return err_set(err, ERR_INVAL,
			    "%.*s is outside of what the running daemon may "
			    "write to: helpd has to be started again to use it",
			    STR_ARG(p.write.v[i]));
	for (size_t i = 0; i < p.read.n; i++) {
		struct str r = resolve(&a, p.read.v[i]);

		if (r.n && !is_below(r, &granted_read) &&
		    !is_below(r, &granted_write))
			return err_set(err, ERR_INVAL,
			    "%.*s is outside of what the running daemon may "
			    "read: helpd has to be started again to use it",
			    STR_ARG(p.read.v[i]));
	}
	return 0;
}

int
sandbox_enter(const struct config *c, const char *data, struct err *err)
{
	int abi = 0;
	bool filtered;

	if (drop_privileges(err) < 0 || enter_landlock(c, data, &abi, err) < 0)
		return err_in(err, "sandbox");
	filtered = enter_seccomp();
	log_info(
	    "sandbox", "seccomp=%s landlock=%d", filtered ? "yes" : "no", abi);
	return 0;
}
