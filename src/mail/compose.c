/*
 * The shape of what goes out:
 *
 *   multipart/mixed                 only with attachments
 *     multipart/alternative         only with HTML
 *       text/plain
 *       multipart/related           only with images that the HTML shows
 *         text/html
 *         image/png …
 *     application/pdf …
 *
 * Nothing here asks for the time or for randomness: the same values give the
 * same bytes, so a mail sent again after a crash is the mail that was meant.
 */
#include "mail/compose.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/encode.h"
#include "mail/zone.h"

enum {
	REFERENCES_MAX = 998 - 64,
	FIELD_NAME_MAX = 70
};

struct composer {
	const struct compose *c;
	struct buf *out;
	struct arena arena;
	struct str text, html;
	struct str seed; /* hexadecimal; every boundary begins "=_" seed */
	unsigned boundaries;
};

static bool
is_related(const struct composer *m, const struct compose_attachment *x)
{
	return m->html.n && x->content_id.n;
}

/* The fields that a caller must not write a second time, and the one that must
 * never leave. */
static bool
field_is_ours(struct str name)
{
	static const char *const ours[] = {"Bcc", "Resent-Bcc", "Cc", "Date",
	    "From", "In-Reply-To", "Message-ID", "MIME-Version", "References",
	    "Reply-To", "Subject", "To", "Content-Type",
	    "Content-Transfer-Encoding", "Content-Disposition", "Content-ID",
	    "Sender", "Return-Path"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_ieq(name, str_c(ours[i])))
			return true;
	return false;
}

static int
check_addresses(const char *field, const struct addresses *l, struct err *err)
{
	for (size_t i = 0; i < l->n; i++)
		if (!address_sendable(l->v[i].addr))
			return err_set(err, ERR_INVAL,
			    "%s: \"%.*s\" is not an address that mail can "
			    "be sent to",
			    field, STR_ARG(utf8_clip(l->v[i].addr, 200)));
	return 0;
}

static int
check_extra(const struct compose *c, struct err *err)
{
	for (size_t i = 0; i < c->nextra; i++) {
		struct str name = c->extra[i].name;
		bool good = name.n > 0 && name.n <= FIELD_NAME_MAX &&
			    !field_is_ours(name);

		for (size_t k = 0; k < name.n; k++)
			good = good && name.p[k] > ' ' && name.p[k] < 0x7f &&
			       name.p[k] != ':';
		if (!good)
			return err_set(err, ERR_INVAL,
			    "\"%.*s\" is not a field that may be added to "
			    "a mail",
			    STR_ARG(utf8_clip(name, 200)));
	}
	return 0;
}

static int
check(const struct compose *c, struct err *err)
{
	const struct addresses from = {(struct address *)&c->from, 1};

	if (c->to.n + c->cc.n == 0)
		return err_set(err, ERR_INVAL, "the mail has no recipient");
	if (c->date == CLOCK_NONE)
		return err_set(err, ERR_INVAL, "the mail has no date");
	if (!message_id_sendable(c->message_id))
		return err_set(
		    err, ERR_INVAL, "the Message-ID is missing or malformed");
	if (check_addresses("From", &from, err) < 0 ||
	    check_addresses("Reply-To", &c->reply_to, err) < 0 ||
	    check_addresses("To", &c->to, err) < 0 ||
	    check_addresses("Cc", &c->cc, err) < 0)
		return -1;
	return check_extra(c, err);
}

static void
put_addresses(struct buf *out, struct str name, const struct addresses *l)
{
	struct field f;

	if (!l->n)
		return;
	field_begin(&f, out, name);
	for (size_t i = 0; i < l->n; i++)
		field_mailbox(&f, &l->v[i], i + 1 < l->n ? "," : "");
	field_end(&f);
}

static void
put_id(struct field *f, struct str id)
{
	AUTO(buf_fini) struct buf token = BUF_INIT;

	buf_putc(&token, '<');
	buf_put(&token, id);
	buf_putc(&token, '>');
	field_token(f, buf_str(&token));
}

static void
put_id_field(struct buf *out, struct str name, struct str id)
{
	struct field f;

	field_begin(&f, out, name);
	put_id(&f, id);
	field_end(&f);
}

/*
 * The first reference names the thread and the newest ones find it where the
 * first is not known; what is between goes first when there is no room. An id
 * that could not be sent as it came is left out: a mended one would name
 * nothing.
 */
static void
put_references(struct buf *out, const struct compose *c)
{
	struct strs ids = {0};
	struct arena a = ARENA_INIT;
	size_t from, room = REFERENCES_MAX;
	struct field f;

	for (size_t i = 0; i < c->references.n; i++)
		if (message_id_sendable(c->references.v[i]) &&
		    !str_eq(c->references.v[i], c->in_reply_to))
			strs_add(&a, &ids, c->references.v[i]);
	if (message_id_sendable(c->in_reply_to))
		strs_add(&a, &ids, c->in_reply_to);
	if (ids.n) {
		/* "\r\n <" and ">" about each. */
		room -= MIN(room, ids.v[0].n + 5);
		for (from = ids.n; from > 1; from--) {
			if (ids.v[from - 1].n + 5 > room)
				break;
			room -= ids.v[from - 1].n + 5;
		}
		/* The newest is worth more than the first. */
		if (from == ids.n && ids.n > 1)
			ids.v[0] = ids.v[ids.n - 1];
		field_begin(&f, out, S("References"));
		put_id(&f, ids.v[0]);
		for (size_t i = from; i < ids.n; i++)
			put_id(&f, ids.v[i]);
		field_end(&f);
	}
	arena_fini(&a);
}

static void
put_header(const struct compose *c, struct buf *out)
{
	const struct addresses from = {(struct address *)&c->from, 1};

	buf_puts(out, "Date: ");
	zone_rfc5322(out, c->timezone, c->date);
	buf_puts(out, "\r\n");
	put_addresses(out, S("From"), &from);
	put_addresses(out, S("Reply-To"), &c->reply_to);
	put_addresses(out, S("To"), &c->to);
	put_addresses(out, S("Cc"), &c->cc);
	encode_field(out, S("Subject"), c->subject);
	put_id_field(out, S("Message-ID"), c->message_id);
	if (message_id_sendable(c->in_reply_to))
		put_id_field(out, S("In-Reply-To"), c->in_reply_to);
	put_references(out, c);
	if (c->automatic_reply || c->automatic_notice)
		buf_printf(out,
		    "Auto-Submitted: auto-%s\r\n"
		    "X-Auto-Response-Suppress: All\r\n"
		    "Precedence: bulk\r\n",
		    c->automatic_reply ? "replied" : "generated");
	for (size_t i = 0; i < c->nextra; i++)
		encode_field(out, c->extra[i].name, c->extra[i].value);
	buf_puts(out, "MIME-Version: 1.0\r\n");
}

static struct str
boundary_new(struct composer *m)
{
	return arena_printf(
	    &m->arena, "=_%.*s.%u", STR_ARG(m->seed), ++m->boundaries);
}

static void
boundary_put(struct composer *m, struct str boundary, const char *after)
{
	buf_puts(m->out, "--");
	buf_put(m->out, boundary);
	buf_puts(m->out, after);
	buf_puts(m->out, "\r\n");
}

/* Content-Type of a multipart and the first delimiter. */
static struct str
multipart_begin(struct composer *m, const char *subtype, const char *root)
{
	struct str boundary = boundary_new(m);
	struct field f;

	field_begin(&f, m->out, S("Content-Type"));
	field_token(&f, arena_printf(&m->arena, "multipart/%s", subtype));
	if (root)
		field_param(&f, "type", str_c(root));
	field_param(&f, "boundary", boundary);
	field_end(&f);
	buf_puts(m->out, "\r\n");
	boundary_put(m, boundary, "");
	return boundary;
}

static void
put_text(struct composer *m, const char *subtype, struct str text)
{
	enum encoding e = encode_choose(
	    text, arena_printf(&m->arena, "=_%.*s", STR_ARG(m->seed)));

	buf_printf(m->out,
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    subtype, encoding_name(e));
	encode_text(m->out, text, e);
}

/* type/subtype of RFC 2045 tokens, and nothing else. multipart and message may
 * not be in base64 (§6.4): bytes then. */
static struct str
safe_type(struct str type)
{
	ptrdiff_t slash = str_chr(type, '/', 0);

	if (slash <= 0 || (size_t)slash + 1 == type.n || type.n > 120 ||
	    str_istarts(type, S("multipart/")) ||
	    str_istarts(type, S("message/")))
		return S("application/octet-stream");
	for (size_t i = 0; i < type.n; i++)
		if (i != (size_t)slash && !ch_is_alnum(type.p[i]) &&
		    (!type.p[i] || !strchr("!#$&^_.+-", type.p[i])))
			return S("application/octet-stream");
	return type;
}

static void
put_attachment(struct composer *m, const struct compose_attachment *x)
{
	struct str name = utf8_clip(x->name, 1000);
	struct field f;

	field_begin(&f, m->out, S("Content-Type"));
	field_token(&f, safe_type(x->type));
	if (name.n)
		field_param_2047(&f, "name", name);
	field_end(&f);
	buf_puts(m->out, "Content-Transfer-Encoding: base64\r\n");
	field_begin(&f, m->out, S("Content-Disposition"));
	field_token(&f, is_related(m, x) ? S("inline") : S("attachment"));
	if (name.n)
		field_param(&f, "filename", name);
	field_end(&f);
	if (message_id_sendable(x->content_id))
		put_id_field(m->out, S("Content-ID"), x->content_id);
	buf_puts(m->out, "\r\n");
	encode_bytes(m->out, x->content);
}

/* All attachments of one kind, each with the delimiter before it. */
static void
put_attachments(struct composer *m, struct str boundary, bool related)
{
	const struct compose *c = m->c;

	for (size_t i = 0; i < c->nattachments; i++) {
		if (is_related(m, &c->attachments[i]) != related)
			continue;
		buf_puts(m->out, "\r\n");
		boundary_put(m, boundary, "");
		put_attachment(m, &c->attachments[i]);
	}
}

static void
put_html(struct composer *m, size_t related)
{
	struct str boundary = {0};

	if (related)
		boundary = multipart_begin(m, "related", "text/html");
	put_text(m, "html", m->html);
	if (related) {
		put_attachments(m, boundary, true);
		buf_puts(m->out, "\r\n");
		boundary_put(m, boundary, "--");
	}
}

static void
put_alternative(struct composer *m, size_t related)
{
	struct str boundary;

	if (!m->html.n) {
		put_text(m, "plain", m->text);
		return;
	}
	boundary = multipart_begin(m, "alternative", NULL);
	put_text(m, "plain", m->text);
	buf_puts(m->out, "\r\n");
	boundary_put(m, boundary, "");
	put_html(m, related);
	buf_puts(m->out, "\r\n");
	boundary_put(m, boundary, "--");
}

static void
put_body(struct composer *m)
{
	const struct compose *c = m->c;
	size_t related = 0;
	struct str boundary;

	for (size_t i = 0; i < c->nattachments; i++)
		related += is_related(m, &c->attachments[i]);
	if (related == c->nattachments) {
		put_alternative(m, related);
		return;
	}
	boundary = multipart_begin(m, "mixed", NULL);
	put_alternative(m, related);
	put_attachments(m, boundary, false);
	buf_puts(m->out, "\r\n");
	boundary_put(m, boundary, "--");
}

int
compose_message(const struct compose *c, struct buf *out, struct err *err)
{
	struct composer m = {.c = c, .out = out};
	unsigned char digest[SHA256_SIZE];
	AUTO(buf_fini) struct buf hex = BUF_INIT;
	size_t start = out->n;

	if (check(c, err) < 0)
		return -1;
	sha256(c->boundary_seed.n ? c->boundary_seed : c->message_id, digest);
	buf_hex(&hex, str_n((const char *)digest, 12));
	m.seed = buf_str(&hex);
	m.text = encode_clean_text(&m.arena, c->text.n ? c->text : S("\n"));
	if (c->html.n)
		m.html = encode_clean_text(&m.arena, c->html);
	put_header(c, out);
	put_body(&m);
	arena_fini(&m.arena);
	if (buf_failed(out)) {
		buf_cut(out, start);
		return err_set(err, ERR_INVAL,
		    "the mail is larger than %zu bytes", out->max);
	}
	return 0;
}
