/*
 * helpd render: a template with given or sample values, to try an edit before
 * customers see it.
 *
 *   helpd render templates/en/ack.mustache --data ticket.json
 *   helpd render ack --lang zh_CN
 *
 * What has a slash, ends in .mustache or is there as a file is a file; anything
 * else is the name of a template as the daemon looks it up.
 */
#include "app/config.h"
#include "app/verb.h"
#include "base/file.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/template.h"

#include <getopt.h>
#include <jansson.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	INPUT_MAX = 16 << 20,
	OUTPUT_MAX = 64 << 20,
	DATA_DEPTH = 500
};

struct options {
	const char *template, *data, *partials, *language, *queue;
	bool html, text;
};

/* --- JSON to values ---------------------------------------------------- */

static struct value
from_json(struct arena *a, const json_t *j, unsigned depth)
{
	struct value v = {.kind = VALUE_NULL}, *inner;
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return (struct value){.kind = VALUE_BOOL, .b = json_is_true(j)};
	case JSON_INTEGER:
	case JSON_REAL:
		return (struct value){
		    .kind = VALUE_NUMBER, .number = json_number_value(j)};
	case JSON_STRING:
		return (struct value){.kind = VALUE_STRING,
		    .s = str_n(json_string_value(j), json_string_length(j))};
	case JSON_NULL:
		break;
	case JSON_ARRAY:
		inner = value_list(a);
		json_array_foreach(j, i, item) if (depth < DATA_DEPTH)
		    value_add(a, inner, from_json(a, item, depth + 1));
		return *inner;
	case JSON_OBJECT:
		inner = value_object(a);
		json_object_foreach(
		    (json_t *)(uintptr_t)j, key, item) if (depth < DATA_DEPTH)
		    value_set(a, inner, key, from_json(a, item, depth + 1));
		return *inner;
	}
	return v;
}

/* "-": standard input. The strings stay in *json. */
static int
read_data(struct arena *a, const char *path, json_t **json, struct value *data,
    struct err *err)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	bool in = strcmp(path, "-") == 0;
	json_error_t at;
	int rc;

	rc = in ? fd_read_all(STDIN_FILENO, INPUT_MAX, &text, err)
		: file_read(path, INPUT_MAX, &text, err);
	if (rc < 0)
		return -1;
	*json = json_loadb(
	    buf_cstr(&text), text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &at);
	if (!*json)
		return err_set(err, ERR_INVAL, "%s:%d:%d: %s",
		    in ? "standard input" : path, at.line, at.column, at.text);
	*data = from_json(a, *json, 0);
	return 0;
}

/* --- files ------------------------------------------------------------- */

struct partials {
	struct arena *a;
	const char *dir;
	enum mustache_escape escape;
	struct complaints *bad;
	struct cached {
		struct cached *next;
		struct str name;
		struct mustache *m;
	} * cache;
};

static struct mustache *
compile_file(struct arena *a, const char *path, enum mustache_escape escape,
    struct complaints *bad, struct err *err)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct mustache *m = NULL;

	if (file_read(path, INPUT_MAX, &text, err) < 0)
		return NULL;
	mustache_compile(
	    a, path, arena_dup(a, buf_str(&text)), escape, &m, bad);
	return m;
}

/* NAME.html.mustache where that is wanted, NAME.mustache, or NAME as it is. */
static const struct mustache *
find_partial(void *ctx, struct str name)
{
	static const char *const ends[] = {".html.mustache", ".mustache", ""};
	struct partials *p = ctx;
	struct cached *c;

	for (c = p->cache; c; c = c->next)
		if (str_eq(c->name, name))
			return c->m;
	c = arena_new(p->a, struct cached);
	c->name = name;
	c->next = p->cache;
	p->cache = c;
	/* A name is a name in this directory, not a way out of it. */
	if (!p->dir || str_starts(name, S("/")) || str_has(name, S("..")))
		return NULL;
	for (size_t i = p->escape == MUSTACHE_HTML ? 0 : 1;
	     i < ARRAY_LEN(ends) && !c->m; i++)
		c->m = compile_file(p->a,
		    path_join(p->a, p->dir,
			arena_printf(p->a, "%.*s%s", STR_ARG(name), ends[i]).p),
		    p->escape, p->bad, NULL);
	return c->m;
}

static int
print_complaints(const struct complaints *bad)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;

	complaints_print(&text, bad);
	fputs(buf_cstr(&text), stderr);
	return EX_DATAERR;
}

static int
put(const struct verb_context *c, struct str s)
{
	if (s.n && fwrite(s.p, 1, s.n, stdout) != s.n)
		return verb_fail(c, EX_IOERR, "cannot write the result");
	if (fflush(stdout) != 0)
		return verb_fail(c, EX_IOERR, "cannot write the result");
	return EX_OK;
}

static const char *
directory_of(struct arena *a, const char *path)
{
	ptrdiff_t slash = str_rchr(str_c(path), '/');

	return slash < 0 ? "." : arena_cstr(a, str_n(path, (size_t)slash + 1));
}

static int
render_file(const struct verb_context *c, struct arena *a,
    const struct options *o, const struct value *data)
{
	AUTO(buf_fini) struct buf out = buf_max(OUTPUT_MAX);
	struct complaints bad = {0};
	struct err err = ERR_INIT;
	struct partials partials = {.a = a, .dir = o->partials, .bad = &bad};
	struct mustache *m;
	bool html = o->html || (!o->text && str_ends(str_c(o->template),
						S(".html.mustache")));

	if (!partials.dir)
		partials.dir = directory_of(a, o->template);
	partials.escape = html ? MUSTACHE_HTML : MUSTACHE_TEXT;
	m = compile_file(a, o->template, partials.escape, &bad, &err);
	if (bad.errors)
		return print_complaints(&bad);
	if (!m)
		return verb_err(c, &err);
	if (mustache_render(m, data, find_partial, &partials, &out, &err) < 0)
		return verb_err(c, &err);
	if (bad.errors)
		return print_complaints(&bad);
	return put(c, buf_str(&out));
}

/* --- by name ----------------------------------------------------------- */

static int
render_json(const struct verb_context *c, const struct rendered *r)
{
	json_t *j = json_pack("{s:s%, s:s%, s:s%}", "subject",
	    r->subject.n ? r->subject.p : "", r->subject.n, "text",
	    r->text.n ? r->text.p : "", r->text.n, "html",
	    r->html.n ? r->html.p : "", r->html.n);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	int rc = EX_SOFTWARE;

	if (text)
		rc = printf("%s\n", text) < 0 ? EX_IOERR : put(c, S(""));
	free(text);
	json_decref(j);
	return rc;
}

/* What is wrong in the rest of the configuration is for helpd check to say: an edit can be tried all the same. */
static int
render_name(const struct verb_context *c, struct arena *a,
    const struct options *o, const struct value *data,
    const struct settings *settings)
{
	struct complaints bad = {0};
	struct err err = ERR_INIT;
	struct templates *t = NULL;
	struct rendered r;
	struct str language =
	    settings->languages.n ? settings->languages.v[0] : S("en");
	const char *queue = o->queue ? o->queue : "";

	if (templates_load(a, &settings->template_dirs, language, &t, &bad) < 0)
		return print_complaints(&bad);
	if (o->language)
		language = str_c(o->language);
	if (templates_render(
		t, a, language, str_c(queue), o->template, data, &r, &err) < 0)
		return verb_err(c, &err);
	if (c->json)
		return render_json(c, &r);
	if (o->html && !r.html.n)
		return verb_fail(c, EX_NOINPUT,
		    "the template \"%s\" has no HTML", o->template);
	if (!o->html && r.subject.n &&
	    printf("Subject: %.*s\n\n", STR_ARG(r.subject)) < 0)
		return verb_fail(c, EX_IOERR, "cannot write the result");
	return put(c, o->html ? r.html : r.text);
}

static int
render_configured(const struct verb_context *c, struct arena *a,
    const struct options *o, const struct value *data)
{
	struct complaints bad = {0};
	struct config *config = NULL;
	int status;

	config_load(c->config_dir, &config, &bad);
	status = render_name(c, a, o, data, &config->settings);
	config_free(&config);
	return status;
}

static bool
is_file(const char *template)
{
	return strchr(template, '/') ||
	       str_ends(str_c(template), S(".mustache")) ||
	       access(template, R_OK) == 0;
}

static bool
read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"data", required_argument, NULL, 'D'},
	    {"partials", required_argument, NULL, 'p'},
	    {"html", no_argument, NULL, 'H'}, {"text", no_argument, NULL, 'T'},
	    {"lang", required_argument, NULL, 'l'},
	    {"queue", required_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};
	int k;

	*o = (struct options){0};
	optind = 0;
	while ((k = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (k) {
		case 'D':
			o->data = optarg;
			break;
		case 'p':
			o->partials = optarg;
			break;
		case 'H':
			o->html = true;
			break;
		case 'T':
			o->text = true;
			break;
		case 'l':
			o->language = optarg;
			break;
		case 'q':
			o->queue = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind + 1 != argc || (o->html && o->text))
		return false;
	o->template = argv[optind];
	return true;
}

int
cmd_render(struct verb_context *c, int argc, char **argv)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct options o;
	struct value data;
	json_t *json = NULL;
	int status;

	if (!read_options(&o, argc, argv))
		return verb_usage(c);
	if (!o.data)
		data = *value_sample(&a);
	if (o.data && read_data(&a, o.data, &json, &data, &err) < 0)
		status = verb_err(c, &err);
	else if (is_file(o.template))
		status = render_file(c, &a, &o, &data);
	else
		status = render_configured(c, &a, &o, &data);
	json_decref(json);
	arena_fini(&a);
	return status;
}
