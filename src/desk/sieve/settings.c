/* The settings that scripts are compiled with, by the names Pigeonhole gave them: helpd-rules(5). */
#include "desk/sieve/engine.h"

struct str
sieve_setting(const struct sieve_options *o, const char *name)
{
	struct str v = {NULL, 0};

	if (o && o->setting && o->setting(o->ctx, str_c(name), &v))
		return v;
	return (struct str){NULL, 0};
}

bool
sieve_setting_number(
    const struct sieve_options *o, const char *name, uint64_t *out)
{
	struct str v = str_trim(sieve_setting(o, name));
	unsigned shift = 0;

	if (v.n && !ch_is_digit(v.p[v.n - 1])) {
		char c = ch_lower(v.p[v.n - 1]);

		shift = c == 'k' ? 10 : c == 'm' ? 20 : c == 'g' ? 30 : 0;
		v = str_sub(v, 0, v.n - 1);
	}
	if (!v.n || !str_u64(v, out))
		return false;
	*out <<= shift;
	return true;
}

/* "7d", "3600", "2h". */
bool
sieve_setting_seconds(
    const struct sieve_options *o, const char *name, uint64_t *out)
{
	struct str v = str_trim(sieve_setting(o, name));
	uint64_t unit = 1;

	if (v.n && !ch_is_digit(v.p[v.n - 1])) {
		switch (ch_lower(v.p[v.n - 1])) {
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		case 'w':
			unit = 604800;
			break;
		default:
			break;
		}
		v = str_sub(v, 0, v.n - 1);
	}
	if (!v.n || !str_u64(v, out) || *out > UINT64_C(1) << 40)
		return false;
	*out *= unit;
	return true;
}

void
sieve_read_settings(struct sieve_compiler *c)
{
	struct sieve *s = c->s;
	uint64_t v;

	s->max_actions = SIEVE_ACTIONS_MAX;
	s->max_redirects = SIEVE_REDIRECTS_MAX;
	s->header_max = 2048;
	s->duplicate_default = 43200;
	s->duplicate_max = 172800;
	s->vacation_min = 86400;
	s->vacation_max = 0;
	s->vacation_default = 604800;
	sieve_setting_number(c->o, "sieve_max_actions", &s->max_actions);
	sieve_setting_number(c->o, "sieve_max_redirects", &s->max_redirects);
	sieve_setting_number(
	    c->o, "sieve_editheader_max_header_size", &s->header_max);
	sieve_setting_seconds(
	    c->o, "sieve_duplicate_default_period", &s->duplicate_default);
	sieve_setting_seconds(
	    c->o, "sieve_duplicate_max_period", &s->duplicate_max);
	if (sieve_setting_seconds(c->o, "sieve_vacation_min_period", &v))
		s->vacation_min = (int64_t)v;
	if (sieve_setting_seconds(c->o, "sieve_vacation_max_period", &v))
		s->vacation_max = (int64_t)v;
	if (sieve_setting_seconds(c->o, "sieve_vacation_default_period", &v))
		s->vacation_default = (int64_t)v;
	s->delimiters = sieve_setting(c->o, "recipient_delimiter");
	if (!s->delimiters.n)
		s->delimiters = sieve_setting(c->o, "sieve_subaddress_sep");
	s->delimiters =
	    arena_dup(c->a, s->delimiters.n ? s->delimiters : S("+"));
	s->protected_fields =
	    arena_dup(c->a, sieve_setting(c->o, "sieve_editheader_protected"));
	s->no_add =
	    arena_dup(c->a, sieve_setting(c->o, "sieve_editheader_forbid_add"));
	s->no_delete = arena_dup(
	    c->a, sieve_setting(c->o, "sieve_editheader_forbid_delete"));
	sieve_spam_read(c);
}

void
sieve_settings_again(struct sieve *s, const struct sieve_options *o)
{
	struct sieve_compiler c = {.s = s, .a = &s->a, .o = o};

	sieve_spam_free(s);
	sieve_read_settings(&c);
}
