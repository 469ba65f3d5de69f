"""The faults of RELIABILITY.md, row by row, met by the whole program. Where each row is shown:

  kill -9 anywhere              test_crash (mail in and out), test_crash_day (rules, agents, bounces, timers, copies, webhooks, backup, restore, erasure; the
                                group; the start after it), test_hook, test_sent, test_privacy: test_killed; test_faults: test_in_doubt_at_a_kill
  fsync or write error          test_io: each call in turn, of a run, the daemon, deliver, backup and restore; memory refused to parsers and daemon
  disk full, map full           test_faults: test_disk_full, test_map_full; test_daemon: test_full
  the IMAP server lies          test_liars_beside_others (here); test_net_imap_faults at the level of net/; test_faults: test_one_account_stalls, test_kept_back
  UIDVALIDITY, expunge          test_moved_under_our_feet (here); test_intake: test_uidvalidity
  TLS                           test_no_credential (here), IMAP and SMTP; test_net_imap_faults, test_net_smtp
  SMTP 4xx, 5xx, after the dot  test_deferred_for_days, test_refused_and_reopened (here); test_faults: test_results_of_each_recipient, test_greylisted_then_back,
                                test_dropped_after_the_dot
  clock jumps, daylight saving  test_clock_forth_and_back (here), test_sla: test_week, test_due: test_clock_jumps, test_faults: test_clock_was_wrong
  bad edit and reload           test_bad_edits (here), test_daemon: test_reload; tests/app/test_config_mutated
  200 MB; 10,000 waiting        test_faults: test_large_mail, test_large_mails_together; test_backlog (here)
  poison mail                   test_poison (here: memory, time), test_daemon: test_poison, test_faults: test_parser_dies; the fuzzers
  a reader killed               test_file_stays_small (here), test_faults: test_reader_killed

And the invariants: 1-5, 12 by the crash and I/O tests; 3 also test_intake; 6 test_forgery (unit), test_identity, test_day; 7 test_agent*, house.leaked() after each
test; 8 test_loop, test_loops; 9 test_poison, test_faults; 10 test_no_credential, test_daemon: test_no_network_from_content, house.told() after each test;
11 test_net_smtp; one writer: test_daemon: test_second_daemon.
"""
import base64
import collections
import email
import email.policy
import os
import random
import re
import signal
import subprocess
import time

import house
import pytest
from house import PASSWORD, mail, wait_for
from imap_stub import ImapStub, session
from servers import Authority
from smtp_stub import SmtpStub
from test_daemon import POISON
from test_faults import Watch, box, ends, imap, rows, sanitized, smtp, status_of
from test_net_imap_faults import FAULTS

LONG = bool(os.environ.get("HELPD_LONG"))
LIB = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
SECRETS = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()), base64.b64encode(b"\0user\0" + PASSWORD.encode()), b"user", base64.b64encode(b"user")]
AGENTS = 'agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first"]; role "lead"; }\nteam "first" { }\n'


def at(seconds):
    """helpd's clock stands that much ahead."""
    if not LIB:
        pytest.skip("faketime is not installed")
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", house.HELPD], stdout=subprocess.PIPE).stdout.decode())
    return ["env", "LD_PRELOAD=" + " ".join([*asan, LIB]), f"FAKETIME={seconds:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def staffed(helpd, more=""):
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    helpd.write_conf(helpd.conf.replace('queue "support" { address "support@acme.example"; }', 'queue "support" { address "support@acme.example"; team "first"; %s }' % more))
    return helpd


def sent(stub):
    return [email.message_from_bytes(m, policy=email.policy.default) for m in stub.mails]


# --- IMAP servers ---


def holding(name, lie=None):
    """A server with three mails of its own. lie(talk, tag): told instead of them as long as it is."""
    mails = [b"Subject: %s %d\r\nFrom: %s%d@customer.example\r\nMessage-ID: <%s%d@x>\r\n\r\nhello from %s, %d\r\n" % ((n := name.encode()), k, n, k, n, k, n, k) for k in (1, 2, 3)]
    lies = [lie]

    def fetch(talk, tag, rest):
        if b"BODY" not in rest:
            return False
        if lies[0]:
            return lies[0](talk, tag)
        for k, raw in enumerate(mails, 1):
            talk.say(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (k, k, len(raw), raw))
        talk.say(tag + b" OK done\r\n")
        return True
    stub = ImapStub(lambda talk: session(talk, answers={b"UID FETCH": fetch}))
    stub.be_honest = lambda: lies.__setitem__(0, None)
    return stub


def test_liars_beside_others(h):
    """Two dozen servers that drop, stall, drip, send garbage, huge literals and ends within them: each is an error in time, nothing is stored by halves, and an honest
    account and a Maildir are served at once. When they come to their senses all they have is taken, once."""
    inbox = h.maildir()
    honest = holding("honest")
    # Fails with a word of the server's own, which is no fault of the line.
    liars = {re.sub(r"\W", "", name): holding(re.sub(r"\W", "", name), lie) for name, (lie, _) in FAULTS.items()}
    boxes = "".join(imap(s, name, 'timeout "3s";') for name, s in liars.items() if s.__enter__())
    with honest:
        helpd = h.helpd(boxes + imap(honest, "honest") + box(inbox)).start()
        helpd.expected = [r"feed mailbox=\w+ .*fetching: what"]
        inbox.put(mail(subject="by Maildir"))
        start = time.monotonic()
        wait_for(lambda: {t["subject"] for t in helpd.tickets()} >= {"by Maildir", "honest 1", "honest 2", "honest 3"})
        assert time.monotonic() - start < 10
        # "drips lines" takes as long as the command may.
        wait_for(lambda: sum(m["error"] is not None for m in status_of(helpd)["mailboxes"]) == len(liars), 45, 0.3)
        state = {m["name"]: m for m in status_of(helpd)["mailboxes"]}
        assert all(state[n]["error"] for n in liars) and not state["honest"]["error"] and not state["in"]["error"]
        assert len(helpd.tickets()) == 4, "something of the liars was stored"
        # Not all at the same moment again.
        waits = [float(x) for x in re.findall(r"next try in (\d+) s", helpd.said())]
        assert len(waits) >= len(liars)
        for s in liars.values():
            s.be_honest()
        helpd.stop()
        helpd.start()
        want = collections.Counter([f"{n} {k}" for n in [*liars, "honest"] for k in (1, 2, 3)] + ["by Maildir"])
        wait_for(lambda: len(helpd.tickets()) >= sum(want.values()), 60, 0.3)
        assert collections.Counter(t["subject"] for t in helpd.tickets()) == want
        ends(helpd)
        for s in liars.values():
            s.__exit__()


def test_moved_under_our_feet(h):
    """Mails vanish, come and are renumbered while they are read: what is there in the end is stored once, and nothing is moved past."""
    dovecot = h.dovecot()
    for k in range(60):
        dovecot.append("support", mail(subject=f"Nr. {k}", sender=f"c{k}@customer.example"))
    helpd = h.helpd(dovecot.mailbox(more='begin "all";')).start()
    gone = [k for k in range(0, 60, 3)]
    dovecot.adm("expunge", "-u", "support", "mailbox", "INBOX", "uid", ",".join(str(k + 1) for k in gone))
    for k in range(60, 70):
        dovecot.append("support", mail(subject=f"Nr. {k}", sender=f"c{k}@customer.example"))
    dovecot.adm("mailbox", "update", "-u", "support", "--uid-validity", "4242424", "INBOX")
    for k in range(70, 75):
        dovecot.append("support", mail(subject=f"Nr. {k}", sender=f"c{k}@customer.example"))
    must = {f"Nr. {k}" for k in range(75) if k not in gone}
    wait_for(lambda: {t["subject"] for t in helpd.tickets()} >= must, 30)
    wait_for(lambda: all("\\Seen" in f for f in dovecot.flags("support")), 30)
    assert max(collections.Counter(t["subject"] for t in helpd.tickets()).values()) == 1
    ends(helpd)
    helpd.once()
    assert max(collections.Counter(t["subject"] for t in helpd.tickets()).values()) == 1


# --- TLS ---


def strip(talk):
    talk.say(b"* OK hello\r\n")
    while True:
        tag, verb, _ = talk.command()
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n")
        talk.say(tag + b" OK done\r\n")


def starttls(cert, injected=b""):
    def behave(talk):
        talk.say(b"* OK hello\r\n")
        while True:
            tag, verb, _ = talk.command()
            if verb == b"CAPABILITY":
                talk.say(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n")
            if verb == b"STARTTLS":
                talk.say(tag + b" OK go\r\n" + injected)
                session(talk, cert)
                return
            talk.say(tag + b" OK done\r\n")
    return behave


def test_no_credential(h, tmp_path):
    """STARTTLS stripped, or with words of somebody else's before it; certificates of nobody's, for another, of yesterday: by IMAP and by SMTP not one byte of a
    name or password is given, the reason is told, and the mail waits."""
    if missing := house.have("openssl"):
        pytest.skip(missing)
    ca, other = Authority(tmp_path), Authority(tmp_path / "other", "another")
    os.chmod(tmp_path, 0o755)
    ca.dir.chmod(0o755), ca.file.chmod(0o644)
    bad = {"self": ca.self_signed("localhost"), "other": other.issue("localhost"), "name": ca.issue("other.example"), "expired": ca.issue("localhost", expired=True)}
    good = ca.issue("localhost")
    boxes, stubs, conf, queues = "", {}, "", ""
    for kind, cert in bad.items():
        stubs["imaps-" + kind] = ImapStub(lambda t, cert=cert: session(t, cert))
        stubs["imap-" + kind] = ImapStub(starttls(cert))
        stubs["submissions-" + kind] = SmtpStub(cert, "implicit", offer=[b"AUTH PLAIN LOGIN"])
        stubs["submission-" + kind] = SmtpStub(cert, "starttls", offer=[b"AUTH PLAIN LOGIN"])
    stubs["imap-stripped"], stubs["imap-injected"] = ImapStub(strip), ImapStub(starttls(good, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n2 OK injected\r\n"))
    stubs["submission-stripped"] = SmtpStub(offer=[b"AUTH PLAIN LOGIN"])
    stubs["submission-injected"] = SmtpStub(good, "starttls", injected=b"250 AUTH PLAIN\r\n", offer=[b"AUTH PLAIN"])
    inbox = h.maildir()
    for name, s in stubs.items():
        s.__enter__()
        scheme, _ = name.split("-")
        if scheme.startswith("imap"):
            boxes += f'mailbox "{name}" {{ imap "{scheme}://localhost:{s.port}"; user "user"; password_file "@SECRET@"; ca_file "{ca.file}"; timeout "4s"; }}\n'
        else:
            conf += f'transport "{name}" {{ smtp "{scheme}://localhost:{s.port}"; user "user"; password_file "@SECRET@"; ca_file "{ca.file}"; timeout "4s"; }}\n'
            queues += f'queue "{name}" {{ address "{name}@acme.example"; transport "{name}"; }}\n'
            inbox.put(mail(to=f"{name}@acme.example", subject=name, sender=f"{name}@customer.example"))
    helpd = h.helpd(boxes + box(inbox), conf, rest=queues)
    helpd.expected = [r"feed mailbox=imap"]
    ended = helpd.once(status=None)
    assert ended.status == 75
    for name, s in stubs.items():
        # What is behind TLS that was injected into is the server's own; in the clear there is nothing of ours.
        heard = s.clear if name == "submission-injected" else s.seen
        assert s.connections and not [x for x in SECRETS if x in heard], (name, heard)
        assert "submission" not in name or name == "submission-injected" or not s.mails
        assert re.search(rf"(mailbox|transport)={name} .", ended.err) or name == "submission-injected", (name, ended.err)
    for kind, words in (("self", "signed by nobody"), ("other", "signed by nobody"), ("name", "is for other.example"), ("expired", "expired on 2021-01-01"), ("stripped", "STARTTLS")):
        for line in (x for x in ended.err.splitlines() if re.search(rf"(mailbox|transport)=\w+-{kind} ", x)):
            assert words in line, line
    assert {r["state"] for r in rows(helpd) if "injected" not in str(r)} == {"queued"}, rows(helpd)
    for s in stubs.values():
        s.__exit__()


# --- SMTP ---


def test_deferred_for_days(h):
    """4xx: after 5 minutes, then twice as long each time up to an hour, for five days, never earlier; then it has failed, and the agents are told."""
    inbox = h.maildir()
    with SmtpStub() as stub:
        helpd = staffed(h.helpd(box(inbox), smtp(stub)))
        inbox.put(mail())
        helpd.once()
        stub.rcpt = {b"ann@customer.example": b"451 4.7.1 come back later"}
        helpd.run("set", "1", "assignee=anna")
        helpd.run("reply", "1", "--message", "Use water.")
        helpd.once(status=None)
        now, waits = 0, []

        def row():
            return next((r for r in rows(helpd) if r["kind"] == "answer"), None)

        def due():
            return time.mktime(time.strptime(row()["next"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time() - now
        for _ in range(7):
            waits.append(due() / 60)
            before, asked = row()["attempts"], len(stub.commands)
            # A minute before its time: nobody is asked.
            now += due() - 60
            assert helpd.once(status=None, wrap=at(now)).status in (0, 75)
            assert row()["attempts"] == before and len(stub.commands) == asked, "tried too early"
            now += 90
            helpd.once(status=None, wrap=at(now))
            assert row()["attempts"] == before + 1
        # Each with some chance in it, so that not all come at once.
        for got, want in zip(waits, (5, 10, 20, 40, 60, 60, 60)):
            assert want * 0.75 <= got <= want * 1.3, waits
        now = 4.9 * 86400
        helpd.once(status=None, wrap=at(now))
        assert row()["state"] == "queued"
        now = 5.2 * 86400
        helpd.once(status=None, wrap=at(now))
        assert row()["state"] == "failed"
        failed = [e for e in helpd.show(1)["events"] if e["kind"] == "delivery-failed"]
        assert len(failed) == 1 and "ann@customer.example" in failed[0]["detail"] and "come back later" in failed[0]["detail"]
        helpd.once(status=None, wrap=at(now + 60))
        told = [m for m in sent(stub) if "anna@acme.example" in str(m["To"]) and "come back later" in m.get_body(("plain",)).get_content()]
        assert len(told) == 1, [(str(m["To"]), m["Subject"]) for m in sent(stub)]
        stub.rcpt = {}
        helpd.once(status=None, wrap=at(now + 86400))
        assert not [m for m in sent(stub) if "ann@customer.example" in str(m["To"]) and "Use water." in m.as_string()], "given after it had failed"


def test_refused_and_reopened(h):
    """5xx: permanent, the ticket shows the server's words, a resolved ticket is open again, the agent is told, and it is never tried again."""
    inbox = h.maildir()
    with SmtpStub() as stub:
        helpd = staffed(h.helpd(box(inbox), smtp(stub)))
        inbox.put(mail())
        helpd.once()
        stub.rcpt = {b"ann@customer.example": b"550 5.7.1 we do not like your words"}
        helpd.run("reply", "1", "--message", "Use water.")
        helpd.run("set", "1", "status=resolved", "assignee=anna")
        helpd.once(status=None)
        shown = helpd.show(1)
        assert shown["status"] == "open" and "we do not like your words" in str(shown["events"])
        helpd.once(status=None)
        assert [m for m in sent(stub) if "anna@acme.example" in str(m["To"]) and "we do not like your words" in m.get_body(("plain",)).get_content()]
        stub.rcpt = {}
        for ahead in (0, 3600, 86400):
            helpd.once(status=None, wrap=at(ahead))
        assert not [m for m in sent(stub) if "ann@" in str(m["To"]) and "Use water." in m.as_string()]


# --- clocks ---


def test_clock_forth_and_back(h):
    """A clock that jumps weeks ahead, back, and ahead again: each warning, breach, step and reminder once, and each mail of it once."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(box(inbox)), 'sla "standard"; remind_after "1d";')
    with open(helpd.etc + "/sla.conf", "w") as f:
        f.write('sla "standard" { normal { first_response "4h"; resolution "2d"; } escalate "100%" { notify "lead"; tag "late"; } }\n')
    inbox.put(mail())
    helpd.once()
    if helpd.once(status=None, wrap=at(20 * 86400)).status:
        pytest.skip("faketime does not work with this build")
    kinds = ("sla-warning", "sla-breach", "escalated", "tag")

    def happened():
        return collections.Counter((e["kind"], e["detail"]) for e in helpd.show(1)["events"] if e["kind"] in kinds)
    first, mails = happened(), len([m for m in helpd.out.mails() if m["X-Helpd-Notice"] == "sla"])
    assert first and set(first.values()) == {1} and {k for k, _ in first} == set(kinds)
    for days in (0, 3, -2, 20, 0, 21):
        helpd.once(status=None, wrap=at(days * 86400))
        assert happened() == first, days
    assert len([m for m in helpd.out.mails() if m["X-Helpd-Notice"] == "sla"]) == mails
    # What comes in at the wrong time has its own, once.
    inbox.put(mail(sender="bob@customer.example", subject="later"))
    for days in (21, 0, 22, 40, 0, 41):
        helpd.once(status=None, wrap=at(days * 86400))
    both = collections.Counter((e["kind"], e["detail"]) for e in helpd.show(2)["events"] if e["kind"] in kinds)
    assert set(both.values()) == {1} and len(both) == len(first), both


# --- edits ---


def damaged(text, chance):
    """As somebody in a hurry, or an editor that died, leaves it: letters, words and lines gone, doubled, swapped, strange."""
    lines = text.splitlines(keepends=True)
    k = chance.randrange(len(lines))
    how = chance.randrange(8)
    if how == 0:
        del lines[k]
    elif how == 1:
        lines.insert(k, lines[chance.randrange(len(lines))])
    elif how == 2:
        return text[:chance.randrange(len(text))]
    elif how == 3:
        lines[k] = lines[k].replace(chance.choice('";{}[]'), "", 1)
    elif how == 4:
        lines[k] = lines[k].replace(" ", " " + chance.choice(["}", "{", '"', "/*", "0", "999999999999", "\x01", "ä", "not", ":tag"]), 1)
    elif how == 5:
        words = lines[k].split(" ")
        chance.shuffle(words)
        lines[k] = " ".join(words)
    elif how == 6:
        i = chance.randrange(max(len(lines[k]), 1))
        lines[k] = lines[k][:i] + chance.choice("\"\\{};x\x00") + lines[k][i + 1:]
    else:
        lines[k] = lines[k].upper()
    return "".join(lines)


def test_bad_edits(h):
    """Damaged configurations, one after the other, through a reload: each is refused with file and line, or was none; the daemon lives, and mail goes on."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(box(inbox)), 'remind_after "1d"; reopen_within "14d";')
    helpd.expected = [r"error config"]
    os.makedirs(helpd.etc + "/rules.d")
    texts = {"helpd.conf": open(helpd.etc + "/helpd.conf").read(), "agents.conf": AGENTS,
             "sla.conf": 'sla "standard" {\n    normal { first_response "4h"; resolution "2d"; }\n    escalate "100%" { notify "lead"; }\n}\n',
             "rules.d/10.sieve": 'require ["vnd.helpd", "regex"];\nif header :regex "subject" "order ([0-9]+)" {\n    tag "order";\n    priority :raise;\n}\n'}
    for name, text in texts.items():
        with open(f"{helpd.etc}/{name}", "w") as f:
            f.write(text)
    house.give(helpd.etc)
    helpd.run("check")
    helpd.start()
    pid = helpd.process.pid
    chance = random.Random(5)
    refused = taken = 0
    n = 1000 if LONG else 60
    for k in range(n):
        name = chance.choice(list(texts))
        text = damaged(texts[name], chance)
        with open(f"{helpd.etc}/{name}", "w") as f:
            f.write(text)
        before = len(helpd.said())
        helpd.process.send_signal(signal.SIGHUP)
        helpd.wait_notify("READY=1")
        said = helpd.said()[before:]
        assert helpd.process.poll() is None, (k, text, helpd.said()[-3000:])
        if "stays in force" in said:
            refused += 1
            assert re.search(r"\.(conf|sieve):\d+:\d+: error", said) or "config " in said, (k, name, text, said)
        else:
            taken += 1
        with open(f"{helpd.etc}/{name}", "w") as f:
            f.write(texts[name])
        if k % 50 == 49 or k == n - 1:
            helpd.run("reload")
            helpd.wait_notify("READY=1")
            inbox.put(mail(subject=f"order {k}", sender=f"c{k}@customer.example"))
            wait_for(lambda: [t for t in helpd.tickets() if t["subject"] == f"order {k}" and "order" in t["tags"] and t["priority"] == "high"], 20)
    assert refused > n // 4 and pid == helpd.process.pid, (refused, taken)
    ends(helpd)


# --- much ---


def test_backlog(h):
    """Thousands wait in one Maildir, before the daemon starts and in the first place of its configuration: an IMAP account and another Maildir are served within seconds,
    and nobody is flooded with alarms."""
    much, little, dovecot = h.maildir("much"), h.maildir("little"), h.dovecot()
    n = 10000 if LONG else 2500
    for k in range(n):
        much.put(mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}", body="word " * 400 + "\n"))
    helpd = staffed(h.helpd(box(much, "much") + box(little, "little") + dovecot.mailbox(more='begin "all";')))
    for k in range(3):
        little.put(mail(sender=f"l{k}@customer.example", subject=f"little {k}"))
        dovecot.append("support", mail(sender=f"i{k}@customer.example", subject=f"by IMAP {k}"))
    helpd.start()
    start, seen = time.monotonic(), {}

    def small():
        for path, name in ((little.path, "little"),):
            if not os.listdir(path + "/new"):
                seen.setdefault(name, (time.monotonic() - start, len(much.files("new"))))
        if len(seen) < 2 and all("\\Seen" in f for f in dovecot.flags("support")):
            seen.setdefault("IMAP", (time.monotonic() - start, len(much.files("new"))))
        return len(seen) == 2
    wait_for(small, 120, 0.1)
    print(seen)
    # While most of the others still wait.
    assert all(left > n // 5 for _, left in seen.values()), seen
    wait_for(lambda: not much.files("new"), 400, 0.5)
    assert len([x for x in helpd.said().splitlines() if re.match(r"(<\d>)?(error|warning) ", x)]) <= 3, helpd.said()[-3000:]
    # Notices beyond the limit are gathered.
    assert len([m for m in helpd.out.mails() if "anna@acme.example" in str(m["To"])]) <= 125
    ends(helpd, 30)
    assert len(helpd.tickets()) == n + 6
    # house.leaks() would look at each of them.
    os.unlink(helpd.etc + "/agents.conf")


# --- poison ---


def test_poison(h):
    """Poison from all sides at once: all of helpd's processes together stay small, each mail costs little, and what is ordinary is a ticket within seconds."""
    inbox, dovecot = h.maildir(), h.dovecot()
    helpd = h.helpd(box(inbox) + dovecot.mailbox(more='begin "all";')).start(env={"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1"})
    helpd.expected = [r"quarantin", r"(worker|jail|parse)"]
    watch = Watch(helpd.process.pid)
    html = b"From: a@customer.example\nSubject: tags\nContent-Type: text/html\n\n" + b"<div><b>" * 100000
    table = b"From: a@customer.example\nSubject: table\nContent-Type: text/html\n\n<table>" + b"<tr><td>" * 60000
    encoded = b"From: a@customer.example\nSubject: parts\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 30000 + b"--b--\n"
    poison = {**POISON, "tags": html, "table": table, "parts": encoded}
    for k, (name, raw) in enumerate(poison.items()):
        inbox.put(raw, f"{k}.{name}.test")
        if name != "empty":
            dovecot.append("support", b"X-Other: way\n" + raw)
    start = time.monotonic()
    inbox.put(mail(subject="ordinary"))
    wait_for(lambda: not inbox.files("new") and all("\\Seen" in f for f in dovecot.flags("support")), 120, 0.3)
    print(f"{time.monotonic() - start:.1f} s; most anonymous and shared memory: {watch.most} MB")
    start = time.monotonic()
    inbox.put(mail(subject="after", sender="bob@customer.example"))
    wait_for(lambda: [t for t in helpd.tickets() if t["subject"] == "after"], 10)
    watch.done = True
    watch.join()
    assert [t for t in helpd.tickets() if t["subject"] == "ordinary"]
    # A sanitizer keeps a shadow of everything, and what was freed.
    assert watch.most < (1200 if sanitized() else 256), watch.most
    ends(helpd)


# --- readers ---


def test_file_stays_small(h):
    """A reader that holds its place for long makes the file grow while it lives; killed, its pages are used again."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), rest='map_size 256M;')
    for k in range(300):
        inbox.put(mail(sender=f"c{k}@customer.example", subject=f"A subject of some length, so that there is much to print. Nr. {k}"))
    helpd.once()
    helpd.start()

    def churn(n):
        for _ in range(n):
            for k in range(1, 6):
                helpd.run("set", str(k), "priority=high")
                helpd.run("set", str(k), "priority=normal")
    size = lambda: os.stat(helpd.data + "/store/data.mdb").st_size  # noqa: E731
    p = subprocess.Popen([house.HELPD, "-c", helpd.etc, "list", "--all", "--json"], stdout=subprocess.PIPE, env=helpd.env())
    time.sleep(1)
    p.send_signal(signal.SIGSTOP)
    churn(2)
    p.kill()
    p.wait()
    p.stdout.close()
    # The daemon looks for the dead when it commits, every ten seconds.
    time.sleep(10.5)
    inbox.put(mail(subject="wake", sender="wake@customer.example"))
    wait_for(lambda: not inbox.files("new"))
    churn(1)
    before = size()
    churn(6 if LONG else 3)
    assert size() - before <= 1 << 20, (before, size())
    ends(helpd)
