"""helpd-json(7) and the program say the same: every key that is printed stands in the page, every one promised is printed."""
import json
import os
import re

from house import SRC, mail

PROMISED = {
    "list": "id subject status priority queue assignee requester created updated tags channel language links",
    "show": "participants fields sla articles events parent children links csat",
    "article": "seq direction author from to cc subject date message_id text new_text attachments automatic evidence delivery",
    "event": "seq time kind actor detail cause",
    "parse": "file from to cc reply_to subject date message_id in_reply_to references text new_text html attachments language charset automatic bounce warnings",
    "attachment": "name type size sha256 inline",
}
BOUNCE = """Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Not delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b--
"""


def documented():
    with open(os.path.join(SRC, "man", "helpd-json.7")) as f:
        return set(re.findall(r"[a-z_]+[a-z0-9_]*", " ".join(line[4:] for line in re.findall(r"^\.(?:It )?Cm .*$", f.read(), re.M))))


def keys(value, skip=()):
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            if k not in skip:
                yield from keys(v, skip)
    elif isinstance(value, list):
        for v in value:
            yield from keys(v, skip)


def test_keys(h):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    raw = mail(Content_Type='multipart/mixed; boundary="b"', body='--b\nContent-Type: text/plain\n\nSee file\n--b\nContent-Type: text/plain; name="a.txt"\n\nboo\n--b--\n')
    inbox.put(raw)
    helpd.once()
    path = helpd.base + "/mail.eml"
    with open(path, "wb") as f:
        f.write(raw)
    with open(path + "2", "wb") as f:
        f.write(mail(Content_Type=None, body="", Return_Path="<>").rstrip(b"\n") + b"\n" + BOUNCE.encode())
    listed, = helpd.json("list")
    shown = helpd.show(1)
    parsed = helpd.json("parse", path, path + "2")
    assert set(PROMISED["list"].split()) <= set(listed)
    assert set((PROMISED["list"] + " " + PROMISED["show"]).split()) <= set(shown)
    for a in shown["articles"]:
        assert set(PROMISED["article"].split()) <= set(a)
    for e in shown["events"]:
        assert set(PROMISED["event"].split()) == set(e)
    for p in parsed:
        assert set(PROMISED["parse"].split()) <= set(p), set(p) ^ set(PROMISED["parse"].split())
    assert set(parsed[0]["attachments"][0]) == set(PROMISED["attachment"].split())
    assert parsed[1]["bounce"]["recipients"] == [{"address": "gone@customer.example", "status": "5.1.1", "smtp_code": "550", "kind": "hard",
                                                  "reason": parsed[1]["bounce"]["recipients"][0]["reason"]}]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed["created"])
    assert set(listed["requester"]) == {"name", "address"}

    helpd.write_conf(helpd.conf.replace("languages", "langages"))
    wrong = [json.loads(line) for line in helpd.run("check", "--json", status=78).splitlines()]
    helpd.write_conf(helpd.conf)
    helpd.run("kb", "add", "Fire", stdin=b"Use water.")
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write('agent "anna" { address "anna@desk.example"; }\n')
    helpd.start()
    everything = [listed, shown, parsed, wrong, helpd.json("outbox"), helpd.json("quarantine"), helpd.json("verify"), helpd.json("status"),
                  helpd.json("kb"), helpd.json("kb", "show", "1"), helpd.json("agents"), helpd.json("agents", "away", "anna"),
                  helpd.json("agents", "back", "anna")]
    helpd.stop()
    # Names of states and tables are data, not keys of ours.
    undocumented = set(keys(everything, skip=("counts", "tickets", "outbox", "fields"))) - documented()
    assert not undocumented, f"helpd-json(7) says nothing of {sorted(undocumented)}"


def test_refused(h):
    """A mail the jail refuses is an object with file and error, and the exit status says that something was wrong."""
    helpd = h.helpd(f'mailbox "in" {{ maildir "{h.maildir().path}"; }}')
    path = helpd.base + "/bad.eml"
    with open(path, "wb") as f:
        f.write(b"From: a@b.example\n" + b"X: y\n" * 400000 + b"\nx\n")
    out = helpd.run("parse", path, status=None)
    assert set(json.loads(out)) == {"file", "error"}


def test_kinds_of_events_are_documented():
    with open(os.path.join(SRC, "src/desk/event.h")) as f:
        kinds = re.findall(r'X\(\w+, "([^"]+)",', f.read())
    with open(os.path.join(SRC, "man", "helpd-json.7")) as f:
        page = f.read()
    assert len(kinds) > 20
    assert not [k for k in kinds if f".It Qq {k}\n" not in page]
