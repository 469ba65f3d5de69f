/* johab: the Korean charset of KS C 5601-1992 annex 3 (code page 1361), which ICU has not. Hangul is arithmetic, the rest is KS X 1001 in another place. */
#ifndef MAIL_JOHAB_H
#define MAIL_JOHAB_H

#include "base/buf.h"

/*
 * Appends s as UTF-8. What is not Hangul is given to ksx as two bytes of EUC-KR, which appends it as UTF-8 and says whether it
 * could. Returns the number of characters that became U+FFFD.
 */
size_t johab_decode(struct buf *b, struct str s, bool (*ksx)(void *context, struct buf *b, const char two[2]), void *context);

#endif
