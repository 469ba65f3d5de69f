"""Calls on helpd's own files that fail or do half of what they were asked (tests/e2e/shim.c), each in turn; and memory that is refused.

Whatever call it is: nothing is acknowledged that is not stored, the store is whole, the run goes on or ends with a status and a message, and the next one
makes good what is missing. HELPD_LONG=1 fails each call in every way, else a sample.
"""
import collections
import email
import os
import re
import shutil
import subprocess

import house
import pytest
from house import mail, wait_for
from smtp_stub import SmtpStub

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = bool(os.environ.get("HELPD_LONG"))
WAYS = ("EIO", "ENOSPC", "EDQUOT", "SHORT")
# What a failed run may end with: sysexits.h, never a signal and never "all is well" with something left.
ENDS = (0, 65, 69, 70, 71, 73, 74, 75)
# What may be said of a failure, and has to be when it ends the run.
WORDS = r"(I/O|Input/output|[Nn]o space|quota|room|store|write|fsync|rename|cannot|out of memory|lost|cut short)"


def shim(base, first=False):
    """The environment that preloads it; first: before a sanitizer, whose malloc it is to stand before."""
    if house.have("cc"):
        pytest.skip("no compiler")
    so = base + "/shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", so, HERE + "/shim.c", "-ldl"], check=True)
    os.chmod(so, 0o755)
    # With the sanitizers their own library has to come first.
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", house.HELPD], stdout=subprocess.PIPE).stdout.decode())
    options = ["ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0"] if asan and first else []
    return ["env", "LD_PRELOAD=" + " ".join([so, *asan] if first else [*asan, so]), *options]


class Desk:
    """helpd with a ticket, and with mail that waits in a Maildir and in the spool, kept so that it can be put back."""

    def __init__(self, h, stub):
        self.stub, self.inbox = stub, h.maildir()
        self.helpd = h.helpd(f'mailbox "in" {{ maildir "{self.inbox.path}"; }}', f'transport "stub" {{ smtp "smtp+plain://127.0.0.1:{stub.port}"; }}')
        self.helpd.expected = [WORDS]
        self.preload = shim(self.helpd.base)
        self.calls = self.helpd.data + "/calls"
        self.inbox.put(mail(subject="before"))
        self.helpd.once()
        self.mails = {"before"}
        for k in range(3):
            self.put(f"Nr. {k}")
        self.put("by pipe", spool=True)
        self.backup = self.helpd.data + "/backup"
        self.kept = h.base + "/kept"
        self.places = (self.helpd.data, self.inbox.path)
        for i, p in enumerate(self.places):
            self.copy(p, f"{self.kept}/{i}")
        self.sent = list(stub.mails)

    def put(self, subject, spool=False):
        self.mails.add(subject)
        raw = mail(sender=f"{subject.replace('. ', '').replace(' ', '')}@customer.example", subject=subject)
        if spool:
            self.helpd.run("deliver", stdin=raw)
        else:
            self.inbox.put(raw)

    @staticmethod
    def copy(src, dst):
        shutil.rmtree(dst, ignore_errors=True)
        shutil.copytree(src, dst, symlinks=True)
        for top, dirs, files in os.walk(src):
            for name in [".", *dirs, *files]:
                st = os.lstat(os.path.join(top, name))
                os.lchown(os.path.join(dst, os.path.relpath(top, src), name), st.st_uid, st.st_gid)

    def back(self):
        for i, p in enumerate(self.places):
            self.copy(f"{self.kept}/{i}", p)
        self.stub.mails[:] = self.sent

    def verb(self, *args, **env):
        env = {"SHIM_ROOT": ":".join(self.places), **{k: str(v) for k, v in env.items()}}
        return self.helpd.run(*args, status=None, wrap=[*self.preload, *(f"{k}={v}" for k, v in env.items())])

    def count(self, *args):
        """The calls of a run: their names and files, in order."""
        assert self.verb(*args, SHIM_COUNT=self.calls).status == 0
        with open(self.calls) as f:
            got = [tuple(line.split(None, 2)[1:]) for line in f]
        os.unlink(self.calls)
        return [(call, re.sub(r"\d{5,}\S*", "N", path.strip())) for call, path in got]

    def waiting(self):
        """Subjects of what nobody has acknowledged."""
        out = set()
        for raw in [*self.inbox.files("new"), *(os.path.join(self.helpd.data, "spool/new", n) for n in os.listdir(self.helpd.data + "/spool/new"))]:
            with open(raw, "rb") as f:
                text = f.read()
            out.add(str(email.message_from_bytes(text[text.index(b"\n") + 1:] if text.startswith(b"HELPD1") else text)["Subject"]))
        return out

    def stored(self):
        return collections.Counter(t["subject"] for t in self.helpd.tickets())

    def check(self, what, ended):
        """After a run that something failed in: nothing acknowledged that is not stored, and the next run makes it whole."""
        assert ended.status in ENDS, (what, ended.status, ended.err[-3000:])
        assert ended.status == 0 or re.search(WORDS, ended.err), (what, ended.status, ended.err)
        helpd = self.helpd
        helpd.run("verify")
        stored = self.stored()
        assert self.mails - set(stored) <= self.waiting(), (what, stored, self.waiting())
        again = helpd.once(status=None)
        for r in helpd.json("outbox"):
            helpd.run("outbox", "retry", str(r["id"]))
        again = helpd.once(status=None)
        assert again.status == 0, (what, again.err)
        helpd.run("verify")
        assert self.stored() == {s: 1 for s in self.mails} and not self.waiting(), (what, self.stored(), self.waiting())
        taken = collections.defaultdict(list)
        for raw in self.stub.mails:
            taken[email.message_from_bytes(raw)["Message-ID"]].append(raw)
        doubt = sum(e["kind"] == "ambiguous" for t in helpd.tickets() for e in helpd.show(t["id"])["events"])
        assert len(taken) == len(self.mails) and all(len(set(v)) == 1 for v in taken.values()), what
        assert sum(len(v) - 1 for v in taken.values()) <= doubt, (what, doubt)


def picked(calls):
    """Which of the calls, and in which way: each in every way, or every second of the first and the last of each kind, in some way."""
    if LONG:
        return [(n, how) for n in range(1, len(calls) + 1) for how in WAYS]
    kinds = collections.OrderedDict()
    for n, (call, path) in enumerate(calls, 1):
        kinds.setdefault((call, path), []).append(n)
    some = sorted({v[0] for v in kinds.values()} | {v[-1] for v in kinds.values()})[::2]
    return [(n, WAYS[(n + i) % len(WAYS)]) for i, n in enumerate(some)]


def test_each_call_of_a_run(h):
    with SmtpStub() as stub:
        d = Desk(h, stub)
        calls = d.count("run", "--once")
        d.back()
        print(len(calls), collections.Counter(c[0] for c in calls))
        assert {"pwrite", "fdatasync", "write", "open", "rename", "ftruncate", "unlink", "close"} <= {c[0] for c in calls}, calls
        ends = collections.Counter()
        for n, how in picked(calls):
            ended = d.verb("run", "--once", SHIM_FAIL=n, SHIM_HOW=how)
            ends[how, ended.status] += 1
            d.check(f"call {n} ({' '.join(calls[n - 1])}) {how}", ended)
            d.back()
        print(dict(ends))
        assert [e for e in ends if e[1]] and [e for e in ends if not e[1]]


def test_each_call_of_the_daemon(h):
    """The daemon goes on by itself, or ends with a message and is started again, as the service manager does; then all is there."""
    with SmtpStub() as stub:
        d = Desk(h, stub)
        calls = d.count("run", "--once")
        d.back()
        every = [n for n, (call, _) in enumerate(calls, 1) if call in ("pwrite", "writev", "write", "fdatasync", "rename", "unlink")]
        for i, n in enumerate(every if LONG else every[2::len(every) // 3]):
            how = WAYS[(n + i) % len(WAYS)]
            d.helpd.start(wrap=[*d.preload, f"SHIM_ROOT={':'.join(d.places)}", f"SHIM_FAIL={n}", f"SHIM_HOW={how}"], ready=False)
            wait_for(lambda: d.helpd.process.poll() is not None or (set(d.stored()) == d.mails and not d.waiting() and not d.helpd.json("outbox")), 40, 0.2)
            status = d.helpd.process.poll()
            if status is None:
                d.helpd.stop()
            else:
                assert status in ENDS and status, (n, how, status, d.helpd.said()[-2000:])
                d.helpd.process = None
                d.helpd.notify.close()
            d.check(f"call {n} ({' '.join(calls[n - 1])}) {how}", d.helpd.run("verify"))
            d.back()


def test_each_call_of_a_delivery(h):
    """`helpd deliver` says that it has the mail exactly when it has it."""
    with SmtpStub() as stub:
        d = Desk(h, stub)
        raw = mail(sender="late@customer.example", subject="late")

        def deliver(**env):
            env = {"SHIM_ROOT": ":".join(d.places), **env}
            return d.helpd.run("deliver", status=None, stdin=raw, wrap=[*d.preload, *(f"{k}={v}" for k, v in env.items())])
        assert deliver(SHIM_COUNT=d.calls).status == 0
        with open(d.calls) as f:
            calls = f.read().splitlines()
        d.back()
        assert len(calls) >= 5
        for n in range(1, len(calls) + 1):
            for how in WAYS if LONG else (WAYS[n % 4], "SHORT"):
                r = deliver(SHIM_FAIL=n, SHIM_HOW=how)
                waiting = os.listdir(d.helpd.data + "/spool/new")
                what = (calls[n - 1], how, r.status, r.err, waiting)
                assert r.status in (0, 75), what
                # The mail is safe when a sync after its rename fails; then it is not told, and comes once more.
                assert len(waiting) == 2 or (r.status and len(waiting) == 1), what
                assert r.status == 0 or r.err.strip(), what
                assert not os.listdir(d.helpd.data + "/spool/tmp") or "unlink" in calls[n - 1] or "close" in calls[n - 1], what
                d.back()


def test_each_call_of_backup_and_restore(h):
    """A backup that failed is none; a restore that failed has left the store that was there, or put the other one in its place."""
    with SmtpStub() as stub:
        d = Desk(h, stub)
        d.verb("run", "--once")
        d.copy(d.helpd.data, f"{d.kept}/0")
        d.copy(d.inbox.path, f"{d.kept}/1")
        for verb, args in (("backup", ["backup", d.backup]), ("restore", ["restore", "--force", d.backup])):
            if verb == "restore":
                d.helpd.run("backup", d.backup)
                d.copy(d.helpd.data, f"{d.kept}/0")
            calls = d.count(*args)
            d.back()
            for n, how in picked(calls):
                r = d.verb(*args, SHIM_FAIL=n, SHIM_HOW=how)
                what = (verb, calls[n - 1], how, r.status, r.err)
                assert r.status in ENDS and (r.status == 0 or r.err.strip()), what
                d.helpd.run("verify")
                assert set(d.stored()) == d.mails, what
                if verb == "backup" and r.status:
                    again = d.helpd.run("backup", d.backup, status=None)
                    assert again.status == 0 or "is not empty" in again.err, (what, again.err)
                if verb == "backup":
                    d.helpd.run("restore", "--force", d.backup)
                d.helpd.once()
                assert set(d.stored()) == d.mails, what
                d.back()


# --- memory ---


def kinds_of_mail():
    """Mails that take the parser through all that it can do."""
    html = "<html><body>" + "<p>Wörter <b>und</b> <a href='http://x.example/'>mehr</a></p>" * 50 + "</body></html>"
    nested = '--b\nContent-Type: message/rfc822\n\nFrom: a@b.example\nSubject: inner\nContent-Type: multipart/alternative; boundary="c"\n\n--c\n\nplain\n--c\nContent-Type: text/html\n\n' \
        + html + "\n--c--\n--b--\n"
    bounce = "--b\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.customer.example\n\nFinal-Recipient: rfc822; gone@customer.example\n" \
        "Action: failed\nStatus: 5.1.1\n--b--\n"
    report = 'multipart/report; report-type=delivery-status; boundary="b"'
    return [dict(body="Plain words.\n"), dict(body=html, Content_Type="text/html; charset=utf-8"), dict(body=nested, Content_Type='multipart/mixed; boundary="b"'),
            dict(body="=E4=F6=FC\n" * 200, Content_Type="text/plain; charset=iso-8859-1", Content_Transfer_Encoding="quoted-printable"),
            dict(body="您好，我的订单已付款。\n" * 100), dict(body=bounce, Content_Type=report, Return_Path="<>")]


def test_parser_without_memory(h):
    """Memory that a parser is refused, at any place, costs that mail at most: it is put aside whole, the next one is a ticket, and a retry makes it one too."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', rest="workers 1;", site='acknowledge_within "0";')
    helpd.expected = [r"jail", r"parser"]
    preload = shim(helpd.base, first=True)
    n = died = 0
    for k, headers in enumerate(kinds_of_mail()):
        for at in [*range(1, 60), *range(60, 2000, 61)] if LONG else (2,) if k == 0 else (23 * k, 190 + 30 * k):
            n += 1
            name = f"mail {n}"
            # One alone, or from there on every one, which a second worker meets at the same place again.
            one = ["SHIM_MALLOC_ONE=1"] if at % 2 else []
            inbox.put(mail(subject=name, sender=f"c{n}@customer.example", **headers))
            inbox.put(mail(subject=f"after {n}", sender=f"d{n}@customer.example"))
            r = helpd.once(status=None, wrap=[*preload, f"SHIM_MALLOC={at}", "SHIM_MALLOC_IN=helpd-parser", *one])
            assert r.status in (0, 75), (name, at, r.status, r.err[-2000:])
            died += bool(helpd.json("quarantine")) or r.status != 0
            helpd.run("verify")
            for q in helpd.json("quarantine"):
                helpd.run("quarantine", "retry", str(q["id"]))
            helpd.once()
            assert not helpd.json("quarantine") and not inbox.files("new"), (name, at)
    assert died > n // 4, (died, n)
    # What a sanitizer has to say of libraries that were given nothing.
    open(helpd.log, "w").close()
    subjects = collections.Counter(a["subject"] for t in helpd.tickets() for a in helpd.show(t["id"])["articles"] if a["direction"] == "in")
    assert all(subjects[f"mail {k}"] + subjects[f"after {k}"] >= 1 and subjects[f"after {k}"] == 1 for k in range(1, n + 1)), subjects


def test_daemon_without_memory(h):
    """Memory that the daemon is refused ends it (base/mem.h), at any place, with a line that says so; the next run makes good what is missing."""
    with SmtpStub() as stub:
        d = Desk(h, stub)
        d.preload = shim(d.helpd.base, first=True)
        ends = collections.Counter()
        for n in [*range(1, 200, 3), *range(200, 30000, 157)] if LONG else (3, 400, 1500, 5000, 8000, 12000, 16000, 20000):
            r = d.verb("run", "--once", SHIM_MALLOC=n)
            ends[r.status] += 1
            if r.status < 0:
                # A library that does not look at what it was given: it dies by itself.
                assert r.status in (-11, -6), (n, r.status, r.err[-2000:])
                r.status, r.err = 71, "out of memory"
            d.check(f"allocation {n}", r)
            d.back()
        print(dict(ends))
        assert ends[71] >= 3, ends
        open(d.helpd.log, "w").close()
