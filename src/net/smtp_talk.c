/*
 * libcurl reports one result for a whole mail; what each recipient was told, and how far it came, is read off the
 * conversation itself, which libcurl shows to its debug function line by line, in order: "RCPT TO:…" out, "550 …" in. A mail
 * is ambiguous exactly when all of its data was written and the reply to the final dot did not come.
 */
#include "net/smtp_talk.h"
#include "base/fault.h"
#include "base/must.h"
#include "base/utf8.h"

static void
clean_reply(struct buf *out, struct str line)
{
	size_t start = out->n;

	utf8_put_clean(out, str_trim(line));
	for (size_t i = start; i < out->n; i++)
		if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f)
			out->p[i] = ' ';
}

static void
reply_done(struct talk *t)
{
	struct sent_to *to;

	switch (t->phase) {
	case PHASE_RCPT:
		if (!t->at_rcpt || t->at_rcpt > t->nrcpt)
			break;
		to = t->rcpt[t->at_rcpt - 1];
		t->rcpt_code[t->at_rcpt - 1] = t->code;
		to->reply = arena_dup(t->a, buf_str(&t->reply));
		break;
	case PHASE_DATA:
		if (t->code == 354) {
			t->phase = PHASE_BODY;
			t->code = 0; /* what comes next is another reply */
		}
		break;
	case PHASE_BODY:
		t->final = t->code;
		break;
	default:
		break;
	}
}

/* "250-first" … "250 last" */
static void
reply_line(struct talk *t, struct str line)
{
	uint64_t code;

	if (t->quitting || line.n < 3 || !str_u64(str_sub(line, 0, 3), &code))
		return;
	if (!t->code)
		buf_reset(&t->reply);
	if (t->reply.n < 600) {
		if (t->reply.n)
			buf_putc(&t->reply, ' ');
		/* The code once, and a blank for what stands behind it. */
		if (!t->code)
			buf_put(&t->reply, str_sub(line, 0, 3));
		if (!t->code && line.n > 4)
			buf_putc(&t->reply, ' ');
		clean_reply(&t->reply, str_sub(line, 4, 600));
	}
	t->code = (int)code;
	if (line.n > 3 && line.p[3] == '-')
		return;
	reply_done(t);
}

static void
command_sent(struct talk *t, struct str line)
{
	buf_reset(&t->line);
	t->quitting = str_istarts(line, S("QUIT"));
	if (t->quitting)
		return; /* what was said before stays */
	t->code = 0;
	if (str_istarts(line, S("MAIL FROM:"))) {
		t->phase = PHASE_MAIL;
	} else if (str_istarts(line, S("RCPT TO:"))) {
		t->phase = PHASE_RCPT;
		t->at_rcpt++;
	} else if (str_istarts(line, S("DATA"))) {
		t->phase = PHASE_DATA;
	} else if (str_istarts(line, S("AUTH"))) {
		t->phase = PHASE_AUTH;
		t->authenticated = true;
	}
}

int
smtp_on_talk(CURL *curl, curl_infotype type, char *p, size_t n, void *ctx)
{
	struct talk *t = ctx;
	struct str rest = str_n(p, n);

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		command_sent(t, rest);
	if (type == CURLINFO_DATA_OUT) {
		t->written += n;
		t->code = 0;
	}
	if (type != CURLINFO_HEADER_IN)
		return 0;
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] != '\n') {
			if (t->line.n < 2000)
				buf_putc(&t->line, rest.p[i]);
			continue;
		}
		reply_line(t, buf_str(&t->line));
		buf_reset(&t->line);
	}
	return 0;
}

size_t
smtp_on_read(char *to, size_t size, size_t count, void *ctx)
{
	struct talk *t = ctx;
	size_t n = MIN(size * count, t->bytes.n - t->given);

	memcpy(to, t->bytes.p + t->given, n);
	t->given += n;
	if (t->given == t->bytes.n)
		fault_point("send-given");
	return n;
}

void
smtp_talk_fini(struct talk *t)
{
	buf_fini(&t->line);
	buf_fini(&t->reply);
}

void
smtp_all_are(struct talk *t, enum sent result, struct str reply)
{
	for (size_t i = 0; i < t->nrcpt; i++) {
		t->rcpt[i]->result = result;
		t->rcpt[i]->reply = reply;
	}
}

static enum sent
of_code(int code)
{
	if (code >= 200 && code < 300)
		return SENT_OK;
	return code >= 500 ? SENT_REFUSED : SENT_LATER;
}

/* The results of those whose RCPT was accepted, from how it ended. */
static void
accepted_are(struct talk *t, enum sent result, struct str reply)
{
	for (size_t i = 0; i < t->nrcpt; i++)
		if (i < t->at_rcpt && of_code(t->rcpt_code[i]) == SENT_OK) {
			t->rcpt[i]->result = result;
			t->rcpt[i]->reply = reply;
		}
}

/* The end of a talk that got as far as MAIL. */
void
smtp_settle(struct talk *t, struct str lost)
{
	struct str reply = arena_dup(t->a, buf_str(&t->reply));
	/* Thanks for what it was not given are no promise. */
	bool all = t->given == t->bytes.n && t->written >= t->bytes.n;

	if (t->phase == PHASE_MAIL) {
		/* Accepted, and then nothing more, is not sent. */
		if (t->code >= 400)
			smtp_all_are(t, of_code(t->code), reply);
		else
			smtp_all_are(t, SENT_LATER, lost);
		return;
	}
	for (size_t i = 0; i < t->nrcpt; i++) {
		int code = i < t->at_rcpt ? t->rcpt_code[i] : 0;

		t->rcpt[i]->result = code ? of_code(code) : SENT_LATER;
		if (!code)
			t->rcpt[i]->reply = lost;
	}
	if (t->phase == PHASE_BODY && t->final &&
	    (all || of_code(t->final) != SENT_OK)) {
		accepted_are(t, of_code(t->final), reply);
	} else if (t->phase == PHASE_BODY && all) {
		accepted_are(t, SENT_UNKNOWN, lost);
	} else if (t->phase == PHASE_DATA && t->code >= 400) {
		accepted_are(t, of_code(t->code), reply);
	} else {
		accepted_are(t, SENT_LATER, lost);
	}
}
