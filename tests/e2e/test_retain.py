"""How long tickets are kept: purge_after, keep_tags, quarantine_after, with a clock that is ahead."""
import json
import os
import re
import subprocess

import pytest
from house import HELPD, mail, wait_for
from test_privacy import deep, held_by, finds

ANN = "ann@customer.example"
SITE = 'purge_after "60d"; spam_purge_after "10d"; quarantine_after "20d"; keep_tags ["legal-hold"];'
WORDS = (b"quicksilver", b"marmalade", b"Baker", b"ann@customer")


def ahead(days):
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib:
        pytest.skip("faketime is not installed")
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())
    return ["env", "LD_PRELOAD=" + " ".join([*asan, lib]), f"FAKETIME=+{days}d", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def once(helpd, days):
    said = helpd.once(status=None, wrap=ahead(days))
    if said.status == 1 and "faketime" in said.err:
        pytest.skip("faketime does not work with this build")
    return said


def closed(h, site=SITE, close='close_after "20d";'):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site=site)
    helpd.write_conf(helpd.conf.replace('queue "support" {', f'queue "support" {{ {close}').replace('queue "sales" {', f'queue "sales" {{ {close}'))
    inbox.put(mail(mid="<a@customer.example>", body="The quicksilver smokes.\n"), name="1.a.h")
    inbox.put(mail(mid="<b@customer.example>", subject="Another", body="marmalade\n"), name="2.b.h")
    inbox.put(deep("Zoe <zoe@deep.example>"))
    helpd.once()
    helpd.run("reply", "1", "--message", "Put the quicksilver out.")
    helpd.once()
    helpd.run("set", "1", "status=closed")
    return helpd, inbox


def test_purged(h):
    helpd, inbox = closed(h)
    at = helpd.show(1)["purge_at"]
    assert at.endswith("T03:00:00Z") and helpd.show(2)["purge_at"] is None and helpd.show(1)["purged"] is None
    assert "then purged" in helpd.run("show", "1")
    assert re.search(rf"(?m)^purge +{at} +<- queue support, purge_after \(system\)$", helpd.run("why", "1")), helpd.run("why", "1")
    counts = json.loads(helpd.run("verify", "--json"))["counts"]
    once(helpd, 59)
    assert "quicksilver" in json.dumps(helpd.show(1)) and not helpd.json("quarantine")
    once(helpd, 62)
    shown = helpd.show(1)
    if shown["subject"] != "purged":
        pytest.skip("faketime does not work with this build")
    assert shown["status"] == "closed" and shown["purged"] and shown["participants"] == [] and shown["requester"]["address"] == ""
    assert {a["text"] for a in shown["articles"]} == {"purged"}
    assert any(e["kind"] == "purged" and e["cause"] == "queue support, purge_after" for e in shown["events"])
    assert "purged" in helpd.run("show", "1")
    assert finds(helpd, "quicksilver") == [] and finds(helpd, "marmalade") == ["Another"]
    after = json.loads(helpd.run("verify", "--json"))["counts"]
    for key in ("tickets", "articles", "ledger", "hashes"):
        assert after[key] == counts[key], key
    # The other ticket is still there, and so is Ann; nothing is read again.
    assert b"marmalade" in held_by(helpd, os.path.dirname(helpd.data), "c0") or os.environ.get("HELPD_TEST_SEALED")
    os.rename(next(f for f in inbox.files("cur") if "1.a.h" in f), inbox.path + "/new/1.a.h")
    helpd.once()
    assert len(helpd.tickets()) == 2
    assert "was purged" in helpd.run("reply", "1", "--message", "x", status=65).err
    assert "was purged" in helpd.run("set", "1", "status=open", status=65).err
    # What goes through all tickets finds nothing to stumble over.
    assert helpd.run("why", "1") and helpd.run("search", "status:closed") and helpd.run("list", "--all")
    helpd.run("replay")
    helpd.run("export", ANN, os.path.join(os.path.dirname(helpd.data), "export"))
    helpd.start()
    assert json.loads(helpd.run("status", "--json", status=None))["purge"]["waiting"] == 0
    helpd.stop()
    helpd.run("set", "2", "status=closed")
    once(helpd, 64)
    once(helpd, 65)
    assert helpd.show(2)["subject"] == "purged"
    assert finds(helpd, "marmalade") == []
    data = held_by(helpd, os.path.dirname(helpd.data), "c1")
    for word in WORDS:
        assert word.lower() not in data.lower(), word
    helpd.run("verify")


def test_kept(h):
    helpd, _ = closed(h)
    helpd.run("set", "1", "tag=+legal-hold")
    assert helpd.show(1)["purge_at"] is None and helpd.show(1)["kept_by"] == "legal-hold"
    assert "by its tag legal-hold" in helpd.run("show", "1")
    once(helpd, 400)
    assert "quicksilver" in json.dumps(helpd.show(1))


def test_configured_later(h):
    """What was over long ago is purged in the coming night, not at once."""
    helpd, _ = closed(h, site="")
    assert helpd.show(1)["purge_at"] is None
    helpd.write_conf(helpd.conf.replace('site "Acme" {', 'site "Acme" { ' + SITE).replace('queue "support" {', 'queue "support" { close_after "20d";'))
    once(helpd, 300)
    assert "quicksilver" in json.dumps(helpd.show(1))
    once(helpd, 302)
    assert helpd.show(1)["subject"] in ("purged", "Printer on fire")
    helpd.start()
    helpd.stop()


@pytest.mark.parametrize("site, queue, said", [
    ('purge_after "5d";', "", r"purge_after must be longer than reopen_within \(14d\)"),
    ('purge_after "20d";', 'close_after "30d";', r"purge_after must be longer than close_after \(30d\)"),
    ("", 'purge_after "6d"; close_after "1d"; reopen_within "1d";', r"purge_after: expected at least \"(7d|1w)\""),
    ('spam_purge_after "2d";', "", r"spam_purge_after must be longer than confirm_within \(3d\)"),
    ('quarantine_after "1h";', "", r"quarantine_after: expected at least \"1d\""),
    ("", 'purge_after "60d";', r"warning: queue \"support\" has no close_after: what is only resolved is never purged"),
])
def test_check(h, site, queue, said):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site=site)
    helpd.write_conf(helpd.conf.replace('queue "support" {', f'queue "support" {{ {queue}'))
    out = helpd.run("check", status=None)
    assert re.search(said, out + out.err), out + out.err
    assert (out.status == 0) == ("warning" in said)
