"""What may happen at the source: duplicates, renumbering, what is done to a mail afterwards, first readings."""
import json
import os

import pytest
from house import Maildir, mail, wait_for


def box(m, name="in", more=""):
    return f'mailbox "{name}" {{ maildir "{m.path}"; {more} }}'


def test_two_mailboxes(h):
    """The same mail through two mailboxes: one ticket, one article, one acknowledgement."""
    a, b = h.maildir("a"), h.maildir("b")
    helpd = h.helpd(box(a, "a") + box(b, "b"))
    one = mail(to="support@acme.example, sales@acme.example", mid="<x@customer.example>", Delivered_To="support@acme.example")
    a.put(b"Received: from a by b; Mon, 2 Mar 2026 09:14:07 +0000\n" + one)
    b.put(b"Received: from a by c; Mon, 2 Mar 2026 09:14:09 +0000\n" + one.replace(b"Delivered-To: support@", b"Delivered-To: sales@"))
    helpd.once()
    assert len(helpd.tickets()) == 1
    assert [x["direction"] for x in helpd.show(1)["articles"]].count("in") == 1
    assert len(helpd.out.mails()) == 1
    # Equal Message-ID, other content: both are kept.
    a.put(mail(mid="<x@customer.example>", body="Something else entirely.\n"))
    helpd.once()
    assert sum([x["direction"] for x in helpd.show(t["id"])["articles"]].count("in") for t in helpd.tickets()) == 2
    helpd.run("verify")


def test_uidvalidity(h):
    """A mailbox that is renumbered brings nothing twice, and what is new in it is taken."""
    dovecot = h.dovecot()
    helpd = h.helpd(dovecot.mailbox(more='begin "all"; '))
    for k in range(5):
        dovecot.append("support", mail(sender=f"c{k}@customer.example", subject=f"Nr. {k}"))
    helpd.once()
    assert len(helpd.tickets()) == 5
    dovecot.adm("mailbox", "update", "-u", "support", "--uid-validity", "4242424", "INBOX")
    dovecot.append("support", mail(subject="Nr. 5"))
    helpd.once()
    assert sorted(t["subject"] for t in helpd.tickets()) == [f"Nr. {k}" for k in range(6)]
    assert len(helpd.out.mails()) == 6
    helpd.run("verify")


@pytest.mark.parametrize("after,left", [("seen", "\\Seen"), ("keyword:helpd", "helpd"), ("move:Done", None), ("delete", None)])
def test_after_imap(h, after, left):
    dovecot = h.dovecot()
    dovecot.append("support", mail())
    dovecot.append("support", mail(subject="Two"))
    dovecot.adm("mailbox", "create", "-u", "support", "Done")
    helpd = h.helpd(dovecot.mailbox(more=f'after "{after}";'))
    helpd.once()
    assert len(helpd.tickets()) == 2
    flags = dovecot.flags("support")
    if left:
        assert len(flags) == 2 and all(left in f for f in flags)
    else:
        assert not flags
    assert len(dovecot.flags("support", "Done")) == (2 if after.startswith("move") else 0)
    helpd.once()
    assert len(helpd.tickets()) == 2


@pytest.mark.parametrize("after", ["cur", "move", "delete"])
def test_after_maildir(h, after):
    inbox, done = h.maildir(), h.maildir("done")
    helpd = h.helpd(box(inbox, more=f'after "{"move:" + done.path if after == "move" else after}";'))
    inbox.put(mail())
    helpd.once()
    assert len(helpd.tickets()) == 1
    assert not inbox.files("new")
    assert len(inbox.files("cur")) == (after == "cur")
    assert len(done.files()) == (after == "move")


@pytest.mark.parametrize("begin,expected", [("unseen", {"new", "unread"}), ("all", {"new", "unread", "read"}), ("now", set())])
def test_begin_maildir(h, begin, expected):
    inbox = h.maildir()
    inbox.put(mail(subject="new"))
    inbox.put(mail(subject="unread"), "2.M1.test:2,", "cur")
    inbox.put(mail(subject="read"), "3.M1.test:2,S", "cur")
    helpd = h.helpd(box(inbox, more=f'begin "{begin}";'))
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == expected
    # From then on the ledger decides, not a flag.
    inbox.put(mail(subject="later, read elsewhere"), "4.M1.test:2,S", "cur")
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == expected | {"later, read elsewhere"}


@pytest.mark.parametrize("begin,expected", [("unseen", {"unread"}), ("all", {"unread", "read"}), ("now", set())])
def test_begin_imap(h, begin, expected):
    dovecot = h.dovecot()
    dovecot.append("support", mail(subject="read"))
    dovecot.adm("flags", "add", "-u", "support", "\\Seen", "mailbox", "INBOX", "all")
    dovecot.append("support", mail(subject="unread"))
    helpd = h.helpd(dovecot.mailbox(more=f'begin "{begin}";'))
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == expected
    dovecot.append("support", mail(subject="later"))
    dovecot.adm("flags", "add", "-u", "support", "\\Seen", "mailbox", "INBOX", "all")
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == expected | {"later"}


def test_folders_and_accounts(h):
    dovecot = h.dovecot()
    dovecot.adm("mailbox", "create", "-u", "support", "Anfragen/Größe")
    dovecot.append("support", mail(subject="inbox"))
    dovecot.append("support", mail(subject="folder"), "Anfragen/Größe")
    dovecot.append("sales", mail(subject="other", to="sales@acme.example"))
    helpd = h.helpd(dovecot.mailbox(more='folders ["INBOX", "Anfragen/Größe"];') + dovecot.mailbox("sales", more='queue "sales";'))
    helpd.once()
    assert {(t["subject"], t["queue"]) for t in helpd.tickets()} == {("inbox", "support"), ("folder", "support"), ("other", "sales")}


def test_idle_daemon(h):
    """A mail that arrives while the daemon waits is a ticket within seconds, by IDLE and by inotify."""
    dovecot, inbox = h.dovecot(), h.maildir()
    helpd = h.helpd(dovecot.mailbox(more='poll "60s";') + box(inbox)).start()
    dovecot.append("support", mail(subject="by IDLE"))
    wait_for(lambda: len(helpd.tickets()) == 1, 10)
    inbox.put(mail(subject="by inotify"))
    wait_for(lambda: len(helpd.tickets()) == 2, 10)
    helpd.stop()


def test_server_comes_back(h):
    dovecot = h.dovecot()
    inbox = h.maildir()
    helpd = h.helpd(dovecot.mailbox() + box(inbox)).start()
    dovecot.append("support", mail(subject="before"))
    wait_for(lambda: len(helpd.tickets()) == 1)
    dovecot.stop()
    inbox.put(mail(subject="meanwhile"))
    wait_for(lambda: len(helpd.tickets()) == 2)
    dovecot.start()
    dovecot.append("support", mail(subject="after"))
    wait_for(lambda: len(helpd.tickets()) == 3, 90)
    helpd.stop()


def test_deliver(h):
    """`deliver` needs no daemon, keeps the envelope, and says 75 rather than lose a mail."""
    helpd = h.helpd(box(h.maildir()))
    helpd.run("deliver", "--channel", "web", "--sender", "ann@customer.example", "--recipient", "sales@acme.example", stdin=mail(Return_Path=None, Delivered_To=None))
    helpd.once()
    ticket, = helpd.tickets()
    assert ticket["channel"] == "web" and ticket["queue"] == "sales"
    assert helpd.run("deliver", stdin=b"", status=None).status in (65, 75)
    full = helpd.data + "/spool"
    moved = full + ".away"
    os.rename(full, moved)
    with open(full, "w"):
        pass
    assert helpd.run("deliver", stdin=mail(), status=None).status == 75
    os.unlink(full)
    os.rename(moved, full)


def test_oversize(h):
    """A mail above the limit leaves a stub; the original stays where it was."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox, more='after "delete";'), rest="limits { message_size 200K; }")
    inbox.put(mail(subject="Huge", body="x" * 70 + "\n" + ("y" * 70 + "\n") * 5000))
    inbox.put(mail(subject="Small"))
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == {"Huge", "Small"}
    assert len(inbox.files()) == 1
    helpd.once()
    assert len(helpd.tickets()) == 2
    helpd.run("verify")


def test_raw_and_attachments(h, base):
    """What came in comes out again, byte for byte; names of attachments are no paths."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    raw = mail(Content_Type='multipart/mixed; boundary="b"', body='--b\nContent-Type: text/plain\n\nSee file\n--b\nContent-Type: text/plain; name="../../evil.txt"\n'
               'Content-Disposition: attachment; filename="../../evil.txt"\n\nboo\n--b--\n')
    inbox.put(raw)
    helpd.once()
    assert helpd.run("show", "1", "--raw", "1").encode() == raw
    to = base + "/save"
    Maildir(to)
    helpd.run("show", "1", "--save", to)
    saved = [os.path.join(d, f) for d, _, fs in os.walk(base) for f in fs if "evil" in f]
    assert len(saved) == 1 and saved[0].startswith(to + "/")
    with open(saved[0]) as f:
        assert f.read().strip() == "boo"


def test_search(h):
    """Full text over subject, body and people, in several scripts, as soon as run --once is over."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    inbox.put(mail(subject="订单已付款但状态未更新", body="请帮忙确认一下款项是否收到，谢谢！\n", sender="王小明 <wang@hooli.example>"))
    inbox.put(mail(subject="Rechnung", body="Die Überweisung für März fehlt.\n"))
    inbox.put(mail(subject="請求書について", body="パスワードを再設定したい\n", sender="Tanaka <tanaka@tyrell.example>"))
    helpd.once()

    def found(*words):
        return sorted(json.loads(line)["subject"] for line in helpd.run("search", *words, "--json", status=None).splitlines())
    assert found("付款") == ["订单已付款但状态未更新"]
    assert found("款项") == ["订单已付款但状态未更新"]
    assert found("überweisung") == ["Rechnung"]
    assert found("ÜBERWEISUNG") == ["Rechnung"]
    assert found("Überweis*") == ["Rechnung"]
    assert found("パスワード") == ["請求書について"]
    assert found("tanaka@tyrell.example") == ["請求書について"]
    assert found("märz", "rechnung") == ["Rechnung"]
    assert found("märz", "付款") == []
    assert helpd.run("search", "märz", "付款", status=None).status == 1, "like grep"
