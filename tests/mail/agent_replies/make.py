#!/usr/bin/env python3
"""make.py: writes NAME.eml and NAME.expected here: agents' replies to a notice, as the common clients write them.

The notice is the one of templates/LANG/notice.mustache in words; after a change of it, change notice() and run this again. An
expected file has the commands ("command: LINE"), whether there is HTML to be sent on ("html: yes"), a blank line, and the answer.
Only the standard library is used. What a client writes is written here by hand, so that it stays as that client writes it: no
library puts a mail together.
"""
import base64
import html
import os
import quopri
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
DESK = "support@acme.example"
TOKEN = "support+1042.mzxw6ytb.kaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example"
NOTICE_ID = "helpd.1042.amzxw6ytb.mq3k2x1c.kaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example"
AGENT = "Anna Agent <anna@acme.example>"
SUBJECT = "[Acme #1042] Printer on fire"

MARKERS = {
    "en": ("##- Please write your answer above this line -##", "##- Message -##", "##- End of message -##"),
    "zh": ("##- 请在此行上方撰写回复 -##", "##- 邮件正文 -##", "##- 邮件正文结束 -##"),
    "de": ("##- Bitte antworten Sie oberhalb dieser Zeile -##", "##- Nachricht -##", "##- Ende der Nachricht -##"),
}
WORDS = {
    "en": ["Hello,", "", "my printer burns. Is it still under guarantee?", "", "And where do I send it?", "", "Carla Customer"],
    "zh": ["您好，", "", "我的打印机着火了。还在保修期内吗？", "", "应该寄到哪里？", "", "客户 李"],
    "de": ["Hallo,", "", "mein Drucker brennt. Ist noch Garantie darauf?", "", "Und wohin schicke ich ihn?", "", "Karla Kunde"],
}


def notice(lang, words=None):
    top, message, end = MARKERS[lang]
    head = {
        "en": ["¦ Acme #1042: new ticket", "¦ Customer: Carla Customer <carla@customer.example>", "¦ Status: new, priority: normal, queue: support",
               "¦ Assigned to: nobody, opened: 2024-03-01 09:58"],
        "zh": ["¦ Acme #1042：新工单", "¦ 客户：客户 李 <li@customer.example>", "¦ 状态：新建，优先级：普通，队列：support", "¦ 负责人：无，创建于：2024-03-01 09:58"],
        "de": ["¦ Acme #1042: neues Ticket", "¦ Kunde: Karla Kunde <karla@customer.example>", "¦ Status: neu, Queue: support"],
    }[lang]
    foot = {
        "en": ["¦ Your reply goes to the customer, from support@acme.example.", "¦ Lines on top that begin with # are commands:",
               "¦ #note #take #assign NAME #pending #resolve #close #snooze 2d", "¦ With #note on top nothing of your mail leaves the house."],
        "zh": ["¦ 直接回复本邮件，内容将以 support@acme.example 的名义发送给客户。", "¦ 写在最上面、以 # 开头的行是命令：", "¦ #备注 #接手 #分配 名字 #待客户 #解决 #关闭"],
        "de": ["¦ Ihre Antwort geht an den Kunden, von support@acme.example.", "¦ Zeilen oben, die mit # beginnen, sind Befehle:",
               "¦ #note #take #assign NAME #pending #resolve #close"],
    }[lang]
    return [top] + head + [message, ""] + (words or WORDS[lang]) + ["", end] + foot


def e(s):
    return html.escape(s, quote=False)


def notice_html(lang):
    out = []
    words = False
    for line in notice(lang):
        if line in MARKERS[lang]:
            if words:
                out.append("</div>")
            words = line == MARKERS[lang][1]
            out.append(f'<div style="color:#888;font-size:small">{e(line)}</div>')
            if words:
                out.append('<div style="white-space:pre-wrap;margin:1em 0">' + e("\n".join(WORDS[lang])))
        elif not words:
            out.append(f'<div style="color:#555">{e(line)}</div>' if line else "")
    return "\n".join(out)


def notice_words_html(lang):
    """As a client that knows nothing of pre-wrap quotes it: a paragraph a line."""
    return "".join(f"<div>{e(l) or '<br>'}</div>" for l in notice(lang))


def quoted(lines, mark="> "):
    return [(mark + l).rstrip() for l in lines]


def header(extra, answers=True, subject=None, to=TOKEN):
    h = [f"From: {AGENT}", f"To: Acme <{to}>", f"Subject: {subject or 'Re: ' + SUBJECT}", "Date: Fri, 1 Mar 2024 10:30:00 +0100",
         "Message-ID: <answer.1@acme.example>"]
    if answers:
        h += [f"In-Reply-To: <{NOTICE_ID}>", f"References: <{NOTICE_ID}>"]
    return h + ["MIME-Version: 1.0"] + extra


def leaf(kind, text, how, params=""):
    raw = text.encode()
    if how == "base64":
        body = base64.encodebytes(raw).decode()
    elif how == "quoted-printable":
        body = quopri.encodestring(raw).decode()
    else:
        body = text
    return f"Content-Type: {kind}; charset=utf-8{params}\nContent-Transfer-Encoding: {how}\n\n{body}"


def write(name, head, body, commands, answer, with_html):
    mail = "\n".join(head) + "\n" + body
    if not mail.endswith("\n"):
        mail += "\n"
    with open(os.path.join(HERE, name + ".eml"), "wb") as f:
        f.write(mail.encode())
    with open(os.path.join(HERE, name + ".expected"), "w") as f:
        f.write("".join(f"command: {c}\n" for c in commands) + f"html: {'yes' if with_html else 'no'}\n\n" + "\n".join(answer) + "\n")


def plain(name, lines, commands, answer, how="8bit", params="", **kw):
    write(name, header([], **kw), leaf("text/plain", "\n".join(lines) + "\n", how, params), commands, answer, False)


def both(name, lines, markup, commands, answer, how="quoted-printable", with_html=True, **kw):
    body = "--=_b1\n" + leaf("text/plain", "\n".join(lines) + "\n", how) + "\n--=_b1\n" + leaf("text/html", markup + "\n", how) + "\n--=_b1--\n"
    write(name, header(['Content-Type: multipart/alternative; boundary="=_b1"', ""], **kw), body, commands, answer, with_html)


def only_html(name, markup, commands, answer, how="quoted-printable", with_html=True, **kw):
    write(name, header([], **kw), leaf("text/html", markup + "\n", how), commands, answer, with_html)


# --- Outlook ---

OUTLOOK_BLOCK = {
    "en": ["From: Acme <support@acme.example>", "Sent: Friday, March 1, 2024 10:00 AM", "To: Anna Agent <anna@acme.example>", "Subject: " + SUBJECT],
    "de": ["Von: Acme <support@acme.example>", "Gesendet: Freitag, 1. März 2024 10:00", "An: Anna Agent <anna@acme.example>", "Betreff: " + SUBJECT],
    "zh": ["发件人: Acme <support@acme.example>", "发送时间: 2024年3月1日 10:00", "收件人: Anna Agent <anna@acme.example>", "主题: " + SUBJECT],
}
WORD_HEAD = """<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><meta name="Generator" content="Microsoft Word 15 (filtered medium)">
<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--
p.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}
--></style></head>
<body lang="EN-GB" link="#0563C1" vlink="#954F72" style="word-wrap:break-word"><div class="WordSection1">"""


def mso(line):
    return f'<p class="MsoNormal"><span style="mso-fareast-language:EN-US">{e(line) if line else "&nbsp;"}<o:p></o:p></span></p>'


def word_html(lines, lang):
    block = "<br>\n".join("<b>" + e(l.split(":")[0]) + ":</b>" + e(l.split(":", 1)[1]) for l in OUTLOOK_BLOCK[lang])
    return (WORD_HEAD + "\n".join(mso(l) for l in lines)
            + '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><span lang="EN-US">' + block
            + "<o:p></o:p></span></p></div></div>" + mso("") + notice_html(lang) + "</div></body></html>")


def outlook_plain(lines, lang):
    """Outlook makes a paragraph of each line, and a line of each paragraph with a blank one below."""
    out = []
    for l in lines:
        out += [l or "\u00a0", ""]
    return out + OUTLOOK_BLOCK[lang] + [""] + notice(lang)


DISCLAIMER = ("This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the intended recipient, "
              "please notify the sender and delete this message.")


def outlook():
    lines = ["#close", "#tag +printer", "", "Dear Carla,", "", "it is under guarantee.", "", "Anna"]
    answer = ["Dear Carla,", "it is under guarantee.", "Anna"]
    both("outlook-desktop-en", outlook_plain(lines, "en"), word_html(lines, "en"), ["close", "tag +printer"], answer)
    both("outlook-desktop-en-no-blank", outlook_plain(["#resolve", "It is under guarantee."], "en"), word_html(["#resolve", "It is under guarantee."], "en"),
         ["resolve"], ["It is under guarantee."])
    only_html("outlook-desktop-de-html", word_html(["#pending", "", "Guten Tag,", "", "ja, noch ein Jahr.", "", "Anna"], "de"), ["pending"],
              ["Guten Tag,", "ja, noch ein Jahr.", "Anna"])
    only_html("outlook-desktop-zh-html", word_html(["＃关闭", "#标签 +打印机", "", "您好，还在保修期内。"], "zh"), ["关闭", "标签 +打印机"], ["您好，还在保修期内。"], how="base64")
    lines = ["Dear Carla,", "", "it is.", "", "Anna", "", DISCLAIMER]
    both("outlook-desktop-en-disclaimer", outlook_plain(lines, "en"), word_html(lines, "en"), [], ["Dear Carla,", "it is.", "Anna"])
    # The gateway puts it below everything.
    both("outlook-gateway-disclaimer", outlook_plain(["Yes, it is."], "en") + ["", DISCLAIMER],
         word_html(["Yes, it is."], "en").replace("</body>", f"<p>{DISCLAIMER}</p></body>"), [], ["Yes, it is."])

    def web(divs, lang):
        block = "<br>".join("<b>" + e(l.split(":")[0]) + ":</b>" + e(l.split(":", 1)[1]) for l in OUTLOOK_BLOCK[lang])
        return ('<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>'
                '</head><body dir="ltr">'
                + "".join(f'<div style="font-family: Aptos, sans-serif; font-size: 12pt;" class="elementToProof">{e(d) or "<br>"}</div>' for d in divs)
                + '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
                  f'<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{block}</font><div>&nbsp;</div></div>'
                + notice_html(lang) + "</body></html>")

    top = ["#take", "#priority high", "", "Dear Carla,", "", "yes, it is. Please send it to Berlin."]
    rule = ["________________________________"]
    both("outlook-web-en", top + rule + OUTLOOK_BLOCK["en"] + [""] + notice("en"), web(top, "en"), ["take", "priority high"],
         ["Dear Carla,", "yes, it is. Please send it to Berlin."])
    only_html("outlook-web-zh-html", web(["#解决", "您好，还在保修期内。"], "zh"), ["解决"], ["您好，还在保修期内。"])
    only_html("outlook-web-note", web(["#note", "", "Carla is a difficult customer."], "en"), ["note"], ["Carla is a difficult customer."])

    def mobile(divs, footer, lang):
        block = "<br>".join("<b>" + e(l.split(":")[0]) + ":</b>" + e(l.split(":", 1)[1]) for l in OUTLOOK_BLOCK[lang])
        return ('<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>'
                + "".join(f'<div dir="auto" style="font-family: Aptos, sans-serif;">{e(d) or "<br>"}</div>' for d in divs)
                + f'<div id="ms-outlook-mobile-body-separator-line"><div><br></div></div><div id="ms-outlook-mobile-signature">{footer}</div>'
                  '<div id="mail-editor-reference-message-container"><hr style="display: inline-block; width: 98%;"><div id="divRplyFwdMsg" dir="ltr">'
                  f'<font face="Calibri, sans-serif" color="#000000">{block}</font><div>&nbsp;</div></div>' + notice_html(lang) + "</div></body></html>")

    ios = 'Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a>'
    only_html("outlook-ios-en-html", mobile(["#close", "Yes, it is."], ios, "en"), ["close"], ["Yes, it is."])
    both("outlook-ios-en", ["#close", "Yes, it is.", "", "Get Outlook for iOS<https://aka.ms/o0ukef>"] + rule + OUTLOOK_BLOCK["en"] + [""] + notice("en"),
         mobile(["#close", "Yes, it is."], ios, "en"), ["close"], ["Yes, it is."])
    only_html("outlook-android-de-html", mobile(["Ja, noch ein Jahr."], 'Holen Sie sich <a href="https://aka.ms/AAb9ysg">Outlook für Android</a>', "de"), [],
              ["Ja, noch ein Jahr."])
    # A footer and nothing else, with the old below it not quoted.
    only_html("outlook-ios-en-nothing", mobile([], ios, "en"), [], [], with_html=False)
    plain("outlook-ios-en-nothing-plain", ["Get Outlook for iOS<https://aka.ms/o0ukef>"] + rule + OUTLOOK_BLOCK["en"] + [""] + notice("en"), [], [])
    # Commands and nothing else.
    only_html("outlook-web-commands-only", web(["#close"], "en"), ["close"], [], with_html=False)
    # Sent back without a word.
    only_html("outlook-web-nothing", web([""], "en"), [], [], with_html=False)


# --- Gmail ---

def gmail():
    on = "On Fri, Mar 1, 2024 at 10:00 AM Acme <support@acme.example> wrote:"

    def quote(lang, heading=on):
        return ('<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">' + e(heading).replace("support@acme.example", '<a href="mailto:support@acme.example">support@acme.example</a>')
                + '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
                + notice_html(lang) + "</blockquote></div>")

    def wrapped(lines):
        out = []
        for l in lines:
            out += textwrap.wrap(l, 76) or [""]
        return out

    divs = ["#close", "#tag +printer", "", "Dear Carla,", "", "it is under guarantee."]
    markup = '<div dir="ltr">' + "".join(f"<div>{e(d) or '<br>'}</div>" for d in divs) + "</div>"
    both("gmail-web-en", divs + [""] + [on, ""] + quoted(notice("en")), markup + quote("en"), ["close", "tag +printer"],
         ["Dear Carla,", "it is under guarantee."])
    signature = ('<div><br clear="all"></div><div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature" '
                 'data-smartmail="gmail_signature"><div dir="ltr">Anna Agent<div>Acme</div><div>+49 30 1234567</div></div></div>')
    rich = ('<div dir="ltr">#resolve<br><br>Dear Carla,<br><br>it is <b>under guarantee</b>, see <a href="https://acme.example/guarantee">our terms</a>:<br>'
            '<ul><li>one year</li><li>at no cost</li></ul>' + signature)
    text = ["#resolve", "", "Dear Carla,", "", "it is *under guarantee*, see our terms", "<https://acme.example/guarantee>:", "", "   - one year", "   - at no cost", "",
            "-- ", "Anna Agent", "Acme", "+49 30 1234567", ""]
    both("gmail-web-en-rich", text + [on, ""] + quoted(notice("en")), rich + quote("en") + "</div>", ["resolve"],
         ["Dear Carla,", "it is *under guarantee*, see our terms", "<https://acme.example/guarantee>:", "- one year", "- at no cost"])
    image = '<div dir="ltr"><div>Dear Carla,</div><div><br></div><div><img src="cid:ii_1" alt="image.png" width="300" height="200"></div><div><br></div><div>press there.</div></div>'
    both("gmail-web-en-picture", ["Dear Carla,", "", "[image: image.png]", "", "press there.", "", on, ""] + quoted(notice("en")), image + quote("en"), [],
         ["Dear Carla,", "[image: image.png]", "press there."])
    # Interleaved: the quote is cut in two.
    n = quoted(notice("en"))
    cut = next(i for i, l in enumerate(n) if "guarantee" in l) + 1
    cut2 = next(i for i, l in enumerate(n) if "where do I" in l) + 1
    plain("gmail-web-en-interleaved", [on, ""] + n[:cut] + ["", "Yes, one year.", ""] + n[cut:cut2] + ["", "To Berlin.", ""] + n[cut2:], [],
          ["> Hello,", ">", "> my printer burns. Is it still under guarantee?", "Yes, one year.", ">", "> And where do I send it?", "To Berlin."])
    auto = '<div dir="auto">#note<div dir="auto"><br></div><div dir="auto">Carla is a friend of the house.</div></div>'
    both("gmail-android-en", ["#note", "", "Carla is a friend of the house.", "", on, ""] + wrapped(quoted(notice("en"))), auto + quote("en"), ["note"],
         ["Carla is a friend of the house."])
    zh_on = "Acme <support@acme.example> 于2024年3月1日周五 10:00写道："
    both("gmail-android-zh", ["#关闭", "您好，还在保修期内。", "", zh_on, ""] + quoted(notice("zh")),
         '<div dir="auto">#关闭<div dir="auto">您好，还在保修期内。</div></div>' + quote("zh", zh_on), ["关闭"], ["您好，还在保修期内。"], how="base64")
    de_on = "Am Fr., 1. März 2024 um 10:00 Uhr schrieb Acme <support@acme.example>:"
    both("gmail-ios-de", ["#pending", "", "Ja, noch ein Jahr.", "", "Gesendet von Gmail Mobile", "", "", de_on, ""] + quoted(notice("de")),
         '<div dir="auto">#pending</div><div dir="auto"><br></div><div dir="auto">Ja, noch ein Jahr.</div><div dir="auto"><br></div>'
         '<div dir="auto">Gesendet von Gmail Mobile</div><div><br></div>' + quote("de", de_on), ["pending"], ["Ja, noch ein Jahr."])
    # A phone that sends paragraphs.
    only_html("gmail-android-old-html", '<p dir="ltr">#close</p>\n<p dir="ltr">#tag +a</p>\n<p dir="ltr">Yes, it is.<br>\nAnna</p>' + quote("en"), ["close", "tag +a"],
              ["Yes, it is.", "Anna"])


# --- Apple ---

def apple():
    on = "On 1 Mar 2024, at 10:00, Acme <support@acme.example> wrote:"
    cite = ('<div><br><blockquote type="cite"><div>' + e(on) + '</div><br class="Apple-interchange-newline"><div>' + notice_html("en") + "</div></blockquote></div><br>")
    body = '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
    both("apple-mail-en", ["#close", "", "Dear Carla,", "it is under guarantee.", ""] + quoted([on, ""] + notice("en")),
         body + "#close<div><br></div><div>Dear Carla,</div><div>it is under guarantee.<br>" + cite + "</div></body></html>", ["close"],
         ["Dear Carla,", "it is under guarantee."])
    ios = ('<html><head></head><body dir="auto">#take<div>Yes, it is.<br><br><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">' + e(on)
           + '<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">\ufeff' + notice_html("en") + "</div></blockquote></div></body></html>")
    both("apple-ios-en", ["#take", "Yes, it is.", "", "Sent from my iPhone", ""] + quoted([on, ""] + ["\ufeff" + notice("en")[0]] + notice("en")[1:]), ios,
         ["take"], ["Yes, it is."])
    only_html("apple-ios-en-html", ios, ["take"], ["Yes, it is."])
    zh = "在 2024年3月1日，10:00，Acme <support@acme.example> 写道："
    only_html("apple-ios-zh-html", '<html><head></head><body dir="auto"><div dir="ltr">#解决</div><div dir="ltr">您好，还在保修期内。</div><div dir="ltr"><br></div><div dir="ltr">发自我的iPhone</div>'
              '<div dir="ltr"><br><blockquote type="cite">' + zh.replace("<", "&lt;").replace(">", "&gt;") + '<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">'
              + notice_html("zh") + "</div></blockquote></body></html>", ["解决"], ["您好，还在保修期内。"])
    # At the bottom of the quote.
    only_html("apple-mail-en-bottom-html", body + '<div><blockquote type="cite"><div>' + e(on) + "</div><br><div>" + notice_html("en")
              + "</div></blockquote></div><div><br></div><div>Yes, it is.</div></body></html>", [], ["Yes, it is."])


# --- Thunderbird, K-9, mutt ---

def free():
    on = "On 01/03/2024 10:00, Acme wrote:"
    n = quoted(notice("en"))
    plain("thunderbird-en-top", ["#close", "", "Yes, it is.", "", on] + n + ["", "-- ", "Anna Agent", "Acme"], ["close"], ["Yes, it is."], params="; format=flowed")
    plain("thunderbird-en-bottom", [on] + n + ["", "Yes, it is.", "", "Anna", "", "-- ", "Anna Agent"], [], ["Yes, it is.", "Anna"])
    cut = next(i for i, l in enumerate(n) if "guarantee" in l) + 1
    plain("thunderbird-en-interleaved", ["#pending", on] + n[:cut] + ["Yes.", ""] + n[cut + 1:cut + 2] + ["To Berlin."] + n[cut + 2:], ["pending"],
          ["> Hello,", ">", "> my printer burns. Is it still under guarantee?", "Yes.", "> And where do I send it?", "To Berlin."])
    # What was quoted is cut down by hand, the marks too.
    plain("thunderbird-en-cut", [on] + ["> ¦ Customer: Carla Customer <carla@customer.example>", "> ##- Message -##", ">", "> Hello,", "> And where do I send it?", "",
          "To Berlin."] + n[-4:], [], ["> And where do I send it?", "To Berlin."][1:])
    markup = ('<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>{top}'
              '<div class="moz-cite-prefix">On 01/03/2024 10:00, Acme wrote:<br></div><blockquote type="cite" cite="mid:' + NOTICE_ID + '">' + notice_html("en")
              + '</blockquote>{bottom}</body></html>')
    both("thunderbird-en-html", ["#close", "", "Yes, it *is*.", "", on] + n, markup.format(top="<p>#close</p><p>Yes, it <b>is</b>.<br></p>", bottom=""), ["close"],
         ["Yes, it *is*."])
    only_html("thunderbird-en-html-bottom", markup.format(top="", bottom='<p>Yes, it is.</p><pre class="moz-signature" cols="72">-- \nAnna Agent</pre>'), [], ["Yes, it is."])
    only_html("thunderbird-en-html-interleaved", '<html><body><div class="moz-cite-prefix">On 01/03/2024 10:00, Acme wrote:<br></div><blockquote type="cite">'
              + "".join(f"<div>{e(l) or '<br>'}</div>" for l in notice("en")[:notice("en").index("And where do I send it?")]) + "</blockquote><p>Yes, one year.</p><blockquote type=\"cite\"><div>And where do I send it?</div></blockquote>"
              "<p>To Berlin.</p></body></html>", [],
              ["> Hello,", ">", "> my printer burns. Is it still under guarantee?", ">", "Yes, one year.", "> And where do I send it?", "To Berlin."], with_html=False)
    de = "Am 01.03.24 um 10:00 schrieb Acme:"
    plain("thunderbird-de-top", ["#resolve", "#tag +drucker", "Ja, noch ein Jahr.", "", de] + quoted(notice("de")), ["resolve", "tag +drucker"], ["Ja, noch ein Jahr."])

    k9 = "On 1 March 2024 10:00:00 CET, Acme <support@acme.example> wrote:"
    plain("k9-en", ["#close", "Yes, it is.", "-- ", "Sent from my Android device with K-9 Mail. Please excuse my brevity.", "", k9] + quoted(notice("en"), ">"), ["close"], ["Yes, it is."])
    both("k9-de", ["Ja, noch ein Jahr.", "", "Am 1. März 2024 10:00:00 MEZ schrieb Acme <support@acme.example>:"] + quoted(notice("de"), ">"),
         '<!DOCTYPE html><html><body><div dir="auto">Ja, noch ein Jahr.</div><br><br><div class="gmail_quote"><div dir="auto">Am 1. März 2024 10:00:00 MEZ schrieb Acme &lt;support@acme.example&gt;:</div>'
         '<blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex;">' + notice_html("de") + "</blockquote></div></body></html>", [], ["Ja, noch ein Jahr."])
    plain("k9-en-original", ["#take", "", "Yes, it is.", "", "", "-------- Original Message --------", "From: Acme <support@acme.example>", "Sent: 1 March 2024 10:00:00 CET",
          "To: anna@acme.example", "Subject: " + SUBJECT, ""] + notice("en"), ["take"], ["Yes, it is."])

    mutt = "On Fri, Mar 01, 2024 at 10:00:00AM +0100, Acme wrote:"
    plain("mutt-en-top", ["#close", "", "Yes, it is.", "", mutt] + n + ["", "-- ", "Anna"], ["close"], ["Yes, it is."])
    plain("mutt-en-bottom", [mutt] + n + ["", "Yes, it is.", "", "-- ", "Anna"], [], ["Yes, it is."])
    plain("mutt-en-interleaved", ["#tag +a", mutt] + n[:cut] + ["", "Yes.", ""] + n[cut + 1:cut + 2] + ["", "To Berlin.", ""] + ["-- ", "Anna"], ["tag +a"],
          ["> Hello,", ">", "> my printer burns. Is it still under guarantee?", "Yes.", "> And where do I send it?", "To Berlin."])
    plain("mutt-en-two-commands-apart", ["#close", "", "#tag +a", "", "Yes, it is.", "", mutt] + n, ["close", "tag +a"], ["Yes, it is."])
    plain("mutt-en-numbers", ["#1 is the left one,", "# two the right one.", "", mutt] + n, [], ["#1 is the left one,", "# two the right one."])
    plain("mutt-en-not-below", ["Yes, it is.", "#close", "", mutt] + n, [], ["Yes, it is.", "#close"])
    plain("mutt-zh", ["＃关闭", "", "您好，还在保修期内。", "", "On Fri, Mar 01, 2024 at 10:00:00AM +0800, Acme wrote:"] + quoted(notice("zh")), ["关闭"], ["您好，还在保修期内。"])
    plain("mutt-en-quote-only", [mutt] + n + ["", "-- ", "Anna"], [], [])


# --- Samsung, Yahoo, Word on a phone ---

def others():
    only_html("samsung-en-html", '<html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body dir="auto"><div dir="auto">#close</div><div dir="auto">#tag +printer</div>'
              '<div dir="auto"><br></div><div dir="auto">Yes, it is.</div><div dir="auto"><br></div><div dir="auto"><br></div><div id="composer_signature" dir="auto">'
              '<div style="font-size:12px;color:#575757" dir="auto">Sent from my Galaxy</div></div><div dir="auto"><br></div><div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000">'
              '<div>-------- Original message --------</div><div>From: Acme &lt;support@acme.example&gt; </div><div>Date: 01/03/2024  10:00  (GMT+01:00) </div>'
              '<div>To: anna@acme.example </div><div>Subject: ' + SUBJECT + ' </div><div><br></div></div>' + notice_html("en") + "</body></html>",
              ["close", "tag +printer"], ["Yes, it is."])
    only_html("yahoo-en-html", '<html><head></head><body><div class="ydp1yahoo-style-wrap" style="font-family: Helvetica Neue, Helvetica, Arial, sans-serif; font-size: 16px;"><div dir="ltr" data-setdir="false">#resolve</div>'
              '<div dir="ltr" data-setdir="false"><br></div><div dir="ltr" data-setdir="false">Yes, it is.</div><div><br></div></div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted">'
              '<div style="font-family:Helvetica"><div>On Friday, March 1, 2024 at 10:00:00 AM GMT+1, Acme &lt;support@acme.example&gt; wrote: </div><div><br></div><div><br></div><div>'
              + notice_html("en") + "</div></div></div></body></html>", ["resolve"], ["Yes, it is."])
    nbsp = "".join(f'<p class="MsoNormal"><span>{l}</span></p>' for l in ["&nbsp;", "#close&nbsp;", "&nbsp;", "&nbsp;#tag +a", "&nbsp;", "Yes,&nbsp;it is.", "&nbsp;", "<b>Anna</b>"])
    only_html("outlook-nbsp-html", WORD_HEAD + nbsp + word_html([], "en").split('<div class="WordSection1">')[1], ["close", "tag +a"], ["Yes, it is.", "Anna"])
    br = '<div dir="auto">#pending<br>#priority high<br><br>Yes, it is.<br>It is in <i>every</i> case.<br><br>Anna</div>'
    only_html("phone-br-html", br + '<blockquote type="cite"><div>' + notice_html("en") + "</div></blockquote>", ["pending", "priority high"],
              ["Yes, it is.", "It is in every case.", "Anna"])
    only_html("phone-spans-html", '<div><span>#</span><span style="color:red">close</span></div><table><tbody><tr><td>one</td><td>two</td></tr></tbody></table><div>That is the table, isn\'t it?</div>'
              '<div class="gmail_quote">' + notice_html("en") + "</div>", ["close"], ["one\ttwo", "That is the table, isn't it?"])


# --- clients in a language that nobody here knows ---

def unknown():
    n = notice("en")
    plain("unknown-heading", ["#close", "Yes, it is.", "", "Xqz 1 vrt 2024 Acme <" + TOKEN + "> zzzbq:", ""] + quoted(n), ["close"], ["Yes, it is."])
    plain("unknown-heading-two-lines", ["Yes, it is.", "", "Xqz 1 vrt 2024 Acme <" + TOKEN + ">", "zzzbq:"] + quoted(n), [], ["Yes, it is."])
    plain("unknown-block", ["Yes, it is.", "", "Qqf: Acme <" + TOKEN + ">", "Wwz: 1 vrt 2024 10:00", "Zzb: anna@acme.example", "Kkp: " + SUBJECT, ""] + n, [], ["Yes, it is."])
    plain("unknown-block-bottom-rule", ["Yes, it is.", "________________________________", "Qqf: Acme <" + TOKEN + ">", "Wwz: 1 vrt 2024 10:00", "Zzb: anna@acme.example",
          "Kkp: " + SUBJECT, ""] + n, [], ["Yes, it is."])


# --- Notes ---

def notes():
    block = ["From:        Acme <support@acme.example>", "To:        anna@acme.example", "Date:        01.03.2024 10:00", "Subject:        " + SUBJECT]
    both("notes-en", ["#close", "Dear Carla,", "it is under guarantee.", "", "", "", ""] + block + ["________________________________", "", "", ""] + notice("en"),
         '<span style=" font-size:10pt;font-family:sans-serif">#close</span><br><span style=" font-size:10pt;font-family:sans-serif">Dear Carla,</span>'
         '<br><span style=" font-size:10pt;font-family:sans-serif">it is under guarantee.</span><br><br><br><br>'
         + "<br>".join('<span style=" font-size:9pt;color:#5f5f5f;font-family:sans-serif">' + e(b.split(":")[0]) + ': &nbsp; &nbsp; &nbsp; &nbsp;</span><span style=" font-size:9pt;font-family:sans-serif">'
                       + e(b.split(":", 1)[1].strip()) + "</span>" for b in block)
         + "<br><hr noshade><br><br><br>" + notice_html("en"), ["close"], ["Dear Carla,", "it is under guarantee."])
    plain("notes-en-wrote", ["#close", "Yes, it is.", "", "-----Acme <support@acme.example> wrote: -----", "To: anna@acme.example", "From: Acme <support@acme.example>",
          "Date: 01.03.2024 10:00", "Subject: " + SUBJECT, ""] + notice("en"), ["close"], ["Yes, it is."])
    plain("notes-de", ["Ja, noch ein Jahr.", "", "Mit freundlichen Grüßen", "Anna Agent", "", "", "", "Von:        Acme <support@acme.example>", "An:        anna@acme.example",
          "Datum:        01.03.2024 10:00", "Betreff:        " + SUBJECT, "", "", ""] + notice("de"), [], ["Ja, noch ein Jahr.", "Mit freundlichen Grüßen", "Anna Agent"])


# --- China ---

def china():
    def qq(divs, lang="zh", title="原始邮件", subject=SUBJECT):
        names = [("发件人", '"Acme"&lt;support@acme.example&gt;;'), ("发送时间", "2024年3月1日(星期五) 上午10:00"), ("收件人", '"Anna Agent"&lt;anna@acme.example&gt;;'), ("主题", e(subject))]
        return ('<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">' + "".join(f"<div>{e(d) or '<br>'}</div>" for d in divs)
                + '<div><br></div><div><!--emptysign--></div><div style="position: relative;"><includetail><div>&nbsp;</div><div>&nbsp;</div>'
                  '<div style="font:Verdana normal 14px;color:#000;"><div style="FONT-SIZE: 12px;FONT-FAMILY: Arial Narrow;padding:2px 0 2px 0;">'
                  f'------------------&nbsp;{title}&nbsp;------------------</div><div style="FONT-SIZE: 12px;background:#efefef;padding:8px;">'
                + "".join(f"<div><b>{k}:</b>&nbsp;{v}</div>" for k, v in names) + "</div><div>&nbsp;</div>" + notice_html(lang) + "</div></includetail></div>")

    text = ["#关闭", "您好，", "还在保修期内。"]
    both("qq-zh", text + ["", "", "", "------------------ 原始邮件 ------------------", '发件人: "Acme"<support@acme.example>;', "发送时间: 2024年3月1日(星期五) 上午10:00",
         '收件人: "Anna Agent"<anna@acme.example>;', "主题: " + SUBJECT, ""] + notice("zh"), qq(text), ["关闭"], ["您好，", "还在保修期内。"], how="base64", subject="回复：" + SUBJECT)
    only_html("qq-zh-html", qq(["＃解决", "＃标签 +打印机", "您好，还在保修期内。"]), ["解决", "标签 +打印机"], ["您好，还在保修期内。"], how="base64", answers=False, subject="回复：" + SUBJECT)
    only_html("qq-en-html", qq(["#close", "Yes, it is."], "en", "Original"), ["close"], ["Yes, it is."], how="base64")

    heading = '在 2024-03-01 10:00:00，"Acme" <support@acme.example> 写道：'
    netease = ('<div style="line-height:1.7;color:#000000;font-size:14px;font-family:Arial"><div>#关闭</div><div>您好，</div><div>还在保修期内。</div><br><br><br><br>'
               '<div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p style="margin: 0;"><br></p>' + e(heading) +
               '<br><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">' + notice_html("zh") + "</blockquote></div>")
    both("netease-zh", ["#关闭", "您好，", "还在保修期内。", "", "", "", "", "", "", heading, ""] + quoted(notice("zh"), ">"), netease, ["关闭"], ["您好，", "还在保修期内。"], how="base64")
    only_html("netease-zh-html", netease, ["关闭"], ["您好，", "还在保修期内。"], how="base64")
    plain("netease-en", ["#close", "Yes, it is.", "", "", "", "", 'At 2024-03-01 10:00:00, "Acme" <support@acme.example> wrote:', ""] + notice("en"), ["close"], ["Yes, it is."])
    only_html("netease-master-html", '<html><head></head><body><div id="content">#pending<br>您好，还在保修期内。</div><div class="ntes-mailmaster-quote" style="padding-top: 1px; padding-bottom: 1px;">'
              '<div style="margin-top: 2em;"></div><div>---- 回复的原邮件 ----</div><table width="100%"><tbody><tr><td>发件人</td><td>Acme&lt;support@acme.example&gt;</td></tr></tbody></table>'
              + notice_html("zh") + "</div></body></html>", ["pending"], ["您好，还在保修期内。"])

    names = [("发件人：", '<a href="mailto:support@acme.example">Acme</a>'), ("发送时间：", "2024-03-01&nbsp;10:00"), ("收件人：", '<a href="mailto:anna@acme.example">Anna Agent</a>'), ("主题：", e(SUBJECT))]
    fox = ('<html><head><meta http-equiv="content-type" content="text/html; charset=UTF-8"></head><body><style>body { line-height: 1.5; }</style>'
           '<div><span></span>#解决</div><div>您好，</div><div>还在保修期内。</div><div><br></div><hr style="width: 210px; height: 1px;" color="#b5c4df" size="1" align="left">'
           '<div><span><div style="MARGIN: 10px; FONT-FAMILY: verdana; FONT-SIZE: 10pt"><div>anna@acme.example</div></div></span></div>'
           '<blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
           '<div style="PADDING-RIGHT: 8px; PADDING-LEFT: 8px; FONT-SIZE: 12px;FONT-FAMILY:tahoma;COLOR:#000000; BACKGROUND: #efefef;">'
           + "".join(f"<div><b>{k}</b>&nbsp;{v}</div>" for k, v in names) + "</div></div><div>" + notice_html("zh") + "</div></blockquote></body></html>")
    only_html("foxmail-zh-html", fox, ["解决"], ["您好，", "还在保修期内。"], how="base64")
    both("foxmail-zh", ["#解决", "您好，", "还在保修期内。", "", "", "", "anna@acme.example", " ", "发件人： Acme", "发送时间： 2024-03-01 10:00", "收件人： Anna Agent", "主题： " + SUBJECT]
         + notice("zh"), fox, ["解决"], ["您好，", "还在保修期内。"], how="base64")


if __name__ == "__main__":
    for old in os.listdir(HERE):
        if old.endswith((".eml", ".expected")):
            os.unlink(os.path.join(HERE, old))
    outlook()
    gmail()
    apple()
    free()
    others()
    unknown()
    notes()
    china()
    print(len([f for f in os.listdir(HERE) if f.endswith(".eml")]), "mails")
