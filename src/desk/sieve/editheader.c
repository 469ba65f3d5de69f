/*
 * addheader and deleteheader (RFC 5293). The mail is not changed but copied
 * with other fields: actions keep the one they were decided on.
 */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

static bool
listed(struct str list, struct str name)
{
	struct str w;

	while (str_word(&list, &w))
		if (str_ieq(w, name))
			return true;
	return false;
}

static struct sieve_mail *
edited(struct sieve_run *r, size_t room)
{
	struct sieve_mail *m = arena_new(r->a, struct sieve_mail);
	struct sieve_field *f =
	    arena_array(r->a, struct sieve_field, r->mail->nfields + room);

	*m = *r->mail;
	/* What was parsed of the mail as it came holds no longer. */
	m->parsed = NULL;
	m->fields = f;
	m->nfields = 0;
	r->work += (r->mail->nfields + room) * 64;
	return m;
}

int
run_addheader(struct sieve_run *r, const struct sieve_node *n)
{
	struct str name = sieve_expand(r, &n->args[0].v[0]);
	struct str value = sieve_expand(r, &n->args[1].v[0]);
	struct sieve_mail *m;
	struct sieve_field f;

	if (!sieve_header_name_ok(name))
		return sieve_fail(r, n->at,
		    "\"%.*s\" cannot be the name of a header field",
		    STR_ARG(utf8_clip(name, 60)));
	if (listed(r->s->no_add, name) || listed(r->s->protected_fields, name))
		return RUN_OK;
	value = str_trim(value);
	if (str_chr(value, '\n', 0) >= 0 || str_chr(value, '\r', 0) >= 0 ||
	    memchr(value.n ? value.p : "", 0, value.n))
		return sieve_fail(
		    r, n->at, "the value of a header field is one line");
	if (name.n + value.n > r->s->header_max)
		return sieve_fail(r, n->at,
		    "the header field is longer than %llu bytes",
		    (unsigned long long)r->s->header_max);
	if (r->mail->nfields >= MESSAGE_HEADERS_MAX)
		return sieve_fail(r, n->at, "the mail has too many fields");
	m = edited(r, 1);
	f = (struct sieve_field){name, value, {NULL, 0}};
	if (!sieve_has(n, TAG_LAST))
		m->fields[m->nfields++] = f;
	memcpy(m->fields + m->nfields, r->mail->fields,
	    r->mail->nfields * sizeof f);
	m->nfields += r->mail->nfields;
	if (sieve_has(n, TAG_LAST))
		m->fields[m->nfields++] = f;
	m->size += name.n + value.n + 4;
	r->mail = m;
	sieve_mail_changed(r);
	return RUN_OK;
}

int
run_deleteheader(struct sieve_run *r, const struct sieve_node *n)
{
	struct str name = sieve_expand(r, &n->args[0].v[0]);
	const struct sieve_value *index = sieve_tagged(n, TAG_INDEX);
	struct sieve_mail *m;
	size_t count = 0, at = 0;

	if (!sieve_header_name_ok(name))
		return sieve_fail(r, n->at,
		    "\"%.*s\" cannot be the name of a header field",
		    STR_ARG(utf8_clip(name, 60)));
	/* RFC 5293 §6: these always stay. */
	if (str_ieq(name, S("received")) ||
	    str_ieq(name, S("auto-submitted")) ||
	    listed(r->s->no_delete, name) ||
	    listed(r->s->protected_fields, name))
		return RUN_OK;
	for (size_t i = 0; i < r->mail->nfields; i++)
		count += str_ieq(r->mail->fields[i].name, name);
	if (!count)
		return RUN_OK;
	m = edited(r, 0);
	for (size_t i = 0; i < r->mail->nfields; i++) {
		const struct sieve_field *f = &r->mail->fields[i];
		bool drop = false;

		if (str_ieq(f->name, name)) {
			size_t k = sieve_has(n, TAG_LAST) ? count - at : at + 1;

			drop = !index || index->number == k;
			at++;
		}
		if (drop && n->args[1].n) {
			struct sieve_text t = {.s = f->value};
			int rc = sieve_match_texts(
			    r, n, (struct sieve_texts){&t, 1}, &n->args[1]);

			if (rc < 0)
				return -1;
			drop = rc;
		}
		if (drop)
			m->size -= MIN(m->size, f->name.n + f->value.n + 4);
		else
			m->fields[m->nfields++] = *f;
	}
	r->mail = m;
	sieve_mail_changed(r);
	return RUN_OK;
}
