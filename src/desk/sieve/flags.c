/* IMAP flags: setflag, addflag, removeflag, hasflag (RFC 5232), and the older mark and unmark. */
#include "desk/sieve/engine.h"

static bool
flag_ok(struct str s)
{
	static const char *const known[] = {
	    "\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"};

	if (s.n && s.p[0] == '\\') {
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_ieq(s, str_c(known[i])))
				return true;
		return false;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 32 || s.p[i] >= 127 ||
		    strchr("(){%*\"\\]", s.p[i]))
			return false;
	return s.n > 0;
}

void
sieve_flags_split(struct arena *a, struct strs *out, struct str s)
{
	struct str w;

	while (str_word(&s, &w))
		if (flag_ok(w) && !strs_ihas(out, w))
			strs_add(a, out, w);
}

static struct strs *
internal_flags(struct sieve_run *r)
{
	if (!r->flags_read) {
		r->flags_read = true;
		for (size_t i = 0; i < r->mail->flags.n; i++)
			sieve_flags_split(r->a, &r->flags, r->mail->flags.v[i]);
	}
	return &r->flags;
}

static struct str
joined(struct arena *a, const struct strs *l)
{
	struct buf b = BUF_INIT;
	struct str out;

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_putc(&b, ' ');
		buf_put(&b, l->v[i]);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* flags: changed as setflag (0), addflag (1), removeflag (2) say; 16 of work a comparison. */
static struct strs
changed(struct sieve_run *r, int how, struct strs now, struct strs given)
{
	struct strs out = {NULL, 0};

	r->work += (now.n + 1) * (given.n + 1) * 16;
	if (how == 0)
		now.n = 0;
	for (size_t i = 0; i < now.n; i++)
		if (how == 1 || !strs_ihas(&given, now.v[i]))
			strs_add(r->a, &out, now.v[i]);
	for (size_t i = 0; i < given.n && how != 2; i++)
		if (!strs_ihas(&out, given.v[i]))
			strs_add(r->a, &out, given.v[i]);
	return out;
}

int
run_setflag(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs now = {NULL, 0}, given = {NULL, 0};
	struct strs l = sieve_expand_list(r, &n->args[1]);
	const struct sieve_piece *p = n->data;

	for (size_t i = 0; i < l.n; i++)
		sieve_flags_split(r->a, &given, l.v[i]);
	if (p) {
		sieve_flags_split(r->a, &now, *sieve_slot(r, p));
		now = changed(r, n->def->extra, now, given);
		*sieve_slot(r, p) = sieve_clip_variable(joined(r->a, &now));
		return RUN_OK;
	}
	r->flags = changed(r, n->def->extra, *internal_flags(r), given);
	return RUN_OK;
}

/* The older form: only the internal variable; mark and unmark. */
int
run_mark(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs given = {NULL, 0}, l = {NULL, 0};

	if (n->nargs)
		l = sieve_expand_list(r, &n->args[0]);
	else
		strs_add(r->a, &l, S("\\Flagged"));
	for (size_t i = 0; i < l.n; i++)
		sieve_flags_split(r->a, &given, l.v[i]);
	r->flags = changed(r, n->def->extra, *internal_flags(r), given);
	return RUN_OK;
}

int
run_hasflag(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs have = {NULL, 0}, l, keys = {NULL, 0};
	const struct sieve_piece *p = n->data;
	struct sieve_value v;

	if (p)
		for (size_t i = 0; i < n->args[0].n; i++)
			sieve_flags_split(r->a, &have, *sieve_slot(r, &p[i]));
	else
		have = *internal_flags(r);
	if (n->match == MATCH_COUNT || n->match == MATCH_VALUE)
		return sieve_match_texts(r, n, sieve_texts_of(r, &have), NULL);
	l = sieve_expand_list(r, &n->args[1]);
	for (size_t i = 0; i < l.n; i++) {
		struct str rest = l.v[i], w;

		if (!l.v[i].n)
			strs_add(r->a, &keys, l.v[i]);
		while (str_word(&rest, &w))
			strs_add(r->a, &keys, w);
	}
	v = (struct sieve_value){.type = ARG_LIST,
	    .at = n->at,
	    .v = arena_array(r->a, struct sieve_string, keys.n + 1),
	    .n = keys.n};
	for (size_t i = 0; i < keys.n; i++)
		v.v[i] = (struct sieve_string){.s = keys.v[i], .at = n->at};
	return sieve_match_texts(r, n, sieve_texts_of(r, &have), &v);
}

/* The flags that a keep or fileinto (NULL: the implicit keep) gives the mail. */
void
sieve_flags_for(
    struct sieve_run *r, const struct sieve_node *n, struct sieve_action *x)
{
	const struct sieve_value *v = n ? sieve_tagged(n, TAG_FLAGS) : NULL;

	if (v) {
		struct strs l = sieve_expand_list(r, v);

		for (size_t i = 0; i < l.n; i++)
			sieve_flags_split(r->a, &x->flags, l.v[i]);
		x->has_flags = true;
	} else if (r->flags_read) {
		x->flags = r->flags;
		x->has_flags = true;
	}
}
