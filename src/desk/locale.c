/* Names of time zones and languages, by ICU. */
#include "desk/locale.h"
#include "base/syntax.h"

#include <stdio.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

bool
locale_zone_known(const char *name)
{
	UErrorCode e = U_ZERO_ERROR;
	UEnumeration *all = ucal_openTimeZones(&e);
	bool found = false;

	/* ucal_getCanonicalTimeZoneID() would also take "GMT+3". */
	while (!found && U_SUCCESS(e)) {
		const char *z = uenum_next(all, NULL, &e);

		if (!z)
			break;
		found = strcmp(z, name) == 0;
	}
	uenum_close(all);
	return found;
}

/* Three-letter names and the like are so many that something is always near; an
 * admin means Area/City. */
struct str
locale_zone_nearest(struct arena *a, struct str name)
{
	UErrorCode e = U_ZERO_ERROR;
	UEnumeration *all = ucal_openTimeZones(&e);
	struct strs names = {0};
	ptrdiff_t slash = str_rchr(name, '/');
	struct str city = str_from(name, (size_t)(slash + 1));
	struct str found, same_city = {NULL, 0};

	while (U_SUCCESS(e)) {
		const char *z = uenum_next(all, NULL, &e);
		struct str s = str_c(z);

		if (!z)
			break;
		/* Etc/GMT+3 is three hours west: not what is meant. */
		if (str_chr(s, '/', 0) < 0 || str_starts(s, S("Etc/")))
			continue;
		s = arena_dup(a, s);
		strs_add(a, &names, s);
		if (str_ieq(str_from(s, (size_t)(str_rchr(s, '/') + 1)), city))
			same_city = s;
	}
	uenum_close(all);
	found = syntax_nearest(name, names.v, names.n);
	return found.n ? found : same_city;
}

/* language[_Script][_COUNTRY], as a name of a directory of templates. */
bool
locale_language(struct arena *a, struct str s, struct str *out)
{
	char in[32], lang[12], script[8], country[8];
	UErrorCode e = U_ZERO_ERROR;

	if (s.n < 2 || s.n > 12)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	snprintf(in, sizeof in, "%.*s", STR_ARG(s));
	uloc_getLanguage(in, lang, sizeof lang, &e);
	uloc_getScript(in, script, sizeof script, &e);
	uloc_getCountry(in, country, sizeof country, &e);
	if (U_FAILURE(e) || !*uloc_getISO3Language(in) ||
	    (*country && !*uloc_getISO3Country(in)))
		return false;
	*out = arena_printf(a, "%s%s%s%s%s", lang, *script ? "_" : "", script,
	    *country ? "_" : "", country);
	return out->n >= s.n;
}
