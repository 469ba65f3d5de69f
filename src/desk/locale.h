/* locale: names of time zones and languages as an admin writes them, judged by ICU. */
#ifndef DESK_LOCALE_H
#define DESK_LOCALE_H

#include "base/arena.h"

/* Is this an IANA name, exactly as written (no "GMT+3", no "europe/berlin")? */
bool locale_zone_known(const char *name);
/* The Area/City that was probably meant, or an empty str. */
struct str locale_zone_nearest(struct arena *a, struct str name);
/* "zh-cn" to "zh_CN": language[_Script][_COUNTRY], as directories of templates are named. False when there is no such language. */
bool locale_language(struct arena *a, struct str s, struct str *out);

#endif
