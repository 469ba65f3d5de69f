/*
 * config_block: a block of helpd's own files against its rows of the table: which settings were named, where, and what is wrong with that. What the
 * settings mean together is the business of who reads the file (config.c, config_agents.c).
 *
 * Everything lives in the arena of the reader; complaints go to its list.
 */
#ifndef APP_CONFIG_BLOCK_H
#define APP_CONFIG_BLOCK_H

#include "app/config_table.h"

enum { CONFIG_MAX = 1 << 20, CONFIG_ROWS_MAX = 40, CONFIG_BLOCKS_MAX = 1000 };

struct block {
	const char *type;         /* "site"; the whole file: "", "agents.conf" */
	const struct setting *rows;
	size_t nrows;
	const struct command *set[CONFIG_ROWS_MAX];
	bool failed[CONFIG_ROWS_MAX]; /* its value could not be read */
	bool meant[CONFIG_ROWS_MAX];  /* a misspelt name was probably this */
	unsigned kind;            /* 1 << kind, 0: none named */
	const struct command *by; /* what named it */
	size_t nblocks;           /* at the top of a file: the blocks so far */
};

#define wrong(r, at, ...) complain((r)->a, (r)->bad, (at), __VA_ARGS__)

/* A list whose array grows in the arena. */
#define ADD(a, v, n, x)                                                     \
	do {                                                                \
		void *grown_ = arena_alloc_n((a), (n) + 1, sizeof *(v));    \
		if (n)                                                      \
			memcpy(grown_, (v), (n) * sizeof *(v));             \
		(v) = grown_;                                               \
		(v)[(n)++] = (x);                                           \
	} while (0)

struct block block_of(const char *type);
/* The command that set it, or NULL. */
const struct command *block_set(const struct block *b, const char *name);
/* The same, but NULL too when its value was wrong: that was told already. */
const struct command *block_value(const struct block *b, const char *name);
/* Where the first value of a command stands. */
struct place value_at(const struct command *c);
/* Where this value of a list stands; ASCII case ignored. */
struct place value_in(const struct command *c, struct str value);

/* The row of a command of the block, noted as set; NULL when it is unknown or there already. */
const struct setting *block_row(struct value_reader *r, struct block *b, const struct command *c, size_t *at);
/* One block more in the file of which b is the top: false, and told once, when these are too many. */
bool block_room(struct value_reader *r, struct block *b, const struct command *c);
/* The commands of a file beside helpd.conf. False: there are none to read, as it is not there, or cannot be read (then *there, and told). */
bool block_file(struct value_reader *r, const char *path, struct script *out, bool *there);
/* All that stands between the braces, into *base. */
void block_read(struct value_reader *r, struct block *b, const struct command *c, void *base);
/* What is required and missing, and what is there but of no use. */
void block_judge(struct value_reader *r, const struct block *b, const struct command *c);
/* The name between type and brace. */
struct str block_name(struct value_reader *r, const struct command *c, enum setting_type type);

/* "there is no queue "x": did you mean "y"?", at the setting's value that names it; nothing where the setting is not there or was wrong. */
void judge_reference(
    struct value_reader *r, const struct block *b, const char *setting, const char *what, struct str name, const struct strs *known);
/* The same for each name of a list. */
void judge_references(
    struct value_reader *r, const struct block *b, const char *setting, const char *what, const struct strs *names, const struct strs *known);
/* Adds a block's name to those known; complains when it is there. */
void judge_name(struct value_reader *r, const struct command *c, struct str name, struct strs *known);

/* agents.conf (config_agents.c), beside helpd.conf, which has been read: into s->staff and s->desk_addresses. A file that is not there is none. calendars: those of
 * sla.conf; NULL: there is none. *teams: the names of all teams. */
void agents_read(struct value_reader *r, const char *path, struct settings *s, const struct strs *calendars, struct strs *teams);

#endif
