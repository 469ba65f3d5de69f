/*
 * Articles out of answers, and back into them. What a customer may not read of
 * another one is taken out when the draft is made; a person looks over it
 * before it is published.
 */
#include "desk/kb.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/syntax.h"
#include "base/utf8.h"
#include "desk/kb_clean.h"
#include "desk/view.h"
#include "mail/terms.h"

#include <math.h>

enum {
	SUGGEST_TEXT = 4096, /* bytes that are looked at */
	SUGGEST_MAX = 10,
	FIND_MAX = 1000,
};

static int
check(struct str title, struct str text, struct err *err)
{
	if (!title.n)
		return err_set(err, ERR_INVAL, "the article has no title");
	if (title.n > KB_TITLE_MAX)
		return err_set(err, ERR_INVAL,
		    "the title is longer than %d bytes", KB_TITLE_MAX);
	if (!text.n)
		return err_set(err, ERR_INVAL, "the article is empty");
	if (text.n > KB_TEXT_MAX)
		return err_set(err, ERR_INVAL,
		    "the article is larger than %d KiB", KB_TEXT_MAX >> 10);
	if (!utf8_valid(title) || !utf8_valid(text))
		return err_set(err, ERR_INVAL, "the article is not UTF-8");
	for (size_t i = 0; i < title.n; i++)
		if ((unsigned char)title.p[i] < ' ')
			return err_set(err, ERR_INVAL,
			    "the title has a control character in it");
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i])
			return err_set(
			    err, ERR_INVAL, "the article has a NUL in it");
	return 0;
}

/* LF only, no blank lines around. */
static struct str
tidy(struct arena *a, struct str text)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str line;

	while (str_line(&text, &line)) {
		line = str_rtrim(line);
		if (line.n || b.n) {
			buf_put(&b, line);
			buf_putc(&b, '\n');
		}
	}
	return arena_dup(a, str_rtrim(buf_str(&b)));
}

int
kb_save(struct desk *d, struct txn *t, struct arena *a, const struct ticket *k,
    struct str title, struct str text, const struct actor *who, int64_t now,
    uint64_t *id, struct err *err)
{
	struct kb x = {
	    .language = k->language,
	    .state = KB_DRAFT,
	    .ticket = k->id,
	};

	if (!utf8_valid(title) || !utf8_valid(text))
		return err_set(err, ERR_INVAL, "the article is not UTF-8");
	/* A title is asked for by name and may be as it was written. */
	x.title = str_trim(title);
	if (kb_put_text(d, t, a, &x, kb_clean(a, d->settings, k, text), who,
		now, err) < 0)
		return -1;
	*id = x.id;
	return 0;
}

int
kb_put_text(struct desk *d, struct txn *t, struct arena *a, struct kb *x,
    struct str text, const struct actor *who, int64_t now, struct err *err)
{
	(void)d;
	x->title = str_trim(x->title);
	if (check(x->title, str_trim(text), err) < 0)
		return -1;
	x->text = tidy(a, text);
	if (!x->id) {
		x->author = who->name;
		x->created = now;
		x->used = CLOCK_NONE;
		if (!x->state)
			x->state = KB_DRAFT;
	}
	x->updated = now;
	kb_put(t, x);
	return txn_error(t, err);
}

int
kb_use(struct txn *t, struct arena *a, uint64_t id, uint64_t ticket,
    int64_t now, struct kb *out, struct err *err)
{
	int found = kb_get(t, a, id, out);

	(void)ticket;
	if (found < 0)
		return txn_error(t, err);
	if (!found)
		return err_set(err, ERR_NOENT,
		    "there is no article %llu in the knowledge base",
		    (unsigned long long)id);
	if (out->state == KB_WITHDRAWN)
		return err_set(err, ERR_NOENT, "article %llu was withdrawn",
		    (unsigned long long)id);
	out->uses++;
	out->used = now;
	kb_put(t, out);
	return txn_error(t, err);
}

/* --- suggestions ------------------------------------------------------- */

/* Words that are in every mail. The postings know which are common only when
 * there are many articles. */
static bool
is_small_word(struct str w)
{
	static const char words[] =
	    " a about after again all also am an and any are as at be been "
	    "before best but by can cannot could day dear did do does done "
	    "don't for from get give go good got had has have he hello help "
	    "her here hi him his how i i'm if in into is it its it's just "
	    "kind know last let like make may me more my need new no not now "
	    "of off on one only or our out please re regards regarding see "
	    "she should since so some still thank thanks that the their them "
	    "then there they this those through time to today too two up us "
	    "very want was we were what when where which who why will with "
	    "would yes yet you your yours "
	    "der die das und ist sind nicht ich wir sie mein ein eine mit auf "
	    "für von zu im den dem es ihr ihre bitte danke hallo "
	    "le la les des un une est et je nous vous pour avec dans sur "
	    "el los las una es y de en que por para "
	    "您好 你好 谢谢 请问 我们 你们 我的 可以 一个 什么 怎么 没有 "
	    "这个 已经 ";
	char probe[72];
	int n;

	if (w.n < 2)
		return true;
	n = snprintf(probe, sizeof probe, " %.*s ", STR_ARG(w));
	return n > 0 && (size_t)n < sizeof probe && strstr(words, probe);
}

size_t
kb_suggest(
    struct txn *t, struct arena *a, struct str text, struct kb *out, size_t max)
{
	struct kb_hit hits[2 * SUGGEST_MAX];
	double scores[2 * SUGGEST_MAX];
	struct terms *set = terms_new(a);
	struct strs all, asked = {0};
	size_t kept = 0;
	int n;

	max = MIN(max, (size_t)SUGGEST_MAX);
	terms_add(set, utf8_clip(text, SUGGEST_TEXT));
	all = terms_list(set);
	for (size_t i = 0; i < all.n; i++)
		if (!is_small_word(all.v[i]))
			strs_add(a, &asked, all.v[i]);
	n = kb_search(t, a, &asked, false, hits, ARRAY_LEN(hits));
	for (int i = 0; i < n; i++) {
		struct kb x;
		double score;
		size_t at = kept;

		/* One word in common is chance, and so is much less than the
		 * best has. */
		if (hits[i].terms < 2 || hits[i].score < hits[0].score / 3 ||
		    kb_get(t, a, hits[i].id, &x) <= 0)
			continue;
		score = hits[i].score * (1 + 0.15 * log(1.0 + x.uses));
		while (at > 0 && scores[at - 1] < score)
			at--;
		if (at >= max)
			continue;
		kept = MIN(kept + 1, max);
		memmove(out + at + 1, out + at, (kept - at - 1) * sizeof *out);
		memmove(scores + at + 1, scores + at,
		    (kept - at - 1) * sizeof *scores);
		out[at] = x;
		scores[at] = score;
	}
	return kept;
}

int
kb_find(struct txn *t, struct arena *a, struct str words, struct kb *out,
    size_t max, struct err *err)
{
	struct strs terms = terms_query(a, words);
	struct kb_hit *hits;
	int n, kept = 0;

	max = MIN(max, (size_t)FIND_MAX);
	hits = arena_array(a, struct kb_hit, max + 1);
	n = kb_search(t, a, &terms, true, hits, max);
	for (int i = 0; i < n; i++) {
		int r = kb_get(t, a, hits[i].id, &out[kept]);

		if (r < 0)
			return txn_error(t, err);
		kept += r;
	}
	return n < 0 ? txn_error(t, err) : kept;
}

/* --- macros ------------------------------------------------------------ */

int
macro_render(struct desk *d, struct arena *a, const struct ticket *k,
    const struct agent *who, struct str name, struct str *text, struct err *err)
{
	const struct queue *q = settings_queue(d->settings, k->queue);
	struct view v = {
	    .settings = d->settings,
	    .ticket = k,
	    .queue = q ? q : &d->settings->queues[0],
	    .known = true,
	    .language = view_language(d->settings, k->language),
	    .message_date = CLOCK_NONE,
	};
	struct err why = ERR_INIT;
	struct strs names;
	struct str near;

	if (who) {
		v.agent = who->full_name.n ? who->full_name : who->name;
		v.signature = who->signature;
	}
	name = arena_lower(a, str_trim(name));
	if (!d->templates)
		return err_set(err, ERR_NOENT, "there are no macros");
	if (templates_macro(d->templates, a, v.language, name, view_make(a, &v),
		text, &why) == 0) {
		*text = str_trim(*text);
		return text->n ? 0
			       : err_set(err, ERR_INVAL,
				     "macro %.*s gives no text", STR_ARG(name));
	}
	if (why.code != ERR_NOENT)
		return err_set(err, ERR_INVAL, "%s", why.msg);
	names = templates_macros(d->templates, a);
	near = syntax_nearest(name, names.v, names.n);
	return err_set(err, ERR_NOENT, "%s%s%.*s%s", why.msg,
	    near.n ? "; did you mean " : "", STR_ARG(near), near.n ? "?" : "");
}
