"""net/smtp against Postfix, smtp-sink, and servers that lie."""

import base64
import os

import pytest

from net_tools import smtp
from servers import PASSWORD, USER, Authority, Dovecot, Postfix, SmtpSink, missing
from smtp_stub import SmtpStub

pytestmark = pytest.mark.skipif(bool(missing("openssl")), reason="no openssl")
SECRETS = [PASSWORD.encode(), base64.b64encode(b"\0" + USER.encode() + b"\0" + PASSWORD.encode())]
BODY = (b"From: support@acme.example\r\nSubject: dots\r\n\r\n.\r\n..\r\n.leading\r\n..two\r\nmid.dle\r\n.\r\n"
        b"\r\n.\r\nlast line.\r\n")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def cert(ca):
    return ca.issue("localhost", "127.0.0.1")


@pytest.fixture
def mail(tmp_path):
    f = tmp_path / "mail"
    f.write_bytes(BODY)
    return f


def stuffed(body):
    return b"".join((b"." if x.startswith(b".") else b"") + x for x in body.splitlines(True))


def results(r):
    return [tuple(line.split(" ", 2)) for line in r.lines]


@pytest.mark.skipif(bool(missing("postfix", "dovecot")) or os.geteuid() != 0, reason="no Postfix, or not root")
def test_postfix(ca, cert, tmp_path_factory, mail):
    tmp = tmp_path_factory.mktemp("p")
    with Dovecot(tmp, cert) as d, Postfix(tmp, cert, dovecot=d) as p:
        for mode, port in (("starttls", p.submission), ("implicit", p.submissions)):
            r = smtp(mode, port, "probe", ca=ca.file, user=USER)
            assert r.code == 0, r.err
            r = smtp(mode, port, mail, USER, "b@acme.example", ca=ca.file, user=USER)
            assert r.code == 0 and results(r)[0][1] == "ok", r.err
            r = smtp(mode, port, "probe", ca=ca.file, user=USER, secret="wrong-secret")
            assert r.code == 1 and f"refused the login of {USER}: 535" in r.err
        r = smtp("plain", p.smtp, mail, "<>", "b@acme.example", "c@elsewhere.example")
        assert r.code == 0
        assert [x[1] for x in results(r)] == ["ok", "refused"] and "Relay access denied" in r.out
        big = mail.with_name("big")
        big.write_bytes(b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + b"0123456789\r\n" * 1_000_000)
        r = smtp("plain", p.smtp, big, "<>", "b@acme.example", timeout=20)
        assert results(r)[0][1] == "refused" and "552" in r.out and "size" in r.out
        found = p.box("b@acme.example", count=3)
        assert len(found) == 3
        for m in found:
            assert BODY.split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n") in m
        assert b"Return-Path: <>" in found[2] or any(b"Return-Path: <>" in m for m in found)


@pytest.mark.skipif(bool(missing("smtp-sink")), reason="no smtp-sink")
def test_one_connection_for_many(tmp_path_factory, mail):
    with SmtpSink(tmp_path_factory.mktemp("s")) as s:
        r = smtp("plain", s.port, mail, "a@acme.example", "b@acme.example", count=30)
        assert r.code == 0 and "sent 30 mails" in r.out
        assert len(s.messages()) == 30


def test_bytes_and_connection_reuse(mail):
    with SmtpStub() as s:
        r = smtp("plain", s.port, mail, "a@acme.example", "b@acme.example", "c@acme.example", count=5)
        assert r.code == 0 and [x[1] for x in results(r)] == ["ok"] * 10
        assert s.mails == [stuffed(BODY)] * 5 and s.connections == 1
        assert s.commands[0] == b"EHLO helpd.example"
        assert s.commands[1] == b"MAIL FROM:<a@acme.example> SIZE=%d" % len(stuffed(BODY))


@pytest.mark.parametrize("shift", list(range(-6, 7)))
def test_dots_at_buffer_borders(tmp_path, shift):
    """A line that begins with a dot, at each place around 16 and 64 KiB."""
    body = b"Subject: x\r\n\r\n"
    for border in (16384, 65536, 131072):
        fill = border + shift - len(body)
        lines, rest = divmod(fill, 64)
        body += (b"x" * 62 + b"\r\n") * (lines - 1)
        body += b"y" * (62 + rest) + b"\r\n" + b".dot\r\n.\r\n..\r\n"
    f = tmp_path / "m"
    f.write_bytes(body)
    with SmtpStub() as s:
        r = smtp("plain", s.port, f, "<>", "b@acme.example")
        assert r.code == 0 and s.mails == [stuffed(body)]
        assert s.commands[1].startswith(b"MAIL FROM:<> ")


@pytest.mark.parametrize("dots", [1, 2, 3, 4, 7, 50])
def test_as_many_dots_as_bytes_left(tmp_path, dots):
    """libcurl before 8.7 lost the rest of a mail when it had doubled as many dots as there were bytes to come."""
    tail = (b"t" * 48 + b"\r\n")[-dots:]
    head = b"Subject: x\r\n\r\n" + b".\r\n" * dots
    fill = 65536 - len(head)
    body = head + (b"x" * 62 + b"\r\n") * (fill // 64 - 1)
    body += b"y" * (65536 - len(body)) + tail
    if not body.endswith(b"\r\n"):
        body = body[:-2] + b"\r\n"
    f = tmp_path / "m"
    f.write_bytes(body)
    with SmtpStub() as s:
        r = smtp("plain", s.port, f, "<>", "b@acme.example")
        assert r.code == 0 and s.mails == [stuffed(body)]


def test_addresses_that_cannot_be(mail):
    bad = ["no-at", "a@", "@b", "a b@c.example", "a@b.example>\r\nRCPT TO:<x@y.example", "a\n@b.example", "<a@b.example>",
           "jörg@b.example", "a@" + "x" * 330]
    with SmtpStub() as s:
        r = smtp("plain", s.port, mail, "<>", *bad, "good@b.example", "idn@bücher.example")
        assert r.code == 0
        assert [x for x in s.commands if x.startswith(b"RCPT")] == [b"RCPT TO:<good@b.example>",
                                                                   b"RCPT TO:<idn@xn--bcher-kva.example>"]
        assert "SMTPUTF8" in r.out and r.out.count(" refused not sent: ") == len(bad)
        r = smtp("plain", s.port, mail, "x@y.example>\r\nDATA", "good@b.example")
        assert r.code == 1 and "sender" in r.err


@pytest.mark.parametrize("body, want", [
    (b"Subject: x\r\n\r\nbare\nlf\r\n", "LF without CR"), (b"Subject: x\r\n\r\nbare\rcr\r\n", "CR without LF"),
    (b"Subject: x\r\n\r\nnul\0\r\n", "NUL"), (b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n", "longer than 998"),
    (b"Subject: x\r\n\r\nno end", "does not end"), (b"", "empty"),
])
def test_unclean_bytes_never_leave(tmp_path, body, want):
    f = tmp_path / "m"
    f.write_bytes(body)
    with SmtpStub() as s:
        r = smtp("plain", s.port, f, "<>", "b@acme.example")
        assert r.code == 1 and want in r.err and not s.commands


def test_each_recipient_has_its_own_result(mail):
    with SmtpStub(rcpt={b"no@x.example": b"550-5.1.1 no such\r\n550 5.1.1 user here",
                        b"later@x.example": b"450 4.2.0 greylisted, come back"}) as s:
        r = smtp("plain", s.port, mail, "<>", "no@x.example", "yes@x.example", "later@x.example", "too@x.example")
        assert r.code == 0
        assert results(r) == [("no@x.example", "refused", "550 5.1.1 no such 5.1.1 user here"),
                              ("yes@x.example", "ok", "250 2.0.0 taken"),
                              ("later@x.example", "later", "450 4.2.0 greylisted, come back"),
                              ("too@x.example", "ok", "250 2.0.0 taken")]
        assert len(s.mails) == 1


def test_everybody_refused(mail):
    with SmtpStub(rcpt={b"a@x.example": b"550 5.1.1 no", b"b@x.example": b"451 4.3.0 later"}) as s:
        r = smtp("plain", s.port, mail, "<>", "a@x.example", "b@x.example", count=2)
        assert [x[1] for x in results(r)] == ["refused", "later"] * 2 and not s.mails


@pytest.mark.parametrize("lie, want, words", [
    ({"end": b"550 5.7.1 spam"}, "refused", "550 5.7.1 spam"),
    ({"end": b"451 4.3.0 try later"}, "later", "451 4.3.0"),
    ({"end": None}, "unknown", "failed"),
    ({"end": b""}, "unknown", "failed"),
    ({"data": b"554 5.5.1 no"}, "refused", "554"),
    ({"data": b"421 4.3.2 shutting down"}, "later", "421"),
    ({"data": None}, "later", "failed"),
    ({"mail": b"552 5.3.4 too large"}, "refused", "552 5.3.4 too large"),
    ({"mail": b"451 4.7.1 greylisted"}, "later", "451"),
    ({"mail": None}, "later", "failed"),
    ({"rcpt": {b"b@x.example": None}}, "later", "failed"),
    ({"rcpt": {b"b@x.example": b"421 4.7.0 closing"}}, "later", "421"),
])
def test_how_it_ended(mail, lie, want, words):
    with SmtpStub(**lie) as s:
        r = smtp("plain", s.port, mail, "<>", "b@x.example", timeout=2)
        assert r.code == 0, r.err
        assert results(r)[0][1] == want and words in results(r)[0][2], r.out
        assert r.seconds < 5


def test_dropped_within_a_large_mail_is_not_ambiguous(tmp_path):
    f = tmp_path / "m"
    f.write_bytes(b"Subject: big\r\n\r\n" + b"0123456789\r\n" * 2_000_000)
    with SmtpStub(drop_in_data=True, offer=[b"8BITMIME"]) as s:
        r = smtp("plain", s.port, f, "<>", "b@x.example", timeout=5)
        assert results(r)[0][1] == "later" and not s.mails


@pytest.mark.parametrize("lie, want", [
    ({"banner": b"554 5.7.1 your address is listed"}, "554 5.7.1 your address is listed"),
    ({"banner": b"421 4.3.2 busy"}, "421 4.3.2 busy"), ({"banner": None}, ""), ({"banner": b""}, "in time"),
    ({"mail": b"530 5.7.0 authentication required"}, "wants a login"),
])
def test_servers_that_take_nothing(mail, lie, want):
    with SmtpStub(**lie) as s:
        r = smtp("plain", s.port, mail, "<>", "b@x.example", timeout=2)
        assert r.code == 1 and want in r.err and results(r)[0][1] == "later", r.err
        assert r.seconds < 5


def test_a_connection_the_server_gave_up(mail):
    with SmtpStub(mails_a_connection=2) as s:
        r = smtp("plain", s.port, mail, "<>", "b@x.example", count=5)
        assert [x[1] for x in results(r)] == ["ok"] * 5 and s.connections == 3 and len(s.mails) == 5


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
@pytest.mark.parametrize("kind, want", [
    ("self-signed", "is signed by nobody this host trusts"), ("wrong name", "is for other.example"),
    ("expired", "expired on 2021-01-01"),
])
def test_certificates(ca, mail, mode, kind, want):
    bad = {"self-signed": lambda: ca.self_signed("localhost"), "wrong name": lambda: ca.issue("other.example"),
           "expired": lambda: ca.issue("localhost", expired=True)}[kind]()
    with SmtpStub(bad, mode, offer=[b"AUTH PLAIN LOGIN"]) as s:
        r = smtp(mode, s.port, mail, "<>", "b@x.example", ca=ca.file, user=USER, timeout=4)
        assert r.code == 1 and r.err.startswith("permanent:") and want in r.err, r.err
        assert not any(x in s.seen for x in SECRETS) and r.seconds < 6


def test_starttls_stripped(ca, cert, mail):
    with SmtpStub(offer=[b"AUTH PLAIN LOGIN"]) as s:
        r = smtp("starttls", s.port, mail, "<>", "b@x.example", ca=ca.file, user=USER)
        assert r.code == 1 and "does not offer STARTTLS" in r.err
        assert not any(x in s.seen for x in SECRETS)


def test_starttls_injected(ca, cert, mail):
    with SmtpStub(cert, "starttls", injected=b"250 AUTH PLAIN\r\n", offer=[b"AUTH PLAIN"]) as s:
        r = smtp("starttls", s.port, mail, "<>", "b@x.example", ca=ca.file, user=USER)
        assert r.code == 1 and not any(x in s.clear for x in SECRETS) and not s.mails


def test_no_auth_offered(ca, cert):
    with SmtpStub(cert, "starttls") as s:
        r = smtp("starttls", s.port, "probe", ca=ca.file, user=USER)
        assert r.code == 1 and "offers no login" in r.err


def test_secret_echoed(ca, cert):
    with SmtpStub(cert, "implicit", offer=[b"AUTH PLAIN"], auth=b"535 5.7.8 bad: " + PASSWORD.encode()) as s:
        r = smtp("implicit", s.port, "probe", ca=ca.file, user=USER)
        assert r.code == 1 and "refused the login" in r.err and PASSWORD not in r.err


def test_plain_only_to_this_host(mail):
    r = smtp("plain", 25, mail, "<>", "b@x.example", host="192.0.2.1")
    assert r.code == 1 and "loopback" in r.err and r.seconds < 3
