/*
 * command: the words an agent writes on top of a mail. One table yields parser, permission, help (en, zh_CN), transcript and helpd-commands(7).
 *
 * Which lines are commands, and where their block ends, says mail/command_line.h; the text below is the answer. Names are found whole, ASCII case ignored, in
 * English or by the Chinese name; a colon may follow. A name nobody knows refuses the mail, with the nearest one suggested.
 *
 * How far a mail's identity (desk/identity.h) reaches: what a command's least level is above that waits for the agent's #send. On a ticket that the same mail opens, what gives
 * it its first queue, priority, tags, fields and assignee is part of opening it (row 8).
 */
#ifndef DESK_COMMAND_H
#define DESK_COMMAND_H

#include "desk/identity.h"
#include "desk/transcript.h"

enum {
	CMD_ALONE = 1,    /* works on a mail that names no ticket */
	CMD_READS = 2,    /* changes nothing */
	CMD_UNDO = 4,     /* #undo can take it back */
	CMD_NOTE = 8,     /* makes the whole mail a note */
	CMD_SEE = 16,     /* asks only for the right to see the queue */
};

/* id, name, Chinese name, arguments, least level, flags, help in English, help in Chinese */
#define COMMANDS(X) \
	X(NOTE, "note", "备注", "", WEAK, CMD_NOTE | CMD_SEE, "the whole mail is an internal note; @name tells a colleague", "整封邮件作为内部备注；@名字 通知同事") \
	X(TAKE, "take", "接手", "", MEDIUM, CMD_UNDO, "assign the ticket to yourself", "把工单分配给自己") \
	X(ASSIGN, "assign", "分配", "NAME|nobody", GOOD, CMD_UNDO, "assign to an agent, or to a team's queue", "分配给某位客服或团队") \
	X(OPEN, "open", "打开", "", GOOD, CMD_UNDO, "set the status to open", "状态设为处理中") \
	X(PENDING, "pending", "待客户", "", GOOD, CMD_UNDO, "waits for the customer", "等待客户回复") \
	X(HOLD, "hold", "搁置", "", GOOD, CMD_UNDO, "waits for somebody else", "等待他人") \
	X(RESOLVE, "resolve", "解决", "[force]", GOOD, CMD_UNDO, "solved; a reply reopens it", "已解决；客户回复会重新打开") \
	X(CLOSE, "close", "关闭", "[force]", GOOD, CMD_UNDO, "closed; a reply opens a new ticket", "关闭；客户回复会新建工单") \
	X(SNOOZE, "snooze", "暂停", "DURATION|DATE", GOOD, CMD_UNDO, "out of sight until then, or until the customer writes", "暂时隐藏，到时或客户来信时恢复") \
	X(PRIORITY, "priority", "优先级", "low|normal|high|urgent", GOOD, CMD_UNDO, "set the priority", "设置优先级") \
	X(QUEUE, "queue", "队列", "NAME", GOOD, CMD_UNDO, "move to another queue", "转到另一队列") \
	X(SUBJECT, "subject", "主题", "TEXT", GOOD, CMD_UNDO, "change the subject", "修改主题") \
	X(TAG, "tag", "标签", "+NAME -NAME …", GOOD, CMD_UNDO, "add and remove tags", "添加或删除标签") \
	X(FIELD, "field", "字段", "NAME=VALUE", GOOD, CMD_UNDO, "set a field; without a value, remove it", "设置字段；无值则删除") \
	X(CC, "cc", "抄送", "add|remove ADDRESS", STRONG, CMD_UNDO, "who reads along from now on", "增减抄送人") \
	X(REQUESTER, "requester", "请求人", "ADDRESS", STRONG, CMD_UNDO, "whose ticket it is", "更改请求人") \
	X(MERGE, "merge", "合并", "NUMBER", STRONG, 0, "this ticket becomes part of that one", "把本工单并入另一工单") \
	X(SPLIT, "split", "拆分", "[ARTICLE]", GOOD, 0, "a ticket of its own from one mail, else the customer's last", "用一封邮件另建工单") \
	X(CHILD, "child", "子工单", "QUEUE \"SUBJECT\"", GOOD, 0, "a sub-ticket; the text below is its task", "建子工单；下方文字是任务") \
	X(LINK, "link", "关联", "NUMBER", GOOD, CMD_UNDO, "link to another ticket", "关联另一工单") \
	X(UNLINK, "unlink", "取消关联", "NUMBER", GOOD, CMD_UNDO, "take the link away", "取消关联") \
	X(SPAM, "spam", "垃圾", "", GOOD, CMD_UNDO, "spam: nobody is answered", "标为垃圾邮件") \
	X(TIME, "time", "工时", "DURATION", GOOD, CMD_UNDO, "add working time", "登记工时") \
	X(MACRO, "macro", "模板", "NAME", GOOD, 0, "put a prepared text into the answer", "在回复中插入预设文本") \
	X(KB, "kb", "知识库", "NUMBER | save \"TITLE\"", GOOD, 0, "put an article of the knowledge base in, or make one of this answer", "在回复中插入知识库文章，或保存为文章") \
	X(AWAY, "away", "离开", "[until DATE|DURATION] [reroute]", MEDIUM, CMD_ALONE | CMD_SEE, "you are not there; reroute: all that waits for you goes to others", "您不在；转交：等待您的工单都交给他人") \
	X(BACK, "back", "回来", "", MEDIUM, CMD_ALONE | CMD_SEE, "you are there again", "您回来了") \
	X(HISTORY, "history", "历史", "[NUMBER]", MEDIUM, CMD_ALONE | CMD_READS | CMD_SEE, "the ticket's whole history", "工单的完整历史") \
	X(WHY, "why", "原因", "[NUMBER]", MEDIUM, CMD_ALONE | CMD_READS | CMD_SEE, "what led to its present state", "当前状态的由来") \
	X(LIST, "list", "列表", "[mine|team|QUEUE|QUERY]", MEDIUM, CMD_ALONE | CMD_READS | CMD_SEE, "tickets: mine, the team's, of a queue, or found by words", "列出工单") \
	X(SEND, "send", "发送", "", WEAK, CMD_ALONE, "do what waits for your word; counts only in reply to the mail that asked", "确认等待您同意的操作") \
	X(RESEND, "resend", "重发", "[ARTICLE]", GOOD, 0, "send an answer that failed once more", "重发失败的回复") \
	X(UNDO, "undo", "撤销", "", GOOD, 0, "take back your last change", "撤销您的上一步更改") \
	X(HELP, "help", "帮助", "", WEAK, CMD_ALONE | CMD_READS, "this list", "本列表")

#define X_ENUM_COMMAND(id, name, zh, args, level, flags, en, zhelp) CMD_##id##_,
enum command_id { COMMANDS(X_ENUM_COMMAND) COMMAND_COUNT };

struct command_row {
	const char *name, *zh, *args;
	enum level level;
	unsigned flags;
	const char *help_en, *help_zh;
};
extern const struct command_row command_table[COMMAND_COUNT];

struct command_line {
	const struct command_row *row;  /* NULL: unknown */
	enum command_id id;
	struct str line;                /* as written, trimmed */
	struct str args;                /* trimmed */
	struct str near;                /* unknown: the nearest name; may be empty */
};
enum { COMMANDS_MAX = 50 };
struct command_block {
	struct command_line *v;
	size_t n;
	bool note;                      /* one of them is #note */
	bool too_many;
	struct str text;                /* what stands below, trimmed of blank lines */
};
/* text: the newest contribution of the mail (message_new_text()). In the arena. Linear. */
void command_read(struct arena *a, struct str text, struct command_block *out);

/* Carrying them out. */
struct command_run {
	struct desk *d;
	struct txn *t;
	struct arena *a;
	struct ticket *k;               /* NULL: none is named */
	const struct agent *agent;
	const struct identity *identity;
	bool confirmed;                 /* it waited, and #send came: counts as row 10; as row 9 when the #send came by row 7 */
	bool opens;                     /* k was opened by this mail */
	bool asked;                     /* this mail answers our question whose ticket it is: #requester is confirmed by that */
	struct actor who;               /* "agent:anna", cause "row 9, article 5" */
	int64_t now;
	struct transcript *told;
	const struct command_block *block;

	bool status_with_answer;        /* an answer will go out with it: the status is set and told there */

	/* out */
	size_t inserted;                /* bytes of text that macros and articles put in front */
	struct str status_cause;        /* of the command that sets status */
	int64_t snooze;                 /* command_carry_out_last() does it; 0 */
	struct str snooze_cause;
	struct str text;                /* the answer's or note's text, with macros and articles put in */
	enum status status;             /* to be set together with the answer; STATUS_NONE */
	bool child_took_text;           /* #child: the text went there, nothing is left to send */
	bool changed;                   /* the ticket has to be put */
	unsigned needs;                 /* after command_check(): 1 << level of the highest command that only a confirmation would allow; 0 */
};
/*
 * Looks at every command without changing anything: known, allowed by level and by the right to the queue, arguments valid against what exists. What is wrong goes
 * into the transcript. Returns how many were refused; -1 for the store's errors.
 */
int command_check(struct command_run *r, struct err *err);
/* Carries them out in order, after a check without refusals. Each change has an event whose cause names row, article and command. */
int command_carry_out(struct command_run *r, struct err *err);
/* After the answer: what would get in its way before. Out of sight, part of another ticket. Puts nothing else; k may be merged then. */
int command_carry_out_last(struct command_run *r, struct err *err);
/* Only those that put texts into the answer, without a word in the transcript: r->text is what would go out. *rest: the lines of the others. */
int command_carry_out_texts(struct command_run *r, struct str *rest, struct err *err);
/* k's people, in memory, as #cc and #requester will make them: who gets the answer that waits together with these commands. k: may be r->k. */
void command_people_ahead(const struct command_run *r, struct ticket *k);
/* Mentions in a text: each agent named (teams give their members), once; told when they may see the queue, else it is said in the transcript. seq: the note. */
int command_mentions(struct command_run *r, struct str text, uint32_t seq, struct err *err);
/* The list for #help and the man page, in the language of the transcript. */
struct str command_help(struct arena *a, const struct transcript *x);

#endif
