"""The daemon among its fellows: signals, kills, bad edits, bad servers, bad mail, loops."""
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from house import CORPORA, HELPD, SRC, mail, reply_to, wait_for


def box(m, name="in", more=""):
    return f'mailbox "{name}" {{ maildir "{m.path}"; {more} }}'


def test_reload(h):
    """SIGHUP takes a good configuration, and keeps the old one where the new one has an error."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.expected = [r"helpd\.conf:\d+:\d+", r"(reload|configuration)"]
    helpd.start()
    helpd.write_conf(helpd.conf.replace('queue "sales"', 'queu "sales"'))
    helpd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "helpd.conf:" in helpd.said())
    assert "queue" in helpd.said()
    inbox.put(mail(to="sales@acme.example"))
    wait_for(lambda: inbox.files("cur"))
    helpd.write_conf(helpd.conf.replace('queue "sales"', 'queue "verkauf"'))
    helpd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "is in force" in helpd.said())
    time.sleep(0.5)
    inbox.put(mail(to="sales@acme.example", subject="second"))
    wait_for(lambda: len(inbox.files("cur")) == 2)
    assert {t["subject"]: t["queue"] for t in helpd.tickets()} == {"Printer on fire": "sales", "second": "verkauf"}
    helpd.stop()


def test_check(h):
    """`check` tells every error with its place, at once; `check --connect` what the servers say."""
    dovecot = h.dovecot()
    helpd = h.helpd(dovecot.mailbox())
    helpd.run("check")
    helpd.run("check", "--connect")
    helpd.write_conf(helpd.conf.replace("languages", "langages").replace('timezone "UTC"', 'timezone "Europe/Berln"'))
    p = helpd.run("check", status=None)
    assert p.status == 78
    said = p + p.err
    assert "helpd.conf:4:" in said and "languages" in said and "Europe/Berlin" in said
    helpd.write_conf(helpd.conf)
    helpd.secret("wrong")
    p = helpd.run("check", "--connect", status=None)
    assert p.status != 0
    assert "wrong" not in p + p.err or "password" in (p + p.err)
    os.chmod(helpd.etc + "/secret", 0o644)
    p = helpd.run("check", "--connect", status=None)
    assert p.status != 0 and "secret" in p + p.err


def test_drain(h):
    """SIGTERM in the middle of much: ends with 0 soon, and what was taken is whole."""
    inbox = h.maildir()
    for k in range(1500):
        inbox.put(mail(subject=f"Nr. {k}", body="word " * 200 + "\n"))
    helpd = h.helpd(box(inbox)).start()
    wait_for(lambda: inbox.files("cur"))
    start = time.monotonic()
    helpd.stop()
    assert time.monotonic() - start < 15
    helpd.run("verify")
    helpd.once()
    assert len(helpd.tickets()) == 1500
    helpd.run("verify")


def test_kill(h):
    """kill -9 again and again: nothing lost, nothing doubled, no operator needed."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    total = 600
    for k in range(total):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}"))
    for pause in (0.05, 0.2, 0.35, 0.5):
        helpd.start()
        time.sleep(pause)
        helpd.kill()
    start = time.monotonic()
    helpd.start()
    assert time.monotonic() - start < 10
    wait_for(lambda: not inbox.files("new"), 60)
    helpd.stop()
    helpd.once()
    assert sorted(t["subject"] for t in helpd.tickets()) == sorted(f"Nr. {k}" for k in range(total))
    helpd.run("verify")
    # Each customer has at most one acknowledgement, but for what is recorded as ambiguous; equal bytes then.
    by_id = {}
    for m in helpd.out.mails():
        by_id.setdefault(m["Message-ID"], []).append(m.as_bytes())
    assert all(len(set(v)) == 1 for v in by_id.values())
    to = [str(m["To"]) for m in {m["Message-ID"]: m for m in helpd.out.mails()}.values()]
    assert len(to) == len(set(to))


def test_second_daemon(h):
    """A second daemon on the same data ends with an error and without a trace."""
    helpd = h.helpd(box(h.maildir())).start()
    helpd.expected = [r"(another|already|lock|in use|running)"]
    p = helpd.run("run", status=None, timeout=20)
    assert p.status not in (0, None)
    helpd.run("status")
    helpd.stop()


def test_watchdog_and_status(h):
    helpd = h.helpd(box(h.maildir()))
    assert helpd.run("status", status=None).status != 0
    helpd.start(env={"WATCHDOG_USEC": "2000000"})
    helpd.wait_notify("WATCHDOG=1", 5)
    helpd.wait_notify("WATCHDOG=1", 5)
    assert helpd.json("status")
    process = helpd.process
    # `stop` waits for the end; somebody has to take leave of the process meanwhile, as init would.
    reaper = threading.Thread(target=process.wait)
    reaper.start()
    helpd.run("stop")
    reaper.join(5)
    helpd.ended()


class Liar(threading.Thread):
    """An SMTP server that answers RCPT with what the test says."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer, self.seen = answer, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        f = c.makefile("rwb")

        def say(line):
            f.write(line.encode() + b"\r\n")
            f.flush()
        say("220 liar")
        for line in f:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                say("354 go")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += f.readline()
                self.seen.append(data)
                say("250 ok")
            elif verb == b"RCPT":
                say(self.answer)
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


def liar(h, answer):
    liar = Liar(answer)
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), f'transport "liar" {{ smtp "smtp+plain://127.0.0.1:{liar.port}"; }}')
    inbox.put(mail())
    return liar, inbox, helpd


def test_refused(h):
    """After a 5xx: never again; the ticket shows the server's words."""
    server, _, helpd = liar(h, "550 5.1.1 no such user here")
    helpd.once(status=None)
    assert not server.seen
    row, = helpd.json("outbox")
    assert row["state"] == "failed"
    assert "no such user here" in str(helpd.show(1))
    server.answer = "250 ok"
    helpd.once(status=None)
    assert not server.seen


def test_later(h):
    """After a 4xx: later, the same bytes."""
    server, _, helpd = liar(h, "451 4.7.1 greylisted")
    helpd.once(status=None)
    row, = helpd.json("outbox")
    assert row["state"] == "queued" and "greylisted" in str(row)
    assert not server.seen
    server.answer = "250 ok"
    helpd.run("outbox", "retry", str(row["id"]))
    helpd.once()
    assert len(server.seen) == 1
    helpd.once()
    assert len(server.seen) == 1
    assert not [r for r in helpd.json("outbox") if r["state"] != "sent"]


AUTOMATIC = [
    dict(Return_Path="<>"), dict(Auto_Submitted="auto-replied"), dict(Auto_Submitted="auto-generated; owner-email=x"), dict(Precedence="bulk"), dict(Precedence="junk"),
    dict(X_Auto_Response_Suppress="All"), dict(X_Autoreply="yes"), dict(X_Autorespond="re: hello"), dict(List_Id="<x.lists.example>"), dict(List_Unsubscribe="<mailto:x@y.example>"),
    dict(X_Loop="x"), dict(X_Failed_Recipients="x@y.example"), dict(X_Spam_Flag="YES"), dict(sender="MAILER-DAEMON@customer.example"), dict(sender="no-reply@customer.example"),
    dict(sender="noreply@customer.example"), dict(sender="postmaster@customer.example"), dict(sender="owner-list@customer.example"), dict(sender="list-bounces@customer.example"),
    dict(sender="support@acme.example"), dict(sender="support+17.ABC@acme.example"), dict(Delivered_To="autoresponder"), dict(X_MS_Exchange_Inbox_Rules_Loop="x@y.example"),
]


def test_silence(h):
    """Automatic mail of every kind is stored and never answered."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    for k, headers in enumerate(AUTOMATIC):
        inbox.put(mail(**{"subject": f"Nr. {k}", "sender": f"c{k}@customer.example", **headers}))
    helpd.once()
    assert [str(m["To"]) for m in helpd.out.mails()] == []
    stored = {a["subject"] for t in helpd.tickets() for a in helpd.show(t["id"])["articles"]}
    assert {f"Nr. {k}" for k in range(len(AUTOMATIC))} <= stored | {t["subject"] for t in helpd.tickets()}
    helpd.run("verify")


def test_two_helpdesks(h):
    """Two installations facing each other fall silent."""
    a, b = h.maildir("a"), h.maildir("b")
    one = h.helpd(box(a), f'transport "other" {{ maildir "{b.path}"; }}', name="one")
    two = h.helpd(box(b), f'transport "other" {{ maildir "{a.path}"; }}', name="two")
    two.write_conf(two.conf.replace("@acme.example", "@globex.example").replace('"Acme"', '"Globex"'))
    a.put(mail(sender="support@globex.example"))
    for _ in range(6):
        one.once()
        two.once()
    assert len(a.files()) + len(b.files()) <= 4


def test_limit(h):
    """One address gets at most three automatic mails an hour, across restarts; the rest is held, not dropped."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    for k in range(8):
        inbox.put(mail(subject=f"Question {k}"))
        helpd.once()
    assert len(helpd.tickets()) == 8
    assert len(helpd.out.mails()) == 3


POISON = {
    "deep": b"Subject: deep\nFrom: a@customer.example\nContent-Type: multipart/mixed; boundary=b0\n\n"
            + b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (k, k + 1) for k in range(5000)),
    "headers": b"From: a@customer.example\nSubject: many\n" + b"".join(b"X-%d: x\n" % k for k in range(500000)) + b"\nbody\n",
    "attributes": b"From: a@customer.example\nSubject: html\nContent-Type: text/html\n\n<p " + b" ".join(b"a%d=x" % k for k in range(100000)) + b">hello\n",
    "boundary": b"From: a@customer.example\nSubject: quoted\nContent-Type: multipart/mixed; boundary=\"" + b"a\\\"" * 3000 + b"\"\n\n--" + b"a\"" * 3000 + b"\n\nx\n",
    "longline": b"From: a@customer.example\nSubject: long\n\n" + b"x" * 20_000_000 + b"\n",
    "nul": b"From: a@customer.example\nSubject: nul\0nul\n\n" + b"\0" * 100000,
    "empty": b"",
    "newlines": b"\n" * 100000,
    "rfc822": b"From: a@customer.example\nSubject: nested\n" + b"Content-Type: message/rfc822\n\n" * 20000,
    "comments": b"From: a@customer.example\nTo: " + b"(" * 200000 + b"\nSubject: comments\n\nx\n",
    "words": b"From: a@customer.example\nSubject: " + b"=?utf-8?q?=41?= " * 100000 + b"\n\nx\n",
}


def test_poison(h):
    """Each hostile mail becomes a ticket or is quarantined whole, quickly, and an ordinary one after it is a ticket."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox)).start()
    helpd.expected = [r"quarantin", r"(worker|jail|parse)"]
    for k, (name, raw) in enumerate(POISON.items()):
        inbox.put(raw, f"{k}.{name}.test")
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"after {name}"))
    wait_for(lambda: not inbox.files("new"), 120, 0.3)
    subjects = {t["subject"] for t in helpd.tickets()}
    assert {f"after {name}" for name in POISON} <= subjects
    held = helpd.json("quarantine")
    assert len(held) + len(subjects - {f"after {n}" for n in POISON}) <= len(POISON)
    helpd.stop()
    helpd.run("verify")


def test_backup(h, base):
    """A hot backup, put in place elsewhere: the same tickets, the tokens still hold, nothing is taken twice."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox)).start()
    for k in range(20):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}"))
    wait_for(lambda: len(helpd.tickets()) == 20 and len(helpd.out.mails()) == 20)
    target = base + "/helpd/backup"
    helpd.run("backup", target)
    before = helpd.tickets()
    inbox.put(mail(sender="late@customer.example", subject="late"))
    wait_for(lambda: len(helpd.tickets()) == 21)
    assert helpd.run("restore", target, "--force", status=None).status != 0, "a daemon is running"
    helpd.stop()
    helpd.run("restore", target, "--force")
    helpd.run("verify")
    assert helpd.tickets() == before
    ack = next(m for m in helpd.out.mails() if "c7@" in str(m["To"]))
    inbox.put(reply_to(ack, sender="c7@customer.example", body="still me\n"))
    helpd.once()
    # The reply finds its ticket; the mail that came after the backup is in the Maildir yet, and is taken again.
    assert {t["subject"] for t in helpd.tickets()} == {f"Nr. {k}" for k in range(20)} | {"late"}
    helpd.run("verify")


def test_full(h):
    """A map that is full: nothing is acknowledged that is not stored; with room, it goes on."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest="")
    helpd.expected = [r"."]
    helpd.write_conf("map_size 16M;\n" + helpd.conf)
    body = os.urandom(150000).hex()
    for k in range(120):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}", body="\n".join(body[i + k:i + k + 70] for i in range(0, len(body) - 200, 70)) + "\n"))
    helpd.once(status=None)
    stored = {t["subject"] for t in helpd.tickets()}
    assert 0 < len(stored) < 120
    assert len(inbox.files("new")) >= 120 - len(stored)
    helpd.write_conf(helpd.conf)
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == {f"Nr. {k}" for k in range(120)}
    helpd.run("verify")


def test_no_network_from_content(h):
    """Nothing in a mail makes helpd look anything up: the parse runs without a single network call."""
    raw = mail(Content_Type="text/html", body='<img src="http://tracker.example/x.png"><link rel=stylesheet href="//evil.example/a.css"><!DOCTYPE x SYSTEM "http://evil.example/dtd">')
    helpd = h.helpd(box(h.maildir()))
    path = helpd.base + "/mail.eml"
    with open(path, "wb") as f:
        f.write(raw)
    trace = helpd.base + "/trace"
    p = subprocess.run(["strace", "-f", "-e", "trace=socket,connect,sendto", "-o", trace, "true"], stderr=subprocess.PIPE)
    if p.returncode:
        pytest.skip("strace may not trace here")
    helpd.run("parse", path, wrap=["strace", "-f", "-e", "trace=connect,sendto", "-o", trace])
    with open(trace) as f:
        assert "AF_INET" not in f.read()


def test_quickstart(h, base):
    """The first thing a newcomer runs, on the samples and on mail of his own (a copy)."""
    env = {**os.environ, "HELPD_DEMO": base + "/demo", "HELPD": HELPD, "BUILD": base + "/build"}
    p = subprocess.run([SRC + "/contrib/quickstart"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300)
    out = p.stdout.decode()
    assert p.returncode == 0, out
    for expected in ("Printer on fire", "Falsche Rechnung für März", "订单已付款但状态未更新", "L'export ne fonctionne plus", "The fire is out",
                     "the customer wrote again", "assignee: anna, was -", "Anna Berg, Acme"):
        assert expected in out, out
    own = h.maildir("own")
    own.put(mail(subject="My own mail"))
    p = subprocess.run([SRC + "/contrib/quickstart", own.path], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300)
    assert p.returncode == 0 and "My own mail" in p.stdout.decode(), p.stdout.decode()
    assert len(own.files("new")) == 1, "the original was touched"
    p = subprocess.run([SRC + "/contrib/quickstart", base + "/demo/inbox"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert p.returncode == 66 and os.path.isdir(base + "/demo/inbox/cur"), "what it would clear is no source"


def entries(helpd, table):
    """Rows of a table of the store, as LMDB's own tool counts them."""
    said = subprocess.run(["mdb_stat", "-s", table, helpd.data + "/store"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return int(re.search(r"Entries: (\d+)", said.split("Status of " + table)[-1]).group(1))


def test_corpora(h):
    """All mail there is, thrown in: each file is a ticket's, or a duplicate's, or quarantined whole; nothing is lost."""
    if not os.path.isdir(CORPORA):
        pytest.skip("SKIP: no corpora at " + CORPORA)
    inbox = h.maildir()
    offered = 0
    for top, dirs, files in os.walk(CORPORA):
        dirs.sort()
        if any(x in top for x in ("/charset", "/tickets", "/ics", "/tnef")):
            continue
        for name in sorted(files):
            if name.endswith((".tsv", ".jsonl", ".csv", ".md", ".mbox", ".xml", ".golden", ".out", ".txt", ".list", ".thread", ".html", ".json")) and "spamassassin" not in top:
                continue
            with open(os.path.join(top, name), "rb") as f:
                raw = f.read()
            if b":" not in raw[:2000]:
                continue
            inbox.put(raw, f"{offered}.corpus.test")
            offered += 1
    helpd = h.helpd(box(inbox, more='begin "all";'))
    helpd.expected = [r"quarantin", r"(worker|jail|parse)"]
    helpd.run("run", "--once", timeout=900)
    helpd.run("verify", timeout=300)
    assert not inbox.files("new")
    held = helpd.json("quarantine")
    assert len(held) <= offered * 0.002, held
    assert entries(helpd, "ledger") == offered
