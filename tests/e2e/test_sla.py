"""Service levels and waiting, over real servers and a clock that is set: each thing once, at its working minute, across restarts and a daylight-saving change."""
import email.utils
import json
import os
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from house import HELPD, give, mail, wait_for

AGENTS = """
agent "anna" { address "anna@acme.example"; teams ["first-line"]; hours "office"; }
agent "lena" { address "lena@acme.example"; role "lead"; }
team "first-line" { }
"""
SLA = """
calendar "office" { timezone "Europe/Berlin"; weekdays "09:00-17:00"; holidays ["2027-03-30 Stocktaking", "holidays/de.ics"]; }
calendar "nights" { timezone "Europe/Berlin"; saturday "18:00-24:00"; sunday "00:00-06:00"; }
sla "standard" {
    calendar "office";
    normal { first_response "4h"; resolution "24h"; }
    escalate "100%" { notify "lead"; }
    escalate "+1h" { targets "first-response"; tag "late"; priority "raise"; }
}
sla "watch" { calendar "nights"; normal { resolution "8h"; } warn "no"; }
"""
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:labour
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20200501
RRULE:FREQ=YEARLY
SUMMARY:Tag der Arbeit
END:VEVENT
END:VCALENDAR
"""
QUEUES = ('queue "support" { address "support@acme.example"; team "first-line"; sla "standard"; remind_after "2d"; resolve_after "4d"; warn_before "1d"; '
          'close_after "1d"; }\n', 'queue "sales" { address "sales@acme.example"; sla "watch"; }\n')
KINDS = ("sla-warning", "sla-breach", "escalated", "reminded", "silence", "idle")


def when(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


class Clock:
    """helpd sees another time, and time goes on there."""

    def __init__(self):
        self.lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
        if not self.lib:
            pytest.skip("faketime is not installed")
        self.asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())

    def at(self, t):
        return ["env", "LD_PRELOAD=" + " ".join([*self.asan, self.lib]), f"FAKETIME=+{t.timestamp() - time.time():.3f}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def desk(h):
    clock = Clock()
    dovecot = h.dovecot()
    boxes = {n: h.maildir(n) for n in ("ann", "bob", "anna", "lena")}
    postfix = h.postfix({"support@acme.example": dovecot.maildir("support").path, "sales@acme.example": dovecot.maildir("support").path,
                         "ann@customer.example": boxes["ann"].path, "bob@customer.example": boxes["bob"].path,
                         "anna@acme.example": boxes["anna"].path, "lena@acme.example": boxes["lena"].path})
    # In the clear: the certificates of today are not valid then.
    box = f'mailbox "support" {{ imap "imap+plain://127.0.0.1:{dovecot.port}"; user "support"; password_file "@SECRET@"; poll "5s"; }}'
    helpd = h.helpd(box, postfix.transport, site='trust "token"; ')
    os.makedirs(helpd.etc + "/holidays")
    for name, text in (("agents.conf", AGENTS), ("sla.conf", SLA), ("holidays/de.ics", ICS)):
        with open(f"{helpd.etc}/{name}", "w") as f:
            f.write(text)
    conf = re.sub(r'queue "support".*\n', QUEUES[0], helpd.conf)
    helpd.write_conf(re.sub(r'queue "sales".*\n', QUEUES[1], conf))
    give(helpd.etc)
    helpd.run("check")
    if helpd.once(status=None, wrap=clock.at(when("2027-03-26T10:00:00Z"))).status:
        pytest.skip("faketime does not work with this build")
    return clock, dovecot, postfix, boxes, helpd


def done(helpd):
    """What happened by itself: (ticket, kind, detail, minute)."""
    out = set()
    for t in helpd.tickets():
        for e in helpd.show(t["id"])["events"]:
            if e["kind"] in KINDS or (e["kind"] in ("status", "priority", "tag") and e["actor"] == "system"):
                one = (t["id"], e["kind"], e["detail"], e["time"][:16])
                assert one not in out, one
                out.add(one)
    return out


WEEK = [  # by hand, with a calendar
    (2, "sla-breach", "resolution was due 2027-03-28T03:00:00Z", "2027-03-28T03:00"),   # 5:00 of a night with an hour less
    (1, "reminded", None, "2027-03-29T07:00"),                                          # Sunday's, on Monday at 9:00
    (1, "sla-warning", "first-response: 80% of 4h used, due 2027-03-29T09:00:00Z", "2027-03-29T08:12"),
    (1, "sla-breach", "first-response was due 2027-03-29T09:00:00Z", "2027-03-29T09:00"),
    (1, "escalated", "first-response at 100%: notify lead", "2027-03-29T09:00"),
    (1, "escalated", "first-response at +1h: priority raise", "2027-03-29T10:00"),
    (1, "priority", "normal -> high", "2027-03-29T10:00"),
    (1, "escalated", "first-response at +1h: tag late", "2027-03-29T10:00"),
    (1, "tag", "+late", "2027-03-29T10:00"),
    (3, "silence", "bob@customer.example", "2027-03-31T07:00"),                         # Monday 17:00 is over, Tuesday is a holiday
    (3, "status", "pending -> resolved", "2027-04-01T07:00"),                           # a day after he was told
    (4, "sla-warning", "resolution: 80% of 24h used, due 2027-04-01T13:00:00Z", "2027-04-01T08:12"),
    (4, "sla-breach", "resolution was due 2027-04-01T13:00:00Z", "2027-04-01T13:00"),
    (4, "escalated", "resolution at 100%: notify lead", "2027-04-01T13:00"),
    (3, "status", "resolved -> closed", "2027-04-02T07:00"),
]


def agree(helpd, until):
    """All of the week up to then has happened, once and in its minute, and nothing else."""
    want = [w for w in WEEK if when(w[3] + ":00Z") <= until]
    got = done(helpd)
    for ticket, kind, detail, minute in want:
        same = [g for g in got if g[:2] == (ticket, kind) and detail in (None, g[2]) and g[3] == minute]
        assert len(same) == 1, (ticket, kind, detail, minute, sorted(got, key=lambda g: g[3]))
    assert len(got) == len(want), sorted(got, key=lambda g: g[3])


def test_week(h):
    clock, dovecot, postfix, boxes, helpd = desk(h)
    friday = when("2027-03-26T14:00:00Z")  # 15:00 in Berlin

    def writes(n, t, who="ann", to="support@acme.example"):
        postfix.post(mail(sender=f"{who.title()} <{who}@customer.example>", to=to, subject=f"Fire {n}", Date=email.utils.format_datetime(t)),
                     f"{who}@customer.example", to)
        wait_for(lambda: len(dovecot.flags("support")) >= n, 20)
        helpd.once(wrap=clock.at(t))
        assert len(helpd.tickets()) == n

    writes(1, friday)
    night = when("2027-03-27T19:00:00Z")  # Saturday, 20:00
    writes(2, night, to="sales@acme.example")
    # The others come on Friday, too: the clock may be set back.
    writes(3, friday, "bob")
    writes(4, friday)
    helpd.run("reply", "4", "--message", "We look into it.", wrap=clock.at(friday + timedelta(seconds=20)))
    asked = when("2027-03-26T15:00:00Z")
    helpd.run("reply", "3", "--message", "Which one?", "--status", "pending", wrap=clock.at(asked))
    helpd.run("verify")

    # Each minute that counts, and the one before it; every run is a restart.
    for minute in sorted({w[3] for w in WEEK}):
        t = when(minute + ":00Z")
        if minute == "2027-03-29T09:00":
            # This one is the daemon's: it sleeps until then by itself.
            helpd.start(wrap=clock.at(t - timedelta(seconds=3)))
            agree(helpd, t - timedelta(minutes=1))
            wait_for(lambda: any(g[1] == "sla-breach" and g[0] == 1 for g in done(helpd)), 20)
            helpd.kill()
        else:
            helpd.once(wrap=clock.at(t - timedelta(seconds=30)))
            agree(helpd, t - timedelta(seconds=30))
        # What follows from something that was seconds late is as late.
        for seconds in (2, 25, 50):
            helpd.once(wrap=clock.at(t + timedelta(seconds=seconds)))
        agree(helpd, t)
    helpd.run("verify")
    assert {t["id"]: t["status"] for t in helpd.tickets()} == {1: "new", 2: "new", 3: "closed", 4: "open"}

    # By mail, through Postfix: once each.
    def told(box):
        return [m for m in boxes[box].mails() if m["X-Helpd-Notice"] in ("sla", "reminder")]
    wait_for(lambda: len(told("anna")) >= 6, 20)
    assert sorted(m["X-Helpd-Notice"] for m in told("anna")) == ["reminder"] + ["sla"] * 5
    # Of two warnings and two breaches; and both of the breach in the queue that has no team. The lead of the other breaches, too.
    wait_for(lambda: len(told("lena")) >= 3, 20)
    assert [m["X-Helpd-Notice"] for m in told("lena")] == ["sla"] * 3
    bodies = [m.get_body(("plain",)).get_content() for m in told("anna")]
    assert any("first-response is due" in b and "First answer due: " in b for b in bodies) and any("first-response was due" in b for b in bodies)
    silence = wait_for(lambda: [m for m in boxes["bob"].mails() if "still waiting for your answer" in m.get_body(("plain",)).get_content()], 20)
    assert len(silence) == 1 and silence[0]["Auto-Submitted"] == "auto-generated"

    # The clock set back, and far ahead: nothing of it again.
    helpd.once(wrap=clock.at(friday + timedelta(hours=1)))
    helpd.once(wrap=clock.at(when("2027-04-02T07:00:30Z")))
    agree(helpd, when("2027-04-02T07:00:00Z"))
    helpd.run("verify")


def test_reload_and_show(h):
    """Another promise: the tickets are counted anew, the history says so; what show, why and list tell."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    always = 'sla "standard" { normal { first_response "%s"; resolution "24h"; } }\n'
    conf = helpd.conf.replace('queue "support" { address', 'queue "support" { sla "standard"; address')
    helpd.write_conf(conf)

    def promise(x):
        with open(helpd.etc + "/sla.conf", "w") as f:
            f.write(always % x)
        give(helpd.etc)
    promise("4h")
    for i in range(5):
        inbox.put(mail(subject=f"Fire {i}"))
    helpd.start()
    wait_for(lambda: len(helpd.tickets()) == 5)
    clocks = {c["target"]: c for c in helpd.show(1)["sla"]}
    assert set(clocks) == {"first-response", "resolution"}
    first = clocks["first-response"]
    assert first["state"] == "running" and first["seconds"] == 4 * 3600 and first["policy"] == "standard" and 4 * 3600 - 60 <= first["left"] <= 4 * 3600
    assert first["ended"] is None
    said = helpd.run("show", "1")
    assert re.search(r"sla +first-response running, due .*, 3h59m left", said)
    promise("2h")
    helpd.run("reload")
    wait_for(lambda: all({c["target"]: c["seconds"] for c in helpd.show(n)["sla"]}["first-response"] == 7200
                         and len([e for e in helpd.show(n)["events"] if e["kind"] == "sla"]) == 2 for n in range(1, 6)), 10)
    why = helpd.run("why", "3")
    assert "policy standard was changed: first-response due" in why and "sla.conf:1" in why
    helpd.run("verify")
    helpd.run("set", "1", "priority=high")
    assert helpd.show(1)["sla"] == []
    assert "priority normal -> high: first-response: no target any more" in helpd.run("why", "1")
    assert "did you mean standard?" in helpd.run("set", "1", "sla=standart", status=64 + 1).err
    # None any more: no clock is left behind.
    os.unlink(helpd.etc + "/sla.conf")
    helpd.write_conf(helpd.conf)
    helpd.run("reload")
    wait_for(lambda: all(helpd.show(n)["sla"] == [] for n in range(1, 6)), 10)
    helpd.run("verify")


def test_calendar(h):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    with open(helpd.etc + "/sla.conf", "w") as f:
        f.write(SLA.replace(', "holidays/de.ics"', ""))
    give(helpd.etc)
    one, = helpd.json("calendar", "office", "--from", "2027-03-26T14:00:00Z", "--add", "4h")
    assert one["calendar"] == "office" and one["timezone"] == "Europe/Berlin" and one["working"]
    assert one["added"] == "2027-03-29T09:00:00Z"
    assert one["spans"][:3] == [{"from": "2027-03-26T14:00:00Z", "to": "2027-03-26T16:00:00Z"},
                                {"from": "2027-03-29T07:00:00Z", "to": "2027-03-29T15:00:00Z"},
                                {"from": "2027-03-31T07:00:00Z", "to": "2027-03-31T15:00:00Z"}]
    assert one["holidays"] == [{"date": "2027-03-30", "name": "Stocktaking"}]
    assert {"sla": "standard", "priority": "normal", "target": "resolution", "seconds": 86400, "due": "2027-04-01T13:00:00Z"} in one["due"]
    night, = helpd.json("calendar", "nights", "--from", "2027-03-27 20:00", "--add", "8h")
    assert night["added"] == "2027-03-28T03:00:00Z"
    assert [json.loads(x)["calendar"] for x in helpd.run("calendar", "--json").splitlines()] == ["office", "nights"]
    said = helpd.run("calendar", "office", "--from", "2027-03-29 16:00")
    assert "Mon 2027-03-29 16:00  to  Mon 2027-03-29 17:00  (1h)" in said and "2027-03-30  Stocktaking" in said
    assert 'did you mean "office"?' in helpd.run("calendar", "ofice", status=64).err
