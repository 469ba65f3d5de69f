/* A name that is not in the table is the most frequent mistake, so most of this is about what may have been meant. */
#include "app/config_block.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"

struct block
block_of(const char *type)
{
	struct block b = {.type = type};

	b.rows = settings_of(type, &b.nrows);
	must(b.nrows <= CONFIG_ROWS_MAX);
	return b;
}

const struct command *
block_set(const struct block *b, const char *name)
{
	for (size_t i = 0; i < b->nrows; i++)
		if (strcmp(b->rows[i].name, name) == 0)
			return b->set[i];
	must(!"a setting that the table has not");
	return NULL;
}

const struct command *
block_value(const struct block *b, const char *name)
{
	for (size_t i = 0; i < b->nrows; i++)
		if (strcmp(b->rows[i].name, name) == 0)
			return b->failed[i] ? NULL : b->set[i];
	must(!"a setting that the table has not");
	return NULL;
}

struct place
value_at(const struct command *c)
{
	return c->nargs ? c->args[0].at : c->at;
}

struct place
value_in(const struct command *c, struct str value)
{
	const struct node *n = c->args;

	if (!c->nargs)
		return c->at;
	for (size_t i = 0; n->kind == NODE_LIST && i < n->nitems; i++)
		if (str_ieq(n->items[i].s, value))
			return n->items[i].at;
	return n->at;
}

/* A setting of another block, of this file or of another. */
static bool
belongs(struct value_reader *r, const struct block *b, const struct command *c,
    bool this_file)
{
	const char *file = setting_file(b->type);

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings_table[i];
		const char *its = setting_file(s->block);
		bool top = strcmp(s->block, setting_top(its)) == 0;

		if (!str_ieq(c->name, str_c(s->name)) ||
		    (strcmp(its, file) == 0) != this_file)
			continue;
		wrong(r, c->at, "%.*s is not known in %s: it belongs %s%s%s%s",
		    STR_ARG(c->name), *b->type ? b->type : file,
		    !top        ? "into "
		    : this_file ? "outside of any block"
				: "",
		    top ? "" : s->block,
		    this_file ? ""
		    : !top    ? " of "
			      : "into ",
		    this_file ? "" : its);
		return true;
	}
	return false;
}

/* ": expected site, mailbox or queue", at the top of a file. */
static const char *
blocks_expected(struct value_reader *r, const struct block *b)
{
	AUTO(buf_fini) struct buf out = BUF_INIT;
	size_t left = 0;

	for (size_t i = 0; i < b->nrows; i++)
		left += b->rows[i].type == SETTING_BLOCK;
	for (size_t i = 0; i < b->nrows; i++) {
		if (b->rows[i].type != SETTING_BLOCK)
			continue;
		buf_printf(&out, "%s%s",
		    !out.n      ? ": expected "
		    : left == 1 ? " or "
				: ", ",
		    b->rows[i].name);
		left--;
	}
	return arena_cstr(r->a, buf_str(&out));
}

/* A name that does not belong here: what may have been meant. */
static void
unknown(struct value_reader *r, struct block *b, const struct command *c)
{
	struct str names[CONFIG_ROWS_MAX], near;
	const char *in = *b->type ? b->type : setting_file(b->type);

	for (size_t i = 0; i < b->nrows; i++)
		names[i] = str_c(b->rows[i].name);
	if (str_ieq(c->name, S("password")) || str_ieq(c->name, S("secret")) ||
	    str_ieq(c->name, S("pass"))) {
		wrong(r, c->at,
		    "no secrets in this file: write password_file "
		    "\"FILE\"; and the password into FILE");
		return;
	}
	near = syntax_nearest(c->name, names, b->nrows);
	if (near.n) {
		for (size_t i = 0; i < b->nrows; i++)
			b->meant[i] |= str_eq(near, names[i]);
		wrong(r, c->at, "%.*s is not known in %s: did you mean %.*s?",
		    STR_ARG(utf8_clip(c->name, 40)), in, STR_ARG(near));
		return;
	}
	if (belongs(r, b, c, true) || belongs(r, b, c, false))
		return;
	wrong(r, c->at, "%.*s is not known in %s%s",
	    STR_ARG(utf8_clip(c->name, 40)), in,
	    c->has_block ? blocks_expected(r, b) : "");
}

const struct setting *
block_row(struct value_reader *r, struct block *b, const struct command *c,
    size_t *at)
{
	for (size_t i = 0; i < b->nrows; i++) {
		const struct setting *s = &b->rows[i];

		if (!str_ieq(c->name, str_c(s->name)))
			continue;
		*at = i;
		if (b->set[i] && (s->type != SETTING_BLOCK || s->once)) {
			wrong(r, c->at, "%s is there twice: first at line %u",
			    s->name, b->set[i]->at.line);
			return NULL;
		}
		if (s->kind && b->kind) {
			wrong(r, c->at,
			    "a %s is one of its kinds: %.*s stands at line %u "
			    "already",
			    b->type, STR_ARG(b->by->name), b->by->at.line);
			return NULL;
		}
		return s;
	}
	unknown(r, b, c);
	return NULL;
}

void
block_read(struct value_reader *r, struct block *b, const struct command *c,
    void *base)
{
	if (!c->has_block) {
		wrong(r, c->end, "%s: expected '{' and its settings", b->type);
		return;
	}
	for (size_t i = 0; i < c->nblock; i++) {
		const struct command *x = &c->block[i];
		size_t at;
		const struct setting *s = block_row(r, b, x, &at);

		if (!s)
			continue;
		b->set[at] = x;
		if (s->kind) {
			b->kind = s->kind;
			b->by = x;
		}
		/* spool; without a directory: the one in the data */
		if (s->kind && str_eq(str_c(s->name), S("spool")) &&
		    x->nargs == 0 && !x->has_block)
			continue;
		b->failed[at] = !setting_read(r, s, x, base);
	}
}

void
block_judge(
    struct value_reader *r, const struct block *b, const struct command *c)
{
	bool has_kinds = false;

	for (size_t i = 0; i < b->nrows; i++) {
		const struct setting *s = &b->rows[i];

		has_kinds |= s->kind != 0;
		if (s->required && !b->set[i] && !b->meant[i])
			wrong(r, c->at, "%s needs %s \"%s\";", b->type, s->name,
			    s->example);
		if (b->set[i] && b->kind && s->kinds && !(s->kinds & b->kind))
			wrong(r, b->set[i]->at,
			    "%s is of no use in a %s %s: it goes with %s",
			    s->name, setting_kind_name(b->type, b->kind),
			    b->type,
			    setting_kind_name(b->type, s->kinds & -s->kinds));
	}
	for (size_t i = 0; i < b->nrows; i++) /* imapp "…"; */
		has_kinds &= !(b->rows[i].kind && b->meant[i]);
	if (has_kinds && !b->kind && c->has_block)
		wrong(r, c->at, "%s needs one of %s", b->type,
		    strcmp(b->type, "mailbox") == 0
			? "imap, maildir and spool"
			: "smtp, sendmail and maildir");
}

bool
block_room(struct value_reader *r, struct block *b, const struct command *c)
{
	if (b->nblocks < CONFIG_BLOCKS_MAX) {
		b->nblocks++;
		return true;
	}
	if (b->nblocks++ == CONFIG_BLOCKS_MAX)
		wrong(r, c->at, "more than %d blocks", CONFIG_BLOCKS_MAX);
	return false;
}

bool
block_file(
    struct value_reader *r, const char *path, struct script *out, bool *there)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct place top = {path, 1, 1};
	struct err err = ERR_INIT;

	*there = true;
	if (file_read(path, CONFIG_MAX, &text, &err) < 0) {
		*there = err.code != ERR_NOENT;
		if (*there)
			wrong(r, top, "cannot be read: %s", err.msg);
		return false;
	}
	syntax_parse(r->a, path, buf_str(&text), out, r->bad);
	syntax_plain(r->a, out, r->bad);
	return true;
}

/* The name between type and brace: a copy of its node checked by the rules of
 * SETTING_NAME, or of tags for the site. */
struct str
block_name(
    struct value_reader *r, const struct command *c, enum setting_type type)
{
	struct str out = {NULL, 0};
	struct setting s = {.name = "", .type = type};
	struct command arg = *c;

	s.name = arena_cstr(r->a, arena_lower(r->a, c->name));
	if (c->nargs == 0) {
		wrong(r, c->at, "%s needs a name: expected %s \"NAME\" { … }",
		    s.name, s.name);
		return out;
	}
	if (c->nargs > 1)
		wrong(r, c->args[1].at, "%s takes one name: expected '{'",
		    s.name);
	arg.has_block = false;
	arg.nargs = 1;
	setting_read(r, &s, &arg, &out);
	return out;
}

static void
judge_known(struct value_reader *r, struct place at, const char *what,
    struct str name, const struct strs *known)
{
	struct str near;

	if (!name.n || strs_has(known, name))
		return;
	near = syntax_nearest(name, known->v, known->n);
	if (near.n)
		wrong(r, at, "there is no %s \"%.*s\": did you mean \"%.*s\"?",
		    what, STR_ARG(name), STR_ARG(near));
	else
		wrong(r, at, "there is no %s \"%.*s\"", what, STR_ARG(name));
}

void
judge_reference(struct value_reader *r, const struct block *b,
    const char *setting, const char *what, struct str name,
    const struct strs *known)
{
	const struct command *c = block_value(b, setting);

	if (c)
		judge_known(r, value_at(c), what, name, known);
}

void
judge_references(struct value_reader *r, const struct block *b,
    const char *setting, const char *what, const struct strs *names,
    const struct strs *known)
{
	const struct command *c = block_value(b, setting);

	for (size_t i = 0; c && i < names->n; i++)
		judge_known(
		    r, value_in(c, names->v[i]), what, names->v[i], known);
}

void
judge_name(struct value_reader *r, const struct command *c, struct str name,
    struct strs *known)
{
	if (name.n && strs_has(known, name))
		wrong(r, value_at(c), "there is a%s %.*s \"%.*s\" already",
		    ch_lower(c->name.p[0]) == 'a' ? "n" : "", STR_ARG(c->name),
		    STR_ARG(name));
	strs_add(r->a, known, name);
}
