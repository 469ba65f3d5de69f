/*
 * html_walk: an HTML document as a sequence of calls: element opened, text, element closed. Private to html*.c.
 *
 * libxml2 repairs the document on the way: elements close in the order they opened, every one that opened closes,
 * character references are resolved, text is UTF-8. Scripts and styles bring no text. Libxml2 builds no tree: a mail
 * is read once, from front to back.
 */
#ifndef MAIL_HTML_WALK_H
#define MAIL_HTML_WALK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	HTML_TAGS_MAX = 100000,   /* tags of a document, opening and closing */
	HTML_ATTRIBUTES_MAX = 500, /* of one tag */
	HTML_DEPTH_MAX = 500,     /* elements open at once; long threads of Outlook reach 150 */
	HTML_TEXT_MAX = 16 << 20, /* bytes that may come out */
};

/* The elements that mean something to us; HTML_OTHER is any other. */
enum html_tag {
	HTML_OTHER, HTML_A, HTML_B, HTML_BLOCKQUOTE, HTML_BR, HTML_CENTER, HTML_CODE, HTML_DD, HTML_DIV, HTML_DL, HTML_DT,
	HTML_EM, HTML_H1, HTML_HR, HTML_I, HTML_IMG, HTML_LI, HTML_OL, HTML_P, HTML_PRE, HTML_S, HTML_SPAN, HTML_STRONG, HTML_SUB,
	HTML_SUP, HTML_TABLE, HTML_TD, HTML_TH, HTML_TR, HTML_U, HTML_UL, HTML_FONT, HTML_BLOCK, HTML_SECTIONS, HTML_INLINE,
	HTML_DROP, HTML_VOID,
};

/* name: lower case, as libxml2 gives it; attributes: name, value, …, NULL (values may be NULL); NULL when there are none. */
struct html_walker {
	void *ctx;
	void (*open)(void *ctx, enum html_tag tag, const char *name, const char **attributes);
	void (*text)(void *ctx, struct str text);
	void (*close)(void *ctx, enum html_tag tag, const char *name);
};

/* The value of an attribute, empty when it is absent. */
struct str html_attribute(const char **attributes, const char *name);
/* ERR_PERM when a cap above is passed; the calls made until then stand. */
int html_walk(struct str html, const struct html_walker *w, struct err *err);

/*
 * The walker of html_to_text(), for one who walks along: after each call, where in the text that call put what it made visible. from == to: nothing.
 * unseen: text there would not be seen (hidden, of no size), or is not marked up at all.
 */
struct html_place {
	size_t from, to;
	bool unseen;
};
struct html_text *html_text_new(struct arena *a, struct str html, struct html_walker *w);
struct html_place html_text_place(struct html_text *t);
/* Once, whatever the walk returned: frees what is not in the arena. False: the text was too long, *text is not set. */
bool html_text_finish(struct html_text *t, struct str *text);

/* The walker of html_sanitise(), the same: what it wrote so far is in html_safe_text(). */
struct html_safe *html_safe_new(struct arena *a, struct html_walker *w);
struct str html_safe_text(const struct html_safe *t);
/* Is the element one that comes out, and has it no end tag? */
bool html_safe_tag(enum html_tag tag);
bool html_safe_is_void(enum html_tag tag);
void html_safe_free(struct html_safe *t);

#endif
