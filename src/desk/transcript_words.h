/* The sentences of transcripts. */
#ifndef DESK_TRANSCRIPT_WORDS_H
#define DESK_TRANSCRIPT_WORDS_H

#include <stddef.h>

struct transcript_words {
	const char *en, *zh;
};
extern const struct transcript_words transcript_words[];
extern const size_t transcript_nwords;

#define TRANSCRIPT_WORDS(X) \
	X("What became of your mail", "您的邮件的处理结果") \
	X("Answer this mail with #send on top to have done what waits.", "回复本邮件并在最上面写 #发送（或 #send），即可执行等待中的操作。") \
	/* the whole mail */ \
	X("Nothing of this mail was done.", "这封邮件没有执行任何操作。") \
	X("Nothing of this mail was done, and nothing was sent to the customer. It is kept as a note.", "这封邮件没有执行任何操作，也没有向客户发送任何内容，已作为备注保存。") \
	X("Nothing was sent or done yet: something arrived after what you have answered.", "尚未发送或执行：在您所回复的内容之后又有新的邮件。") \
	X("Nothing was sent or done yet: your mail was no reply to a notice.", "尚未发送或执行：您的邮件不是对通知的回复。") \
	X("Nothing was sent or done yet: your mail system gives no proof that it was you.", "尚未发送或执行：您的邮件系统没有提供是您本人的证明。") \
	X("Nothing was sent or done yet: these are many answers for an hour, as if two machines wrote to each other.", "尚未发送或执行：一小时内的回复过多，像是两台机器在互相回复。") \
	X("Nothing was sent or done yet: this needs your confirmation.", "尚未发送或执行：需要您的确认。") \
	X("The ticket was opened; its commands need your confirmation.", "工单已建立；其中的命令需要您的确认。") \
	X("The mail was added to the ticket; its commands need your confirmation.", "邮件已加入工单；其中的命令需要您的确认。") \
	X("waits", "等待确认") \
	X("Your answer waits:\n%.*s", "等待发送的回复：\n%.*s") \
	X("the file \"%.*s\" is too large: all files of an answer may have %d MB together", "文件“%.*s”太大：一封回复的附件合计最多 %d MB") \
	X("The ticket is closed and stays so; the customer's reply opens another one.", "工单已关闭且保持关闭；客户回复会新建工单。") \
	X("%.*s got your mail itself, too, with your address and all that stood in it: write to the desk alone.", "%.*s 也直接收到了您的原始邮件，包括您的地址和其中的全部内容：请只写给客服地址。") \
	X("there is nothing in this mail: no words above the quote, no commands, no files", "这封邮件没有内容：引文上方没有文字，没有命令，也没有附件") \
	X("kept as a note; nothing of it goes to the customer", "已保存为备注；内容不会发给客户") \
	X("the note is empty", "备注为空") \
	X("the mail \"%.*s\" that is attached was not sent on: paste its words, or attach it as a file", "附件中的邮件“%.*s”没有转发：请粘贴其文字，或作为普通文件附上") \
	X("%llu mails of yours before this one got no such answer: there were too many in an hour.", "此前您有 %llu 封邮件没有得到这样的答复：一小时内邮件太多。") \
	X("you may not answer tickets of this queue; #note adds a note", "您无权回复此队列的工单；可用 #备注 添加备注") \
	X("there is nobody to whom an answer could go; #note adds a note", "没有可以回复的人；可用 #备注 添加备注") \
	X("this mail names no ticket; answer a notice of it", "这封邮件没有指明工单；请回复该工单的通知") \
	X("Ticket #%llu, requested by %.*s.", "工单 #%llu，请求人 %.*s。") \
	X("Ticket #%llu was opened in your name, for it is not certain who wrote the mail that you forwarded. Answer this mail with #requester ADDRESS on top.%s", \
	    "工单 #%llu 暂以您的名义建立，因为无法确定您转发的邮件是谁写的。请回复本邮件，并在最上面写 #请求人 地址。%s") \
	/* #send */ \
	X("that mail does not wait any more", "那封邮件已不在等待") \
	X("your mail is read again", "您的邮件将重新处理") \
	X("you wrote to the customer yourself: that is recorded as an answer, and commands in it were not read", \
	    "您直接写信给了客户：已记录为回复，其中的命令未被读取") \
	X("your answer was not sent: %s", "您的回复没有发送：%s") \
	X("your answer is on its way", "您的回复已发出") \
	X("it came too late: what waited was given up", "确认来得太晚：等待中的操作已放弃") \
	X("#send counts only in reply to the mail that asked for it, and alone", "#发送 只有在回复请求确认的邮件时才有效，并且必须单独使用") \
	X("#send stands alone; nothing else of this mail was read", "#发送 必须单独使用；这封邮件的其他内容未被读取") \
	X("that is done already", "已经执行过了") \
	X("nothing waits for it", "没有等待确认的操作") \
	X("%.*s does not take part in the ticket any more; write your answer again", "%.*s 已不参与此工单；请重新写您的回复") \
	X("your mail system gives no proof that it was you; this needs one", "您的邮件系统没有提供是您本人的证明，而此操作需要证明") \
	X("you are away until you write #back", "您现在不在，直到您写 #回来（或 #back）") \
	X("you are away until %.*s", "您现在不在，直到 %.*s") \
	X("tickets of yours that went to others: %zu", "已转交他人的工单：%zu 个") \
	X("you are there again", "您已回来") \
	X("nothing changed: you were not away", "没有变化：您并未离开") \
	/* what is wrong with a command */ \
	X("there is no such command; did you mean #%.*s?", "没有这个命令；您是指 #%.*s 吗？") \
	X("there is no such command; #help lists them", "没有这个命令；#帮助 可列出所有命令") \
	X("a mail has at most %d commands", "一封邮件最多 %d 个命令") \
	X("%.*s sets the status already", "%.*s 已经设置了状态") \
	X("there is no %s \"%.*s\"; did you mean %.*s?", "没有这个%s“%.*s”；您是指 %.*s 吗？") \
	X("there is no %s \"%.*s\"", "没有这个%s“%.*s”") \
	X("queue", "队列") \
	X("agent or team", "客服或团队") \
	X("priority", "优先级") \
	X("tag", "标签") \
	X("field", "字段") \
	X("it takes nothing behind it; write further words below the commands", "后面不能有内容；其他文字请写在命令下方") \
	X("it wants the name of a queue", "需要队列名") \
	X("it wants a name: an agent's, a team's, or nobody", "需要名字：客服、团队，或 nobody（无人）") \
	X("%.*s may not work queue %.*s", "%.*s 无权处理队列 %.*s") \
	X("team %.*s has no queue", "团队 %.*s 没有队列") \
	X("only \"force\" may follow", "后面只能写“强制”（force）") \
	X("sub-tickets are still open: %s; add \"force\" to do it all the same", "子工单尚未完成：%s；加上“强制”可照样执行") \
	X("it wants a time: 2d, 4h, tomorrow 9:00, monday, 2026-12-24", "需要时间：2d、4h、明天 9:00、周一、2026-12-24") \
	X("it wants low, normal, high or urgent", "需要 low、normal、high 或 urgent（低、普通、高、紧急）") \
	X("it wants the new subject", "需要新的主题") \
	X("that is too long", "太长了") \
	X("it wants tags: +name -name", "需要标签：+名称 -名称") \
	X("\"%.*s\" is no tag: letters, digits and -_.:/", "“%.*s”不是标签：只能有字母、数字和 -_.:/") \
	X("it wants name=value", "需要 名称=值") \
	X("it wants a duration: 15m, 1h30m", "需要时长：15m、1h30m") \
	X("\"%.*s\" is no address", "“%.*s”不是邮件地址") \
	X("%.*s is an address of ours", "%.*s 是我们自己的地址") \
	X("it wants add or remove, and an address", "需要 add 或 remove（添加或删除）和地址") \
	X("%.*s is the requester; use #requester", "%.*s 是请求人；请用 #请求人") \
	X("%.*s does not read along", "%.*s 不在抄送之列") \
	X("it wants an address", "需要地址") \
	X("it wants a ticket's number", "需要工单号") \
	X("there is no ticket #%llu that you may see", "没有您可以查看的工单 #%llu") \
	X("you may not work queue %.*s, where #%llu is", "您无权处理队列 %.*s，工单 #%llu 在其中") \
	X("that is this ticket itself", "那就是本工单") \
	X("#%llu was merged into #%llu", "#%llu 已并入 #%llu") \
	X("#%llu is not linked to this ticket", "#%llu 与本工单没有关联") \
	X("#%llu is part of this ticket, not only linked", "#%llu 是本工单的一部分，不只是关联") \
	X("it wants an article's number, 1 to %u", "需要邮件序号，1 到 %u") \
	X("no customer wrote here: nothing can be split off", "这里没有客户来信，无法拆分") \
	X("article %llu is no mail that came in", "第 %llu 篇不是来信") \
	X("it wants a queue, and a subject in quotes", "需要队列名和引号中的主题") \
	X("it wants the name of a prepared text", "需要模板名") \
	X("it wants a title in quotes", "需要引号中的标题") \
	X("there is no text to be kept", "没有可保存的文字") \
	X("it wants an article's number, or save and a title", "需要文章编号，或 save（保存）和标题") \
	X("the knowledge base has no article %llu", "知识库没有文章 %llu") \
	X("you may not see queue %.*s", "您无权查看队列 %.*s") \
	X("you may not work queue %.*s", "您无权处理队列 %.*s") \
	X("no answer of this ticket has failed", "本工单没有发送失败的回复") \
	X("#undo stands alone", "#撤销 必须单独使用") \
	X("it cannot be taken back, because somebody changed it since: %.*s", "无法撤销，因为之后又被更改：%.*s") \
	X("there is no change of yours that can be taken back", "没有您可以撤销的更改") \
	X("this ticket was merged into #%llu", "本工单已并入 #%llu") \
	/* what was done */ \
	X("nothing changed: the assignee is %.*s", "没有变化：负责人是 %.*s") \
	X("assignee: %.*s, was %.*s", "负责人：%.*s，原为 %.*s") \
	X("assignee: nobody, since %.*s may not work queue %.*s", "负责人：无，因为 %.*s 无权处理队列 %.*s") \
	X("nothing changed: it is in queue %.*s already", "没有变化：已在队列 %.*s") \
	X("queue: %.*s, was %.*s", "队列：%.*s，原为 %.*s") \
	X("nothing changed: the status is %s", "没有变化：状态是 %s") \
	X("status: %s, was %s", "状态：%s，原为 %s") \
	/* statuses and priorities, as the templates have them */ \
	X("new", "新建") \
	X("open", "处理中") \
	X("pending", "等待客户") \
	X("hold", "搁置") \
	X("resolved", "已解决") \
	X("closed", "已关闭") \
	X("spam", "垃圾邮件") \
	X("merged", "已合并") \
	X("low", "低") \
	X("normal", "普通") \
	X("high", "高") \
	X("urgent", "紧急") \
	X("out of sight until %.*s", "隐藏至 %.*s") \
	X("nothing changed: the priority is %s", "没有变化：优先级是 %s") \
	X("priority: %s, was %s", "优先级：%s，原为 %s") \
	X("subject: %.*s", "主题：%.*s") \
	X("tags: %s", "标签：%s") \
	X("%.*s: %.*s", "%.*s：%.*s") \
	X("working time: %s in all", "工时：共 %s") \
	X("%.*s reads along", "%.*s 加入抄送") \
	X("%.*s reads along no more", "%.*s 不再抄送") \
	X("requester: %.*s, was %.*s", "请求人：%.*s，原为 %.*s") \
	X("#%llu is part of #%llu now: %.*s", "#%llu 已并入 #%llu：%.*s") \
	X("article %llu is ticket #%llu now", "第 %llu 篇现为工单 #%llu") \
	X("article %llu is ticket #%llu now; the other commands of this mail are for #%llu", "第 %llu 篇现为工单 #%llu；本邮件的其他命令仍针对 #%llu") \
	X("sub-ticket #%llu in queue %.*s: %.*s", "子工单 #%llu，队列 %.*s：%.*s") \
	X("linked to #%llu", "已关联 #%llu") \
	X("not linked to #%llu any more", "已取消与 #%llu 的关联") \
	X("put into the answer", "已插入回复") \
	X("put into the answer: %.*s", "已插入回复：%.*s") \
	X("article %llu of the knowledge base, a draft: %.*s", "知识库文章 %llu（草稿）：%.*s") \
	X("article %u is sent again", "第 %u 篇已重新发送") \
	X("taken back: %.*s", "已撤销：%.*s") \
	X("was told", "已通知") \
	X("was not told: may not see queue %.*s", "未通知：无权查看队列 %.*s") \
	X("nobody is called so; did you mean @%.*s?", "没有这个人；您是指 @%.*s 吗？") \
	X("nobody is called so%.*s", "没有这个人%.*s") \
	X("further names were not looked at", "其余的名字未被查看") \
	X("(the newest %d of %zu)\n", "（最新的 %d 条，共 %zu 条）\n") \
	X("(%zu more are not shown)\n", "（另有 %zu 个未显示）\n") \
	X("no tickets", "没有工单")

#endif
