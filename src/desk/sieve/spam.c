/*
 * spamtest and virustest (RFC 5235): what a filter before helpd wrote into a
 * header field, as a number. Which field, and what its value means, are
 * settings (sieve_spamtest_…, sieve_virustest_…), as in helpd-rules(5):
 *
 *   sieve_spamtest_status_header = X-Spam-Score: (-?[[:digit:]]+\.[[:digit:]])
 *   sieve_spamtest_status_type   = score | strlen | text
 *   sieve_spamtest_max_value     = 5.0
 */
#include <regex.h>

#include "desk/sieve/engine.h"

enum spam_type {
	SPAM_SCORE,
	SPAM_STRLEN,
	SPAM_TEXT
};

struct spam_pattern {
	struct str header;
	regex_t re;
	bool has_re;
};
struct sieve_spam {
	enum spam_type type;
	struct spam_pattern status, max;
	bool has_max_header;
	double max_value;
	struct str texts[11];
};

static struct str
option(struct sieve_compiler *c, const char *which, const char *name)
{
	return sieve_setting(
	    c->o, arena_printf(c->a, "sieve_%s_%s", which, name).p);
}

/* "Header-Name [: pattern]". */
static bool
read_pattern(struct sieve_compiler *c, struct str s, struct spam_pattern *out)
{
	ptrdiff_t colon = str_chr(s, ':', 0);
	struct str re;

	out->header = arena_dup(
	    c->a, str_trim(colon < 0 ? s : str_sub(s, 0, (size_t)colon)));
	if (!sieve_header_name_ok(out->header))
		return false;
	if (colon < 0)
		return true;
	re = str_trim(str_from(s, (size_t)colon + 1));
	if (!re.n)
		return true;
	out->has_re = regcomp(&out->re, arena_cstr(c->a, re),
			  REG_EXTENDED | REG_ICASE) == 0;
	return out->has_re;
}

static bool
number(struct arena *a, struct str s, double *out)
{
	char *text = arena_cstr(a, str_trim(s)), *end;

	if (!*text)
		return false;
	*out = strtod(text, &end);
	return end != text && *end == '\0';
}

static struct sieve_spam *
read_one(struct sieve_compiler *c, const char *which)
{
	struct str header = option(c, which, "status_header");
	struct str type = option(c, which, "status_type");
	struct str max = option(c, which, "max_value");
	struct str max_header = option(c, which, "max_header");
	struct sieve_spam *s = arena_new(c->a, struct sieve_spam);
	unsigned last = which[0] == 's' ? 10 : 5;

	if (!header.n || !read_pattern(c, header, &s->status))
		return NULL;
	s->type = str_eq(type, S("strlen")) ? SPAM_STRLEN
		  : str_eq(type, S("text")) ? SPAM_TEXT
					    : SPAM_SCORE;
	if (s->type == SPAM_TEXT) {
		for (unsigned i = 0; i <= last; i++)
			s->texts[i] = arena_dup(
			    c->a, option(c, which,
				      arena_printf(c->a, "text_value%u", i).p));
		return s;
	}
	if (max.n) {
		if (!number(c->a, max, &s->max_value))
			return NULL;
	} else if (max_header.n) {
		s->has_max_header = read_pattern(c, max_header, &s->max);
		if (!s->has_max_header)
			return NULL;
	} else {
		return NULL;
	}
	return s;
}

void
sieve_spam_read(struct sieve_compiler *c)
{
	c->s->spam = read_one(c, "spamtest");
	c->s->virus = read_one(c, "virustest");
}

static void
free_one(struct sieve_spam *s)
{
	if (s && s->status.has_re)
		regfree(&s->status.re);
	if (s && s->max.has_re)
		regfree(&s->max.re);
}

void
sieve_spam_free(struct sieve *s)
{
	free_one(s->spam);
	free_one(s->virus);
}

/* The value of the first field, or what the pattern's parentheses caught of it. */
static bool
field_value(struct sieve_run *r, const struct spam_pattern *p, struct str *out)
{
	for (size_t i = 0; i < r->mail->nfields; i++) {
		regmatch_t m[2];
		char *text;

		if (!str_ieq(r->mail->fields[i].name, p->header))
			continue;
		*out = str_trim(r->mail->fields[i].value);
		if (!p->has_re)
			return true;
		text = arena_cstr(r->a, str_sub(*out, 0, 2000));
		if (regexec(&p->re, text, 2, m, 0) != 0 || m[1].rm_so < 0)
			return false;
		*out =
		    str_n(text + m[1].rm_so, (size_t)(m[1].rm_eo - m[1].rm_so));
		return true;
	}
	return false;
}

/* 0 to 1, or -1: not tested. For texts, *exact is the value itself. */
static double
ratio(struct sieve_run *r, const struct sieve_spam *s, bool virus, int *exact)
{
	struct str v, m;
	double value, max;

	*exact = -1;
	if (!s || !field_value(r, &s->status, &v))
		return -1;
	if (s->type == SPAM_TEXT) {
		for (int i = virus ? 5 : 10; i >= 0; i--)
			if (s->texts[i].n && str_eq(v, s->texts[i])) {
				*exact = i;
				return virus ? (i < 1 ? 0 : (i - 1) / 4.0)
					     : (i < 1 ? 0 : (i - 1) / 9.0);
			}
		return -1;
	}
	max = s->max_value;
	if (s->has_max_header &&
	    (!field_value(r, &s->max, &m) || !number(r->a, m, &max)))
		return -1;
	if (max == 0)
		return -1;
	if (s->type == SPAM_STRLEN)
		value = (double)v.n;
	else if (!number(r->a, v, &value))
		return -1;
	if (value < 0)
		return 0;
	return value > max ? 1 : value / max;
}

int
run_spamtest(struct sieve_run *r, const struct sieve_node *n)
{
	bool virus = n->def->extra != 0;
	int exact, value;
	double part = ratio(r, virus ? r->s->virus : r->s->spam, virus, &exact);
	struct strs l = {NULL, 0};

	if (exact >= 0 && !sieve_has(n, TAG_PERCENT))
		value = exact;
	else if (part < 0)
		value = 0;
	else if (sieve_has(n, TAG_PERCENT))
		value = (int)(part * 100 + 0.001);
	else if (virus)
		value = (int)(part * 4 + 0.001) + 1;
	else
		value = (int)(part * 9 + 0.001) + 1;
	strs_add(r->a, &l, arena_printf(r->a, "%d", value));
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}
