/* Of a mail inside the mail (message/rfc822) its header says whose it is. */
#include "mail/forward_attached.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/date.h"

/* The only mail right inside this one: the part that holds its header. n: how many there are. */
static const struct part *
mail_inside(const struct mime *mime, size_t *n)
{
	const struct part *found = NULL;

	*n = 0;
	for (size_t i = 0; mime && i < mime->n; i++) {
		const struct part *p = mime->v[i];

		if (p->kind != PART_MESSAGE || p->embedded ||
		    i + 1 >= mime->n || mime->v[i + 1]->parent != p ||
		    (p->parent &&
			str_eq(p->parent->type, S("multipart/report"))))
			continue;
		if (!found)
			found = mime->v[i + 1];
		++*n;
	}
	return found;
}

static struct str
field_of(const struct part *p, struct str name)
{
	return fields_get(&p->fields, name);
}

static struct str
id_of(struct arena *a, struct str raw)
{
	ptrdiff_t open = str_chr(raw, '<', 0);
	ptrdiff_t close = open < 0 ? -1 : str_chr(raw, '>', (size_t)open);
	struct str id;

	if (close < 0)
		return S("");
	id = str_trim(str_sub(raw, (size_t)open + 1, (size_t)close));
	if (id.n > 998 || !charset_is_utf8(id))
		return S("");
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || id.p[i] == 0x7f)
			return S("");
	return arena_dup(a, id);
}

struct forwarded *
forward_attached(struct arena *a, const struct message *m, size_t own,
    const struct mime *mime)
{
	struct str none = {NULL, 0};
	struct forwarded *x;
	struct addresses from;
	const struct part *p;
	size_t n, froms = 0;

	p = mail_inside(mime, &n);
	if (!p || m->bounce)
		return NULL;
	x = arena_new(a, struct forwarded);
	x->attached = true;
	x->date = CLOCK_NONE;
	addresses_parse(a, field_of(p, S("From")), &from);
	if (from.n)
		x->from = from.v[0];
	for (size_t i = 0; i < p->fields.n; i++)
		froms += str_ieq(p->fields.v[i].name, S("From"));
	addresses_parse(a, field_of(p, S("To")), &x->to);
	addresses_parse(a, field_of(p, S("Cc")), &x->cc);
	x->subject = utf8_clip(header_text(a, field_of(p, S("Subject")), none),
	    MESSAGE_SUBJECT_MAX);
	date_parse(field_of(p, S("Date")), &x->date);
	x->message_id = id_of(a, field_of(p, S("Message-ID")));
	x->sure = n == 1 && froms == 1 && from.n == 1 && x->from.addr.n;
	if (own < m->text.n)
		x->text = forward_words_from(m->text, own, false);
	else if (!m->html.n)
		x->text = forward_words_from(m->text, 0, false);
	x->heading = x->text.to ? x->text.from : (uint32_t)m->text.n;
	return x;
}
