/* The tests of RFC 5228, variables, body, environment, imap4flags, mailbox, spamtest, duplicate, enotify and vnd.helpd. */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

int
run_allof(struct sieve_run *r, const struct sieve_node *n)
{
	for (size_t i = 0; i < n->ntests; i++) {
		int rc = sieve_exec_test(r, &n->tests[i]);

		if (rc <= 0)
			return rc;
	}
	return 1;
}

int
run_anyof(struct sieve_run *r, const struct sieve_node *n)
{
	for (size_t i = 0; i < n->ntests; i++) {
		int rc = sieve_exec_test(r, &n->tests[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

int
run_not(struct sieve_run *r, const struct sieve_node *n)
{
	int rc = sieve_exec_test(r, &n->tests[0]);

	return rc < 0 ? -1 : !rc;
}

int
run_true(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return 1;
}

int
run_false(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return 0;
}

int
run_ihave(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	return n->constant != 0;
}

int
run_header(struct sieve_run *r, const struct sieve_node *n)
{
	return sieve_match_texts(
	    r, n, sieve_header_values(r, n, &n->args[0]), NULL);
}

int
run_address(struct sieve_run *r, const struct sieve_node *n)
{
	return sieve_match_texts(
	    r, n, sieve_address_values(r, n, &n->args[0]), NULL);
}

int
run_exists(struct sieve_run *r, const struct sieve_node *n)
{
	for (size_t i = 0; i < n->args[0].n; i++) {
		struct sieve_value one = n->args[0];
		struct sieve_node copy = *n;

		one.v += i;
		one.n = 1;
		copy.headers = n->headers ? n->headers + i : NULL;
		if (!sieve_header_values(r, &copy, &one).n)
			return 0;
	}
	return 1;
}

int
run_size(struct sieve_run *r, const struct sieve_node *n)
{
	return sieve_has(n, TAG_OVER) ? r->mail->size > n->args[0].number
				      : r->mail->size < n->args[0].number;
}

int
run_envelope(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs names = sieve_expand_list(r, &n->args[0]);
	struct strs out = {NULL, 0};

	for (size_t i = 0; i < names.n; i++) {
		bool has = true, auth = str_ieq(names.v[i], S("auth"));
		struct sieve_addr x;
		struct str s = {NULL, 0};

		if (str_ieq(names.v[i], S("from")))
			s = r->c->from;
		else if (str_ieq(names.v[i], S("to")))
			s = r->c->to;
		else if (str_ieq(names.v[i], S("orig_to")))
			s = r->c->orig_to;
		else if (auth)
			s = r->c->auth;
		if (!s.p)
			continue;
		if (auth) {
			if (n->part == PART_ALL)
				strs_add(r->a, &out, s);
			continue;
		}
		/* RFC 5228 §5.4: the null sender is "" whichever part is asked for. */
		if (!s.n || str_eq(s, S("<>"))) {
			strs_add(r->a, &out, (struct str){"", 0});
			continue;
		}
		if (!sieve_address_ok(r->a, s, &x))
			x = (struct sieve_addr){.all = s};
		s = sieve_addr_part_of(r->s, &x, n->part, &has);
		if (has)
			strs_add(r->a, &out, s);
	}
	return sieve_match_texts(r, n, sieve_texts_of(r, &out), NULL);
}

int
run_string(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs l = sieve_expand_list(r, &n->args[0]);

	/* RFC 5229 §5: with :count, empty strings do not count. */
	if (n->match == MATCH_COUNT) {
		size_t k = 0;

		for (size_t i = 0; i < l.n; i++)
			if (l.v[i].n)
				l.v[k++] = l.v[i];
		l.n = k;
	}
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}

/* --- body (RFC 5173) --------------------------------------------------- */

static bool
type_wanted(struct str type, const struct strs *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		struct str w = wanted->v[i];
		ptrdiff_t slash = str_chr(w, '/', 0);

		if (!w.n)
			return true;
		if (slash < 0) {
			if (str_istarts(type, w) && type.n > w.n &&
			    type.p[w.n] == '/')
				return true;
			continue;
		}
		/* "/x", "x/", "a/b/c": match nothing (§4.2). */
		if (slash > 0 && (size_t)slash + 1 < w.n && str_ieq(type, w))
			return true;
	}
	return false;
}

static struct sieve_texts
content_of(struct sieve_run *r, const struct sieve_value *v)
{
	struct strs wanted = sieve_expand_list(r, v), out = {NULL, 0};

	for (size_t i = 0; i < r->mail->nparts; i++) {
		const struct sieve_part *p = &r->mail->parts[i];

		if (!type_wanted(p->type, &wanted))
			continue;
		if (p->multipart) {
			strs_add(r->a, &out, p->prologue);
			strs_add(r->a, &out, p->epilogue);
		} else {
			strs_add(
			    r->a, &out, p->message ? p->header : p->content);
		}
	}
	return sieve_texts_of(r, &out);
}

static struct sieve_texts
body_of(struct sieve_run *r, const struct sieve_node *n)
{
	const struct sieve_value *types = sieve_tagged(n, TAG_CONTENT);

	if (types)
		return content_of(r, types);
	if (sieve_has(n, TAG_RAW) && r->mail->body.p) {
		if (!r->body_raw_known) {
			struct strs one = {NULL, 0};

			strs_add(r->a, &one, r->mail->body);
			r->body_raw = sieve_texts_of(r, &one);
			r->body_raw_known = true;
		}
		return r->body_raw;
	}
	if (!r->body_text_known) {
		r->body_text = sieve_texts_of(r, &r->mail->texts);
		r->body_text_known = true;
	}
	return r->body_text;
}

int
run_body(struct sieve_run *r, const struct sieve_node *n)
{
	int rc;

	r->no_capture = true;
	rc = sieve_match_texts(r, n, body_of(r, n), NULL);
	r->no_capture = false;
	return rc;
}

/* --- environment (RFC 5183) -------------------------------------------- */

bool
sieve_environment(const struct sieve_run *r, struct str name, struct str *value)
{
	if (r->c->environment && r->c->environment(r->c->ctx, name, value))
		return true;
	if (str_ieq(name, S("name")))
		*value = S("helpd");
	else if (str_ieq(name, S("version")))
		*value = S(PACKAGE_VERSION);
	else if (str_ieq(name, S("vnd.dovecot.default-mailbox")) ||
		 str_ieq(name, S("vnd.dovecot.default_mailbox")))
		*value = S("INBOX");
	else
		return false;
	return true;
}

int
run_environment(struct sieve_run *r, const struct sieve_node *n)
{
	struct str value;
	struct strs l = {NULL, 0};

	if (!sieve_environment(r, sieve_expand(r, &n->args[0].v[0]), &value))
		return 0;
	strs_add(r->a, &l, value);
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}

/* --- vnd.helpd --------------------------------------------------------- */

int
run_values(struct sieve_run *r, const struct sieve_node *n)
{
	enum sieve_kind kind = (enum sieve_kind)n->def->extra;
	struct str name = {"", 0};
	struct strs l = {NULL, 0};

	if (n->nargs == 2 || kind == SIEVE_HOURS)
		name = sieve_expand(r, &n->args[0].v[0]);
	if (r->c->values)
		r->c->values(r->c->ctx, r->a, kind, name, &l);
	if (kind == SIEVE_HOURS)
		return l.n && str_eq(l.v[0], S("yes"));
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}

/* --- mailbox, metadata (RFC 5490) -------------------------------------- */

int
run_mailboxexists(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs l = sieve_expand_list(r, &n->args[0]);

	for (size_t i = 0; i < l.n; i++)
		if (!r->c->mailbox_exists ||
		    !r->c->mailbox_exists(r->c->ctx, l.v[i]))
			return 0;
	return 1;
}

/* RFC 8579: no mailbox of ours has a special use. */
int
run_specialuse(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	return n->args[1].n == 0;
}

int
run_metadata(struct sieve_run *r, const struct sieve_node *n)
{
	struct str mailbox = {"", 0}, value;
	struct strs l = {NULL, 0};
	size_t at = 0;

	if (!n->def->extra)
		mailbox = sieve_expand(r, &n->args[at++].v[0]);
	if (!r->c->metadata || !r->c->metadata(r->c->ctx, mailbox,
				   sieve_expand(r, &n->args[at].v[0]), &value))
		return 0;
	strs_add(r->a, &l, value);
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}

int
run_metadataexists(struct sieve_run *r, const struct sieve_node *n)
{
	struct str mailbox = {"", 0}, value;
	struct strs l;
	size_t at = 0;

	if (!n->def->extra)
		mailbox = sieve_expand(r, &n->args[at++].v[0]);
	l = sieve_expand_list(r, &n->args[at]);
	for (size_t i = 0; i < l.n; i++)
		if (!r->c->metadata ||
		    !r->c->metadata(r->c->ctx, mailbox, l.v[i], &value))
			return 0;
	return 1;
}

/* --- duplicate (RFC 7352) ---------------------------------------------- */

int
run_duplicate(struct sieve_run *r, const struct sieve_node *n)
{
	const struct sieve_value *v = sieve_tagged(n, TAG_SECONDS);
	struct str handle = sieve_tag_string(r, n, TAG_HANDLE), id;
	struct str header = S("message-id");
	struct sieve_action *x;
	uint64_t seconds = v ? v->number : r->s->duplicate_default;
	bool found = true, seen;

	if (sieve_has(n, TAG_UNIQUEID)) {
		id = sieve_tag_string(r, n, TAG_UNIQUEID);
	} else {
		if (sieve_has(n, TAG_HEADER))
			header = sieve_tag_string(r, n, TAG_HEADER);
		found = false;
		for (size_t i = 0; i < r->mail->nfields && !found; i++)
			if (str_ieq(r->mail->fields[i].name, header)) {
				id = r->mail->fields[i].value;
				found = true;
			}
	}
	if (!found)
		return 0;
	if (r->s->duplicate_max)
		seconds = MIN(seconds, r->s->duplicate_max);
	id = arena_printf(r->a, "%s%zu:%.*s:%.*s",
	    sieve_has(n, TAG_UNIQUEID) ? "u" : "h", handle.n, STR_ARG(handle),
	    STR_ARG(id));
	seen = r->c->duplicate && r->c->duplicate(r->c->ctx, id);
	if (!seen || sieve_has(n, TAG_LAST)) {
		x = sieve_act(r, n, SIEVE_MARK);
		x->name = id;
		x->number = (int64_t)seconds;
		x->flag = sieve_has(n, TAG_LAST);
		if (sieve_result_add(r, x) < 0)
			return -1;
	}
	return seen;
}

/* --- enotify (RFC 5435) ------------------------------------------------ */

static bool
method_ok(struct sieve_run *r, struct str uri)
{
	struct strs to = {NULL, 0};
	struct sieve_field *f;
	size_t n;
	struct str body;

	if (str_istarts(uri, S("mailto:")))
		return sieve_mailto(r->a, uri, &to, &f, &n, &body);
	return str_istarts(uri, S("https://")) && uri.n > 8;
}

int
run_valid_method(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs l = sieve_expand_list(r, &n->args[0]);

	for (size_t i = 0; i < l.n; i++)
		if (!method_ok(r, l.v[i]))
			return 0;
	return 1;
}

int
run_method_capability(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs l = {NULL, 0};

	if (!method_ok(r, sieve_expand(r, &n->args[0].v[0])) ||
	    !str_ieq(sieve_expand(r, &n->args[1].v[0]), S("online")))
		return 0;
	strs_add(r->a, &l, S("maybe"));
	return sieve_match_texts(r, n, sieve_texts_of(r, &l), NULL);
}
