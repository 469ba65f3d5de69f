#include "desk/ack.h"
#include "base/clock.h"
#include "mail/automatic.h"

/* One domain, or a host below it: mail of ann@acme.example often says
 * Return-Path: <bounces@mail.acme.example>. */
static bool
is_within(struct str domain, struct str of)
{
	if (!of.n || domain.n < of.n)
		return false;
	if (!str_iends(domain, of))
		return false;
	return domain.n == of.n || domain.p[domain.n - of.n - 1] == '.';
}

/* The envelope's sender has to belong to From, or the acknowledgement would go
 * to somebody who did not send the mail. */
static bool
path_fits(const struct ack_query *q)
{
	const struct message *m = q->message;
	struct str path = q->envelope_sender, domain;

	if (!path.n) {
		if (!m->has_return_path)
			return true;
		path = m->return_path;
	}
	domain = address_domain(path);
	if (is_within(domain, address_domain(q->writer->from.addr)))
		return true;
	/* A list of ours sends on in its own name. */
	return q->writer->own_list &&
	       is_within(domain, address_domain(q->queue->address.addr));
}

static bool
is_old(const struct ack_query *q)
{
	int64_t within = q->settings->acknowledge_within;

	if (q->message->date == CLOCK_NONE)
		return q->begin_old;
	return within > 0 && q->now - q->message->date > within;
}

struct str
ack_refused(const struct ack_query *q)
{
	const struct writer *w = q->writer;

	if (q->automatic.n)
		return q->automatic;
	if (w->own || w->desk)
		return S("the writer is the desk itself");
	if (!w->address.addr.n)
		return S("no address to write to");
	if (q->message->spam)
		return S("X-Spam-Flag: YES");
	if (q->flag.n)
		return q->flag;
	if (automatic_address(w->address.addr))
		return S("nobody reads mail to this address");
	if (q->message->from_fields > 1 || q->message->from.n > 1)
		return S("more than one From");
	if (!path_fits(q))
		return S("Return-Path is of another domain than From");
	if (q->auth->dmarc == AUTH_FAIL || q->auth->contradicting)
		return S("the sender's address is not proven: dmarc=fail");
	if (is_old(q))
		return S("older than acknowledge_within");
	if (q->suspended)
		return S("mail to this address came back");
	if (!q->queue->acknowledge)
		return S("the queue does not acknowledge");
	return str_n(NULL, 0);
}
