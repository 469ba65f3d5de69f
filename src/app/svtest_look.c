/* What a test script looks at: errors, actions, mails that were stored or sent. */
#include "app/svtest.h"

static int
match_list(struct sieve_run *r, const struct sieve_node *n, struct strs l)
{
	struct sieve_node copy = *n;
	const struct sieve_value *at = sieve_tagged(n, TAG_INDEX);
	struct strs one = {NULL, 0};

	if (!sieve_has(n, TAG_COMPARATOR))
		copy.comparator = COMPARE_OCTET;
	if (at) {
		if (at->number >= 1 && at->number <= l.n)
			strs_add(r->a, &one, l.v[at->number - 1]);
		l = one;
	}
	return sieve_match_texts(r, &copy, sieve_texts_of(r, &l), NULL);
}

int
svtest_run_test_error(struct sieve_run *r, const struct sieve_node *n)
{
	return match_list(r, n, svtest_of(r)->errors);
}

static struct str
described(struct arena *a, const struct sieve_action *x, bool whole)
{
	struct buf b = BUF_INIT;
	struct str out;

	buf_puts(&b, sieve_action_name(x->kind));
	if (x->kind == SIEVE_EREJECT && !whole) {
		buf_reset(&b);
		buf_puts(&b, "reject");
	}
	if (whole) {
		if (x->kind == SIEVE_PRIORITY && (x->flag || x->lower))
			buf_puts(&b, x->flag ? " :raise" : " :lower");
		if (x->name.n) {
			buf_putc(&b, ' ');
			buf_put(&b, x->name);
		}
		if (x->value.n) {
			buf_putc(&b, ' ');
			buf_put(&b, x->value);
		}
		if (x->team.n)
			buf_printf(&b, " team %.*s", STR_ARG(x->team));
		if (x->skill.n)
			buf_printf(&b, " skill %.*s", STR_ARG(x->skill));
		if (x->strategy.n)
			buf_printf(&b, " strategy %.*s", STR_ARG(x->strategy));
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

int
svtest_run_result_action(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	struct strs l = {NULL, 0};

	for (size_t i = 0; i < t->result.nactions; i++) {
		const struct sieve_action *x = &t->result.actions[i];

		if (x->kind == SIEVE_MARK || x->at.line == 0)
			continue;
		strs_add(r->a, &l, described(r->a, x, n->def->extra));
	}
	return match_list(r, n, l);
}

int
svtest_run_result_print(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);

	(void)n;
	for (size_t i = 0; i < t->result.nactions; i++) {
		const struct sieve_action *x = &t->result.actions[i];

		printf("# %s:%u: ", x->at.file ? x->at.file : "", x->at.line);
		svtest_put(described(r->a, x, true));
		putchar('\n');
	}
	return RUN_OK;
}

int
svtest_run_test_message(struct sieve_run *r, const struct sieve_node *n)
{
	struct svtest *t = svtest_of(r);
	const struct svmail *m = t->sent;
	uint64_t i = n->args[0].number;
	struct strs flags = {NULL, 0};

	if (sieve_has(n, TAG_FOLDER)) {
		const struct svbox *b =
		    svtest_box(t, sieve_tag_string(r, n, TAG_FOLDER), false);

		m = b ? b->mails : NULL;
	}
	for (; m && i; i--)
		m = m->next;
	if (m) {
		flags = m->flags;
		svtest_set_mail(t, m->raw, &flags);
		if (sieve_has(n, TAG_SMTP)) {
			t->context.from = m->from;
			t->context.to = t->context.orig_to = m->to;
		}
		svtest_mail_changed(r, t);
	}
	/* As a command it fails the test where there is no such mail. */
	if (n->def->type == SIEVE_HYBRID && n->constant == -2)
		return m ? RUN_OK : svtest_failed(r, n, S("no such message"));
	return m != NULL;
}

bool
svtest_check_test_message(struct sieve_compiler *c, struct sieve_node *n)
{
	if (sieve_has(n, TAG_SMTP) || sieve_has(n, TAG_FOLDER))
		return true;
	sieve_bad(c, n->at, "test_message expects :smtp or :folder");
	return false;
}

int
svtest_run_message_print(struct sieve_run *r, const struct sieve_node *n)
{
	(void)n;
	svtest_comment(svtest_of(r)->raw);
	return RUN_OK;
}
