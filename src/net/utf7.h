/* utf7: folder names as IMAP writes them: modified UTF-7 (RFC 3501 §5.1.3). */
#ifndef NET_UTF7_H
#define NET_UTF7_H

#include "base/buf.h"

/* Appends name (well-formed UTF-8, no control characters) encoded; false, and nothing useful appended, when it is not that. */
bool utf7_encode(struct buf *out, struct str name);
/* Appends name decoded to UTF-8. A name that is no modified UTF-7 (raw UTF-8, a lone &) is appended as it is, cleaned; then false. */
bool utf7_decode(struct buf *out, struct str name);

#endif
