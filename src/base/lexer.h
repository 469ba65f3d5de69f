/*
 * lexer: the tokens of base/syntax.h (RFC 5228 §8.1). Only syntax.c uses it.
 *
 * What no token can be made of is a TOKEN_WORD (user@example.com, 14d, =): the parser knows what was wanted there and says
 * how it is written. Unclosed strings, comments and texts are complained of here, at the place where they open.
 */
#ifndef BASE_LEXER_H
#define BASE_LEXER_H

#include "base/syntax.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_TAG,
	TOKEN_PUNCT, /* one of ; { } ( ) [ ] , */
	TOKEN_WORD,
};

struct token {
	enum token_kind kind;
	char punct;
	struct place at;
	struct str s;      /* the value */
	struct str raw;    /* as written */
	uint64_t number;
	bool multiline;
	bool first;        /* on its line */
	bool damaged;      /* complained of already */
};

struct lexer {
	struct arena *a;
	struct complaints *bad;
	struct str text;
	size_t pos;
	struct place at;   /* of pos */
	bool cut_lines;    /* in: a string whose first line ends like a command was not closed there */
	bool open_string;  /* out: the text ended inside a string */
	bool cut_short;    /* out: the text ended inside a comment or a text: */
};

struct lexer lexer_open(struct arena *a, const char *file, struct str text, struct complaints *bad);
struct token lexer_next(struct lexer *l);

#endif
