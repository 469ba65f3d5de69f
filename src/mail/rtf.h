/* rtf: the words of a Rich Text body, as Outlook writes it into a winmail.dat. */
#ifndef MAIL_RTF_H
#define MAIL_RTF_H

#include "base/arena.h"

/*
 * Plain UTF-8 text with LF line ends; codepage: label for \'hh escapes ("windows-1252"). *html is set when the RTF only wraps HTML
 * ([MS-OXRTFEX]): the result is then that HTML.
 */
struct str rtf_text(struct arena *a, struct str rtf, struct str codepage, bool *html);

#endif
