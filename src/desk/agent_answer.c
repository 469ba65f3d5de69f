/*
 * The agent's words as a mail to the customer: from the queue's address, in the
 * queue's template, with his signature. His HTML goes along where it says the
 * same as the text; files do, but for what his client put in by itself.
 */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/agent_mail_private.h"

enum {
	MISSED_LINES = 12, /* of each article that the agent had not seen */
	MISSED_MAX = 5,
	LOOK_BACK = 300 /* articles */
};

/* --- files ------------------------------------------------------------- */

/* What is part of how the mail was sent, not of what it says. */
static bool
is_wrapping(const struct attachment *x)
{
	static const struct str types[] = {
	    {"application/pkcs7-signature", 27},
	    {"application/x-pkcs7-signature", 29},
	    {"application/pkcs7-mime", 22},
	    {"application/x-pkcs7-mime", 24},
	    {"application/pgp-signature", 25},
	    {"application/pgp-keys", 20},
	    {"application/ms-tnef", 19},
	    {"application/vnd.ms-tnef", 23},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ieq(x->type, types[i]))
			return true;
	return false;
}

/* Files of the ticket come back with quotes: the customer has them. seen[i]: so
 * does the i-th. */
static int
look_back(const struct visit *v, bool *seen)
{
	const struct attachments *l = &v->m->attachments;
	uint32_t n = v->k->articles;
	struct article r;

	for (uint32_t s = n > LOOK_BACK ? n - LOOK_BACK + 1 : 1; s <= n; s++) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		int found = article_get(v->t, &row, v->k->id, s, &r);

		if (found < 0)
			return -1;
		if (!found || r.direction != DIRECTION_IN)
			continue;
		for (size_t j = 0; j < r.attachments.n; j++)
			for (size_t i = 0; i < l->n; i++)
				seen[i] |= !memcmp(r.attachments.v[j].sha256,
				    l->v[i].sha256, SHA256_SIZE);
	}
	return 0;
}

static bool
in_html(const struct message *m, const struct attachment *x)
{
	return x->content_id.n && str_has(m->answer_html, x->content_id);
}

void
answer_files(struct visit *v)
{
	const struct attachments *l = &v->m->attachments;
	const struct str *bytes = v->x->in->files;
	bool *seen = arena_array(v->a, bool, l->n + 1);

	v->files = arena_array(v->a, struct compose_attachment, l->n + 1);
	v->nfiles = 0;
	/* The store's error is found by who commits. */
	if (l->n && look_back(v, seen) < 0)
		return;
	for (size_t i = 0; i < l->n; i++) {
		const struct attachment *x = &l->v[i];

		if (is_wrapping(x) || seen[i])
			continue;
		/* The notice itself, as some clients attach what they answer;
		 * or a colleague's mail, with all that is in it. */
		if (str_ieq(x->type, S("message/rfc822"))) {
			transcript_add(&v->told, TOLD_INFO, S(""),
			    transcript_say(&v->told,
				"the mail \"%.*s\" that is attached was not "
				"sent on: paste its words, or attach it as a "
				"file"),
			    STR_ARG(utf8_clip(x->name, 200)));
			continue;
		}
		/* A picture of the quoted mail or of a letterhead. */
		if (x->is_inline && x->content_id.n && v->m->answer_html.n &&
		    !in_html(v->m, x))
			continue;
		if (x->size && (!bytes || !bytes[i].p)) {
			transcript_add(&v->told, TOLD_REFUSED, S(""),
			    transcript_say(&v->told,
				"the file \"%.*s\" is too large: all "
				"files of an answer may have %d MB together"),
			    STR_ARG(x->name), NOTICE_FILES_MAX >> 20);
			return;
		}
		v->files[v->nfiles++] = (struct compose_attachment){
		    .name = x->name,
		    .type = x->type,
		    .content = bytes ? bytes[i] : str_n(NULL, 0),
		    .content_id = x->is_inline ? x->content_id : str_n(NULL, 0),
		};
	}
}

/* --- HTML -------------------------------------------------------------- */

static bool
next_word(struct str *s, struct str *word)
{
	return str_word(s, word);
}

/* The same words, whatever stands between them. */
static bool
says_same(struct str a, struct str b)
{
	struct str x, y;

	for (;;) {
		bool more = next_word(&a, &x);

		if (more != next_word(&b, &y))
			return false;
		if (!more)
			return true;
		if (!str_eq(x, y))
			return false;
	}
}

static struct str
html_of(const struct visit *v)
{
	const struct message *m = v->m;

	if (m->answer_html.n && says_same(m->answer_text, v->run.text))
		return m->answer_html;
	return str_n(NULL, 0);
}

/* --- writing ----------------------------------------------------------- */

bool
answer_reaches(const struct visit *v)
{
	const struct settings *s = v->d->settings;
	const struct ticket *k = v->k;
	const struct staff *staff = &s->staff;

	if (k->requester.addr.n && !settings_is_own(s, k->requester.addr) &&
	    staff_by_address(staff, k->requester.addr) != v->agent)
		return true;
	for (size_t i = 0; i < k->nparticipants; i++) {
		struct str x = k->participants[i].address.addr;

		if (k->participants[i].role != ROLE_PROPOSED &&
		    !settings_is_own(s, x) && !staff_by_address(staff, x))
			return true;
	}
	return false;
}

int
answer_write(
    struct visit *v, struct str hold, uint64_t *outbox, struct err *err)
{
	struct answer w = {
	    .text = v->run.text,
	    .author = visit_name(v->agent),
	    .who = v->who,
	    .status = hold.n ? STATUS_NONE : v->run.status,
	    .html = html_of(v),
	    .signature = v->agent->signature,
	    .files = v->files,
	    .nfiles = v->nfiles,
	    .hold = hold,
	};
	struct err e = ERR_INIT;

	if (!str_trim(w.text).n && v->nfiles)
		w.text = v->files[0].name.n ? v->files[0].name : S("…");
	if (w.status)
		w.who.cause = v->run.status_cause;
	if (outbound_answer(
		v->d, v->t, v->a, v->k, &w, v->x->now, NULL, outbox, &e) == 0) {
		v->out->mails++;
		return 0;
	}
	if (txn_error(v->t, err) < 0)
		return -1;
	if (outbox)
		*outbox = 0;
	event_add(v->t, v->k, EVENT_REFUSED, &v->who, str_c(e.msg), v->x->now);
	transcript_add(&v->told, TOLD_REFUSED, S(""),
	    transcript_say(&v->told, "your answer was not sent: %s"),
	    arena_cstr(v->a, transcript_err(&v->told, e.msg)));
	return 0;
}

/* --- what was missed --------------------------------------------------- */

static int
still_held(const struct visit *v, const struct article *r)
{
	struct outbox o;
	int found;

	if (!r->outbox)
		return 0;
	found = outbox_get(v->t, v->a, r->outbox, &o);
	return found < 0 ? -1 : found && o.state == OUTBOX_HELD;
}

/*
 * Mail of customers, and answers of others. A held answer gets its number when
 * it is written and its time when it goes out, so the time counts too; and
 * numbers say nothing when the notice was of a ticket merged since.
 */
static int
is_news(const struct visit *v, const struct article *r)
{
	const struct grant *g = v->x->grant;
	bool later = r->at > g->created;
	int held;

	if (g->ticket == v->k->id)
		later = r->direction == DIRECTION_OUT
			    ? later || r->seq > g->seen
			    : r->seq > g->seen;
	if (!later || r->automatic.n || r->direction == DIRECTION_NOTE)
		return 0;
	if (r->direction == DIRECTION_IN)
		return staff_by_address(
			   &v->d->settings->staff, r->author.addr) != v->agent;
	if (str_eq(r->author.name, visit_name(v->agent)))
		return 0;
	held = still_held(v, r);
	return held < 0 ? -1 : !held;
}

static void
tell_article(const struct visit *v, const struct article *r, struct buf *b)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct message m = {
	    .text = r->text, .fresh = r->fresh, .nfresh = r->nfresh};
	struct str text = str_trim(message_new_text(&a, &m)), line;

	buf_printf(b, "%s%s %.*s, %.*s:\n", b->n ? "\n" : "",
	    r->direction == DIRECTION_IN ? "<-" : "->",
	    STR_ARG(r->author.name.n ? r->author.name : r->author.addr),
	    STR_ARG(command_time(&v->run, r->at)));
	for (int i = 0; i < MISSED_LINES && str_line(&text, &line); i++)
		buf_printf(b, "| %.*s\n", STR_ARG(utf8_clip(line, 300)));
	if (str_trim(text).n)
		buf_puts(b, "| …\n");
}

int
answer_missed(struct visit *v, struct str *words, struct err *err)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	uint32_t last = v->k->articles;
	int n = 0;

	if (!v->x->grant)
		return 0;
	for (uint32_t i = last > LOOK_BACK ? last - LOOK_BACK + 1 : 1;
	     i <= last; i++) {
		AUTO(arena_fini) struct arena row = ARENA_INIT;
		struct article r;
		int found = article_get(v->t, &row, v->k->id, i, &r);

		if (found > 0)
			found = is_news(v, &r);
		if (found < 0)
			return txn_error(v->t, err) < 0 ? -1 : 0;
		if (found && n++ < MISSED_MAX)
			tell_article(v, &r, &b);
	}
	*words = arena_dup(v->a, str_rtrim(buf_str(&b)));
	return n;
}
