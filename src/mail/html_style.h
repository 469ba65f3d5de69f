/* html_style: what an element's style, class and other attributes say of it. Private to html*.c. */
#ifndef MAIL_HTML_STYLE_H
#define MAIL_HTML_STYLE_H

#include "base/str.h"

enum { HTML_HIDDEN_MAX = 32 };

/* Classes that the style sheets of a document hide, on every screen. They lie in the document. */
struct html_hidden {
	struct str v[HTML_HIDDEN_MAX];
	size_t n;
};
void html_hidden_classes(struct str html, struct html_hidden *out);
bool html_class_hides(const struct html_hidden *hidden, struct str class);

/* The value of a property in a style attribute, lower case not assured; empty when it is absent. */
struct str html_css(struct str style, struct str property);
/* "0", "0px", "0.0pt"; not "" and not "0.5em". */
bool html_css_zero(struct str value);
/* Does the style take the element out of sight? Preheaders of bulk mail and text for filters, mostly. */
bool html_style_hides(struct str style);
/* Has a class attribute the word, also as Outlook on the web renames it ("x_word")? */
bool html_has_class(struct str class, struct str word);
/* A container of quoted mail that is no <blockquote>; of a signature. */
bool html_is_quote(struct str class, struct str id, struct str name);
bool html_is_signature(struct str class, struct str id);
/* A picture that nobody is to see: no wider or no higher than a pixel. */
bool html_is_spacer(const char **attributes);
bool html_has_attribute(const char **attributes, const char *name);

#endif
