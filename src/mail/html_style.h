/* html_style: whether an element is seen at all, by its style and class. Private to html*.c. */
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
bool html_has_attribute(const char **attributes, const char *name);

#endif
