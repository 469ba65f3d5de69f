/*
 * What is taken out of an agent's words, and what is made of a customer's in a notice: whatever the text, no line of ours is left in the first, and none
 * appears in the second.
 */
#include "base/must.h"
#include "desk/notice_private.h"
#include "desk/outgoing.h"
#include "mail/reply_marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str
inner(struct str line, bool *quoted)
{
	line = str_ltrim(line);
	*quoted = false;
	while (line.n && (line.p[0] == '>' || line.p[0] == '|')) {
		*quoted = true;
		line = str_ltrim(str_from(line, 1));
	}
	return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct str text = {(const char *)data, size}, rest, line;
	struct str agent = S("anna@private.example");
	struct queue queue = {
	    .name = S("support"), .address = {S(""), S("s@acme.example")}};
	struct settings s = {
	    .queues = &queue, .nqueues = 1, .desk_addresses = {&agent, 1}};
	struct ticket k = {.id = 1, .queue = S("support")};
	bool quoted;

	if (size > 16384)
		return 0;
	rest = guard_text(&a, &s, &k, text);
	line = guard_html(&a, &s, &k, text);
	must(!str_has(line, S(NOTICE_BAR)));
	while (str_line(&rest, &line)) {
		line = inner(line, &quoted);
		must(!quoted || !str_starts(line, S(NOTICE_BAR)));
		must(!quoted || reply_marker_of(line) == MARKER_NONE);
		must(!str_ieq(line, agent));
	}
	rest = notice_words(&a, text, false);
	while (str_line(&rest, &line)) {
		must(!str_eq(line, S("-- ")));
		must(!str_starts(str_ltrim(line), S(NOTICE_BAR)));
		must(!str_starts(line, S("#")));
		must(reply_marker_of(line) == MARKER_NONE);
	}
	rest = notice_words(&a, text, true);
	while (str_line(&rest, &line))
		must(str_starts(line, S(NOTICE_BAR)));
	rest = notice_line(&a, text, 60);
	must(rest.n <= 60 && !str_has(rest, S("\n")));
	arena_fini(&a);
	return 0;
}
