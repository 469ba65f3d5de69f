/*
 * Gathered line by line; the mail is made of it once, at the end.
 */
#include "desk/transcript.h"
#include "base/clock.h"
#include "base/must.h"
#include "desk/gate.h"
#include "desk/view.h"

void
transcript_init(struct transcript *x, struct arena *a, const struct settings *s,
    const struct agent *to)
{
	struct str tag = {0};

	if (to && to->languages.n)
		tag = to->languages.v[0];
	*x = (struct transcript){.a = a, .to = to};
	x->language = view_language(s, tag);
}

void
transcript_add(struct transcript *x, enum transcript_kind kind,
    struct str command, const char *fmt, ...)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (x->n == x->cap) {
		struct transcript_line *v;

		x->cap = x->cap ? 2 * x->cap : 8;
		v = arena_array(x->a, struct transcript_line, x->cap);
		for (size_t i = 0; i < x->n; i++)
			v[i] = x->v[i];
		x->v = v;
	}
	x->v[x->n++] = (struct transcript_line){
	    kind, arena_dup(x->a, command), arena_dup(x->a, buf_str(&b))};
	x->refused += kind == TOLD_REFUSED;
	x->waits += kind == TOLD_WAITS;
}

static struct str
indent(struct arena *a, struct str words)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;
	struct str line;

	while (str_line(&words, &line)) {
		if (b.n)
			buf_putc(&b, '\n');
		if (line.n)
			buf_puts(&b, "  ");
		buf_put(&b, line);
	}
	return arena_dup(a, buf_str(&b));
}

static struct value *
values(struct transcript *x, const struct grant *confirm)
{
	struct value *root = value_object(x->a), *o, *lines, *one;
	unsigned done = 0;

	lines = value_list(x->a);
	for (size_t i = 0; i < x->n; i++) {
		const struct transcript_line *l = &x->v[i];

		one = value_object(x->a);
		value_set_str(x->a, one, "command", l->command);
		value_set_str(x->a, one, "words", l->words);
		value_set_str(x->a, one, "indented", indent(x->a, l->words));
		value_set_bool(x->a, one, "is_done", l->kind == TOLD_DONE);
		value_set_bool(
		    x->a, one, "is_refused", l->kind == TOLD_REFUSED);
		value_set_bool(x->a, one, "is_waits", l->kind == TOLD_WAITS);
		value_set_bool(x->a, one, "is_info", l->kind == TOLD_INFO);
		value_add(x->a, lines, *one);
		done += l->kind == TOLD_DONE;
	}
	o = value_object(x->a);
	value_set(x->a, o, "lines", *lines);
	value_set_num(x->a, o, "done", done);
	value_set_num(x->a, o, "refused", x->refused);
	value_set_num(x->a, o, "waits", x->waits);
	value_set_bool(x->a, o, "confirm", confirm != NULL);
	value_set(x->a, root, "transcript", *o);
	return root;
}

/* When no template can be rendered. */
static struct str
plain(struct transcript *x, const struct grant *confirm)
{
	static const char *const signs[] = {
	    [TOLD_DONE] = "+ ",
	    [TOLD_REFUSED] = "! ",
	    [TOLD_WAITS] = "? ",
	    [TOLD_INFO] = "",
	};
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (size_t i = 0; i < x->n; i++) {
		const struct transcript_line *l = &x->v[i];

		if (l->command.n)
			buf_printf(&b, "%s%.*s\n%.*s\n\n", signs[l->kind],
			    STR_ARG(l->command),
			    STR_ARG(indent(x->a, l->words)));
		else
			buf_printf(&b, "%s%.*s\n\n", signs[l->kind],
			    STR_ARG(l->words));
	}
	if (confirm)
		buf_printf(&b, "%s\n",
		    transcript_say(x,
			"Answer this mail with #send on top to have done what "
			"waits."));
	return arena_dup(x->a, buf_str(&b));
}

/*
 * A machine in the agent's place that answers every mail would be answered for
 * ever. What waits all the same, unasked, is given up in time.
 */
static int
is_over(struct desk *d, struct txn *t, struct transcript *x,
    struct grant *confirm, int64_t now, bool *over, struct err *err)
{
	uint64_t untold;
	bool may;

	if (gate_pass(t, x->a, "transcript", x->to->name,
		MAX(d->settings->notices_per_hour, 1U), now, &may, &untold,
		err) < 0)
		return -1;
	*over = !may;
	if (!may && confirm)
		grant_put(t, confirm);
	if (may && untold)
		transcript_add(x, TOLD_INFO, S(""),
		    transcript_say(x,
			"%llu mails of yours before this one got no such "
			"answer: there were too many in an hour."),
		    (unsigned long long)untold);
	return txn_error(t, err);
}

int
transcript_send(struct desk *d, struct txn *t, struct transcript *x,
    const struct ticket *k, struct grant *confirm, struct str in_reply_to,
    int64_t now, struct err *err)
{
	struct agent_mail_out mail = {
	    .kind = "transcript",
	    .template = "transcript",
	    .to = x->to,
	    .k = k,
	    .subject = str_c(transcript_say(x, "What became of your mail")),
	    .grant = confirm,
	    .in_reply_to = in_reply_to,
	};
	struct grant notice = {
	    .ticket = k ? k->id : 0,
	    .agent = x->to->name,
	    .purpose = GRANT_NOTICE,
	    .used = CLOCK_NONE,
	    .revoked = CLOCK_NONE,
	    .seen = x->seen ? x->seen
		    : k     ? k->articles
			    : 0,
	};
	bool over;

	if (x->silent) {
		if (confirm)
			grant_put(t, confirm);
		return txn_error(t, err);
	}
	if (is_over(d, t, x, confirm, now, &over, err) < 0)
		return -1;
	if (over)
		return 0;
	mail.data = values(x, confirm);
	mail.plain = plain(x, confirm);
	if (!confirm && k)
		mail.grant = &notice;
	return notice_mail(d, t, x->a, &mail, now, NULL, err);
}
