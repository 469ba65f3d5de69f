/*
 *   QUIET -> WAITING   bad for an eighth of `after`: from here on a restart does
 *                      not begin anew
 *   WAITING -> RAISED  bad for `after`; told now, or when the pause is over
 *   any -> QUIET       not bad; told, if the beginning was
 *
 * A row that is quiet stays for the pause, so that what flaps cannot mail at
 * every turn.
 */
#include "desk/alarm.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"

enum {
	SETTLE = 8
};

static const char *const names[ALARM_COUNT] = {[ALARM_NONE] = "none",
#define X_NAME(n, id, name) [ALARM_##id] = name,
    ALARMS(X_NAME)
#undef X_NAME
};

const char *
alarm_name(enum alarm_kind k)
{
	return k < ALARM_COUNT ? names[k] : "none";
}

const char *
alarm_state_name(enum alarm_state s)
{
	static const char *const of[] = {"quiet", "waiting", "raised"};

	return s < ARRAY_LEN(of) ? of[s] : "quiet";
}

bool
alarm_expires(enum alarm_kind k)
{
	return k == ALARM_CERTIFICATE || k == ALARM_SMIME ||
	       k == ALARM_AUTHORITY || k == ALARM_PASSWORD;
}

/* --- what lasts -------------------------------------------------------- */

static int64_t
sum(int64_t a, int64_t b)
{
	int64_t c;

	return __builtin_add_overflow(a, b, &c) ? INT64_MAX : c;
}

static bool
in_pause(const struct alarm *x, int64_t now)
{
	return x->told_at != CLOCK_NONE && now - x->told_at < ALARM_PAUSE;
}

/* Another run than the one that wrote the row: what lay before it is reckoned
 * once, by the wall. */
static bool
take_over(struct alarm *x, const struct alarm_sign *s, int64_t now)
{
	if (x->state == ALARM_QUIET || x->run == s->run)
		return false;
	x->carried = MAX(now - s->bad_for - x->since, (int64_t)0);
	x->run = s->run;
	return true;
}

static uint64_t
grown_by(const struct alarm *x, const struct alarm_sign *s)
{
	if (x->count_run != s->run)
		return s->count;
	return s->count > x->count ? s->count - x->count : 0;
}

static enum alarm_act
is_good(struct alarm *x, const struct alarm_sign *s, int64_t now)
{
	enum alarm_act act = ALARM_NOTE;

	if (x->state == ALARM_QUIET)
		return x->told_at != CLOCK_NONE && !in_pause(x, now)
			   ? ALARM_FORGET
			   : ALARM_KEEP;
	if (x->told)
		act = ALARM_END;
	else if (x->told_at == CLOCK_NONE)
		act = ALARM_FORGET;
	else if (x->state == ALARM_RAISED)
		x->missed++;
	x->state = ALARM_QUIET;
	x->told = false;
	x->carried = 0;
	x->run = s->run;
	x->words = str_n(NULL, 0);
	return act;
}

static void
become_bad(struct alarm *x, const struct alarm_sign *s)
{
	x->state = ALARM_WAITING;
	x->run = x->count_run = s->run;
	x->count = s->count;
	x->carried = 0;
	x->mails = 0;
}

/* The last words count, and none do not wipe out some. */
static void
take_words(struct alarm *x, const struct alarm_sign *s)
{
	struct str w = utf8_clip(s->words, ALARM_WORDS_MAX);

	if (w.n)
		x->words = w;
}

static enum alarm_act
is_bad(struct alarm *x, const struct alarm_sign *s, int64_t now, int64_t lasted)
{
	enum alarm_act act = ALARM_KEEP;

	if (x->state == ALARM_QUIET) {
		if (s->after && s->bad_for < s->after / SETTLE)
			return ALARM_KEEP;
		become_bad(x, s);
		act = ALARM_NOTE;
	}
	if (x->state == ALARM_WAITING && lasted >= s->after) {
		x->state = ALARM_RAISED;
		act = ALARM_NOTE;
	}
	if (x->state == ALARM_RAISED && !x->told && !in_pause(x, now)) {
		x->told = true;
		act = ALARM_BEGIN;
	} else if (x->told && now - x->told_at >= ALARM_REMINDER)
		act = ALARM_REMIND;
	if (act == ALARM_BEGIN || act == ALARM_REMIND) {
		x->told_at = now;
		x->mails++;
	}
	/* Each try may be answered otherwise: a commit for that alone is not
	 * worth it. */
	if (act != ALARM_KEEP) {
		x->since = now - lasted;
		take_words(x, s);
	}
	return act;
}

static enum alarm_act
was_bad(struct alarm *x, const struct alarm_sign *s, int64_t now)
{
	if (in_pause(x, now)) {
		x->missed++;
		return ALARM_NOTE;
	}
	take_words(x, s);
	x->since = now - s->bad_for;
	x->told_at = now;
	x->mails = 1;
	return ALARM_OVER;
}

/* --- what expires ------------------------------------------------------ */

static enum alarm_act
expiry(struct alarm *x, const struct alarm_sign *s, const int64_t *steps,
    size_t n, int64_t now)
{
	int64_t left = s->expires - now;
	unsigned step = 0;

	if (s->expires == CLOCK_NONE)
		return ALARM_KEEP;
	for (size_t i = 0; i < n; i++)
		step += left <= steps[i];
	step += left <= 0;
	if (!step)
		return x->state == ALARM_QUIET ? ALARM_KEEP : ALARM_FORGET;
	/* Another one, which is near its end as well. */
	if (x->expires != s->expires)
		x->step = 0;
	x->expires = s->expires;
	if (step <= x->step)
		return ALARM_KEEP;
	x->step = step;
	if (x->state == ALARM_QUIET)
		x->since = now;
	x->state = ALARM_RAISED;
	x->told = true;
	x->told_at = now;
	x->mails++;
	take_words(x, s);
	return ALARM_BEGIN;
}

/* --- the decision ------------------------------------------------------ */

enum alarm_act
alarm_decide(struct alarm *x, const struct alarm_sign *s, const int64_t *steps,
    size_t n, int64_t now, int64_t *lasted, uint64_t *grown)
{
	enum alarm_act act;
	bool other = false;

	must(n <= ALARM_STEPS_MAX);
	/* A clock that was set back must not keep an alarm quiet for longer than
	 * the pause. */
	if (x->told_at != CLOCK_NONE && x->told_at > now)
		x->told_at = now;
	*lasted = MAX(s->bad_for, (int64_t)0);
	*grown = 0;
	if (s->unknown)
		return ALARM_KEEP;
	if (alarm_expires(s->kind))
		return expiry(x, s, steps, n, now);
	other = take_over(x, s, now);
	*lasted = sum(x->carried, *lasted);
	*grown = x->state == ALARM_QUIET ? 0 : grown_by(x, s);
	act = s->over  ? was_bad(x, s, now)
	      : s->bad ? is_bad(x, s, now, *lasted)
		       : is_good(x, s, now);
	return act == ALARM_KEEP && other ? ALARM_NOTE : act;
}

/* --- the record -------------------------------------------------------- */

enum {
	TAG_KIND = 1,
	TAG_NAME,
	TAG_STATE,
	TAG_TOLD,
	TAG_RUN,
	TAG_CARRIED,
	TAG_SINCE,
	TAG_TOLD_AT,
	TAG_MAILS,
	TAG_MISSED,
	TAG_EXPIRES,
	TAG_STEP,
	TAG_WORDS,
	TAG_COUNT,
	TAG_COUNT_RUN,
};

void
alarm_encode(struct buf *b, const struct alarm *x)
{
	rec_u64(b, TAG_KIND, x->kind);
	rec_str_opt(b, TAG_NAME, x->name);
	rec_u64_opt(b, TAG_STATE, x->state);
	rec_u64_opt(b, TAG_TOLD, x->told);
	rec_u64_opt(b, TAG_RUN, x->run);
	rec_i64(b, TAG_CARRIED, x->carried);
	rec_i64(b, TAG_SINCE, x->since);
	rec_i64(b, TAG_TOLD_AT, x->told_at);
	rec_u64_opt(b, TAG_MAILS, x->mails);
	rec_u64_opt(b, TAG_MISSED, x->missed);
	rec_i64(b, TAG_EXPIRES, x->expires);
	rec_u64_opt(b, TAG_STEP, x->step);
	rec_str_opt(b, TAG_WORDS, x->words);
	rec_u64_opt(b, TAG_COUNT, x->count);
	rec_u64_opt(b, TAG_COUNT_RUN, x->count_run);
}

static void
read_number(const struct recr *r, struct alarm *x)
{
	switch (r->tag) {
	case TAG_KIND:
		x->kind =
		    r->u < ALARM_COUNT ? (enum alarm_kind)r->u : ALARM_NONE;
		break;
	case TAG_STATE:
		x->state =
		    r->u <= ALARM_RAISED ? (enum alarm_state)r->u : ALARM_QUIET;
		break;
	case TAG_TOLD:
		x->told = r->u != 0;
		break;
	case TAG_RUN:
		x->run = r->u;
		break;
	case TAG_CARRIED:
		x->carried = MAX(recr_i64(r), (int64_t)0);
		break;
	case TAG_SINCE:
		x->since = recr_i64(r);
		break;
	case TAG_TOLD_AT:
		x->told_at = recr_i64(r);
		break;
	case TAG_MAILS:
		x->mails = (unsigned)MIN(r->u, (uint64_t)INT32_MAX);
		break;
	case TAG_MISSED:
		x->missed = (unsigned)MIN(r->u, (uint64_t)INT32_MAX);
		break;
	case TAG_EXPIRES:
		x->expires = recr_i64(r);
		break;
	case TAG_STEP:
		x->step = (unsigned)MIN(r->u, (uint64_t)INT32_MAX);
		break;
	case TAG_COUNT:
		x->count = r->u;
		break;
	case TAG_COUNT_RUN:
		x->count_run = r->u;
		break;
	default:
		break;
	}
}

bool
alarm_decode(struct arena *a, struct str rec, struct alarm *out)
{
	struct recr r = recr_open(rec);

	*out = (struct alarm){.told_at = CLOCK_NONE};
	while (recr_next(&r)) {
		if (!r.is_str)
			read_number(&r, out);
		else if (r.tag == TAG_NAME)
			out->name = arena_dup(a, r.s);
		else if (r.tag == TAG_WORDS)
			out->words = arena_dup(a, r.s);
	}
	return !r.bad && out->kind != ALARM_NONE;
}
