#!/usr/bin/env python3
"""gen_mail.py OUT [-n N] [--seed S]: the mail of a made-up helpdesk, the same bytes for the same arguments.

Writes OUT/Maildir/{new,cur,tmp} and OUT/manifest.tsv (file, Message-ID, thread, parent or -, sender, bytes, charset). The shape
follows what support mailboxes look like: sizes log-normal around 6 KB, half of the mails are replies, four of ten
carry HTML beside the text, one of ten an attachment of 20 to 200 KB, one of ten a legacy charset, one of fifty is automatic.
Only the standard library is used.
"""
import argparse
import base64
import html
import os
import quopri
import random
import textwrap
from email.header import Header
from email.utils import format_datetime, formataddr
from datetime import datetime, timedelta, timezone

DESK = ("support@desk.example", "billing@desk.example", "it@desk.example")
START = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)

# language: (charsets with their weights, the words a customer uses, the first words of a subject)
TONGUES = {
    "en": ({"us-ascii": 8, "utf-8": 2},
           "the and please order invoice account password printer update error screen cannot since yesterday number refund "
           "contract licence delivery address user machine network connection again customer question reply report month "
           "payment card attached meeting manager office still waiting before after because could would system message".split(),
           ["Question about", "Problem with", "Refund for", "Cannot open", "Late delivery of", "New contract:", "Error in"]),
    "de": ({"utf-8": 2, "iso-8859-1": 1},
           "bitte Rechnung für März über Kündigung Gerät läuft nicht Störung Passwort zurücksetzen Vertrag verlängern Lieferung "
           "verspätet Grüße möchte würde können Büro Straße Überweisung Bestätigung nächste Woche Gebühr geändert".split(),
           ["Frage zu", "Störung:", "Falsche", "Kündigung"]),
    "fr": ({"utf-8": 2, "iso-8859-1": 1},
           "bonjour facture erronée problème réseau commande déjà payée délai équipe remboursé élève mémoire système accès "
           "refusé écran clé périphérique merci cordialement numéro été envoyé où même".split(),
           ["Question sur", "Problème :", "Facture", "Retard de"]),
    "zh": ({"utf-8": 2, "gb18030": 1},
           "您好 我们 订单 发票 问题 尽快 处理 谢谢 无法 登录 账户 密码 重置 系统 错误 打印机 服务器 更新 合同 付款 失败 发货 延迟 退款".split(),
           ["关于", "无法", "请处理"]),
    "ja": ({"utf-8": 2, "iso-2022-jp": 1},
           "お世話になっております 注文 番号 について 請求書 が 届いて いません ご確認 ください パスワード 接続 できません エラー 画面 "
           "よろしく お願い いたします 返品 配送 遅延 契約 更新".split(),
           ["お問い合わせ", "ご確認", "至急"]),
}
TONGUE_WEIGHTS = {"en": 72, "de": 8, "fr": 8, "zh": 7, "ja": 5}
PEOPLE = ("Ann Bob Carla Dieter Elif François Grace Hiroshi Ivana Jürgen Kemal Lucía Mei Nils Olga Priya Quentin Rosa Søren Tomáš "
          "Uma Viktor Wanda Xin Yara Zoë").split()
FAMILIES = ("Adams Bianchi Castro Dubois Evans Fischer García Hansen Ito Jansen Kovács Larsen Meier Novak O'Neill Petit Quinn Rossi "
            "Schäfer Tanaka Ueda Vogel Wang Xu Yılmaz Zhang").split()
HOSTS = "globex initech umbrella hooli stark wayne wonka tyrell cyberdyne soylent".split()
KINDS = (("application/pdf", "pdf"), ("image/png", "png"), ("image/jpeg", "jpg"), ("application/zip", "zip"))


class Desk:
    def __init__(self, seed, customers):
        self.rnd = random.Random(seed)
        rnd = self.rnd
        syllables = [c + v for c in ("b", "d", "gr", "k", "l", "m", "n", "pr", "s", "st", "t", "v") for v in ("a", "e", "i", "o", "u", "en", "ar")]
        self.rare = ["".join(rnd.choice(syllables) for _ in range(rnd.randint(2, 4))) for _ in range(18000)]
        self.customers = []
        for k in range(customers):
            name = rnd.choice(PEOPLE) + " " + rnd.choice(FAMILIES)
            local = "".join(c for c in name.lower().replace(" ", ".") if c.isascii() and (c.isalnum() or c == "."))
            self.customers.append((name, f"{local}{k}@{rnd.choice(HOSTS)}.example"))
        self.threads = []

    def customer(self):
        # A few write often, most once or twice.
        return self.customers[int(len(self.customers) * self.rnd.random() ** 1.35)]

    def word(self, lang):
        rnd = self.rnd
        x = rnd.random()
        if x < 0.03:
            return str(rnd.randint(10, 999999))
        if lang == "en" and x < 0.35:
            return self.rare[int(len(self.rare) * rnd.random() ** 4)]
        return rnd.choice(TONGUES[lang][1])

    def lines(self, lang, size):
        rnd, lines = self.rnd, []
        wide = lang in ("zh", "ja")
        while size > 0:
            words = [self.word(lang) for _ in range(rnd.randint(20, 90))]
            text = ("" if wide else " ").join(words)
            size -= len(text.encode()) if wide else len(text) + 1
            lines += textwrap.wrap(text, 36 if wide else 72) + [""]
        return lines


def encoded(text, charset, how):
    raw = text.encode(charset, "replace")
    if how == "base64":
        return base64.encodebytes(raw)
    if how == "quoted-printable":
        return quopri.encodestring(raw)
    return raw


def leaf(kind, text, charset, how):
    return f'Content-Type: {kind}; charset="{charset}"\nContent-Transfer-Encoding: {how}\n\n'.encode() + encoded(text, charset, how)


def as_html(lines, quoted):
    out = ['<html><head><meta http-equiv="Content-Type" content="text/html"><style>p.MsoNormal {margin:0cm; font-family:"Calibri",sans-serif;}'
           "</style></head>", '<body lang="EN-GB" link="#0563C1"><div class="WordSection1">']
    for paragraph in "\n".join(lines).split("\n\n"):
        out.append('<p class="MsoNormal"><span style="font-size:11.0pt">' + html.escape(paragraph) + "<o:p></o:p></span></p>")
    if quoted:
        out.append('<blockquote type="cite">' + "<br>\n".join(html.escape(q) for q in quoted) + "</blockquote>")
    return "\n".join(out + ["</div></body></html>"]) + "\n"


def multipart(kind, boundary, parts):
    b = boundary.encode()
    return (f'Content-Type: multipart/{kind};\n\tboundary="{boundary}"\n\n').encode() + b"".join(b"--" + b + b"\n" + p + b"\n" for p in parts) + b"--" + b + b"--\n"


def compose(desk, n):
    """One mail: (bytes, its row of the manifest)."""
    rnd = desk.rnd
    when = START + timedelta(seconds=41 * n + rnd.randint(0, 35))
    parent = None
    if desk.threads and rnd.random() < 0.55:
        thread = desk.threads[-1 - min(int(rnd.expovariate(1 / 50)), len(desk.threads) - 1)]
        parent = thread["mails"][-1] if rnd.random() < 0.85 else rnd.choice(thread["mails"])
        name, address = thread["customer"] if rnd.random() < 0.8 else desk.customer()
        lang, charset = thread["tongue"]
    else:
        name, address = desk.customer()
        lang = rnd.choices(list(TONGUE_WEIGHTS), TONGUE_WEIGHTS.values())[0]
        charsets = TONGUES[lang][0]
        charset = rnd.choices(list(charsets), charsets.values())[0]
        title = rnd.choice(TONGUES[lang][2]) + " " + ("" if lang in ("zh", "ja") else " ").join(desk.word(lang) for _ in range(rnd.randint(2, 9)))
        thread = {"id": desk.nthreads if hasattr(desk, "nthreads") else 0, "customer": (name, address), "to": rnd.choice(DESK),
                  "tongue": (lang, charset), "title": title, "mails": []}
        desk.nthreads = thread["id"] + 1
        desk.threads = (desk.threads + [thread])[-1500:]
    size = max(400, min(int(rnd.lognormvariate(8.15, 0.85)), 400000))
    with_html = rnd.random() < 0.40
    lines = desk.lines(lang, size // (3 if with_html else 1))
    quoted = ["> " + q for q in parent["lines"][:rnd.randint(3, 40)]] if parent else []
    plain = lines + ([f"On {parent['when']:%a, %d %b %Y at %H:%M}, {parent['from']} wrote:"] + quoted if quoted else []) + ["-- ", name, f"+1 555 {rnd.randint(0, 9999):04}"]
    how = rnd.choice({"us-ascii": ["7bit", "quoted-printable"], "utf-8": ["8bit", "quoted-printable", "base64"], "iso-8859-1": ["8bit", "quoted-printable"],
                      "gb18030": ["base64"], "iso-2022-jp": ["7bit"]}[charset])
    body = leaf("text/plain", "\n".join(plain) + "\n", charset, how)
    if with_html:
        body = multipart("alternative", f"----=_Part_{rnd.getrandbits(64):016x}", [body, leaf("text/html", as_html(lines, quoted), charset, how)])
    if rnd.random() < 0.10:
        kind, ext = rnd.choice(KINDS)
        file = f"{rnd.choice(['scan', 'invoice', 'screenshot', 'report'])}-{rnd.randint(1, 9999)}.{ext}"
        data = base64.encodebytes(rnd.randbytes(int(15000 * 10 ** rnd.random())))
        part = f'Content-Type: {kind}; name="{file}"\nContent-Disposition: attachment; filename="{file}"\nContent-Transfer-Encoding: base64\n\n'.encode() + data
        body = multipart("mixed", f"_NextPart_{rnd.getrandbits(80):020x}", [body, part])
    host = address.split("@")[1]
    mid = f"<{rnd.getrandbits(48):012x}.{n}@{host}>"
    date = format_datetime(when)
    head = [f"Return-Path: <{address}>", f"Delivered-To: {thread['to']}"]
    for hop in ("mx.desk.example", f"relay.{host}"):
        head.append(f"Received: from out.{host} (out.{host} [192.0.2.{rnd.randint(1, 254)}])\n\tby {hop} (Postfix) with ESMTPS id {rnd.getrandbits(40):010X}\n\tfor <{thread['to']}>; {date}")
    head.append("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + host + "; s=s1;\n\th=from:to:subject:date:message-id; bh="
                + base64.b64encode(rnd.randbytes(32)).decode() + ";\n\tb=" + base64.b64encode(rnd.randbytes(48)).decode() + "\n\t "
                + base64.b64encode(rnd.randbytes(48)).decode())
    head.append("From: " + formataddr((name, address)))
    head.append(f"To: Support <{thread['to']}>")
    if rnd.random() < 0.12:
        head.append("Cc: " + formataddr(desk.customer()))
    title = ("Re: " if parent else "") + thread["title"]
    head.append("Subject: " + (title if title.isascii() else Header(title, charset if charset != "us-ascii" else "utf-8", maxlinelen=70).encode()))
    head += [f"Date: {date}", f"Message-ID: {mid}"]
    if parent:
        head.append("In-Reply-To: " + parent["mid"])
        head.append("References: " + "\n\t".join((parent["refs"] + [parent["mid"]])[-20:]))
    if rnd.random() < 0.02:
        head += ["Auto-Submitted: auto-replied", "Precedence: bulk"]
    head.append("MIME-Version: 1.0\n")
    thread["mails"].append({"mid": mid, "refs": (parent["refs"] + [parent["mid"]])[-20:] if parent else [], "lines": plain[:60], "when": when,
                            "from": f"{address}", "n": n})
    mail = "\n".join(head).encode("ascii") + body
    return when, mail, (mid, thread["id"], parent["n"] if parent else "-", address, len(mail), charset)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("out")
    ap.add_argument("-n", type=int, default=10000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--customers", type=int, default=4000)
    a = ap.parse_args()
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(a.out, "Maildir", sub), exist_ok=True)
    desk = Desk(a.seed, a.customers)
    with open(os.path.join(a.out, "manifest.tsv"), "w") as manifest:
        for n in range(a.n):
            when, mail, row = compose(desk, n)
            t = int(when.timestamp())
            file = f"{t}.M{n:06}.gen{a.seed}"
            path = os.path.join(a.out, "Maildir", "new", file)
            with open(path, "wb") as f:
                f.write(mail)
            os.utime(path, (t, t))
            manifest.write("\t".join(map(str, (n, file) + row)) + "\n")
    print(f"{a.n} mails, {desk.nthreads} threads")


main()
