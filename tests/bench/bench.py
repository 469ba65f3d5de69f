#!/usr/bin/env python3
"""bench.py [NAME…]: what helpd costs, as ratios to bare loops that do the unavoidable part and nothing else.

    maildir   10,000 mails from a Maildir to tickets, against reading and decoding the same files (loop_decode)
    imap      the same mails from Dovecot, against the Maildir's rate and against mbsync
    slow      one mail at a time, against LMDB with one durable commit a mail (loop_lmdb)
    send      the outbox to smtp-sink, against libcurl over one reused connection (loop_smtp)
    idle      memory and wake-ups of a daemon that has nothing to do

Every figure is the median of BENCH_RUNS runs (3), the two sides of a ratio taken turn by turn. Environment: HELPD, the
program (./helpd); BENCH_MAILS (10000); BENCH_DIR, where the data goes (./bench-data: a real disk, since commits are durable);
BENCH_GEN, another generator with the same arguments and a manifest that has the thread in its fourth column.
"""
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, "..", "..", "templates")
HELPD = os.path.abspath(os.environ.get("HELPD", "./helpd"))
LOOPS = os.path.abspath("tests/bench")
MAILS = int(os.environ.get("BENCH_MAILS", "10000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
ROOT = os.path.abspath(os.environ.get("BENCH_DIR", "bench-data"))
GEN = os.environ.get("BENCH_GEN", os.path.join(HERE, "gen_mail.py"))
rows = []


def row(what, value, bar="", good=None):
    rows.append((what, value, bar, good))
    mark = "" if good is None else "  ok" if good else "  BELOW THE BAR"
    print(f"{what:<58} {value:>14}  {bar:<14}{mark}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fresh(name):
    path = os.path.join(ROOT, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def mails():
    """The Maildir all is measured with, and the number of its threads."""
    base = os.path.join(ROOT, "mail-" + re.sub(r"\W", "_", GEN)[-40:] + f"-{MAILS}")
    manifest = os.path.join(base, "manifest.tsv")
    if not os.path.exists(os.path.join(base, "done")):
        shutil.rmtree(base, ignore_errors=True)
        subprocess.run([sys.executable, GEN, base, "-n", str(MAILS)], check=True, stdout=subprocess.DEVNULL)
        open(os.path.join(base, "done"), "w").close()
    with open(manifest) as f:
        threads = len({line.split("\t")[3] for line in f})
    return os.path.join(base, "Maildir"), threads


def copy_maildir(src, dst):
    """Hard links: helpd only renames. The page cache is warm afterwards, for both sides of a ratio."""
    shutil.rmtree(dst, ignore_errors=True)
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(dst, sub))
    for name in os.listdir(os.path.join(src, "new")):
        os.link(os.path.join(src, "new", name), os.path.join(dst, "new", name))
    return dst


def configure(path, mailbox, transport):
    """A configuration directory and its data directory, both new."""
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    os.symlink(os.path.abspath(TEMPLATES), os.path.join(path, "templates"))
    secret = os.path.join(path, "secret")
    with open(secret, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("secret\n")
    with open(os.path.join(path, "helpd.conf"), "w") as f:
        f.write(f"""data "{path}/data";
user "{os.environ.get('BENCH_USER', 'root')}";
site "Desk" {{ address "support@desk.example"; languages ["en", "zh_CN"]; timezone "UTC"; acknowledge_within "0"; }}
{mailbox.replace('@SECRET@', secret)}
{transport}
queue "support" {{ address "support@desk.example"; }}
queue "billing" {{ address "billing@desk.example"; }}
queue "it" {{ address "it@desk.example"; }}
limits {{ site_per_hour 1000000; }}
""")
    return path


def tree(pid):
    """pid and all its descendants."""
    kids = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                with open(f"/proc/{p}/stat") as f:
                    s = f.read()
                kids.setdefault(int(s[s.rindex(")") + 2:].split()[1]), []).append(int(p))
            except (OSError, ValueError):
                pass
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += kids.get(p, [])
    return found


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        s = f.read()
    v = s[s.rindex(")") + 2:].split()
    return (int(v[11]) + int(v[12])) / os.sysconf("SC_CLK_TCK")


def anonymous(pids):
    """Bytes of anonymous and shared memory of these processes together; pages they share are counted once (Pss)."""
    total = 0
    for p in pids:
        try:
            with open(f"/proc/{p}/smaps_rollup") as f:
                for line in f:
                    if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


class Sampler(threading.Thread):
    """Follows a process and its descendants: CPU seconds, and when asked, the peak of their anonymous memory."""

    def __init__(self, pid, memory):
        super().__init__(daemon=True)
        self.pid, self.memory, self.peak, self.seen, self.go = pid, memory, 0, {}, True
        self.start()

    def run(self):
        while self.go:
            pids = tree(self.pid)
            for p in pids:
                try:
                    self.seen[p] = cpu(p)
                except OSError:
                    pass
            if self.memory:
                self.peak = max(self.peak, anonymous(pids))
            time.sleep(0.02 if self.memory else 0.1)


def run(args, memory=False, fine=(0, 75)):
    """Runs to the end: (seconds, CPU seconds of the whole tree, peak bytes). 75: the server of DEAD was not there."""
    os.sync()  # what the preparation wrote is not to be written during the run
    start = time.monotonic()
    p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    sampler = Sampler(p.pid, memory)
    said = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    took = time.monotonic() - start
    sampler.go = False
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode not in fine or re.search(rb"^(<3>)?error", said, re.M):
        sys.exit(f"{' '.join(args)}: status {p.returncode}\n{said[-3000:].decode(errors='replace')}")
    # What the kernel added up for children that were waited for, or what was seen of all: the larger is nearer the truth.
    return took, max(usage.ru_utime + usage.ru_stime, sum(sampler.seen.values())), sampler.peak


def loop(name, *args):
    os.sync()
    out = subprocess.run([os.path.join(LOOPS, name), *args], check=True, stdout=subprocess.PIPE).stdout.split()
    return [float(x) for x in out]


def ready(conf, pid, seconds=20):
    """Waits until the daemon answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if subprocess.run([HELPD, "-c", conf, "status"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit("the daemon did not get ready")


def daemon(conf):
    p = subprocess.Popen([HELPD, "-c", conf, "run"], stdin=subprocess.DEVNULL, stderr=open(os.path.join(conf, "log"), "w"))
    ready(conf, p.pid)
    return p


def stop(p):
    p.send_signal(signal.SIGTERM)
    if p.wait(60) != 0:
        sys.exit(f"the daemon ended with {p.returncode}")


DEAD = 'transport "none" { smtp "smtp+plain://127.0.0.1:9"; }'


def groups(conf):
    """Tickets, and the groups that their links make of them."""
    out = subprocess.run([HELPD, "-c", conf, "list", "--all", "--json"], check=True, stdout=subprocess.PIPE).stdout
    parent = {}

    def find(x):
        while parent.setdefault(x, x) != x:
            parent[x] = x = parent[parent[x]]
        return x
    n = 0
    for line in out.splitlines():
        t = json.loads(line)
        n += 1
        find(t["id"])
        for k in t["links"]:
            parent[find(k)] = find(t["id"])
    return n, len({find(x) for x in list(parent)})


maildir_rate = None


def bench_maildir(memory=True):
    global maildir_rate
    src, threads = mails()
    loop("loop_decode", src)
    bare, ours, bare_cpu, our_cpu = [], [], [], []
    conf = os.path.join(ROOT, "maildir")
    for k in range(RUNS):
        n, s, c, _ = loop("loop_decode", src)
        bare.append(n / s)
        bare_cpu.append(c / n)
        configure(conf, f'mailbox "in" {{ maildir "{copy_maildir(src, os.path.join(ROOT, "in"))}"; begin "all"; }}', DEAD)
        s, c, _ = run([HELPD, "-c", conf, "run", "--once"])
        ours.append(MAILS / s)
        our_cpu.append(c / MAILS)
    b, o = statistics.median(bare), statistics.median(ours)
    maildir_rate = o
    row("read and decode, one thread, bare", f"{b:,.0f} /s")
    row("Maildir to tickets", f"{o:,.0f} /s")
    row("  ratio", f"{o / b:.2f}", ">= 0.35", o / b >= 0.35)
    ratio = statistics.median(our_cpu) / statistics.median(bare_cpu)
    row("  CPU a mail, all processes", f"{statistics.median(our_cpu) * 1e3:.2f} ms")
    row("  CPU a mail, ratio", f"{ratio:.2f}", "<= 4", ratio <= 4)
    n, g = groups(conf)
    row("  tickets, threads by their links", f"{n}, {g}", f"{threads}", g == threads)
    subprocess.run([HELPD, "-c", conf, "verify"], check=True, stdout=subprocess.DEVNULL)
    if memory:
        configure(conf, f'mailbox "in" {{ maildir "{copy_maildir(src, os.path.join(ROOT, "in"))}"; begin "all"; }}', DEAD)
        _, _, peak = run([HELPD, "-c", conf, "run", "--once"], memory=True)
        row("  peak anonymous memory, all processes", f"{peak / 1e6:.0f} MB", "<= 96 MB", peak <= 96 << 20)


def dovecot(base, maildir):
    """Dovecot on a loopback port without TLS: (process, port). Its mailbox is the given Maildir."""
    port = free_port()
    os.makedirs(base + "/run", exist_ok=True)
    os.chmod(base, 0o755)
    user = "nobody" if os.getuid() == 0 else None
    import pwd
    pw = pwd.getpwnam(user) if user else pwd.getpwuid(os.getuid())
    if user:
        for root, dirs, files in os.walk(maildir):
            os.chown(root, pw.pw_uid, pw.pw_gid)
            for f in files:
                os.chown(os.path.join(root, f), pw.pw_uid, pw.pw_gid)
    me = pwd.getpwuid(os.getuid()).pw_name
    with open(base + "/dovecot.conf", "w") as f:
        f.write(f"""base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {'dovecot' if user else me}
default_login_user = {'dovenull' if user else me}
default_internal_group = {'dovecot' if user else '$ID'}
first_valid_uid = 1
mail_location = maildir:{maildir}
maildir_very_dirty_syncs = yes
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={pw.pw_uid} gid={pw.pw_gid} home={base}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
""".replace("default_internal_group = $ID\n", ""))
    os.makedirs(base + "/home", exist_ok=True)
    os.chown(base + "/home", pw.pw_uid, pw.pw_gid)
    p = subprocess.Popen(["dovecot", "-F", "-c", base + "/dovecot.conf"], stdin=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return p, port
        except OSError:
            time.sleep(0.1)
    sys.exit("Dovecot did not start: " + open(base + "/log").read()[-2000:])


def copied(src, dst):
    shutil.rmtree(dst, ignore_errors=True)
    shutil.copytree(src, dst)
    os.chmod(ROOT, 0o755)
    return dst


def bench_imap():
    src, _ = mails()
    base = fresh("dovecot")
    p, port = dovecot(base, copied(src, os.path.join(ROOT, "dovecot-mail")))
    box = f'mailbox "in" {{ imap "imap+plain://127.0.0.1:{port}"; user "desk"; password_file "@SECRET@"; begin "all"; after "keyword:done%d"; }}'
    try:
        rates, peers = [], []
        conf = os.path.join(ROOT, "imap")
        # The first reading builds Dovecot's index; it counts for nobody.
        for k in range(RUNS + 1):
            sync = fresh("mbsync")
            with open(sync + "/rc", "w") as f:
                f.write(f"""IMAPAccount a
Host 127.0.0.1
Port {port}
User desk
Pass secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path {sync}/
Inbox {sync}/INBOX

Channel c
Far :far:
Near :near:
Create Near
Sync Pull
SyncState *
""")
            s, _, _ = run(["mbsync", "-q", "-c", sync + "/rc", "c"])
            got = len(os.listdir(sync + "/INBOX/new")) + len(os.listdir(sync + "/INBOX/cur"))
            if got != MAILS:
                sys.exit(f"mbsync fetched {got} mails")
            if k:
                peers.append(MAILS / s)
            configure(conf, box % k, DEAD)
            s, _, _ = run([HELPD, "-c", conf, "run", "--once"])
            if k:
                rates.append(MAILS / s)
        n, _ = groups(conf)
    finally:
        p.terminate()
        p.wait()
    o, m = statistics.median(rates), statistics.median(peers)
    row("Dovecot to tickets", f"{o:,.0f} /s")
    if maildir_rate:
        row("  ratio to the Maildir", f"{o / maildir_rate:.2f}", ">= 0.7", o / maildir_rate >= 0.7)
    row("mbsync into an empty Maildir", f"{m:,.0f} /s")
    row("  ratio to mbsync", f"{o / m:.2f}", ">= 2", o / m >= 2)


def bench_slow():
    src, _ = mails()
    count = min(MAILS, 1500)
    bare, ours, p99 = [], [], []
    for k in range(RUNS):
        n, s, _ = loop("loop_lmdb", src + "/new", fresh("lmdb"), str(count))
        bare.append(n / s)
        waiting = copy_maildir(src, os.path.join(ROOT, "waiting"))
        inbox = os.path.join(ROOT, "in")
        shutil.rmtree(inbox, ignore_errors=True)
        for sub in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(inbox, sub))
        conf = configure(os.path.join(ROOT, "slow"), f'mailbox "in" {{ maildir "{inbox}"; begin "all"; }}', DEAD)
        d = daemon(conf)
        try:
            n, s, _, p = loop("drip", waiting + "/new", inbox, str(count))
        finally:
            stop(d)
        ours.append(n / s)
        p99.append(p)
    b, o = statistics.median(bare), statistics.median(ours)
    row("LMDB, one mail a durable commit, bare", f"{b:,.0f} /s")
    row("one mail at a time, arrival to ticket", f"{o:,.0f} /s")
    row("  ratio", f"{o / b:.2f}", ">= 0.3", o / b >= 0.3)
    row("  99th percentile", f"{statistics.median(p99):.1f} ms")


def sink():
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    p = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "1000"], stdin=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return p, port
        except OSError:
            time.sleep(0.05)
    sys.exit("smtp-sink did not start")


def bench_send():
    """Acknowledgements for all new tickets are queued while no server is there; then one is, and they go out."""
    src, _ = mails()
    bare, ours = [], []
    for k in range(RUNS):
        conf = os.path.join(ROOT, "send")
        server, port = sink()
        try:
            configure(conf, f'mailbox "in" {{ maildir "{copy_maildir(src, os.path.join(ROOT, "in"))}"; begin "all"; }}', DEAD)
            run([HELPD, "-c", conf, "run", "--once"])
            with open(conf + "/helpd.conf") as f:
                text = f.read().replace("smtp+plain://127.0.0.1:9\"", f"smtp+plain://127.0.0.1:{port}\"")
            with open(conf + "/helpd.conf", "w") as f:
                f.write(text)
            ids = outbox(conf)
            before = len(ids)
            sample = os.path.join(ROOT, "sample.eml")
            with open(sample, "wb") as f:
                subprocess.run([HELPD, "-c", conf, "outbox", "show", ids[0]], check=True, stdout=f)
            n, s, _ = loop("loop_smtp", f"smtp://127.0.0.1:{port}", sample, str(before))
            bare.append(n / s)
            for at in range(0, before, 1000):
                subprocess.run([HELPD, "-c", conf, "outbox", "retry", *ids[at:at + 1000]], check=True, stdout=subprocess.DEVNULL)
            s, _, _ = run([HELPD, "-c", conf, "run", "--once"])
            if after := outbox(conf):
                sys.exit(f"{len(after)} mails of {before} were left in the outbox")
            ours.append(before / s)
        finally:
            server.terminate()
            server.wait()
    b, o = statistics.median(bare), statistics.median(ours)
    row("libcurl to smtp-sink, one connection, bare", f"{b:,.0f} /s")
    row(f"the outbox ({before} mails) to smtp-sink", f"{o:,.0f} /s")
    row("  ratio", f"{o / b:.2f}", ">= 0.8", o / b >= 0.8)


def outbox(conf):
    """The mails that wait for their turn (not those held)."""
    out = subprocess.run([HELPD, "-c", conf, "outbox", "--json"], check=True, stdout=subprocess.PIPE).stdout
    return [str(r["id"]) for r in map(json.loads, out.splitlines()) if r["state"] in ("queued", "sending")]


def switches(pids):
    n = 0
    for p in pids:
        for t in os.listdir(f"/proc/{p}/task"):
            with open(f"/proc/{p}/task/{t}/status") as f:
                n += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    return n


def bench_idle():
    src, _ = mails()
    base = fresh("dovecot")
    empty = os.path.join(ROOT, "dovecot-mail")
    shutil.rmtree(empty, ignore_errors=True)
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(empty, sub))
    p, port = dovecot(base, empty)
    d = None
    try:
        conf = configure(os.path.join(ROOT, "idle"), f'''mailbox "far" {{ imap "imap+plain://127.0.0.1:{port}"; user "desk"; password_file "@SECRET@"; }}
mailbox "near" {{ maildir "{fresh('near')}"; begin "all"; }}''', f'transport "out" {{ maildir "{ROOT}/out"; }}')
        for sub in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(ROOT, "near", sub))
        d = daemon(conf)
        # A busy hour before the idle one: what it took then has to be given back.
        for k, name in enumerate(sorted(os.listdir(src + "/new"))[:200]):
            os.link(os.path.join(src, "new", name), os.path.join(ROOT, "near", "new", name))
        time.sleep(float(os.environ.get("BENCH_SETTLE", "40")))
        pids = tree(d.pid)
        n = switches(pids)
        time.sleep(20)
        n = switches(pids) - n
        memory = anonymous(tree(d.pid))
        stop(d)
        d = None
    finally:
        if d:
            d.kill()
        p.terminate()
        p.wait()
    row("idle (one IMAP account, one Maildir): anonymous memory", f"{memory / 1e6:.1f} MB", "<= 24 MB", memory <= 24 << 20)
    row("  wake-ups in 20 s", str(n), "<= 4", n <= 4)


def main():
    benches = {"maildir": bench_maildir, "imap": bench_imap, "slow": bench_slow, "send": bench_send, "idle": bench_idle}
    wanted = sys.argv[1:] or list(benches)
    if unknown := [w for w in wanted if w not in benches]:
        sys.exit(f"bench.py: no bench is called {unknown[0]}; there are {' '.join(benches)}")
    os.makedirs(ROOT, exist_ok=True)
    print(f"{MAILS} mails, medians of {RUNS}, {os.cpu_count()} cores\n")
    for name in wanted:
        benches[name]()
    bad = sum(r[3] is False for r in rows)
    print(f"\n{sum(r[3] is True for r in rows)} bars reached, {bad} not")
    sys.exit(1 if bad else 0)


main()
