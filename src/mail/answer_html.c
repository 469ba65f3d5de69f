/*
 * The document is walked once. Each call goes to the walker of safe HTML and to the walker of text, and leaves a piece: what it became in
 * the one and where it stands in the other.
 *
 *   <div>#close</div>            text "#close"    a command: dropped
 *   <div>It is <b>done</b>.</div>    "It is done."    new: kept
 *   <blockquote>My printer…          "> My printer…"  old: dropped
 *
 * Elements come out when something in them is kept, so what was around the old leaves no empty shells. Outlook's paragraphs, which
 * have no margins by a style that does not pass, become divisions.
 */
#include "mail/answer_html.h"

#include "base/must.h"
#include "base/utf8.h"
#include "mail/command_line.h"
#include "mail/html.h"
#include "mail/html_walk.h"
#include "mail/reply.h"
#include "mail/reply_line.h"

enum {
	PIECES_MAX = 400000,
	IDS_LOOKED_AT = 20
};

enum piece_kind {
	PIECE_OPEN,
	PIECE_CLOSE,
	PIECE_TEXT,
	PIECE_VOID
};

struct piece {
	uint32_t safe, safe_to; /* bytes of the safe HTML */
	uint32_t from, to; /* bytes of the text it became; none when equal */
	uint8_t kind;
	bool unseen, image, mso;
};

struct walk {
	struct arena *a;
	struct html_walker safe_walker, text_walker;
	struct html_safe *safe;
	struct html_text *text;
	struct piece *v;
	size_t n, cap;
};

static void
add_piece(
    struct walk *w, enum piece_kind kind, size_t before, enum html_tag tag)
{
	struct html_place at = html_text_place(w->text);
	size_t after = html_safe_text(w->safe).n;

	if (after == before || w->n == PIECES_MAX)
		return;
	if (w->n == w->cap) {
		struct piece *v;

		w->cap = w->cap ? w->cap * 2 : 256;
		v = arena_array(w->a, struct piece, w->cap);
		if (w->n)
			memcpy(v, w->v, w->n * sizeof *v);
		w->v = v;
	}
	w->v[w->n++] = (struct piece){.safe = (uint32_t)before,
	    .safe_to = (uint32_t)after,
	    .from = (uint32_t)at.from,
	    .to = (uint32_t)at.to,
	    .kind = (uint8_t)kind,
	    .unseen = at.unseen,
	    .image = tag == HTML_IMG};
}

static void
on_open(void *ctx, enum html_tag tag, const char *name, const char **atts)
{
	struct walk *w = ctx;
	size_t before = html_safe_text(w->safe).n, n = w->n;

	w->safe_walker.open(w->safe, tag, name, atts);
	w->text_walker.open(w->text, tag, name, atts);
	add_piece(
	    w, html_safe_is_void(tag) ? PIECE_VOID : PIECE_OPEN, before, tag);
	if (w->n > n && tag == HTML_P)
		w->v[n].mso =
		    str_istarts(html_attribute(atts, "class"), S("Mso"));
}

/* Line by line: where lines are kept, as in <pre>, one may be new and the next one old. */
static void
on_text(void *ctx, struct str s)
{
	struct walk *w = ctx;

	while (s.n) {
		ptrdiff_t lf = str_chr(s, '\n', 0);
		struct str line = str_sub(s, 0, lf < 0 ? s.n : (size_t)lf + 1);
		size_t before = html_safe_text(w->safe).n;

		w->safe_walker.text(w->safe, line);
		w->text_walker.text(w->text, line);
		add_piece(w, PIECE_TEXT, before, HTML_OTHER);
		s = str_from(s, line.n);
	}
}

static void
on_close(void *ctx, enum html_tag tag, const char *name)
{
	struct walk *w = ctx;
	size_t before = html_safe_text(w->safe).n;

	w->safe_walker.close(w->safe, tag, name);
	w->text_walker.close(w->text, tag, name);
	add_piece(w, PIECE_CLOSE, before, tag);
}

/* --- what is kept of the text --- */

struct kept {
	struct str text;
	struct span *v;
	size_t n;
};

/* Moves the beginning behind the commands on top. */
static void
skip_commands(struct kept *k)
{
	while (k->n) {
		struct str s = str_sub(k->text, k->v[0].from, k->v[0].to);
		size_t all = s.n;

		while (command_line_next(&s, NULL, NULL))
			;
		k->v[0].from += (uint32_t)(all - s.n);
		if (s.n)
			return;
		k->v++;
		k->n--;
	}
}

static bool
keeps_a_quote(const struct kept *k)
{
	for (size_t i = 0; i < k->n; i++) {
		struct str s = str_sub(k->text, k->v[i].from, k->v[i].to), line;
		struct str inner;

		while (str_cut(&s, '\n', &line))
			if (reply_is_quoted(line, &inner))
				return true;
	}
	return false;
}

enum verdict {
	DROP,
	KEEP,
	UNCERTAIN
};

/* Of something that cannot be seen in the text, at a place of it. */
static enum verdict
judge_place(const struct kept *k, const struct piece *p, bool cid)
{
	for (size_t i = 0; i < k->n; i++) {
		uint32_t from = k->v[i].from, to = k->v[i].to;

		if (p->to > from && p->to < to)
			return KEEP;
		/* A picture also right before and right behind. */
		if (cid && p->to <= to &&
		    (p->to >= from ||
			str_is_blank(str_sub(k->text, p->to, from))))
			return KEEP;
	}
	return DROP;
}

static enum verdict
judge(const struct kept *k, const struct piece *p, bool cid)
{
	if (p->unseen)
		return DROP;
	if (p->from >= p->to)
		return judge_place(k, p, cid);
	for (size_t i = 0; i < k->n; i++) {
		uint32_t from = k->v[i].from, to = k->v[i].to;

		if (p->to <= from || p->from >= to)
			continue;
		if ((p->from >= from ||
			str_is_blank(str_sub(k->text, p->from, from))) &&
		    (p->to <= to || str_is_blank(str_sub(k->text, to, p->to))))
			return KEEP;
		return UNCERTAIN;
	}
	return DROP;
}

/* --- putting it together --- */

struct maker {
	const struct walk *w;
	const struct kept *kept;
	struct buf out;
	size_t open[HTML_DEPTH_MAX + 1], depth,
	    emitted; /* the outermost `emitted` of them are in out */
};

static struct str
safe_of(const struct walk *w, const struct piece *p)
{
	return str_sub(html_safe_text(w->safe), p->safe, p->safe_to);
}

static void
put_open(struct maker *m)
{
	for (; m->emitted < m->depth; m->emitted++) {
		const struct piece *p = &m->w->v[m->open[m->emitted]];
		struct str tag = safe_of(m->w, p);

		if (p->mso) {
			buf_puts(&m->out, "<div");
			tag = str_from(tag, 2);
		}
		buf_put(&m->out, tag);
	}
}

/* The alt attribute of a tag that html_sanitise() wrote, with the name: [*from, *to); false: it has none. */
static bool
find_alt(struct str tag, size_t *from, size_t *to)
{
	ptrdiff_t at = str_find(tag, S(" alt=\""), 0), end;

	if (at < 0)
		return false;
	end = str_chr(tag, '"', (size_t)at + 6);
	*from = (size_t)at;
	*to = end < 0 ? tag.n : (size_t)end + 1;
	return true;
}

/* Of a picture that is in the mail no other name; of one that is not only the name. */
static void
put_image(struct maker *m, const struct piece *p, bool cid)
{
	struct str tag = safe_of(m->w, p);
	size_t from, to;

	if (cid && find_alt(tag, &from, &to)) {
		buf_put(&m->out, str_sub(tag, 0, from));
		buf_put(&m->out, str_from(tag, to));
	} else if (cid) {
		buf_put(&m->out, tag);
	} else if (p->from < p->to && find_alt(tag, &from, &to)) {
		buf_put(&m->out, str_sub(tag, from + 6, to - 1));
	}
}

static bool
make(struct maker *m)
{
	const struct walk *w = m->w;

	for (size_t i = 0; i < w->n; i++) {
		const struct piece *p = &w->v[i];
		bool cid = p->image && str_has(safe_of(w, p), S(" src=\"cid:"));

		if (p->kind == PIECE_OPEN) {
			must(m->depth <= HTML_DEPTH_MAX);
			m->open[m->depth++] = i;
			continue;
		}
		if (p->kind == PIECE_CLOSE) {
			must(m->depth > 0);
			m->depth--;
			if (m->emitted > m->depth) {
				m->emitted = m->depth;
				if (w->v[m->open[m->depth]].mso)
					buf_puts(&m->out, "</div>");
				else
					buf_put(&m->out, safe_of(w, p));
			}
			continue;
		}
		switch (judge(m->kept, p, cid)) {
		case UNCERTAIN:
			return false;
		case DROP:
			break;
		case KEEP:
			put_open(m);
			if (p->image)
				put_image(m, p, cid);
			else
				buf_put(&m->out, safe_of(w, p));
			break;
		}
	}
	return !buf_failed(&m->out) && m->out.n;
}

static void
put_squeezed(struct buf *b, struct str s)
{
	struct str word;

	while (str_word(&s, &word))
		buf_put(b, word);
}

/* What the answer has to read as, without white space: what is kept, but for the names of pictures that are in the mail. */
static void
expected(const struct maker *m, struct buf *b)
{
	const struct walk *w = m->w;
	size_t k = 0;

	for (size_t i = 0; i < m->kept->n; i++) {
		size_t at = m->kept->v[i].from, to = m->kept->v[i].to;

		for (; k < w->n && w->v[k].from < to; k++) {
			const struct piece *p = &w->v[k];

			if (!p->image || p->from >= p->to || p->from < at ||
			    !str_has(safe_of(w, p), S(" src=\"cid:")))
				continue;
			put_squeezed(b, str_sub(m->kept->text, at, p->from));
			at = p->to;
		}
		put_squeezed(b, str_sub(m->kept->text, at, to));
	}
}

static bool
reads_as_kept(struct maker *m, struct str text)
{
	AUTO(buf_fini) struct buf want = BUF_INIT, got = BUF_INIT;

	expected(m, &want);
	put_squeezed(&got, text);
	return want.n && str_eq(buf_str(&want), buf_str(&got));
}

static bool
from_walk(struct walk *w, struct str all, struct str *safe, struct str *text)
{
	struct kept k = {.text = all};
	struct maker *m = arena_new(w->a, struct maker);
	bool ok;

	reply_split(w->a, all, &k.v, &k.n);
	skip_commands(&k);
	if (!k.n || keeps_a_quote(&k))
		return false;
	*m = (struct maker){
	    .w = w, .kept = &k, .out = buf_max(ANSWER_HTML_MAX * 2)};
	ok = make(m);
	if (ok) {
		*safe = arena_dup(w->a, buf_str(&m->out));
		ok = html_to_text(w->a, *safe, text, NULL) == 0 &&
		     reads_as_kept(m, *text);
	}
	buf_fini(&m->out);
	return ok;
}

bool
answer_html_make(
    struct arena *a, struct str html, struct str *safe, struct str *text)
{
	struct walk w = {.a = a};
	struct html_walker along = {&w, on_open, on_text, on_close};
	struct str all = {NULL, 0};
	bool ok = false;
	int r;

	*safe = *text = (struct str){NULL, 0};
	if (!html.n || html.n > ANSWER_HTML_MAX)
		return false;
	w.safe = html_safe_new(a, &w.safe_walker);
	w.text = html_text_new(a, html, &w.text_walker);
	r = html_walk(html, &along, NULL);
	if (html_text_finish(w.text, &all) && r == 0 && w.n < PIECES_MAX)
		ok = from_walk(&w, all, safe, text);
	html_safe_free(w.safe);
	if (!ok)
		*safe = *text = (struct str){NULL, 0};
	return ok;
}

/* --- which mails --- */

/* "helpd.1042.anonce123.mq3k2x1c.K…@": a notice to an agent; the third word of one to a customer is a number. */
static bool
is_notice_id(struct str id)
{
	struct str number;

	if (!str_starts(id, S("helpd.")))
		return false;
	id = str_from(id, 6);
	return str_cut(&id, '.', &number) && number.n && id.n &&
	       ch_is_alpha(id.p[0]);
}

static bool
any_notice_id(const struct strs *l)
{
	/* The newest are last. */
	for (size_t i = l->n; i > 0 && l->n - i < IDS_LOOKED_AT; i--)
		if (is_notice_id(l->v[i - 1]))
			return true;
	return false;
}

/* "support+1042.nonce123.K…@" */
static bool
any_notice_address(struct arena *a, const struct addresses *l)
{
	struct str base, detail, number;

	for (size_t i = 0; i < l->n && i < IDS_LOOKED_AT; i++)
		if (address_detail(a, l->v[i].addr, &base, &detail) &&
		    str_cut(&detail, '.', &number) && number.n &&
		    ch_is_digit(number.p[0]) && str_chr(detail, '.', 0) > 0)
			return true;
	return false;
}

/* "[Acme #1042]" */
static bool
has_number(struct str subject)
{
	ptrdiff_t at = str_chr(subject, '[', 0), hash;

	if (at < 0)
		return false;
	hash = str_chr(subject, '#', (size_t)at);
	return hash > 0 && (size_t)hash + 1 < subject.n &&
	       ch_is_digit(subject.p[hash + 1]);
}

static bool
answers_us(struct arena *a, const struct message *m)
{
	if (!m->html.n || (m->automatic.n && !m->is_list) || m->bounce)
		return false;
	return any_notice_id(&m->in_reply_to) ||
	       any_notice_id(&m->references) || any_notice_address(a, &m->to) ||
	       any_notice_address(a, &m->cc) ||
	       any_notice_address(a, &m->delivered_to) ||
	       has_number(m->subject);
}

void
answer_html_read(struct arena *a, struct message *m)
{
	if (answers_us(a, m))
		answer_html_make(a, m->html, &m->answer_html, &m->answer_text);
}

/* --- comparing --- */

/* The length of what is no word at s; line: it stands at the beginning of a line. */
static size_t
no_word(struct str s, bool line)
{
	static const struct str opens[] = {S("[cid:"), S("[image"), S("<http"),
	    S("<mailto:"), S("<tel:"), S("<cid:")};
	struct str trimmed;
	uint32_t c;
	size_t n = utf8_next(s, &c);
	ptrdiff_t end;

	if (!n)
		return 1;
	trimmed = command_line_trim(str_sub(s, 0, n));
	if (!trimmed.n || c == '*' || c == '_' || c == 0x2022 || c == 0xb7 ||
	    c == 0xa7 || (line && c == '-'))
		return n;
	for (size_t i = 0; (c == '[' || c == '<') && i < ARRAY_LEN(opens); i++)
		if (str_istarts(s, opens[i])) {
			end = str_chr(
			    str_sub(s, 0, 2000), c == '[' ? ']' : '>', 0);
			return end < 0 ? 0 : (size_t)end + 1;
		}
	return 0;
}

static struct str
next_word(struct str s, bool *line)
{
	size_t n;

	while (s.n && (n = no_word(s, *line))) {
		if (memchr(s.p, '\n', MIN(n, s.n)))
			*line = true;
		s = str_from(s, n);
	}
	return s;
}

bool
answer_html_says(struct str a, struct str b)
{
	bool la = true, lb = true;
	size_t words = 0;

	for (;; words++) {
		a = next_word(a, &la);
		b = next_word(b, &lb);
		if (!a.n || !b.n)
			return !a.n && !b.n && words;
		if (a.p[0] != b.p[0])
			return false;
		a = str_from(a, 1);
		b = str_from(b, 1);
		la = lb = false;
	}
}
