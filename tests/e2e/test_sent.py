"""Sent elsewhere, and copies of what was sent: folders of sent mail, with a real IMAP server, and with one that says no."""
import email
import email.policy
import json
import os
import re
import subprocess
import time

import house
import pytest
from house import mail, wait_for
from imap_stub import ImapStub, session
from smtp_stub import SmtpStub

AGENTS = 'agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; }\nagent "ben" { address ["ben@desk.example"]; }\n'
ANNA = "Anna Berg <anna@desk.example>"


def staffed(helpd):
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    return helpd


def sent(text, to="Ann Baker <ann@customer.example>", sender=ANNA, subject="Re: Printer on fire", **headers):
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Message-ID: <{time.time_ns()}@desk.example>", "Content-Type: text/plain; charset=utf-8"]
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + text + "\r\n").encode()


def make(dovecot, user, *folders):
    for f in folders:
        dovecot.adm("mailbox", "create", "-u", user, f)


def raws(dovecot, user, folder):
    """The mails of a folder as they lie there."""
    out = []
    ids = dovecot.adm("-f", "flow", "fetch", "-u", user, "uid", "mailbox", folder).split()
    for uid in (x.split("=")[1] for x in ids):
        out.append(dovecot.adm("fetch", "-u", user, "text", "mailbox", folder, "uid", uid).split("\n", 1)[1].replace("\r\n", "\n").replace("\n", "\r\n").encode())
    return out


def mails(dovecot, user, folder):
    return [email.message_from_bytes(r, policy=email.policy.default) for r in raws(dovecot, user, folder)]


def out_to(helpd, addr):
    return [m for m in helpd.out.mails() if addr in str(m["To"])]


def events(helpd, n, kind):
    return [e for e in helpd.show(n)["events"] if e["kind"] == kind]


def status(helpd):
    """Also when not all is well, which its exit status says."""
    return json.loads(helpd.run("status", "--json", status=None))


def directions(helpd, n):
    return [a["direction"] for a in helpd.show(n)["articles"]]


def desk(h, more='sent_folders ["Sent"];', folders=("Sent",)):
    dovecot = h.dovecot()
    make(dovecot, "support", "INBOX", *folders)
    helpd = staffed(h.helpd(dovecot.mailbox(more=more)))
    return dovecot, helpd


# --- watched folders ---


def test_sent_folder(h):
    """What an agent, or the desk itself, wrote to a customer in another client is an answer; what is of no ticket is nobody's business."""
    dovecot, helpd = desk(h)
    dovecot.append("support", sent("Long ago.", subject="[Acme #1] Printer on fire"), "Sent")
    question = mail()
    mid = email.message_from_bytes(question)["Message-ID"]
    dovecot.append("support", question)
    helpd.once()
    assert directions(helpd, 1) == ["in", "out"]   # and its acknowledgement: what lay there before is not read
    before = len(helpd.out.mails())

    dovecot.append("support", sent("Use water.", In_Reply_To=mid), "Sent")
    dovecot.append("support", sent("From the desk.", sender="Acme <support@acme.example>", subject="Re: [Acme #1] Printer on fire"), "Sent")
    dovecot.append("support", sent("Cake?", to="mum@home.example", subject="Sunday"), "Sent")
    dovecot.append("support", sent("#close", to="ben@desk.example", subject="Lunch"), "Sent")
    helpd.once()
    ticket, = helpd.tickets()
    assert directions(helpd, 1) == ["in", "out", "out", "out"]
    assert helpd.texts(1, "out")[1:] == ["Use water.", "From the desk."]
    who = [e["actor"] for e in events(helpd, 1, "answered-elsewhere")]
    assert who == ["agent:anna", "desk:support@acme.example"]
    assert ticket["status"] == "open" and ticket["assignee"] == "anna"
    assert events(helpd, 1, "answered-elsewhere")[0]["cause"].startswith("row 8, article ")
    assert len(helpd.out.mails()) == before         # nobody is told: not the customer, not the author
    assert [r for r in helpd.json("outbox")] == []
    assert dovecot.flags("support", "Sent") == [[]] * 5, "nothing there was touched"
    assert len(dovecot.flags("support", "Sent")) == 5
    helpd.once()
    assert directions(helpd, 1) == ["in", "out", "out", "out"]
    # The customer's reply finds the ticket by the id of what was written elsewhere.
    theirs = [a["message_id"] for a in helpd.show(1)["articles"]][2]
    dovecot.append("support", mail(subject="Re: Printer on fire", body="Water it is.\n", In_Reply_To=f"<{theirs.strip('<>')}>"))
    helpd.once()
    assert len(helpd.tickets()) == 1 and directions(helpd, 1)[-1] == "in"


def test_uidvalidity(h):
    """The folder is numbered anew: nothing is doubled."""
    dovecot, helpd = desk(h)
    dovecot.append("support", mail())
    helpd.once()
    dovecot.append("support", sent("Use water.", subject="[Acme #1] Printer"), "Sent")
    helpd.once()
    dovecot.adm("mailbox", "rename", "-u", "support", "Sent", "Old")
    make(dovecot, "support", "Sent")
    for raw in raws(dovecot, "support", "Old"):
        dovecot.append("support", raw, "Sent")
    dovecot.adm("mailbox", "update", "-u", "support", "--uid-validity", "4711", "Sent")
    helpd.once()
    assert directions(helpd, 1) == ["in", "out", "out"]


def test_folder_comes_later(h):
    """A folder that is missing is told and lets no other wait; what its first mail brings is read."""
    dovecot, helpd = desk(h, folders=())
    dovecot.append("support", mail())
    helpd.expected = ["folder Sent"]
    helpd.start()
    wait_for(lambda: helpd.tickets())
    state = wait_for(lambda: [m for m in status(helpd)["mailboxes"] if m["name"] == "support" and m["error"]])[0]
    assert "folder Sent" in state["error"] and state["state"] == "waiting"
    helpd.stop()
    make(dovecot, "support", "Sent")
    dovecot.append("support", sent("Use water.", subject="[Acme #1] Printer"), "Sent")
    helpd.once()
    assert directions(helpd, 1) == ["in", "out", "out"]


def test_agents_account(h):
    """An agent's own account, of which only the sent mail is read; in a folder with a Chinese name; and with begin "all"."""
    dovecot = h.dovecot()
    make(dovecot, "support", "INBOX")
    make(dovecot, "anna", "INBOX", "已发送邮件")
    helpd = staffed(h.helpd(dovecot.mailbox() + dovecot.mailbox("anna", more='folders "none"; sent_folders ["已发送邮件"]; begin "all";')))
    dovecot.append("anna", mail(subject="Private"))
    dovecot.append("anna", sent("Use water.", subject="[Acme #1] Printer"), "已发送邮件")
    dovecot.append("support", mail())
    helpd.once()
    helpd.once()
    assert [t["subject"] for t in helpd.tickets()] == ["Printer on fire"]
    dovecot.append("anna", sent("And sand.", subject="[Acme #1] Printer"), "已发送邮件")
    helpd.once()
    assert helpd.texts(1, "out")[-1] == "And sand."
    assert [set(f) - {"\\Recent"} for f in dovecot.flags("anna")] == [set()]


def test_maildir_of_sent_mail(h):
    inbox, box = h.maildir(), h.maildir("sent")
    helpd = staffed(h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; sent "{box.path}"; }}'))
    box.put(sent("Long ago.", subject="[Acme #1] Printer"), sub="cur", name="old:2,S")
    inbox.put(mail())
    helpd.once()
    box.put(sent("Use water.", subject="[Acme #1] Printer"), sub="cur", name="one:2,S")
    box.put(sent("Cake?", to="mum@home.example"), sub="new", name="two")
    helpd.once()
    assert helpd.texts(1, "out")[1:] == ["Use water."]
    assert sorted(os.path.basename(f) for f in box.files("cur", "new")) == ["old:2,S", "one:2,S", "two"]


def test_cc_and_sent_are_one(h):
    """The same mail in the folder of sent mail and, by Cc, in the inbox: one article. A Bcc shows in Delivered-To alone."""
    dovecot = h.dovecot()
    make(dovecot, "support", "INBOX")
    make(dovecot, "anna", "INBOX", "Sent")
    helpd = staffed(h.helpd(dovecot.mailbox() + dovecot.mailbox("anna", more='folders "none"; sent_folders ["Sent"];'), site='trust_authserv ["mx.acme.example"];'))
    dovecot.append("support", mail())
    helpd.once()
    proof = b"Authentication-Results: mx.acme.example; dmarc=pass header.from=desk.example\r\n"
    for text, cc in (("Use water.", {"Cc": "support@acme.example"}), ("And sand.", {})):
        raw = sent(text, subject="Re: [Acme #1] Printer on fire", **cc)
        dovecot.append("anna", raw, "Sent")
        dovecot.append("support", b"Return-Path: <anna@desk.example>\r\nDelivered-To: support@acme.example\r\nReceived: from a by b; Mon, 2 Mar 2026 09:14:07 +0000\r\n" + proof + raw)
        helpd.once()
        helpd.once()
    ticket, = helpd.tickets()
    assert helpd.texts(1, "out")[1:] == ["Use water.", "And sand."]
    assert directions(helpd, 1) == ["in", "out", "out", "out"]
    assert len(events(helpd, 1, "answered-elsewhere")) == 2
    # An agent who answers the notice in his client: the answer came in by itself.
    notice = [m for m in helpd.out.mails() if m["X-Helpd-Notice"] and "anna" in str(m["To"])][0]
    raw = sent("It is out.", to=str(notice["Reply-To"]), In_Reply_To=str(notice["Message-ID"]))
    dovecot.append("anna", raw, "Sent")
    helpd.once()
    assert len(directions(helpd, 1)) == 4


def test_stale(h):
    """Who answers a notice of before is told of what was written elsewhere."""
    dovecot, helpd = desk(h)
    helpd.write_conf(helpd.conf.replace('timezone "UTC";', 'timezone "UTC"; trust "token";'))
    dovecot.append("support", mail())
    helpd.once()
    notice = [m for m in helpd.out.mails() if m["X-Helpd-Notice"] and "ben" in str(m["To"])][0]
    dovecot.append("support", sent("Use water.", subject="[Acme #1] Printer"), "Sent")
    time.sleep(1.1)
    helpd.once()
    dovecot.append("support", sent("Use sand.", sender="Ben <ben@desk.example>", to=str(notice["Reply-To"]), In_Reply_To=str(notice["Message-ID"])))
    helpd.once()
    told = [m for m in helpd.out.mails() if "ben" in str(m["To"]) and "Use water." in m.get_body(("plain",)).get_content()]
    assert told, "Ben was not told of Anna's answer"
    assert helpd.texts(1, "out")[1:].count("Use water.") == 1
    assert [r["state"] for r in helpd.json("outbox")] == ["held"]


# --- copies ---


def copying(h, folder="Sent", more="", transports=None, user="support"):
    dovecot = h.dovecot()
    make(dovecot, user, "INBOX")
    helpd = staffed(h.helpd(dovecot.mailbox(user, more=f'copy "{folder}"; {more}'), transports))
    dovecot.append(user, mail())
    return dovecot, helpd


def test_copies(h):
    """What was sent lies in the folder once, as it was sent, read; it is made when it is missing; watched too, it is no answer from elsewhere."""
    dovecot, helpd = copying(h, more='sent_folders ["Sent"];')
    helpd.expected = ["folder Sent"]
    helpd.once(status=None)
    helpd.run("reply", "1", stdin=b"Use water.\n")
    helpd.once()
    helpd.once()
    assert directions(helpd, 1) == ["in", "out", "out"]
    to_ann = sorted(str(m["Message-ID"]) for m in out_to(helpd, "ann@customer.example"))
    assert sorted(str(m["Message-ID"]) for m in mails(dovecot, "support", "Sent")) == to_ann and len(to_ann) == 2
    assert all("\\Seen" in f for f in dovecot.flags("support", "Sent"))
    kept = sorted(r.rstrip() for r in raws(dovecot, "support", "Sent"))
    assert kept == sorted(r.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").rstrip() for r in helpd.out.raw() if "ann@" in str(email.message_from_bytes(r)["To"]))
    assert helpd.json("outbox") == []
    dovecot.append("support", sent("By hand.", sender="support@acme.example", subject="[Acme #1] Printer"), "Sent")
    helpd.once()
    assert helpd.texts(1, "out")[-1] == "By hand."


def test_copies_of_the_daemon(h):
    """In a folder with a Chinese name, while it runs."""
    dovecot, helpd = copying(h, folder="已发送邮件")
    helpd.start()
    wait_for(lambda: helpd.tickets())
    wait_for(lambda: "&XfJT0ZABkK5O9g-" in dovecot.adm("mailbox", "list", "-u", "support", "-7").split() and len(mails(dovecot, "support", "已发送邮件")) == 1)
    helpd.run("reply", "1", stdin=b"Use water.\n")
    wait_for(lambda: len(mails(dovecot, "support", "已发送邮件")) == 2)
    row = [t for t in status(helpd)["transports"] if t["name"] == "copy:support"][0]
    assert row["sent"] == 2 and row["error"] is None


def test_one_copy_of_a_mail(h):
    """Several recipients, whom a server takes at different times or not at all: one copy, when the first has it; none of what nobody got."""
    dovecot = h.dovecot()
    make(dovecot, "support", "INBOX", "Sent")
    later = {b"bob@customer.example": b"451 4.2.0 later", b"eve@customer.example": b"550 5.1.1 no such user", b"ann@customer.example": b"451 4.2.0 later"}
    with SmtpStub(rcpt=later) as stub:
        helpd = h.helpd(dovecot.mailbox(more='copy "Sent";'), f'transport "stub" {{ smtp "smtp+plain://127.0.0.1:{stub.port}"; }}')
        helpd.write_conf(helpd.conf.replace('queue "support" { ', 'queue "support" { acknowledge "no"; '))
        dovecot.append("support", mail(Cc="bob@customer.example, eve@customer.example"))
        helpd.once()
        helpd.run("reply", "1", stdin=b"Use water.\n")

        def again():
            for row in helpd.json("outbox"):
                helpd.run("outbox", "retry", str(row["id"]))
            helpd.once()
        helpd.once()
        assert mails(dovecot, "support", "Sent") == [] and [r["kind"] for r in helpd.json("outbox")] == ["answer"]
        del later[b"ann@customer.example"]
        again()
        assert len(mails(dovecot, "support", "Sent")) == 1
        del later[b"bob@customer.example"]
        again()
        assert len(stub.mails) == 2 and len(mails(dovecot, "support", "Sent")) == 1
        helpd.run("verify")


def test_of_which_queue(h):
    """Each queue's mails lie in its own mailbox."""
    dovecot = h.dovecot()
    make(dovecot, "support", "INBOX", "Sent")
    make(dovecot, "sales", "INBOX", "Sent")
    helpd = h.helpd(dovecot.mailbox(more='copy "Sent";') + dovecot.mailbox("sales", more='copy "Sent"; queue "sales";'))
    dovecot.append("support", mail())
    dovecot.append("sales", mail(to="sales@acme.example", subject="Prices"))
    helpd.once()
    of = {t["queue"]: t["id"] for t in helpd.tickets()}
    for queue in ("support", "sales"):
        assert [f"#{of[queue]}]" in str(m["Subject"]) for m in mails(dovecot, queue, "Sent")] == [True]


def test_check(h):
    dovecot, helpd = copying(h, more='sent_folders ["Snet"];')
    make(dovecot, "support", "Sent")
    said = helpd.run("check", "--connect", status=69)
    assert "sent_folders: there is no folder Snet: did you mean Sent?" in said
    helpd.write_conf(helpd.conf.replace('sent_folders ["Snet"];', "").replace('copy "Sent"', 'copy "Gesendet"'))
    assert "copy: there is no folder Gesendet" in helpd.run("check", "--connect", status=69)
    helpd.write_conf(helpd.conf.replace('["Snet"]', '["INBOX"]'))
    assert "sent_folders: INBOX is among the folders of mail that comes in" in helpd.run("check", status=78).err


def test_no_more_copies(h):
    """The setting goes away while a copy waits: it is given up, and no server of mail ever sees it."""
    dovecot, helpd = copying(h)
    dovecot.process.terminate()
    dovecot.process.wait(10)
    helpd.expected = ["."]
    box = h.maildir("other")
    box.put(mail())
    conf = helpd.conf + f'mailbox "other" {{ maildir "{box.path}"; }}\n'
    helpd.write_conf(conf)
    helpd.once(status=75)
    assert [(r["kind"], r["state"], r["recipients"][0]["address"]) for r in helpd.json("outbox")] == [("copy", "queued", "support/Sent")]
    sent_before = len(helpd.out.mails())
    helpd.write_conf(conf.replace('copy "Sent";', ""))
    helpd.run("outbox", "retry", str(helpd.json("outbox")[0]["id"]))
    helpd.once(status=75)
    assert len(helpd.out.mails()) == sent_before
    assert [r["state"] for r in helpd.json("outbox")] == ["failed"]
    assert "copies are put there no more" in events(helpd, 1, "copy-failed")[0]["detail"]


def take_literal(talk, rest):
    size = int(rest.rsplit(b"{", 1)[1].rstrip(b"}"))
    talk.say(b"+ go on\r\n")
    data = talk.take(size)
    talk.line()
    return data


def stub_house(h, stub):
    inbox = h.maildir()
    inbox.put(mail())
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }} mailbox "support" {{ imap "imap+plain://127.0.0.1:{stub.port}"; user "support"; password_file "@SECRET@"; copy "Sent"; }}')
    return helpd


def test_the_folder_is_full(h):
    """A server that says no: the mail is gone out all the same, status says why there is no copy, and there is one as soon as it may."""
    kept, state = [], {"full": True}

    def append(talk, tag, rest):
        if state["full"]:
            talk.say(tag + b" NO [OVERQUOTA] Quota exceeded\r\n")
            return True
        kept.append(take_literal(talk, rest))
        talk.say(tag + b" OK [APPENDUID 7 1] done\r\n")
        return True

    with ImapStub(lambda talk: session(talk, answers={b"APPEND": append}, mails=())) as stub:
        helpd = stub_house(h, stub)
        helpd.start()
        wait_for(lambda: helpd.out.mails())
        row = wait_for(lambda: [t for t in status(helpd)["transports"] if t["name"] == "copy:support" and t["error"]])[0]
        assert "Quota exceeded" in row["error"]
        waits, = wait_for(lambda: [r for r in helpd.json("outbox") if r["kind"] == "copy" and r["state"] == "queued"])
        assert "Quota exceeded" in waits["last"]
        assert helpd.show(1)["articles"][1]["delivery"]["state"] == "sent"
        state["full"] = False
        helpd.run("outbox", "retry", str(waits["id"]))
        wait_for(lambda: kept)
        wait_for(lambda: not helpd.json("outbox"))
        assert kept[0] == helpd.out.raw()[0].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert not [t for t in status(helpd)["transports"] if t["error"]]
        assert not events(helpd, 1, "delivery-failed")
        helpd.stop()


@pytest.mark.parametrize("there", [True, False])
def test_the_answer_never_came(h, there):
    """The connection is lost after the mail was given: ambiguous; the folder is searched before it is given again."""
    kept, lost, searched = [], [], []

    def append(talk, tag, rest):
        data = take_literal(talk, rest)
        if not lost:
            lost.append(data)
            raise EOFError
        kept.append(data)
        talk.say(tag + b" OK done\r\n")
        return True

    def search(talk, tag, rest):
        if b"HEADER" in rest:
            searched.append(rest)
            talk.say(b"* SEARCH%s\r\n%s OK done\r\n" % (b" 5" if there else b"", tag))
            return True

    with ImapStub(lambda talk: session(talk, answers={b"APPEND": append, b"UID SEARCH": search}, mails=())) as stub:
        helpd = stub_house(h, stub)
        helpd.once()
        row, = helpd.json("outbox")
        assert (row["kind"], row["state"], row["ambiguous"]) == ("copy", "queued", 1)
        assert events(helpd, 1, "ambiguous")[0]["detail"].startswith(f"copy {row['id']}:")
        helpd.run("outbox", "retry", str(row["id"]))
        helpd.once()
        assert helpd.json("outbox") == []
        assert len(searched) == 1 and row["message_id"].strip("<>").encode() in searched[0]
        assert len(kept) == (0 if there else 1) and all(k == lost[0] for k in kept)


def test_given_up(h):
    """After send_for, with an event, and without any other trace in the ticket."""
    def append(talk, tag, rest):
        talk.say(tag + b" NO no such right\r\n")
        return True

    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib:
        pytest.skip("faketime is not installed")
    if b"__tsan_init" in open(house.HELPD, "rb").read():
        pytest.skip("ThreadSanitizer does not see through faketime's locks")
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", house.HELPD], stdout=subprocess.PIPE).stdout.decode())
    later = ["env", "LD_PRELOAD=" + " ".join([*asan, lib]), "FAKETIME=+6d", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    with ImapStub(lambda talk: session(talk, answers={b"APPEND": append}, mails=())) as stub:
        helpd = stub_house(h, stub)
        helpd.once()
        helpd.run("set", "1", "status=resolved")
        helpd.once(wrap=later)
        row = [r for r in helpd.json("outbox") if r["kind"] == "copy" and r["state"] == "failed"]
        assert row and "no such right" in row[0]["last"]
        assert "given up after 5 days" in events(helpd, 1, "copy-failed")[0]["detail"]
        assert helpd.tickets()[0]["status"] == "resolved" and not events(helpd, 1, "delivery-failed")


def test_killed(h):
    """kill -9 at each step of a copy: never lost, and never doubled, for the folder is searched before it is given again."""
    if b"HELPD_FAULT_AT" not in open(house.HELPD, "rb").read():
        pytest.skip("helpd is built without --enable-fault-points")
    dovecot = h.dovecot()
    names = []
    for at in [0, None]:
        if at is None:
            first = next(i for i, n in enumerate(names, 1) if n == "copy-after")
            tries = sorted({i for i, n in enumerate(names, 1) if n == "copy-after"} | set(range(first - 3, min(first + 4, len(names) + 1))))
        else:
            tries = [0]
        for n in tries:
            user = f"user{n}"
            make(dovecot, user, "INBOX", "Sent")
            helpd = h.helpd(dovecot.mailbox(user, more='copy "Sent";'), name=f"helpd{n}")
            dovecot.append(user, mail())
            if n == 0:
                helpd.once(wrap=["env", f"HELPD_FAULT_COUNT={helpd.base}/data/points"])
                with open(helpd.base + "/data/points") as f:
                    names = [line.split()[1] for line in f]
                assert "copy-after" in names
            else:
                killed = helpd.once(status=None, wrap=["env", f"HELPD_FAULT_AT={n}"]).status
                assert killed in (-9, 0), (n, killed)
                helpd.once()
                for row in helpd.json("outbox"):
                    helpd.run("outbox", "retry", str(row["id"]))
                helpd.once()
            helpd.run("verify")
            assert helpd.json("outbox") == [], n
            assert len(mails(dovecot, user, "Sent")) == 1, (n, names[n - 1])
            assert helpd.show(1)["articles"][1]["delivery"]["state"] == "sent"
