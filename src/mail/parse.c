/*
 * In this order, cheapest first: limits, the tree of parts, the fields, what a reader sees (mail/body.c), and what the rest of helpd asks
 * about it: bounce, automatic, new text, language, search terms.
 */
#include "mail/parse.h"
#include "mail/answer_html.h"
#include "mail/automatic.h"
#include "mail/body.h"
#include "mail/bounce.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/forward.h"
#include "mail/guard.h"
#include "mail/html.h"
#include "mail/language.h"
#include "mail/reply.h"
#include "mail/smime.h"
#include "mail/terms.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	MESSAGE_ID_BYTES = 998,
	REPLY_IDS_MAX = 100,
	AUTH_RESULTS_MAX = 10,
	NAME_BYTES = 200,
	SENDER_PIECES = 4,
	LANGUAGE_BYTES = 4000
};

int
parse_init(const char *language_models, struct err *err)
{
	charset_init();
	html_init();
	smime_init();
	return language_init(language_models, err);
}

struct reading {
	struct arena *arena;
	struct message *m;
	struct str
	    charset; /* of raw 8-bit bytes in the header, as far as the mail says */
	bool have_subject, have_date;
};

static void
warn(struct reading *r, struct str what)
{
	strs_add(r->arena, &r->m->warnings, what);
}

/* ---- Message-IDs ---- */

/* What stands between < and >, blanks inside taken out (lines are folded there); empty when it cannot be an ID. */
static struct str
clean_id(struct arena *a, struct str raw)
{
	char *out = arena_bytes(a, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];

		if (c > ' ' && c != 0x7f && c != '<' && c != '>')
			out[n++] = raw.p[i];
	}
	if (!n || n > MESSAGE_ID_BYTES)
		return (struct str){NULL, 0};
	if (!charset_is_utf8(str_n(out, n))) {
		struct charset_text t;

		charset_decode(a, (struct str){NULL, 0}, str_n(out, n), &t);
		return utf8_clip(t.text, MESSAGE_ID_BYTES);
	}
	return str_n(out, n);
}

/* The next <…> of *rest; without any angle bracket, the next word with an "@". */
static bool
next_id(struct arena *a, struct str *rest, bool angles, struct str *id)
{
	while (rest->n) {
		if (angles) {
			ptrdiff_t open = str_chr(*rest, '<', 0), close;

			if (open < 0)
				return false;
			close = str_chr(*rest, '>', (size_t)open);
			if (close < 0)
				close = (ptrdiff_t)rest->n;
			*id = clean_id(
			    a, str_sub(*rest, (size_t)open + 1, (size_t)close));
			*rest = str_from(*rest, (size_t)close + 1);
		} else {
			struct str word;

			if (!str_word(rest, &word))
				return false;
			if (str_chr(word, '@', 0) < 0)
				continue;
			*id = clean_id(a, word);
		}
		if (id->n)
			return true;
	}
	return false;
}

/* The first and the newest: a thread of thousands keeps its root. */
static void
read_ids(struct reading *r, struct str raw, struct strs *out, size_t max)
{
	bool angles = str_chr(raw, '<', 0) >= 0;
	struct strs all = {0};
	struct str id;

	while (next_id(r->arena, &raw, angles, &id))
		strs_add(r->arena, &all, id);
	/* A second field of that name adds to the first. */
	for (size_t i = 0; i < all.n && out->n < max; i++) {
		if (out->n == 1 && all.n - i > max - 1)
			i = all.n - (max - 1);
		strs_add(r->arena, out, all.v[i]);
	}
}

static void
read_message_id(struct reading *r, struct str raw)
{
	struct str rest = raw;

	if (r->m->message_id.n)
		return;
	if (!next_id(
		r->arena, &rest, str_chr(raw, '<', 0) >= 0, &r->m->message_id))
		r->m->message_id = clean_id(r->arena, raw);
}

/* ---- fields ---- */

static void
read_addresses(struct reading *r, struct str raw, struct addresses *out)
{
	struct addresses more;
	struct address *v;
	size_t n;

	addresses_parse(r->arena, raw, &more);
	if (!out->n) {
		*out = more;
		return;
	}
	/* A second To field: one list. */
	n = MIN(more.n, (size_t)ADDRESSES_MAX - out->n);
	v = arena_array(r->arena, struct address, out->n + n);
	memcpy(v, out->v, out->n * sizeof *v);
	if (n)
		memcpy(v + out->n, more.v, n * sizeof *v);
	out->v = v;
	out->n += n;
}

/*
 * "Doe, John <j@example.com>", and "Lamps Co" <>, "Ltd" <l@example.com>: a comma in the name that nobody quoted. A mail has one sender, so
 * what stands before the first address is its name.
 */
static void
join_sender(struct arena *a, struct addresses *l)
{
	size_t first = 0;
	struct str name;

	while (first < l->n && !l->v[first].addr.n)
		first++;
	if (!first || first == l->n)
		return;
	name = l->v[0].name;
	for (size_t i = 1; i <= MIN(first, (size_t)SENDER_PIECES); i++)
		if (l->v[i].name.n)
			name = arena_printf(a, "%.*s, %.*s", STR_ARG(name),
			    STR_ARG(l->v[i].name));
	l->v += first;
	l->n -= first;
	l->v[0].name = utf8_clip(name, NAME_BYTES);
}

static void
read_from(struct reading *r, struct str raw)
{
	if (r->m->from_fields++ == 0) {
		read_addresses(r, raw, &r->m->from);
		join_sender(r->arena, &r->m->from);
	} else if (r->m->from_fields == 2) {
		warn(r, S("more than one From field; the first counts"));
	}
}

static void
read_return_path(struct reading *r, struct str raw)
{
	struct addresses l;

	if (r->m->has_return_path)
		return;
	r->m->has_return_path = true;
	addresses_parse(r->arena, raw, &l);
	if (l.n)
		r->m->return_path = l.v[0].addr;
}

static void
read_subject(struct reading *r, struct str raw)
{
	if (r->have_subject)
		return;
	r->have_subject = true;
	r->m->subject = utf8_clip(
	    header_decode(r->arena, raw, r->charset), MESSAGE_SUBJECT_MAX);
}

static void
read_date(struct reading *r, struct str raw)
{
	if (r->m->date != CLOCK_NONE)
		return;
	r->have_date = true;
	date_parse(raw, &r->m->date);
}

static void
read_auth_results(struct reading *r, struct str raw)
{
	struct strs *l = &r->m->authentication_results;

	if (l->n < AUTH_RESULTS_MAX)
		strs_add(r->arena, l, header_text(r->arena, raw, r->charset));
}

enum what {
	F_FROM,
	F_SENDER,
	F_REPLY_TO,
	F_TO,
	F_CC,
	F_BCC,
	F_DELIVERED,
	F_RETURN_PATH,
	F_SUBJECT,
	F_MESSAGE_ID,
	F_IN_REPLY_TO,
	F_REFERENCES,
	F_DATE,
	F_AUTH_RESULTS,
	F_SPAM
};

static const struct {
	struct str name;
	enum what what;
} wanted[] = {
    {{"from", 4}, F_FROM},
    {{"sender", 6}, F_SENDER},
    {{"reply-to", 8}, F_REPLY_TO},
    {{"to", 2}, F_TO},
    {{"cc", 2}, F_CC},
    {{"bcc", 3}, F_BCC},
    {{"delivered-to", 12}, F_DELIVERED},
    {{"x-original-to", 13}, F_DELIVERED},
    {{"envelope-to", 11}, F_DELIVERED},
    {{"x-envelope-to", 13}, F_DELIVERED},
    {{"apparently-to", 13}, F_DELIVERED},
    {{"return-path", 11}, F_RETURN_PATH},
    {{"subject", 7}, F_SUBJECT},
    {{"message-id", 10}, F_MESSAGE_ID},
    {{"in-reply-to", 11}, F_IN_REPLY_TO},
    {{"references", 10}, F_REFERENCES},
    {{"date", 4}, F_DATE},
    {{"authentication-results", 22}, F_AUTH_RESULTS},
    {{"x-spam-flag", 11}, F_SPAM},
};

static void
read_field(struct reading *r, enum what what, struct str raw)
{
	struct message *m = r->m;

	switch (what) {
	case F_FROM:
		read_from(r, raw);
		break;
	case F_SENDER:
		read_addresses(r, raw, &m->sender);
		break;
	case F_REPLY_TO:
		read_addresses(r, raw, &m->reply_to);
		break;
	case F_TO:
		read_addresses(r, raw, &m->to);
		break;
	case F_CC:
		read_addresses(r, raw, &m->cc);
		break;
	case F_BCC:
		read_addresses(r, raw, &m->bcc);
		break;
	case F_DELIVERED:
		read_addresses(r, raw, &m->delivered_to);
		break;
	case F_RETURN_PATH:
		read_return_path(r, raw);
		break;
	case F_SUBJECT:
		read_subject(r, raw);
		break;
	case F_MESSAGE_ID:
		read_message_id(r, raw);
		break;
	case F_IN_REPLY_TO:
		read_ids(r, raw, &m->in_reply_to, REPLY_IDS_MAX);
		break;
	case F_REFERENCES:
		read_ids(r, raw, &m->references, MESSAGE_IDS_MAX);
		break;
	case F_DATE:
		read_date(r, raw);
		break;
	case F_AUTH_RESULTS:
		read_auth_results(r, raw);
		break;
	case F_SPAM:
		m->spam |= str_istarts(str_trim(raw), S("yes"));
		break;
	}
}

static void
read_fields(struct reading *r, const struct fields *f)
{
	struct message *m = r->m;

	m->headers = arena_array(
	    r->arena, struct header, MIN(f->n, (size_t)MESSAGE_HEADERS_MAX));
	for (size_t i = 0; i < f->n; i++) {
		struct str name = f->v[i].name, raw = f->v[i].raw;

		for (size_t k = 0; k < ARRAY_LEN(wanted); k++)
			if (wanted[k].name.n == name.n &&
			    str_ieq(wanted[k].name, name)) {
				read_field(r, wanted[k].what, raw);
				break;
			}
		if (m->nheaders == MESSAGE_HEADERS_MAX)
			continue;
		m->headers[m->nheaders++] = (struct header){
		    arena_dup(r->arena, str_sub(name, 0, NAME_BYTES)),
		    header_text(r->arena, raw, r->charset)};
	}
	if (f->n > MESSAGE_HEADERS_MAX)
		warn(r, S("more than 1000 header fields; not all are kept"));
	if (!m->from_fields)
		warn(r, S("no From"));
	else if (!m->from.n || !m->from.v[0].addr.n)
		warn(r, S("no address can be read in From"));
	if (!r->have_date)
		warn(r, S("no Date"));
	else if (m->date == CLOCK_NONE)
		warn(r, S("the Date cannot be read"));
	if (!m->message_id.n)
		warn(r, S("no Message-ID"));
}

/* ---- what is made of it ---- */

/* bounce.c quotes raw bytes of the mail that came back; a record holds only UTF-8. */
static void
clean(struct arena *a, struct str *s)
{
	*s = header_text(a, *s, (struct str){NULL, 0});
}

static void
find_bounce(struct reading *r, const struct body *b, struct str content_type)
{
	struct bounce_source s = {.message = r->m,
	    .content_type = content_type,
	    .report = b->report,
	    .report_type = b->report_type,
	    .original = b->original};
	struct bounce *x = bounce_detect(r->arena, &s);

	r->m->bounce = x;
	for (size_t i = 0; x && i < x->n; i++) {
		clean(r->arena, &x->v[i].address);
		clean(r->arena, &x->v[i].status);
		clean(r->arena, &x->v[i].smtp_code);
		clean(r->arena, &x->v[i].reason);
		clean(r->arena, &x->v[i].action);
	}
	if (x) {
		clean(r->arena, &x->message_id);
		clean(r->arena, &x->subject);
	}
}

static void
add_people(struct terms *t, const struct addresses *l)
{
	for (size_t i = 0; i < l->n; i++) {
		terms_add(t, l->v[i].name);
		terms_add(t, l->v[i].addr);
	}
}

static void
find_terms(struct reading *r)
{
	struct message *m = r->m;
	struct terms *t = terms_new(r->arena);

	terms_add(t, m->subject);
	add_people(t, &m->from);
	add_people(t, &m->to);
	add_people(t, &m->cc);
	for (size_t i = 0; i < m->attachments.n; i++)
		terms_add(t, m->attachments.v[i].name);
	terms_add(t, m->text);
	m->terms = terms_list(t);
}

static void
find_language(struct reading *r)
{
	struct str text = message_new_text(r->arena, r->m);

	r->m->language = language_guess(utf8_clip(text, LANGUAGE_BYTES));
	if (!r->m->language.n && text.n < r->m->text.n)
		r->m->language =
		    language_guess(utf8_clip(r->m->text, LANGUAGE_BYTES));
}

/* Empty lines before the header, as some spools leave them; before anything else they are the end of an empty header. */
static struct str
skip_empty(struct str raw)
{
	struct str s = raw, line, rest;

	while (s.n && (s.p[0] == '\n' || s.p[0] == '\r'))
		s = str_from(s, 1);
	rest = str_sub(s, 0, 1000);
	if (!str_cut(&rest, '\n', &line))
		line = rest;
	return field_name(str_ltrim(line)) || str_starts(line, S("From ")) ||
		       str_starts(line, S(">From ")) ||
		       str_starts(line, S("\xef\xbb\xbf"))
		   ? s
		   : raw;
}

/* The limits, the tree and the rest of what both entries begin with. */
static int
open_mail(struct arena *a, struct str raw, const struct parse_limits *limits,
    struct guard *g, struct strs *warnings, struct mime *mime, struct err *err)
{
	if (guard_open(g, raw, limits, err))
		return -1;
	raw = skip_empty(raw);
	if (str_starts(raw, S("\xef\xbb\xbf")))
		raw = str_from(raw, 3);
	if (raw.n && !memchr(raw.p, '\n', raw.n) &&
	    memchr(raw.p, '\r', raw.n)) {
		/* Lines that end in CR alone, all of them: the old Mac way. */
		char *copy = arena_cstr(a, raw);

		for (size_t i = 0; i < raw.n; i++)
			if (copy[i] == '\r')
				copy[i] = '\n';
		raw.p = copy;
	}
	return mime_parse(a, raw, g, warnings, mime);
}

int
message_parse(struct arena *a, struct str raw,
    const struct parse_limits *limits, struct message *out, struct err *err)
{
	struct reading r = {.arena = a, .m = out};
	struct body b = {.arena = a};
	struct str content_type;
	struct guard g;
	struct mime mime;

	*out = (struct message){.date = CLOCK_NONE};
	if (open_mail(a, raw, limits, &g, &out->warnings, &mime, err))
		return -1;
	r.charset = params_get(&mime.v[0]->type_params, S("charset"));
	read_fields(&r, &mime.v[0]->fields);
	b.mime = &mime;
	b.warnings = &out->warnings;
	body_read(&b);
	out->text = arena_dup(a, str_sub(b.text, 0, b.own));
	out->html = arena_dup(a, b.html);
	out->charset = b.charset;
	out->attachments = b.attachments;
	out->smime = smime_find(a, &mime);
	content_type = header_text(
	    a, fields_get(&mime.v[0]->fields, S("Content-Type")), r.charset);
	find_bounce(&r, &b, content_type);
	automatic_detect(a, out, content_type);
	reply_split(a, out->text, &out->fresh, &out->nfresh);
	if (b.own < b.text.n)
		out->text = arena_dup(a, b.text);
	out->forwarded = forward_read(a, out, b.own, &mime);
	answer_html_read(a, out);
	find_language(&r);
	find_terms(&r);
	return 0;
}

int
message_attachment(struct arena *a, struct str raw,
    const struct parse_limits *limits, size_t index, struct buf *out,
    struct err *err)
{
	struct strs warnings = {0};
	struct body b = {.arena = a,
	    .wanted = out,
	    .wanted_index = index,
	    .warnings = &warnings};
	struct guard g;
	struct mime mime;

	if (open_mail(a, raw, limits, &g, &warnings, &mime, err))
		return -1;
	b.mime = &mime;
	body_read(&b);
	if (!b.found)
		return err_set(
		    err, ERR_NOENT, "there is no attachment %zu", index + 1);
	return 0;
}
