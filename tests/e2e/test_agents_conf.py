"""agents.conf in a running house: assignees, reloads, and the dialogue that writes the first one."""
import os
import pty
import select
import signal
import subprocess
import time

import pytest
from house import HELPD, SRC, mail, wait_for

STAFF = '''agent "anna" { name "Anna Berg"; address "anna@staff.example"; teams ["money"]; }
agent "bo"   { address ["bo@staff.example", "bo@home.example"]; }
team "money" { }
'''


def write(helpd, text, name="agents.conf"):
    with open(f"{helpd.etc}/{name}", "w") as f:
        f.write(text)


def house(h, **kw):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site='trust "token";', **kw)
    helpd.write_conf(helpd.conf.replace('queue "sales" { address', 'queue "sales" { team "money"; address'))
    return inbox, helpd


def test_an_assignee_is_an_agent_who_may(h):
    inbox, helpd = house(h)
    inbox.put(mail(to="sales@acme.example"))
    helpd.once()
    helpd.run("set", "1", "assignee=whoever")  # nobody is configured: any name
    write(helpd, STAFF)
    said = helpd.run("check")
    assert "agent     anna: anna@staff.example (agent), works support, sales\n" in said
    assert "agent     bo: bo@staff.example (agent), works support\n" in said
    agents = helpd.json("check")[-1]["agents"]
    assert agents[1] == {"name": "bo", "address": "bo@staff.example", "role": "agent", "teams": [], "see": ["support"], "work": ["support"],
                         "certificate": False}
    helpd.expected = ["agent", "bo may not"]
    assert "did you mean anna?" in helpd.run("set", "1", "assignee=ana", status=65).err
    assert "bo may not work the queue sales" in helpd.run("set", "1", "assignee=bo", status=65).err
    assert "money is a team" in helpd.run("set", "1", "assignee=money", status=65).err
    helpd.run("set", "1", "assignee=@Anna")
    assert helpd.tickets()[0]["assignee"] == "anna"
    helpd.run("set", "1", "queue=support", "assignee=bo")
    helpd.run("set", "1", "assignee=")
    assert helpd.tickets()[0]["assignee"] is None


def test_reload_reads_it(h):
    """An error in agents.conf keeps the old configuration, whole; without it the new one is in force."""
    inbox, helpd = house(h)
    write(helpd, STAFF)
    helpd.expected = [r"agents\.conf:\d+:\d+", r"(reload|configuration)"]
    helpd.start()
    write(helpd, STAFF.replace("money", "mony", 1).replace("bo@home.example", "sales@acme.example"))
    helpd.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "agents.conf:2:" in helpd.said())
    assert helpd.run("reload", status=None).status == 78
    said = helpd.said()
    assert 'agents.conf:1:71: error: there is no team "mony": did you mean "money"?' in said, said[-2000:]
    assert "is an address of the desk itself" in said
    inbox.put(mail(subject="still taken"))
    wait_for(lambda: inbox.files("cur"))
    write(helpd, STAFF.replace("anna", "eva"))
    helpd.run("reload")
    wait_for(lambda: "is in force" in helpd.said())
    os.unlink(helpd.etc + "/agents.conf")
    helpd.run("reload")
    inbox.put(mail(subject="and now"))
    wait_for(lambda: len(inbox.files("cur")) == 2)
    helpd.stop()
    assert len(helpd.tickets()) == 2


def test_a_pinned_certificate(h, tmp_path):
    _, helpd = house(h)
    pem = f"{helpd.etc}/anna.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Anna", "-keyout", str(tmp_path / "key.pem"), "-out", pem],
                   check=True, capture_output=True)
    os.chmod(pem, 0o644)
    write(helpd, STAFF.replace('teams ["money"];', 'teams ["money"]; certificate "anna.pem";'))
    helpd.run("check")
    # The fingerprint is what `helpd parse` tells of a mail that she signs.
    content = b"Content-Type: text/plain\r\n\r\n#take\r\n"
    signed = subprocess.run(["openssl", "smime", "-sign", "-binary", "-nodetach", "-signer", pem, "-inkey", str(tmp_path / "key.pem"), "-md", "sha256"],
                            input=content, check=True, capture_output=True).stdout
    with open(tmp_path / "mail", "wb") as f:
        f.write(b"From: anna@staff.example\n" + signed)
    der = subprocess.run(["openssl", "x509", "-in", pem, "-fingerprint", "-sha256", "-noout"], check=True, capture_output=True, text=True).stdout
    read = helpd.json("parse", str(tmp_path / "mail"))[0]
    assert read["smime"]["certificate"] == der.strip().split("=")[1].replace(":", "").lower()
    assert read["smime"]["whole"] is True and read["text"].startswith("#take")
    # Where everybody signs, nothing waits for want of another proof.
    helpd.write_conf(helpd.conf.replace('trust "token";', ""))
    write(helpd, 'agent "anna" { address "anna@staff.example"; certificate "anna.pem"; }\n')
    assert helpd.run("check").err == ""
    helpd.write_conf(helpd.conf)
    write(helpd, STAFF.replace('teams ["money"];', 'teams ["money"]; certificate "anna.pem";'))
    write(helpd, "nothing\n", "anna.pem")
    helpd.expected = ["PEM"]
    assert "agents.conf:1:93: error: certificate: " in helpd.run("check", status=78).err


def dialogue(etc, answers):
    """helpd init on a terminal; each answer is given when something is asked. What was said."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["HELPD_SHARE"] = SRC
        os.execv(HELPD, [HELPD, "-c", str(etc), "init"])
    said = b""
    answers = list(answers)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.3)[0]:
            if answers and said.rstrip(b" ").endswith(b":"):
                os.write(fd, answers.pop(0).encode() + b"\n")
            continue
        try:
            got = os.read(fd, 4096)
        except OSError:
            got = b""
        if not got:
            break
        said += got
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), said.decode(), answers


@pytest.mark.parametrize("authserv", ["mx.acme.example", ""])
def test_the_dialogue_asks_for_a_first_agent(tmp_path, authserv):
    etc = tmp_path / "etc"
    status, said, left = dialogue(etc, ["support@acme.example", "Acme", str(tmp_path / "in"), str(tmp_path / "out"), "UTC", "en",
                                        "Anna.Berg@staff.example", "", authserv])
    assert status == 0 and not left, said
    agents = (etc / "agents.conf").read_text()
    assert 'agent "anna" {' in agents and 'address ["Anna.Berg@staff.example"];' in agents
    conf = (etc / "helpd.conf").read_text()
    assert ('\n    trust_authserv ["mx.acme.example"];' if authserv else '\n    trust "token";') in conf
    r = subprocess.run([HELPD, "-c", str(etc), "check"], capture_output=True, text=True, env={**os.environ, "HELPD_SHARE": SRC})
    assert r.returncode == 0 and not r.stderr, r.stderr
