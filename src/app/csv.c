#include "app/csv.h"
#include "base/buf.h"
#include "base/must.h"

/* A quoted field, its opening quote taken; one that nobody closes ends with
 * the text. */
static struct str
quoted(struct arena *a, struct str *rest)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	size_t i = 0;

	for (; i < rest->n; i++) {
		if (rest->p[i] != '"') {
			buf_putc(&b, rest->p[i]);
			continue;
		}
		if (i + 1 == rest->n || rest->p[i + 1] != '"') {
			i++;
			break;
		}
		buf_putc(&b, rest->p[i++]);
	}
	*rest = str_from(*rest, i);
	return arena_dup(a, buf_str(&b));
}

static struct str
plain(struct str *rest)
{
	size_t i = 0;
	struct str s;

	while (i < rest->n && rest->p[i] != ',' && rest->p[i] != '\n')
		i++;
	s = str_sub(*rest, 0, i);
	*rest = str_from(*rest, i);
	return str_ends(s, S("\r")) ? str_sub(s, 0, s.n - 1) : s;
}

bool
csv_record(struct arena *a, struct str *rest, struct strs *fields)
{
	*fields = (struct strs){0};
	if (!rest->n)
		return false;
	for (;;) {
		struct str s;

		if (rest->n && rest->p[0] == '"') {
			*rest = str_from(*rest, 1);
			s = quoted(a, rest);
			plain(rest); /* what stands behind the quote */
		} else {
			s = plain(rest);
		}
		strs_add(a, fields, s);
		if (!rest->n)
			return true;
		if (rest->p[0] == '\n') {
			*rest = str_from(*rest, 1);
			return true;
		}
		*rest = str_from(*rest, 1);
	}
}
