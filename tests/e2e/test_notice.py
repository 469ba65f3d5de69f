"""Notices: agents are told by mail, through real servers, and read them with a real parser."""
import email
import email.policy
import os
import re
import subprocess

from house import HELPD, mail, wait_for

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first-line"]; }
agent "ben" { name "Ben Li"; address ["ben@acme.example"]; teams ["first-line"]; languages ["zh_CN"]; }
agent "cara" { address ["cara@acme.example"]; teams ["money"]; }
team "first-line" { }
team "money" { }
"""
QUEUE = 'queue "support" { address "support@acme.example"; %s}'


def staffed(helpd, more="", agents=AGENTS):
    """Gives the house its agents."""
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(agents)
    helpd.write_conf(helpd.conf.replace(QUEUE % "", QUEUE % 'team "first-line"; ') + more)
    return helpd


def with_file(body="See the picture.\n", size=2000, **kw):
    m = email.message_from_bytes(mail(**kw), policy=email.policy.SMTP)
    m.set_content(body)
    m.add_attachment(b"\x89PNG" + bytes(range(200)) * (size // 200), maintype="image", subtype="png", filename="bild für alle.png")
    return m.as_bytes().replace(b"\r\n", b"\n")


def text(m):
    return m.get_body(("plain",)).get_content()


def notices(box, *kinds):
    return [m for m in box.mails() if m["X-Helpd-Notice"] and (not kinds or m["X-Helpd-Notice"] in kinds)]


def test_through_servers(h):
    """A customer's mail, with Postfix, Dovecot and a team: new, follow-up, assigned, and a mail that did not arrive."""
    dovecot = h.dovecot()
    ann, anna, ben, cara = (h.maildir(n) for n in ("ann", "anna", "ben", "cara"))
    postfix = h.postfix({"support@acme.example": dovecot.maildir("support").path, "ann@customer.example": ann.path,
                         "anna@acme.example": anna.path, "ben@acme.example": ben.path, "cara@acme.example": cara.path})
    helpd = staffed(h.helpd(dovecot.mailbox(), postfix.transport)).start()
    customer = h.mutt(postfix.port, inbox=ann)
    customer.write("support@acme.example", "Drucker brennt", "Es raucht.\n#close\nBitte kommen Sie!\n")
    first, = wait_for(lambda: notices(anna, "new"), 30)
    chinese, = wait_for(lambda: notices(ben), 30)
    ticket, = helpd.tickets()

    assert first["Subject"] == f"[Acme #{ticket['id']}] Drucker brennt"
    assert first["From"].addresses[0].addr_spec == "support@acme.example"
    assert re.match(rf"support\+{ticket['id']}\.[a-z2-7]{{8}}\.[a-z2-7]{{27}}@acme\.example$", first["Reply-To"].addresses[0].addr_spec)
    assert first["Auto-Submitted"] == "auto-generated" and first["Return-Path"] in ("<>", None)
    assert first["In-Reply-To"] == chinese["In-Reply-To"] and first["Reply-To"] != chinese["Reply-To"]
    lines = text(first).splitlines()
    assert lines[0].startswith("##- ") and "new ticket" in lines[1]
    assert "Es raucht." in lines and "Bitte kommen Sie!" in lines
    assert not [x for x in lines if x.startswith("#close")]
    assert "新工单" in text(chinese)
    assert "Es raucht." in first.get_body(("html",)).get_content()

    dovecot.append("support", with_file(sender="Ann Baker <ann@customer.example>", subject="Re: " + ticket["subject"], In_Reply_To=ann.mails()[0]["Message-ID"]))
    more, = wait_for(lambda: notices(anna, "followup"), 30)
    part, = more.iter_attachments()
    assert part.get_filename() == "bild für alle.png" and part.get_content().startswith(b"\x89PNG") and len(part.get_content()) == 2004
    assert "the customer wrote again" in text(more) and more["In-Reply-To"] == first["In-Reply-To"]

    helpd.run("set", str(ticket["id"]), "assignee=ben")
    wait_for(lambda: notices(ben, "assigned"), 30)
    helpd.run("set", str(ticket["id"]), "status=resolved")
    wait_for(lambda: notices(ben, "status"), 30)
    assert len(notices(anna)) == 2 and not notices(cara)

    # The customer's address goes away: who looks after the ticket is told.
    helpd.run("set", str(ticket["id"]), "assignee=")
    with open(postfix.base + "/conf/boxes") as f:
        boxes = f.read()
    with open(postfix.base + "/conf/boxes", "w") as f:
        f.write("".join(x + "\n" for x in boxes.splitlines() if not x.startswith("ann@")))
    subprocess.run(["postfix", "-c", postfix.base + "/conf", "reload"], check=True, capture_output=True)
    helpd.run("reply", str(ticket["id"]), stdin=b"Is it out?\n")
    failed, = wait_for(lambda: notices(anna, "failed"), 40)
    assert "ann@customer.example" in text(failed) and "Is it out?" in text(failed)

    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()
    kinds = [e["detail"] for e in helpd.show(ticket["id"])["events"] if e["kind"] == "notice"]
    assert kinds == ["new: anna, ben", "followup: anna, ben", "assigned: ben", "status: ben", "failed: anna, ben"]


def test_without_agents(h):
    """No agents: no notices, and nothing is written down for them."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(with_file())
    helpd.once()
    assert len(helpd.out.mails()) == 1
    assert not [e for e in helpd.show(1)["events"] if e["kind"] == "notice"]


def test_large_files_are_listed(h):
    """What is larger than notice_attachments is told of, with its size and how to get it."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}'), "limits { notice_attachments 100K; }")
    inbox.put(with_file(size=300000))
    inbox.put(with_file(size=30000))
    helpd.once()
    large, small = (m for m in notices(helpd.out) if m["To"].addresses[0].addr_spec == "anna@acme.example")
    if list(large.iter_attachments()):
        large, small = small, large
    assert not list(large.iter_attachments()) and len(list(small.iter_attachments())) == 1
    assert "bild für alle.png, 301 kB" in text(large) and "--save" in text(large)
    helpd.run("verify")
    assert not helpd.leaks()


def test_pipe_carries_files(h):
    """`helpd deliver` is read by the same way in."""
    helpd = staffed(h.helpd(f'mailbox "unused" {{ maildir "{h.maildir("unused").path}"; }}'))
    helpd.run("deliver", stdin=with_file())
    helpd.once()
    one = [m for m in notices(helpd.out) if m["To"].addresses[0].addr_spec == "anna@acme.example"][0]
    assert len(list(one.iter_attachments())) == 1


def test_over_the_limit(h):
    """Above notices_per_hour the rest waits for one digest; nothing is dropped."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}'), "limits { notices_per_hour 2; }")
    for i in range(6):
        inbox.put(mail(subject=f"Fire {i}"))
    helpd.once()
    assert len(notices(helpd.out)) == 4
    details = [e["detail"] for t in helpd.tickets() for e in helpd.show(t["id"])["events"] if e["kind"] == "notice"]
    assert sorted(details) == ["new: anna (digest), ben (digest)"] * 4 + ["new: anna, ben"] * 2
    helpd.run("verify")
    # An hour later: the rest, once.
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", HELPD], stdout=subprocess.PIPE).stdout.decode())
    later = ["env", "LD_PRELOAD=" + " ".join([*asan, lib or ""]), "FAKETIME=+2h", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
    if not lib or helpd.once(status=None, wrap=later).status:
        return
    digests = notices(helpd.out, "digest")
    assert len(digests) == 2
    one = [m for m in digests if m["To"].addresses[0].addr_spec == "anna@acme.example"][0]
    assert one["Subject"] == "Acme: further notices (4)" and len(re.findall(r"^\[Acme #\d+\] Fire \d\r?$", text(one), re.M)) == 4
    assert one["Reply-To"] is None
    helpd.once(status=None, wrap=later)
    assert len(notices(helpd.out, "digest")) == 2
    helpd.run("verify")


def test_answered(h):
    """What an agent's client makes of the notice, in text and HTML with an attachment, is the answer, and nothing else of his mail."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site='trust "token";'))
    inbox.put(with_file())
    helpd.once()
    note = [m for m in notices(helpd.out) if m["To"].addresses[0].addr_spec == "anna@acme.example"][0]
    quoted = "".join("> " + line + "\n" for line in text(note).splitlines())
    m = email.message_from_bytes(mail(sender="Anna Berg <anna@acme.example>", to=note["Reply-To"].addresses[0].addr_spec, subject="Re: " + note["Subject"],
                                      In_Reply_To=note["Message-ID"], References=note["Message-ID"]), policy=email.policy.SMTP)
    m.set_content("Here is the plan.\n\nAnna, anna@acme.example\n\nOn Monday, Wei wrote:\n" + quoted)
    m.add_alternative("<p>Here is the <b>plan</b>.</p><p>Anna, anna@acme.example</p><div class=gmail_quote>On Monday Wei wrote:<blockquote>"
                      + note.get_body(("html",)).get_content() + "</blockquote></div>", subtype="html")
    m.add_attachment(b"%PDF-1.4 " + b"x" * 100000, maintype="application", subtype="pdf", filename="plan.pdf")
    inbox.put(m.as_bytes().replace(b"\r\n", b"\n"))
    helpd.once()
    answer, = [x for x in helpd.out.mails() if "ann@customer.example" in x["To"] and not x["Auto-Submitted"]]
    assert text(answer).splitlines()[:3] == ["Here is the plan.", "", "Anna, support@acme.example"]
    assert "Here is the <b>plan</b>." in answer.get_body(("html",)).get_content()
    part, = answer.iter_attachments()
    assert part.get_filename() == "plan.pdf" and len(part.get_content()) == 100009
    assert not helpd.leaks()
    helpd.run("verify")
