#include "base/must.h"
#include "desk/template.h"

#include <math.h>

struct value *
value_object(struct arena *a)
{
	struct value *v = arena_new(a, struct value);

	v->kind = VALUE_OBJECT;
	return v;
}

struct value *
value_list(struct arena *a)
{
	struct value *v = arena_new(a, struct value);

	v->kind = VALUE_LIST;
	return v;
}

/* Room for one more; the old arrays are left to the arena. */
static void
value_grow(struct arena *a, struct value *v)
{
	size_t cap = v->cap ? 2 * v->cap : 16;
	struct value *items;

	if (v->n < v->cap)
		return;
	items = arena_array(a, struct value, cap);
	if (v->items)
		memcpy(items, v->items, v->n * sizeof *items);
	v->items = items;
	if (v->kind == VALUE_OBJECT) {
		struct str *keys = arena_array(a, struct str, cap);

		if (v->keys)
			memcpy(keys, v->keys, v->n * sizeof *keys);
		v->keys = keys;
	}
	v->cap = cap;
}

static struct value *
find(const struct value *object, struct str key)
{
	if (!object || object->kind != VALUE_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->n; i++)
		if (str_eq(object->keys[i], key))
			return &object->items[i];
	return NULL;
}

const struct value *
value_get(const struct value *object, struct str key)
{
	return find(object, key);
}

struct value *
value_set(
    struct arena *a, struct value *object, const char *key, struct value v)
{
	struct value *at;

	must(object->kind == VALUE_OBJECT);
	at = find(object, str_c(key));
	if (!at) {
		value_grow(a, object);
		must(object->items);
		object->keys[object->n] = str_c(key);
		at = &object->items[object->n++];
	}
	*at = v;
	return at;
}

void
value_set_str(
    struct arena *a, struct value *object, const char *key, struct str s)
{
	value_set(a, object, key, (struct value){.kind = VALUE_STRING, .s = s});
}

void
value_set_num(
    struct arena *a, struct value *object, const char *key, double number)
{
	value_set(a, object, key,
	    (struct value){.kind = VALUE_NUMBER, .number = number});
}

void
value_set_bool(struct arena *a, struct value *object, const char *key, bool b)
{
	value_set(a, object, key, (struct value){.kind = VALUE_BOOL, .b = b});
}

struct value *
value_add(struct arena *a, struct value *list, struct value v)
{
	must(list->kind == VALUE_LIST);
	value_grow(a, list);
	list->items[list->n] = v;
	return &list->items[list->n++];
}

/* The fewest digits that read back as the same number, and none behind the
 * point where there are none. */
static void
print_number(struct buf *out, double x)
{
	char text[40];

	if (!isfinite(x))
		return;
	if (x == trunc(x) && fabs(x) < 1e15) {
		buf_printf(out, "%.0f", x + 0.0);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	buf_puts(out, text);
}

void
value_print(struct buf *out, const struct value *v)
{
	if (!v)
		return;
	switch (v->kind) {
	case VALUE_BOOL:
		buf_puts(out, v->b ? "true" : "false");
		break;
	case VALUE_NUMBER:
		print_number(out, v->number);
		break;
	case VALUE_STRING:
		buf_put(out, v->s);
		break;
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_OBJECT:
		break;
	}
}

/* --- the example ------------------------------------------------------- */

struct sample {
	const char *object, *key, *value;
};

static const struct sample samples[] = {
    {NULL, "site", "Acme"},
    {"ticket", "label", "Acme #1042"},
    {"ticket", "subject", "Printer on fire"},
    {"ticket", "status", "resolved"},
    {"ticket", "priority", "high"},
    {"ticket", "queue", "support"},
    {"ticket", "created", "1 March 2026, 10:30"},
    {"customer", "name", "Wei Zhang"},
    {"customer", "address", "wei@customer.example"},
    {"queue", "name", "support"},
    {"queue", "address", "support@acme.example"},
    {"queue", "signature", "Acme Support\nMonday to Friday, 9 to 17"},
    {"message", "text",
	"The printer on the 2nd floor is on fire.\nPlease help!"},
    {"message", "quoted",
	"> The printer on the 2nd floor is on fire.\n> Please help!"},
    {"message", "date", "1 March 2026, 10:30"},
    {"message", "from", "Wei Zhang"},
    {"answer", "text",
	"Please press the red button; someone is on the way.\n\nIt may take "
	"ten minutes."},
    {"answer", "html",
	"<p>Please press the <b>red</b> button; someone is on the way.</p>"
	"<p>It may take ten minutes.</p>"},
    {"agent", "name", "Anna"},
    {"agent", "signature", "Anna\nFirst line"},
    {"status", "old", "open"},
    {"status", "new", "resolved"},
    {NULL, "deadline", "15 March 2026, 10:30"},
    {NULL, "marker", "##- Please write your answer above this line -##"},
    {NULL, "marker_words", "##- Message -##"},
    {NULL, "marker_end", "##- End of message -##"},
    {"agent", "login", "anna"},
    {"notice", "kind", "new"},
    {"notice", "detail", ""},
    {"notice", "who", ""},
    {"notice", "customer", "Wei Zhang <wei@customer.example>"},
    {"notice", "writer", "Wei Zhang <wei@customer.example>"},
    {"notice", "by", "Wei Zhang"},
    {"notice", "subject", "Printer on fire"},
    {"notice", "assignee", "anna"},
    {"webhook", "name", "ops"},
    {"webhook", "event", "new"},
    {"webhook", "words", "410: Gone"},
};

static struct value *
sample_object(struct arena *a, struct value *root, const char *key)
{
	struct value *v = find(root, str_c(key));

	return v ? v : value_set(a, root, key, *value_object(a));
}

/* A list of one object with these keys; the last key is NULL. */
static void
sample_list(
    struct arena *a, struct value *in, const char *key, const struct sample *v)
{
	struct value *list = value_list(a), *one = value_object(a);

	for (; v->key; v++)
		value_set_str(a, one, v->key, str_c(v->value));
	value_add(a, list, *one);
	value_set(a, in, key, *list);
}

/* What only mails to agents have. */
static void
sample_desk(struct arena *a, struct value *root)
{
	static const struct sample file[] = {{NULL, "name", "smoke.mov"},
	    {NULL, "size", "48.2 MB"}, {NULL, NULL, NULL}};
	static const struct sample earlier[] = {
	    {NULL, "date", "28 February 2026, 17:02"}, {NULL, "from", "Anna"},
	    {NULL, "words", "Is it warm already?"}, {NULL, NULL, NULL}};
	static const struct sample suggested[] = {{NULL, "id", "12"},
	    {NULL, "title", "When a printer burns"}, {NULL, NULL, NULL}};
	static const struct sample guesses[] = {{NULL, "field", "queue"},
	    {NULL, "value", "facilities"}, {NULL, "percent", "84"},
	    {NULL, NULL, NULL}};
	static const struct sample line[] = {{NULL, "command", "#assign anna"},
	    {NULL, "words", "assigned to anna"},
	    {NULL, "indented", "  assigned to anna"}, {NULL, "is_done", "1"},
	    {NULL, NULL, NULL}};
	static const struct sample told[] = {{NULL, "label", "[Acme #1042]"},
	    {NULL, "subject", "Printer on fire"},
	    {NULL, "customer", "Wei Zhang"}, {NULL, "queue", "support"},
	    {NULL, "status", "open"}, {NULL, "kind", "followup"},
	    {NULL, "is_followup", "1"}, {NULL, "date", "1 March 2026, 10:30"},
	    {NULL, NULL, NULL}};
	static const struct sample due[] = {{NULL, "target", "first-response"},
	    {NULL, "is_first", "1"}, {NULL, "due", "1 March 2026, 11:30"},
	    {NULL, NULL, NULL}};
	struct value *o = sample_object(a, root, "notice");

	value_set_bool(a, o, "has_sla", true);
	sample_list(a, o, "sla", due);
	value_set_bool(a, o, "is_new", true);
	value_set_bool(a, o, "can_work", true);
	value_set_num(a, o, "articles", 3);
	value_set_num(a, o, "carried", 1);
	value_set_bool(a, o, "has_files", true);
	value_set_bool(a, o, "has_earlier", true);
	value_set_bool(a, o, "has_suggested", true);
	sample_list(a, o, "files", file);
	sample_list(a, o, "earlier", earlier);
	sample_list(a, o, "suggested", suggested);
	sample_list(a, o, "guesses", guesses);
	value_set_bool(a, sample_object(a, root, "priority"), "is_high", true);
	o = sample_object(a, root, "webhook");
	value_set_num(a, o, "ticket", 1042);
	value_set_num(a, o, "more", 2);
	o = sample_object(a, root, "transcript");
	sample_list(a, o, "lines", line);
	value_set_num(a, o, "done", 1);
	o = sample_object(a, root, "digest");
	sample_list(a, o, "lines", told);
	value_set_num(a, o, "count", 1);
	value_set_num(a, o, "limit", 120);
}

struct value *
value_sample(struct arena *a)
{
	static const char *const states[] = {
	    "is_open", "is_pending", "is_hold", "is_resolved", "is_closed"};
	struct value *root = value_object(a), *status;

	value_set_bool(a, root, "known", true);
	value_set_num(a, root, "reopen_days", 14);
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		struct value *object =
		    s->object ? sample_object(a, root, s->object) : root;

		value_set_str(a, object, s->key, str_c(s->value));
	}
	value_set_num(a, sample_object(a, root, "ticket"), "id", 1042);
	status = sample_object(a, root, "status");
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		value_set_bool(a, status, states[i], i == 3);
	sample_desk(a, root);
	return root;
}
