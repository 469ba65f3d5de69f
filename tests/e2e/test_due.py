"""What falls due: a snoozed ticket wakes by itself, whatever happens meanwhile; the knowledge base from the shell."""
import datetime
import json
import os
import re
import subprocess
import time

import pytest
from house import HELPD, mail, reply_to, wait_for

AGENTS = 'agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; teams ["first"]; }\nteam "first" { }\n'


def one(h, **kw):
    """Ann's ticket 1, acknowledged; the daemon is not running."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', **kw)
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    return helpd, inbox


def kinds(helpd, kind, n=1):
    return [e for e in helpd.show(n)["events"] if e["kind"] == kind]


def notices(helpd):
    return [m for m in helpd.out.mails() if "anna@desk.example" in str(m["To"])]


def timers(helpd):
    return helpd.json("status")[0]["timers"]


def test_wakes(h):
    """The daemon sleeps until the time, then the ticket is what it was, and the agent is told."""
    helpd, _ = one(h)
    helpd.start()
    before = len(notices(helpd))
    assert timers(helpd) == {"waiting": 0, "next": None, "kind": None}
    helpd.run("set", "1", "assignee=anna", "snooze=3s")
    shown = helpd.show(1)
    assert shown["status"] == "hold" and shown["snoozed_until"]
    assert timers(helpd) == {"waiting": 1, "next": shown["snoozed_until"], "kind": "snooze"}
    assert "timers     1 waiting, next" in helpd.run("status")
    assert "snoozed    until " in helpd.run("show", "1")
    wait_for(lambda: helpd.show(1)["status"] == "new", 15)
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(shown["snoozed_until"].replace("Z", "+00:00"))
    assert datetime.timedelta(0) <= late < datetime.timedelta(seconds=3)
    assert helpd.show(1)["snoozed_until"] is None
    assert [e["detail"] for e in kinds(helpd, "awoke")] == ["hold -> new"]
    wait_for(lambda: len(notices(helpd)) > before, 15)
    assert timers(helpd)["waiting"] == 0
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()


def test_earlier_one_first(h):
    """A timer that comes later but is due earlier moves the daemon's alarm forward, and one taken away leaves the other."""
    helpd, inbox = one(h)
    inbox.put(mail(sender="Bob <bob@other.example>", mid="<b1@other.example>", subject="Lamp"))
    helpd.once()
    helpd.start()
    helpd.run("set", "1", "snooze=1h")
    helpd.run("set", "2", "snooze=2s")
    wait_for(lambda: helpd.show(2)["status"] == "new", 15)
    assert helpd.show(1)["status"] == "hold"
    helpd.run("set", "1", "status=open")
    assert timers(helpd)["waiting"] == 0
    helpd.stop()
    helpd.run("verify")


def test_across_kill(h):
    """Due while nothing runs: done at the next start, once."""
    helpd, _ = one(h)
    helpd.start()
    helpd.run("set", "1", "snooze=2s")
    helpd.kill()
    time.sleep(2.5)
    assert helpd.show(1)["status"] == "hold"
    helpd.start()
    wait_for(lambda: helpd.show(1)["status"] == "new", 10)
    helpd.kill()
    helpd.start()
    time.sleep(0.5)
    helpd.stop()
    assert len(kinds(helpd, "awoke")) == 1
    helpd.run("verify")


def test_customer_wakes(h):
    """His reply is what the ticket waited for: no timer is left, and nothing happens at the time."""
    helpd, inbox = one(h)
    ack = helpd.out.mails()[0]
    helpd.start()
    helpd.run("set", "1", "status=pending")
    helpd.run("set", "1", "snooze=3s")
    until = helpd.show(1)["snoozed_until"]
    inbox.put(reply_to(ack))
    wait_for(lambda: helpd.show(1)["status"] == "open", 10)
    assert helpd.show(1)["snoozed_until"] is None and until
    assert timers(helpd)["waiting"] == 0
    time.sleep(3.5)
    assert [e["detail"] for e in kinds(helpd, "awoke")] == ["hold -> open"]
    helpd.stop()
    helpd.run("verify")


def test_once(h):
    """`run --once` does what is due, and nothing that is not."""
    helpd, _ = one(h)
    helpd.run("set", "1", "snooze=1s")
    helpd.once()
    first = helpd.show(1)["status"]
    time.sleep(1.2)
    helpd.once()
    assert helpd.show(1)["status"] == "new" and first in ("hold", "new")
    assert len(kinds(helpd, "awoke")) == 1
    helpd.run("verify")


def test_idle(h):
    """With a timer that waits, the daemon wakes no more often than without."""
    if b"__tsan_init" in open(HELPD, "rb").read():
        pytest.skip("ThreadSanitizer's own thread wakes ten times a second")
    helpd, _ = one(h)
    helpd.run("set", "1", "snooze=1h")
    helpd.start()
    time.sleep(4)

    def switches():
        n = 0
        for t in os.listdir(f"/proc/{helpd.process.pid}/task"):
            with open(f"/proc/{helpd.process.pid}/task/{t}/status") as f:
                n += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt"))
        return n

    before = switches()
    time.sleep(5)
    assert switches() - before <= 5
    helpd.stop()


def test_set(h):
    """Fields, people and time by `helpd set`, as show tells them."""
    helpd, _ = one(h)
    helpd.run("set", "1", "field.order=A-17", "time=1h30m", "cc=+bob@other.example", "requester=Cy <cy@other.example>")
    helpd.run("set", "1", "time=-30m", "field.order=A-18")
    shown = helpd.show(1)
    assert shown["fields"] == {"order": "A-18"} and shown["time_spent"] == 3600
    assert shown["requester"] == {"name": "Cy", "address": "cy@other.example"}
    assert [(p["address"], p["role"]) for p in shown["participants"]] == [
        ("ann@customer.example", "cc"), ("bob@other.example", "cc"), ("cy@other.example", "requester")]
    assert [t["id"] for t in helpd.json("list", "--requester", "cy@other.example")] == [1]
    helpd.run("set", "1", "cc=-ann@customer.example")
    assert "is no time" in helpd.run("set", "1", "snooze=soon", status=65).err
    assert "of the desk itself" in helpd.run("set", "1", "cc=sales@acme.example", status=65).err
    helpd.run("reply", "1", "-m", "Here you are.")
    helpd.once()
    sent = [m for m in helpd.out.mails() if not m["Auto-Submitted"]]
    assert len(sent) == 1 and "cy@other.example" in sent[0]["To"] and sent[0]["Cc"] == "bob@other.example"
    helpd.run("verify")


def test_kb(h):
    """An article from draft to withdrawal, with its versions, and found by its words; in a backup too."""
    helpd, _ = one(h)
    assert helpd.run("kb") == ""
    assert helpd.run("kb", "add", "Printer", "on", "fire", stdin=b"Use water.\r\nMuch of it.\n") == "article 1, version 1: draft\n"
    assert json.loads(helpd.run("kb", "publish", "1", "--json")) == {"id": 1, "version": 1, "state": "published"}
    helpd.run("kb", "edit", "1", stdin="用沙子。Use sand.\n".encode())
    helpd.run("kb", "edit", "1", "--title", "Printers on fire", "--language", "en")
    row = helpd.json("kb", "show", "1")[0]
    assert row["title"] == "Printers on fire" and row["text"] == "用沙子。Use sand." and row["version"] == 3
    assert row["state"] == "published" and row["language"] == "en" and row["author"].startswith("cli:")
    assert helpd.json("kb", "show", "1", "--version", "1")[0]["text"] == "Use water.\nMuch of it."
    assert [x["id"] for x in helpd.json("kb", "search", "printers", "sand")] == [1]
    assert helpd.json("kb", "search", "water") == []
    assert [x["id"] for x in helpd.json("kb", "search", "沙子")] == [1]
    backup = os.path.join(helpd.base, "backup")
    helpd.run("backup", backup)
    helpd.run("kb", "withdraw", "1")
    assert helpd.json("kb", "list") == [] and len(helpd.json("kb", "list", "--all")) == 1
    assert helpd.json("kb", "search", "sand") == []
    helpd.run("verify")
    helpd.run("restore", backup, "--force")
    assert [x["id"] for x in helpd.json("kb", "search", "sand")] == [1]
    helpd.run("verify")
    assert "there is no article 7" in helpd.run("kb", "show", "7", status=66).err
    assert "the text is empty" in helpd.run("kb", "add", "x", status=65).err
    helpd.run("kb", "frobnicate", status=64)


def test_clock_jumps(h):
    """A clock that is a year ahead wakes it once; put right again, nothing happens twice, and what is snoozed then waits its time."""
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib:
        pytest.skip("faketime is not installed")
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())
    ahead = ["env", "LD_PRELOAD=" + " ".join([*asan, lib]), "FAKETIME=+400d", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    helpd, _ = one(h)
    helpd.run("set", "1", "snooze=30d")
    if helpd.once(status=None, wrap=ahead).status or helpd.show(1)["status"] == "hold":
        pytest.skip("faketime does not work with this build")
    helpd.once()
    helpd.run("set", "1", "snooze=2s")
    helpd.start()
    wait_for(lambda: helpd.show(1)["status"] == "new", 10)
    helpd.stop()
    helpd.once(status=None, wrap=ahead)
    assert len(kinds(helpd, "awoke")) == 2
    helpd.run("verify")
