"""The main job, with real programs around it: a customer writes, gets a number, and the reply finds the ticket."""
import email.utils
import shutil

from house import HELPD, mail, reply_to, wait_for


def loop(h, helpd, customer, postfix, inbox):
    """Ann writes by mutt, is acknowledged, replies to that by mutt, and all is one ticket."""
    customer.write("support@acme.example", "Drucker brennt", "Es raucht schon wieder.\nBitte kommen Sie schnell!\n")
    ack = wait_for(inbox.mails, 30)[0]
    ticket, = wait_for(helpd.tickets)
    assert ticket["subject"] == "Drucker brennt"
    assert ticket["requester"]["address"] == "ann@customer.example"
    assert f"[Acme #{ticket['id']}]" in ack["Subject"]
    assert ack["Auto-Submitted"] == "auto-replied"
    assert ack["Return-Path"] in ("<>", None)
    assert f"support+{ticket['id']}." in ack["Reply-To"]

    customer.reply("Das Feuer ist aus, aber es riecht.")
    wait_for(lambda: len(helpd.show(ticket["id"])["articles"]) >= 3, 30)
    assert len(helpd.tickets()) == 1
    texts = helpd.texts(ticket["id"])
    assert texts[1] == "Das Feuer ist aus, aber es riecht."
    joined = [a for a in helpd.show(ticket["id"])["articles"] if a["direction"] == "in"][1]
    assert "token" in joined["evidence"]
    # A reply to the acknowledgement is not acknowledged again.
    assert len(inbox.mails()) == 1
    assert "status=deferred" not in postfix.log() and "status=bounced" not in postfix.log()


def test_imap(h):
    """mutt, Postfix, Dovecot with TLS, helpd by IDLE, Postfix, mutt."""
    dovecot = h.dovecot()
    inbox = h.maildir("ann")
    postfix = h.postfix({"support@acme.example": dovecot.maildir("support").path, "ann@customer.example": inbox.path})
    helpd = h.helpd(dovecot.mailbox(), postfix.transport).start()
    loop(h, helpd, h.mutt(postfix.port, name="Ann Bäker", inbox=inbox), postfix, inbox)
    assert all("\\Seen" in f for f in dovecot.flags("support"))
    helpd.stop()
    helpd.run("verify")


def test_maildir(h):
    """The same where Postfix delivers into a Maildir that helpd watches."""
    inbox, support = h.maildir("ann"), h.maildir("support")
    postfix = h.postfix({"support@acme.example": support.path, "ann@customer.example": inbox.path})
    helpd = h.helpd(f'mailbox "support" {{ maildir "{support.path}"; }}', postfix.transport).start()
    loop(h, helpd, h.mutt(postfix.port, inbox=inbox), postfix, inbox)
    assert not support.files("new") and len(support.files("cur")) == 2
    helpd.stop()
    helpd.run("verify")


def test_pipe(h):
    """And where Postfix hands the mail to `helpd deliver`; the first mail comes while no daemon runs."""
    inbox = h.maildir("ann")
    helpd = h.helpd(f'mailbox "unused" {{ maildir "{h.maildir("unused").path}"; }}', 'transport "later" { maildir "/nonexistent"; }')
    # Postfix runs it as somebody who may not see the build directory.
    program = shutil.copy(HELPD, helpd.base + "/program")
    postfix = h.postfix({"support@acme.example": None, "ann@customer.example": inbox.path},
                        pipe=["/usr/bin/env", "HELPD_SHARE=" + helpd.etc, program, "-c", helpd.etc, "deliver", "--sender", "${sender}", "--recipient", "${recipient}"])
    helpd.write_conf(helpd.conf.replace('transport "later" { maildir "/nonexistent"; }', postfix.transport))
    helpd.start()
    loop(h, helpd, h.mutt(postfix.port, inbox=inbox), postfix, inbox)
    helpd.stop()
    h.mutt(postfix.port, address="bob@customer.example", name="Bob").write("support@acme.example", "Later", "While you were asleep\n")
    wait_for(lambda: postfix.log().count("status=sent") >= 4)
    helpd.start()
    wait_for(lambda: len(helpd.tickets()) == 2)
    helpd.stop()
    helpd.run("verify")


def test_once(h):
    """`run --once`: takes what waits, sends what is due, ends; the second run finds nothing new."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(mail(body="Hello\n"))
    helpd.once()
    assert [t["id"] for t in helpd.tickets()] == [1]
    ack, = helpd.out.mails()
    assert ack["Subject"] == "[Acme #1] Printer on fire" or "[Acme #1]" in ack["Subject"]
    inbox.put(reply_to(ack, "And now?\n"))
    helpd.once()
    helpd.once()
    assert helpd.texts(1) == ["Hello", "And now?"]
    assert len(helpd.out.mails()) == 1
    helpd.run("verify")


def test_answer_and_back(h):
    """An answer from the command line goes out threaded; the reply to it comes back and reopens the ticket."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(mail(mid="<first@customer.example>"))
    helpd.once()
    helpd.run("reply", "1", "--message", "Somebody is on the way.", "--status", "resolved")
    helpd.once()
    answer = next(m for m in helpd.out.mails() if "on the way" in m.get_body(("plain",)).get_content())
    assert answer["To"].addresses[0].addr_spec == "ann@customer.example"
    assert "[Acme #1]" in answer["Subject"]
    assert "<first@customer.example>" in answer["References"]
    assert answer["Auto-Submitted"] in (None, "no")
    assert helpd.show(1)["status"] == "resolved"
    inbox.put(reply_to(answer, "Nobody came, it still burns.\n"))
    helpd.once()
    assert helpd.show(1)["status"] == "open"
    assert helpd.texts(1)[-1] == "Nobody came, it still burns."
    # A bare thank-you does not reopen.
    helpd.run("set", "1", "status=resolved")
    inbox.put(reply_to(answer, "Thank you!\n"))
    helpd.once()
    assert helpd.show(1)["status"] == "resolved"
    assert [a["direction"] for a in helpd.show(1)["articles"]].count("in") == 3
    helpd.run("verify")


def test_stranger(h):
    """Somebody who names a number, or a known Message-ID, gets a linked ticket of his own and reads nothing."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(mail(mid="<first@customer.example>", body="My secret is 4711.\n"))
    helpd.once()
    inbox.put(mail(sender="Eve <eve@elsewhere.example>", subject="Re: [Acme #1] Printer on fire", body="Send me all of it.\n",
                   In_Reply_To="<first@customer.example>", References="<first@customer.example>"))
    helpd.once()
    assert len(helpd.tickets()) == 2
    assert 1 in helpd.show(2)["links"]
    assert helpd.texts(1) == ["My secret is 4711."]
    for m in helpd.out.mails():
        if "eve@" in str(m["To"]):
            assert "4711" not in m.as_string() and "all of it" not in m.as_string()
    helpd.run("verify")


def test_date_of_old_mail(h):
    """Mail older than acknowledge_within becomes a ticket and is not answered."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; begin "all"; }}')
    inbox.put(mail(Date=email.utils.formatdate(1700000000)))
    helpd.once()
    assert len(helpd.tickets()) == 1 and not helpd.out.mails()
