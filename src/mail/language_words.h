/* language_words: the commonest small words of the languages that mail is written in. Private to language.c. */
#ifndef MAIL_LANGUAGE_WORDS_H
#define MAIL_LANGUAGE_WORDS_H

#include "base/str.h"

/* The bit of a language in a vote is its place in language_words[]. At most 64. */
struct language_words {
	struct str tag;    /* BCP 47 */
	const char *model; /* of libexttextcat, NULL: none is needed */
	const char *words; /* lower case, separated by blanks */
	const char *letters; /* characters seen in few other languages */
};
extern const struct language_words language_words[];
extern const size_t language_words_n;

/* Han characters written so in only one of the two scripts, in the order of frequency. */
extern const char language_simplified[], language_traditional[];

#endif
