/* A whole helpd.conf, through a file of its own. */
#include "app/config.h"
#include "base/file.h"
#include "base/must.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/helpd-fuzz-XXXXXX";
static char path[sizeof dir + 16];

static void
clean_up(void)
{
	unlink(path);
	rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct complaints bad = {0};
	struct buf out = BUF_INIT;
	struct config *c;
	int fd, r;

	if (!*path) {
		must(mkdtemp(dir) != NULL);
		snprintf(path, sizeof path, "%s/helpd.conf", dir);
		atexit(clean_up);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0);
	must(fd_write_all(fd, str_n((const char *)data, size), NULL) == 0);
	close(fd);
	r = config_load(dir, &c, &bad);
	must((r == 0) == (bad.errors == 0));
	for (size_t i = 0; i < bad.n; i++)
		must(bad.v[i].at.line >= 1 && bad.v[i].at.column >= 1);
	if (r == 0)
		must(c->nmailboxes && c->ntransports && c->settings.nqueues &&
		     c->settings.address.addr.n && c->settings.languages.n &&
		     c->settings.domain.n);
	complaints_print(&out, &bad);
	buf_fini(&out);
	config_free(&c);
	return 0;
}
