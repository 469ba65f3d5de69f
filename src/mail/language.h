/* language: which language a text is in. By script where that decides, else libexttextcat on the first few hundred letters. Runs in the jail. */
#ifndef MAIL_LANGUAGE_H
#define MAIL_LANGUAGE_H

#include "base/arena.h"
#include "base/err.h"

/* Loads the models of the languages that mail is written in; directory: NULL for LANGUAGE_MODELS. */
int language_init(const char *directory, struct err *err);
/* BCP 47: "en", "de", "zh-CN", "zh-TW" …; empty when the text is too short or unsure. A static string. */
struct str language_guess(struct str text);

#endif
