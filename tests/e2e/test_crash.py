"""kill -9 at every step that matters, in turn: nothing is lost, nothing doubled, nothing sent twice but what is recorded as ambiguous.

Needs a helpd built with --enable-fault-points (src/base/fault.h), as contrib/check builds it. HELPD_LONG=1 kills at each point, else at a sample.
"""
import collections
import email
import os
import re
import shutil
import subprocess

import house
import pytest
from house import mail
from smtp_stub import SmtpStub


def offered(tag):
    """What lies in the three places: place -> mails, each from a sender of its own."""
    def some(place, n):
        return [mail(sender=f"{place}{k}.{tag}@customer.example", subject=f"{place} {k}", body=f"It smokes, {k}.\n") for k in range(n)]
    mails = {"maildir": some("maildir", 9), "spool": some("spool", 2), "imap": some("imap", 4)}
    # The same mail a second time, by another way: no second ticket.
    mails["imap"].append(b"Received: from a by b; Mon, 2 Mar 2026 09:14:07 +0000\n" + mails["maildir"][0])
    return mails


class Run:
    """One helpd on the whole of it, in directories of its own, sending to the stub."""

    def __init__(self, h, dovecot, stub, tag):
        self.dovecot, self.stub, self.user = dovecot, stub, f"user{tag}"
        self.inbox = h.maildir(f"inbox{tag}")
        self.helpd = h.helpd(dovecot.mailbox(self.user, more='begin "all";') + f'mailbox "in" {{ maildir "{self.inbox.path}"; }}',
                             f'transport "stub" {{ smtp "smtp+plain://127.0.0.1:{stub.port}"; }}', name=f"helpd{tag}")
        self.mails = offered(tag)
        for raw in self.mails["maildir"]:
            self.inbox.put(raw)
        for raw in self.mails["imap"]:
            dovecot.append(self.user, raw)
        for raw in self.mails["spool"]:
            self.helpd.run("deliver", stdin=raw)

    def once(self, **env):
        """--once with the environment given; its exit status, negative when a signal ended it."""
        return self.helpd.once(status=None, wrap=["env", *(f"{k}={v}" for k, v in env.items())]).status

    def check(self, what):
        """All that must hold at rest."""
        helpd = self.helpd
        helpd.run("verify")
        tickets = helpd.tickets()
        want = sorted(str(email.message_from_bytes(m)["Subject"]) for v in self.mails.values() for m in v if not m.startswith(b"Received"))
        assert sorted(t["subject"] for t in tickets) == want, what
        assert len({t["id"] for t in tickets}) == len(tickets)
        for t in tickets:
            assert [a["direction"] for a in helpd.show(t["id"])["articles"]].count("in") == 1, (what, t)
        assert not self.inbox.files("new"), what
        assert all("\\Seen" in f for f in self.dovecot.flags(self.user)), what
        self.check_sent(what)

    def check_sent(self, what):
        """At most 1 + ambiguous for each row, the same bytes each time."""
        ambiguous = collections.Counter()
        for t in self.helpd.tickets():
            for e in self.helpd.show(t["id"])["events"]:
                ambiguous[t["id"]] += e["kind"] == "ambiguous"
        taken = collections.defaultdict(list)
        for raw in self.stub.mails:
            m = email.message_from_bytes(raw)
            taken[m["Message-ID"]].append(raw)
        assert len(taken) == len(self.helpd.tickets()), what
        for raws in taken.values():
            assert len(set(raws)) == 1, (what, "other bytes")
            ticket = int(re.search(r"#(\d+)\]", email.message_from_bytes(raws[0])["Subject"]).group(1))
            assert len(raws) <= 1 + ambiguous[ticket], (what, ticket, len(raws), ambiguous)
        assert sum(ambiguous.values()) <= 8, (what, "more than eight rows were in doubt")
        assert not [r for r in self.helpd.json("outbox") if r["state"] != "sent"], what


def has_fault_points():
    return b"HELPD_FAULT_AT" in open(house.HELPD, "rb").read()


def test_killed_everywhere(h):
    if not has_fault_points():
        pytest.skip("helpd is built without --enable-fault-points")
    dovecot = h.dovecot()
    with SmtpStub() as stub:
        run = Run(h, dovecot, stub, 0)
        points = run.helpd.base + "/data/points"
        assert run.once(HELPD_FAULT_COUNT=points) == 0
        run.check("without a fault")
        with open(points) as f:
            names = [line.split()[1] for line in f]
    assert {"commit-before", "commit-after", "acknowledge-before", "acknowledge-after", "send-before", "send-given", "send-after"} <= set(names)
    n = len(names)
    # The first of each kind, then evenly; or each.
    sample = range(1, n + 1) if os.environ.get("HELPD_LONG") else sorted({names.index(x) + 1 for x in set(names)} | {1 + k * (n - 1) // 8 for k in range(9)})
    for at in sample:
        with SmtpStub() as stub:
            run = Run(h, dovecot, stub, at)
            status = run.once(HELPD_FAULT_AT=str(at))
            what = f"killed at {at}, {names[at - 1]}: {status}"
            # Grouping differs from run to run; near the end there may be fewer points than were counted.
            assert status == -9 or (status == 0 and at > n * 2 // 3), what
            assert run.once() == 0, what
            run.check(what)
            assert run.once() == 0, what
            run.check(what + ", and once more")
        shutil.rmtree(run.helpd.base + "/data")


def test_killed_while_delivering(h):
    """`helpd deliver` killed: nothing is told as taken that is not, and what is half there is no mail."""
    helpd = h.helpd(f'mailbox "in" {{ maildir "{h.maildir().path}"; }}')
    raw = mail(subject="By pipe")
    helpd.run("deliver", stdin=raw)
    p = subprocess.Popen([house.HELPD, "-c", helpd.etc, "deliver"], stdin=subprocess.PIPE, env=helpd.env())
    p.stdin.write(raw)
    p.stdin.flush()
    p.kill()
    assert p.wait(10) == -9
    p.stdin.close()
    helpd.once()
    assert len(helpd.tickets()) == 1
