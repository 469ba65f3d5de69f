/* "@anna" in a note. */
#include "base/must.h"
#include "desk/command_private.h"
#include "desk/notice.h"

enum {
	NAMES_LOOKED_AT = 10000, /* of a note */
	UNKNOWN_TOLD = 10
};

static int
mention(struct command_run *r, const struct agent *to, uint32_t seq,
    struct strs *told, struct err *err)
{
	struct actor who = r->who;
	struct notice n = {
	    .kind = NOTICE_MENTION,
	    .seq = seq,
	    .who = who,
	    .to = to,
	};

	if (to == r->agent || strs_has(told, to->name))
		return 0;
	strs_add(r->a, told, to->name);
	if (!agent_may(r->d->settings, to, r->k->queue, RIGHT_SEE)) {
		transcript_add(r->told, TOLD_REFUSED,
		    arena_printf(r->a, "@%.*s", STR_ARG(to->name)),
		    SAY(r, "was not told: may not see queue %.*s"),
		    STR_ARG(r->k->queue));
		return 0;
	}
	if (notice_send(r->d, r->t, r->a, r->k, &n, r->now, NULL, err) < 0)
		return -1;
	event_add(r->t, r->k, EVENT_MENTION, &who, to->name, r->now);
	transcript_add(r->told, TOLD_DONE,
	    arena_printf(r->a, "@%.*s", STR_ARG(to->name)), "%s",
	    SAY(r, "was told"));
	return 0;
}

static bool
is_name_char(char c)
{
	return ch_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* "@anna" that does not stand in an address; a dot at the end is not part of
 * it. */
static struct str
next_mention(struct str *rest)
{
	ptrdiff_t at = -1;
	struct str s = *rest, name = {0};

	for (size_t from = 0; (at = str_chr(s, '@', from)) >= 0;
	     from = (size_t)at + 1) {
		size_t end = (size_t)at + 1;

		if (at > 0 && is_name_char(s.p[at - 1]))
			continue;
		while (end < s.n && is_name_char(s.p[end]))
			end++;
		*rest = str_from(s, end);
		while (end > (size_t)at + 1 && s.p[end - 1] == '.')
			end--;
		name = str_sub(s, (size_t)at + 1, end);
		if (name.n)
			return name;
	}
	*rest = str_n(NULL, 0);
	return name;
}

static void
tell_unknown(struct command_run *r, struct str name)
{
	struct str near = staff_nearest(r->a, &r->d->settings->staff, name);

	transcript_add(r->told, TOLD_REFUSED,
	    arena_printf(r->a, "@%.*s", STR_ARG(name)),
	    near.n ? SAY(r, "nobody is called so; did you mean @%.*s?")
		   : SAY(r, "nobody is called so%.*s"),
	    STR_ARG(near));
}

int
command_mentions(
    struct command_run *r, struct str text, uint32_t seq, struct err *err)
{
	const struct staff *s = &r->d->settings->staff;
	struct strs told = {0}, unknown = {0};
	struct str name;

	for (unsigned n = 0; (name = next_mention(&text)).n; n++) {
		const struct agent *to = staff_agent(s, name);
		const struct team *team = staff_team(s, name);

		/* A pasted log is full of "@". */
		if (n == NAMES_LOOKED_AT) {
			transcript_add(r->told, TOLD_REFUSED, S("@"), "%s",
			    SAY(r, "further names were not looked at"));
			break;
		}
		if (to && mention(r, to, seq, &told, err) < 0)
			return -1;
		for (size_t i = 0; !to && team && i < s->nagents; i++)
			if (agent_in_team(&s->agents[i], team->name) &&
			    mention(r, &s->agents[i], seq, &told, err) < 0)
				return -1;
		if (!to && !team && unknown.n < UNKNOWN_TOLD &&
		    !strs_ihas(&unknown, name)) {
			strs_add(r->a, &unknown, name);
			tell_unknown(r, name);
		}
	}
	return 0;
}
