"""net/imap against servers that lie: each ends in the error promised, in time, with no credential given before TLS is verified."""

import base64
import time

import pytest

from imap_stub import MAIL, ImapStub, drip, session
from net_tools import imap
from servers import PASSWORD, USER, Authority, missing

pytestmark = pytest.mark.skipif(bool(missing("openssl")), reason="no openssl")
SECRETS = [PASSWORD.encode(), base64.b64encode(b"\0" + USER.encode() + b"\0" + PASSWORD.encode()), USER.encode()]
READ = ("select", "INBOX", "survey", 1, "fetch")


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def cert(ca):
    return ca.issue("localhost", "127.0.0.1")


def no_secret(data):
    return not any(s in data for s in SECRETS)


@pytest.mark.parametrize("kind, want", [
    ("self-signed", "is signed by nobody this host trusts"),
    ("other authority", "is signed by nobody this host trusts"),
    ("wrong name", "the certificate of localhost is for other.example"),
    ("expired", "expired on 2021-01-01"),
])
@pytest.mark.parametrize("mode", ["imaps", "imap"])
def test_certificates(ca, tmp_path, kind, want, mode):
    bad = {"self-signed": lambda: ca.self_signed("localhost"),
           "other authority": lambda: Authority(tmp_path, "another").issue("localhost"),
           "wrong name": lambda: ca.issue("other.example"),
           "expired": lambda: ca.issue("localhost", expired=True)}[kind]()

    def behave(talk):
        if mode == "imap":
            talk.say(b"* OK hello\r\n")
            while True:
                tag, verb, _ = talk.command()
                if verb == b"CAPABILITY":
                    talk.say(b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n")
                talk.say(tag + b" OK go\r\n")
                if verb == b"STARTTLS":
                    break
        session(talk, bad)

    with ImapStub(behave) as s:
        r = imap(mode, s.port, *READ, ca=ca.file)
        assert r.code == 1 and r.err.startswith("permanent:") and want in r.err, r.err
        assert r.seconds < 5 and no_secret(s.seen)


def test_name_in_certificate_counts_for_addresses_too(ca):
    only_name = ca.issue("localhost")
    with ImapStub(lambda t: session(t, only_name)) as s:
        r = imap("imaps", s.port, *READ, ca=ca.file, host="127.0.0.1")
        assert r.code == 1 and "the certificate of 127.0.0.1 is for localhost" in r.err
        assert no_secret(s.seen)
        assert imap("imaps", s.port, *READ, ca=ca.file).code == 0


def plain_then(answer):
    def behave(talk):
        talk.say(b"* OK hello\r\n")
        while True:
            tag, verb, _ = talk.command()
            answer(talk, tag, verb)
    return behave


def test_starttls_stripped(ca):
    def answer(talk, tag, verb):
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n")
        talk.say(tag + b" OK done\r\n")

    with ImapStub(plain_then(answer)) as s:
        r = imap("imap", s.port, *READ, ca=ca.file)
        assert r.code == 1 and r.err.startswith("permanent:") and "does not offer STARTTLS" in r.err
        assert no_secret(s.seen)


def test_starttls_refused(ca):
    def answer(talk, tag, verb):
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n")
        talk.say(tag + (b" NO not now\r\n" if verb == b"STARTTLS" else b" OK done\r\n"))

    with ImapStub(plain_then(answer)) as s:
        r = imap("imap", s.port, *READ, ca=ca.file)
        assert r.code == 1 and "STARTTLS: not now" in r.err and no_secret(s.seen)


def test_starttls_injected(ca, cert):
    """Plain text that somebody put behind the OK must never be taken for the server's."""
    def answer(talk, tag, verb):
        if verb == b"CAPABILITY":
            talk.say(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n")
        if verb == b"STARTTLS":
            talk.say(tag + b" OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n2 OK injected\r\n")
            session(talk, cert)
        talk.say(tag + b" OK done\r\n")

    with ImapStub(plain_then(answer)) as s:
        r = imap("imap", s.port, *READ, ca=ca.file)
        assert r.code == 1 and "plain text before TLS" in r.err and no_secret(s.seen)


def test_preauth_leaves_no_room_for_tls(ca):
    def behave(talk):
        talk.say(b"* PREAUTH welcome\r\n")
        talk.stall()

    with ImapStub(behave) as s:
        r = imap("imap", s.port, *READ, ca=ca.file)
        assert r.code == 1 and "refused" in r.err and no_secret(s.seen)


def test_capabilities_from_before_tls_are_forgotten(ca, cert):
    """The plain text offers AUTH=PLAIN; behind TLS there is only LOGIN without it: nothing may be sent unasked."""
    def behave(talk):
        talk.say(b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] hello\r\n")
        tag, verb, _ = talk.command()
        assert verb == b"STARTTLS"
        talk.say(tag + b" OK go\r\n")
        talk.tls(cert)
        session(talk, None, b"IMAP4rev1 LOGINDISABLED", greeting=b"")

    with ImapStub(behave) as s:
        r = imap("imap", s.port, *READ, ca=ca.file)
        assert r.code == 1 and "LOGINDISABLED" in r.err and no_secret(s.seen)


def test_plain_only_to_this_host():
    r = imap("plain", 143, *READ, host="192.0.2.1")
    assert r.code == 1 and "loopback" in r.err and r.seconds < 2


def test_nobody_there():
    r = imap("imaps", 1, *READ)
    assert r.code == 1 and "cannot connect to localhost:1: connection refused" in r.err
    r = imap("imaps", 993, *READ, host="no-such-host.invalid")
    assert r.code == 1 and "cannot find the address of no-such-host.invalid" in r.err


def test_secret_echoed_by_the_server():
    def lie(talk, tag, rest):
        talk.say(tag + b" NO [AUTHENTICATIONFAILED] you said " + PASSWORD.encode() + b"\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"AUTHENTICATE": lie})) as s:
        r = imap("plain", s.port, *READ)
        assert r.code == 1 and "refused the login" in r.err and PASSWORD not in r.err


def test_unavailable_is_not_a_wrong_password():
    def lie(talk, tag, rest):
        talk.say(tag + b" NO [UNAVAILABLE] database down\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"AUTHENTICATE": lie})) as s:
        r = imap("plain", s.port, *READ)
        assert r.code == 1 and r.err.startswith("temporary:") and "database down" in r.err


def test_xoauth2_refused_with_a_challenge():
    def lie(talk, tag, rest):
        talk.say(b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")
        assert talk.line() == b""
        talk.say(tag + b" NO token expired\r\n")
        return True

    with ImapStub(lambda t: session(t, capability=b"IMAP4rev1 SASL-IR AUTH=XOAUTH2",
                                    answers={b"AUTHENTICATE": lie})) as s:
        r = imap("plain", s.port, *READ, env={"XOAUTH2": "1"})
        assert r.code == 1 and "token expired" in r.err
        assert base64.b64encode(f"user={USER}\1auth=Bearer {PASSWORD}\1\1".encode()) in s.seen


@pytest.mark.parametrize("honest", [True, False])
def test_login_command_with_literals(honest):
    """No SASL: LOGIN, with literals, whatever bytes are in the password."""
    password = 'Pä"\\ss {3}'

    def login(talk, tag, rest):
        assert rest == b"{%d}" % len(USER)
        if not honest:
            talk.say(tag + b" BAD no literals here\r\n")
            return True
        talk.say(b"+ go on\r\n")
        assert talk.take(len(USER)) == USER.encode() and talk.line() == b" {%d}" % len(password.encode())
        talk.say(b"* OK hold on\r\n+ and\r\n")
        ok = talk.take(len(password.encode())) == password.encode() and talk.line() == b""
        talk.say(tag + (b" OK in\r\n" if ok else b" NO wrong\r\n"))
        return True

    with ImapStub(lambda t: session(t, capability=b"IMAP4rev1", answers={b"LOGIN": login})) as s:
        r = imap("plain", s.port, *READ, secret=password)
        assert (r.code == 0) == honest, r.err
        assert honest or ("refused the login" in r.err and "no literals here" in r.err)


def test_authenticate_without_initial_response():
    def auth(talk, tag, rest):
        assert rest == b"PLAIN"
        talk.say(b"+ \r\n")
        assert base64.b64decode(talk.line()) == b"\0" + USER.encode() + b"\0" + PASSWORD.encode()
        talk.say(tag + b" OK [CAPABILITY IMAP4rev1 IDLE] in\r\n")
        return True

    with ImapStub(lambda t: session(t, capability=b"IMAP4rev1 AUTH=PLAIN", answers={b"AUTHENTICATE": auth})) as s:
        r = imap("plain", s.port, *READ)
        assert r.code == 0 and len(r.starting("mail")) == 3, r.err


def fetching(answer):
    """Lies in the first FETCH of bodies."""
    def lie(talk, tag, rest):
        if b"BODY" not in rest:
            return False
        return answer(talk, tag)

    return lambda t: session(t, answers={b"UID FETCH": lie})


def hang_up(talk):
    raise EOFError


def stall(talk):
    talk.stall()
    return True


FAULTS = {
    "stalls at once": (lambda t, tag: stall(t), "did not answer in time"),
    "stalls in a literal": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {900000}\r\nabc") or stall(t),
                            "did not answer in time"),
    "drips": (lambda t, tag: drip(t, b"* 1 FETCH (UID 1 BODY[]<0> {10000}\r\n" + b"x" * 200), "did not answer in time"),
    "drips lines": (lambda t, tag: [drip(t, b"* OK x\r\n") for _ in range(40)] and True, "did not answer in time"),
    "EOF in a literal": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {900000}\r\nabc") or hang_up(t),
                         "closed the connection"),
    "EOF in a line": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BOD") or hang_up(t), "closed the connection"),
    "EOF at once": (lambda t, tag: hang_up(t), "closed the connection"),
    "64 MiB literal": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {67108864}\r\n" + b"x" * 100000) or stall(t),
                       "announced 67108864 bytes"),
    "4 GiB literal": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\n") or stall(t),
                      "announced 4294967295 bytes"),
    "beyond 32 bits": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {99999999999999999999}\r\n") or stall(t),
                       "no IMAP"),
    "minus literal": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODY[]<0> {-5}\r\n") or stall(t), "no IMAP"),
    "literal of something unasked": (lambda t, tag: t.say(b"* XYZ {67108864}\r\nabc") or stall(t), "announced 67108864"),
    "garbage": (lambda t, tag: t.say(bytes(range(1, 256)) * 20) or stall(t), "no IMAP"),
    "NUL": (lambda t, tag: t.say(b"* 1 FETCH (UID\0 1)\r\n") or stall(t), "no IMAP"),
    "HTTP": (lambda t, tag: t.say(b"HTTP/1.1 400 Bad Request\r\n\r\n") or stall(t), "no IMAP"),
    "a line without end": (lambda t, tag: t.say(b"* OK " + b"x" * 3_000_000) or stall(t), "longer than"),
    "lines without end": (lambda t, tag: [t.say(b"* OK hello\r\n" * 10000) for _ in range(10000)], "far more"),
    "BYE": (lambda t, tag: t.say(b"* BYE shutting down\r\n") or stall(t), "ended the connection: shutting down"),
    "BYE for an answer": (lambda t, tag: t.say(b"* 1 FETCH (FLAGS ())\r\n* BYE now\r\n") or hang_up(t), "now"),
    "a wrong tag": (lambda t, tag: t.say(b"999 OK done\r\n") or stall(t), "no IMAP"),
    "ENVELOPE": (lambda t, tag: t.say(b'* 1 FETCH (UID 1 ENVELOPE ("x" NIL ((((((((\r\n') or stall(t), "no IMAP"),
    "BODYSTRUCTURE": (lambda t, tag: t.say(b"* 1 FETCH (UID 1 BODYSTRUCTURE " + b"(" * 60000 + b"\r\n") or stall(t),
                      "no IMAP"),
    "NO": (lambda t, tag: t.say(tag + b" NO [SERVERBUG] internal\r\n") or True, "fetching: internal"),
    "BAD": (lambda t, tag: t.say(tag + b" BAD what\r\n") or True, "fetching: what"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_while_fetching(name):
    answer, want = FAULTS[name]
    with ImapStub(fetching(answer)) as s:
        r = imap("plain", s.port, *READ, timeout=2)
        assert r.code == 1 and want in r.err, r.err
        assert r.err.startswith(("temporary:", "permanent: fetching: what"))
        assert not r.starting("mail") and r.seconds < 5


@pytest.mark.parametrize("greeting, want", [
    (b"", "did not answer in time"), (b"* BYE too many\r\n", "too many"), (b"220 mail ESMTP\r\n", "no IMAP"),
    (b"* NO\r\n", "no IMAP greeting"), (b"* \r\n", "no IMAP"), (b"+ OK\r\n", "no IMAP"),
])
def test_greetings(greeting, want):
    def behave(talk):
        talk.say(greeting)
        talk.stall()

    with ImapStub(behave) as s:
        r = imap("plain", s.port, *READ, timeout=1)
        assert r.code == 1 and want in r.err and r.seconds < 4 and no_secret(s.seen), r.err


def test_tls_never_answers(ca):
    with ImapStub(lambda t: t.stall()) as s:
        r = imap("imaps", s.port, *READ, ca=ca.file, timeout=1)
        assert r.code == 1 and "did not answer in time" in r.err and r.seconds < 4


def test_tls_cut_off_without_goodbye(ca, cert):
    def lie(talk, tag, rest):
        talk.say(b"* 1 FETCH (UID 1 BODY[]<0> {5}\r\nab")
        talk.sock.unwrap = None
        raise EOFError      # the socket is closed without close_notify

    with ImapStub(lambda t: session(t, cert, answers={b"UID FETCH": lie})) as s:
        r = imap("imaps", s.port, *READ, ca=ca.file, timeout=3)
        assert r.code == 1 and r.err.startswith("temporary:") and r.seconds < 3


def test_odd_but_honest_servers():
    """What real servers do and must not trouble us."""
    def lie(talk, tag, rest):
        if b"BODY" not in rest:
            talk.say(b"* 1 FETCH (FLAGS (\\Seen [odd] $x \xc3\xa4) UID 1 RFC822.SIZE 44 INTERNALDATE \"junk\" MODSEQ (9))\r\n"
                     b"* 2 FETCH (RFC822.SIZE 99999999999 UID 2)\r\n* 3 FETCH ()\r\n* STATUS {3}\r\nabc (X 1)\r\n"
                     b"* 9 EXISTS\r\n* OK [XYZ (\"a\" {3})] warm {5}\r\n* NO [ALERT] \xff\r\n* ESEARCH (TAG \"3\")\r\n")
            talk.say(tag + b" OK\r\n")
        else:
            talk.say(b"* 1 EXPUNGE\r\n* 1 FETCH (BODY[]<0> {%d}\r\n%s UID 1)\r\n" % (len(MAIL), MAIL) +
                     b"* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n* 7 FETCH (UID 77 BODY[]<0> {1}\r\nx)\r\n" +
                     b'* 1 FETCH (UID 1 BODY[] "again")\r\n' + tag + b" OK [X]\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"UID FETCH": lie})) as s:
        r = imap("plain", s.port, *READ)
        assert r.code == 0, r.err
        assert [x.split()[1] for x in r.starting("mail")] == ["1"]
        assert "1 size=44 seen=1" in r.out and f"date={-2**63}" in r.out and "2 size=4294967295" in r.out


def test_idle_refused_and_idle_ended():
    def no(talk, tag, rest):
        talk.say(tag + b" NO not now\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"IDLE": no})) as s:
        r = imap("plain", s.port, "select", "INBOX", "idle", 5)
        assert r.code == 1 and "IDLE: not now" in r.err

    def stay(talk, tag, rest):
        talk.say(b"+ idling\r\n* OK still here\r\n")
        time.sleep(0.3)
        talk.say(b"* 4 EXISTS\r\n")
        assert talk.line() == b"DONE"
        talk.say(tag + b" OK done\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"IDLE": stay})) as s:
        r = imap("plain", s.port, "select", "INBOX", "idle", 5)
        assert r.code == 0 and "idle 1" in r.out, r.err


def test_no_uidvalidity():
    def lie(talk, tag, rest):
        talk.say(b"* 0 EXISTS\r\n" + tag + b" OK done\r\n")
        return True

    with ImapStub(lambda t: session(t, answers={b"SELECT": lie})) as s:
        r = imap("plain", s.port, *READ)
        assert r.code == 1 and "no UIDVALIDITY" in r.err
