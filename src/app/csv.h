/* csv: comma-separated values (RFC 4180): fields perhaps in quotes, with "" for one of them and line breaks inside; lines end in CRLF or LF. */
#ifndef APP_CSV_H
#define APP_CSV_H

#include "base/arena.h"
#include "base/str.h"

/* Takes one record off *rest, its fields in the arena; an empty line is a record of one empty field. False at the end. */
bool csv_record(struct arena *a, struct str *rest, struct strs *fields);

#endif
