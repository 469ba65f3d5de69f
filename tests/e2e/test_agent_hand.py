"""What agents do by hand that nobody planned: wrong addresses, quotes in odd places, empty mails, old notices, phones, large files, colleagues.

Maildirs in and out, and results of authentication on what the agents send. Each case ends in nothing lost, nothing doubled, nothing of the
desk's own at the customer, and an agent who was told.
"""
import email
import email.message
import email.policy
import email.utils
import os
import time

import pytest
from house import leaked, mail, reply_to

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example", "a.berg@acme.example"]; teams ["first-line"]; }
agent "ben" { name "Ben Li"; address ["ben@acme.example"]; teams ["first-line"]; }
agent "eva" { name "Eva Stone"; address ["eva@acme.example"]; teams ["billing"]; }
team "first-line" { }
team "billing" { }
"""
QUEUES = """
queue "support" { address "support@acme.example"; team "first-line"; }
queue "billing" { address "billing@acme.example"; team "billing"; }
"""
ANN = "ann@customer.example"


def text(m):
    return m.get_body(("plain",)).get_content()


class Desk:
    def __init__(self, h, rest=""):
        self.inbox = h.maildir()
        self.helpd = h.helpd(f'mailbox "in" {{ maildir "{self.inbox.path}"; }}', site='trust_authserv ["mx.acme.example"]; ')
        conf = self.helpd.conf
        self.helpd.write_conf(conf[:conf.index('queue "support"')] + QUEUES + rest)
        with open(self.helpd.etc + "/agents.conf", "w") as f:
            f.write(AGENTS)
        self.n = 0

    def customer(self, **kw):
        self.inbox.put(mail(**kw))
        self.helpd.once()

    def out(self, address, **kw):
        """What went to that address, in order."""
        ms = [(os.path.getmtime(f), f) for f in self.helpd.out.files()]
        got = []
        for _, f in sorted(ms):
            with open(f, "rb") as fd:
                m = email.message_from_bytes(fd.read(), policy=email.policy.default)
            if address in f"{m['To']} {m['Cc']}" and all(m["X-" + k.replace("_", "-")] == v for k, v in kw.items()):
                got.append(m)
        return got

    def notice(self, name, kind="new"):
        return [m for m in self.out(name + "@acme.example") if m["X-Helpd-Notice"] == kind][-1]

    def transcript(self, name):
        return text(self.notice(name, "transcript"))

    def answers(self, address=ANN):
        return [text(m) for m in self.out(address) if not m["Auto-Submitted"]]

    def reply(self, name, notice, body, sender=None, to=None, subject=None, html=None, quote=True, below=False, files=(), proven=True, once=True, **headers):
        """A reply as clients write it."""
        self.n += 1
        sender = sender or f"{name}@acme.example"
        quoted = "On some day somebody wrote:\n" + "".join("> " + x + "\n" for x in text(notice).splitlines()) if quote else ""
        m = email.message.EmailMessage(policy=email.policy.SMTP)
        m["Return-Path"] = f"<{sender}>"
        if proven:
            m["Authentication-Results"] = f"mx.acme.example; dmarc=pass header.from={sender.split('@')[1]}"
        m["From"] = f"{name.capitalize()} <{sender}>"
        m["To"] = to or str(notice["Reply-To"])
        m["Subject"] = subject or "Re: " + str(notice["Subject"])
        m["Date"] = email.utils.formatdate()
        m["Message-ID"] = f"<hand.{self.n}.{time.time_ns()}@acme.example>"
        m["In-Reply-To"] = str(notice["Message-ID"])
        m["References"] = f"{notice['References'] or ''} {notice['Message-ID']}".strip()
        for k, v in headers.items():
            m[k.replace("_", "-")] = v
        if html:
            m.set_content(html, subtype="html")
        else:
            m.set_content(f"{quoted}\n{body}\n" if below else f"{body}\n\n{quoted}")
        for fname, content in files:
            m.add_attachment(content, maintype="application", subtype="octet-stream", filename=fname)
        self.inbox.put(m.as_bytes().replace(b"\r\n", b"\n"))
        if once:
            self.helpd.once()

    def status(self, n=1):
        return self.helpd.show(n)["status"]

    def done(self):
        self.helpd.run("verify")
        assert not self.helpd.leaks(), self.helpd.leaks()


@pytest.fixture
def desk(h):
    d = Desk(h)
    yield d
    d.done()


def one(d, **kw):
    """Ann's ticket, and Anna's notice of it."""
    d.customer(**kw)
    return d.notice("anna")


def told(desk, name, *words):
    said = desk.transcript(name)
    for w in words:
        assert w in said, said


def alerts(desk, name):
    return [text(m) for m in desk.out(name + "@acme.example", Helpd_Notice="alert")]


def test_own_other_address(desk):
    """Both addresses of agents.conf are hers."""
    desk.reply("anna", one(desk), "Use water.", sender="a.berg@acme.example")
    assert "Use water." in desk.answers()[0] and "a.berg" not in desk.answers()[0]


def test_wrong_address(desk):
    """From the telephone, with the private account: held, told, and the next notice serves."""
    desk.reply("anna", one(desk), "Use water.", sender="anna@home.example")
    assert not desk.answers() and [q["reason"][:5] for q in desk.helpd.json("quarantine")] == ["row 3"]
    assert "not in agents.conf" in alerts(desk, "anna")[0]
    assert not desk.out("anna@home.example")
    desk.customer(subject="Re: [Acme #1] Printer on fire", body="Hurry!\n")
    desk.reply("anna", desk.notice("anna", "followup"), "Use water.")
    assert len(desk.answers()) == 1


@pytest.mark.parametrize("where", ["Cc", "To"])
def test_customer_among_the_recipients(desk, where):
    """He has her mail already, address and all: she is told, and he gets the answer once."""
    n = one(desk)
    if where == "Cc":
        desk.reply("anna", n, "#pending\n\nUse water.", Cc=f"Ann <{ANN}>")
    else:
        desk.reply("anna", n, "#pending\n\nUse water.", to=f"Ann <{ANN}>, {n['Reply-To']}")
    assert len(desk.answers()) == 1 and "#pending" not in desk.answers()[0] and desk.status() == "pending"
    told(desk, "anna", f"{ANN} got your mail itself, too")


def test_note_with_the_customer_in_cc(desk):
    """Nothing leaves the house, but it has left it already: told."""
    desk.reply("anna", one(desk), "#note\nShe never pays.", Cc=f"Ann <{ANN}>")
    assert not desk.answers()
    told(desk, "anna", f"{ANN} got your mail itself, too")


def test_below_the_quote(desk):
    desk.reply("anna", one(desk), "#take\n\nUse water.", below=True)
    assert desk.answers()[0].startswith("Use water.") and desk.helpd.tickets()[0]["assignee"] == "anna"


def test_between_the_quotes(desk):
    """The customer's own lines that are answered stay; the notice's do not."""
    n = one(desk, body="It smokes.\nAnd it is loud.\n")
    q = ["> " + x for x in text(n).splitlines()]
    i = q.index("> It smokes.")
    desk.reply("anna", n, "\n".join(["#take", "", "On some day Ann wrote:", *q[:i + 1], "", "Use water.", "", q[i + 1], "", "Ear plugs.", "", *q[i + 2:]]), quote=False)
    got = desk.answers()[0]
    assert got.index("> It smokes.") < got.index("Use water.") < got.index("> And it is loud.") < got.index("Ear plugs.")
    assert "¦" not in got and "##-" not in got


def test_disclaimer(desk):
    legal = "This e-mail and any files transmitted with it are confidential and intended solely for the use of the individual or entity to whom they are addressed.\n"
    desk.reply("anna", one(desk), "#pending\n\nUse water.\n\nBest\nAnna\n\n" + "_" * 60 + "\n" + legal * 20)
    got = desk.answers()[0]
    assert got.startswith("Use water.") and "¦" not in got and desk.status() == "pending"


@pytest.mark.parametrize("body", ["", "   ", "\n-- \nAnna, private 555-0100"])
def test_empty(desk, body):
    desk.reply("anna", one(desk), body)
    assert not desk.answers() and desk.status() == "new"
    told(desk, "anna", "there is nothing in this mail")


def test_old_notice(desk):
    """She answers the first notice, and has not seen the second."""
    n = one(desk)
    desk.customer(subject="Re: [Acme #1] Printer on fire", body="It is out, never mind.\n")
    desk.reply("anna", n, "#close\n\nWe come tomorrow.")
    assert not desk.answers() and desk.status() == "new"
    told(desk, "anna", "It is out, never mind.", "We come tomorrow.", "#send")
    desk.reply("anna", desk.notice("anna", "transcript"), "#send")
    assert len(desk.answers()) == 1 and desk.status() == "closed"


def test_merged_meanwhile(desk):
    """Her answer belongs to the target, whose mails she has not read."""
    n = one(desk)
    desk.customer(subject="Other", body="More.\n")
    desk.helpd.run("merge", "1", "2")
    desk.reply("anna", n, "#take\n\nUse water.")
    assert not desk.answers()
    told(desk, "anna", "More.", "Use water.")
    desk.reply("anna", desk.notice("anna", "transcript"), "#send")
    assert len(desk.answers()) == 1 and "[Acme #2]" in desk.out(ANN)[-1]["Subject"]
    assert desk.helpd.show(2)["assignee"] == "anna"


def test_closed_meanwhile(desk):
    n = one(desk)
    desk.reply("ben", desk.notice("ben"), "#close\n#note\nA duplicate.")
    desk.reply("anna", n, "Use water.")
    assert len(desk.answers()) == 1 and desk.status() == "closed"
    told(desk, "anna", "The ticket is closed and stays so")


def test_late_reply_to_the_acknowledgement(desk):
    """The ticket is closed: the customer's reply opens another one, which is about the same, and not called as our mail was."""
    one(desk)
    ack = [m for m in desk.out(ANN) if m["Auto-Submitted"]][0]
    desk.reply("anna", desk.notice("anna"), "#close\n\nUse water.")
    desk.inbox.put(reply_to(ack, "It smokes again.\n"))
    desk.helpd.once()
    assert [k["subject"] for k in desk.helpd.tickets()] == ["Printer on fire"] * 2


def test_both_take_it(desk):
    """The last one has it, is told whose it was, and the first one that it is gone."""
    n, b = one(desk), desk.notice("ben")
    desk.reply("anna", n, "#take")
    desk.reply("ben", b, "#take")
    told(desk, "ben", "assignee: ben, was anna")
    assert "no longer yours: ben has it, by Ben Li" in text(desk.notice("anna", "taken"))
    assert not desk.out("ben@acme.example", Helpd_Notice="taken")
    desk.helpd.run("set", "1", "assignee=")
    assert not desk.out("ben@acme.example", Helpd_Notice="taken"), "nobody else has it now"


def test_thirty_at_once(desk):
    """Thirty notices, answered one after the other before helpd looks again."""
    for i in range(30):
        desk.inbox.put(mail(subject=f"Fire {i}", sender=f"C{i} <c{i}@customer.example>"))
    desk.helpd.once()
    notices = desk.out("anna@acme.example", Helpd_Notice="new")
    assert len(notices) == 30
    for n in notices:
        desk.reply("anna", n, "#take\n#resolve\n\nUse water.", once=False)
    desk.helpd.once()
    assert {(k["status"], k["assignee"]) for k in desk.helpd.tickets()} == {("resolved", "anna")}
    for i in range(30):
        assert len(desk.answers(f"c{i}@customer.example")) == 1
    assert len(desk.out("anna@acme.example", Helpd_Notice="transcript")) == 30


@pytest.mark.parametrize("commands", ["#接手\n#优先级 高", "＃接手\n＃优先级　high", "＃接手\r\n#优先级：high", "#take\n#优先级high"])
def test_chinese(desk, commands):
    desk.reply("anna", one(desk), commands + "\n\n请用水灭火。")
    k, = desk.helpd.tickets()
    assert (k["assignee"], k["priority"]) == ("anna", "high"), desk.transcript("anna")
    assert desk.answers()[0].startswith("请用水灭火。")


PHONES = {
    "gmail": '<div dir="auto">#take</div><div dir="auto">#pending</div><div dir="auto"><br></div><div dir="auto">Use <b>water</b>.</div><br>'
             '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Ann (Acme) &lt;support@acme.example&gt; wrote:<br></div>'
             '<blockquote class="gmail_quote">{}</blockquote></div>',
    "ios": '<div dir="ltr">#take</div><div dir="ltr">#pending<br><br>Use <b>water</b>.</div><div dir="ltr"><br>Sent from my iPhone</div><div dir="ltr"><br>'
           '<blockquote type="cite">On 2 Mar 2026, at 09:14, Ann (Acme) &lt;support@acme.example&gt; wrote:<br><br></blockquote></div>'
           '<blockquote type="cite"><div dir="ltr">{}</div></blockquote>',
    "outlook": '<p>#take<br>#pending<br><br>Use <b>water</b>.</p><p>Get Outlook for Android</p><hr><div id="divRplyFwdMsg"><b>From:</b> Ann (Acme) '
               '&lt;support@acme.example&gt;<br><b>Sent:</b> Monday, March 2, 2026 9:14 AM<br><b>To:</b> Anna Berg<br><b>Subject:</b> [Acme #1] x</div><div>{}</div>',
}


@pytest.mark.parametrize("phone", PHONES)
def test_phone(desk, phone):
    n = one(desk)
    desk.reply("anna", n, "", html=f"<html><body>{PHONES[phone].format(text(n).replace(chr(10), '<br>'))}</body></html>")
    assert desk.status() == "pending" and desk.helpd.tickets()[0]["assignee"] == "anna"
    got = desk.answers()[0]
    assert got.startswith("Use water.") and "smokes" not in got and "#take" not in got and "¦" not in got


def test_file_too_large(desk):
    """Nothing goes out without what it speaks of, and she is told how much may go."""
    desk.reply("anna", one(desk), "#pending\n\nHere it is.", files=[("film.mp4", os.urandom(21 << 20))])
    assert not desk.answers() and desk.status() == "new"
    told(desk, "anna", '"film.mp4" is too large: all files of an answer may have 20 MB together')


def test_colleague_answers_the_forwarded_notice(desk):
    """Anna's token in Ben's mail does nothing; both are told, and Ben's own notice serves."""
    n = one(desk)
    desk.reply("ben", n, "I know this one.", to="Anna <anna@acme.example>", Cc=str(n["Reply-To"]), subject=f"Re: Fwd: {n['Subject']}")
    assert not desk.answers() and len(alerts(desk, "anna")) == 1
    assert "answered a notice that was sent to a\ncolleague" in alerts(desk, "ben")[0].replace("\r", "")
    desk.reply("ben", desk.notice("ben"), "I know this one.")
    assert len(desk.answers()) == 1


def test_no_reply_but_the_number(desk):
    """A new mail with the ticket's number in its subject: it is hers, but it answers nothing that she got. It waits."""
    one(desk)
    desk.inbox.put(mail(sender="Anna <anna@acme.example>", subject="[Acme #1] Printer on fire", body="Use water.\n",
                        Authentication_Results="mx.acme.example; dmarc=pass header.from=acme.example"))
    desk.helpd.once()
    assert not desk.answers()
    told(desk, "anna", "your mail was no reply to a notice", "Use water.")
    desk.reply("anna", desk.notice("anna", "transcript"), "#send")
    assert len(desk.answers()) == 1


FORWARDS = {
    "thunderbird": "-------- Forwarded Message --------\nSubject: \tMy printer\nDate: \tFri, 1 Mar 2024 10:00:00 +0100\nFrom: \tAnn Baker <ann@customer.example>\nTo: \tanna@acme.example\n\n{}\n",
    "mutt": "----- Forwarded message from Ann Baker <ann@customer.example> -----\n\nReceived: from x (y [192.0.2.1])\n\tby mx.acme.example; Fri, 1 Mar 2024 10:00:01 +0100\n"
            "Date: Fri, 1 Mar 2024 10:00:00 +0100\nFrom: Ann Baker <ann@customer.example>\nTo: anna@acme.example\nSubject: My printer\nX-Spam-Score: 1\n\n{}\n\n----- End forwarded message -----\n",
    "apple": "Begin forwarded message:\n\n> From: Ann Baker <ann@customer.example>\n> Subject: My printer\n> Date: 1 March 2024 at 10:00:00 CET\n> To: anna@acme.example\n> \n> {}\n",
}


@pytest.mark.parametrize("client", FORWARDS)
def test_forward_with_a_remark(desk, client):
    """The remark is a note, without the customer's words; whom the customer names is not told."""
    desk.inbox.put(mail(sender="Anna <anna@acme.example>", subject="Fwd: My printer", body="Please look, @ben.\n\n" + FORWARDS[client].format("It smokes, ask @eva."),
                        Authentication_Results="mx.acme.example; dmarc=pass header.from=acme.example"))
    desk.helpd.once()
    k, = desk.helpd.tickets()
    assert (k["subject"], k["requester"]["address"]) == ("My printer", ANN)
    assert desk.helpd.texts(1) == ["It smokes, ask @eva."] and desk.helpd.texts(1, "note") == ["Please look, @ben."]
    assert desk.out("ben@acme.example", Helpd_Notice="mention") and not desk.out("eva@acme.example")


def test_cc_and_an_answer(desk):
    """Who is added by the same mail gets its answer, who is removed does not; both when it is confirmed."""
    n = one(desk, to="support@acme.example, Old <old@customer.example>")
    desk.reply("anna", n, "#cc add boss@customer.example\n#cc remove old@customer.example\n\nYour boss signs it.")
    assert not desk.answers()
    desk.reply("anna", desk.notice("anna", "transcript"), "#send")
    assert len(desk.answers()) == len(desk.answers("boss@customer.example")) == 1 and not desk.answers("old@customer.example")


def test_customers_never_read_it(desk):
    """Of all this."""
    n = one(desk)
    desk.reply("anna", n, "#note\nShe never pays, do not tell.", once=False)
    desk.reply("anna", n, "Use water.\n\n-- \nAnna, direct line 555-0100")
    for raw in desk.helpd.out.raw():
        m = email.message_from_bytes(raw, policy=email.policy.default)
        if ANN in str(m["To"]):
            assert not leaked(raw, desk.helpd.agents(), ["She never pays, do not tell."]) and b"555-0100" not in raw
