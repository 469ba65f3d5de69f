/*
 * Whoever forges mail must not gain a way to fill an agent's mailbox: of
 * challenges an agent gets one an hour, of alerts a few; what is beyond is
 * counted, and the next one says how many there were.
 */
#include "desk/held.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/record.h"
#include "base/utf8.h"
#include "desk/due.h"
#include "desk/event.h"
#include "desk/gate.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/view.h"
#include "store/person.h"

enum {
	CHALLENGES_AN_HOUR = 1,
	CHALLENGES_A_DAY =
	    3, /* that nobody confirms: a machine answers each, and makes the next */
	ALERTS_AN_HOUR = 6,
	ALERTS_A_DAY = 12,
	SHOWN_LINES = 12,
	SHOWN_LINE = 200,
	SHOWN_TEXT = 2000
};

/* --- telling ----------------------------------------------------------- */

struct telling {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	const struct identity *who;
	const struct message *m;
	struct ticket *k; /* NULL: of none */
	uint64_t quarantine;
	int64_t now;
	bool
	    borrowed; /* to him whose name is on it, with a colleague's token */
};

/* The first lines, as he would read them, each behind "> ". */
static struct str
excerpt(struct arena *a, const struct message *m)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str rest = utf8_clip(message_new_text(a, m), SHOWN_TEXT), line;

	for (int n = 0; n < SHOWN_LINES && str_line(&rest, &line); n++) {
		buf_put(&b, utf8_clip(line, SHOWN_LINE));
		buf_putc(&b, '\n');
	}
	return view_quote(a, str_trim(buf_str(&b)));
}

static struct value *
values(const struct telling *x, const struct agent *to, uint64_t untold)
{
	const struct settings *s = x->d->settings;
	struct arena *a = x->a;
	const struct message *m = x->m;
	struct str tag = to->languages.n ? to->languages.v[0] : S("");
	struct value *root = value_object(a), *o = value_object(a);
	AUTO(buf_fini) struct buf from = BUF_INIT;

	if (m->from.n)
		address_format(&from, &m->from.v[0]);
	value_set_num(a, o, "row", x->who->row);
	value_set_bool(a, o, "is_token", x->who->row == 3 && !x->borrowed);
	value_set_bool(a, o, "is_borrowed", x->borrowed);
	value_set_bool(a, o, "is_failed", x->who->row == 5);
	value_set_bool(a, o, "is_kept", x->quarantine != 0);
	value_set_str(a, o, "why", x->who->why);
	value_set_str(
	    a, o, "from", utf8_clip(arena_dup(a, buf_str(&from)), 200));
	value_set_str(a, o, "subject", utf8_clip(m->subject, 200));
	value_set_str(a, o, "date",
	    view_date(a, view_language(s, tag), s->timezone,
		m->date == CLOCK_NONE ? x->now : m->date));
	value_set_str(a, o, "text", excerpt(a, m));
	value_set_num(a, o, "quarantine", (double)x->quarantine);
	value_set_num(a, o, "more", (double)untold);
	value_set(a, root, "held", *o);
	return root;
}

static struct str
plain_words(const struct telling *x, bool challenge)
{
	return arena_printf(x->a,
	    "A mail with your name or token was not acted on: %.*s.\n\n"
	    "Subject: %.*s\n\n%.*s\n\n%s\n",
	    STR_ARG(x->who->why), STR_ARG(utf8_clip(x->m->subject, 200)),
	    STR_ARG(excerpt(x->a, x->m)),
	    challenge ? "If you wrote it, answer this mail with #send on top."
		      : "There is nothing you need to do.");
}

/* A mail that cannot be made is not worth the one that is held. */
static int
tell(const struct telling *x, const struct agent *to, const char *kind,
    struct grant *g, uint64_t untold, struct err *err)
{
	struct agent_mail_out out = {
	    .kind = kind,
	    .template = kind,
	    .to = to,
	    .k = x->k,
	    .subject = utf8_clip(x->m->subject, 200),
	    .data = values(x, to, untold),
	    .grant = g,
	    .plain = plain_words(x, g != NULL),
	};

	if (notice_mail(x->d, x->t, x->a, &out, x->now, NULL, NULL) == 0)
		return 0;
	return txn_error(x->t, err);
}

static int
alert(const struct telling *x, const struct agent *to, struct err *err)
{
	uint64_t untold, more = 0;
	bool may;

	if (!to)
		return 0;
	if (gate_pass(x->t, x->a, "alert", to->name, ALERTS_AN_HOUR, x->now,
		&may, &untold, err) < 0)
		return -1;
	if (may && gate_pass_within(x->t, x->a, "alert-day", to->name,
		       ALERTS_A_DAY, CLOCK_DAY, x->now, &may, &more, err) < 0)
		return -1;
	return may ? tell(x, to, "alert", NULL, untold + more, err) : 0;
}

static int
challenge(const struct telling *x, const struct agent *to, struct err *err)
{
	struct actor who = ACTOR_SYSTEM;
	struct grant g = {
	    .agent = to->name,
	    .purpose = GRANT_CHALLENGE,
	    .quarantine = x->quarantine,
	};
	uint64_t untold, more;
	bool may;

	if (gate_pass(x->t, x->a, "challenge", to->name, CHALLENGES_AN_HOUR,
		x->now, &may, &untold, err) < 0)
		return -1;
	if (may &&
	    gate_pass_within(x->t, x->a, "challenge-day", to->name,
		CHALLENGES_A_DAY, CLOCK_DAY, x->now, &may, &more, err) < 0)
		return -1;
	if (!may)
		return 0;
	untold += more;
	if (x->k)
		event_add(x->t, x->k, EVENT_CHALLENGED, &who, to->name, x->now);
	return tell(x, to, "challenge", &g, untold, err);
}

/* --- what follows from a row ------------------------------------------- */

static void
revoke(const struct telling *x, const struct grant *g)
{
	struct actor who = {S("system"), x->who->why};
	struct grant dead = *g;

	dead.revoked = x->now;
	dead.why = utf8_clip(x->who->why, 500);
	grant_put(x->t, &dead);
	if (x->k)
		event_add(x->t, x->k, EVENT_REVOKED, &who,
		    arena_printf(x->a, "%.*s's: %.*s", STR_ARG(g->agent),
			STR_ARG(x->who->why)),
		    x->now);
}

int
held_mail(struct desk *d, struct txn *t, struct arena *a,
    const struct identity *who, const struct grant *g, const struct message *m,
    uint64_t quarantine, int64_t now, struct err *err)
{
	struct telling x = {
	    .d = d,
	    .t = t,
	    .a = a,
	    .who = who,
	    .m = m,
	    .quarantine = quarantine,
	    .now = now,
	};
	struct actor actor = ACTOR_SYSTEM;
	struct ticket k;
	int rc = 0,
	    found = g && g->ticket ? merge_follow(t, a, g->ticket, &k) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (found) {
		x.k = &k;
		if (quarantine)
			event_add(t, &k, EVENT_HELD, &actor,
			    arena_printf(a, "%.*s; mail %llu in the quarantine",
				STR_ARG(who->why),
				(unsigned long long)quarantine),
			    now);
	}
	if (who->row == 3 && g) {
		revoke(&x, g);
		rc = alert(&x, who->told, err);
		/* A colleague may have answered what was forwarded to him. */
		x.borrowed = true;
		if (!rc && who->agent && who->agent != who->told)
			rc = alert(&x, who->agent, err);
	} else if (who->row == 5)
		rc = alert(&x, who->agent, err);
	else if (who->row == 6 && who->agent)
		rc = challenge(&x, who->agent, err);
	if (found)
		ticket_put(t, &k);
	return rc < 0 ? -1 : txn_error(t, err);
}

/*
 * Who confirmed it is kept with the mail, so that nothing is forgotten between
 * here and its next reading; the timer only says that it is to be read.
 */
int
held_release(struct desk *d, struct txn *t, struct arena *a, struct grant *g,
    int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf rec = BUF_INIT;
	struct timer m = {.due = now, .kind = DUE_RELEASE};
	struct intake in = {0};
	struct quarantined q;
	int found = 0;

	(void)d;
	if (g->purpose == GRANT_CHALLENGE && g->quarantine)
		found = quarantine_get(t, a, g->quarantine, &q);
	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return err_set(
		    err, ERR_NOENT, "the mail is no longer in the quarantine");
	gate_open(t, a, "challenge-day", g->agent);
	if (intake_decode(a, q.intake, &in, err) < 0)
		return -1;
	if (!in.confirmed.n) {
		in.confirmed = g->agent;
		in.confirmed_at = now;
		intake_encode(&in, &rec);
		q.intake = arena_dup(a, buf_str(&rec));
		quarantine_put(t, &q);
		m.data = arena_printf(a, "%llu", (unsigned long long)q.id);
		timer_put(t, &m);
	}
	g->used = now;
	grant_put(t, g);
	return txn_error(t, err);
}

/* --- what waits for #send ---------------------------------------------- */

enum {
	TAG_SEQ = 1,
	TAG_OUTBOX,
	TAG_COMMANDS,
	TAG_TEXT,
	TAG_WHY,
	TAG_ASKED,
	TAG_QUIET
};

struct str
waiting_encode(struct arena *a, const struct waiting *w)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_u64_opt(&b, TAG_SEQ, w->seq);
	rec_u64_opt(&b, TAG_OUTBOX, w->outbox);
	rec_str_opt(&b, TAG_COMMANDS, w->commands);
	rec_str_opt(&b, TAG_TEXT, w->text);
	rec_str_opt(&b, TAG_WHY, w->why);
	rec_u64_opt(&b, TAG_ASKED, w->asked);
	rec_u64_opt(&b, TAG_QUIET, w->quiet);
	return arena_dup(a, buf_str(&b));
}

int
waiting_decode(
    struct arena *a, struct str rec, struct waiting *out, struct err *err)
{
	struct recr r = recr_open(arena_dup(a, rec));

	*out = (struct waiting){0};
	while (recr_next(&r)) {
		bool text = r.tag >= TAG_COMMANDS && r.tag <= TAG_WHY;

		if (r.tag <= TAG_QUIET && r.is_str != text)
			r.bad = true;
		else if (r.tag == TAG_SEQ && r.u <= UINT32_MAX)
			out->seq = (uint32_t)r.u;
		else if (r.tag == TAG_SEQ)
			r.bad = true;
		else if (r.tag == TAG_OUTBOX)
			out->outbox = r.u;
		else if (r.tag == TAG_COMMANDS)
			out->commands = r.s;
		else if (r.tag == TAG_TEXT)
			out->text = r.s;
		else if (r.tag == TAG_WHY)
			out->why = r.s;
		else if (r.tag == TAG_ASKED)
			out->asked = (unsigned)MIN(r.u, 1000U);
		else if (r.tag == TAG_QUIET)
			out->quiet = r.u != 0;
		if (r.bad)
			break;
	}
	if (r.bad)
		return err_set(err, ERR_CORRUPT,
		    "what waits for an agent's word cannot be read");
	return 0;
}
