/*
 * What a change refuses is said in English by whoever refuses it: desk/change.h
 * and its neighbours know no reader. Here it is said again, for a transcript in
 * another language. "{}" stands for what differs, in the same order in both; the
 * first sentence that fits counts, so the longer ones come first.
 */
#include "base/must.h"
#include "base/utf8.h"
#include "desk/transcript.h"

enum {
	HOLES_MAX = 4
};

static const struct {
	const char *en, *zh;
} errors[] = {
    {"ticket {} was merged into {} and is not changed any more",
	"工单 {} 已并入 {}，不能再更改"},
    {"ticket {} was merged into {} already", "工单 {} 早已并入 {}"},
    {"ticket {} was merged into {}: answer that one",
	"工单 {} 已并入 {}：请回复后者"},
    {"ticket {} has open sub-tickets: {}", "工单 {} 的子工单尚未完成：{}"},
    {"a ticket is new only until something is done with it; use open",
	"工单一经处理就不再是新工单；请用“打开”"},
    {"{} is a team; a ticket is assigned to one of its members, or moved to "
     "its queue",
	"{} 是团队；工单应分配给其成员，或转到其队列"},
    {"there is no agent {}; did you mean {}?", "没有客服 {}；您是指 {} 吗？"},
    {"there is no agent {}", "没有客服 {}"},
    {"{} may not work the queue {} (see agents.conf)", "{} 无权处理队列 {}"},
    {"there is no queue {}; did you mean {}?", "没有队列 {}；您是指 {} 吗？"},
    {"there is no queue {}", "没有队列 {}"},
    {"there is no tag {}; did you mean {}?", "没有标签 {}；您是指 {} 吗？"},
    {"there is no tag {}", "没有标签 {}"},
    {"there is no field {}; did you mean {}?", "没有字段 {}；您是指 {} 吗？"},
    {"there is no field {}", "没有字段 {}"},
    {"\"{}\" is no tag: letters, digits and -_.:/, at most {} bytes",
	"“{}”不是标签：只能有字母、数字和 -_.:/，最多 {} 字节"},
    {"a ticket takes at most {} tags", "一个工单最多 {} 个标签"},
    {"a ticket takes at most {} fields", "一个工单最多 {} 个字段"},
    {"\"{}\" is no name of a field: letters, digits and -_., at most {} bytes",
	"“{}”不是字段名：只能有字母、数字和 -_.，最多 {} 字节"},
    {"the subject is longer than {} bytes", "主题超过 {} 字节"},
    {"the subject has a control character in it", "主题含有控制字符"},
    {"the subject is empty", "主题为空"},
    {"the note is empty", "备注为空"},
    {"the note is larger than {} MiB", "备注超过 {} MiB"},
    {"that is more time than there is", "时间太长了"},
    {"{} of working time are noted, so that much less cannot be",
	"已登记的工时只有 {}，不能减去这么多"},
    {"\"{}\" is no mail address", "“{}”不是邮件地址"},
    {"the address is empty", "地址为空"},
    {"{} is an address of the desk itself", "{} 是我们自己的地址"},
    {"{} is an agent's address, which customers would read: name the agent in "
     "a note instead",
	"{} 是客服的地址，客户会看到它：请改在备注中提到这位客服"},
    {"at most {} people take part in a ticket", "一个工单最多 {} 人参与"},
    {"{} is the requester: give the ticket another one first",
	"{} 是请求人：请先更换请求人"},
    {"{} does not take part in ticket {}", "{} 没有参与工单 {}"},
    {"ticket {} would have more than {} links", "工单 {} 的关联将超过 {} 个"},
    {"more than {} tickets are above {}", "有超过 {} 个工单在 {} 之上"},
    {"ticket {} is a sub-ticket of {}, which is one of {}: merge {} first",
	"工单 {} 是 {} 的子工单，后者又是 {} 的子工单：请先合并 {}"},
    {"ticket {} is a sub-ticket of {}: merge it the other way round",
	"工单 {} 是 {} 的子工单：请反过来合并"},
    {"{} and {} together have more than {} people",
	"{} 和 {} 合在一起超过 {} 人"},
    {"ticket {} is a colleague's and {} a customer's: merge them the other way "
     "round",
	"工单 {} 是同事的，{} 是客户的：请反过来合并"},
    {"ticket {} is spam; set it open before it is merged",
	"工单 {} 是垃圾邮件；合并前请先打开"},
    {"ticket {} is not merged into itself", "工单 {} 不能并入自身"},
    {"more than {} tickets would be merged into {}",
	"将有超过 {} 个工单并入 {}"},
    {"ticket {} has no article {} (it has {})",
	"工单 {} 没有第 {} 篇（共 {} 篇）"},
    {"article {} is a note: only a mail becomes a ticket",
	"第 {} 篇是备注：只有邮件才能成为工单"},
    {"article {} is a mail of ours: only one from somebody else becomes a "
     "ticket",
	"第 {} 篇是我们发出的邮件：只有来信才能成为工单"},
    {"the sub-ticket's subject is empty", "子工单的主题为空"},
    {"the sub-ticket's subject has a control character in it",
	"子工单的主题含有控制字符"},
    {"the sub-ticket's subject is longer than {} bytes",
	"子工单的主题超过 {} 字节"},
    {"the sub-ticket's text is larger than {} MiB", "子工单的正文超过 {} MiB"},
    {"{} sub-tickets are one below the other already",
	"子工单已有 {} 层，不能再多"},
    {"ticket {} is {}: open it before it gets a sub-ticket",
	"工单 {} 的状态是 {}：建子工单前请先打开"},
    {"there is no ticket #{}", "没有工单 #{}"},
    {"there is no ticket {}", "没有工单 {}"},
    {"ticket {} is not linked to itself", "工单 {} 不能关联自身"},
    {"ticket {} is not linked to {}", "工单 {} 没有关联 {}"},
    {"{} and {} are merged: that link stays", "{} 和 {} 已合并：此关联保留"},
    {"{} and {} are a ticket and its sub-ticket: that link stays",
	"{} 和 {} 是工单与子工单：此关联保留"},
    {"a ticket is snoozed until a later time", "暂停的时间必须晚于现在"},
    {"ticket {} is {}: only one that is worked on can be snoozed",
	"工单 {} 的状态是 {}：只有处理中的工单才能暂停"},
    {"\"{}\" is no time: write 2d, 4h, tomorrow, monday 9:00, 2026-12-24 or "
     "2026-12-24 09:00",
	"“{}”不是时间：请写 2d、4h、明天、周一 9:00、2026-12-24 或 "
	"2026-12-24 09:00"},
    {"\"{}\" is not in the future", "“{}”不在将来"},
    {"\"{}\" is more than {} years away", "“{}”在 {} 年以后"},
    {"the answer is empty", "回复为空"},
    {"the answer is nothing but parts of a notice", "回复中只有通知的内容"},
    {"mail {} does not wait any more", "邮件 {} 已不在等待"},
    {"mail {} has not failed", "邮件 {} 没有发送失败"},
    {"nobody whom it did not reach takes part in the ticket any more",
	"没有收到它的人都已不参与此工单"},
    {"ticket {} has nobody to write to", "工单 {} 没有可以写信的人"},
    {"the article has no title", "文章没有标题"},
    {"the title is longer than {} bytes", "标题超过 {} 字节"},
    {"the article is empty", "文章为空"},
    {"the article is larger than {} KiB", "文章超过 {} KiB"},
    {"there is no article {} in the knowledge base", "知识库没有文章 {}"},
    {"article {} was withdrawn", "文章 {} 已撤下"},
    {"there are no macros", "没有预设文本"},
    {"macro {} gives no text", "预设文本 {} 没有内容"},
    {"it was changed since: {}", "之后又被更改：{}"},
};

/* Does msg fit, and what stands in the holes? Each takes as little as it can;
 * the last one, at the end, all. */
static bool
fits(struct str pattern, struct str msg, struct str *holes)
{
	size_t n = 0;

	for (;;) {
		ptrdiff_t at = str_find(pattern, S("{}"), 0), end;
		struct str text;

		if (at < 0)
			return str_eq(pattern, msg);
		if (!str_starts(msg, str_sub(pattern, 0, (size_t)at)))
			return false;
		msg = str_from(msg, (size_t)at);
		pattern = str_from(pattern, (size_t)at + 2);
		must(n < HOLES_MAX);
		at = str_find(pattern, S("{}"), 0);
		if (at < 0) {
			if (!str_ends(msg, pattern) || msg.n == pattern.n)
				return false;
			holes[n] = str_sub(msg, 0, msg.n - pattern.n);
			return true;
		}
		text = str_sub(pattern, 0, (size_t)at);
		end = str_find(msg, text, 0);
		if (end <= 0)
			return false;
		holes[n++] = str_sub(msg, 0, (size_t)end);
		msg = str_from(msg, (size_t)end);
	}
}

struct str
transcript_err(const struct transcript *x, const char *msg)
{
	struct str holes[HOLES_MAX] = {{0}}, said = str_c(msg);

	if (!str_starts(x->language, S("zh")))
		return said;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		AUTO(buf_fini) struct buf b = BUF_INIT;
		struct str rest = str_c(errors[i].zh);
		ptrdiff_t at;
		size_t n = 0;

		if (!fits(str_c(errors[i].en), said, holes))
			continue;
		while ((at = str_find(rest, S("{}"), 0)) >= 0) {
			buf_put(&b, str_sub(rest, 0, (size_t)at));
			buf_put(&b, holes[n++]);
			rest = str_from(rest, (size_t)at + 2);
		}
		buf_put(&b, rest);
		return arena_dup(x->a, buf_str(&b));
	}
	return said;
}
