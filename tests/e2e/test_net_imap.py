"""net/imap against Dovecot, driven by tests/net/imap_tool."""

import hashlib
import random
import time

import pytest

from net_tools import imap, imap_start
from servers import Authority, Dovecot, missing

pytestmark = pytest.mark.skipif(bool(missing("dovecot", "openssl")), reason="no Dovecot")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def cert(ca):
    return ca.issue("localhost", "127.0.0.1")


@pytest.fixture
def dovecot(tmp_path_factory, cert):
    with Dovecot(tmp_path_factory.mktemp("d"), cert) as d:
        yield d


def mail(n, size=0):
    return (b"Subject: mail %d\r\nFrom: a@b.example\r\n\r\n" % n) + b"0123456789\r\n" * (size // 12) + b"end\r\n"


def digests(result):
    return {int(line.split()[1]): line.split()[3] for line in result.starting("mail")}


def sha(b):
    return hashlib.sha256(b).hexdigest()


@pytest.mark.parametrize("mode", ["imaps", "imap", "plain"])
def test_reads_a_mailbox(dovecot, ca, mode):
    port = {"imaps": dovecot.imaps, "imap": dovecot.imap, "plain": dovecot.plain}[mode]
    mails = [mail(i, i * 100) for i in range(5)]
    for m in mails:
        dovecot.deliver(m)
    r = imap(mode, port, "select", "INBOX", "survey", 1, "fetch", ca=ca.file)
    assert r.code == 0, r.err
    assert "exists=5" in r.out and "keywords=1" in r.out
    assert digests(r) == {i + 1: sha(m) for i, m in enumerate(mails)}
    assert f"1 size={len(mails[0])} seen=0 deleted=0" in r.out
    assert not (dovecot.mail / "Maildir/cur").joinpath("x").exists()
    assert not [f for f in (dovecot.mail / "Maildir/cur").iterdir() if "S" in f.name.rpartition(",")[2]]


def test_mails_above_the_chunk_and_at_its_border(dovecot):
    rng = random.Random(1)
    sizes = [1 << 20, (1 << 20) - 1, (1 << 20) + 1, 2 << 20, 5_000_000]
    mails = []
    for s in sizes:
        head = b"Subject: big\r\n\r\n"
        line = bytes(rng.choice(b"abcdefghij") for _ in range(70)) + b"\r\n"
        body = (line * (s // 72 + 1))[:s - len(head) - 3].rstrip(b"\r\n")
        body += b"." * (s - len(head) - 2 - len(body)) + b"\r\n"
        assert len(head + body) == s
        mails.append(head + body)
    for m in mails:
        dovecot.deliver(m)
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 1, "fetch", "large", 5, timeout=20)
    assert r.code == 0, r.err
    for i, m in enumerate(mails):
        assert digests(r)[i + 1] == sha(m), (i, len(m))


def test_two_thousand_mails(dovecot):
    for i in range(2000):
        dovecot.deliver(mail(i))
    r = imap("plain", dovecot.plain, "select", "INBOX", "all", 1, "fetch", "survey", 1990, timeout=20)
    assert r.code == 0, r.err
    got = digests(r)
    assert len(got) == 2000 and got[1500] == sha(mail(1499))
    assert r.lines[-12] == "survey 11" and r.lines[-1].startswith("2000 ")


def test_more_messages_than_one_survey_step(dovecot):
    for i in range(4500):
        dovecot.deliver(b"Subject: %d\r\n\r\nx\r\n" % i)
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 1, timeout=20)
    assert r.code == 0, r.err
    assert [int(line.split()[0]) for line in r.lines if " size=" in line] == list(range(1, 4501))


def test_flags_keywords_and_folders(dovecot):
    for i in range(3):
        dovecot.deliver(mail(i))
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 1, "flag", "\\Seen", "flag", "$helpd", "survey", 1)
    assert r.code == 0, r.err
    assert "3 size" in r.out and "seen=1" in r.out
    assert "$helpd" in dovecot.doveadm("fetch", "flags", "mailbox", "INBOX")
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 1, "flag", "bad flag)")
    assert r.code == 1 and "no flag" in r.err
    r = imap("plain", dovecot.plain, "select", "No Such")
    assert r.code == 1 and "folder No Such" in r.err and "connection" not in r.err


@pytest.mark.parametrize("folder", ["Done", "Erledigt/Größe & Co", "完了", 'quo"te\\s'])
def test_move_makes_the_folder(dovecot, folder):
    for i in range(4):
        dovecot.deliver(mail(i))
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 2, "move", folder, "survey", 1, "list", "select",
             folder, "survey", 1, "fetch")
    assert r.code == 0, r.err
    assert f"folder {folder}" in r.lines
    assert [line for line in r.lines if line.startswith("survey")] == ["survey 3", "survey 1", "survey 3"]
    assert sorted(digests(r).values()) == sorted(sha(mail(i)) for i in (1, 2, 3))


@pytest.mark.parametrize("capability, left", [("IMAP4rev1 SASL-IR UIDPLUS AUTH=PLAIN", 1),
                                              ("IMAP4rev1 AUTH=PLAIN", 4)])
def test_move_without_move_and_uidplus(tmp_path, cert, capability, left):
    with Dovecot(tmp_path, cert, capability=capability) as d:
        for i in range(4):
            d.deliver(mail(i))
        r = imap("plain", d.plain, "select", "INBOX", "survey", 2, "move", "Done", "survey", 1, "select", "Done",
                 "survey", 1)
        assert r.code == 0, r.err
        assert [x for x in r.lines if x.startswith("survey")] == ["survey 3", f"survey {left}", "survey 3"]
        if left == 4:
            assert "has no UIDPLUS" in r.err and r.out.count("deleted=1") == 3


def test_delete_takes_only_its_own(dovecot):
    for i in range(3):
        dovecot.deliver(mail(i))
    imap("plain", dovecot.plain, "select", "INBOX", "survey", 3, "flag", "\\Deleted")
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 1, "fetch3", "survey", 2)
    assert r.code == 0 and "3 size" in r.out and "deleted=1" in r.out
    dovecot.doveadm("flags", "remove", "\\Deleted", "mailbox", "INBOX", "uid", "3", check=False)
    r = imap("plain", dovecot.plain, "select", "INBOX", "survey", 2, "delete", "survey", 1)
    assert r.code == 0 and r.lines[-2] == "survey 1" and r.lines[-1].startswith("1 ")


def test_append(dovecot, tmp_path):
    f = tmp_path / "m"
    f.write_bytes(mail(9, 100_000))
    r = imap("plain", dovecot.plain, "append", "INBOX", f, "select", "INBOX", "survey", 1, "fetch")
    assert r.code == 0, r.err
    assert list(digests(r).values()) == [sha(mail(9, 100_000))] and "seen=1" in r.out


@pytest.mark.parametrize("capability", [None, "IMAP4rev1 SASL-IR AUTH=PLAIN"])
def test_waits_for_news(tmp_path, cert, capability):
    with Dovecot(tmp_path, cert, capability=capability) as d:
        d.deliver(mail(0))
        p = imap_start("plain", d.plain, "select", "INBOX", "survey", 1, "idle", 20, "survey", 2)
        while not p.stdout.readline().startswith("1 size"):
            pass
        time.sleep(0.5)
        start = time.monotonic()
        d.deliver(mail(1))
        line = p.stdout.readline()
        assert line == "idle 1 \n" and time.monotonic() - start < 8
        out, err = p.communicate(timeout=20)
        assert "2 size" in out and p.returncode == 0, (out, err)


def test_idle_ends_by_time_wake_and_interrupt(dovecot):
    dovecot.deliver(mail(0))
    r = imap("plain", dovecot.plain, "select", "INBOX", "idle", 1, "wake", 30, "interrupt", 30, "survey", 1)
    assert r.code == 0, r.err
    assert r.lines[2:5] == ["idle 0 ", "idle -1 interrupted", "idle -1 interrupted"]
    assert "survey 1" in r.out and r.seconds < 12


def test_expunge_under_our_feet(dovecot):
    for i in range(5):
        dovecot.deliver(mail(i))
    p = imap_start("plain", dovecot.plain, "select", "INBOX", "survey", 1, "sleep", 2, "fetch", "survey", 1)
    while not p.stdout.readline().startswith("5 size"):
        pass
    dovecot.doveadm("expunge", "mailbox", "INBOX", "uid", "2,4")
    out, err = p.communicate(timeout=30)
    assert p.returncode == 0, err
    assert [int(x.split()[1]) for x in out.splitlines() if x.startswith("mail")] == [1, 3, 5]
    r = imap("plain", dovecot.plain, "select", "INBOX", "large", 2)
    assert r.code == 1 and "gone" in r.err


def test_uidvalidity_change_shows(dovecot):
    dovecot.deliver(mail(0), folder="X")
    first = imap("plain", dovecot.plain, "select", "X").out
    dovecot.doveadm("mailbox", "delete", "X")
    time.sleep(1.1)
    dovecot.doveadm("mailbox", "create", "X")
    second = imap("plain", dovecot.plain, "select", "X").out
    pick = [x.split("uidvalidity=")[1].split()[0] for x in (first, second)]
    assert pick[0] != pick[1]


def test_server_goes_away_while_idle(dovecot):
    p = imap_start("plain", dovecot.plain, "select", "INBOX", "idle", 30)
    while not p.stdout.readline().startswith("selected"):
        pass
    time.sleep(0.5)
    dovecot.stop()
    out, err = p.communicate(timeout=15)
    assert p.returncode == 1 and err.startswith("temporary:")


def test_credentials(dovecot, ca):
    r = imap("imaps", dovecot.imaps, "list", ca=ca.file, secret="wrong-secret")
    assert r.code == 1 and "permanent: " in r.err
    assert "refused the login of support@acme.example: " in r.err
    r = imap("imaps", dovecot.imaps, "list", ca=ca.file, env={"XOAUTH2": "1"})
    assert r.code == 1 and "does not offer XOAUTH2" in r.err
