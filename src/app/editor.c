#include "app/editor.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* $VISUAL or $EDITOR on a file of our own; no shell: the words are split at
 * spaces. */
static int
edit(struct verb_context *c, struct arena *a, struct str initial,
    struct buf *out)
{
	const char *editor = getenv("VISUAL");
	char path[] = "/tmp/helpd-XXXXXX";
	char *argv[10];
	size_t n = 0;
	struct str rest, word;
	struct err err = ERR_INIT;
	AUTO_FD fd = -1;
	int status = 0;
	pid_t pid;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if (!editor || !*editor)
		editor = "editor";
	fd = mkstemp(path);
	if (fd < 0)
		return verb_fail(
		    c, EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (initial.n && fd_write_all(fd, initial, &err) < 0) {
		unlink(path);
		return verb_err(c, &err);
	}
	rest = str_c(editor);
	while (n < 8 && str_word(&rest, &word))
		argv[n++] = arena_cstr(a, word);
	argv[n++] = path;
	argv[n] = NULL;
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0) {
		unlink(path);
		return verb_fail(c, EX_UNAVAILABLE,
		    "%s failed; give the text with --message or on standard "
		    "input",
		    editor);
	}
	status = file_read(path, EDITOR_TEXT_MAX, out, &err) < 0
		     ? verb_err(c, &err)
		     : EX_OK;
	unlink(path);
	return status;
}

int
editor_text(struct verb_context *c, struct arena *a, const char *message,
    struct str initial, struct buf *out)
{
	struct err err = ERR_INIT;

	if (message)
		buf_puts(out, message);
	else if (isatty(STDIN_FILENO))
		return edit(c, a, initial, out);
	else if (fd_read_all(STDIN_FILENO, EDITOR_TEXT_MAX, out, &err) < 0)
		return verb_err(c, &err);
	if (!utf8_valid(buf_str(out)) || memchr(buf_cstr(out), 0, out->n))
		return verb_fail(c, EX_DATAERR, "the text is not UTF-8");
	if (str_trim(buf_str(out)).n == 0)
		return verb_fail(
		    c, EX_DATAERR, "the text is empty: nothing was done");
	return EX_OK;
}
