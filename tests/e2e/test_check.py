"""helpd init and helpd check: what a newcomer writes, what an admin is told."""
import json
import os
import stat
import subprocess

import pytest

import house
import servers

SHARE = house.SRC


def helpd(*args, config=None, **kw):
    env = dict(os.environ, HELPD_SHARE=SHARE)
    env.pop("HELPD_CONFIG", None)
    command = [house.HELPD] + (["-c", str(config)] if config else []) + [str(a) for a in args]
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=60, **kw)


def init(directory, *more):
    return helpd("init", "--dir", directory, "--address", "support@acme.example", "--site", "Acme", "--timezone", "UTC", *more)


def maildir(path):
    for sub in ("new", "cur", "tmp"):
        (path / sub).mkdir(parents=True)
    return path


def test_init_gives_what_check_accepts(tmp_path):
    r = init(tmp_path / "etc", "--imap", "mail.acme.example", "--smtp", "smtp.acme.example", "--language", "en,zh_CN")
    assert r.returncode == 0, r.stderr
    assert "check --connect" in r.stdout
    conf = (tmp_path / "etc/helpd.conf").read_text()
    assert 'imap "imaps://mail.acme.example";' in conf
    assert 'smtp "submission://smtp.acme.example";' in conf
    assert stat.S_IMODE((tmp_path / "etc/secret").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "etc/secret/support").stat().st_mode) == 0o600
    r = helpd("check", config=tmp_path / "etc")
    assert r.returncode == 0, r.stderr
    assert "is empty: put the password into it" in r.stderr
    assert "imaps://mail.acme.example:993" in r.stdout


def test_init_overwrites_only_when_told_and_never_a_secret(tmp_path):
    etc = tmp_path / "etc"
    assert init(etc, "--imap", "a.example", "--smtp", "b.example").returncode == 0
    (etc / "secret/support").write_text("pw\n")
    before = (etc / "helpd.conf").read_text()
    r = init(etc, "--imap", "c.example", "--smtp", "b.example")
    assert r.returncode == 73 and "--force" in r.stderr
    assert (etc / "helpd.conf").read_text() == before
    assert init(etc, "--imap", "c.example", "--smtp", "b.example", "--force").returncode == 0
    assert "imaps://c.example" in (etc / "helpd.conf").read_text()
    assert (etc / "secret/support").read_text() == "pw\n"


def test_line_breaks_that_are_letters(tmp_path):
    etc = tmp_path / "etc"
    assert init(etc, "--imap", "a.example", "--smtp", "b.example", "--agent", "anna=anna@acme.example").returncode == 0
    for name, text in (("helpd.conf", 'queue "more" { address "more@acme.example"; signature "Acme\\nFirst line"; }\n'),
                       ("agents.conf", 'agent "ben" { address "ben@acme.example"; signature "Ben\\nAcme"; }\n'),
                       ("sla.conf", 'calendar "other" { weekdays ["09:00-17:00"];\n    holidays ["2026-12-25 Christmas\\nDay"];\n}\n')):
        path = etc / name
        before = path.read_text() if path.exists() else ""
        path.write_text(before + text)
        line = before.count("\n") + 1 + (name == "sla.conf")
        column = text.split("\n")[line - before.count("\n") - 1].index("\\") + 1
        r = helpd("check", config=etc)
        assert r.returncode == 0, r.stderr
        assert f"{path}:{line}:{column}: warning: \\n in a string is the letter n, not a line break" in r.stderr
        assert "write text:" in r.stderr


def test_init_with_agents(tmp_path):
    etc = tmp_path / "etc"
    r = init(etc, "--imap", "a.example", "--smtp", "b.example", "--agent", "anna=anna@home.example", "--agent", "Bo.Ek@home.example",
             "--trust-authserv", "mx.acme.example")
    assert r.returncode == 0, r.stderr
    agents = (etc / "agents.conf").read_text()
    assert 'agent "anna" {' in agents and 'agent "bo" {' in agents and 'address ["Bo.Ek@home.example"];' in agents
    assert 'trust_authserv ["mx.acme.example"];' in (etc / "helpd.conf").read_text()
    r = helpd("check", config=etc)
    assert r.returncode == 0 and "#send" not in r.stderr, r.stderr
    # A list of agents is not thrown away by writing the other file anew.
    assert init(etc, "--imap", "c.example", "--smtp", "b.example", "--force").returncode == 0
    assert (etc / "agents.conf").read_text() == agents
    r = helpd("check", config=etc)
    assert r.returncode == 0 and "waits until he confirms it with #send" in r.stderr
    assert init(etc, "--imap", "c.example", "--smtp", "b.example", "--force", "--agent", "eva=eva@home.example", "--trust", "token").returncode == 0
    assert 'agent "eva" {' in (etc / "agents.conf").read_text() and "anna@home" not in (etc / "agents.conf").read_text()
    assert "#send" not in helpd("check", config=etc).stderr
    for agent, told in (("Anna=a@b.example", "small letters"), ("anna", "an address such as"), ("anna=support@acme.example", "of the desk itself")):
        r = init(tmp_path / "other", "--imap", "a.example", "--smtp", "b.example", "--agent", agent)
        assert r.returncode == 64 and told in r.stderr, r.stderr
        assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("flags, told", [
    (["--imap", "a.example"], "how does mail leave?"),
    (["--smtp", "a.example"], "where does mail come from?"),
    (["--imap", "a example", "--smtp", "b.example"], "imap: found"),
    (["--imap", "a.example", "--smtp", "b.example", "--timezone", "Berlin"], "Europe/Berlin"),
    (["--imap", "imap+plain://a.example", "--smtp", "b.example"], "loopback"),
])
def test_init_with_wrong_answers_writes_nothing(tmp_path, flags, told):
    r = init(tmp_path / "etc", *flags)
    assert r.returncode == 64
    assert told in r.stderr
    assert not (tmp_path / "etc").exists()


def test_check_tells_every_error_with_its_place(tmp_path):
    (tmp_path / "helpd.conf").write_text(
        'site "Acme" {\n    adress "support@acme.example";\n    timezone "Berlin"\n}\n'
        'mailbox "a" { imap "imaps://x.example"; user "u"; queue "q"; }\n'
        'transport "out" { maildir "/nowhere"; }\n')
    r = helpd("check", config=tmp_path)
    assert r.returncode == 78
    places = [line.split(": ")[0].removeprefix(f"{tmp_path}/helpd.conf:") for line in r.stderr.splitlines()]
    assert places == ["2:5", "3:14", "3:22", "5:41", "5:57"], r.stderr
    assert "did you mean address?" in r.stderr
    r = helpd("check", "--json", config=tmp_path)
    lines = [json.loads(line) for line in r.stdout.splitlines()]
    assert r.returncode == 78 and not r.stderr
    assert [f"{x['line']}:{x['column']}" for x in lines[:-1]] == places
    assert lines[-1]["ok"] is False and lines[-1]["errors"] == 5


def test_check_without_a_configuration(tmp_path):
    r = helpd("check", config=tmp_path)
    assert r.returncode == 78 and "helpd init writes one" in r.stderr


def test_check_refuses_a_secret_that_others_can_read(tmp_path):
    assert init(tmp_path / "etc", "--imap", "a.example", "--smtp", "b.example").returncode == 0
    secret = tmp_path / "etc/secret/support"
    secret.write_text("pw\n")
    secret.chmod(0o644)
    r = helpd("check", config=tmp_path / "etc")
    assert r.returncode == 78
    assert "chmod 600" in r.stderr and "pw\n" not in r.stderr


def test_check_compiles_the_templates(tmp_path):
    etc = tmp_path / "etc"
    maildir(tmp_path / "in")
    assert init(etc, "--maildir", tmp_path / "in", "--out-maildir", tmp_path / "out").returncode == 0
    (etc / "templates/en").mkdir()
    (etc / "templates/en/ack.mustache").write_text("Subject: x\n\n{{#ticket}} never closed\n")
    r = helpd("check", config=etc)
    assert r.returncode == 78
    assert "templates/en/ack.mustache:3:" in r.stderr


def test_connect_to_maildirs(tmp_path):
    etc = tmp_path / "etc"
    maildir(tmp_path / "in")
    r = init(etc, "--maildir", tmp_path / "in", "--out-maildir", tmp_path / "out", "--data", tmp_path / "data")
    assert r.returncode == 0
    r = helpd("check", "--connect", config=etc)
    assert r.returncode == 0, r.stdout + r.stderr
    assert f"mailbox support {tmp_path}/in: ok (0 mails)" in r.stdout
    (tmp_path / "in/new").rmdir()
    r = helpd("check", "--connect", config=etc)
    assert r.returncode == 69
    assert f"there is no Maildir {tmp_path}/in" in r.stdout


CONF = """
site "Acme" {{ address "support@acme.example"; }}
mailbox "desk" {{ imap "imaps://localhost:{port}"; user "{user}"; password_file "secret"; {ca} {more} }}
transport "out" {{ maildir "out"; }}
"""


@pytest.fixture
def dovecot(base):
    if missing := servers.missing("dovecot", "doveadm", "openssl"):
        pytest.skip(f"not installed: {missing}")
    ca = servers.Authority(base)
    with servers.Dovecot(base, ca.issue("localhost")) as d:
        d.authority = ca
        yield d


@pytest.mark.parametrize("password, more, trusted, status, told", [
    (servers.PASSWORD, "", True, 0, "ok (1 folder, 0 mails)"),
    ("wrong", "", True, 69, "failed: "),
    (servers.PASSWORD, "", False, 69, "certificate"),
    (servers.PASSWORD, 'folders ["INBOX", "Archvie"];', True, 69, "there is no folder Archvie"),
    (servers.PASSWORD, 'after "move:Nowhere";', True, 69, "there is no folder Nowhere"),
])
def test_connect_to_imap(tmp_path, dovecot, password, more, trusted, status, told):
    secret = tmp_path / "secret"
    secret.write_text(password + "\n")
    secret.chmod(0o600)
    ca = f'ca_file "{dovecot.authority.file}";' if trusted else ""
    (tmp_path / "helpd.conf").write_text(CONF.format(port=dovecot.imaps, user=servers.USER, ca=ca, more=more))
    r = helpd("-d", tmp_path / "data", "check", "--connect", config=tmp_path)
    assert r.returncode == status, r.stdout + r.stderr
    line = next(x for x in r.stdout.splitlines() if x.startswith("mailbox desk"))
    assert told in line
    assert servers.PASSWORD not in r.stdout + r.stderr


def test_connect_to_smtp(tmp_path):
    port = servers.free_port()
    (tmp_path / "helpd.conf").write_text(
        'site "Acme" { address "support@acme.example"; }\nmailbox "m" { spool; }\n'
        f'transport "out" {{ smtp "smtp+plain://127.0.0.1:{port}"; timeout "5s"; }}\n')
    r = helpd("-d", tmp_path / "data", "check", "--connect", config=tmp_path)
    assert r.returncode == 69
    line = next(x for x in r.stdout.splitlines() if x.startswith("transport out"))
    assert "failed: " in line
    if servers.missing("smtp-sink"):
        pytest.skip("not installed: smtp-sink")
    sink = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "10"] if os.getuid() == 0 else
                            ["smtp-sink", f"127.0.0.1:{port}", "10"],
                            env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
    try:
        servers.wait_port(port, sink)
        r = helpd("-d", tmp_path / "data", "check", "--connect", config=tmp_path)
        assert r.returncode == 0, r.stdout + r.stderr
        assert "ok (no login)" in r.stdout
    finally:
        sink.terminate()
        sink.wait(10)
