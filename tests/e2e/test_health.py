"""Alarms, the heartbeat, what expires, and the status that a monitor reads."""
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from house import HELPD, PASSWORD, Maildir, give, mail, wait_for
import servers

OPS = "ops@noc.example"


def alarms(h, out=None):
    """Subjects of the alarm mails that went out, in their order."""
    return [str(m["Subject"]) for m in sorted((out or h.out).mails(), key=lambda m: number(m)) if m["X-Helpd-Notice"] == "alarm"]


def number(m):
    found = re.match(r"<helpd\.(?:alarm|probe)\.(\d+)\.", str(m["Message-ID"]))
    return int(found.group(1)) if found else 0


def body(h, subject):
    return [m.get_content() for m in h.out.mails() if subject in str(m["Subject"])]


def stop_all(dovecot):
    """With the process that serves a login: a master that ends right after it may leave that one behind."""
    master = dovecot.process.pid
    children = [int(p) for p in open(f"/proc/{master}/task/{master}/children").read().split()]
    dovecot.stop()
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def block(more=""):
    return f'alarms {{ to ["{OPS}"]; unread_after "2s"; {more} }}'


def test_mailbox_is_not_read(h):
    """One mail when Dovecot is gone, none more after a restart, one when it is back."""
    dovecot = h.dovecot()
    d = h.helpd(dovecot.mailbox(), rest=block('unreachable_after "1h";'))
    d.expected = ["feed .*(connect|closed|refused)", "imap"]
    d.start()
    wait_for(lambda: d.json("status")[0]["mailboxes"][0]["last_ok"])
    assert alarms(d) == []
    stop_all(dovecot)
    subject = "mailbox support is not read (helpd Acme)"
    wait_for(lambda: alarms(d))
    assert alarms(d) == [subject]
    text = body(d, subject)[0]
    assert "has not been able to read mailbox support since" in text and "helpd check --connect" in text
    assert "What was said: " in text and PASSWORD not in text
    sent = [m for m in d.out.mails() if str(m["Subject"]) == subject][0]
    assert sent["To"] == OPS and sent["Auto-Submitted"] == "auto-generated" and sent["Precedence"] == "bulk" and sent["Return-Path"] in (None, "<>")
    s = d.run("status", "--json", status=75)
    s = json.loads(s)
    assert not s["well"] and [a["kind"] for a in s["alarms"]] == ["mailbox"] and s["alarms"][0]["state"] == "raised"
    assert s["mailboxes"][0]["lag"] >= 2 and any("alarm mailbox support" in p for p in s["problems"])
    d.stop()
    d.start()
    time.sleep(4)
    d.kill()
    d.start()
    time.sleep(4)
    assert [a for a in alarms(d) if "mailbox" in a] == [subject]
    dovecot.start()
    dovecot.append("support", mail())
    wait_for(lambda: [a for a in alarms(d) if a.startswith("Well again")], 60)
    assert [a for a in alarms(d) if "mailbox" in a] == [subject, "Well again: " + subject]
    assert "It lasted" in body(d, "Well again")[0]
    wait_for(lambda: d.tickets())
    wait_for(lambda: json.loads(d.run("status", "--json", status=None))["well"])
    d.stop()


def test_admins_are_told_and_nobody_is(h):
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}\nmailbox "gone" {{ maildir "{h.base}/nowhere"; }}',
                rest='alarms { unread_after "1s"; }', site='trust "token";')
    with open(d.etc + "/agents.conf", "w") as f:
        f.write('agent "eva" { address "eva@acme.example"; role "admin"; languages ["zh_CN"]; }\nagent "ben" { address "ben@acme.example"; }\n')
    d.expected = ["feed mailbox=gone"]
    d.start()
    wait_for(lambda: alarms(d))
    assert alarms(d) == ["邮箱 gone 无法读取（helpd Acme）"]
    assert [str(m["To"]) for m in d.out.mails()] == ["eva <eva@acme.example>"]
    d.stop()
    other = h.helpd(f'mailbox "gone" {{ maildir "{h.base}/nowhere2"; }}', name="quiet", rest='alarms { to ["none"]; unread_after "1s"; }')
    other.expected = ["feed mailbox=gone"]
    other.start()
    wait_for(lambda: "alarm mailbox=gone begins" in other.said())
    assert other.out.mails() == []
    other.stop()


def test_transport_falls_silent(h):
    """The alarm goes by the other transport; without one it is logged at the highest priority and waits."""
    out = Maildir(os.path.join(h.base, "second"))
    box = h.maildir()
    port = servers.free_port()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}',
                f'transport "dead" {{ smtp "smtp+plain://127.0.0.1:{port}"; }}\ntransport "spare" {{ maildir "{out.path}"; }}',
                rest=f'alarms {{ to ["{OPS}"]; unreachable_after "1s"; }}')
    d.start()
    box.put(mail())
    wait_for(lambda: alarms(d, out))
    assert alarms(d, out) == ["transport dead cannot be reached (helpd Acme)"]
    assert "alert alarm" not in d.said()
    d.stop()
    lone = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', f'transport "dead" {{ smtp "smtp+plain://127.0.0.1:{port}"; }}', name="lone",
                   rest=f'alarms {{ to ["{OPS}"]; unreachable_after "1s"; }}')
    lone.start()
    box.put(mail())
    wait_for(lambda: re.search(r"^alert alarm transport=dead begins .*which wait", lone.said(), re.M))
    assert [r["kind"] for r in lone.json("outbox")].count("alarm") == 1
    lone.stop()


def test_answers_of_machines_open_no_ticket(h):
    """The address that alarms go to bounces, and has a responder."""
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}\nmailbox "gone" {{ maildir "{h.base}/nowhere"; }}', rest=block())
    d.expected = ["feed mailbox=gone"]
    d.start()
    wait_for(lambda: alarms(d))
    mid = str(d.out.mails()[0]["Message-ID"])
    box.put(mail(sender=f"Ops <{OPS}>", subject="Away", Auto_Submitted="auto-replied", In_Reply_To=mid))
    box.put(mail(sender="MAILER-DAEMON@noc.example", subject="Undelivered", Auto_Submitted="auto-replied", body=f"""--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.noc.example

Final-Recipient: rfc822; {OPS}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {mid}
Subject: x

--b--
""", **{"Content_Type": 'multipart/report; report-type=delivery-status; boundary="b"', "Content_Transfer_Encoding": None}))
    box.put(mail(subject="A customer"))
    wait_for(lambda: d.tickets())
    assert [t["subject"] for t in d.tickets()] == ["A customer"]
    assert len(d.json("quarantine")) == 2
    s = json.loads(d.run("status", "--json", status=None))
    assert s["quarantine"] == 2 and "no such user" in s["alarm_bounce"]
    d.stop()


def test_heartbeat(h):
    """A probe through Postfix into Dovecot; then the way is cut, and mended."""
    d = h.dovecot()
    inbox = os.path.join(d.base, "mail", "support")
    d.maildir("support")
    postfix = h.postfix({"support@acme.example": inbox})
    helpd = h.helpd(d.mailbox(more='poll "5s"; queue "support";'), postfix.transport + f'\ntransport "out" {{ maildir "{h.maildir("alarms").path}"; }}',
                    rest=f'alarms {{ to ["{OPS}"]; transport "out"; }}\nheartbeat {{ every "4s"; within "3s"; mailbox "support"; to "support@acme.example"; }}')
    out = Maildir(os.path.join(h.base, "alarms"))
    helpd.start()
    beat = wait_for(lambda: (lambda s: s["heartbeat"] if s["heartbeat"]["arrived"] else None)(json.loads(helpd.run("status", "--json", status=None))))
    assert 0 <= beat["seconds"] < 3 and beat["lost"] == 0
    assert helpd.tickets() == [] and helpd.json("quarantine") == []
    # Acknowledged at the source as any mail; what is over is gone from the outbox.
    wait_for(lambda: ["\\Seen" in " ".join(f) for f in d.flags("support")][:1] == [True])
    assert alarms(helpd, out) == []
    # A probe that somebody copies, and one that he forges.
    raw = Maildir(inbox).raw()[0]
    forged = re.sub(rb"(helpd\.probe\.\d+\.[0-9a-f]+\.)[a-z2-7]{27}", rb"\1" + b"a" * 27, raw)
    assert forged != raw
    d.append("support", raw)
    d.append("support", forged)
    wait_for(lambda: helpd.tickets())
    assert len(helpd.tickets()) == 1
    assert [a["automatic"] for a in helpd.show(1)["articles"]][0]
    # The way is cut.
    postfix.close()
    wait_for(lambda: [a for a in alarms(helpd, out) if "probes do not come back" in a], 30)
    assert alarms(helpd, out).count("probes do not come back (helpd Acme)") == 1
    subprocess.run(["postfix", "-c", postfix.base + "/conf", "start"], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: [a for a in alarms(helpd, out) if a == "Well again: probes do not come back (helpd Acme)"], 90)
    helpd.stop()


def test_certificate_and_password_expire(h):
    dovecot = h.dovecot()
    dovecot.stop()
    # The same server with a certificate that has five days left.
    authority = servers.Authority(os.path.join(h.base, "short"))
    pair = authority.issue("localhost", days=5)
    conf = open(dovecot.base + "/dovecot.conf").read()
    conf = re.sub(r"ssl_cert = <.*", f"ssl_cert = <{pair.cert}", conf)
    conf = re.sub(r"ssl_key = <.*", f"ssl_key = <{pair.key}", conf)
    open(dovecot.base + "/dovecot.conf", "w").write(conf)
    for f in (authority.file, authority.file.parent, authority.file.parent.parent):
        f.chmod(0o755)
    dovecot.ca = authority.file
    dovecot.start()
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86400))
    d = h.helpd(dovecot.mailbox(more=f'password_expires "{day}";'), rest=f'alarms {{ to ["{OPS}"]; }}')
    said = d.run("check", "--connect")
    assert re.search(r"expires on .* \(in [45] days\)", said) and "password" in said
    d.start()
    where = f"localhost:{dovecot.tls}"
    wait_for(lambda: len(alarms(d)) == 2, 30)
    assert sorted(re.sub(r"in \d days", "in N days", a) for a in alarms(d)) == [
        f"certificate of {where} expires in N days (helpd Acme)", "password of mailbox support expires in N days (helpd Acme)"]
    s = json.loads(d.run("status", "--json", status=75))
    assert {e["kind"] for e in s["expiring"]} == {"certificate", "authority", "password"}
    assert not s["well"]
    d.stop()
    d.start()
    wait_for(lambda: json.loads(d.run("status", "--json", status=None))["mailboxes"][0]["last_ok"])
    time.sleep(2)
    assert len(alarms(d)) == 2
    d.stop()


def test_status_file_is_whole_at_any_moment(h):
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', rest='alarms { unread_after "1s"; }')
    path = d.data + "/status.json"
    d.start()
    wait_for(lambda: os.path.exists(path))
    seen, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            with open(path, "rb") as f:
                seen.append(f.read())

    t = threading.Thread(target=read)
    t.start()
    for i in range(5):
        box.put(mail())
        time.sleep(0.5)
    stop.set()
    t.join()
    times = set()
    for raw in set(seen):
        s = json.loads(raw)
        assert s["running"] and s["version"] and s["mailboxes"]
        times.add(s["now"])
    assert len(set(seen)) >= 3 and len(times) >= 2
    assert os.stat(path).st_mode & 0o777 == 0o640
    d.stop()
    assert json.load(open(path))["running"] is False


def test_status_with_promises(h):
    """Running and missed clocks, the queues, and the same for Prometheus."""
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', rest="")
    with open(d.etc + "/sla.conf", "w") as f:
        f.write('sla "standard" { normal { first_response "1m"; resolution "8h"; } }\n')
    d.write_conf(d.conf.replace('queue "support" {', 'queue "support" { sla "standard";'))
    d.start(wrap=())
    for i in range(3):
        box.put(mail(subject=f"Number {i}"))
    wait_for(lambda: len(d.tickets()) == 3)
    wait_for(lambda: d.json("status")[0]["outbox"]["sent"] == 3)
    s = d.json("status")[0]
    assert s["well"] and s["running"]
    assert s["sla"] == {"running": 6, "paused": 0, "breached": 0, "tickets_breached": 0, "complete": True}
    assert s["last_backup"] is None and s["quarantine"] == 0 and s["disk_free"] > 0 and s["oldest_unsent"] is None
    d.run("backup", d.base + "/copy")
    s = d.json("status")[0]
    assert s["last_backup"] and s["last_backup_to"] == d.base + "/copy"
    text = d.run("status")
    assert "sla        running 6" in text and ": well" in text
    metrics = d.run("status", "--metrics")
    lines = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
    assert lines["helpd_up"] == "1" and lines["helpd_well"] == "1"
    assert lines['helpd_sla_clocks{state="running"}'] == "6"
    assert lines['helpd_tickets{status="new"}'] == "3"
    assert float(lines['helpd_mailbox_lag_seconds{mailbox="in"}']) < 120
    assert int(lines["helpd_last_backup_time_seconds"]) > 1_700_000_000
    for line in metrics.splitlines():
        assert re.match(r'(# (HELP|TYPE) helpd_\w+ .+|helpd_\w+(\{\w+="(\\.|[^"\\])*"\})? -?[\d.]+)$', line), line
    d.stop()
    d.run("status", status=69)
    assert json.loads(d.run("status", "--json", status=69)) == {"running": False}


def test_breached_clocks_are_counted(h):
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib:
        pytest.skip("faketime is not installed")
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())
    later = ["env", "LD_PRELOAD=" + " ".join([*asan, lib]), "FAKETIME=+10m", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', rest="")
    with open(d.etc + "/sla.conf", "w") as f:
        f.write('sla "standard" { normal { first_response "1m"; resolution "8h"; } }\n')
    d.write_conf(d.conf.replace('queue "support" {', 'queue "support" { sla "standard";'))
    box.put(mail())
    d.once()
    d.start(wrap=later)
    s = json.loads(d.run("status", "--json"))
    assert s["sla"]["breached"] == 1 and s["sla"]["tickets_breached"] == 1 and s["sla"]["running"] == 1
    d.stop()


def test_it_was_not_running(h):
    box = h.maildir()
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', rest=block())
    d.start()
    wait_for(lambda: "status.json" in os.listdir(d.data))
    time.sleep(3)
    d.stop()
    assert alarms(d) == []
    time.sleep(6)
    d.start()
    wait_for(lambda: alarms(d))
    assert alarms(d) == ["helpd was not running (helpd Acme)"]
    d.stop()
    # At once again: no second mail within the hour.
    time.sleep(6)
    d.start()
    time.sleep(3)
    assert len(alarms(d)) == 1
    d.stop()


def test_disk_and_a_status_file_elsewhere(h):
    """What is used of the disk is above 1 % at once; the file is where helpd.conf says, under the daemon's own restrictions."""
    box = h.maildir()
    where = os.path.join(h.base, "monitor")
    os.makedirs(where)
    give(where)
    d = h.helpd(f'mailbox "in" {{ maildir "{box.path}"; }}', rest=f'status_file "{where}/helpd.json";\n' + block('disk "1%";'))
    d.start()
    wait_for(lambda: alarms(d))
    assert alarms(d) == ["the disk is nearly full (helpd Acme)"]
    assert re.search(r"\d+ % of (the disk of|map_size)", body(d, "disk")[0])
    s = wait_for(lambda: os.path.exists(where + "/helpd.json") and json.load(open(where + "/helpd.json")))
    assert s["mailboxes"] and not os.path.exists(d.data + "/status.json")
    d.configure(f'mailbox "in" {{ maildir "{box.path}"; }}', f'transport "out" {{ maildir "{d.out.path}"; }}',
                rest=f'status_file "{where}/helpd.json";\n' + block('disk "100%";'))
    d.run("reload")
    wait_for(lambda: len(alarms(d)) == 2)
    assert alarms(d)[1] == "Well again: the disk is nearly full (helpd Acme)"
    d.stop()
