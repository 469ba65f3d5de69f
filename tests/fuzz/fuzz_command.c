/* What an agent writes on top of a mail: lines as commands, and the arguments behind them. */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/command_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
within(struct str outer, struct str s)
{
	return !s.n || (s.p >= outer.p && s.p + s.n <= outer.p + outer.n);
}

static void
read_args(struct arena *a, struct str args)
{
	struct str plain = command_plain(a, args), rest = plain, x, y;
	uint64_t n;
	bool add;

	command_number(plain, &n);
	while (command_word(&rest).n)
		must(rest.n < plain.n || !rest.n);
	rest = plain;
	command_add(&rest, &add);
	command_tags(a, plain);
	command_field(args, &x, &y);
	command_kb_save(a, args, &x);
	must(!utf8_valid(args) || utf8_valid(plain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct str text = {(const char *)data, size};
	struct command_block b, again;

	if (size > 65536)
		return 0;
	command_read(&a, text, &b);
	must(b.n <= COMMANDS_MAX && within(text, b.text));
	for (size_t i = 0; i < b.n; i++) {
		must(b.v[i].line.n && within(text, b.v[i].line));
		must(within(text, b.v[i].args));
		read_args(&a, b.v[i].args);
		/* A command stays the same command when it is kept as a line. */
		command_read(&a, b.v[i].line, &again);
		must(again.n == 1 && again.v[0].row == b.v[i].row &&
		     str_eq(again.v[0].args, b.v[i].args) && !again.text.n);
	}
	return 0;
}
