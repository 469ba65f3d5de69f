"""A day at the desk: three agents and twenty customers, with nothing but mail clients, over real Dovecot and real Postfix.

Anna leads the first line, Ben (who reads Chinese) is in it, Eva is billing. They read their mail over IMAP in mutt, and hand it in at a port of
Postfix that writes down whose it is; everybody else's mail comes in at the other. The daemon is restarted once and killed once.

The day is told in order; each step waits for what it needs of the one before. What it has led to is held against tables at the end.
"""
import concurrent.futures
import email
import email.policy
import email.utils
import os
import re
import time

import pytest
from house import Mutt, have, leaked, mail, wait_for

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first-line"]; role "lead"; work ["billing"]; signature "Anna Berg, Acme first line"; }
agent "ben" { name "Ben Li"; address ["ben@acme.example"]; teams ["first-line"]; languages ["zh_CN", "en"]; }
agent "eva" { name "Eva Stone"; address ["eva@acme.example"]; teams ["billing"]; }
team "first-line" { }
team "billing" { }
"""
QUEUES = """
queue "support" { address "support@acme.example"; team "first-line"; }
queue "billing" { address "billing@acme.example"; team "billing"; }
"""
CUSTOMERS = "ann bob chen dora erik fay gus hana ivan jane kim leo mia nils olga paul quinn rosa sven tina".split()
OTHERS = ["boss", "mallory"]  # who becomes a reader of a ticket in its course; who forges
PRIVATE = "direct line 555-0199, nights 555-0142"


def text(m):
    part = m.get_body(("plain",))
    return part.get_content() if part else ""


def address(name):
    return name + ("@acme.example" if name in ("anna", "ben", "eva") else "@customer.example")


def of(name):
    return f"{name.capitalize()} <{address(name)}>"


class Day:
    """The house, and words for what people do in it."""

    def __init__(self, h):
        if missing := have("mutt", "tmux"):
            pytest.skip(missing + " is not installed")
        self.h = h
        self.dovecot = h.dovecot()
        self.box = {n: h.maildir("home-" + n) for n in CUSTOMERS + OTHERS}
        self.box.update({n: self.dovecot.maildir(n) for n in ("anna", "ben", "eva")})
        boxes = {address(n): b.path for n, b in self.box.items()}
        boxes.update({f"{n}@acme.example": self.dovecot.maildir(n).path for n in ("support", "billing")})
        self.postfix = h.postfix(boxes)
        self.helpd = h.helpd(self.dovecot.mailbox("support") + self.dovecot.mailbox("billing", more='queue "billing"; '), self.postfix.transport,
                             site=f'trust_authserv ["{self.postfix.AUTHSERV}"]; forms ["web@acme.example"]; ')
        conf = self.helpd.conf
        self.helpd.write_conf(conf[:conf.index('queue "support"')] + QUEUES)
        with open(self.helpd.etc + "/agents.conf", "w") as f:
            f.write(AGENTS)
        self.helpd.run("check")
        self.agent = {n: Mutt(os.path.join(h.base, "mutt-" + n), self.postfix.agents, address(n), full, imap=(self.dovecot.port, n), signature=f"{full}\n{PRIVATE}")
                      for n, full in (("anna", "Anna Berg"), ("ben", "Ben Li"), ("eva", "Eva Stone"))}
        self.customer = {n: Mutt(os.path.join(h.base, "mutt-" + n), self.postfix.port, address(n), n.capitalize(), self.box[n]) for n in CUSTOMERS}
        self.pool = concurrent.futures.ThreadPoolExecutor(8)

    # --- what people do

    def writes(self, name, subject, body, *args, to="support@acme.example"):
        self.customer[name].write(to, subject, body, *args)

    def sends(self, name, raw, to="support@acme.example"):
        """With some other client."""
        self.postfix.post(raw, address(name), to)

    def answers_back(self, name, body):
        self.customer[name].reply(body)

    def at_once(self, *jobs):
        """Several people at the same time; each job is a list of calls made one after the other."""
        for f in [self.pool.submit(lambda job=job: [call() for call in job]) for job in jobs]:
            f.result(90)

    # --- what is where

    def notices(self, name, subject=None, kind=None):
        return [m for m in self.box[name].mails() if m["X-Helpd-Notice"] and m["X-Helpd-Notice"] not in ("transcript", "challenge", "alert")
                and (subject is None or m["Subject"].endswith(subject)) and (kind is None or m["X-Helpd-Notice"] == kind)]

    def transcripts(self, name, words=""):
        return [m for m in self.box[name].mails() if m["X-Helpd-Notice"] == "transcript" and (words in text(m) or words in m["Subject"])]

    def answers(self, name):
        """Mails of a person to a customer."""
        return [m for m in self.box[name].mails() if "@acme.example" in m["From"] and not m["Auto-Submitted"]]

    def ticket(self, subject):
        found = [k for k in self.helpd.tickets() if k["subject"] == subject]
        assert len(found) == 1, (subject, [(k["id"], k["subject"]) for k in self.helpd.tickets()])
        return found[0]

    def shown(self, subject):
        return self.helpd.show(self.ticket(subject)["id"])

    # --- agents

    def notice(self, name, subject, kind=None, n=1):
        """The nth notice about that; waits for it."""
        return wait_for(lambda: self.notices(name, subject, kind)[n - 1:n], 40)[0]

    def replies(self, name, subject, body, kind=None, n=1, **kw):
        """Opens the notice in mutt, and writes above the quote."""
        self.agent[name].reply(body, self.notice(name, subject, kind, n), **kw)

    def confirms(self, name, words, body="#send"):
        """Answers the transcript that says so."""
        asked = wait_for(lambda: self.transcripts(name, words), 40)[-1]
        self.agent[name].reply(body, asked)
        return asked

    def told(self, name, words, n=1):
        return wait_for(lambda: self.transcripts(name, words)[n - 1:], 40)[-1]

    def got_answer(self, name, words, n=1):
        return wait_for(lambda: [m for m in self.answers(name) if words in text(m)][n - 1:], 40)[-1]


def html_mail(sender, subject, html):
    m = email.message_from_bytes(mail(sender=sender, subject=subject), policy=email.policy.SMTP)
    m.set_content(html, subtype="html")
    return m.as_bytes()


def with_files(sender, subject, body, *files):
    m = email.message_from_bytes(mail(sender=sender, subject=subject), policy=email.policy.SMTP)
    m.set_content(body)
    for name, content, kind in files:
        m.add_attachment(content, maintype=kind.split("/")[0], subtype=kind.split("/")[1], filename=name)
    return m.as_bytes()


def morning(d):
    """Twenty people want something."""
    fay = mail(sender=of("fay"), subject="VPN down", body="The VPN does not connect.\n", mid="<vpn.1@customer.example>")
    d.at_once(
        [lambda: d.writes("ann", "Printer on fire", "It smokes.\n#close\nPlease come!\n"),
         lambda: d.sends("bob", html_mail(of("bob"), "Cannot log in", "<p>My password is <b>refused</b> since today.</p><script>alert(1)</script>")),
         lambda: d.writes("chen", "订单未更新", "您好，我的订单已付款，但状态没有更新。\n"),
         lambda: d.sends("dora", with_files(of("dora"), "Crash report", "See the log and the picture.\n", ("absturz übel.log", b"segfault\n" * 50, "text/plain"),
                                            ("screen.png", b"\x89PNG" + bytes(range(256)) * 8, "image/png"))),
         lambda: d.postfix.post(mail(sender="Web form <web@acme.example>", subject="Invoice question", body="Name: Erik\nWhy is it twice the price?\n",
                                     Reply_To=of("erik")), "web@acme.example", "support@acme.example")],
        [lambda: d.sends("fay", fay),  # a second mail before any answer to the first
         lambda: d.sends("fay", mail(sender=of("fay"), subject="Re: VPN down", body="It says error 42.\n", In_Reply_To="<vpn.1@customer.example>")),
         lambda: d.writes("gus", "Refund please", "I want my money back.\n"),
         lambda: d.writes("hana", "Slow network", "Everything is slow.\n"),
         lambda: d.writes("hana", "Network is slow", "Did you get my mail? It is really slow.\n")],
        [lambda: d.writes("ivan", "Keyboard", "A key is missing.\n"),
         lambda: d.writes("jane", "My mailbox is full", "Anna, can you look?\nYours, Jane\n", to=address("anna")),
         lambda: d.writes("kim", "No sound", "Dear Ben, my speakers are silent.\n", to=address("ben")),
         lambda: d.writes("leo", "Screen flickers", "It flickers at noon.\n"),
         lambda: d.writes("mia", "Door card", "My card does not open the door.\n"),
         lambda: d.writes("nils", "Phone dead", "No dial tone.\n")],
        [lambda: d.writes("olga", "New chair", "When does it come?\n"),
         lambda: d.writes("paul", "Contract", "Who signs it?\n"),
         lambda: d.writes("quinn", "Where is my refund", "It has been a week.\n"),
         lambda: d.writes("rosa", "Lost badge", "I lost my badge.\n"),
         lambda: d.writes("sven", "Meeting room", "The beamer is broken.\n"),
         lambda: d.writes("tina", "Coffee machine", "It leaks.\n")])
    wait_for(lambda: len(d.helpd.tickets()) == 19, 40)


def first_answers(d):
    """The agents work through what lies there, each at his own mailbox."""
    d.postfix.refuse(address("rosa"))

    def transfer():
        d.replies("anna", "Invoice question", "#queue billing")
        d.replies("anna", "Refund please", '#child billing "Refund for Gus"\n\nPlease pay him back 20 EUR, order 4711.')

    def jane():
        got, = wait_for(lambda: [m for m in d.box["anna"].mails() if m["Subject"] == "My mailbox is full"], 20)
        d.agent["anna"].forward("support@acme.example", "#tag +phone\nShe called as well, @ben knows her account.", got)

    def kim():
        got, = wait_for(lambda: [m for m in d.box["ben"].mails() if m["Subject"] == "No sound"], 20)
        d.agent["ben"].forward("support@acme.example", "", got, attached=True)

    def with_manual():
        path = os.path.join(d.h.base, "reader-manual.pdf")
        with open(path, "wb") as f:
            f.write(b"%PDF-1.4 " + bytes(range(256)) * 40)
        d.replies("anna", "Crash report", "The manual tells how to reset it.", keys=f"<attach-file>{path}<enter>")

    d.at_once(
        [transfer,
         lambda: d.replies("anna", "Printer on fire", "#take\n#tag +printer\n#priority high\n#pending\n\nPlease use water."),
         with_manual, jane,
         lambda: d.replies("anna", "Phone dead", "#priority urgent"),
         lambda: d.replies("anna", "Coffee machine", "#assign ben\n#note\n@ben the boiler is the third one this year, do not tell them."),
         lambda: d.replies("anna", "Contract", "#cc add boss@customer.example\n\nYour boss signs it."),
         lambda: d.replies("anna", "Where is my refund", '#macro refund\n#kb save "How long refunds take"\n#pending\n\nYou will have it on Friday.')],
        [lambda: d.replies("ben", "Cannot log in", "I have set a new password for you."),
         lambda: d.replies("ben", "订单未更新", "＃标签 +订单\n#待客户\n\n您的订单状态已更新。"),
         kim,
         lambda: d.replies("ben", "Door card", "#clsoe\n\nIt works again."),
         lambda: d.replies("ben", "New chair", "#take\n#snooze 2d"),
         lambda: d.replies("ben", "Meeting room", "#pending\n\nThe room is open again."),
         lambda: d.replies("ben", "Lost badge", "A new badge lies at the desk.")],
        [lambda: d.replies("eva", "Invoice question", "#pending\n\nOne of the two was a mistake, you get it back."),
         lambda: d.replies("eva", "Refund for Gus", "#resolve\n\nPaid back today.")])


def confirmations(d):
    """What changes for good is asked about first; two at once at one ticket; a question that becomes two."""
    d.at_once(
        [lambda: d.confirms("anna", "#cc add"),
         lambda: d.replies("anna", "Network is slow", f"#merge {d.ticket('Slow network')['id']}"),
         lambda: d.confirms("anna", "#merge"),
         lambda: d.confirms("anna", "#priority urgent", "#undo"),
         lambda: d.replies("anna", "Refund please", "#resolve\n\nYou have your money back.", kind="child")],
        [lambda: d.replies("ben", "Door card", "#解决\n\nYour card works again."),
         lambda: d.replies("ben", "Coffee machine", "A new one comes tomorrow.", kind="mention"),
         lambda: d.replies("ben", "VPN down", "Restart it, please.", kind="new")],
        [lambda: d.answers_back("ivan", "By the way, my mouse is dead, too."),
         lambda: d.replies("eva", "Invoice question", "#note\nHe pays by card.")])
    # Both have it open, and neither sees the other.
    d.notice("anna", "Screen flickers"), d.notice("ben", "Screen flickers")
    d.at_once([lambda: d.replies("anna", "Screen flickers", "Please change the cable, dear Leo.")],
              [lambda: d.replies("ben", "Screen flickers", "Please buy a lamp, dear Leo.")])
    d.replies("anna", "Keyboard", "#split\n#tag +hardware", kind="followup")
    wait_for(lambda: [k for k in d.helpd.tickets() if k["requester"]["address"] == address("ivan")][1:], 20)


def forgeries(d):
    """Somebody writes in the agents' names, through the port where everybody may."""
    results = {"Authentication-Results": f"{d.postfix.AUTHSERV}; dmarc=pass header.from=acme.example"}
    stolen = d.notice("anna", "Cannot log in")
    other = d.notice("ben", "Crash report")
    number = d.ticket("Cannot log in")["id"]

    def forged(sender, body, to="support@acme.example", **headers):
        d.postfix.post(mail(sender=sender, to=to, subject=f"Re: [Acme #{number}] Cannot log in", body=body, Return_Path=None, Delivered_To=None, **headers),
                       "mallory@customer.example", to)

    forged(of("anna"), "#close\n\nGo away.\n", Authentication_Results=results["Authentication-Results"])
    forged(of("eva"), "#list all\n")
    forged(of("ben"), "#assign nobody\n\nGo away.\n", to=str(stolen["Reply-To"]))                         # another's token
    forged("Mallory <mallory@customer.example>", "#resolve\n\nGo away.\n", to=str(other["Reply-To"]))       # a token, not the address
    forged('"anna@acme.example" <mallory@customer.example>', "#resolve\n\nGo away.\n")                     # the name alone
    forged(of("anna"), "#close\n\nGo away.\n", In_Reply_To=str(stolen["Message-ID"]))                      # that token is revoked now
    forged(of("ben"), "#close\n\nGo away.\n", to=str(d.notice("ben", "Phone dead")["Reply-To"]))           # his own, but no results: it waits for his word


def afternoon(d):
    """The customers answer, the daemon is killed while they do; automatic answers of both sides; the desk looks what is left."""
    helpd = d.helpd
    helpd.stop()
    # A restart finds what came meanwhile.
    d.answers_back("ann", "It is out, but the paper is wet. What now?")
    helpd.start()
    d.replies("anna", "Printer on fire", "#resolve\n#time 15m\n\nDry it, dear Ann.", kind="followup")
    d.got_answer("ann", "Dry it")
    d.at_once([lambda: d.answers_back("bob", "It is refused again."), lambda: d.answers_back("ann", "Thank you very much!")],
              [lambda: d.answers_back("olga", "I need it tomorrow already."), lambda: d.answers_back("mia", "It does not work, sorry.")],
              [lambda: d.answers_back("hana", "Is anybody there?"), lambda: d.answers_back("tina", "Thanks, that is kind.")])
    helpd.kill()
    helpd.start()
    out_of_office(d, "sven", "The room is open again.")
    vacation(d, "eva", d.notice("eva", "Invoice question"))
    d.at_once(
        [lambda: d.replies("anna", "Slow network", "#take\n#pending\n\nWe look after it, Hana.", kind="followup"),
         lambda: d.replies("anna", "Keyboard", "#take\n#resolve\n\nA new keyboard is on its way.", kind="followup"),
         lambda: d.agent["anna"].write("support@acme.example", "what is mine", f"#list mine\n#history {d.ticket('Contract')['id']}\n")],
        [lambda: d.replies("ben", "Cannot log in", "#resolve\n\nNow it works.", kind="followup"),
         lambda: d.replies("ben", "Door card", "#priority high\n#pending\n\nPlease come by.", kind="followup"),
         lambda: d.replies("ben", "New chair", "#note\nIt stands in the cellar.", kind="followup"),
         lambda: d.confirms("ben", "Restart it, please.")])


def out_of_office(d, name, words):
    """The customer's mail system answers for him."""
    got = d.got_answer(name, words)
    d.sends(name, mail(sender=of(name), to=str(got["Reply-To"] or got["From"]), subject=f"Automatic reply: {got['Subject']}", body="I am away until Monday.\n",
                       In_Reply_To=str(got["Message-ID"]), Auto_Submitted="auto-replied", Return_Path=None))


def vacation(d, name, notice):
    """So does the agent's: from the address of nobody, through the agents' port."""
    d.postfix.post(mail(sender=of(name), to=str(notice["Reply-To"]), subject=f"Away: {notice['Subject']}", body="Back in June; ask Anna.\n",
                        In_Reply_To=str(notice["Message-ID"]), Auto_Submitted="auto-replied", Return_Path=None), "", str(notice["Reply-To"]), port=d.postfix.agents)


# Each ticket: subject, requester, status, assignee, queue, and what else is to be so.
TICKETS = {
    ("Printer on fire", "ann"): ("resolved", "anna", "support", {"tags": ["printer"], "priority": "high", "time_spent": 900}),
    ("Cannot log in", "bob"): ("resolved", "ben", "support", {"priority": "normal"}),
    ("订单未更新", "chen"): ("pending", "ben", "support", {"tags": ["订单"], "language": "zh-CN"}),
    ("Crash report", "dora"): ("open", "anna", "support", {}),
    ("Invoice question", "erik"): ("pending", "eva", "billing", {}),
    ("VPN down", "fay"): ("open", "ben", "support", {}),
    ("Refund please", "gus"): ("resolved", "anna", "support", {}),
    ("Refund for Gus", "anna"): ("resolved", "eva", "billing", {}),
    ("Slow network", "hana"): ("pending", "anna", "support", {}),
    ("Network is slow", "hana"): ("merged", None, "support", {}),
    ("Keyboard", "ivan"): ("resolved", "anna", "support", {"tags": ["hardware"]}),
    ("Keyboard", "ivan", "split"): ("new", None, "support", {"tags": []}),
    ("My mailbox is full", "jane"): ("new", None, "support", {"tags": ["phone"]}),
    ("No sound", "kim"): ("new", None, "support", {}),
    ("Screen flickers", "leo"): ("open", ("anna", "ben"), "support", {}),
    ("Door card", "mia"): ("pending", "ben", "support", {"priority": "high"}),
    ("Phone dead", "nils"): ("new", None, "support", {"priority": "normal"}),
    ("New chair", "olga"): ("new", "ben", "support", {"snoozed_until": None}),
    ("Contract", "paul"): ("open", "anna", "support", {}),
    ("Where is my refund", "quinn"): ("pending", "anna", "support", {}),
    ("Lost badge", "rosa"): ("open", "ben", "support", {}),
    ("Meeting room", "sven"): ("pending", "ben", "support", {}),
    ("Coffee machine", "tina"): ("open", "ben", "support", {}),
    ("Cannot log in", "mallory"): ("new", None, "support", {}),
    ("Commands of Anna Berg", "anna"): ("closed", None, "support", {}),  # of what she asked in a mail of its own
}
# What each customer got: an acknowledgement for each ticket that he opened, and these answers, in this order.
ANSWERS = {
    "ann": ["Please use water.", "Dry it, dear Ann."],
    "bob": ["I have set a new password", "Now it works."],
    "chen": ["您的订单状态已更新。"],
    "dora": ["The manual tells how"],
    "erik": ["One of the two was a mistake"],
    "fay": ["Restart it, please."],
    "gus": ["You have your money back."],
    "hana": ["We look after it"],
    "ivan": ["A new keyboard"],
    "leo": ["dear Leo"],
    "mia": ["Your card works again.", "Please come by."],
    "paul": ["Your boss signs it."],
    "boss": ["Your boss signs it."],
    "quinn": ["You will have it on Friday."],
    "sven": ["The room is open again."],
    "tina": ["A new one comes tomorrow."],
}
ACKNOWLEDGED = {**{n: 1 for n in CUSTOMERS}, "hana": 2, "boss": 0, "mallory": 0}


def key_of(k, seen):
    key = (k["subject"], k["requester"]["address"].split("@")[0])
    return key if key not in seen else (*key, "split")


def check_tickets(d):
    seen = {}
    for k in d.helpd.tickets():
        seen[key_of(k, seen)] = d.helpd.show(k["id"])
    assert sorted(seen) == sorted(TICKETS)
    for key, (status, assignee, queue, more) in TICKETS.items():
        k = seen[key]
        got = (k["status"], k["assignee"], k["queue"], {x: k[x] for x in more})
        assert got[1] == assignee or got[1] in (assignee or ()), (key, got)
        assert (got[0], *got[2:]) == (status, queue, more), (key, got)
    people = {p["address"] for p in seen["Contract", "paul"]["participants"]}
    assert people == {address("paul"), address("boss")}
    assert [c["subject"] for c in seen["Refund please", "gus"]["children"]] == ["Refund for Gus"]
    assert seen["Network is slow", "hana"]["merged_into"] == seen["Slow network", "hana"]["id"]
    assert seen["Slow network", "hana"]["merged_from"] == [seen["Network is slow", "hana"]["id"]]
    assert seen["Keyboard", "ivan", "split"]["id"] in seen["Keyboard", "ivan"]["links"]
    assert seen["Refund for Gus", "anna"]["parent"] == seen["Refund please", "gus"]["id"]
    assert seen["Keyboard", "ivan", "split"]["articles"][0]["new_text"].strip() == "By the way, my mouse is dead, too."
    # Whose words are whose: what was forwarded is the customer's, what stood above it a note.
    jane, note = seen["My mailbox is full", "jane"]["articles"][:2]
    assert (jane["new_text"].strip(), note["new_text"].strip()) == ("Anna, can you look?\nYours, Jane", "She called as well, @ben knows her account.")
    assert [a["name"] for a in seen["Crash report", "dora"]["articles"][0]["attachments"]] == ["absturz übel.log", "screen.png"]
    return seen


def check_history(seen):
    """Whatever an agent did names the row that allowed it and the mail that asked for it."""
    done = [(key, e) for key, k in seen.items() for e in k["events"] if e["actor"].startswith("agent:")]
    assert len(done) > 100
    without = [(key, e) for key, e in done if not re.match(r"row (4|7|8|9|10), article \d+", e["cause"]) and e["kind"] not in ("created", "article", "note")]
    assert not without, without[:5]
    kinds = {(key[0], e["kind"]) for key, e in done}
    for one in [("Printer on fire", "time"), ("Invoice question", "queue"), ("Phone dead", "undone"), ("Network is slow", "merged"), ("Keyboard", "split"),
                ("Refund please", "child"), ("New chair", "snoozed"), ("Contract", "participant"), ("Where is my refund", "macro"), ("Where is my refund", "kb"),
                ("Screen flickers", "waits"), ("Door card", "refused"), ("Coffee machine", "mention"), ("VPN down", "confirmed")]:
        assert one in kinds, one
    by_itself = {(key[0], e["kind"]) for key, k in seen.items() for e in k["events"]}
    for one in [("Lost badge", "bounce"), ("Door card", "reopened"), ("Printer on fire", "thanks"), ("New chair", "awoke")]:
        assert one in by_itself, one


def check_mails(d):
    """Everybody got exactly what he should, and nobody a word of the agents' side."""
    notes = [a["new_text"].strip() for k in d.helpd.tickets() for a in d.helpd.show(k["id"])["articles"] if a["direction"] == "note" and len(a["new_text"].strip()) >= 16]
    private = [PRIVATE, "direct line", "boiler"]
    for n in CUSTOMERS + OTHERS:
        mails = [m for m in d.box[n].mails()]
        acks = [m for m in mails if m["Auto-Submitted"]]
        answers = sorted((m for m in mails if not m["Auto-Submitted"]), key=lambda m: m["Date"].datetime)
        words = ANSWERS.get(n, [])
        assert len(acks) == ACKNOWLEDGED[n], (n, [m["Subject"] for m in acks])
        assert len(answers) == len(words) and all(w in text(m) for w, m in zip(words, answers)), (n, [text(m) for m in answers])
        for raw in d.box[n].raw():
            assert not leaked(raw, [address(a) for a in ("anna", "ben", "eva")], notes), (n, raw.decode())
            assert not [p for p in private if p.encode() in raw], (n, raw.decode())
    dora, = d.answers("dora")
    assert [p.get_filename() for p in dora.iter_attachments()] == ["reader-manual.pdf"]
    assert "Anna Berg, Acme first line" in text(dora)
    assert d.answers("boss")[0]["Cc"] is not None and d.answers("erik")[0]["From"].addresses[0].addr_spec == "billing@acme.example"


def check_forged(d, seen):
    held = [q["reason"] for q in d.helpd.json("quarantine")]
    assert sorted(r[:5] for r in held) == ["row 3", "row 3", "row 6", "row 6", "row 6"], held
    assert [a["flag"][:5] for a in seen["Cannot log in", "mallory"]["articles"]] == ["row 1"]
    assert not [e for k in seen.values() for e in k["events"] if "Go away" in e["detail"]]
    for n in ("anna", "ben"):
        assert [m for m in d.box[n].mails() if m["X-Helpd-Notice"] == "alert"]
    assert [m for m in d.transcripts("ben") if "Go away." in text(m)]


def test_day(h):
    d = Day(h)
    start = time.monotonic()
    d.helpd.start()
    for part in (morning, first_answers, confirmations, forgeries, afternoon):
        part(d)
        print(f"{time.monotonic() - start:5.1f} s  {part.__name__}")
    d.told("anna", "#list mine")
    wait_for(lambda: not [o for o in d.helpd.json("outbox") if o["state"] in ("queued", "sending")], 30)
    d.helpd.stop()
    try:
        seen = check_tickets(d)
        check_history(seen)
        check_mails(d)
        check_forged(d, seen)
    except AssertionError:
        tell(d)
        raise
    d.helpd.run("verify")
    assert not d.helpd.leaks()


def tell(d):
    """The whole day, for whom it may concern."""
    print(d.helpd.run("list", "--all"))
    print(d.helpd.run("quarantine"))
    for n in ("anna", "ben", "eva", *CUSTOMERS, *OTHERS):
        for m in d.box[n].mails():
            if m["X-Helpd-Notice"] != "new":
                print("=" * 20, n, m["Subject"], m["X-Helpd-Notice"])
                print(text(m))
