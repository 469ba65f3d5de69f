/* A whole helpd.conf, through a file of its own; behind a line of "====" an agents.conf, and behind another an sla.conf. */
#include "app/config.h"
#include "base/file.h"
#include "base/must.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/helpd-fuzz-XXXXXX";
static char path[sizeof dir + 16], agents[sizeof dir + 16],
    sla[sizeof dir + 16];

static void
clean_up(void)
{
	unlink(path);
	unlink(agents);
	unlink(sla);
	rmdir(dir);
}

static void
put(const char *file, struct str text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(fd_write_all(fd, text, NULL) == 0);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complaints bad = {0};
	struct buf out = BUF_INIT;
	struct config *c;
	struct str text = str_n((const char *)data, size), more, promises = {0};
	ptrdiff_t cut = str_find(text, S("\n====\n"), 0), next;
	int r;

	if (!*path) {
		must(mkdtemp(dir) != NULL);
		snprintf(path, sizeof path, "%s/helpd.conf", dir);
		snprintf(agents, sizeof agents, "%s/agents.conf", dir);
		snprintf(sla, sizeof sla, "%s/sla.conf", dir);
		atexit(clean_up);
	}
	put(path, cut < 0 ? text : str_sub(text, 0, (size_t)cut + 1));
	more = cut < 0 ? S("") : str_from(text, (size_t)cut + 6);
	next = str_find(more, S("\n====\n"), 0);
	if (next >= 0) {
		promises = str_from(more, (size_t)next + 6);
		more = str_sub(more, 0, (size_t)next + 1);
	}
	put(agents, more);
	/* An empty one is another thing than none. */
	if (next >= 0)
		put(sla, promises);
	else
		unlink(sla);
	r = config_load(dir, &c, &bad);
	must((r == 0) == (bad.errors == 0));
	for (size_t i = 0; i < bad.n; i++)
		must(bad.v[i].at.line >= 1 && bad.v[i].at.column >= 1);
	if (r == 0)
		must(c->nmailboxes && c->ntransports && c->settings.nqueues &&
		     c->settings.address.addr.n && c->settings.languages.n &&
		     c->settings.domain.n);
	for (size_t i = 0; r == 0 && i < c->settings.staff.nagents; i++)
		must(c->settings.staff.agents[i].name.n &&
		     c->settings.staff.agents[i].full_name.n &&
		     c->settings.staff.agents[i].addresses.n);
	complaints_print(&out, &bad);
	buf_fini(&out);
	config_free(&c);
	return 0;
}
