/* What agents are told, in their own language. */
#include "agent_fixture.h"
#include "desk/change.h"
#include "desk/transcript.h"

#define ZHOU "zhou@acme.example"

static uint64_t
ask(struct fixture *f)
{
	return take(f,
	    &(struct mail){.from = "Ann <" ANN ">",
		.subject = "Printer on fire",
		.text = "It burns.\n"},
	    NOW)
	    .ticket;
}

static void
test_mention(void **state)
{
	struct fixture *f = *state;

	ask(f);
	replies(f, "anna", "notice", "#note\n\n@ben @zhou look at this", LATER);
	assert_has(sent(f, "notice", "ben@acme.example")->text,
	    "you are named in a note by Anna Berg");
	assert_has(sent(f, "notice", ZHOU)->text, "Anna Berg 在备注中提到了您");
	assert_false(str_has(sent(f, "notice", ZHOU)->text, S("mention")));
}

static int
set_queue(struct fixture *f, struct txn *t, void *ctx, struct err *err)
{
	struct actor who = {S("cli:anna"), S("helpd set")};
	struct ticket k;

	(void)ctx;
	assert_int_equal(ticket_get(t, &f->a, 1, &k), 1);
	if (change_set(&f->desk, t, &f->a, &k, S("queue"), S("support"), &who,
		NOW, err) < 0)
		return -1;
	return change_done(t, &k, NOW, err);
}

static void
test_moved(void **state)
{
	struct fixture *f = *state;
	uint64_t id = ask(f);

	replies(f, "anna", "notice", "#take", LATER);
	replies(f, "anna", "notice", "#queue billing", LATER);
	assert_has(sent(f, "notice", "carla@acme.example")->text,
	    "moved here from support by Anna Berg");
	assert_str(ticket(f, id).assignee, "");
	assert_has(told(f, "anna"), "anna may not work queue billing");
	/* From the shell, as well. */
	with_txn(f, set_queue, NULL);
	assert_has(sent(f, "notice", ZHOU)->text, "从 billing 转来");
}

static const struct {
	const char *command, *says;
} errors[] = {
    {"#snooze 昨天吧", "不是时间"},
    {"#merge 99", "没有您可以查看的工单 #99"},
    {"#split 1", "工单 #"},
    {"#pending", "状态：等待客户，原为 新建"},
    {"#priority high", "优先级：高，原为 普通"},
};

/* What a change refuses is said in English by those who refuse it. */
static void
test_errors(void **state)
{
	struct transcript x = {.language = S("zh_CN")};
	struct fixture *f = *state;

	ask(f);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		replies(
		    f, "zhou", "notice", errors[i].command, LATER + (int64_t)i);
		assert_has(told(f, "zhou"), errors[i].says);
	}
	x.a = &f->a;
	assert_str(transcript_err(&x, "ticket 12 is not merged into itself"),
	    "工单 12 不能并入自身");
	assert_str(
	    transcript_err(
		&x, "ticket 3 was merged into 4 and is not changed any more"),
	    "工单 3 已并入 4，不能再更改");
	assert_str(
	    transcript_err(&x, "there is no queue bill; did you mean billing?"),
	    "没有队列 bill；您是指 billing 吗？");
	assert_str(
	    transcript_err(&x, "there is no queue bill"), "没有队列 bill");
	assert_str(
	    transcript_err(&x, "nobody knows this"), "nobody knows this");
	x.language = S("en");
	assert_str(
	    transcript_err(&x, "the note is empty"), "the note is empty");
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, agents_setup, agents_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_mention),
	    T(test_moved),
	    T(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
