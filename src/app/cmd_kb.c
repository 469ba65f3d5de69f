/*
 * kb: the knowledge base from the shell: what agents saved of their answers is looked over, put right and published here.
 */
#include "app/editor.h"
#include "app/json.h"
#include "app/listing.h"
#include "app/session.h"
#include "base/must.h"
#include "desk/kb.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum {
	FOUND_MAX = 100
};

/* --- looking ----------------------------------------------------------- */

struct view {
	struct listing l;
	bool all; /* withdrawn ones too */
};

static json_t *
kb_json(const struct kb *x)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_integer((json_int_t)x->id));
	json_put_str(o, "title", x->title);
	json_put_str(o, "state", str_c(kb_state_name(x->state)));
	json_put_str_or_null(o, "language", x->language);
	json_put_str(o, "author", x->author);
	json_put_time(o, "created", x->created);
	json_put_time(o, "updated", x->updated);
	json_object_set_new(o, "version", json_integer(x->version));
	json_object_set_new(o, "uses", json_integer(x->uses));
	json_put_time(o, "used", x->used);
	json_object_set_new(o, "ticket",
	    x->ticket ? json_integer((json_int_t)x->ticket) : json_null());
	return o;
}

static bool
add(void *ctx, const struct kb *x)
{
	struct view *v = ctx;
	struct table_row *r;

	if (x->state == KB_WITHDRAWN && !v->all)
		return true;
	r = listing_row(&v->l);
	if (!r) {
		json_print(kb_json(x));
		return true;
	}
	r->cell[0] = arena_printf(&v->l.a, "%llu", (unsigned long long)x->id);
	r->cell[1] = str_c(kb_state_name(x->state));
	r->cell[2] = arena_printf(&v->l.a, "%u", x->uses);
	r->cell[3] = time_ago(&v->l.a, x->updated, v->l.now);
	r->cell[4] = arena_dup(&v->l.a, x->author);
	r->cell[5] = arena_dup(&v->l.a, x->title);
	return true;
}

static struct str
join(struct arena *a, int argc, char **argv)
{
	AUTO(buf_fini) struct buf b = BUF_INIT;

	for (int i = 0; i < argc; i++) {
		if (i)
			buf_putc(&b, ' ');
		buf_puts(&b, argv[i]);
	}
	return arena_dup(a, buf_str(&b));
}

/* words empty: all of them. */
static int
list(struct verb_context *c, struct session *s, bool all, struct str words)
{
	static const char *const heads[] = {
	    ">ID", "STATE", ">USES", "CHANGED", "AUTHOR", "TITLE", NULL};
	struct view v = {.all = all};
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int r;

	listing_init(&v.l, c, heads);
	if (txn_read(s->store, &t, &err) < 0)
		return verb_err(c, &err);
	if (words.n) {
		struct kb *found = arena_array(&a, struct kb, FOUND_MAX);

		r = kb_find(t, &a, words, found, FOUND_MAX, &err);
		for (int i = 0; i < r; i++)
			add(&v, &found[i]);
	} else {
		r = kb_each(t, &a, add, &v);
		if (r < 0)
			txn_error(t, &err);
	}
	listing_end(&v.l, r < 0     ? NULL
			  : words.n ? "no article has these words"
				    : "the knowledge base is empty");
	return r < 0 ? verb_err(c, &err) : EX_OK;
}

static int
fetch(struct verb_context *c, struct session *s, struct arena *a, uint64_t id,
    uint32_t version, struct kb *x)
{
	AUTO(txn_abort) struct txn *t = NULL;
	struct err err = ERR_INIT;
	int r;

	if (txn_read(s->store, &t, &err) < 0)
		return verb_err(c, &err);
	r = version ? kb_get_version(t, a, id, version, x)
		    : kb_get(t, a, id, x);
	if (r > 0)
		return EX_OK;
	if (r < 0 && txn_error(t, &err) < 0)
		return verb_err(c, &err);
	if (version)
		return verb_fail(c, EX_NOINPUT,
		    "there is no version %u of article %llu", version,
		    (unsigned long long)id);
	return verb_fail(
	    c, EX_NOINPUT, "there is no article %llu", (unsigned long long)id);
}

static int
show(struct verb_context *c, const struct kb *x)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	AUTO(buf_fini) struct buf b = BUF_INIT;

	if (c->json) {
		json_t *o = kb_json(x);

		json_put_str(o, "text", x->text);
		json_print(o);
		return EX_OK;
	}
	paint(&b, c->colour, COLOUR_BOLD,
	    arena_printf(&a, "%llu  %.*s", (unsigned long long)x->id,
		STR_ARG(x->title)));
	buf_printf(
	    &b, "\n  %s, version %u, by ", kb_state_name(x->state), x->version);
	paint(&b, false, COLOUR_NONE, x->author);
	buf_printf(&b, ", %.*s, used %u times",
	    STR_ARG(time_text(&a, x->updated)), x->uses);
	if (x->ticket)
		buf_printf(&b, ", of #%llu", (unsigned long long)x->ticket);
	buf_puts(&b, "\n\n");
	for (struct str rest = x->text, line; str_line(&rest, &line);) {
		paint(&b, false, COLOUR_NONE, line);
		buf_putc(&b, '\n');
	}
	fwrite(b.p, 1, b.n, stdout);
	return EX_OK;
}

/* --- changing ---------------------------------------------------------- */

struct deed {
	uint64_t id;                      /* 0: a new one */
	struct str title, text, language; /* p NULL: as it is */
	enum kb_state state;
	struct kb x; /* out */
};

static int
do_put(struct session *s, struct txn *t, struct arena *a, int64_t now,
    void *ctx, struct err *err)
{
	struct deed *d = ctx;
	struct actor who = {session_actor(a), S("helpd kb")};
	int found = d->id ? kb_get(t, a, d->id, &d->x) : 0;

	if (found < 0)
		return txn_error(t, err);
	if (d->id && !found)
		return err_set(err, ERR_NOENT, "there is no article %llu",
		    (unsigned long long)d->id);
	if (!d->id)
		d->x = (struct kb){.state = KB_DRAFT};
	if (d->title.p)
		d->x.title = d->title;
	if (d->language.p)
		d->x.language = d->language;
	if (d->state)
		d->x.state = d->state;
	return kb_put_text(&s->desk, t, a, &d->x,
	    d->text.p ? d->text : d->x.text, &who, now, err);
}

static int
put(struct verb_context *c, struct session *s, struct deed *d)
{
	int status = session_write(s, c, do_put, d);

	if (status != EX_OK)
		return status;
	if (c->json)
		printf("{\"id\":%llu,\"version\":%u,\"state\":\"%s\"}\n",
		    (unsigned long long)d->x.id, d->x.version,
		    kb_state_name(d->x.state));
	else
		printf("article %llu, version %u: %s\n",
		    (unsigned long long)d->x.id, d->x.version,
		    kb_state_name(d->x.state));
	return EX_OK;
}

struct options {
	const char *message, *title, *language;
	uint64_t version;
	bool all;
};

static int
parse(struct verb_context *c, int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
	    {"message", required_argument, NULL, 'm'},
	    {"title", required_argument, NULL, 't'},
	    {"language", required_argument, NULL, 'l'},
	    {"version", required_argument, NULL, 'v'},
	    {"all", no_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "m:", options, NULL)) != -1) {
		if (opt == 'm')
			o->message = optarg;
		else if (opt == 't')
			o->title = optarg;
		else if (opt == 'l')
			o->language = optarg;
		else if (opt == 'a')
			o->all = true;
		else if (opt != 'v' || !str_u64(str_c(optarg), &o->version) ||
			 !o->version || o->version > UINT32_MAX)
			return verb_usage(c);
	}
	return EX_OK;
}

/* The text may come from an editor, so the store is opened for the reading and
 * closed again; whoever changed it meanwhile made another version. */
static int
edit(struct verb_context *c, struct session *s, struct arena *a, uint64_t id,
    const struct options *o)
{
	AUTO(buf_fini) struct buf text = BUF_INIT;
	struct deed d = {.id = id};
	struct kb x;
	int status = fetch(c, s, a, id, 0, &x);

	if (status != EX_OK)
		return status;
	if (o->title)
		d.title = str_c(o->title);
	if (o->language)
		d.language = str_c(o->language);
	if (!o->title || o->message) {
		status = editor_text(c, a, o->message, x.text, &text);
		if (status != EX_OK)
			return status;
		d.text = buf_str(&text);
	}
	return put(c, s, &d);
}

static int
run(struct verb_context *c, struct session *s, struct arena *a, int argc,
    char **argv, const struct options *o)
{
	const char *what = argc ? argv[0] : "list";
	struct deed d = {0};
	struct kb x;
	int status;

	if (strcmp(what, "list") == 0 && argc <= 1)
		return list(c, s, o->all, str_n(NULL, 0));
	if (strcmp(what, "search") == 0 && argc > 1)
		return list(c, s, true, join(a, argc - 1, argv + 1));
	if (strcmp(what, "add") == 0 && argc > 1) {
		AUTO(buf_fini) struct buf text = BUF_INIT;

		status = editor_text(c, a, o->message, str_n(NULL, 0), &text);
		if (status != EX_OK)
			return status;
		d.title = join(a, argc - 1, argv + 1);
		d.language = str_c(o->language);
		d.text = buf_str(&text);
		return put(c, s, &d);
	}
	if (argc != 2 || !verb_ticket(argv[1], &d.id))
		return verb_usage(c);
	if (strcmp(what, "show") == 0) {
		status = fetch(c, s, a, d.id, (uint32_t)o->version, &x);
		return status == EX_OK ? show(c, &x) : status;
	}
	if (strcmp(what, "edit") == 0)
		return edit(c, s, a, d.id, o);
	if (strcmp(what, "publish") == 0)
		d.state = KB_PUBLISHED;
	else if (strcmp(what, "withdraw") == 0)
		d.state = KB_WITHDRAWN;
	else
		return verb_usage(c);
	return put(c, s, &d);
}

int
cmd_kb(struct verb_context *c, int argc, char **argv)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct options o = {0};
	struct session s;
	int status = parse(c, argc, argv, &o);

	if (status != EX_OK)
		return status;
	status = session_open(&s, c, SESSION_STORE | SESSION_DESK);
	if (status == EX_OK)
		status = run(c, &s, &a, argc - optind, argv + optind, &o);
	session_close(&s);
	return status;
}
