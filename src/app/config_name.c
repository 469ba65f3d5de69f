/* Names in helpd's own files: of queues and the like, of agents, of tickets' tags and fields, in subjects. */
#include "app/config_value.h"
#include "base/must.h"
#include "base/syntax.h"

/* Names go into keys, paths and log lines. */
bool
value_name(struct value_reader *r, const struct setting *s,
    const struct node *n, struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (v.n > 64)
		return value_expected(r, s, n, "a name of at most 64 bytes");
	for (size_t i = 0; i < v.n; i++)
		if (!ch_is_alnum(v.p[i]) && !(v.p[i] & 0x80) &&
		    !(i && strchr("._-", v.p[i])) && v.p[i] != '_')
			return value_expected(r, s, n,
			    "a name of letters, digits, '.', '_' and '-'");
	*out = v;
	return true;
}

/* "anna" is typed in mails, behind "#assign" and "@": easy to type, unlike every word that has a meaning of its own there, and no sign of a sentence at its end. */
bool
value_handle(struct value_reader *r, const struct setting *s,
    const struct node *n, struct str *out)
{
	static const char *const taken[] = {"all", "everybody", "everyone",
	    "me", "mine", "nobody", "none", "team"};
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (v.n > 40)
		return value_expected(r, s, n, "a name of at most 40 bytes");
	for (size_t i = 0; i < v.n; i++)
		if (!ch_is_digit(v.p[i]) && !(v.p[i] >= 'a' && v.p[i] <= 'z') &&
		    !(i && i + 1 < v.n && strchr("._-", v.p[i])))
			return value_expected(r, s, n,
			    "a name of small letters and digits, with '.', '_' "
			    "and '-' inside, such as \"anna\"");
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (str_eq(v, str_c(taken[i])))
			return value_expected(
			    r, s, n, "a name that is no word of the commands");
	*out = v;
	return true;
}

bool
value_queue_name(struct value_reader *r, const struct setting *s,
    const struct node *n, struct str *out)
{
	if (n->kind == NODE_STRING && str_eq(n->s, S("*"))) {
		*out = S("*");
		return true;
	}
	return value_name(r, s, n, out);
}

/* What a ticket may be called by, as desk/change.h takes it. */
bool
value_label(struct value_reader *r, const struct setting *s,
    const struct node *n, struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (v.n > 50)
		return value_expected(r, s, n, "a name of at most 50 bytes");
	for (size_t i = 0; i < v.n; i++)
		if (!ch_is_alnum(v.p[i]) && !(v.p[i] & 0x80) &&
		    !(i && strchr("-_.:/", v.p[i])))
			return value_expected(
			    r, s, n, "a name of letters, digits and -_.:/");
	*out = arena_lower(r->a, v);
	return true;
}

bool
value_tag(struct value_reader *r, const struct setting *s, const struct node *n,
    struct str *out)
{
	struct str v;

	if (!value_line(r, s, n, &v))
		return false;
	if (v.n > 60 || str_chr(v, '[', 0) >= 0 || str_chr(v, ']', 0) >= 0 ||
	    str_chr(v, '#', 0) >= 0 || str_trim(v).n != v.n)
		return value_expected(r, s, n,
		    "at most 60 bytes without [, ], # or spaces around");
	*out = v;
	return true;
}
