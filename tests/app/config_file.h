/* For the tests of app/config: a directory of its own with a helpd.conf, and what is said of it. */
#ifndef TESTS_CONFIG_FILE_H
#define TESTS_CONFIG_FILE_H

#include "app/config.h"
#include "base/file.h"
#include "base/must.h"

#include <sys/stat.h>
#include <unistd.h>

struct config_file {
	char dir[64];
	char path[80];
	char agents[80];
	char sla[80];
	char customers[80];
};

static inline void
config_file_open(struct config_file *f)
{
	snprintf(f->dir, sizeof f->dir, "/tmp/helpd-config-XXXXXX");
	must(mkdtemp(f->dir) != NULL);
	snprintf(f->path, sizeof f->path, "%s/helpd.conf", f->dir);
	snprintf(f->agents, sizeof f->agents, "%s/agents.conf", f->dir);
	snprintf(f->sla, sizeof f->sla, "%s/sla.conf", f->dir);
	snprintf(f->customers, sizeof f->customers, "%s/customers.csv", f->dir);
}

static inline void
config_file_close(struct config_file *f)
{
	unlink(f->path);
	unlink(f->agents);
	unlink(f->sla);
	unlink(f->customers);
	must(rmdir(f->dir) == 0);
}

/* An agents.conf beside what is loaded next; an empty one: none. */
static inline void
config_file_agents(struct config_file *f, struct str text)
{
	struct err err = ERR_INIT;

	unlink(f->agents);
	if (text.n)
		must(file_replace(f->agents, text, 0600, &err) == 0);
}

/* The same for sla.conf. */
static inline void
config_file_sla(struct config_file *f, struct str text)
{
	struct err err = ERR_INIT;

	unlink(f->sla);
	if (text.n)
		must(file_replace(f->sla, text, 0600, &err) == 0);
}

/* The same for customers.csv. */
static inline void
config_file_customers(struct config_file *f, struct str text)
{
	struct err err = ERR_INIT;

	unlink(f->customers);
	if (text.n)
		must(file_replace(f->customers, text, 0600, &err) == 0);
}

#define CONFIG_SLA                                              \
	"calendar \"office\" { weekdays \"09:00-17:00\"; }\n"    \
	"sla \"standard\" { calendar \"office\"; normal { resolution \"8h\"; } }\n"

/* Loads text; the complaints go into *told without the directory before each. Free *c. */
static inline int
config_file_load(struct config_file *f, struct str text, struct config **c,
    struct complaints *bad, struct buf *told)
{
	struct err err = ERR_INIT;
	int fd_failed = file_replace(f->path, text, 0600, &err), r;
	size_t dir = strlen(f->dir) + 1;

	must(fd_failed == 0);
	*bad = (struct complaints){0};
	r = config_load(f->dir, c, bad);
	for (size_t i = 0; i < bad->n; i++)
		bad->v[i].at.file += dir;
	buf_reset(told);
	complaints_print(told, bad);
	for (size_t i = 0; i < bad->n; i++)
		bad->v[i].at.file -= dir;
	return r;
}

#define CONFIG_SITE "site \"Acme\" { address \"support@acme.example\"; }\n"
#define CONFIG_BOX "mailbox \"box\" { maildir \"/m\"; }\n"
#define CONFIG_WAY "transport \"way\" { maildir \"/out\"; }\n"

#endif
