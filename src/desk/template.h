/*
 * template: Mustache (https://mustache.github.io/mustache.5.html, the public specification without lambdas), and the set of
 * files that helpd's mails are made of.
 *
 * A template is compiled once a configuration. Values come from a tree of struct value. Escaping goes by where a value
 * lands: .html.mustache escapes {{x}} for HTML, .mustache (plain text) does not escape, and subject lines have line
 * breaks and control characters removed in both.
 */
#ifndef DESK_TEMPLATE_H
#define DESK_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/syntax.h"

/* Data for a template: what JSON can say. Lives in an arena. */
enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_OBJECT };
struct value {
	enum value_kind kind;
	bool b;
	double number;
	struct str s;
	struct value *items;         /* LIST; OBJECT: the values beside keys */
	struct str *keys;
	size_t n, cap;
};
struct value *value_object(struct arena *a);
struct value *value_list(struct arena *a);
/*
 * Sets or replaces; v is copied in (its lists and objects are shared, not copied). The answer points at the copy and holds
 * until the next value_set() or value_add() on the same object or list: fill an inner object before the outer one gets another key.
 */
struct value *value_set(struct arena *a, struct value *object, const char *key, struct value v);
void value_set_str(struct arena *a, struct value *object, const char *key, struct str s); /* key: borrowed, a literal */
void value_set_num(struct arena *a, struct value *object, const char *key, double number);
void value_set_bool(struct arena *a, struct value *object, const char *key, bool b);
struct value *value_add(struct arena *a, struct value *list, struct value v);
/* NULL when there is none, or object is none. */
const struct value *value_get(const struct value *object, struct str key);
/* Appends what {{x}} prints for it, unescaped: 42, 1.21, true, the string; nothing for null, lists and objects. */
void value_print(struct buf *out, const struct value *v);
/* Appends it as JSON, on one line; what is no UTF-8 is replaced, a number that is none is null, below 50 levels all is null. */
void value_json(struct buf *out, const struct value *v);
/* A complete example of the keys of helpd-templates(7): a known customer of a ticket just answered and resolved. */
struct value *value_sample(struct arena *a);

/*
 * A section is left out for false, null, an empty list, an empty string and zero. {{.name}} looks in the innermost value only. HTML escaping
 * is of & < > " and '. A partial is rendered with the escaping of the template that the rendering began with.
 */
struct mustache; /* compiled; immutable, lives in the arena it was compiled in */
enum mustache_escape { MUSTACHE_TEXT, MUSTACHE_HTML };

/* Errors (unclosed section, bad delimiter …) go to *bad with line and column; -1 then. */
int mustache_compile(struct arena *a, const char *file, struct str text, enum mustache_escape e, struct mustache **out, struct complaints *bad);
/* Finds a partial by name, or NULL for an empty one. */
typedef const struct mustache *mustache_partial(void *ctx, struct str name);
/* Bounded: nesting 100, a million steps, output by out->max. ERR_PERM when a bound is hit. partial may be NULL: all are empty. */
int mustache_render(const struct mustache *m, const struct value *data, mustache_partial *partial, void *ctx, struct buf *out, struct err *err);

/*
 * The files templates/LANG/NAME.mustache (plain text; a first line "Subject: …" gives the subject) and NAME.html.mustache
 * beside it. Looked up: for each dir, LANG/QUEUE/NAME, LANG/NAME; then the same in the default language, then in "en".
 *
 * LANG may be written zh_CN or zh-CN; where "de_AT" has no directory, "de" serves, then any that begins with it. The HTML is taken
 * from the same language, and from no later place than the text: words that an admin changed are never sent beside the old ones.
 */
struct templates;
/*
 * Reads and compiles every template of every directory: all errors to *bad. Each directory as far as it exists. Lives in the arena,
 * immutable: any thread may render.
 */
int templates_load(struct arena *a, const struct strs *dirs, struct str default_language, struct templates **out, struct complaints *bad);

/* Is there one of that name in the default language or in English? */
bool templates_has(const struct templates *t, const char *name);
struct rendered {
	struct str subject; /* empty when the template has no Subject line */
	struct str text;
	struct str html;    /* empty when there is no .html.mustache */
};
/* queue_dir may be empty. ERR_NOENT when no such template exists in any language. */
int templates_render(const struct templates *t, struct arena *a, struct str language, struct str queue_dir, const char *name,
    const struct value *data, struct rendered *out, struct err *err);
/*
 * The texts that agents put into answers, templates/LANG/macro/NAME.mustache: looked up like the others, but only there. ERR_NOENT.
 * templates_macros(): their names, of all languages, sorted; in the arena.
 */
int templates_macro(const struct templates *t, struct arena *a, struct str language, struct str name, const struct value *data, struct str *text, struct err *err);
struct strs templates_macros(const struct templates *t, struct arena *a);
/* The languages that have a directory, "en", "zh_CN" …, in the arena that was loaded into. */
const struct strs *templates_languages(const struct templates *t);

#endif
