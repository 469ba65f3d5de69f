/*
 * The set of template files. Everything is read and compiled once; a rendering
 * looks names up in a flat table by hash, in the order in which the places
 * count.
 */
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/template.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum {
	FILE_MAX_BYTES = 1 << 20,
	RENDERED_MAX = 4 << 20,
	CANDIDATES = 5
};

struct file {
	struct file *next;
	size_t dir;
	struct str lang, queue, name; /* queue: empty at the language's top */
	bool html;
	struct mustache *subject; /* NULL without a Subject line */
	struct mustache *body;
};

struct templates {
	struct arena *arena;
	struct str default_language;
	size_t ndirs;
	struct strs languages;
	struct file *buckets[256];
};

/* One rendering: where it looks, in this order. */
struct lookup {
	const struct templates *t;
	struct str langs[CANDIDATES];
	size_t nlangs;
	struct str queue;
	bool html;
};

static size_t
bucket_of(struct str name, bool html)
{
	return (str_hash(name) + html) %
	       ARRAY_LEN(((struct templates *)0)->buckets);
}

/* --- loading ----------------------------------------------------------- */

struct loader {
	struct arena *a;
	struct templates *t;
	struct complaints *bad;
	bool failed;
	size_t dir;
};

static void
load_complain(struct loader *l, const char *path, const char *what)
{
	struct place at = {.file = path, .line = 1, .column = 1};

	complain(l->a, l->bad, at, "%s", what);
	l->failed = true;
}

/* The line is compiled by itself, as text; the body keeps its line numbers by
 * keeping the line's comment in its place. */
static struct str
split_subject(struct str text, struct str *subject)
{
	struct str rest = text, line;

	*subject = (struct str){0};
	if (!str_istarts(text, S("Subject:")) || !str_cut(&rest, '\n', &line))
		return text;
	*subject = str_trim(str_from(line, sizeof "Subject:" - 1));
	if (!subject->p)
		*subject = S("");
	/* A blank line between, as in a mail, belongs to neither. */
	if (str_starts(rest, S("\r\n")))
		rest = str_from(rest, 2);
	else if (str_starts(rest, S("\n")))
		rest = str_from(rest, 1);
	return rest;
}

static void
load_file(struct loader *l, const char *path, struct str lang, struct str queue,
    struct str name)
{
	AUTO(buf_fini) struct buf content = BUF_INIT;
	struct file *f = arena_new(l->a, struct file);
	struct err err = ERR_INIT;
	struct complaints shifted = {0};
	struct str text, subject, body;
	size_t i, lines = 0;

	if (file_read(path, FILE_MAX_BYTES, &content, &err) < 0) {
		load_complain(l, path, err.msg);
		return;
	}
	text = arena_dup(l->a, buf_str(&content));
	if (str_starts(text, S("\xef\xbb\xbf")))
		text = str_from(text, 3);
	if (!utf8_valid(text)) {
		load_complain(l, path, "the file is not UTF-8");
		return;
	}
	f->dir = l->dir;
	f->lang = lang;
	f->queue = queue;
	f->html = str_ends(name, S(".html"));
	f->name = f->html ? str_sub(name, 0, name.n - 5) : name;
	body = f->html ? text : split_subject(text, &subject);
	if (!f->html && subject.p &&
	    mustache_compile(
		l->a, path, subject, MUSTACHE_TEXT, &f->subject, l->bad) < 0)
		l->failed = true;
	if (mustache_compile(l->a, path, body,
		f->html ? MUSTACHE_HTML : MUSTACHE_TEXT, &f->body,
		&shifted) < 0)
		l->failed = true;
	/* Places in the body count from the file's first line. */
	for (i = 0; i < (size_t)(body.p - text.p) && body.n; i++)
		lines += text.p[i] == '\n';
	for (i = 0; i < shifted.n; i++) {
		struct place at = shifted.v[i].at;

		at.line += (unsigned)lines;
		complain(l->a, l->bad, at, "%.*s", STR_ARG(shifted.v[i].msg));
	}
	f->next = l->t->buckets[bucket_of(f->name, f->html)];
	l->t->buckets[bucket_of(f->name, f->html)] = f;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
by_name(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* The names in a directory, sorted, without dot files; none when there is no
 * such directory. */
static struct strs
names_in(struct loader *l, const char *path)
{
	struct strs names = {0};
	struct dirent *e;
	DIR *d = opendir(path);

	if (!d) {
		if (errno != ENOENT && errno != ENOTDIR)
			load_complain(l, path, strerror(errno));
		return names;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			strs_add(
			    l->a, &names, arena_dup(l->a, str_c(e->d_name)));
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, by_name);
	return names;
}

static void
load_language(
    struct loader *l, const char *path, struct str lang, struct str queue)
{
	struct strs names = names_in(l, path);

	for (size_t i = 0; i < names.n; i++) {
		struct str name = names.v[i];
		char *file = path_join(l->a, path, name.p);

		if (is_directory(file)) {
			if (!queue.n)
				load_language(l, file, lang, name);
		} else if (str_ends(name, S(".mustache"))) {
			name = str_sub(name, 0, name.n - 9);
			load_file(l, file, lang, queue, name);
		}
	}
}

/* zh-CN and zh_CN are one. */
static struct str
language_name(struct arena *a, struct str lang)
{
	struct str copy = arena_dup(a, lang);
	char *p = arena_cstr(a, copy);

	for (size_t i = 0; i < copy.n; i++)
		if (p[i] == '-')
			p[i] = '_';
	return str_n(p, copy.n);
}

int
templates_load(struct arena *a, const struct strs *dirs,
    struct str default_language, struct templates **out, struct complaints *bad)
{
	struct templates *t = arena_new(a, struct templates);
	struct loader l = {.a = a, .t = t, .bad = bad};

	t->arena = a;
	t->ndirs = dirs->n;
	t->default_language = language_name(a, default_language);
	for (l.dir = 0; l.dir < dirs->n; l.dir++) {
		char *path = arena_cstr(a, dirs->v[l.dir]);
		struct strs langs = names_in(&l, path);

		for (size_t i = 0; i < langs.n; i++) {
			char *sub = path_join(a, path, langs.v[i].p);
			struct str lang = language_name(a, langs.v[i]);

			if (!is_directory(sub))
				continue;
			if (!strs_ihas(&t->languages, lang))
				strs_add(a, &t->languages, lang);
			load_language(&l, sub, lang, (struct str){0});
		}
	}
	*out = t;
	return l.failed ? -1 : 0;
}

const struct strs *
templates_languages(const struct templates *t)
{
	return &t->languages;
}

/* --- looking up -------------------------------------------------------- */

static struct str
base_of(struct str lang)
{
	ptrdiff_t at = str_chr(lang, '_', 0);

	return at < 0 ? lang : str_sub(lang, 0, (size_t)at);
}

static void
add_lang(struct lookup *k, struct str lang)
{
	for (size_t i = 0; i < k->nlangs; i++)
		if (str_ieq(k->langs[i], lang))
			return;
	if (k->nlangs < CANDIDATES)
		k->langs[k->nlangs++] = lang;
}

/* de_AT: itself, de, or the first that begins with de. */
static void
add_language(struct lookup *k, struct str lang)
{
	const struct strs *known = &k->t->languages;
	struct str base = base_of(lang);

	if (!lang.n)
		return;
	if (strs_ihas(known, lang)) {
		add_lang(k, lang);
	} else if (strs_ihas(known, base)) {
		add_lang(k, base);
	} else {
		for (size_t i = 0; i < known->n; i++)
			if (str_ieq(base_of(known->v[i]), base)) {
				add_lang(k, known->v[i]);
				break;
			}
	}
}

/* How early a file counts: language, then directory, then queue before general.
 * SIZE_MAX: not at all. */
static size_t
rank_of(const struct lookup *k, const struct file *f)
{
	if (f->queue.n && !str_eq(f->queue, k->queue))
		return SIZE_MAX;
	for (size_t i = 0; i < k->nlangs; i++)
		if (str_ieq(f->lang, k->langs[i]))
			return (i * k->t->ndirs + f->dir) * 2 +
			       (f->queue.n == 0);
	return SIZE_MAX;
}

static const struct file *
look_up(const struct lookup *k, struct str name, bool html, size_t *rank)
{
	const struct file *best = NULL;
	const struct file *f = k->t->buckets[bucket_of(name, html)];

	*rank = SIZE_MAX;
	for (; f; f = f->next) {
		size_t r;

		if (f->html != html || !str_eq(f->name, name))
			continue;
		r = rank_of(k, f);
		if (r < *rank) {
			*rank = r;
			best = f;
		}
	}
	return best;
}

static const struct mustache *
partial(void *ctx, struct str name)
{
	const struct lookup *k = ctx;
	const struct file *f = NULL;
	size_t rank;

	if (k->html)
		f = look_up(k, name, true, &rank);
	if (!f)
		f = look_up(k, name, false, &rank);
	return f ? f->body : NULL;
}

/* One line: no control character, no run of blanks. */
static struct str
one_line(struct arena *a, struct str s)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	bool gap = false;

	while (s.n) {
		uint32_t c = 0;
		size_t k = utf8_next(s, &c);

		if (k && (c <= 0x20 || (c >= 0x7f && c <= 0xa0) ||
			     c == 0x2028 || c == 0x2029)) {
			gap = true;
		} else {
			if (gap && b.n)
				buf_putc(&b, ' ');
			gap = false;
			utf8_put(&b, k ? c : 0xfffd);
		}
		s = str_from(s, k ? k : 1);
	}
	return arena_dup(a, buf_str(&b));
}

static int
render_one(const struct mustache *m, struct lookup *k, bool html,
    struct arena *a, const struct value *data, struct str *out, struct err *err)
{
	AUTO(buf_fini) struct buf b = buf_max(RENDERED_MAX);

	k->html = html;
	if (mustache_render(m, data, partial, k, &b, err) < 0)
		return -1;
	*out = arena_dup(a, buf_str(&b));
	return 0;
}

int
templates_render(const struct templates *t, struct arena *a,
    struct str language, struct str queue_dir, const char *name,
    const struct value *data, struct rendered *out, struct err *err)
{
	struct lookup k = {.t = t, .queue = queue_dir};
	const struct file *text, *html;
	size_t text_rank, html_rank;

	*out = (struct rendered){0};
	add_language(&k, language_name(a, language));
	add_language(&k, t->default_language);
	add_language(&k, S("en"));
	text = look_up(&k, str_c(name), false, &text_rank);
	if (!text)
		return err_set(
		    err, ERR_NOENT, "there is no template \"%s\"", name);
	html = look_up(&k, str_c(name), true, &html_rank);
	if (html && (html_rank > text_rank || !str_ieq(html->lang, text->lang)))
		html = NULL;
	if (text->subject && render_one(text->subject, &k, false, a, data,
				 &out->subject, err) < 0)
		return err_in(err, "template %s, subject", name);
	out->subject = one_line(a, out->subject);
	if (render_one(text->body, &k, false, a, data, &out->text, err) < 0)
		return err_in(err, "template %s", name);
	if (html &&
	    render_one(html->body, &k, true, a, data, &out->html, err) < 0)
		return err_in(err, "template %s (HTML)", name);
	return 0;
}

bool
templates_has(const struct templates *t, const char *name)
{
	struct lookup k = {.t = t};
	size_t rank;

	add_language(&k, t->default_language);
	add_language(&k, S("en"));
	return look_up(&k, str_c(name), false, &rank) != NULL;
}

/* --- macros ------------------------------------------------------------ */

static const struct str macro_dir = {"macro", 5};

int
templates_macro(const struct templates *t, struct arena *a, struct str language,
    struct str name, const struct value *data, struct str *text,
    struct err *err)
{
	struct lookup k = {.t = t, .queue = macro_dir};
	const struct file *f;
	size_t rank;

	add_language(&k, language_name(a, language));
	add_language(&k, t->default_language);
	add_language(&k, S("en"));
	f = look_up(&k, name, false, &rank);
	if (!f || !f->queue.n)
		return err_set(err, ERR_NOENT, "there is no macro \"%.*s\"",
		    STR_ARG(utf8_clip(name, 100)));
	if (render_one(f->body, &k, false, a, data, text, err) < 0)
		return err_in(err, "macro %.*s", STR_ARG(name));
	return 0;
}

struct strs
templates_macros(const struct templates *t, struct arena *a)
{
	struct strs out = {0};

	for (size_t i = 0; i < ARRAY_LEN(t->buckets); i++)
		for (const struct file *f = t->buckets[i]; f; f = f->next)
			if (!f->html && str_eq(f->queue, macro_dir) &&
			    !strs_has(&out, f->name))
				strs_add(a, &out, f->name);
	if (out.n)
		qsort(out.v, out.n, sizeof *out.v, by_name);
	return out;
}
