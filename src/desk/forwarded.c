#include "desk/forwarded.h"
#include "base/clock.h"
#include "base/must.h"
#include "mail/forward.h"
#include "mail/zone.h"

enum {
	HEADER_MAX = 6
};

static void
put(struct message *m, const char *name, struct str value)
{
	must(m->nheaders < HEADER_MAX);
	if (value.n)
		m->headers[m->nheaders++] = (struct header){str_c(name), value};
}

static struct str
people(struct arena *a, const struct addresses *l)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	addresses_format(&b, l);
	return arena_dup(a, buf_str(&b));
}

static void
put_header(struct arena *a, struct message *m)
{
	AUTO(buf_fini) struct buf date = BUF_INIT;

	if (m->date != CLOCK_NONE)
		zone_rfc5322(&date, "UTC", m->date);
	m->headers = arena_array(a, struct header, HEADER_MAX);
	put(m, "From", people(a, &m->from));
	put(m, "To", people(a, &m->to));
	put(m, "Cc", people(a, &m->cc));
	put(m, "Subject", m->subject);
	put(m, "Date", arena_dup(a, buf_str(&date)));
	if (m->message_id.n)
		put(m, "Message-ID",
		    arena_printf(a, "<%.*s>", STR_ARG(m->message_id)));
}

struct message *
forwarded_message(struct arena *a, const struct message *m)
{
	const struct forwarded *f = m->forwarded;
	struct message *out = arena_new(a, struct message);
	struct address *from = arena_new(a, struct address);
	struct span *whole = arena_new(a, struct span);

	must(f != NULL);
	*from = f->from;
	*out = (struct message){
	    .from = {from, 1},
	    .from_fields = 1,
	    .to = f->to,
	    .cc = f->cc,
	    .subject = f->subject.n ? f->subject : m->subject,
	    .message_id = f->message_id,
	    .date = f->date,
	    .text = m->text,
	    .attachments = m->attachments,
	    .charset = m->charset,
	    .language = m->language,
	};
	if (f->text.to > f->text.from && f->text.to <= m->text.n)
		out->text = forward_words(a, m);
	*whole = (struct span){0, (uint32_t)out->text.n};
	out->fresh = whole;
	out->nfresh = out->text.n > 0;
	put_header(a, out);
	return out;
}

struct intake
forwarded_intake(const struct intake *in, const struct message *m)
{
	return (struct intake){
	    .source = in->source,
	    .mailbox_queue = in->mailbox_queue,
	    .channel = in->channel,
	    .size = in->size,
	    .message = m,
	    .envelope_recipient = in->envelope_recipient,
	};
}
