"""Disks, servers and parsers that fail, and ends in the middle of it: nothing is lost, nobody waits for long, and it goes on by itself."""
import base64
import collections
import email
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import house
import pytest
from house import ROOT, USER, mail, wait_for
from imap_stub import ImapStub, session
from smtp_stub import SmtpStub

HERE = os.path.dirname(os.path.abspath(__file__))
# An end may take so long, whatever hangs: a service manager's patience is 90 s, an admin's is less.
END = 15


def box(m, name="in", more=""):
    return f'mailbox "{name}" {{ maildir "{m.path}"; {more} }}'


def smtp(stub, more=""):
    return f'transport "stub" {{ smtp "smtp+plain://127.0.0.1:{stub.port}"; {more} }}'


def imap(stub, name="stub", more=""):
    return f'mailbox "{name}" {{ imap "imap+plain://127.0.0.1:{stub.port}"; user "{name}"; password_file "@SECRET@"; begin "all"; {more} }}'


def ends(helpd, seconds=END, status=0):
    start = time.monotonic()
    helpd.stop(status, seconds + 15)
    took = time.monotonic() - start
    assert took < seconds, f"the end took {took:.1f} s\n{helpd.said()[-3000:]}"
    helpd.run("verify")


def status_of(helpd):
    return json.loads(helpd.run("status", "--json", status=None))


def rows(helpd):
    return helpd.json("outbox")


# --- ends ---


@pytest.mark.parametrize("where,result", [("banner", "queued"), ("mail", "queued"), ("end", "ambiguous")])
def test_end_while_smtp_stalls(h, where, result):
    """SIGTERM while the server says nothing: what was not given whole is tried again; what was, is counted as ambiguous."""
    inbox = h.maildir()
    with SmtpStub(**{where: b""}) as stub:
        helpd = h.helpd(box(inbox), smtp(stub)).start()
        inbox.put(mail())
        wait_for(lambda: stub.mails if where == "end" else stub.connections)
        time.sleep(0.3)
        ends(helpd)
        row, = rows(helpd)
        assert row["state"] == "queued" and row["ambiguous"] == (result == "ambiguous"), row
        setattr(stub, where, {"banner": b"220 stub"}.get(where, b"250 ok"))
        helpd.run("outbox", "retry", str(row["id"]))
        helpd.once()
        assert not [r for r in rows(helpd) if r["state"] != "sent"]
        assert len(stub.mails) == 1 + (result == "ambiguous") and len(set(stub.mails)) == 1


@pytest.mark.parametrize("where", ["greeting", "SELECT", "UID FETCH"])
def test_end_while_imap_stalls(h, where):
    def behave(talk):
        if where == "greeting":
            talk.stall()
        session(talk, answers={where.encode(): lambda t, tag, rest: t.stall()})
    with ImapStub(behave) as stub:
        helpd = h.helpd(imap(stub)).start()
        wait_for(lambda: stub.connections)
        time.sleep(0.5)
        ends(helpd)
        # The same where one run is all that was asked for.
        p = subprocess.Popen([house.HELPD, "-c", helpd.etc, "run", "--once"], stderr=subprocess.PIPE, env=helpd.env())
        wait_for(lambda: stub.connections > 1)
        time.sleep(0.5)
        p.send_signal(signal.SIGTERM)
        assert p.wait(END) == 75, p.stderr.read()
        p.stderr.close()


def test_end_while_idle(h):
    """Who only waits ends at once, and takes leave of the server."""
    dovecot = h.dovecot()
    helpd = h.helpd(dovecot.mailbox() + dovecot.mailbox("sales")).start()
    wait_for(lambda: all(m["state"] == "waiting" for m in status_of(helpd)["mailboxes"] if m["name"] != "spool"))
    time.sleep(0.5)
    ends(helpd, 3)
    with open(dovecot.base + "/log") as f:
        said = f.read()
    assert said.count("Logged out") == 2, said[-2000:]


def test_reload_while_busy(h):
    """Reload after reload in the middle of much: each mail once, each answer once, no file left over."""
    inbox, dovecot = h.maildir(), h.dovecot()
    for k in range(300):
        inbox.put(mail(sender=f"m{k}@customer.example", subject=f"Nr. {k}"))
    for k in range(300, 340):
        dovecot.append("support", mail(sender=f"i{k}@customer.example", subject=f"Nr. {k}"))
    with SmtpStub() as stub:
        helpd = h.helpd(box(inbox) + dovecot.mailbox(more='begin "all";'), smtp(stub)).start()
        for _ in range(8):
            helpd.run("reload")
            helpd.wait_notify("READY=1")
            time.sleep(0.1)
        wait_for(lambda: len(stub.mails) == 340, 60)
        ends(helpd)
        assert sorted(t["subject"] for t in helpd.tickets()) == sorted(f"Nr. {k}" for k in range(340))
        assert len(set(stub.mails)) == 340
    assert not os.path.exists(helpd.data + "/helpd.sock")


# --- servers ---


def test_greylisted_then_back(h):
    """4xx, then a server that is gone, then it is back: one mail, in the end, by itself where only the server was away."""
    inbox = h.maildir()
    with SmtpStub(rcpt={b"ann@customer.example": b"450 4.2.0 greylisted"}) as stub:
        helpd = h.helpd(box(inbox), smtp(stub)).start()
        inbox.put(mail())
        wait_for(lambda: [r for r in rows(helpd) if "greylisted" in str(r)])
        stub.rcpt = {}
        helpd.run("outbox", "retry", "1")
        wait_for(lambda: len(stub.mails) == 1)
        port = stub.port
    inbox.put(mail(sender="bob@customer.example"))
    wait_for(lambda: "next try in" in helpd.said() and [r for r in rows(helpd) if r["state"] == "queued"])
    assert helpd.run("status", status=75), "a transport in trouble is a status for monitors"
    again = SmtpStub()
    create = house.socket.create_server
    try:
        house.socket.create_server = lambda address, *a, **kw: create((address[0], port), *a, **kw)
        with again:
            house.socket.create_server = create
            wait_for(lambda: len(again.mails) == 1, 40)
            wait_for(lambda: not rows(helpd) or {r["state"] for r in rows(helpd)} == {"sent"})
            helpd.run("status")
            ends(helpd)
    finally:
        house.socket.create_server = create


def test_results_of_each_recipient(h):
    """One recipient is refused, one is put off, one takes it: each has its own end, and nobody gets it twice."""
    inbox = h.maildir()
    with SmtpStub(rcpt={b"bob@customer.example": b"550 5.1.1 no such user", b"cat@customer.example": b"451 4.7.1 later"}) as stub:
        helpd = h.helpd(box(inbox), smtp(stub))
        inbox.put(mail(Cc="bob@customer.example, cat@customer.example"))
        helpd.once(status=None)
        helpd.run("reply", "1", "--message", "Somebody comes.")
        helpd.once(status=None)
        row = rows(helpd)[-1]
        state = {r["address"]: r["state"] for r in row["recipients"]}
        if len(state) < 3:
            pytest.skip("an answer goes to the requester alone here")
        assert state == {"ann@customer.example": "sent", "bob@customer.example": "failed", "cat@customer.example": "queued"}
        before = len(stub.mails)
        stub.rcpt = {}
        helpd.run("outbox", "retry", str(row["id"]))
        stub.commands.clear()
        helpd.once()
        assert [c for c in stub.commands if c.startswith(b"RCPT")] == [b"RCPT TO:<cat@customer.example>"]
        assert len(stub.mails) == before + 1
        helpd.run("verify")


def test_dropped_after_the_dot(h):
    """The answer to the final dot never comes: ambiguous, told on the ticket, sent again with the same bytes."""
    inbox = h.maildir()
    with SmtpStub(end=None) as stub:
        helpd = h.helpd(box(inbox), smtp(stub))
        inbox.put(mail())
        helpd.once(status=None)
        row, = rows(helpd)
        assert row["state"] == "queued" and row["ambiguous"] == 1
        assert [e for e in helpd.show(1)["events"] if e["kind"] == "ambiguous"]
        stub.end = b"250 taken"
        helpd.run("outbox", "retry", str(row["id"]))
        helpd.once()
        assert len(stub.mails) == 2 and len(set(stub.mails)) == 1


def test_in_doubt_at_a_kill(h):
    """kill -9 while many are sent: at most eight rows are in doubt, and only they go out again; those the server has taken before, and those nobody has begun, are in none."""
    inbox = h.maildir()
    with SmtpStub() as stub:
        reply = stub._reply

        def slowly(talk, line):
            if line == stub.end:
                time.sleep(0.02)
            reply(talk, line)
        stub._reply = slowly
        helpd = h.helpd(box(inbox), smtp(stub))
        for k in range(60):
            inbox.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}"))
        helpd.start()
        wait_for(lambda: len(stub.mails) >= 20, 60, 0.005)
        helpd.kill()
        taken = len(stub.mails)
        helpd.once()
        doubt = sum(e["kind"] == "ambiguous" for t in helpd.tickets() for e in helpd.show(t["id"])["events"])
        assert doubt <= 8
        count = collections.Counter(email.message_from_bytes(m)["Message-ID"] for m in stub.mails)
        assert len(count) == 60 and len(set(stub.mails)) == 60
        assert len(stub.mails) - 60 <= doubt, (taken, doubt)
        helpd.run("verify")


def test_one_account_stalls(h):
    """An account whose server says nothing, and one whose server is gone, delay no other."""
    dovecot, inbox = h.dovecot(), h.maildir()
    with ImapStub(lambda talk: session(talk, answers={b"UID FETCH": lambda t, tag, rest: t.stall()})) as stub:
        helpd = h.helpd(imap(stub) + dovecot.mailbox() + box(inbox) + 'mailbox "gone" { imap "imap+plain://127.0.0.1:1"; user "x"; password_file "@SECRET@"; }').start()
        wait_for(lambda: stub.connections)
        start = time.monotonic()
        dovecot.append("support", mail(subject="by IMAP"))
        inbox.put(mail(subject="by Maildir", sender="bob@customer.example"))
        wait_for(lambda: len(helpd.tickets()) == 2)
        assert time.monotonic() - start < 8
        state = {m["name"]: m for m in status_of(helpd)["mailboxes"]}
        assert state["gone"]["error"] and not state["in"]["error"]
        ends(helpd)


def test_kept_back(h):
    """A server that has a mail and does not give it: it is asked again, never passed by, and the others are taken meanwhile."""
    lies = [True]

    def keeps_back(talk, tag, rest):
        if b"BODY" not in rest or not lies[0]:
            return False
        raw = b"Subject: first\r\nFrom: a@customer.example\r\n\r\nhello\r\n"
        talk.say(b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%s)\r\n%s OK done\r\n" % (len(raw), raw, tag))
        return True
    with ImapStub(lambda talk: session(talk, mails=(1, 2), answers={b"UID FETCH": keeps_back})) as stub:
        helpd = h.helpd(imap(stub))
        helpd.expected = [r"UID 2, but does not give it"]
        assert helpd.once(status=None).status == 75
        assert len(helpd.tickets()) == 1
        lies[0] = False
        helpd.once()
        assert len(helpd.tickets()) == 2
        helpd.run("verify")


# --- disks ---


@pytest.fixture
def small_disk(base):
    """A file system of 24 MB for helpd's data."""
    if not ROOT:
        pytest.skip("only root mounts")
    path = base + "/helpd/data"
    os.makedirs(path)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", path], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no mounting here")
    yield path
    subprocess.run(["umount", "-l", path])


def noise(k, kilobytes=200):
    body = os.urandom(kilobytes * 512).hex()
    return mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}", body="\n".join(body[i:i + 76] for i in range(0, len(body), 76)) + "\n")


def test_disk_full(h, small_disk):
    """No room: nothing is acknowledged, it is told once, it ends when told to, and with room it goes on by itself."""
    with open(small_disk + "/filler", "wb") as f:
        f.write(b"x" * (18 << 20))
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest="map_size 64M;")
    helpd.expected = [r"nothing is taken or acknowledged until there is room"]
    helpd.start()
    for k in range(60):
        inbox.put(noise(k))
    wait_for(lambda: "until there is room" in helpd.said(), 60)
    time.sleep(1)
    stored = {t["subject"] for t in helpd.tickets()}
    kept = {str(m["Subject"]) for m in helpd_new(inbox)}
    assert len(stored) < 60 and kept >= {f"Nr. {k}" for k in range(60)} - stored
    assert status_of(helpd)["store_full"]
    ends(helpd)
    assert helpd.said().count("until there is room") <= 2, "an alarm storm"
    helpd.start()
    time.sleep(1)
    helpd.run("reload", status=None)
    os.unlink(small_disk + "/filler")
    wait_for(lambda: not inbox.files("new"), 60)
    assert "there is room again" in helpd.said()
    wait_for(lambda: helpd.run("status", status=None).status == 0)
    ends(helpd)
    assert {t["subject"] for t in helpd.tickets()} == {f"Nr. {k}" for k in range(60)}
    # What the servers took while no result could be stored is not sent again, but for what is recorded.
    ids = [m["Message-ID"] for m in helpd.out.mails()]
    ambiguous = sum(e["kind"] == "ambiguous" for t in helpd.tickets() for e in helpd.show(t["id"])["events"])
    assert len(ids) - len(set(ids)) <= ambiguous


def helpd_new(inbox):
    out = []
    for f in inbox.files("new"):
        with open(f, "rb") as fd:
            out.append(email.message_from_bytes(fd.read()))
    return out


def test_map_full(h):
    """The map is full: the same; a start with a larger one goes on."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.expected = [r"nothing is taken or acknowledged until there is room"]
    helpd.write_conf("map_size 16M;\n" + helpd.conf)
    helpd.start()
    for k in range(120):
        inbox.put(noise(k))
    wait_for(lambda: "until there is room" in helpd.said(), 60)
    stored = len(helpd.tickets())
    assert 0 < stored < 120 and len(inbox.files("new")) >= 120 - stored
    ends(helpd)
    helpd.write_conf("map_size 256M;\n" + helpd.conf)
    helpd.start()
    wait_for(lambda: not inbox.files("new"), 60)
    ends(helpd)
    assert {t["subject"] for t in helpd.tickets()} == {f"Nr. {k}" for k in range(120)}


def test_file_that_cannot_be_read(h):
    """It stays, it is told, and it keeps nobody else; once it can be read, it is."""
    if not ROOT:
        pytest.skip("needs a file of another user")
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.expected = [r"mailbox=in .*ermission denied"]
    name = inbox.put(mail(subject="locked"))
    path = f"{inbox.path}/new/{name}"
    os.chown(path, 0, 0)
    os.chmod(path, 0o600)
    os.utime(path, (1, 1))
    os.mkfifo(inbox.path + "/new/pipe")
    os.symlink("/etc/passwd", inbox.path + "/new/link")
    inbox.put(mail(subject="open", sender="bob@customer.example"))
    assert helpd.once(status=None).status == 75
    assert [t["subject"] for t in helpd.tickets()] == ["open"]
    helpd.start()
    inbox.put(mail(subject="later", sender="cat@customer.example"))
    wait_for(lambda: len(helpd.tickets()) == 2, 5)
    assert "denied" in helpd.run("status", status=75)
    ends(helpd)
    os.chown(path, USER.pw_uid, USER.pw_gid)
    helpd.once()
    assert len(helpd.tickets()) == 3


# --- parsers ---


def parsers(pid):
    """The jail's workers below a daemon that are at work."""
    parent = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{p}/stat") as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        words = rest.split()
        # Its parent, its name, and whether it has done anything yet (50 ms of CPU).
        parent[int(p)] = int(words[1]), name, int(words[11]) + int(words[12]) >= 5
    return [p for p, (pp, name, busy) in parent.items() if name == "helpd-parser" and busy and parent.get(pp, (0,))[0] == pid]


def slow():
    """A mail that takes a parser some time."""
    return mail(subject="slow", sender="slow@customer.example", body="Wörter und Wörter. \n" * 400000)


class Each(threading.Thread):
    """Sends a signal to every parser that it sees, for a while."""

    def __init__(self, pid, number):
        super().__init__(daemon=True)
        self.pid, self.number, self.done, self.hit = pid, number, False, set()
        self.start()

    def run(self):
        while not self.done:
            for p in parsers(self.pid):
                if p not in self.hit or self.number == signal.SIGKILL:
                    try:
                        os.kill(p, self.number)
                        self.hit.add(p)
                    except ProcessLookupError:
                        pass
            time.sleep(0.002)


def test_parser_dies(h):
    """A mail on which the parser dies twice is quarantined whole; the next one is a ticket within seconds, and a retry makes the first one too."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest="workers 1;")
    helpd.start()
    killer = Each(helpd.process.pid, signal.SIGKILL)
    inbox.put(slow())
    wait_for(lambda: helpd.json("quarantine"), 60)
    killer.done = True
    killer.join()
    assert not inbox.files("new")
    start = time.monotonic()
    inbox.put(mail(subject="after"))
    wait_for(lambda: [t for t in helpd.tickets() if t["subject"] == "after"])
    assert time.monotonic() - start < 8
    held, = helpd.json("quarantine")
    assert "died" in held["reason"]
    ends(helpd)
    helpd.run("quarantine", "retry", str(held["id"]))
    assert {t["subject"] for t in helpd.tickets()} == {"slow", "after"}
    assert not helpd.json("quarantine")
    helpd.run("verify")


def test_end_while_parser_stalls(h):
    """SIGTERM while a parser stands still: it ends soon, and the mail is read the next time."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest="workers 1;").start()
    stopper = Each(helpd.process.pid, signal.SIGSTOP)
    inbox.put(slow())
    wait_for(lambda: stopper.hit)
    stopper.done = True
    stopper.join()
    time.sleep(0.2)
    ends(helpd)
    assert len(inbox.files("new")) == 1 and not helpd.tickets() and not helpd.json("quarantine")
    helpd.once()
    assert [t["subject"] for t in helpd.tickets()] == ["slow"]


@pytest.mark.long
def test_parser_stalls(h):
    """A parser that stands still is given up twice; then the mail is quarantined and the rest goes on."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest="workers 1;").start()
    stopper = Each(helpd.process.pid, signal.SIGSTOP)
    inbox.put(slow())
    wait_for(lambda: helpd.json("quarantine"), 90)
    stopper.done = True
    stopper.join()
    inbox.put(mail(subject="after"))
    wait_for(lambda: [t for t in helpd.tickets() if t["subject"] == "after"])
    ends(helpd)


# --- size ---


class Watch(threading.Thread):
    """The most anonymous memory that a process and all below it had together, in MB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.done = pid, 0, False
        self.start()

    def run(self):
        while not self.done:
            parent, memory = {}, {}
            for p in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{p}/status") as f:
                        s = dict(line.split(":", 1) for line in f)
                    parent[int(p)] = int(s["PPid"])
                    memory[int(p)] = int(s.get("RssAnon", "0").split()[0]) + int(s.get("RssShmem", "0").split()[0])
                except (OSError, ValueError, KeyError):
                    continue
            mine = {self.pid}
            for _ in range(3):
                mine |= {p for p, pp in parent.items() if pp in mine}
            self.most = max(self.most, sum(memory.get(p, 0) for p in mine) // 1024)
            time.sleep(0.02)


def sanitized():
    with open(house.HELPD, "rb") as f:
        return re.search(rb"__[at]san_init", f.read()) is not None


@pytest.mark.parametrize("size", [48, 200])
def test_large_mail(h, size):
    """By Maildir and by IMAP: a ticket with all of it, or above the limit with its beginning; memory stays bounded."""
    inbox, dovecot = h.maildir(), h.dovecot()
    helpd = h.helpd(box(inbox) + dovecot.mailbox(more='begin "all";')).start(env={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"})
    watch = Watch(helpd.process.pid)
    line = "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz\n"
    for place in ("Maildir", "IMAP"):
        raw = mail(subject="Huge by " + place, sender=place.lower() + "@customer.example", Content_Type='multipart/mixed; boundary="b"',
                   body='--b\nContent-Type: text/plain\n\nSee the file.\n--b\nContent-Type: application/octet-stream; name="big.bin"\nContent-Transfer-Encoding: base64\n\n'
                   + line * ((size << 20) // len(line)) + "--b--\n")
        if place == "Maildir":
            inbox.put(raw)
        else:
            dovecot.append("support", raw)
        wait_for(lambda: [t for t in helpd.tickets() if t["subject"] == "Huge by " + place] or helpd.json("quarantine"), 120, 0.3)
    assert not helpd.json("quarantine")
    inbox.put(mail(subject="small", sender="bob@customer.example"))
    wait_for(lambda: len(helpd.tickets()) == 3, 10)
    watch.done = True
    watch.join()
    print(f"most anonymous and shared memory: {watch.most} MB")
    assert sanitized() or watch.most < 256
    if size > 50:
        assert len(dovecot.flags("support")) == 1 and len(inbox.files()) == 2, "the originals stay"
    ends(helpd)


def test_large_mails_together(h):
    """Several large mails at once, from several places, are read one after the other: all become tickets, and memory stays bounded."""
    inbox, dovecot = h.maildir(), h.dovecot()
    for k in range(4):
        body = base64.encodebytes(os.urandom(34 << 20)).decode()
        raw = mail(subject=f"big {k}", sender=f"c{k}@customer.example", Content_Type="application/octet-stream", Content_Transfer_Encoding="base64", body=body)
        if k % 2:
            dovecot.append("support", raw)
        else:
            inbox.put(raw)
    helpd = h.helpd(box(inbox) + dovecot.mailbox(more='begin "all";')).start(env={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"})
    watch = Watch(helpd.process.pid)
    inbox.put(mail(subject="small", sender="bob@customer.example"))
    # With a sanitizer a parse may take more CPU than a mail is given.
    wait_for(lambda: len(helpd.tickets()) + len(helpd.json("quarantine")) == 5, 90, 0.3)
    assert sanitized() or not helpd.json("quarantine")
    watch.done = True
    watch.join()
    print(f"most anonymous and shared memory: {watch.most} MB")
    assert sanitized() or watch.most < 256
    ends(helpd)


# --- clocks ---


def test_clock_was_wrong(h):
    """What was put off while the clock was a year ahead does not wait for a year; what was written then is no loss now."""
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib:
        pytest.skip("faketime is not installed")
    inbox = h.maildir()
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", house.HELPD], stdout=subprocess.PIPE).stdout.decode())
    ahead = ["env", "LD_PRELOAD=" + " ".join([*asan, lib]), "FAKETIME=+400d", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    with SmtpStub(rcpt={b"ann@customer.example": b"450 4.2.0 greylisted"}) as stub:
        helpd = h.helpd(box(inbox), smtp(stub), site='', rest='')
        helpd.write_conf(helpd.conf.replace("languages", 'acknowledge_within "0"; languages'))
        inbox.put(mail())
        if helpd.once(status=None, wrap=ahead).status or not rows(helpd):
            pytest.skip("faketime does not work with this build")
        assert not stub.mails and rows(helpd)[0]["state"] == "queued"
        stub.rcpt = {}
        helpd.start()
        wait_for(lambda: len(stub.mails) == 1)
        inbox.put(mail(sender="bob@customer.example", subject="now"))
        wait_for(lambda: len(stub.mails) == 2)
        ends(helpd)
        # And back again: nothing is sent twice.
        helpd.once(status=None, wrap=ahead)
        assert len(stub.mails) == 2
        helpd.run("verify")


@pytest.mark.parametrize("how", ["removed", pytest.param("moved away", marks=pytest.mark.long)])
def test_maildir_made_anew(h, how):
    """A Maildir that is gone, and made anew while it is watched, is watched again: at once, or where nothing tells of it, within a minute."""
    # In a directory of mail, which the daemon may reach whole.
    inbox = h.maildir("mail/inbox")
    helpd = h.helpd(box(inbox)).start()
    helpd.expected = [r"mailbox=in "]
    inbox.put(mail(subject="before"))
    wait_for(lambda: len(helpd.tickets()) == 1)
    wait_for(lambda: inbox.files("cur"))
    if how == "removed":
        shutil.rmtree(inbox.path)
    else:
        os.rename(inbox.path, inbox.path + ".away")
    house.Maildir(inbox.path)
    inbox.put(mail(subject="after", sender="bob@customer.example"))
    wait_for(lambda: len(helpd.tickets()) == 2, 15 if how == "removed" else 80)
    inbox.put(mail(subject="later", sender="cat@customer.example"))
    wait_for(lambda: len(helpd.tickets()) == 3, 10)
    ends(helpd)


def test_reader_killed(h):
    """A verb that is killed while it reads leaves no trace: its place among the readers is cleared while the daemon goes on."""
    if house.have("mdb_stat"):
        pytest.skip("mdb_stat is not installed")
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    for k in range(400):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"A subject of some length, so that there is much to print. Nr. {k}"))
    helpd.once()
    helpd.start()

    def readers():
        said = subprocess.run(["mdb_stat", "-r", helpd.data + "/store"], stdout=subprocess.PIPE).stdout.decode()
        return [line.split()[0] for line in said.splitlines() if re.match(r"\s*\d+ ", line)]
    # It prints into a pipe that nobody reads, and so stays where it is.
    p = subprocess.Popen([house.HELPD, "-c", helpd.etc, "list", "--all", "--json"], stdout=subprocess.PIPE, env=helpd.env())
    try:
        wait_for(lambda: str(p.pid) in readers(), 5)
    except AssertionError:
        pytest.skip("it does not print while it reads")
    finally:
        p.kill()
        p.wait()
        p.stdout.close()
    assert str(p.pid) in readers()

    def gone():
        inbox.put(mail(sender="x@customer.example"))
        return str(p.pid) not in readers()
    wait_for(gone, 25, 0.5)
    ends(helpd)


def test_jail_dies(h):
    """Without the process that forks parsers nothing goes on: the daemon ends with a status, the mail stays, and the next start reads it."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox)).start()
    helpd.expected = [r"parser process", r"helpd-jail.* is gone: ending"]
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(helpd.process.pid)], stdout=subprocess.PIPE).stdout.decode().split("\n")
    zygote, = [int(c.split()[0]) for c in children if c.split()[1:] == ["helpd-jail"]]
    os.kill(zygote, signal.SIGKILL)
    inbox.put(mail())
    helpd.ended(75, 30)
    assert len(inbox.files("new")) == 1
    helpd.once()
    assert len(helpd.tickets()) == 1


def test_once_ends_when_told(h):
    """SIGTERM and SIGINT end `run --once` in the middle of much, with a status that says so, and the next run goes on from there."""
    inbox = h.maildir()
    for k in range(3000):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}", body="word " * 300 + "\n"))
    helpd = h.helpd(box(inbox))
    p = subprocess.Popen([house.HELPD, "-c", helpd.etc, "run", "--once"], stderr=subprocess.DEVNULL, env=helpd.env())
    wait_for(lambda: inbox.files("cur"))
    start = time.monotonic()
    p.send_signal(signal.SIGINT)
    assert p.wait(END) == 75 and time.monotonic() - start < 8
    left = len(inbox.files("new"))
    assert left > 0
    helpd.run("verify")
    helpd.once()
    assert len(helpd.tickets()) == 3000
    assert not inbox.files("new")
