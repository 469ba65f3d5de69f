"""Who may what: the daemon is nobody special, its files are its own, and the spool takes mail from the group and from nobody else."""
import grp
import os
import pwd
import shutil
import stat
import subprocess

import pytest
from house import HELPD, ROOT, USER, mail, wait_for

pytestmark = pytest.mark.skipif(not ROOT, reason="only root can become others")


def box(m):
    return f'mailbox "in" {{ maildir "{m.path}"; }}'


def ids(pid):
    with open(f"/proc/{pid}/status") as f:
        s = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    return [int(x) for x in s["Uid"].split()], [int(x) for x in s["Gid"].split()]


def others():
    """A user that is not helpd's, and a group that neither is in."""
    user = next(p for p in pwd.getpwall() if p.pw_uid not in (0, USER.pw_uid) and p.pw_gid not in (0, USER.pw_gid))
    group = next(g for g in grp.getgrall() if g.gr_gid not in (0, USER.pw_gid, user.pw_gid) and not g.gr_mem)
    return user, group


def by(user, *groups):
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", *([f"--groups={','.join(str(g) for g in groups)}"] if groups else ["--clear-groups"])]


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("there", [False, True])
def test_becomes_the_owner(h, there):
    """Started by root, with a data directory that is not there yet, or that root has just made: it and all in it belong to the configured user."""
    user, group = others()
    inbox = h.maildir()
    helpd = h.helpd(box(inbox))
    helpd.write_conf(helpd.conf.replace(f'group "{grp.getgrgid(USER.pw_gid).gr_name}"', f'group "{group.gr_name}"'))
    shutil.rmtree(helpd.data)
    if there:
        os.mkdir(helpd.data, 0o755)
    helpd.start()
    inbox.put(mail())
    wait_for(lambda: inbox.files("cur"))
    uids, gids = ids(helpd.process.pid)
    assert set(uids) == {USER.pw_uid} and set(gids) == {group.gr_gid}
    assert mode(helpd.data) == 0o710
    for top, dirs, files in os.walk(helpd.data):
        for name in dirs + files:
            path = os.path.join(top, name)
            s = os.lstat(path)
            assert (s.st_uid, s.st_gid) == (USER.pw_uid, group.gr_gid), path
            if not stat.S_ISDIR(s.st_mode):
                assert mode(path) == (0o640 if path.endswith("/status.json") else 0o600), path
    assert mode(helpd.data + "/store") in (0o700, 0o710)
    assert {d: mode(f"{helpd.data}/spool{d}") for d in ("", "/tmp", "/new", "/cur")} == {"": 0o2750, "/tmp": 0o3730, "/new": 0o3730, "/cur": 0o700}
    # What root does meanwhile leaves nothing of root's behind.
    helpd.run("deliver", stdin=mail(subject="by root"))
    helpd.run("note", "1", "--message", "by root")
    wait_for(lambda: len(helpd.tickets()) == 2)
    helpd.stop()
    helpd.run("verify")
    for top, dirs, files in os.walk(helpd.data):
        assert all(os.lstat(os.path.join(top, n)).st_uid == USER.pw_uid for n in dirs + files)


def test_deliver_by_the_group(h):
    """A member of the group hands in mail, and can neither look at what others did nor at anything else; nobody else can even that."""
    user, group = others()
    helpd = h.helpd(box(h.maildir()))
    helpd.write_conf(helpd.conf.replace(f'group "{grp.getgrgid(USER.pw_gid).gr_name}"', f'group "{group.gr_name}"'))
    shutil.rmtree(helpd.data)
    helpd.start()
    member, stranger = by(user, group.gr_gid), by(user)
    helpd.run("deliver", stdin=mail(subject="by a member"), wrap=member)
    wait_for(lambda: len(helpd.tickets()) == 1)
    assert helpd.run("deliver", stdin=mail(subject="by a stranger"), wrap=stranger, status=None).status == 75
    for path in ("spool/new", "spool/tmp", "spool/cur", "store", "store/data.mdb", "helpd.sock"):
        p = subprocess.run([*member, "sh", "-c", f"ls {helpd.data}/{path}/ || cat {helpd.data}/{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert p.returncode != 0 and not p.stdout, path
    for verb in (["list"], ["status"], ["verify"]):
        assert helpd.run(*verb, wrap=member, status=None).status not in (0,)
    helpd.stop()
    # While no daemon runs: it stays in the spool, which the deliverer cannot read either.
    helpd.run("deliver", stdin=mail(subject="meanwhile"), wrap=member)
    waiting, = os.listdir(helpd.data + "/spool/new")
    assert mode(f"{helpd.data}/spool/new/{waiting}") == 0o640
    other = next(p for p in pwd.getpwall() if p.pw_uid not in (0, USER.pw_uid, user.pw_uid))
    assert subprocess.run([*by(other, group.gr_gid), "rm", "-f", f"{helpd.data}/spool/new/{waiting}"], stderr=subprocess.DEVNULL).returncode != 0
    helpd.once()
    assert {t["subject"] for t in helpd.tickets()} == {"by a member", "meanwhile"}
    assert not os.listdir(helpd.data + "/spool/new")


def test_spool_of_a_bad_member(h):
    """What a member of the group puts there by hand, links, pipes, files that nobody may read, harms and keeps nobody."""
    user, _ = others()
    helpd = h.helpd(box(h.maildir()))
    helpd.expected = [r"ermission denied"]
    shutil.rmtree(helpd.data)
    helpd.start()
    new = helpd.data + "/spool/new"
    member = by(user, USER.pw_gid)
    subprocess.run([*member, "sh", "-c", f"cd {new} && ln -s {helpd.data}/store/data.mdb 1.link; mkfifo 2.pipe; echo x >3.closed; chmod 0 3.closed; mkdir 4.dir; printf 'HELPD1 ////\\n' >5.odd; : >6.empty"])
    helpd.run("deliver", stdin=mail(subject="honest"), wrap=member)
    wait_for(lambda: "honest" in {t["subject"] for t in helpd.tickets()}, 10)
    helpd.stop()
    helpd.run("verify")


def test_parse_is_nobody(h, base):
    """Even where root parses a mail, the parser is not root."""
    path = base + "/mail.eml"
    with open(path, "wb") as f:
        f.write(mail())
    helpd = h.helpd(box(h.maildir()))
    trace = base + "/trace"
    if subprocess.run(["strace", "-f", "-o", trace, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("strace may not trace here")
    subprocess.run(["strace", "-f", "-e", "trace=setuid,setgid,setgroups", "-o", trace, HELPD, "parse", path], env=helpd.env(), stdout=subprocess.DEVNULL, check=True)
    with open(trace) as f:
        assert "setuid(65534) = 0" in " ".join(f.read().split()).replace("setuid(65534) ", "setuid(65534) ")
