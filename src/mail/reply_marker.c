/*
 * Clients fold lines, turn hyphens into dashes and set text in bold, but "##- … -##" is written by nobody else: what is between
 * is compared, blanks and case aside.
 */
#include "mail/reply_marker.h"

#include "base/must.h"
#include "mail/reply_line.h"

static const struct row {
	struct str language, text[4]; /* by enum marker */
} rows[] = {
#define X_ROW(l, top, words, end)                                              \
	{{"" l, sizeof(l) - 1},                                                \
	    {{"", 0}, {"" top, sizeof(top) - 1}, {"" words, sizeof(words) - 1}, \
		{"" end, sizeof(end) - 1}}},
    REPLY_MARKERS(X_ROW)};

struct str
reply_marker(enum marker m, struct str language)
{
	size_t n = 0;

	while (n < language.n && language.p[n] != '_' && language.p[n] != '-')
		n++;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_ieq(rows[i].language, str_sub(language, 0, n)))
			return rows[i].text[m];
	return rows[0].text[m];
}

/* Do they say the same, blanks and what reply_fold() takes away aside? */
static bool
same(struct str folded, struct str text)
{
	struct folded want = {.n = 0};
	size_t i = 0, k = 0;

	reply_fold(&want, text);
	for (;;) {
		while (i < folded.n && folded.p[i] == ' ')
			i++;
		while (k < want.n && want.p[k] == ' ')
			k++;
		if (i == folded.n || k == want.n)
			return i == folded.n && k == want.n;
		if (folded.p[i++] != want.p[k++])
			return false;
	}
}

enum marker
reply_marker_of(struct str line)
{
	ptrdiff_t at = str_find(line, S("##"), 0), end;
	struct folded f = {.n = 0};

	if (at < 0)
		return MARKER_NONE;
	end = str_find(line, S("##"), (size_t)at + 2);
	if (end < 0 || end - at > 200)
		return MARKER_NONE;
	reply_fold(&f, str_sub(line, (size_t)at, (size_t)end + 2));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int m = MARKER_TOP; m <= MARKER_END; m++)
			if (same(folded_str(&f), rows[i].text[m]))
				return (enum marker)m;
	return MARKER_NONE;
}
