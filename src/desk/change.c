#include "desk/change_private.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "desk/merge.h"
#include "desk/notice.h"
#include "desk/purge.h"
#include "desk/rules.h"
#include "mail/compose.h"
#include "mail/terms.h"

enum {
	ASSIGNEE_MAX = 100,
	SUBJECT_MAX = 500,
	TAG_MAX = 50,
	TAGS_MAX = 50
};

int
change_check_open(const struct ticket *k, struct err *err)
{
	if (k->status == STATUS_MERGED || k->merged_into)
		return err_set(err, ERR_INVAL,
		    "ticket %llu was merged into %llu and is not changed any "
		    "more",
		    (unsigned long long)k->id,
		    (unsigned long long)k->merged_into);
	return purge_check_open(k, err);
}

int
change_check_line(struct str s, size_t max, const char *what, struct err *err)
{
	if (s.n > max)
		return err_set(
		    err, ERR_INVAL, "%s is longer than %zu bytes", what, max);
	if (!utf8_valid(s))
		return err_set(err, ERR_INVAL, "%s is not UTF-8", what);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return err_set(err, ERR_INVAL,
			    "%s has a control character in it", what);
	return 0;
}

void
change_tell(struct txn *t, struct arena *a, struct ticket *k,
    enum event_kind kind, const struct actor *who, struct str old,
    struct str new, int64_t now)
{
	event_add(t, k, kind, who,
	    arena_printf(a, "%.*s -> %.*s", STR_ARG(old.n ? old : S("none")),
		STR_ARG(new.n ? new : S("none"))),
	    now);
}

/* A ticket is not over while somebody still works on a part of it. Forced: it
 * is, and the history says what was open. *open: those, "#18, #19". */
static int
check_children(struct txn *t, struct arena *a, const struct ticket *k,
    enum status s, bool force, struct str *open, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	uint64_t *ids;
	size_t n;

	if (s != STATUS_RESOLVED && s != STATUS_CLOSED)
		return 0;
	if (merge_open_children(t, a, k, &ids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && i < 10; i++)
		buf_printf(
		    &b, "%s#%llu", i ? ", " : "", (unsigned long long)ids[i]);
	if (n > 10)
		buf_printf(&b, " and %zu more", n - 10);
	*open = arena_dup(a, buf_str(&b));
	if (n && !force)
		return err_set(err, ERR_INVAL,
		    "ticket %llu has open sub-tickets: %.*s",
		    (unsigned long long)k->id, STR_ARG(*open));
	return 0;
}

static int
check_status(const struct ticket *k, enum status s, struct err *err)
{
	if (change_check_open(k, err) < 0)
		return -1;
	if (s == STATUS_MERGED || s <= STATUS_NONE || s >= STATUS_COUNT)
		return err_set(err, ERR_INVAL,
		    "a ticket becomes merged by merging, not by its status");
	if (s == STATUS_NEW)
		return err_set(err, ERR_INVAL,
		    "a ticket is new only until something is done with it; "
		    "use open");
	return 0;
}

static void
set_times(struct ticket *k, enum status s, bool was_over, int64_t now)
{
	if (s == STATUS_RESOLVED)
		k->resolved = now;
	if (s == STATUS_CLOSED) {
		k->closed = now;
		if (k->resolved == CLOCK_NONE)
			k->resolved = now;
	} else
		k->closed = CLOCK_NONE;
	if (status_is_active(s)) {
		k->resolved = CLOCK_NONE;
		k->reopens += was_over;
	}
	k->updated = now;
}

/* Whose ticket it is learns that somebody else ended or revived it. What
 * happens by itself has notices of its own. */
static int
tell_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    enum status old, const struct actor *who, int64_t now, struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_STATUS,
	    .who = *who,
	    .to = staff_agent(&d->settings->staff, k->assignee),
	};

	if (!n.to || str_eq(who->name, S("system")))
		return 0;
	n.detail = arena_printf(
	    a, "%s -> %s", status_name(old), status_name(k->status));
	return notice_send(d, t, a, k, &n, now, NULL, err);
}

static int
put_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    enum status s, bool force, const struct actor *who, int64_t now,
    struct err *err)
{
	enum status old = k->status;
	bool was_over = old == STATUS_RESOLVED || old == STATUS_CLOSED;
	bool again = was_over && status_is_active(s);
	struct str open = {0};

	if (s == old)
		return 0;
	if (check_status(k, s, err) < 0 ||
	    check_children(t, a, k, s, force, &open, err) < 0)
		return -1;
	snooze_cancel(t, a, k);
	k->status = s;
	set_times(k, s, was_over, now);
	change_tell(t, a, k, again ? EVENT_REOPENED : EVENT_STATUS, who,
	    str_c(status_name(old)), str_c(status_name(s)), now);
	if (open.n)
		event_add(t, k, EVENT_CHILD, who,
		    arena_printf(a, "still open: %.*s", STR_ARG(open)), now);
	if ((again || s == STATUS_RESOLVED || s == STATUS_CLOSED) &&
	    tell_status(d, t, a, k, old, who, now, err) < 0)
		return -1;
	if (status_is_active(old) && !status_is_active(s)) {
		if (merge_child_done(d, t, a, k, who, now, err) < 0)
			return -1;
	} else if (again && merge_child_reopened(d, t, a, k, who, now, err) < 0)
		return -1;
	return rules_at(d, t, a, k, RULE_STATUS, now, err);
}

int
change_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    enum status s, const struct actor *who, int64_t now, struct err *err)
{
	return put_status(d, t, a, k, s, false, who, now, err);
}

int
change_status_forced(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, enum status s, const struct actor *who, int64_t now,
    struct err *err)
{
	return put_status(d, t, a, k, s, true, who, now, err);
}

int
change_priority(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, enum priority p, const struct actor *who, int64_t now,
    struct err *err)
{
	enum priority old = k->priority;

	(void)d;
	if (p == old)
		return 0;
	if (change_check_open(k, err) < 0)
		return -1;
	must(p > PRIORITY_NONE && p < PRIORITY_COUNT);
	k->priority = p;
	k->updated = now;
	change_tell(t, a, k, EVENT_PRIORITY, who, str_c(priority_name(old)),
	    str_c(priority_name(p)), now);
	return 0;
}

/* Where there are agents, one of them who may work the queue: his name as it is configured. */
static int
check_agent(const struct settings *s, struct arena *a, struct str queue,
    struct str *name, struct err *err)
{
	const struct agent *x = staff_agent(&s->staff, *name);
	const struct team *team = staff_team(&s->staff, *name);
	struct str near;

	if (!name->n || !s->staff.nagents)
		return 0;
	if (team)
		return err_set(err, ERR_INVAL,
		    "%.*s is a team; a ticket is assigned to one of its "
		    "members, or moved to its queue",
		    STR_ARG(team->name));
	if (!x) {
		near = staff_nearest(a, &s->staff, *name);
		return err_set(err, ERR_INVAL, "there is no agent %.*s%s%.*s%s",
		    STR_ARG(*name), near.n ? "; did you mean " : "",
		    STR_ARG(near), near.n ? "?" : "");
	}
	if (!agent_may(s, x, queue, RIGHT_WORK))
		return err_set(err, ERR_INVAL,
		    "%.*s may not work the queue %.*s (see agents.conf)",
		    STR_ARG(x->name), STR_ARG(queue));
	*name = x->name;
	return 0;
}

/* To the new one; to a team's name nobody is told, for all were at first. */
static int
tell_assigned(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    const struct actor *who, int64_t now, struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_ASSIGNED,
	    .who = *who,
	    .to = staff_agent(&d->settings->staff, k->assignee),
	};

	if (!n.to)
		return 0;
	return notice_send(d, t, a, k, &n, now, NULL, err);
}

/* Two who take the same ticket: the first one would go on working on it. */
static int
tell_taken(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str old, const struct actor *who, int64_t now, struct err *err)
{
	struct notice n = {
	    .kind = NOTICE_TAKEN,
	    .who = *who,
	    .to = staff_agent(&d->settings->staff, old),
	};

	if (!n.to || !k->assignee.n ||
	    !agent_may(d->settings, n.to, k->queue, RIGHT_SEE))
		return 0;
	return notice_send(d, t, a, k, &n, now, NULL, err);
}

int
change_assignee_quietly(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, struct str assignee, const struct actor *who, int64_t now,
    struct err *err)
{
	struct str old = k->assignee;

	assignee = str_trim(assignee);
	if (str_eq(assignee, old))
		return 0;
	if (change_check_open(k, err) < 0 ||
	    change_check_line(
		assignee, ASSIGNEE_MAX, "the assignee's name", err) < 0 ||
	    check_agent(d->settings, a, k->queue, &assignee, err) < 0)
		return -1;
	if (str_eq(assignee, old))
		return 0;
	k->assignee = arena_dup(a, assignee);
	k->updated = now;
	change_tell(t, a, k, EVENT_ASSIGNEE, who, old, assignee, now);
	return txn_error(t, err);
}

int
change_assignee(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, struct str assignee, const struct actor *who, int64_t now,
    struct err *err)
{
	struct str old = k->assignee;

	if (change_assignee_quietly(d, t, a, k, assignee, who, now, err) < 0)
		return -1;
	if (str_eq(old, k->assignee))
		return 0;
	if (tell_taken(d, t, a, k, old, who, now, err) < 0)
		return -1;
	return tell_assigned(d, t, a, k, who, now, err);
}

int
change_subject(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str subject, const struct actor *who, int64_t now, struct err *err)
{
	struct strs tags = settings_tags(a, d->settings);
	struct str old = k->subject;

	if (change_check_open(k, err) < 0 ||
	    change_check_line(subject, SUBJECT_MAX, "the subject", err) < 0)
		return -1;
	subject = subject_base(a, subject, &tags);
	if (str_eq(subject, old))
		return 0;
	if (!subject.n)
		return err_set(err, ERR_INVAL, "the subject is empty");
	k->subject = subject;
	k->updated = now;
	change_tell(t, a, k, EVENT_SUBJECT, who, old, subject, now);
	return 0;
}

/* --- tags -------------------------------------------------------------- */

/* The admin's list binds people; his rules know what they do. */
static int
check_known(const struct settings *s, const struct actor *who, struct str tag,
    struct err *err)
{
	struct str near;

	if (!s->tags.n || strs_ihas(&s->tags, tag) ||
	    !(str_starts(who->name, S("agent:")) ||
		str_starts(who->name, S("cli:"))))
		return 0;
	near = syntax_nearest(tag, s->tags.v, s->tags.n);
	return err_set(err, ERR_INVAL, "there is no tag %.*s%s%.*s%s",
	    STR_ARG(tag), near.n ? "; did you mean " : "", STR_ARG(near),
	    near.n ? "?" : "");
}

static int
check_tag(struct str tag, struct err *err)
{
	bool good = tag.n > 0 && tag.n <= TAG_MAX && utf8_valid(tag);

	for (size_t i = 0; i < tag.n && good; i++)
		good = ch_is_alnum(tag.p[i]) ||
		       (unsigned char)tag.p[i] >= 0x80 ||
		       str_chr(S("-_.:/"), tag.p[i], 0) >= 0;
	if (!good)
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no tag: letters, digits and -_.:/, at most "
		    "%d bytes",
		    STR_ARG(tag), TAG_MAX);
	return 0;
}

/* Adds or removes one; what was done goes to *done. */
static int
one_tag(const struct settings *s, const struct actor *who, struct arena *a,
    struct strs *tags, struct str word, struct buf *done, struct err *err)
{
	char sign = word.p[0] == '-' ? '-' : '+';
	struct str tag;
	size_t at = 0;

	if (word.p[0] == '+' || word.p[0] == '-')
		word = str_from(word, 1);
	if (check_tag(word, err) < 0)
		return -1;
	tag = arena_lower(a, word);
	while (at < tags->n && !str_eq(tags->v[at], tag))
		at++;
	if ((at < tags->n) == (sign == '+'))
		return 0;
	if (sign == '+' && check_known(s, who, tag, err) < 0)
		return -1;
	if (sign == '-') {
		memmove(tags->v + at, tags->v + at + 1,
		    (tags->n - at - 1) * sizeof tags->v[0]);
		tags->n--;
	} else if (tags->n >= TAGS_MAX)
		return err_set(
		    err, ERR_INVAL, "a ticket takes at most %d tags", TAGS_MAX);
	else
		strs_add(a, tags, tag);
	buf_printf(done, "%s%c%.*s", done->n ? " " : "", sign, STR_ARG(tag));
	return 0;
}

int
change_tags(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str changes, const struct actor *who, int64_t now, struct err *err)
{
	AUTO(buf_fini) struct buf done = BUF_INIT;
	struct strs tags = {0};
	struct str word;

	if (change_check_open(k, err) < 0)
		return -1;
	for (size_t i = 0; i < k->tags.n; i++)
		strs_add(a, &tags, k->tags.v[i]);
	while (str_cut(&changes, ',', &word)) {
		word = str_trim(word);
		if (word.n &&
		    one_tag(d->settings, who, a, &tags, word, &done, err) < 0)
			return -1;
	}
	if (!done.n)
		return 0;
	k->tags = tags;
	k->updated = now;
	event_add(t, k, EVENT_TAG, who, buf_str(&done), now);
	return 0;
}

/* --- by name ----------------------------------------------------------- */

static int
set_status(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	enum status s;

	if (!status_parse(value, &s))
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no status: open, pending, hold, resolved, "
		    "closed or spam",
		    STR_ARG(value));
	return change_status(d, t, a, k, s, who, now, err);
}

static int
set_priority(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	enum priority p;

	if (!priority_parse(value, &p))
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no priority: low, normal, high or urgent",
		    STR_ARG(value));
	return change_priority(d, t, a, k, p, who, now, err);
}

static int
set_requester(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	struct address x;

	if (change_address(a, value, &x, err) < 0)
		return -1;
	return change_requester(d, t, a, k, &x, who, now, err);
}

/* "+ann@x.example,-bob@y.example"; without a sign: added. */
static int
set_cc(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	struct str word;
	struct address x;

	while (str_cut(&value, ',', &word)) {
		bool add;

		word = str_trim(word);
		if (!word.n)
			continue;
		add = word.p[0] != '-';
		if (word.p[0] == '+' || word.p[0] == '-')
			word = str_from(word, 1);
		if (change_address(a, word, &x, err) < 0 ||
		    change_cc(d, t, a, k, &x, add, who, now, err) < 0)
			return -1;
	}
	return 0;
}

static int
set_snooze(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	int64_t until;

	if (when_parse(value, d->settings->timezone, now, &until, err) < 0)
		return -1;
	return change_snooze(d, t, a, k, until, who, now, err);
}

static int
set_time(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str value, const struct actor *who, int64_t now, struct err *err)
{
	int64_t ms;

	if (!change_time_parse(value, &ms))
		return err_set(err, ERR_INVAL,
		    "\"%.*s\" is no duration: 15m, 1h30m, -15m",
		    STR_ARG(value));
	return change_time(d, t, a, k, ms, who, now, err);
}

typedef int change_fn(struct desk *d, struct txn *t, struct arena *a,
    struct ticket *k, struct str value, const struct actor *who, int64_t now,
    struct err *err);

static const struct {
	struct str name;
	change_fn *set;
} fields[] = {
    {{"status", 6}, set_status},
    {{"priority", 8}, set_priority},
    {{"queue", 5}, change_move},
    {{"assignee", 8}, change_assignee},
    {{"subject", 7}, change_subject},
    {{"tag", 3}, change_tags},
    {{"requester", 9}, set_requester},
    {{"cc", 2}, set_cc},
    {{"snooze", 6}, set_snooze},
    {{"time", 4}, set_time},
    {{"sla", 3}, change_sla},
};

int
change_set(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str name, struct str value, const struct actor *who, int64_t now,
    struct err *err)
{
	struct str names[ARRAY_LEN(fields)], near;

	if (str_istarts(name, S("field.")))
		return change_field(
		    d, t, a, k, str_from(name, 6), value, who, now, err);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		names[i] = fields[i].name;
		if (str_ieq(name, fields[i].name) ||
		    (str_ieq(name, S("tags")) &&
			str_eq(fields[i].name, S("tag"))))
			return fields[i].set(d, t, a, k, value, who, now, err);
	}
	if (str_ieq(name, S("field")))
		return err_set(err, ERR_INVAL,
		    "a field is set by its name: field.order=1234");
	near = syntax_nearest(name, names, ARRAY_LEN(names));
	return err_set(err, ERR_INVAL, "a ticket has no %.*s to set%s%.*s%s",
	    STR_ARG(name), near.n ? "; did you mean " : "", STR_ARG(near),
	    near.n ? "?" : "");
}

/* --- notes ------------------------------------------------------------- */

int
change_note(struct desk *d, struct txn *t, struct arena *a, struct ticket *k,
    struct str text, const struct actor *who, struct str author, int64_t now,
    uint32_t *seq, struct err *err)
{
	struct span whole;
	struct terms *set;
	struct article r;

	text = str_rtrim(text);
	if (!text.n)
		return err_set(err, ERR_INVAL, "the note is empty");
	if (purge_check_open(k, err) < 0)
		return -1;
	if (!utf8_valid(text))
		return err_set(err, ERR_INVAL, "the note is not UTF-8");
	if (text.n > MESSAGE_TEXT_MAX)
		return err_set(err, ERR_INVAL, "the note is larger than %d MiB",
		    MESSAGE_TEXT_MAX >> 20);
	whole = (struct span){0, (uint32_t)text.n};
	r = (struct article){
	    .ticket = k->id,
	    .seq = ++k->articles,
	    .direction = DIRECTION_NOTE,
	    .author = {.name = author.n ? author : who->name},
	    .date = now,
	    .at = now,
	    .text = text,
	    .fresh = &whole,
	    .nfresh = 1,
	};
	article_put(t, &r);
	k->updated = now;
	event_add(
	    t, k, EVENT_NOTE, who, arena_printf(a, "article %u", r.seq), now);
	if (d->terms) {
		set = terms_new(a);
		terms_add(set, text);
		term_batch_add_all(d->terms, terms_list(set), k->id);
	}
	if (seq)
		*seq = r.seq;
	return txn_error(t, err);
}

int
change_done(struct txn *t, struct ticket *k, int64_t now, struct err *err)
{
	if (txn_error(t, err) < 0)
		return -1;
	(void)now;
	ticket_put(t, k);
	return txn_error(t, err);
}
