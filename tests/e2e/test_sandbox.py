"""The daemon shut in: what it may not do, that everything works nevertheless, and that nobody hears its secrets."""
import base64
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from house import HELPD, ROOT, disguises, give, mail, reply_to, wait_for

with open(HELPD, "rb") as _f:
    _PROGRAM = _f.read()
SANITIZED = b"__asan_init" in _PROGRAM or b"__tsan_init" in _PROGRAM
SECCOMP = not SANITIZED


def box(m, name="in", more=""):
    return f'mailbox "{name}" {{ maildir "{m.path}"; {more} }}'


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def children(pid):
    out = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                s = status(p)
                if int(s["PPid"]) == pid:
                    out[s["Name"]] = int(p)
            except (FileNotFoundError, ProcessLookupError):
                pass
    return out


def has_landlock(helpd):
    return not re.search(r"landlock=0", helpd.said())


def script(h, name, text):
    path = os.path.join(h.base, name)
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o755)) as f:
        f.write("#!/bin/sh\n" + text)
    give(path)
    return path


def test_shut_in(h):
    """A running daemon has no privileges left, its launcher nothing of the daemon's."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox)).start()
    pid = helpd.process.pid
    s = status(pid)
    assert s["NoNewPrivs"] == "1" and s["Umask"] == "0077"
    if SECCOMP:
        assert s["Seccomp"] == "2"
    for kind in ("CapInh", "CapAmb") + (("CapPrm", "CapEff") if int(s["Uid"].split()[1]) else ()):
        assert int(s[kind], 16) == 0, kind
    with open(f"/proc/{pid}/limits") as f:
        assert re.search(r"Max core file size\s+0\s+0\s", f.read())
    if ROOT and not SANITIZED:
        # Not dumpable: what is there to look into it belongs to root.
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0
    for task in os.listdir(f"/proc/{pid}/task"):
        assert not SECCOMP or status(f"{pid}/task/{task}")["Seccomp"] == "2"
    launcher = children(pid)["helpd-launcher"]
    assert "helpd-jail" in children(pid)
    # Its socket and what everybody has.
    fds = {os.readlink(f"/proc/{launcher}/fd/{n}") for n in os.listdir(f"/proc/{launcher}/fd") if int(n) > 2}
    assert len(fds) == 1 and next(iter(fds)).startswith("socket:"), fds
    inbox.put(mail())
    wait_for(lambda: inbox.files("cur"))
    helpd.stop()
    for p in (launcher,):
        wait_for(lambda: not os.path.exists(f"/proc/{p}") or status(p)["State"].startswith("Z"))


def test_no_sandbox(h):
    """It can be left out, with a warning."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    inbox.put(mail())
    assert "warning sandbox" in helpd.run("run", "--once", "--no-sandbox").err
    assert len(helpd.tickets()) == 1
    assert "warning sandbox" not in helpd.once().err


def test_killed_daemon_leaves_nobody(h):
    """After kill -9 neither the launcher nor a program that it had started is left, and the next daemon starts at once."""
    pids = os.path.join(h.base, "pids")
    os.mkdir(pids)
    os.chmod(pids, 0o777)
    mailer = script(h, "mailer", f"touch {pids}/$$; exec sleep 600\n")
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), f'transport "out" {{ sendmail "{mailer}"; }}').start()
    inbox.put(mail())
    wait_for(lambda: os.listdir(pids))
    launcher = children(helpd.process.pid)["helpd-launcher"]
    helpd.kill()
    running, = os.listdir(pids)
    for p in (launcher, running):
        wait_for(lambda: not os.path.exists(f"/proc/{p}") or status(p)["State"].startswith("Z"), 5)
    script(h, "mailer", "cat >/dev/null\n")
    helpd.start()
    wait_for(lambda: not helpd.json("outbox"), 20)
    helpd.stop()


@pytest.mark.parametrize("name", ["helpd-jail", "helpd-launcher"])
def test_without_its_processes(h, name):
    """Without the process that starts parsers, or the one that starts programs, the daemon would be deaf: it ends, is started again, and has lost nothing."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.expected = [f"{name}, the process that starts", "the parser process cannot be started", "the process that starts programs is gone"]
    helpd.start()
    os.kill(children(helpd.process.pid)[name], signal.SIGKILL)
    helpd.ended(75)
    inbox.put(mail())
    helpd.start()
    wait_for(helpd.tickets)
    helpd.stop()


def test_mailer(h):
    """The sendmail transport: what it gets, its exit status, a program that a reload names, and one that hangs."""
    got = os.path.join(h.base, "got")
    os.mkdir(got)
    os.chmod(got, 0o777)
    one = script(h, "one", f'cat >{got}/one.$$; echo "$@" >{got}/one.args\n')
    inbox = h.maildir()
    helpd = h.helpd(box(inbox), f'transport "out" {{ sendmail "{one}"; }}').start()
    inbox.put(mail())
    wait_for(lambda: [f for f in os.listdir(got) if f.endswith("args")])
    with open(f"{got}/one.args") as f:
        assert re.fullmatch(r"-i -f (<>|\S+@\S+) -- ann@customer\.example", f.read().strip())
    name, = [f for f in os.listdir(got) if not f.endswith("args")]
    with open(f"{got}/{name}", "rb") as f:
        raw = f.read()
    assert b"Subject: [Acme #1]" in raw and b"\r" not in raw
    wait_for(lambda: not helpd.json("outbox"))
    # Another program: the launcher reads the configuration by itself.
    two = script(h, "two", f"cat >{got}/two.$$\n")
    helpd.write_conf(helpd.conf.replace(one, two))
    helpd.run("reload")
    inbox.put(mail(subject="second", sender="Bob <bob@customer.example>"))
    wait_for(lambda: [f for f in os.listdir(got) if f.startswith("two")])
    # One that refuses, and one that never ends: the daemon does.
    script(h, "two", "cat >/dev/null; exit 67\n")
    inbox.put(mail(subject="third", sender="Cid <cid@customer.example>"))
    wait_for(lambda: any(r["state"] == "failed" for r in helpd.json("outbox")))
    script(h, "two", f"touch {got}/hang; exec sleep 600\n")
    inbox.put(mail(subject="fourth", sender="Dan <dan@customer.example>"))
    wait_for(lambda: os.path.exists(f"{got}/hang"))
    begin = time.monotonic()
    helpd.stop()
    assert time.monotonic() - begin < 15
    # It had read nothing: that is no ambiguity.
    row = [r for r in helpd.json("outbox") if r["recipients"][0]["address"].startswith("dan@")][0]
    assert row["state"] == "queued" and row["ambiguous"] == 0


def test_password_command(h):
    """Passwords by a command, at start and after a reload, while the daemon itself may start nothing."""
    dovecot = h.dovecot()
    word = script(h, "word", "echo Xq7-lantern-Wd49\n")
    block = re.sub(r'password_file "[^"]*"', f'password_command "{word} support"', dovecot.mailbox())
    helpd = h.helpd(block).start()
    dovecot.append("support", mail())
    wait_for(lambda: helpd.tickets())
    other = script(h, "other", "echo Xq7-lantern-Wd49\n")
    helpd.write_conf(helpd.conf.replace(word, other))
    helpd.run("reload")
    dovecot.append("support", mail(subject="second"))
    wait_for(lambda: len(helpd.tickets()) == 2)
    helpd.run("check", "--connect")
    helpd.stop()


def test_stop_while_a_password_is_asked_for(h):
    """A command that never prints the password keeps nobody from ending, neither the daemon nor a reload."""
    asked = os.path.join(h.base, "asked")
    os.mkdir(asked)
    os.chmod(asked, 0o777)
    word = script(h, "word", f"touch {asked}/$$; exec sleep 600\n")
    dovecot = h.dovecot()
    inbox = h.maildir()
    helpd = h.helpd(box(inbox) + re.sub(r'password_file "[^"]*"', f'password_command "{word}"', dovecot.mailbox())).start()
    wait_for(lambda: os.listdir(asked))
    begin = time.monotonic()
    helpd.run("reload")
    assert time.monotonic() - begin < 5
    wait_for(lambda: len(os.listdir(asked)) == 2)
    inbox.put(mail())
    wait_for(helpd.tickets)
    begin = time.monotonic()
    helpd.stop()
    assert time.monotonic() - begin < 5


def test_directories(h):
    """Maildirs that are not there yet work; a reload that names others is refused and says why; a new start takes them."""
    inbox, other = h.maildir(), h.maildir("other")
    later = os.path.join(h.base, "spooled", "later")
    os.mkdir(os.path.dirname(later))
    give(os.path.dirname(later))
    helpd = h.helpd(box(inbox, more=f'after "move:{h.maildir("done").path}";'), f'transport "out" {{ maildir "{later}"; }}')
    helpd.expected = [r"started again"]
    os.makedirs(h.base + "/rules", exist_ok=True)
    with open(h.base + "/rules/10.sieve", "w") as f:
        f.write('require "vnd.helpd";\nif ticket "status" "new" { tag "seen"; }\n')
    os.symlink(h.base + "/rules", helpd.etc + "/rules.d")
    helpd.start()
    inbox.put(mail())
    wait_for(lambda: os.path.isdir(later + "/new") and os.listdir(later + "/new"))
    # Through the symbolic link, too.
    helpd.run("reload")
    if has_landlock(helpd):
        helpd.write_conf(helpd.conf + box(other, "other"))
        said = helpd.run("reload", status=None)
        assert said.status == 78 and other.path in said.err and "started again" in said.err
        inbox.put(mail(subject="second"))
        wait_for(lambda: len(helpd.tickets()) == 2)
    helpd.write_conf(helpd.conf + box(other, "other"))
    helpd.stop()  # the new configuration waits for the next start
    helpd.start()
    other.put(mail(subject="third"))
    wait_for(lambda: len(helpd.tickets()) == 3)
    helpd.stop()


def test_keys(h):
    """helpd keys rotate: the running daemon signs with the new key at once, and what the old ones signed stays good."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox)).start()
    inbox.put(mail())
    first, = wait_for(lambda: h.things[0].out.mails())
    key = re.search(r"\+1\.(.)", str(first["Reply-To"])).group(1)
    assert len(helpd.json("keys")) == 1
    for n in range(2, 5):
        helpd.run("keys", "rotate")
        assert [k["signs"] for k in helpd.json("keys")] == [False] * (n - 1) + [True]
    inbox.put(mail(subject="second", sender="Bob <bob@customer.example>"))
    wait_for(lambda: len(helpd.out.mails()) == 2)
    second = next(m for m in helpd.out.mails() if "#2" in m["Subject"])
    assert re.search(r"\+2\.(.)", str(second["Reply-To"])).group(1) != key
    # Without a number in the subject or a Message-ID: the token alone leads there, whichever key it is of.
    for m, who in ((first, "Ann Baker <ann@customer.example>"), (second, "Bob <bob@customer.example>")):
        inbox.put(mail(sender=who, to=str(m["Reply-To"]), subject="again", body="more\n"))
    wait_for(lambda: all(len([a for a in helpd.show(n)["articles"] if a["direction"] == "in"]) == 2 for n in (1, 2)))
    assert len(helpd.tickets()) == 2
    helpd.stop()
    # Without a daemon, and with one that starts after it.
    helpd.run("keys", "rotate")
    inbox.put(reply_to(first))
    helpd.once()
    assert len(helpd.tickets()) == 2


def test_keys_of_live_tokens(h):
    """The ninth key would push out the first: refused while that one's tokens may still be answered."""
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.once()
    for _ in range(7):
        helpd.run("keys", "rotate")
    p = helpd.run("keys", "rotate", status=None)
    assert p.status != 0 and "--force" in p.err
    assert len(helpd.json("keys")) == 8
    helpd.run("keys", "rotate", "--force")
    assert [k["id"] for k in helpd.json("keys")] == list(range(2, 10))


def site_keys(helpd):
    """The bytes of the keys, as they lie in the store."""
    with open(helpd.data + "/store/data.mdb", "rb") as f:
        raw = f.read()
    found = {m.group(1) for m in re.finditer(rb"keys.{2,40}?\x20(.{32})", raw, re.S) if len(set(m.group(1))) > 16}
    assert found
    return found


def test_no_secret_is_told(h):
    """Passwords from a file, a command and a credential, a webhook's secret, keys and tokens: none of them in any log, error or answer, right or wrong."""
    words = {n: f"Zk{i}-{n}-q83Rv" for i, n in enumerate(("file", "command", "credential", "hook", "path"))}
    dovecot = h.dovecot()
    credentials = os.path.join(h.base, "credentials")
    os.mkdir(credentials)
    with open(credentials + "/pw", "w") as f:
        f.write(words["credential"] + "\n")
    give(credentials)
    command = script(h, "word", f"echo {words['command']}\n")
    noisy = script(h, "noisy", f"echo {words['command']}; exit 3\n")
    imap = dovecot.mailbox()  # this one is right

    def variant(name, what):
        return re.sub(r'password_file "[^"]*"', what, dovecot.mailbox(name=name, user=name))

    closed = 1  # nothing listens there
    hook = os.path.join(h.base, "hook")
    with open(hook, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(words["hook"] + "\n")
    give(hook)
    boxes = [imap, variant("byfile", f'password_file "{h.base}/file"'), variant("bycommand", f'password_command "{command}"'), variant("noisy", f'password_command "{noisy}"'),
             variant("bycredential", 'credential "pw"')]
    with open(h.base + "/file", "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(words["file"] + "\n")
    give(h.base + "/file")
    inbox = h.maildir()
    helpd = h.helpd("\n".join(boxes + [box(inbox)]), None, rest=f'webhook "ops" {{ url "http://127.0.0.1:{closed}/{words["path"]}"; secret_file "{hook}"; events ["new"]; }}')
    helpd.secrets |= set(words.values())
    helpd.expected = [r"."]
    # It is the wrong one for all but the first: Dovecot takes one password.
    os.environ["CREDENTIALS_DIRECTORY"] = credentials
    try:
        subprocess.run(["true"], check=True)
        p = helpd.run("-v", "-v", "check", "--connect", status=None)
        assert p.status != 0
        helpd.printed += p
        helpd.start(wrap=())
        inbox.put(mail())
        dovecot.append("support", mail(subject="by IMAP"))
        wait_for(lambda: len(helpd.tickets()) == 2)
        wait_for(lambda: len(helpd.out.mails()) == 2)
        for m in helpd.out.mails():
            inbox.put(reply_to(m, body="more\n"))
        # A token in a stranger's hands.
        inbox.put(mail(sender="Eve <eve@other.example>", to=str(helpd.out.mails()[0]["Reply-To"]), subject="mine"))
        wait_for(lambda: sum(len([a for a in helpd.show(t["id"])["articles"] if a["direction"] == "in"]) for t in helpd.tickets()) >= 5)
        helpd.run("status", "--json", status=None)
        helpd.run("status", status=None)
        helpd.run("keys", "--json")
        helpd.run("check", status=None)
        helpd.run("reload", status=None)
        helpd.run("-v", "outbox")
        helpd.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        helpd.stop()
    finally:
        del os.environ["CREDENTIALS_DIRECTORY"]
    said = helpd.said() + helpd.printed
    assert "byfile" in said and "bycredential" in said
    assert not helpd.told(), helpd.told()
    for user, word in (("byfile", "file"), ("bycommand", "command"), ("bycredential", "credential")):
        blob = base64.b64encode(f"\0{user}\0{words[word]}".encode()).decode()
        assert blob not in said and blob[:24] not in said
    for key in site_keys(helpd):
        assert not [x for x in disguises(key) if x in said]
        with open(helpd.log, "rb") as f:
            assert key not in f.read()


def test_the_grep_finds(h):
    """The search for secrets finds them in every disguise."""
    helpd = h.helpd(box(h.maildir()))
    secret = "Wk4-needle-77pQ"
    helpd.secrets.add(secret)
    token = "support+1042." + "k" + "a2" * 13 + "@acme.example"
    for text in (secret, base64.b64encode(b"\0user\0" + secret.encode()).decode(), base64.b64encode(b"\0me\0" + secret.encode()).decode(),
                 base64.b64encode(secret.encode()).decode(), secret.encode().hex(), token):
        with open(helpd.log, "w") as f:
            f.write("info x " + text + "\n")
        assert helpd.told(), text
    with open(helpd.log, "w") as f:
        f.write("info x nothing\n")
    assert not helpd.told()
    shutil.rmtree(helpd.data)
