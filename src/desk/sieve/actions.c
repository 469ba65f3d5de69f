/* The commands: what a script wants done is added to the result, in order, with the place that caused it. */
#include "base/utf8.h"
#include "desk/sieve/engine.h"

/* sieve_exec_block() does it, with require, global and ihave's like. */
int
run_if(struct sieve_run *r, const struct sieve_node *n)
{
	return sieve_exec_block(r, n->block, n->nblock);
}

int
run_require(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return RUN_OK;
}

int
run_global(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return RUN_OK;
}

int
run_stop(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return RUN_STOP;
}

int
run_return(struct sieve_run *r, const struct sieve_node *n)
{
	(void)r;
	(void)n;
	return RUN_RETURN;
}

int
run_error(struct sieve_run *r, const struct sieve_node *n)
{
	struct str s = sieve_expand(r, &n->args[0].v[0]);

	return sieve_fail(r, n->at, "%.*s", STR_ARG(s));
}

int
run_debug(struct sieve_run *r, const struct sieve_node *n)
{
	struct str s = sieve_expand(r, &n->args[0].v[0]);

	sieve_warn(r, n->at, "debug: %.*s", STR_ARG(s));
	return RUN_OK;
}

/* --- where the mail goes ----------------------------------------------- */

int
run_keep(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_KEEP);

	sieve_flags_for(r, n, x);
	return sieve_result_add(r, x);
}

int
run_discard(struct sieve_run *r, const struct sieve_node *n)
{
	r->keep_cancelled = true;
	return sieve_result_add(r, sieve_act(r, n, SIEVE_DISCARD));
}

int
run_fileinto(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_STORE);

	x->name = sieve_expand(r, &n->args[0].v[0]);
	x->copy = sieve_has(n, TAG_COPY);
	x->create = sieve_has(n, TAG_CREATE);
	x->special_use = sieve_tag_string(r, n, TAG_SPECIALUSE);
	if (!sieve_mailbox_name_ok(x->name))
		return sieve_fail(r, n->at, "the mailbox has no usable name");
	sieve_flags_for(r, n, x);
	if (!x->copy)
		r->keep_cancelled = true;
	return sieve_result_add(r, x);
}

int
run_redirect(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_REDIRECT);
	struct str s = sieve_expand(r, &n->args[0].v[0]);
	struct sieve_addr addr;

	if (!sieve_address_ok(r->a, s, &addr))
		return sieve_fail(r, n->at,
		    "\"%.*s\" is no address that mail can be redirected to",
		    STR_ARG(utf8_clip(s, 80)));
	x->name = addr.all;
	x->copy = sieve_has(n, TAG_COPY);
	if (!x->copy)
		r->keep_cancelled = true;
	return sieve_result_add(r, x);
}

int
run_reject(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x =
	    sieve_act(r, n, (enum sieve_action_kind)n->def->extra);

	x->name = sieve_expand(r, &n->args[0].v[0]);
	r->keep_cancelled = true;
	return sieve_result_add(r, x);
}

/* --- variables (RFC 5229 §4) ------------------------------------------- */

static struct str
escaped(struct arena *a, struct str s, const char *which)
{
	struct buf b = BUF_INIT;
	struct str out;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] && strchr(which, s.p[i]))
			buf_putc(&b, '\\');
		buf_putc(&b, s.p[i]);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

static struct str
encoded(struct arena *a, struct str s)
{
	struct buf b = BUF_INIT;
	struct str out;

	for (size_t i = 0; i < s.n; i++) {
		if (ch_is_alnum(s.p[i]) || (s.p[i] && strchr("-._~", s.p[i])))
			buf_putc(&b, s.p[i]);
		else
			buf_printf(&b, "%%%02X", (unsigned char)s.p[i]);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static struct str
modified(struct sieve_run *r, const struct sieve_node *n, struct str s)
{
	char *p = arena_cstr(r->a, s);
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		p[i] = sieve_has(n, TAG_LOWER)   ? ch_lower(p[i])
		       : sieve_has(n, TAG_UPPER) ? upper(p[i])
						 : p[i];
	if (s.n && sieve_has(n, TAG_LOWERFIRST))
		p[0] = ch_lower(p[0]);
	if (s.n && sieve_has(n, TAG_UPPERFIRST))
		p[0] = upper(p[0]);
	s = str_n(p, s.n);
	if (sieve_has(n, TAG_QUOTEWILDCARD))
		s = escaped(r->a, s, "*?\\");
	if (sieve_has(n, TAG_QUOTEREGEX))
		s = escaped(r->a, s, "\\^$.*+?()[]{}|");
	if (sieve_has(n, TAG_ENCODEURL))
		s = encoded(r->a, s);
	if (sieve_has(n, TAG_LENGTH)) {
		for (size_t i = 0; i < s.n; i++)
			count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
		s = arena_printf(r->a, "%zu", count);
	}
	return s;
}

static struct str *
slot(struct sieve_run *r, const struct sieve_piece *p)
{
	return p->kind == PIECE_GLOBAL ? &r->globals[p->slot]
				       : &r->locals[p->slot];
}

int
run_set(struct sieve_run *r, const struct sieve_node *n)
{
	struct str s = sieve_expand(r, &n->args[1].v[0]);

	if (n->tags[0] | n->tags[1])
		s = modified(r, n, sieve_clip_variable(s));
	*slot(r, n->data) = sieve_clip_variable(s);
	return RUN_OK;
}

/* --- include (RFC 6609) ------------------------------------------------ */

int
run_include(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_scope *sc = n->data, *outer = r->scope;
	struct str *locals = r->locals, matched[33];
	unsigned nmatched = r->nmatched;
	int rc;

	if (!sc || (sieve_has(n, TAG_ONCE) && r->once[sc->index]))
		return RUN_OK;
	if (++r->depth > 10)
		return sieve_fail(r, n->at, "scripts are included too deep");
	r->once[sc->index] = true;
	memcpy(matched, r->matched, sizeof matched);
	r->scope = sc;
	r->locals = arena_array(r->a, struct str, sc->names.n + 1);
	r->nmatched = 0;
	rc = sieve_exec_block(r, sc->block, sc->nblock);
	r->scope = outer;
	r->locals = locals;
	memcpy(r->matched, matched, sizeof matched);
	r->nmatched = nmatched;
	r->depth--;
	return rc == RUN_RETURN ? RUN_OK : rc;
}

/* --- flags (RFC 5232) -------------------------------------------------- */

static bool
flag_ok(struct str s)
{
	static const char *const known[] = {
	    "\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"};

	if (s.n && s.p[0] == '\\') {
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_ieq(s, str_c(known[i])))
				return true;
		return false;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 32 || s.p[i] >= 127 ||
		    strchr("(){%*\"\\]", s.p[i]))
			return false;
	return s.n > 0;
}

void
sieve_flags_split(struct arena *a, struct strs *out, struct str s)
{
	struct str w;

	while (str_word(&s, &w))
		if (flag_ok(w) && !strs_ihas(out, w))
			strs_add(a, out, w);
}

static struct strs *
internal_flags(struct sieve_run *r)
{
	if (!r->flags_read) {
		r->flags_read = true;
		for (size_t i = 0; i < r->mail->flags.n; i++)
			sieve_flags_split(r->a, &r->flags, r->mail->flags.v[i]);
	}
	return &r->flags;
}

static struct str
joined(struct arena *a, const struct strs *l)
{
	struct buf b = BUF_INIT;
	struct str out;

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			buf_putc(&b, ' ');
		buf_put(&b, l->v[i]);
	}
	out = arena_dup(a, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* flags: changed as setflag (0), addflag (1), removeflag (2) say; 16 of work a comparison. */
static struct strs
changed(struct sieve_run *r, int how, struct strs now, struct strs given)
{
	struct strs out = {NULL, 0};

	r->work += (now.n + 1) * (given.n + 1) * 16;
	if (how == 0)
		now.n = 0;
	for (size_t i = 0; i < now.n; i++)
		if (how == 1 || !strs_ihas(&given, now.v[i]))
			strs_add(r->a, &out, now.v[i]);
	for (size_t i = 0; i < given.n && how != 2; i++)
		if (!strs_ihas(&out, given.v[i]))
			strs_add(r->a, &out, given.v[i]);
	return out;
}

int
run_setflag(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs now = {NULL, 0}, given = {NULL, 0};
	struct strs l = sieve_expand_list(r, &n->args[1]);
	const struct sieve_piece *p = n->data;

	for (size_t i = 0; i < l.n; i++)
		sieve_flags_split(r->a, &given, l.v[i]);
	if (p) {
		sieve_flags_split(r->a, &now, *slot(r, p));
		now = changed(r, n->def->extra, now, given);
		*slot(r, p) = sieve_clip_variable(joined(r->a, &now));
		return RUN_OK;
	}
	r->flags = changed(r, n->def->extra, *internal_flags(r), given);
	return RUN_OK;
}

/* The older form: only the internal variable; mark and unmark. */
int
run_mark(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs given = {NULL, 0}, l = {NULL, 0};

	if (n->nargs)
		l = sieve_expand_list(r, &n->args[0]);
	else
		strs_add(r->a, &l, S("\\Flagged"));
	for (size_t i = 0; i < l.n; i++)
		sieve_flags_split(r->a, &given, l.v[i]);
	r->flags = changed(r, n->def->extra, *internal_flags(r), given);
	return RUN_OK;
}

int
run_hasflag(struct sieve_run *r, const struct sieve_node *n)
{
	struct strs have = {NULL, 0}, l, keys = {NULL, 0};
	const struct sieve_piece *p = n->data;
	struct sieve_value v;

	if (p)
		for (size_t i = 0; i < n->args[0].n; i++)
			sieve_flags_split(r->a, &have, *slot(r, &p[i]));
	else
		have = *internal_flags(r);
	if (n->match == MATCH_COUNT || n->match == MATCH_VALUE)
		return sieve_match_texts(r, n, sieve_texts_of(r, &have), NULL);
	l = sieve_expand_list(r, &n->args[1]);
	for (size_t i = 0; i < l.n; i++) {
		struct str rest = l.v[i], w;

		if (!l.v[i].n)
			strs_add(r->a, &keys, l.v[i]);
		while (str_word(&rest, &w))
			strs_add(r->a, &keys, w);
	}
	v = (struct sieve_value){.type = ARG_LIST,
	    .at = n->at,
	    .v = arena_array(r->a, struct sieve_string, keys.n + 1),
	    .n = keys.n};
	for (size_t i = 0; i < keys.n; i++)
		v.v[i] = (struct sieve_string){.s = keys.v[i], .at = n->at};
	return sieve_match_texts(r, n, sieve_texts_of(r, &have), &v);
}

/* The flags that a keep or fileinto (NULL: the implicit keep) gives the mail. */
void
sieve_flags_for(
    struct sieve_run *r, const struct sieve_node *n, struct sieve_action *x)
{
	const struct sieve_value *v = n ? sieve_tagged(n, TAG_FLAGS) : NULL;

	if (v) {
		struct strs l = sieve_expand_list(r, v);

		for (size_t i = 0; i < l.n; i++)
			sieve_flags_split(r->a, &x->flags, l.v[i]);
		x->has_flags = true;
	} else if (r->flags_read) {
		x->flags = r->flags;
		x->has_flags = true;
	}
}

/* --- vacation (RFC 5230, 6131) ----------------------------------------- */

/* RFC 8580: where a copy of what is sent goes. */
static bool
take_fcc(
    struct sieve_run *r, const struct sieve_node *n, struct sieve_action *x)
{
	if (!sieve_has(n, TAG_FCC))
		return true;
	x->fcc = sieve_tag_string(r, n, TAG_FCC);
	x->create = sieve_has(n, TAG_CREATE);
	x->special_use = sieve_tag_string(r, n, TAG_SPECIALUSE);
	if (sieve_has(n, TAG_FLAGS))
		sieve_flags_for(r, n, x);
	return sieve_mailbox_name_ok(x->fcc);
}

int
run_vacation(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_VACATION);
	const struct sieve_value *days = sieve_tagged(n, TAG_DAYS);
	const struct sieve_value *seconds = sieve_tagged(n, TAG_SECONDS);
	const struct sieve_value *mine = sieve_tagged(n, TAG_ADDRESSES);
	const struct sieve *s = r->s;

	if (!take_fcc(r, n, x))
		return sieve_fail(r, n->at, "the mailbox has no usable name");
	x->value = sieve_expand(r, &n->args[0].v[0]);
	x->subject = sieve_tag_string(r, n, TAG_SUBJECT);
	x->from = sieve_tag_string(r, n, TAG_FROM);
	x->flag = sieve_has(n, TAG_MIME);
	if (mine)
		x->list = sieve_expand_list(r, mine);
	x->number = s->vacation_default;
	if (days)
		x->number = (int64_t)MIN(days->number, 36500U) * 86400;
	if (seconds)
		x->number = (int64_t)MIN(seconds->number, UINT64_C(3153600000));
	if (s->vacation_max > 0)
		x->number = MIN(x->number, s->vacation_max);
	x->number = MAX(x->number, s->vacation_min);
	/* Without :handle, another text is another answer (RFC 5230 §4.2). */
	x->handle = sieve_has(n, TAG_HANDLE)
			? sieve_tag_string(r, n, TAG_HANDLE)
			: arena_printf(r->a, "%016llx",
			      (unsigned long long)(str_hash(x->value) ^
						   str_hash(x->subject) * 3 ^
						   str_hash(x->from) * 7 ^
						   (uint64_t)x->flag));
	return sieve_result_add(r, x);
}

/* --- notify (RFC 5435) ------------------------------------------------- */

int
run_notify(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_NOTIFY);
	const struct sieve_value *options = sieve_tagged(n, TAG_OPTIONS);
	struct strs to = {NULL, 0};
	struct sieve_field *fields;
	size_t nfields;
	struct str body;

	if (!take_fcc(r, n, x))
		return sieve_fail(r, n->at, "the mailbox has no usable name");
	x->name = sieve_expand(r, &n->args[0].v[0]);
	x->value = sieve_tag_string(r, n, TAG_MESSAGE);
	x->flag = sieve_has(n, TAG_MESSAGE);
	x->from = sieve_tag_string(r, n, TAG_FROM);
	x->importance = sieve_tag_string(r, n, TAG_IMPORTANCE);
	if (options)
		x->list = sieve_expand_list(r, options);
	if (str_istarts(x->name, S("https://")) && x->name.n > 8)
		return sieve_result_add(r, x);
	if (!str_istarts(x->name, S("mailto:")) ||
	    !sieve_mailto(r->a, x->name, &to, &fields, &nfields, &body))
		return sieve_fail(r, n->at,
		    "\"%.*s\" is no method of notification (mailto:, https:)",
		    STR_ARG(utf8_clip(x->name, 80)));
	return sieve_result_add(r, x);
}

/* --- editheader (RFC 5293) --------------------------------------------- */

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

/* --- parts (RFC 5703) -------------------------------------------------- */

int
run_foreverypart(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_part_loop loop, *outer = r->loop;
	struct str name = sieve_tag_string(r, n, TAG_NAME);
	int rc = RUN_OK;

	loop.from = outer ? outer->at + 1 : 0;
	loop.to = outer ? r->mail->parts[outer->at].next : r->mail->nparts;
	r->loop = &loop;
	for (loop.at = loop.from; loop.at < loop.to && rc == RUN_OK;
	     loop.at++) {
		if (++r->steps > SIEVE_STEPS_MAX) {
			rc = sieve_fail(r, n->at, "the script takes too long");
			break;
		}
		rc = sieve_exec_block(r, n->block, n->nblock);
	}
	r->loop = outer;
	if (rc == RUN_BREAK &&
	    (!r->break_name.n || str_eq(r->break_name, name)))
		rc = RUN_OK;
	return rc;
}

int
run_break(struct sieve_run *r, const struct sieve_node *n)
{
	r->break_name = sieve_tag_string(r, n, TAG_NAME);
	return RUN_BREAK;
}

int
run_extracttext(struct sieve_run *r, const struct sieve_node *n)
{
	const struct sieve_value *first = sieve_tagged(n, TAG_FIRST);
	struct str s = {"", 0};

	if (r->loop && str_starts(r->mail->parts[r->loop->at].type, S("text/")))
		s = r->mail->parts[r->loop->at].content;
	if (first)
		s = utf8_clip(s, (size_t)MIN(first->number, s.n));
	*slot(r, n->data) =
	    sieve_clip_variable(modified(r, n, sieve_clip_variable(s)));
	return RUN_OK;
}

/* --- vnd.helpd --------------------------------------------------------- */

int
run_desk_action(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x =
	    sieve_act(r, n, (enum sieve_action_kind)n->def->extra);

	if (r->result->nactions >= 10000)
		return sieve_fail(r, n->at, "more than 10,000 actions");
	if (n->nargs && n->args[0].n) {
		x->list = sieve_expand_list(r, &n->args[0]);
		x->name = x->list.v[0];
	}
	if (n->nargs > 1)
		x->value = sieve_expand(r, &n->args[1].v[0]);
	return sieve_result_add(r, x);
}

int
run_priority(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_PRIORITY);

	x->flag = sieve_has(n, TAG_RAISE);
	x->lower = sieve_has(n, TAG_LOWERBY);
	x->number = 1;
	if (n->args[0].n)
		x->name = sieve_expand(r, &n->args[0].v[0]);
	return sieve_result_add(r, x);
}

int
run_assign(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_action *x = sieve_act(r, n, SIEVE_ASSIGN);

	x->value = sieve_tag_string(r, n, TAG_AGENT);
	x->team = sieve_tag_string(r, n, TAG_TEAM);
	x->skill = sieve_tag_string(r, n, TAG_SKILL);
	x->strategy = sieve_tag_string(r, n, TAG_STRATEGY);
	return sieve_result_add(r, x);
}
