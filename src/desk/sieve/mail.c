/*
 * The mail as rules see it: made from a parsed mail in the daemon, from a raw
 * one by helpd sieve-test. What was worked out about a field (its values, its
 * addresses, folded forms) is kept for the whole run, by the number the field's
 * name got when the script was compiled.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/html.h"
#include "mail/mime.h"

/* --- making one -------------------------------------------------------- */

/* type; key="name", as a field's value. */
static struct str
with_name(struct arena *a, struct str type, const char *key, struct str name)
{
	struct buf b = BUF_INIT;
	struct str out;

	buf_put(&b, type);
	if (name.n) {
		buf_printf(&b, "; %s=\"", key);
		for (size_t i = 0; i < name.n; i++) {
			if (name.p[i] == '"' || name.p[i] == '\\')
				buf_putc(&b, '\\');
			buf_putc(&b, name.p[i]);
		}
		buf_putc(&b, '"');
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* What the jail tells of an attachment, as the part that it was. */
static void
attached(struct arena *a, const struct attachment *x, struct sieve_part *p)
{
	*p = (struct sieve_part){.type = x->type, .depth = 1};
	p->fields = arena_array(a, struct sieve_field, 3);
	p->fields[p->nfields++] = (struct sieve_field){S("Content-Type"),
	    with_name(a, x->type, "name", x->name), {NULL, 0}};
	p->fields[p->nfields++] = (struct sieve_field){S("Content-Disposition"),
	    with_name(a, x->is_inline ? S("inline") : S("attachment"),
		"filename", x->name),
	    {NULL, 0}};
	if (x->content_id.n)
		p->fields[p->nfields++] = (struct sieve_field){
		    S("Content-ID"), x->content_id, {NULL, 0}};
}

void
sieve_mail_of_message(struct arena *a, const struct message *m, uint64_t size,
    struct sieve_mail *out)
{
	size_t n = 0, most = m->attachments.n + 3;
	struct sieve_part *p = arena_array(a, struct sieve_part, most);

	*out = (struct sieve_mail){.size = size, .parsed = m};
	out->fields = arena_array(a, struct sieve_field, m->nheaders + 1);
	out->nfields = m->nheaders;
	for (size_t i = 0; i < m->nheaders; i++)
		out->fields[i] =
		    (struct sieve_field){.name = m->headers[i].name,
			.value = str_trim(m->headers[i].value)};
	strs_add(a, &out->texts, m->text);
	if (m->html.n || m->attachments.n)
		p[n++] = (struct sieve_part){
		    .type = S("multipart/mixed"), .multipart = true};
	p[n] = (struct sieve_part){
	    .type = S("text/plain"), .content = m->text, .depth = n > 0};
	n++;
	if (m->html.n)
		p[n++] = (struct sieve_part){
		    .type = S("text/html"), .content = m->html, .depth = 1};
	for (size_t i = 0; i < m->attachments.n; i++)
		attached(a, &m->attachments.v[i], &p[n++]);
	for (size_t i = 0; i < n; i++)
		p[i].next = i + 1;
	if (p[0].multipart)
		p[0].next = n;
	out->parts = p;
	out->nparts = n;
}

static struct str
unfolded(struct arena *a, struct str raw)
{
	char *p = arena_bytes(a, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			p[n++] = raw.p[i];
	return str_trim(str_n(p, n));
}

static void
copy_fields(struct arena *a, const struct fields *f, struct sieve_field **out,
    size_t *n)
{
	*out = arena_array(a, struct sieve_field, f->n + 1);
	*n = f->n;
	for (size_t i = 0; i < f->n; i++)
		(*out)[i] = (struct sieve_field){
		    .name = arena_dup(a, f->v[i].name),
		    .value = header_text(a, f->v[i].raw, (struct str){"", 0}),
		    .raw = unfolded(a, f->v[i].raw)};
}

/* What stands before the first boundary of a multipart, and behind the last. */
static void
around(const struct part *p, struct arena *a, struct sieve_part *x)
{
	struct str b = params_get(&p->type_params, S("boundary"));
	struct str open = arena_printf(a, "--%.*s", STR_ARG(b));
	struct str close = arena_printf(a, "--%.*s--", STR_ARG(b));
	struct str rest = p->body, line;
	const char *end = NULL;
	bool inside = false;

	while (str_line(&rest, &line)) {
		if (!inside && str_starts(line, open)) {
			x->prologue =
			    str_n(p->body.p, (size_t)(line.p - p->body.p));
			inside = true;
		}
		if (str_starts(line, close))
			end = rest.p ? rest.p : p->body.p + p->body.n;
	}
	if (end)
		x->epilogue = str_n(end, (size_t)(p->body.p + p->body.n - end));
}

static struct str
block_of(struct arena *a, const struct part *p)
{
	struct fields f;
	size_t end = fields_scan(a, p->body, &f);

	return charset_lines(a, str_sub(p->body, 0, end));
}

static void
leaf(struct arena *a, const struct part *p, struct sieve_part *x,
    struct sieve_mail *out)
{
	struct str s = part_content(a, p), text = {NULL, 0};
	struct charset_text t;
	struct err err = ERR_INIT;

	x->content = s;
	if (!str_starts(x->type, S("text/")))
		return;
	charset_decode(a, params_get(&p->type_params, S("charset")), s, &t);
	x->content = charset_lines(a, t.text);
	if (str_eq(x->type, S("text/html")) &&
	    html_to_text(a, x->content, &text, &err) == 0)
		strs_add(a, &out->texts, text);
	else
		strs_add(a, &out->texts, x->content);
}

static uint64_t
wire_size(struct str s)
{
	uint64_t n = s.n;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			n++;
	return n;
}

int
sieve_mail_of_raw(
    struct arena *a, struct str raw, struct sieve_mail *out, struct err *err)
{
	struct strs warnings = {NULL, 0};
	struct guard g;
	struct mime mime;
	struct fields f;
	size_t body;

	*out = (struct sieve_mail){.size = wire_size(raw)};
	body = fields_scan(a, raw, &f);
	copy_fields(a, &f, &out->fields, &out->nfields);
	out->body = charset_lines(a, str_from(raw, body));
	if (!out->body.p)
		out->body = (struct str){"", 0};
	if (guard_open(&g, raw, NULL, err) < 0 ||
	    mime_parse(a, raw, &g, &warnings, &mime) < 0)
		return -1;
	out->parts = arena_array(a, struct sieve_part, mime.n + 1);
	out->nparts = mime.n;
	for (size_t i = 0; i < mime.n; i++) {
		const struct part *p = mime.v[i];
		struct sieve_part *x = &out->parts[i];

		*x = (struct sieve_part){.type = p->type,
		    .depth = p->depth,
		    .next = p->next,
		    .multipart = p->kind == PART_MULTIPART,
		    .message = p->kind == PART_MESSAGE};
		copy_fields(a, &p->fields, &x->fields, &x->nfields);
		if (x->multipart)
			around(p, a, x);
		else if (x->message)
			x->header = block_of(a, p);
		else
			leaf(a, p, x, out);
	}
	return 0;
}

/* --- looking at it ----------------------------------------------------- */

static void
add_text(struct arena *a, struct sieve_texts *t, struct str s)
{
	/* Full at each power of two from 4. */
	if (t->n == 0 || (t->n >= 4 && (t->n & (t->n - 1)) == 0)) {
		struct sieve_text *v =
		    arena_array(a, struct sieve_text, t->n < 4 ? 4 : t->n * 2);

		if (t->n)
			memcpy(v, t->v, t->n * sizeof *v);
		t->v = v;
	}
	t->v[t->n++] = (struct sieve_text){.s = s};
}

static const struct sieve_texts *
values_of_id(struct sieve_run *r, int id)
{
	struct str name = r->s->headers[id];

	if (!r->headers[id].known) {
		r->headers[id].known = true;
		for (size_t i = 0; i < r->mail->nfields; i++)
			if (r->mail->fields[i].name.n == name.n &&
			    str_ieq(r->mail->fields[i].name, name))
				add_text(r->a, &r->headers[id].t,
				    r->mail->fields[i].value);
	}
	return &r->headers[id].t;
}

/* --- the fields a test means: of the mail, of a part, of all below ------ */

struct set {
	const struct sieve_field *v;
	size_t n;
};

static size_t
field_sets(struct sieve_run *r, const struct sieve_node *n, struct set **out)
{
	size_t from = 0, to = 1, count = 0;
	const struct sieve_mail *m = r->mail;

	if (!sieve_has(n, TAG_MIME) || !m->nparts) {
		*out = arena_new(r->a, struct set);
		**out = (struct set){m->fields, m->nfields};
		return 1;
	}
	if (r->loop)
		from = r->loop->at;
	to = sieve_has(n, TAG_ANYCHILD) ? m->parts[from].next : from + 1;
	*out = arena_array(r->a, struct set, to - from + 1);
	for (size_t i = from; i < to && i < m->nparts; i++)
		(*out)[count++] = i == 0 ? (struct set){m->fields, m->nfields}
					 : (struct set){m->parts[i].fields,
					       m->parts[i].nfields};
	return count;
}

/* :type, :subtype, :contenttype, :param of a field's value. */
static void
add_mime(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_field *f, struct sieve_texts *out)
{
	struct params p;
	struct str type, rest;
	const struct sieve_value *names = sieve_tagged(n, TAG_PARAM);

	if (!sieve_has(n, TAG_TYPE) && !sieve_has(n, TAG_SUBTYPE) &&
	    !sieve_has(n, TAG_CONTENTTYPE) && !names) {
		add_text(r->a, out, f->value);
		return;
	}
	params_parse(r->a, f->raw.n ? f->raw : f->value, &p);
	rest = p.value;
	str_cut(&rest, '/', &type);
	if (sieve_has(n, TAG_TYPE))
		add_text(r->a, out, type);
	else if (sieve_has(n, TAG_SUBTYPE))
		add_text(r->a, out, rest.p ? rest : (struct str){"", 0});
	else if (sieve_has(n, TAG_CONTENTTYPE))
		add_text(r->a, out, p.value);
	for (size_t i = 0; names && i < names->n; i++) {
		struct str name = sieve_expand(r, &names->v[i]);

		for (size_t k = 0; k < p.n; k++)
			if (str_ieq(p.v[k].name, name))
				add_text(r->a, out, p.v[k].value);
	}
}

/* Which of `count` fields of a name is meant; SIZE_MAX: all, count: none. */
static size_t
index_of(const struct sieve_node *n, size_t count)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_INDEX);

	if (!v)
		return SIZE_MAX;
	if (v->number < 1 || v->number > count)
		return count;
	return sieve_has(n, TAG_LAST) ? count - (size_t)v->number
				      : (size_t)v->number - 1;
}

/* Calls add for each field of that name. */
typedef void field_fn(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_field *f, struct sieve_texts *out);

static void
each_field(struct sieve_run *r, const struct sieve_node *n, struct str name,
    field_fn *add, struct sieve_texts *out)
{
	struct set *sets;
	size_t nsets = field_sets(r, n, &sets);

	for (size_t k = 0; k < nsets; k++) {
		size_t count = 0, at = 0, only;

		for (size_t i = 0; i < sets[k].n; i++)
			count += str_ieq(sets[k].v[i].name, name);
		only = index_of(n, count);
		for (size_t i = 0; i < sets[k].n; i++) {
			if (!str_ieq(sets[k].v[i].name, name))
				continue;
			if (only == SIZE_MAX || only == at)
				add(r, n, &sets[k].v[i], out);
			at++;
		}
	}
}

struct sieve_texts
sieve_header_values(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_value *names)
{
	struct sieve_texts out = {NULL, 0};
	bool plain =
	    n->headers && !sieve_has(n, TAG_MIME) && !sieve_has(n, TAG_INDEX);

	if (plain && names->n == 1)
		return *values_of_id(r, n->headers[0]);
	for (size_t i = 0; i < names->n; i++) {
		if (!plain) {
			each_field(r, n, sieve_expand(r, &names->v[i]),
			    add_mime, &out);
			continue;
		}
		const struct sieve_texts *t = values_of_id(r, n->headers[i]);

		/* With what is known about them: the arrays are shared only where there is one name. */
		for (size_t k = 0; k < t->n; k++) {
			add_text(r->a, &out, t->v[k].s);
			if (!t->v[k].folded.p)
				t->v[k].folded = sieve_fold(r->a, t->v[k].s);
			out.v[out.n - 1].folded = t->v[k].folded;
		}
	}
	return out;
}

/* --- addresses --------------------------------------------------------- */

static void
add_addresses(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_field *f, struct sieve_texts *out)
{
	struct sieve_addr *v;
	size_t count = sieve_addresses(r->a, f->raw.n ? f->raw : f->value, &v);

	for (size_t i = 0; i < count; i++) {
		bool has;
		struct str s = sieve_addr_part_of(r->s, &v[i], n->part, &has);

		if (has)
			add_text(r->a, out, s);
	}
}

static const struct addresses *
parsed_addresses(const struct message *m, struct str name)
{
	static const struct {
		const char *name;
		size_t offset;
	} known[] = {{"from", offsetof(struct message, from)},
	    {"to", offsetof(struct message, to)},
	    {"cc", offsetof(struct message, cc)},
	    {"bcc", offsetof(struct message, bcc)},
	    {"sender", offsetof(struct message, sender)},
	    {"reply-to", offsetof(struct message, reply_to)}};

	for (size_t i = 0; m && i < ARRAY_LEN(known); i++)
		if (str_ieq(name, str_c(known[i].name)))
			return (const struct addresses *)(const void
				*)((const char *)m + known[i].offset);
	return NULL;
}

static void
add_parsed(struct sieve_run *r, const struct sieve_node *n,
    const struct addresses *l, struct sieve_texts *out)
{
	for (size_t i = 0; i < l->n; i++) {
		struct sieve_addr x = {.all = l->v[i].addr,
		    .local = address_local(l->v[i].addr),
		    .domain = address_domain(l->v[i].addr),
		    .valid = l->v[i].addr.n > 0};
		bool has;
		struct str s;

		if (!x.valid)
			x.all = l->v[i].name;
		s = sieve_addr_part_of(r->s, &x, n->part, &has);
		if (has)
			add_text(r->a, out, s);
	}
}

struct sieve_texts
sieve_address_values(struct sieve_run *r, const struct sieve_node *n,
    const struct sieve_value *names)
{
	struct sieve_texts out = {NULL, 0};
	bool plain =
	    n->headers && !sieve_has(n, TAG_MIME) && !sieve_has(n, TAG_INDEX);

	for (size_t i = 0; i < names->n; i++) {
		const struct addresses *l;
		struct str name = sieve_expand(r, &names->v[i]);
		size_t slot;

		if (!plain) {
			each_field(r, n, name, add_addresses, &out);
			continue;
		}
		slot = (size_t)n->headers[i] * PARTS_N + n->part;
		if (!r->parts[slot].known) {
			struct sieve_texts t = {NULL, 0};

			l = parsed_addresses(r->mail->parsed, name);
			if (l)
				add_parsed(r, n, l, &t);
			else
				each_field(r, n, name, add_addresses, &t);
			r->parts[slot].known = true;
			r->parts[slot].t = t;
		}
		if (names->n == 1)
			return r->parts[slot].t;
		for (size_t k = 0; k < r->parts[slot].t.n; k++)
			add_text(r->a, &out, r->parts[slot].t.v[k].s);
	}
	return out;
}

void
sieve_mail_changed(struct sieve_run *r)
{
	if (r->s->nheaders) {
		memset(r->headers, 0, r->s->nheaders * sizeof *r->headers);
		memset(
		    r->parts, 0, r->s->nheaders * PARTS_N * sizeof *r->parts);
	}
	r->body_raw_known = r->body_text_known = false;
	r->body_raw = r->body_text = (struct sieve_texts){NULL, 0};
}
