/*
 * All of it is one small row: a few dozen alarms at most, read at each look and
 * written only when something changed. So a look at a healthy house costs one
 * read transaction.
 */
#include "desk/health.h"
#include "base/must.h"
#include "base/record.h"
#include "desk/copy.h"
#include "desk/health_private.h"
#include "desk/hook.h"
#include "desk/limits.h"
#include "store/outbox.h"

enum {
	ALARMS_MAX = 2000,
	LOOK_AT = 1000, /* rows, for the oldest one that counts */
	TAG_ALARM = 1,
	TAG_ALIVE,
	TAG_PROBE,
	TAG_ARRIVED,
	TAG_TOOK,
	TAG_MARK,
	TAG_MARK_ID,
	TAG_BOUNCED,
	TAG_BOUNCE,
	PROBE_NUMBER = 1,
	PROBE_SENT,
	PROBE_MONO,
	PROBE_RUN,
	PROBE_OUTBOX,
	PROBE_ARRIVED,
	PROBE_LOST,
	PROBE_LOST_SINCE,
	PROBE_WORDS,
};

/* --- the row ----------------------------------------------------------- */

static void
read_probe(struct arena *a, struct str rec, struct probe *p)
{
	struct recr r = recr_open(rec);

	while (recr_next(&r)) {
		if (r.is_str) {
			if (r.tag == PROBE_WORDS)
				p->words = arena_dup(a, r.s);
			continue;
		}
		switch (r.tag) {
		case PROBE_NUMBER:
			p->number = r.u;
			break;
		case PROBE_SENT:
			p->sent = recr_i64(&r);
			break;
		case PROBE_MONO:
			p->mono = recr_i64(&r);
			break;
		case PROBE_RUN:
			p->run = r.u;
			break;
		case PROBE_OUTBOX:
			p->outbox = r.u;
			break;
		case PROBE_ARRIVED:
			p->arrived = r.u != 0;
			break;
		case PROBE_LOST:
			p->lost = (unsigned)MIN(r.u, (uint64_t)INT32_MAX);
			break;
		case PROBE_LOST_SINCE:
			p->lost_since = recr_i64(&r);
			break;
		default:
			break;
		}
	}
}

static void
write_probe(struct buf *b, const struct probe *p)
{
	size_t at = rec_begin(b, TAG_PROBE);

	rec_u64(b, PROBE_NUMBER, p->number);
	rec_i64(b, PROBE_SENT, p->sent);
	rec_i64(b, PROBE_MONO, p->mono);
	rec_u64_opt(b, PROBE_RUN, p->run);
	rec_u64_opt(b, PROBE_OUTBOX, p->outbox);
	rec_u64_opt(b, PROBE_ARRIVED, p->arrived);
	rec_u64_opt(b, PROBE_LOST, p->lost);
	rec_i64(b, PROBE_LOST_SINCE, p->lost_since);
	rec_str_opt(b, PROBE_WORDS, p->words);
	rec_end(b, at);
}

static void
read_field(struct arena *a, const struct recr *r, struct health *h)
{
	switch (r->tag) {
	case TAG_ALARM:
		if (r->is_str && h->n < ALARMS_MAX &&
		    alarm_decode(a, r->s, &h->v[h->n]))
			h->n++;
		break;
	case TAG_PROBE:
		if (r->is_str)
			read_probe(a, r->s, &h->probe);
		break;
	case TAG_BOUNCE:
		if (r->is_str)
			h->bounce = arena_dup(a, r->s);
		break;
	case TAG_ALIVE:
		h->alive = recr_i64(r);
		break;
	case TAG_ARRIVED:
		h->arrived = recr_i64(r);
		break;
	case TAG_TOOK:
		h->took = recr_i64(r);
		break;
	case TAG_MARK:
		h->mark = recr_i64(r);
		break;
	case TAG_MARK_ID:
		h->mark_id = r->u;
		break;
	case TAG_BOUNCED:
		h->bounced = recr_i64(r);
		break;
	default:
		break;
	}
}

int
health_read(struct txn *t, struct arena *a, struct health *out, struct err *err)
{
	struct str rec = {0};
	struct recr r;
	size_t n = 0;

	*out = (struct health){.alive = CLOCK_NONE,
	    .arrived = CLOCK_NONE,
	    .mark = CLOCK_NONE,
	    .bounced = CLOCK_NONE};
	if (meta_get(t, a, S("health"), &rec) < 0)
		return txn_error(t, err);
	r = recr_open(rec);
	while (recr_next(&r))
		n += r.tag == TAG_ALARM;
	out->v = arena_array(a, struct alarm, MIN(n, (size_t)ALARMS_MAX) + 1);
	r = recr_open(rec);
	while (recr_next(&r))
		read_field(a, &r, out);
	return 0;
}

void
health_write(struct txn *t, const struct health *h)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < h->n; i++) {
		size_t at = rec_begin(&b, TAG_ALARM);

		alarm_encode(&b, &h->v[i]);
		rec_end(&b, at);
	}
	rec_i64(&b, TAG_ALIVE, h->alive);
	write_probe(&b, &h->probe);
	rec_i64(&b, TAG_ARRIVED, h->arrived);
	rec_i64(&b, TAG_TOOK, h->took);
	rec_i64(&b, TAG_MARK, h->mark);
	rec_u64_opt(&b, TAG_MARK_ID, h->mark_id);
	rec_i64(&b, TAG_BOUNCED, h->bounced);
	rec_str_opt(&b, TAG_BOUNCE, h->bounce);
	meta_put(t, S("health"), buf_str(&b));
}

/* --- what the store shows ---------------------------------------------- */

struct oldest {
	int64_t created;
	size_t looked;
	bool found;
};

static bool
oldest_one(void *ctx, const struct outbox *o)
{
	struct oldest *x = ctx;

	/* Nobody waits for these. */
	if (copy_is(o) || hook_is(o) || str_eq(o->kind, S("probe")))
		return ++x->looked < LOOK_AT;
	x->created = x->found ? MIN(x->created, o->created) : o->created;
	x->found = true;
	return false;
}

int
health_unsent(struct txn *t, struct arena *a, int64_t *created)
{
	struct oldest x = {0};

	if (outbox_each(t, a, OUTBOX_QUEUED, oldest_one, &x) < 0)
		return -1;
	x.looked = 0;
	if (outbox_each(t, a, OUTBOX_SENDING, oldest_one, &x) < 0)
		return -1;
	*created = x.created;
	return x.found;
}

static int
unsent_sign(struct txn *t, struct arena *a, const struct health_look *x,
    int64_t now, struct alarm_sign *s)
{
	int64_t created;
	uint64_t n = 0;
	int found = health_unsent(t, a, &created);

	if (found < 0 || outbox_count(t, OUTBOX_QUEUED, &n) < 0)
		return -1;
	*s = (struct alarm_sign){
	    .kind = ALARM_UNSENT, .run = x->run, .after = x->unsent_after};
	if (!found)
		return 0;
	s->bad_for = MAX(now - created, (int64_t)0);
	/* A mail that will be gone in a moment is no trouble. */
	s->bad = s->bad_for >= x->unsent_after;
	s->words = arena_printf(a, "%llu mails wait", (unsigned long long)n);
	return 0;
}

/* *rolled: another hour begins. */
static int
quarantine_sign(struct txn *t, struct arena *a, const struct health_look *x,
    struct health *h, int64_t now, bool *rolled, struct alarm_sign *s)
{
	uint64_t last, came;

	if (quarantine_last(t, &last) < 0)
		return -1;
	*rolled = h->mark == CLOCK_NONE || h->mark > now ||
		  now - h->mark >= CLOCK_HOUR || h->mark_id > last;
	if (*rolled) {
		h->mark = now;
		h->mark_id = last;
	}
	came = last - h->mark_id;
	*s = (struct alarm_sign){.kind = ALARM_QUARANTINE,
	    .run = x->run,
	    .bad = came >= x->quarantined,
	    .bad_for = now - h->mark,
	    .words = arena_printf(a, "%llu", (unsigned long long)came)};
	return 0;
}

static int
breaker_sign(struct desk *d, struct txn *t, struct arena *a,
    const struct health_look *x, int64_t now, struct alarm_sign *s,
    struct err *err)
{
	uint64_t count;
	bool open;

	if (limits_breaker(t, a, d->settings, now, &open, &count, err) < 0)
		return -1;
	*s = (struct alarm_sign){.kind = ALARM_BREAKER,
	    .run = x->run,
	    .bad = open,
	    .words = arena_printf(a, "%llu", (unsigned long long)count)};
	return 0;
}

/* --- one look ---------------------------------------------------------- */

struct looking {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct health_look *x;
	struct health old, h;
	bool dry, changed;
	int64_t now;
};

static const struct alarm *
find(const struct health *h, enum alarm_kind kind, struct str name)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].kind == kind && str_eq(h->v[i].name, name))
			return &h->v[i];
	return NULL;
}

static int
tell(struct looking *l, enum alarm_act act, struct alarm *r, int64_t lasted,
    uint64_t grown, struct err *err)
{
	struct health_told *told = &l->x->told[l->x->ntold++];

	*told = (struct health_told){.act = act, .alarm = *r, .lasted = lasted};
	/* That no more comes in is no news. */
	if (r->kind == ALARM_QUARANTINE && act == ALARM_END)
		return 0;
	if (alarm_mail(l->d, l->t, l->a, l->x, told, grown, l->now,
		&told->mails, err) < 0)
		return -1;
	r->missed = 0;
	return 0;
}

static int
one(struct looking *l, const struct alarm_sign *s, struct err *err)
{
	const struct alarm *old = find(&l->old, s->kind, s->name);
	struct alarm r = old ? *old : alarm_of(s->kind, s->name);
	uint64_t grown;
	int64_t lasted;
	enum alarm_act act = alarm_decide(
	    &r, s, l->x->steps, l->x->nsteps, l->now, &lasted, &grown);

	if (act != ALARM_KEEP && (old || act != ALARM_FORGET))
		l->changed = true;
	if (!l->dry && act >= ALARM_BEGIN &&
	    tell(l, act, &r, lasted, grown, err) < 0)
		return -1;
	if (act != ALARM_FORGET && (old || act != ALARM_KEEP) &&
	    l->h.n < ALARMS_MAX)
		l->h.v[l->h.n++] = r;
	return 0;
}

enum {
	OWN_SIGNS = 4
};

static int
look(struct looking *l, struct err *err)
{
	struct alarm_sign own[OWN_SIGNS];
	struct health_look *x = l->x;
	bool rolled = false;

	if (unsent_sign(l->t, l->a, x, l->now, &own[0]) < 0 ||
	    quarantine_sign(l->t, l->a, x, &l->h, l->now, &rolled, &own[1]) < 0)
		return txn_error(l->t, err);
	if (breaker_sign(l->d, l->t, l->a, x, l->now, &own[2], err) < 0)
		return -1;
	heartbeat_sign(&l->h, x, l->now, &own[3]);
	l->changed |= rolled;
	for (size_t i = 0; i < OWN_SIGNS; i++)
		if (one(l, &own[i], err) < 0)
			return -1;
	for (size_t i = 0; i < x->nsigns; i++)
		if (one(l, &x->signs[i], err) < 0)
			return -1;
	/* What is watched no more is forgotten. */
	for (size_t i = 0; i < l->old.n; i++) {
		bool known = false;

		for (size_t k = 0; k < OWN_SIGNS; k++)
			known |= own[k].kind == l->old.v[i].kind;
		for (size_t k = 0; k < x->nsigns && !known; k++)
			known = x->signs[k].kind == l->old.v[i].kind &&
				str_eq(x->signs[k].name, l->old.v[i].name);
		l->changed |= !known;
	}
	return 0;
}

int
health_look(struct desk *d, struct txn *t, struct arena *a,
    struct health_look *x, bool dry, int64_t now, struct err *err)
{
	struct looking l = {
	    .d = d, .t = t, .a = a, .x = x, .dry = dry, .now = now};
	int r;

	if (health_read(t, a, &l.old, err) < 0)
		return -1;
	l.h = l.old;
	l.h.n = 0;
	l.h.v = arena_array(a, struct alarm, l.old.n + x->nsigns + OWN_SIGNS);
	x->ntold = 0;
	x->told = arena_array(a, struct health_told, x->nsigns + OWN_SIGNS);
	r = heartbeat_look(d, t, a, &l.h, x, dry, now, err);
	if (r < 0 || look(&l, err) < 0)
		return -1;
	l.changed |= r;
	if (l.h.alive == CLOCK_NONE || l.h.alive > now ||
	    now - l.h.alive >= x->alive_every)
		l.changed = true;
	if (!l.changed || dry)
		return l.changed;
	l.h.alive = now;
	health_write(t, &l.h);
	return txn_error(t, err) < 0 ? -1 : 1;
}

/* --- the last copy ----------------------------------------------------- */

enum {
	BACKUP_AT = 1,
	BACKUP_DIR = 2
};

int
health_backup_get(struct txn *t, struct arena *a, int64_t *at, struct str *dir)
{
	struct str rec;
	struct recr r;
	int found = meta_get(t, a, S("backup"), &rec);

	*at = CLOCK_NONE;
	*dir = str_n(NULL, 0);
	if (found <= 0)
		return found;
	r = recr_open(rec);
	while (recr_next(&r))
		if (r.tag == BACKUP_AT && !r.is_str)
			*at = recr_i64(&r);
		else if (r.tag == BACKUP_DIR && r.is_str)
			*dir = r.s;
	return *at != CLOCK_NONE;
}

void
health_backup_put(struct txn *t, int64_t at, struct str dir)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	rec_i64(&b, BACKUP_AT, at);
	rec_str(&b, BACKUP_DIR, str_sub(dir, 0, 1000));
	meta_put(t, S("backup"), buf_str(&b));
}
