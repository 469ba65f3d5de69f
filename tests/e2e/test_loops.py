"""Mail loops: whatever answers by itself on the other side, both fall silent within RELIABILITY's limits, and nothing is lost.

Two ways: the daemon itself, through Postfix, where servers add something (bounces, refusals, envelopes); and `run --once`, round by round, with the
clock moved on between rounds (libfaketime), where hours and days have to pass. In the latter the store is closed and opened between
any two rounds, so every limit that is asserted there held across a restart. The breaker of the whole site is lowered by configuration (site_per_hour).
"""
import email.utils
import os
import re
import subprocess
import time

import pytest

from house import HELPD, mail, wait_for

HOUR, DAY = 3600, 86400
LIB = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; teams ["first-line"]; }
agent "ben" { name "Ben Li"; address ["ben@desk.example"]; teams ["first-line"]; }
team "first-line" { }
"""
MX = 'trust_authserv ["mx.desk.example"]; '
# What of a mail of ours tells a machine that it is not to be answered, and where an answer to it belongs.
SIGNS = ("auto-submitted", "x-auto-response-suppress", "precedence", "return-path", "message-id", "in-reply-to", "references", "reply-to")


def ahead(seconds):
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())
    return ["env", "LD_PRELOAD=" + " ".join([*asan, LIB]), f"FAKETIME=+{seconds}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def needs_clock(f):
    tsan = b"__tsan_init" in open(HELPD, "rb").read()
    return pytest.mark.skipif(not LIB or tsan, reason="faketime is not installed, or does not work with this build")(f)


def address(m, field="To"):
    return m[field].addresses[0].addr_spec if m[field] else ""


def staffed(helpd, queue=""):
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    helpd.write_conf(helpd.conf.replace('queue "support" { address "support@acme.example"; }', 'queue "support" { address "support@acme.example"; team "first-line"; %s}' % queue))
    return helpd


def mailbox(inbox):
    return f'mailbox "in" {{ maildir "{inbox.path}"; }}'


class Wire:
    """helpd, round by round: what left it goes to whoever answers there, and what these say comes in at the next round, some minutes later."""

    def __init__(self, helpd, inbox, minutes=10):
        self.helpd, self.inbox, self.step = helpd, inbox, minutes * 60
        self.seen, self.sent, self.put = set(), [], 0
        self.elapsed = 0

    def put_in(self, *raw):
        for r in raw:
            self.inbox.put(r)
            self.put += 1

    def date(self):
        return email.utils.formatdate(time.time() + self.elapsed)

    def round(self):
        self.helpd.once(wrap=ahead(self.elapsed) if LIB and self.step else ())
        new = []
        for f in self.helpd.out.files():
            name = os.path.basename(f).split(":")[0]
            if name not in self.seen:
                self.seen.add(name)
                with open(f, "rb") as fd:
                    m = email.message_from_bytes(fd.read(), policy=email.policy.default)
                m.at = self.elapsed
                new.append(m)
        self.sent += new
        return new

    def run(self, answer, rounds, quiet=3):
        """Until nobody says anything for some rounds. answer(mail) gives one mail, several, or None."""
        silent = 0
        for _ in range(rounds):
            said = []
            for m in self.round():
                got = answer(m, self)
                said += got if isinstance(got, list) else [got] if got else []
            self.put_in(*said)
            self.elapsed += self.step
            silent = 0 if said else silent + 1
            if silent >= quiet:
                break
        return self

    def to(self, *addresses, kind=None):
        return [m for m in self.sent if (not addresses or address(m) in addresses) and (kind is None or m["Auto-Submitted"] == kind)]

    def within(self, mails, seconds):
        """The most of these mails that left within so long a time."""
        at = sorted(m.at for m in mails)
        return max((sum(1 for x in at if t - seconds < x <= t) for t in at), default=0)

    def articles(self):
        out = []
        for t in self.helpd.tickets():
            out += [a for a in self.helpd.show(t["id"])["articles"]]
        return out

    def check(self):
        """All that was put in is somewhere: an article, or held for somebody to look at."""
        came = [a for a in self.articles() if a["direction"] in ("in", "note")]
        assert len(came) + len(self.helpd.json("quarantine")) == self.put
        assert not self.inbox.files("new")
        self.helpd.run("verify")
        assert not self.helpd.leaks()


def rude(m, wire, sender=None, subject="I am in Spain", to=None, body="Sun and sea until Monday.\n", **headers):
    """An answer without any sign of being one."""
    return mail(sender=sender or f"Ann Baker <{address(m)}>", to=to or address(m, "From"), subject=subject, body=body, Date=wire.date(), **headers)


def proper(m, wire, sender=None):
    """RFC 3834: not to what is automatic, not to a null sender, threaded, marked, with a null sender."""
    if m["Auto-Submitted"] not in (None, "no") or m["Return-Path"] == "<>" or m["Precedence"] in ("bulk", "list", "junk"):
        return None
    return rude(m, wire, sender, subject="Auto: " + str(m["Subject"]), to=address(m, "Reply-To") or address(m, "From"), Return_Path="<>", Auto_Submitted="auto-replied",
                In_Reply_To=str(m["Message-ID"]), References=str(m["Message-ID"]))


# --- two of us -----------------------------------------------------------------


def other_conf(helpd):
    """The other side's own names."""
    text = helpd.conf.replace("acme.example", "customer.example").replace('site "Acme"', 'site "Bolt"')
    helpd.conf = text
    helpd.write_conf(text)
    return helpd


def rules(helpd, text):
    os.makedirs(helpd.etc + "/rules.d", exist_ok=True)
    with open(helpd.etc + "/rules.d/10-answers.sieve", "w") as f:
        f.write(text)


ANSWERS = """require ["vnd.helpd", "vacation"];
if event ["new", "followup"] {
    answer "ack";
    vacation :days 1 "We are closed today.";
}
"""


@pytest.mark.parametrize("with_rules", [False, True], ids=["", "rules"])
@pytest.mark.parametrize("with_agents", [False, True], ids=["", "agents"])
def test_two_installations(h, with_agents, with_rules):
    """Two daemons, each the other's customer, with Postfix between them: one acknowledgement, and silence. Then their people write, and again silence."""
    sides = {"a": "acme.example", "b": "customer.example"}
    support = {n: h.maildir(n + "-in") for n in sides}
    anna = {n: h.maildir(n + "-anna") for n in sides}
    postfix = h.postfix({f"support@{d}": support[n].path for n, d in sides.items()} | {f"anna@{d}": anna[n].path for n, d in sides.items()})
    a, b = (h.helpd(mailbox(support[n]), postfix.transport, name=n) for n in sides)
    other_conf(b)
    for x, domain in zip((a, b), sides.values()):
        if with_agents:
            with open(x.etc + "/agents.conf", "w") as f:
                f.write(f'agent "anna" {{ address ["anna@{domain}"]; }}\n')
        if with_rules:
            rules(x, ANSWERS)
        x.start()
    postfix.post(mail(sender="Bolt <support@customer.example>", subject="Your invoice", Return_Path=None), "support@customer.example", "support@acme.example")
    wait_for(lambda: a.tickets() and b.tickets(), 30)
    settle(a, b)
    if with_rules:
        assert directions(a)[0] == "in" and 1 <= directions(a).count("out") <= 2 and set(directions(b)) == {"in"}
    else:
        assert directions(a) == ["in", "out"] and directions(b) == ["in"]
    # A person answers on each side; each answer is an ordinary mail to the other.
    a.run("reply", "1", "--message", "It is on its way.")
    settle(a, b)
    b.run("reply", "1", "--message", "Thank you, we wait.")
    settle(a, b)
    for x, y in ((a, b), (b, a)):
        assert len(x.tickets()) == 1, x.tickets()
        articles = x.show(1)["articles"]
        automatic = [r for r in articles if r["direction"] == "out" and r["automatic"]]
        assert directions(x).count("out") - len(automatic) == 1 and len(automatic) <= 3
        # What one said, the other has, and nobody was asked twice for anything.
        assert directions(x).count("in") == directions(y).count("out") + (x is a)
        assert not x.json("quarantine")
    for n, x in (("a", a), ("b", b)):
        kinds = [m["X-Helpd-Notice"] for m in anna[n].mails()]
        assert (1 <= len(kinds) <= directions(x).count("in") if with_agents else not kinds), kinds
        x.stop()


def directions(helpd):
    return [r["direction"] for t in helpd.tickets() for r in helpd.show(t["id"])["articles"]]


def settle(*helpds, quiet=2.5, seconds=40):
    """Until nothing has changed anywhere for a while."""
    end, last, since = time.monotonic() + seconds, None, time.monotonic()
    while time.monotonic() < end:
        now = [directions(x) for x in helpds]
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > quiet:
            return
        time.sleep(0.2)
    raise AssertionError(f"they go on: {last}")


def stripped(raw, subject=None):
    """As a gateway passes it on that throws away all that could tell."""
    m = email.message_from_bytes(raw, policy=email.policy.default)
    for name in SIGNS:
        del m[name]
    if subject:
        m.replace_header("Subject", subject)
    return m.as_bytes()


@needs_clock
@pytest.mark.parametrize("renamed", [False, True], ids=["", "renamed"])
def test_two_installations_without_signs(h, renamed):
    """Between them a gateway that removes every sign and every thread, even our number from the subject: then the limits to one address hold."""
    a_in, b_in = h.maildir("a-in"), h.maildir("b-in")
    a = Wire(h.helpd(mailbox(a_in), name="a"), a_in)
    b = Wire(other_conf(h.helpd(mailbox(b_in), name="b")), b_in)
    a.put_in(mail(sender="Bolt <support@customer.example>", subject="Your invoice"))
    silent = 0
    for n in range(60):
        for x, y in ((a, b), (b, a)):
            for m in x.round():
                y.put_in(stripped(m.as_bytes(), f"Your mail of {x.elapsed} s, {n}" if renamed else None))
        silent = silent + 1 if not a.within([m for m in a.sent + b.sent if m.at == a.elapsed], 1) else 0
        a.elapsed += 600
        b.elapsed += 600
        if silent > 2:
            break
    for x in (a, b):
        assert 1 <= len(x.sent) <= 10 and x.within(x.sent, HOUR) <= 3, [(m.at, m["Subject"]) for m in x.sent]
        assert silent > 2
        x.check()


# --- responders ----------------------------------------------------------------


def test_vacation_proper(h):
    """By RFC 3834: our automatic mail is not answered, an agent's answer is, once; that is kept, answered by nobody, and reopens nothing."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 0)
    w.put_in(mail())
    w.run(proper, 5)
    assert [m["Auto-Submitted"] for m in w.sent] == ["auto-replied"]
    w.helpd.run("reply", "1", "--message", "Somebody is on the way.", "--status", "resolved")
    w.run(proper, 8)
    assert len(w.sent) == 2 and directions(w.helpd) == ["in", "out", "out", "in"]
    assert w.articles()[-1]["automatic"] and w.helpd.show(1)["status"] == "resolved"
    w.check()


@needs_clock
@pytest.mark.parametrize("answers", ["from", "reply-to"])
def test_vacation_rude(h, answers):
    """Without any sign, to everything, for three days, with a subject of its own each time: at most 3 an hour and 10 a day."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 30)
    w.put_in(mail(subject="Printer on fire"))
    w.run(lambda m, w: rude(m, w, subject=f"Away, mail {len(w.sent)}", to=address(m, "Reply-To" if answers == "reply-to" else "From")), 144, quiet=100)
    assert w.within(w.sent, HOUR) <= 3 and w.within(w.sent, DAY) <= 10
    assert 1 <= len(w.sent) <= 30
    # An answer to where our mail asks for it belongs to the ticket, and ends it at once.
    assert len(w.helpd.tickets()) == (1 if answers == "reply-to" else w.put)
    w.check()


def test_same_subject(h):
    """The same words each time: from the second automatic mail on none with a subject that it had."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 0)
    w.put_in(mail(subject="I am in Spain"))
    w.run(rude, 12)
    assert len(w.sent) == 2
    w.check()


@needs_clock
@pytest.mark.parametrize("thread", ["kept", "lost"])
def test_changing_senders(h, thread):
    """
    A machine that answers every mail twice, each time from new addresses and with new subjects, and that begins again every hour: to each
    address ours is the first mail, so only the breaker of the whole site can end it, here lowered to 8 an hour. What is over is held, and goes nowhere by itself.
    """
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox), rest="limits { site_per_hour 8; }"), inbox, 10)
    began = time.time()

    def stranger(n, **more):
        return mail(f"m{n} <m{n}@c{n % 7}.example>", subject=f"Message {n}", Date=w.date(), **more)

    def machine(m, w):
        more = {"In_Reply_To": str(m["Message-ID"])} if thread == "kept" else {}
        return [stranger(w.put * 100 + w.sent.index(m) * 2 + i, **more) for i in range(2)]

    for _ in range(4):
        w.put_in(stranger(w.put * 100 + 99))
        w.run(machine, 6, quiet=9)
    hours = [int((began + m.at) // HOUR) for m in w.sent]
    assert max(hours.count(x) for x in hours) <= 8 and len(w.sent) <= 8 * 5
    held = [r for r in w.helpd.json("outbox") if r["state"] == "held"]
    assert held and all("whole site" in r["last"] for r in held), held[:1]
    if thread == "lost":
        assert len(held) + len(w.sent) == w.put
    w.check()


def test_challenge_response(h):
    """Ann's provider asks whoever writes to her to prove that he is a person: from one address for all, or from one a mail, threaded or not. One acknowledgement, its
    challenge, and at most one to each address that asks; the challenges are on record, and a person's answer has the same fate as any."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 0)
    w.put_in(mail())

    def ask(m, w):
        to = address(m)
        if to.startswith("challenge"):
            return None   # it does not ask itself
        return mail(f"Confirm <challenge-{len(w.sent)}@customer.example>", subject="Please confirm your message", to=address(m, "Reply-To") or address(m, "From"),
                    body="Answer this mail, and yours will be delivered to Ann.\n", In_Reply_To=str(m["Message-ID"]))

    w.run(ask, 10)
    assert len(w.to("ann@customer.example")) == 1 and len(w.sent) == 1
    w.helpd.run("reply", "1", "--message", "Somebody is on the way.")
    w.run(ask, 10)
    assert len(w.sent) == 2 and directions(w.helpd).count("in") == 3
    # The same, where nothing names our mail: each address that asks is acknowledged once.
    w.run(lambda m, w: None, 3)
    w.put_in(mail(sender="Bob <bob@customer.example>", subject="Mine too"))
    w.run(lambda m, w: mail(f"Confirm <verify@customer.example>", subject=f"Confirm {len(w.sent)}", body="Click here.\n"), 10)
    assert len(w.to("verify@customer.example")) <= 3
    w.check()


# --- what comes back -----------------------------------------------------------


def by_daemon(to, body, subject="Undelivered Mail Returned to Sender", **headers):
    return mail("Mail Delivery System <MAILER-DAEMON@mx.customer.example>", to=to, subject=subject, body=body, **headers)


@pytest.mark.parametrize("form", ["null sender", "rude"])
def test_bounces_bounce(h, form):
    """Every mail to her is sent back, and what is sent to the postmaster there is sent back too. Nothing is written to anybody about it."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 0)
    w.put_in(mail())

    def bounce(m, w):
        more = {"Return_Path": "<>"} if form == "null sender" else {}
        return by_daemon("support@acme.example", f"Your message could not be delivered.\n\n<{address(m)}>: 550 5.1.1 User unknown\n\n"
                         f"--- Below is a copy of the message ---\n\nMessage-ID: {m['Message-ID']}\nSubject: {m['Subject']}\n", **more)

    w.run(bounce, 10)
    w.helpd.run("reply", "1", "--message", "Are you there?")
    w.run(bounce, 10)
    # The acknowledgement and the answer; the bounces are in the ticket, which knows that she cannot be reached.
    assert len(w.sent) == 2 and len(w.helpd.tickets()) == 1
    assert directions(w.helpd).count("in") + directions(w.helpd).count("note") == 3
    events = [e["kind"] for e in w.helpd.show(1)["events"]]
    assert events.count("bounce") == 2 and "delivery-failed" in events
    w.check()


def test_bounce_with_a_subject_alone(h):
    """A report that gives back no more than the subject: with our number and somebody of that ticket it is shown there. Anyone could have written it, so nothing
    follows from it; with a stranger's address it is not even that."""
    inbox = h.maildir()
    w = Wire(h.helpd(mailbox(inbox)), inbox, 0)
    w.put_in(mail())
    w.round()
    for address_ in ("ann@customer.example", "eve@elsewhere.example"):
        w.put_in(by_daemon("support@acme.example", f"Your message could not be delivered.\n\n<{address_}>: 550 5.1.1 User unknown\n\n"
                           "--- Below is a copy of the message ---\n\nFrom: support@acme.example\nSubject: [Acme #1] Printer on fire\n", Return_Path="<>"))
    w.round()
    shown = w.helpd.show(1)
    assert [e["detail"][:4] for e in shown["events"] if e["kind"] == "bounce"] == ["hard"] and shown["status"] == "new"
    assert shown["articles"][-1]["evidence"].startswith("subject #1") and "delivery-failed" not in [e["kind"] for e in shown["events"]]
    assert len(w.helpd.tickets()) == 2
    w.put_in(mail(subject="Another one"))
    assert len(w.round()) == 1
    w.check()


# --- the desk's own people -----------------------------------------------------

TRUST = {"unproven": "", "proven": MX, "token": 'trust "token"; '}


def agents_house(h, trust="proven", rest=""):
    inbox = h.maildir()
    helpd = staffed(h.helpd(mailbox(inbox), site=TRUST[trust], rest=rest))
    return Wire(helpd, inbox, 10)


def as_anna(raw, trust):
    """What the desk's own mail system makes of a mail of hers."""
    return (b"Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\n" if trust == "proven" else b"") + raw


@needs_clock
@pytest.mark.parametrize("trust", TRUST)
def test_agent_away_proper(h, trust):
    """Anna's vacation responder answers every notice, marked: each is on record within, nothing of it goes to the customer, and nobody is told of it."""
    w = agents_house(h, trust)
    w.put_in(mail())

    def away(m, w):
        if address(m) != "anna@desk.example":
            return None
        return as_anna(rude(m, w, "Anna Berg <anna@desk.example>", "Automatic reply: " + str(m["Subject"]), address(m, "Reply-To"), Auto_Submitted="auto-replied",
                            X_Auto_Response_Suppress="All", In_Reply_To=str(m["Message-ID"])), trust)

    w.run(away, 12)
    w.put_in(mail(subject="Another one", Date=w.date()))
    w.run(away, 12)
    assert len(w.to("ann@customer.example")) == 2
    assert len(w.to("anna@desk.example")) == 2 and len(w.to("ben@desk.example")) == 2
    w.check()


@needs_clock
@pytest.mark.parametrize("answers", ["Reply-To", "From"])
@pytest.mark.parametrize("trust", TRUST)
def test_agent_away_rude(h, trust, answers):
    """
    The same without any sign, to all that is written to her, for four days, in which all that waits for her word is given up. Where her mail is taken for hers, its
    words go to the customer, as her answer would, once; else it waits. Either way it ends: a question is asked three times, a challenge once.
    """
    w = agents_house(h, trust)
    w.step = 3600
    w.put_in(mail())

    def away(m, w):
        if address(m) != "anna@desk.example":
            return None
        return as_anna(rude(m, w, "Anna Berg <anna@desk.example>", f"Sun and sea {len(w.sent)}", address(m, answers) or address(m, "From"),
                            Message_ID=f"<{len(w.sent)}@anna.example>"), trust)

    w.run(away, 96, quiet=90)
    assert len(w.to("ann@customer.example")) == (2 if answers == "Reply-To" and trust != "unproven" else 1)
    assert len(w.to("anna@desk.example")) <= 4 and len(w.to("ben@desk.example")) <= 2, [(m.at, m["Subject"]) for m in w.sent]
    w.check()


@needs_clock
def test_both_away_rude(h):
    """The customer's and the agent's, neither marked, both to everything, through the desk: what goes to each is bounded, for ever."""
    w = agents_house(h)
    w.step = 120
    w.put_in(mail())

    def away(m, w):
        to = address(m)
        if to == "anna@desk.example":
            return as_anna(rude(m, w, "Anna Berg <anna@desk.example>", f"Sun and sea {len(w.sent)}", address(m, "Reply-To") or address(m, "From"),
                                Message_ID=f"<{len(w.sent)}@anna.example>"), "proven")
        if to == "ann@customer.example":
            return rude(m, w, None, f"In the mountains {len(w.sent)}", address(m, "Reply-To") or address(m, "From"), Message_ID=f"<{len(w.sent)}@ann.example>")
        return None

    w.run(away, 90, quiet=8)
    # The acknowledgement and twelve answers; as many notices, and the questions about what is over.
    assert len(w.to("ann@customer.example")) <= 13
    assert len(w.to("anna@desk.example")) <= 20 and w.elapsed < 90 * w.step
    w.check()


@needs_clock
def test_agent_is_machine(h):
    """What agents.conf calls an agent is an autoresponder that answers from addresses of its own, with the token it was given: held, told a few times a day."""
    w = agents_house(h)
    w.put_in(mail())

    def machine(m, w):
        if address(m) != "anna@desk.example":
            return None
        return rude(m, w, f"Machine <m{len(w.sent)}@machine.example>", f"Received {len(w.sent)}", address(m, "Reply-To") or address(m, "From"),
                    Message_ID=f"<{len(w.sent)}@machine.example>")

    w.run(machine, 100, quiet=10)
    assert w.elapsed < 100 * w.step
    assert len(w.to("ann@customer.example")) == 1
    assert len(w.to("anna@desk.example")) <= 26 and len(w.to("ben@desk.example")) <= 14, [(m.at, address(m), m["Subject"]) for m in w.sent]
    w.check()


# --- lists ---------------------------------------------------------------------


@pytest.mark.parametrize("form", ["list", "bare"])
def test_list_sends_back(h, form):
    """The customer is a mailing list that we are on, or a forwarding of our own: each mail of ours comes back, with the list's fields or with none."""
    w = agents_house(h)
    w.step = 0
    w.put_in(mail(sender="Users <users@lists.customer.example>"))

    def back(m, w):
        if not address(m).startswith("users@"):
            return None
        again = email.message_from_bytes(m.as_bytes(), policy=email.policy.default)
        if form == "list":
            again["List-Id"] = "<users.lists.customer.example>"
            again["Precedence"] = "list"
            again["Sender"] = "users-bounces@lists.customer.example"
        again["Received"] = "from lists.customer.example by mx.acme.example; " + email.utils.formatdate()
        again["X-Copy"] = str(len(w.sent))
        return again.as_bytes()

    w.run(back, 6)
    w.helpd.run("reply", "1", "--message", "Somebody is on the way.")
    w.run(back, 8)
    assert len(w.to("users@lists.customer.example")) == 2 and len(w.helpd.tickets()) == 1
    assert not [a for a in w.articles() if a["direction"] == "in" and a["seq"] > 1 and not a["automatic"]]
    assert len(w.to("anna@desk.example")) <= 2
    w.helpd.run("verify")


# --- across restarts -----------------------------------------------------------


def test_limits_persist(h):
    """The daemon is killed after each mail: the count goes on where it was."""
    inbox = h.maildir()
    helpd = h.helpd(mailbox(inbox))
    for n in range(6):
        inbox.put(mail(subject=f"Printer {n} on fire"))
        helpd.start()
        wait_for(lambda: len(helpd.tickets()) == n + 1)
        wait_for(lambda: len(helpd.out.mails()) >= min(n + 1, 3))
        helpd.kill()
    helpd.once()
    # Killed at the wrong moment, one may go out twice, with the same bytes; never another one.
    assert len({m["Message-ID"] for m in helpd.out.mails()}) == 3
    held = [r for r in helpd.json("outbox") if r["state"] == "held"]
    assert len(held) == 3 and all("an hour to this address" in r["last"] for r in held)
    helpd.run("verify")


# --- refused by a real server --------------------------------------------------


@pytest.mark.parametrize("way", ["at RCPT", "by a report later"])
def test_hard_bounce(h, way):
    """An address that is gone: no automatic mail to it any more, the agents are told once, an answer of a person still goes, and what she writes revives it."""
    support, ann, anna = (h.maildir(n) for n in ("support", "ann", "anna"))
    postfix = h.postfix({"support@acme.example": support.path, "ann@customer.example": ann.path, "anna@acme.example": anna.path})
    if way != "at RCPT":
        # It takes every address, and finds out when it delivers.
        with open(postfix.base + "/conf/main.cf") as f:
            conf = f.read()
        with open(postfix.base + "/conf/main.cf", "w") as f:
            f.write(conf.replace("smtpd_recipient_restrictions = permit_mynetworks", "smtpd_reject_unlisted_recipient = no\nsmtpd_recipient_restrictions = permit_mynetworks"))
    helpd = h.helpd(mailbox(support), postfix.transport)
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write('agent "anna" { address ["anna@acme.example"]; }\n')
    helpd.start()
    postfix.post(mail(Return_Path=None), "ann@customer.example", "support@acme.example")
    wait_for(lambda: ann.mails() and anna.mails(), 30)
    postfix.refuse("ann@customer.example")
    helpd.run("reply", "1", "--message", "Is it out?", "--status", "resolved")

    def failed():
        return [m for m in anna.mails() if m["X-Helpd-Notice"] == "failed"]

    notice, = wait_for(failed, 40)
    body = notice.get_body(("plain",)).get_content()
    assert "ann@customer.example" in body and "5.1.1" in body and "Is it out?" in body
    shown = helpd.show(1)
    events = [e for e in shown["events"] if e["kind"] in ("bounce", "delivery-failed", "reopened")]
    assert shown["status"] == "open" and {e["kind"] for e in events} >= {"delivery-failed", "reopened"}
    if way != "at RCPT":
        report, = [a for a in shown["articles"] if a["automatic"] and a["direction"] != "out"]
        assert report["evidence"].startswith("token <")
    # She writes from elsewhere, so to say: the acknowledgement would go where nobody is.
    before = len(helpd.json("outbox"))
    postfix.post(mail(subject="Another matter", Return_Path=None), "ann@customer.example", "support@acme.example")
    wait_for(lambda: len(helpd.tickets()) == 2, 30)
    settle(helpd, quiet=1.5)
    assert directions(helpd).count("out") == 2 and len(failed()) == 1 and len(helpd.json("outbox")) == before
    why = [e["detail"] for e in helpd.show(2)["events"] if e["kind"] == "not-acknowledged"]
    assert why == ["mail to this address came back"], why
    helpd.stop()
