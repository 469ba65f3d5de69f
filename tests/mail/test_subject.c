#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/must.h"
#include "mail/subject.h"

static struct str tag_list[] = {
    {"Acme", 4}, {"Müller & Söhne", 16}, {"Old Name", 8}};
static const struct strs tags = {tag_list, 3};

struct row {
	const char *subject, *base;
	uint64_t ticket;
};

static const struct row rows[] = {
    {"Printer on fire", "Printer on fire", 0},
    {"", "", 0},
    {"Re:", "", 0},
    {"Re: Printer", "Printer", 0},
    {"RE[2]: Re^3: re(4):  Printer   on\tfire ", "Printer on fire", 0},
    {"Re2: x", "x", 0},
    {"Re*2: x", "x", 0},
    {"AW: Drucker", "Drucker", 0},
    {"Antwort: WG: Drucker", "Drucker", 0},
    {"Antw: x", "x", 0},
    {"SV: VS: VB: x", "x", 0},
    {"RE : x", "x", 0},
    {"RÉP: TR : x", "x", 0},
    {"R: I: x", "x", 0},
    {"RV: RES: ENC: x", "x", 0},
    {"Odp: PD: x", "x", 0},
    {"YNT: İLT: x", "x", 0},
    {"ΑΠ: ΣΧΕΤ: x", "x", 0},
    {"Ответ: ОТВ: На: x", "x", 0},
    {"תשובה: x", "x", 0},
    {"回复：打印机", "打印机", 0},
    {"答复: 回覆： 转发：轉寄: x", "x", 0},
    {"返信: 転送：x", "x", 0},
    {"회신: 전달: x", "x", 0},
    {"Ha: Fwd: FW: x", "x", 0},
    {"Release: notes", "Release: notes", 0},
    {"Ref: 12", "Ref: 12", 0},
    {"Read this: now", "Read this: now", 0},
    {"Re[x]: y", "Re[x]: y", 0},
    {"[list] Re: x", "[list] Re: x", 0},
    {"[Acme #1042] Printer", "Printer", 1042},
    {"Re: [ACME #1042] AW: [acme #7] Printer", "Printer", 1042},
    {"[Acme   #1042 ] x", "x", 1042},
    {"[Acme\r\n #1042] x", "x", 1042},
    {"[ Acme#1042] x", "x", 1042},
    {"［Acme ＃1042］ x", "x", 1042},
    {"[OldName #5] x", "x", 5},
    {"[MÜLLER & SÖHNE #9] x", "x", 9},
    {"About [Acme #3]", "About [Acme #3]", 3},
    {"[Other #3] x", "[Other #3] x", 0},
    {"[Acme #] x", "[Acme #] x", 0},
    {"[Acme #0] x", "[Acme #0] x", 0},
    {"[Acme #12x] x", "[Acme #12x] x", 0},
    {"[Acme #9007199254740992] x", "x", UINT64_C(9007199254740992)},
    {"[Acme #9007199254740993] x", "[Acme #9007199254740993] x", 0},
    {"[Acme #99999999999999999999] [Acme #4] x",
	"[Acme #99999999999999999999] [Acme #4] x", 4},
    {"[Acme #12", "[Acme #12", 0},
    {"\xff Re: x", "\xff Re: x", 0},
};

static void
table(void **state)
{
	struct arena a = ARENA_INIT;
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str s = str_c(rows[i].subject);
		struct str base = subject_base(&a, s, &tags);
		uint64_t n = subject_ticket(s, &tags);

		if (str_eq(base, str_c(rows[i].base)) && n == rows[i].ticket)
			continue;
		print_error("\"%s\": \"%.*s\", %llu\n", rows[i].subject,
		    STR_ARG(base), (unsigned long long)n);
		failed++;
	}
	arena_fini(&a);
	assert_int_equal(failed, 0);
}

static const struct {
	const char *subject;
	enum subject_prefix is;
} prefixed[] = {
    {"Printer", SUBJECT_PLAIN},
    {"", SUBJECT_PLAIN},
    {"[Acme #1042] Printer", SUBJECT_PLAIN},
    {"Re: Printer", SUBJECT_REPLY},
    {"[Acme #1042] Re: Fwd: Printer", SUBJECT_REPLY},
    {"AW: WG: x", SUBJECT_REPLY},
    {"R: I: x", SUBJECT_REPLY},
    {"回复：转发：x", SUBJECT_REPLY},
    {"Fwd: Re: [Acme #1] x", SUBJECT_FORWARD},
    {"FW[2]: x", SUBJECT_FORWARD},
    {"WG: x", SUBJECT_FORWARD},
    {"Tr : x", SUBJECT_FORWARD},
    {"I: x", SUBJECT_FORWARD},
    {"RV: x", SUBJECT_FORWARD},
    {"转发：x", SUBJECT_FORWARD},
    {"轉寄: x", SUBJECT_FORWARD},
    {"転送：x", SUBJECT_FORWARD},
    {"İLT: x", SUBJECT_FORWARD},
    {"Forward: x", SUBJECT_PLAIN},
};

static void
test_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prefixed); i++)
		if (subject_prefix(str_c(prefixed[i].subject), &tags) !=
		    prefixed[i].is)
			fail_msg("%s", prefixed[i].subject);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table), cmocka_unit_test(test_prefix)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
