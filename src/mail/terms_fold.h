/* terms_fold: characters of words, and words as they are compared. Private to terms.c; all of terms' use of ICU is here. */
#ifndef MAIL_TERMS_FOLD_H
#define MAIL_TERMS_FOLD_H

#include "base/arena.h"

/* Belongs to a script written without spaces: Han, Kana, Hangul (whose words carry endings), Thai, Lao, Khmer, Myanmar. */
bool fold_is_dense(uint32_t c);
/* Letters, digits and marks that are not dense; also what sits invisibly inside a word (soft hyphen, joiners). */
bool fold_is_word(uint32_t c);
/*
 * The word folded (NFKC_Casefold) into out, and without the accents that people leave out into bare. Both hold max bytes. Lengths;
 * 0 when the result does not fit or nothing is left; *nbare is 0 also when bare is the same.
 */
size_t fold_word(struct str word, char *out, size_t max, char *bare, size_t *nbare);
/* A run of dense characters: half-width and decomposed forms as full ones. In the arena, or s itself. */
struct str fold_dense(struct arena *a, struct str s);

#endif
