/*
 * html: HTML mail to text that reads well. The home of libxml2's headers. Runs in the jail.
 *
 * Never fetches anything; tag, attribute and depth counts are capped before libxml2 sees a byte.
 */
#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include "base/arena.h"
#include "base/err.h"

void html_init(void); /* once a process */
/*
 * html is UTF-8. Paragraphs, headings, lists, tables (cells joined by tabs or aligned), links ("text <url>" where the url is not the text), images by alt text,
 * pre kept, blockquote (and the quote containers of the common clients) as "> " lines, so that mail/reply.h sees quotes; script,
 * style, head, comments and hidden text (display:none, zero size) gone. LF line ends, no trailing blanks.
 * ERR_PERM when a cap is hit; the caller then falls back to the bare text between tags.
 */
int html_to_text(struct arena *a, struct str html, struct str *text, struct err *err);
/*
 * The same document through an allow-list: no script, style, form, svg, math, iframe, object, on* attributes; URLs only http, https,
 * mailto, tel and cid; nothing that is fetched by displaying it (remote images lose their src).
 */
int html_sanitise(struct arena *a, struct str html, struct str *safe, struct err *err);

/* What stands between the tags, nothing else done: for when html_to_text() refused. In the arena. */
struct str html_bare_text(struct arena *a, struct str html);

#endif
