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

struct str *
sieve_slot(struct sieve_run *r, const struct sieve_piece *p)
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
	*sieve_slot(r, n->data) = sieve_clip_variable(s);
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

/* --- parts (RFC 5703) -------------------------------------------------- */

int
run_foreverypart(struct sieve_run *r, const struct sieve_node *n)
{
	struct sieve_part_loop *loop, *outer = r->loop;
	struct str name = sieve_tag_string(r, n, TAG_NAME);
	int rc = RUN_OK;

	loop = arena_new(r->a, struct sieve_part_loop);
	loop->at = outer ? outer->at + 1 : 0;
	loop->to = outer ? r->mail->parts[outer->at].next : r->mail->nparts;
	r->loop = loop;
	for (; loop->at < loop->to && rc == RUN_OK; loop->at++) {
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
	*sieve_slot(r, n->data) =
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
