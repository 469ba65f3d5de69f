/* Times as people write them: after now, within ten years, in any zone; and an answer's text cleaned for the knowledge base. */
#include "base/clock.h"
#include "base/must.h"
#include "base/utf8.h"
#include "desk/kb_clean.h"
#include "desk/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
clean(struct str text)
{
	AUTO(arena_fini) struct arena a = ARENA_INIT;
	struct settings s = {.address = {S("Acme"), S("support@acme.example")}};
	struct participant p = {
	    {S("Ann Berg 王小明"), S("ann@x.example")}, ROLE_REQUESTER};
	struct field f = {S("order"), S("A-77")};
	struct ticket k = {.id = 1,
	    .requester = p.address,
	    .participants = &p,
	    .nparticipants = 1,
	    .fields = &f,
	    .nfields = 1};
	struct str out;

	strs_add(&a, &s.own_addresses, S("support@acme.example"));
	if (text.n > 10000 || !utf8_valid(text))
		return;
	out = kb_clean(&a, &s, &k, text);
	must(utf8_valid(out));
	must(!str_ihas(out, S("<ann@x.example>")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = {
	    "Europe/Berlin", "Australia/Lord_Howe", "UTC", "Asia/Shanghai"};
	struct str s = str_n((const char *)data, size);
	int64_t now = INT64_C(1767600000000), at;

	if (!size)
		return 0;
	now += (data[0] & 63) * 12 * CLOCK_DAY;
	if (when_parse(str_from(s, 1), zones[data[0] >> 6], now, &at, NULL) ==
	    0) {
		must(at > now);
		must(at <= now + 10 * 366 * CLOCK_DAY);
	}
	clean(s);
	return 0;
}
