"""The people of the soak (test_soak.py): customers and agents who write, read and answer on their own, and the ledger of all that they gave and got.

Everybody decides by a random generator of his own, seeded by the run's seed and his name; what he decides about depends on what reached him, so two
runs of one seed have the same people and the same plan, not the same instants.

Each mail holds a mark, a word of its own ("w000123x8f3a"), by which it is told wherever it turns up.
"""
import email
import email.policy
import email.utils
import hashlib
import heapq
import itertools
import os
import pickle
import random
import re
import smtplib
import threading
import time

MARK = re.compile(r"\bw\d{6}x[0-9a-f]{4}\b")
TAGGED = re.compile(r"\[Acme #(\d+)\]")
DESK = ("support@acme.example", "sales@acme.example", "billing@acme.example")
# Text in several charsets: (charset, what must be read).
FOREIGN = (("gb18030", "您好，我的订单已付款，但状态没有更新。"), ("iso-2022-jp", "プリンターが燃えています。"), ("koi8-r", "Принтер горит, помогите."),
           ("windows-1252", "Der Drucker brennt für 5 €."), ("utf-8", "L’imprimante brûle — vite ! 🔥"), ("big5", "印表機著火了"), ("euc-kr", "프린터에 불이 났어요"))


class Given:
    """A mail that somebody handed in, and what is to become of it."""

    def __init__(self, kind, mid, sender, to, mark, raw, port, envelope=None, root=None, phrase=None, files=(), agent=None, about=None):
        # opens: a ticket of the sender's own; joins: that of root; agent: carried out, refused or waiting; forged: nothing at all
        self.kind, self.mid, self.sender, self.to, self.mark, self.raw, self.port = kind, mid, sender, to, mark, raw, port
        self.envelope = sender if envelope is None else envelope
        self.root, self.phrase, self.files, self.agent, self.about = root, phrase, files, agent, about
        self.at = 0.0         # when the server had taken it
        self.failed = 0       # how often it had not
        self.times = 0        # how often it was given on purpose
        self.commands = False # an agent's, with commands on top
        self.weak = False     # and without proof that it is his


class Got:
    """A mail that lies in somebody's mailbox."""

    def __init__(self, box, raw, at):
        self.box, self.at = box, at
        head, _, body = raw.partition(b"\n\n")
        self.m = email.message_from_bytes(raw, policy=email.policy.default)
        self.mid = str(self.m["Message-ID"] or "").strip("<> ")
        self.to = str(self.m["Delivered-To"] or "").lower()
        received = str(self.m["Received"] or "")
        found = re.search(r"\bid ([0-9A-Za-z]+)\b", received)
        # Postfix's own number: what it delivers twice it has taken once.
        self.queue = found.group(1) if found else ""
        kept, skipping = [], False
        for line in head.split(b"\n"):
            if line[:1] not in (b" ", b"\t"):
                skipping = line.lower().startswith((b"return-path:", b"x-original-to:", b"delivered-to:", b"received:"))
            if not skipping:
                kept.append(line)
        self.digest = hashlib.sha256(b"\n".join(kept) + b"\n\n" + body).hexdigest()
        self.automatic = bool(self.m["Auto-Submitted"])
        self.notice = str(self.m["X-Helpd-Notice"] or "")
        self.own = bool(self.m["X-Helpd-Ticket"])
        found = TAGGED.search(str(self.m["Subject"]))
        self.ticket = int(found.group(1)) if found else 0
        self.answers = str(self.m["In-Reply-To"] or "").strip("<> ")

    def text(self):
        part = self.m.get_body(("plain",))
        return part.get_content() if part else ""


class Ledger:
    """All that was given and all that was got. One lock; lists only grow."""

    def __init__(self, seed):
        self.lock = threading.Lock()
        self.given, self.got, self.counter = [], [], itertools.count(1)
        self.by_mid = {}
        self.rng = random.Random(f"{seed} marks")

    def mark(self):
        with self.lock:
            return f"w{next(self.counter):06d}x{self.rng.randrange(65536):04x}"

    def gave(self, g):
        with self.lock:
            self.given.append(g)
            self.by_mid.setdefault(g.mid, g)

    def took(self, got):
        with self.lock:
            self.got.append(got)

    def write(self, path):
        """For whoever looks into a run that went wrong (HELPD_KEEP)."""
        with open(path + ".pickle", "wb") as f:
            pickle.dump((self.given, self.got), f)
        with open(path, "w") as f:
            for g in self.given:
                f.write(f"{g.at:.2f} gave {g.kind} {g.agent or ''} {g.mid} {g.sender} -> {','.join(g.to)} root={g.root} about={g.about} times={g.times} failed={g.failed}\n")
            for x in self.got:
                f.write(f"{x.at:.2f} got {x.box} {x.to} {x.notice} #{x.ticket} {x.mid} answers={x.answers} queue={x.queue}\n")


class Post:
    """Hands in what people wrote, like their mail programs: again and again until the server has taken it."""

    def __init__(self, ledger, workers=3):
        self.ledger, self.heap, self.lock = ledger, [], threading.Condition()
        self.order, self.under_way, self.over = itertools.count(), 0, False
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(workers)]
        for t in self.threads:
            t.start()

    def put(self, g, delay=0.0):
        with self.lock:
            heapq.heappush(self.heap, (time.monotonic() + delay, next(self.order), g))
            self.lock.notify()

    def left(self, horizon=1e9):
        with self.lock:
            return sum(1 for at, _, _ in self.heap if at < time.monotonic() + horizon) + self.under_way

    def work(self):
        while not self.over:
            with self.lock:
                wait = self.heap[0][0] - time.monotonic() if self.heap else 1
                if wait > 0:
                    self.lock.wait(min(wait, 1))
                    continue
                g = heapq.heappop(self.heap)[2]
                self.under_way += 1
            try:
                with smtplib.SMTP("127.0.0.1", g.port, timeout=30, local_hostname="client.example") as s:
                    s.sendmail(g.envelope, g.to, g.raw)
                g.at = g.at or time.time()
                g.times += 1
            except (OSError, smtplib.SMTPException):
                # Perhaps it has been taken all the same: then it comes twice, with the same content.
                g.failed += 1
                self.put(g, 2.0)
            finally:
                with self.lock:
                    self.under_way -= 1

    def close(self):
        self.over = True
        for t in self.threads:
            t.join(40)


def fold(raw):
    return re.sub(rb"\r?\n", b"\r\n", raw)


def build(sender, to, subject, mid, text, headers=(), html=None, charset="utf-8", files=(), cc=()):
    """A mail as a usual program makes it. text in quoted-printable or base64 as the charset asks."""
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["From"], m["To"], m["Subject"] = sender, ", ".join(to), subject
    if cc:
        m["Cc"] = ", ".join(cc)
    m["Date"], m["Message-ID"] = email.utils.formatdate(), f"<{mid}>"
    for k, v in headers:
        if v:
            m[k] = v
    if text is not None:
        m.set_content(text, charset=charset)
        if html:
            m.add_alternative(html, subtype="html")
    else:
        m.set_content(html, subtype="html")
    for name, content in files:
        m.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return m.as_bytes()


def quoted(m):
    part = m.get_body(("plain",))
    return "".join("> " + x + "\n" for x in (part.get_content() if part else "").splitlines()[:60])


class Maildrop:
    """A Maildir that a reader empties: what was read is moved aside, so that each look costs what is new."""

    def __init__(self, path):
        self.path = str(path)
        self.aside = self.path + "/read"
        os.makedirs(self.aside, exist_ok=True)

    def fetch(self):
        out = []
        for name in sorted(os.listdir(self.path + "/new")):
            f = f"{self.path}/new/{name}"
            at = os.stat(f).st_mtime
            with open(f, "rb") as fd:
                raw = fd.read()
            os.rename(f, f"{self.aside}/{name}")
            out.append((raw, at))
        return out

    def waiting(self):
        return len(os.listdir(self.path + "/new"))


class Customer:
    """Somebody with a matter or several: opens tickets, and writes in them by whatever his program does."""

    def __init__(self, world, number, name, domain="customer.example", habit=None):
        self.world, self.habit = world, habit
        self.address = f"{name}@{domain}"
        self.sender = f"{name.capitalize()} Customer <{self.address}>"
        self.rng = random.Random(f"{world.seed} {self.address}")
        self.desk = self.rng.choices(DESK, (6, 3, 1))[0]
        self.roots = []           # what he opened
        self.last = {}            # ticket -> the last mail from the desk about it, and whose root it is
        self.answered = {}        # ticket -> how often he answered by himself
        self.number = number

    def plan(self, seconds):
        """When he writes: three to six times, the first time in the first half."""
        n = self.rng.randint(3, 6) if seconds > 300 else self.rng.randint(1, 3)
        first = self.rng.uniform(0, seconds * 0.55)
        return [(first, self.open)] + [(self.rng.uniform(first, seconds), self.some) for _ in range(n - 1)]

    def some(self):
        if not self.roots or (self.rng.random() < 0.22 and len(self.roots) < 5):
            self.open()
        else:
            self.follow()

    def give(self, kind, subject, text, to=None, mid=None, root=None, headers=(), phrase=None, envelope=None, mark=None, **kw):
        w = self.world
        mark = mark or w.ledger.mark()
        mid = mid or f"{mark}@{self.address.split('@')[1]}"
        to = to or (self.desk,)
        files = kw.get("files", ())
        html = kw.pop("html", None)
        body = None if text is None else f"{text}\nCase {mark}\n"
        raw = build(self.sender, to, subject, mid, body, headers, html=html.replace("MARK", mark) if html else None, **kw)
        g = Given(kind, mid, self.address, tuple(to) + tuple(kw.get("cc", ())), mark, raw, w.port, envelope=envelope, root=root, phrase=phrase,
                  files=[hashlib.sha256(c).hexdigest() for _, c in files])
        w.ledger.gave(g)
        w.post.put(g)
        return g

    def open(self):
        r, n = self.rng.random(), self.rng.randrange(10**6)
        subject, text = f"Matter {n} of {self.number}", f"Something is wrong with number {n}.\nPlease help."
        if r < 0.50:
            g = self.give("opens", subject, text)
        elif r < 0.58:
            charset, phrase = self.rng.choice(FOREIGN)
            g = self.give("opens", subject, phrase, charset=charset, phrase=phrase)
        elif r < 0.68:
            g = self.give("opens", subject, None, html=f"<p>It is <b>refused</b> since today.</p><p>Case MARK</p><script>alert({n})</script>", phrase="It is refused since today.")
        elif r < 0.75:
            g = self.give("opens", subject, text, html=f"<html><body><p>{text}</p><p>Case MARK</p></body></html>")
        elif r < 0.83:
            g = self.give("opens", subject, text, files=[(f"Übersicht {n}.pdf", self.rng.randbytes(self.rng.randrange(200, 40000)))])
        elif r < 0.84:
            g = self.give("opens", subject, text, files=[("big.bin", self.rng.randbytes(self.rng.randrange(300_000, 2_500_000)))])
        elif r < 0.89:
            # To two addresses of the desk, which are two mailboxes: one ticket.
            g = self.give("opens", subject, text, to=("support@acme.example", "sales@acme.example"))
        elif r < 0.92:
            other = self.rng.choice(self.world.plain)
            g = self.give("opens", subject, text, cc=(other.address,)) if other is not self else self.give("opens", subject, text)
        elif r < 0.93:
            # Somebody else's number: no way in.
            g = self.give("opens", f"Re: [Acme #{self.rng.randint(1, max(self.world.highest, 1))}] {subject}", text)
        elif r < 0.94 and self.roots:
            # A broken program that gives two mails one Message-ID.
            self.give("joins", subject, text, mid=self.roots[-1].mid, root=self.roots[-1].mark)
            return
        elif r < 0.95:
            g = self.give("opens", f"Urgent: {subject}", text)
        elif r < 0.96:
            g = self.give("opens", f"Lottery {n}", "You have won.")
        else:
            g = self.give("opens", subject, text)
        self.roots.append(g)
        if self.rng.random() < 0.04:
            self.world.post.put(g, self.rng.uniform(0, 20))

    def follow(self):
        """Writes again about something, by token, by references, by subject alone, or to a mail of his own."""
        text = f"It is still so, number {self.rng.randrange(10**6)}."
        if self.last and self.rng.random() < 0.85:
            ticket = self.rng.choice(sorted(self.last))
            got, root = self.last[ticket]
            way = self.rng.random()
            subject = "Re: " + str(got.m["Subject"])
            body = text + "\n\nOn some day Acme wrote:\n" + quoted(got.m)
            threading_ = [("In-Reply-To", f"<{got.mid}>"), ("References", f"{got.m['References'] or ''} <{got.mid}>".strip())]
            back = email.utils.parseaddr(str(got.m["Reply-To"] or got.m["From"]))[1]
            mark = self.world.ledger.mark()
            body = f"{text}\nCase {mark}\n\nOn some day Acme wrote:\n{quoted(got.m)}"
            if way < 0.6:
                self.raw_follow(mark, subject, body, (back,), root, threading_)
            elif way < 0.75:
                self.raw_follow(mark, "Once more", body, (self.desk,), root, threading_)
            elif way < 0.9:
                self.raw_follow(mark, subject, body, (self.desk,), root, ())
            else:
                html = f"<p>{text} Case {mark}</p><blockquote type=cite><pre>{quoted(got.m).replace('&', '&amp;').replace('<', '&lt;')}</pre></blockquote>"
                self.raw_follow(mark, subject, body, (back,), root, threading_, html=html)
        elif self.roots:
            g = self.roots[-1]
            self.give("joins", "Re: " + str(email.message_from_bytes(g.raw, policy=email.policy.default)["Subject"]), text, root=g.mark,
                      headers=[("In-Reply-To", f"<{g.mid}>"), ("References", f"<{g.mid}>")])

    def raw_follow(self, mark, subject, body, to, root, headers, html=None, envelope=None, kind="joins"):
        w = self.world
        mid = f"{mark}@{self.address.split('@')[1]}"
        g = Given(kind, mid, self.address, tuple(to), mark, build(self.sender, to, subject, mid, body, headers, html=html), w.port, envelope=envelope, root=root)
        w.ledger.gave(g)
        w.post.put(g, self.rng.uniform(0, 3))
        if self.rng.random() < 0.03:
            w.post.put(g, self.rng.uniform(0, 30))

    def reads(self, got):
        """A mail from the desk: remembered, and answered by whoever cannot let it be."""
        if not got.ticket:
            return
        root = self.last.get(got.ticket, (None, None))[1] or next((g.mark for g in self.roots if g.mid == got.answers), None)
        if root is None:
            refs = str(got.m["References"] or "")
            root = next((g.mark for g in self.roots if g.mid in refs), None)
        if root is None:
            root = f"#{got.ticket}"        # a ticket in which he reads along
        self.last[got.ticket] = (got, root)
        self.answered[got.ticket] = self.answered.get(got.ticket, 0) + 1
        if self.world.closing or self.answered[got.ticket] > 6:
            return
        back = email.utils.parseaddr(str(got.m["Reply-To"] or got.m["From"]))[1]
        mark = self.world.ledger.mark() if self.habit in ("vacation", "rude", "bounces") else None
        threading_ = [("In-Reply-To", f"<{got.mid}>"), ("References", f"<{got.mid}>")]
        if self.habit == "vacation" and not got.automatic:
            self.raw_follow(mark, f"Automatic reply: {got.m['Subject']}", f"I am away until Monday.\nCase {mark}\n", (back,), root,
                            [*threading_, ("Auto-Submitted", "auto-replied")], envelope="", kind="auto")
        elif self.habit == "bounces" and not got.automatic:
            self.bounce(got, mark, root)
        elif self.habit == "rude":
            self.raw_follow(mark, "Out of office", f"I am on a beach.\nCase {mark}\n", (back,), root, threading_)
        elif not got.automatic and self.rng.random() < 0.25:
            thanks = self.rng.random() < 0.3
            mark = self.world.ledger.mark()
            self.raw_follow(mark, "Re: " + str(got.m["Subject"]), ("Thank you very much!" if thanks else "That is not what I asked.") + f"\nCase {mark}\n\nSomebody wrote:\n" + quoted(got.m),
                            (back,), root, threading_)


    def bounce(self, got, mark, root):
        """His mail server took it, and says later that it cannot be delivered (RFC 3464)."""
        w, mid = self.world, f"{mark}@mx.customer.example"
        back = str(got.m["Return-Path"] or "").strip("<> ")
        head = "".join(f"{k}: {v}\n" for k, v in got.m.items() if k in ("From", "To", "Subject", "Date", "Message-ID", "Reply-To"))
        raw = f"""From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
To: {back}
Subject: Undelivered Mail Returned to Sender
Date: {email.utils.formatdate()}
Message-ID: <{mid}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{mark}"

--{mark}
Content-Type: text/plain; charset=us-ascii

This is the mail system at mx.customer.example. Case {mark}
I could not deliver your message: <{self.address}>: mailbox full

--{mark}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; {self.address}
Action: failed
Status: {"5.2.2" if self.number % 2 else "5.1.1"}
Diagnostic-Code: smtp; 552 {"5.2.2" if self.number % 2 else "5.1.1"} <{self.address}> no room

--{mark}
Content-Type: text/rfc822-headers

{head}
--{mark}--
""".encode()
        g = Given("auto", mid, "mailer-daemon@mx.customer.example", (back,), mark, fold(raw), w.port, envelope="", root=root)
        w.ledger.gave(g)
        w.post.put(g, self.rng.uniform(0, 5))


class Agent:
    """Somebody at the desk, with nothing but a mailbox and the port where colleagues hand in their mail."""

    def __init__(self, world, name, drop):
        self.world, self.name, self.drop = world, name, drop
        self.address = f"{name}@acme.example"
        self.sender = f"{name.capitalize()} Agent <{self.address}>"
        self.rng = random.Random(f"{world.seed} {self.address}")
        self.wrote = {}          # Message-ID -> the mail
        self.seen = {}           # customer's address -> tickets that he was told of
        self.answered = {}       # ticket -> how often
        self.notices = []        # the newest; what forgers may have got hold of

    def give(self, got, body, act, weak=False, words=None, files=(), delay=0.0, about=None):
        w = self.world
        mark = words or w.ledger.mark()
        mid = f"{mark}.{self.name}@acme.example"
        back = email.utils.parseaddr(str(got.m["Reply-To"]))[1]
        html = None
        text = f"{body}\n\nOn some day somebody wrote:\n{quoted(got.m)}"
        if self.rng.random() < 0.15 and not body.startswith("#") and body:
            html = "<div>" + body.replace("\n", "<br>") + "</div><blockquote type=cite><pre>" + quoted(got.m).replace("&", "&amp;").replace("<", "&lt;") + "</pre></blockquote>"
        raw = build(self.sender, (back,), "Re: " + str(got.m["Subject"]), mid, text,
                    [("In-Reply-To", f"<{got.mid}>"), ("References", f"<{got.mid}>")], html=html, files=files)
        g = Given("agent", mid, self.address, (back,), mark, raw, w.port if weak else w.agents_port, agent=act,
                  about=about or (got.ticket, customer_of(got)), files=[hashlib.sha256(c).hexdigest() for _, c in files])
        g.weak = weak
        g.commands = body.startswith("#") and act != "send"
        self.wrote[mid] = g
        w.ledger.gave(g)
        w.post.put(g, delay)
        return g

    def reads(self, got):
        if got.notice == "transcript":
            g = self.wrote.get(got.answers)
            # Only what he wrote himself, and nobody else in his name.
            if g and "#send on top" in got.text() and not self.world.closing and self.rng.random() < 0.75:
                self.give(got, "#send", "send", delay=self.rng.uniform(0.5, 4), about=g.about)
            return
        if got.notice in ("challenge", "alert", "digest", "") or not got.ticket:
            return
        self.notices = (self.notices + [got])[-50:]
        who = customer_of(got)
        tickets = self.seen.setdefault(who, [])
        if got.ticket not in tickets:
            tickets.append(got.ticket)
        n = self.answered.get(got.ticket, 0)
        if self.world.closing or got.notice not in ("new", "followup", "assigned", "mention", "awoke", "sla") or n >= 4 or (got.notice == "sla" and n):
            return
        if self.world.busy() or self.rng.random() < 0.15:
            return
        self.answered[got.ticket] = n + 1
        self.acts(got, who, tickets)

    def acts(self, got, who, tickets):
        r, mark, delay = self.rng.random(), self.world.ledger.mark(), self.rng.uniform(0.5, 10)
        answer = f"Dear customer, please try again.\nAnswer {mark}"
        status = self.rng.choice(("#pending", "#resolve", "#resolve", "#hold", "#close", "#open"))
        if r < 0.36:
            self.give(got, answer, "answer", words=mark, delay=delay)
        elif r < 0.62:
            self.give(got, f"#take\n#tag +seen\n{status}\n\n{answer}", "answer", words=mark, delay=delay)
        elif r < 0.70:
            self.give(got, f"#note\nBetween us, he is wrong. Secret {mark}", "note", words=mark, delay=delay)
        elif r < 0.77:
            self.give(got, f"#priority {self.rng.choice(('high', 'urgent', 'low'))}\n#time 5m", "commands", words=mark, delay=delay)
        elif r < 0.85:
            # His mail system has no proof of him today: it waits.
            self.give(got, answer, "answer", weak=True, words=mark, delay=delay)
        elif r < 0.88:
            self.give(got, f"#clsoe\n\n{answer}", "wrong", words=mark, delay=delay)
        elif r < 0.91:
            self.give(got, "#snooze 1m", "commands", words=mark, delay=delay)
        elif r < 0.95 and len(tickets) > 1:
            self.give(got, f"#merge {self.rng.choice([t for t in tickets if t != got.ticket] or tickets)}", "merge", words=mark, delay=delay)
        elif r < 0.98:
            self.give(got, answer, "answer", words=mark, delay=delay, files=[("manual.pdf", self.rng.randbytes(self.rng.randrange(500, 30000)))])
        else:
            self.give(got, answer, "answer", words=mark, delay=delay)


def customer_of(got):
    """Whom a notice is about, as an agent reads it."""
    found = re.search(r"Customer: [^\n]*?<([^<>\s]+@[^<>\s]+)>|Customer: (\S+@\S+)", got.text().replace("\n ", " "))
    return (found.group(1) or found.group(2)).lower() if found else None


class Forger:
    """Writes in the agents' names through the port where everybody may, now and then with a notice that he got hold of."""

    def __init__(self, world):
        self.world, self.rng = world, random.Random(f"{world.seed} forger")

    def forge(self):
        w, r = self.world, self.rng
        mark = w.ledger.mark()
        agent = r.choice(w.agents)
        victim = r.choice(w.agents)
        to, headers, sender = r.choice(DESK), [], agent.sender
        way = r.choice(("bare", "results", "token", "other", "own-token", "name", "mid"))
        notice = r.choice(victim.notices) if victim.notices else None
        number = r.randint(1, max(w.highest, 1))
        if way == "results":
            headers = [("Authentication-Results", "mx.acme.example; dmarc=pass header.from=acme.example")]
        elif way == "name":
            sender = f'"{agent.address}" <mallory@customer.example>'
        elif notice is None:
            way = "bare"
        elif way in ("token", "other"):
            to = email.utils.parseaddr(str(notice.m["Reply-To"]))[1]
            if way == "other":
                sender = "Mallory <mallory@customer.example>"
            elif agent is victim:
                agent = next(a for a in w.agents if a is not victim)
                sender = agent.sender
        elif way == "own-token":
            sender, to = victim.sender, email.utils.parseaddr(str(notice.m["Reply-To"]))[1]
        elif way == "mid":
            headers = [("In-Reply-To", f"<{notice.mid}>")]
        mid = f"{mark}@mallory.example"
        raw = build(sender, (to,), f"Re: [Acme #{number}] Matter", mid, f"#tag +forged\n#priority urgent\n#close\n\nGo away {mark}.\n", headers)
        g = Given("forged", mid, email.utils.parseaddr(sender)[1], (to,), mark, raw, w.port, envelope="mallory@customer.example", agent=way)
        w.ledger.gave(g)
        w.post.put(g)


class World:
    """Everybody, and the threads in which they live."""

    def __init__(self, seed, postfix, agent_drops, customer_drop, customers, seconds):
        self.seed, self.seconds = seed, seconds
        self.port, self.agents_port = postfix.port, postfix.agents
        self.ledger = Ledger(seed)
        self.post = Post(self.ledger)
        self.closing, self.highest, self.stopped = False, 0, False
        self.drop = Maildrop(customer_drop)
        self.agents = [Agent(self, n, Maildrop(p)) for n, p in agent_drops.items()]
        self.customers = []
        for k in range(customers):
            # Of a hundred: five with a vacation, one whose machine answers everything, two whose mailbox is full later, two who are refused at the door.
            habit = {7: "vacation", 23: "vacation", 31: "vacation", 55: "vacation", 71: "vacation", 43: "rude", 17: "bounces", 67: "bounces",
                     13: "gone", 89: "refused"}.get(k % 100)
            domain = {"gone": "gone.example", "refused": "acme.example"}.get(habit, "customer.example")
            self.customers.append(Customer(self, k, f"c{k:04d}", domain, habit))
        self.plain = [c for c in self.customers if not c.habit]
        self.by_address = {c.address: c for c in self.customers}
        self.forger = Forger(self)
        self.problems = []
        plan = [x for c in self.customers for x in c.plan(seconds)]
        rng = random.Random(f"{seed} forgeries")
        plan += [(rng.uniform(seconds * 0.1, seconds), self.forger.forge) for _ in range(max(6, int(seconds / 6)))]
        self.plan = sorted(plan, key=lambda x: x[0])

    def busy(self):
        """More waits to be handed in than people can write."""
        return self.post.left(0) > 200

    def run(self):
        self.begin = time.monotonic()
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.write, self.read_customers, self.read_agents)]
        for t in self.threads:
            t.start()

    def guarded(self, what, *args):
        try:
            what(*args)
        except Exception as e:
            import traceback
            self.problems.append(f"the harness: {e!r}\n{traceback.format_exc()}")

    def write(self):
        for at, act in self.plan:
            while (left := self.begin + at - time.monotonic()) > 0 and not self.closing:
                time.sleep(min(left, 0.5))
            if self.closing:
                return
            self.guarded(act)

    def read_customers(self):
        while not self.stopped:
            self.guarded(self.look_at_customers)
            time.sleep(0.5)

    def look_at_customers(self):
        for raw, at in self.drop.fetch():
            got = Got("customers", raw, at)
            self.ledger.took(got)
            self.highest = max(self.highest, got.ticket)
            c = self.by_address.get(got.to)
            if c and got.own:
                self.guarded(c.reads, got)

    def read_agents(self):
        while not self.stopped:
            for a in self.agents:
                self.guarded(self.look_at_agent, a)
            time.sleep(0.5)

    def look_at_agent(self, a):
        for raw, at in a.drop.fetch():
            got = Got(a.name, raw, at)
            self.ledger.took(got)
            self.highest = max(self.highest, got.ticket)
            if got.own:
                self.guarded(a.reads, got)

    def close(self):
        self.closing = True
        self.threads[0].join(60)

    def stop(self):
        self.closing = self.stopped = True
        for t in self.threads:
            t.join(60)
        self.post.close()
