"""What happens to helpd in the soak (test_soak.py), by a plan that the seed gives: kills, restarts, reloads, servers that go away, networks that stall.

Also the eyes on it: memory, descriptors and threads of all of its processes, every few seconds.
"""
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import threading
import time

from house import listening, wait_for
from servers import free_port


class Proxy:
    """Stands between helpd and a server. mode: pass, stall (nothing moves), dribble (a few octets at a time), drop (all connections end, none begins).

    What a client sends is looked through on its way where lines are told: RELIABILITY 1.11.
    """

    def __init__(self, port, lines=False):
        self.target, self.port, self.mode, self.lines = port, free_port(), "pass", lines
        self.wrong, self.longest, self.connections, self.over = [], 0, 0, False
        self.live = set()
        self.server = socket.create_server(("127.0.0.1", self.port), backlog=100)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.over:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            if self.mode == "drop":
                client.close()
                continue
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            client.close()
            return
        pair = (client, server)
        self.live.add(pair)
        back = threading.Thread(target=self.pump, args=(server, client, False), daemon=True)
        back.start()
        self.pump(client, server, self.lines)
        back.join()
        self.live.discard(pair)
        client.close()
        server.close()

    def pump(self, a, b, lines):
        rest = b""
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                if lines:
                    rest = self.look(rest + data)
                while self.mode == "stall" and not self.over:
                    time.sleep(0.1)
                if self.mode == "drop":
                    break
                while data and self.mode == "dribble":
                    b.sendall(data[:16])
                    data = data[16:]
                    time.sleep(0.02)
                if data:
                    b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def look(self, data):
        whole, _, rest = data.rpartition(b"\r\n")
        for line in whole.split(b"\r\n"):
            self.longest = max(self.longest, len(line))
            # A line of text and the dot that may be doubled before it.
            if b"\n" in line or b"\r" in line or b"\0" in line or len(line) > 999:
                self.wrong.append(line[:200])
        return rest

    def set(self, mode):
        self.mode = mode
        if mode == "drop":
            for pair in list(self.live):
                for s in pair:
                    try:
                        s.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

    def close(self):
        self.over = True
        self.set("drop")
        # Wakes who waits in accept(), which close() alone does not.
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        self.thread.join(5)


def tree(pid):
    """The process and all below it: pid -> name, the process itself first."""
    below, names = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", errors="replace") as f:
                text = f.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        if rest[0] != "Z":
            below.setdefault(int(rest[1]), []).append(int(entry))
            names[int(entry)] = name
    out, todo = {}, [pid]
    while todo:
        p = todo.pop(0)
        if p in names:
            out[p] = names[p]
            todo += below.get(p, [])
    return out


def anonymous(pid):
    """kB of its own; of what is shared with others, its part."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return int(re.search(r"^Pss_Anon:\s*(\d+)", f.read(), re.M).group(1))
    except (OSError, AttributeError):
        return 0


class Service:
    """What a service manager does: starts helpd, and starts it again whenever it ends. One hand at a time."""

    def __init__(self, helpd, patience):
        self.helpd, self.patience = helpd, patience
        self.lock = threading.RLock()
        self.ready, self.stops, self.died, self.kills = [], [], [], {}
        self.epoch, self.since = 0, 0.0
        self.expect_end = False
        self.problems = []

    def start(self):
        with self.lock:
            began = time.monotonic()
            self.helpd.start()
            self.ready.append(time.monotonic() - began)
            self.new_epoch()

    def new_epoch(self):
        self.epoch += 1
        self.since = time.monotonic()

    def pid(self):
        p = self.helpd.process
        return p.pid if p and p.poll() is None else None

    def look(self):
        """Has it ended by itself? Then it is started again. Reads its notifications, which nobody else does."""
        with self.lock:
            p = self.helpd.process
            if p is None:
                return
            try:
                self.helpd.notify.settimeout(0)
                while self.helpd.notify.recv(4096):
                    pass
            except OSError:
                pass
            if p.poll() is None:
                return
            self.died.append(p.returncode)
            if not self.expect_end:
                self.problems.append(f"helpd ended by itself with {p.returncode}: {self.helpd.said()[-1500:]}")
            self.expect_end = False
            self.helpd.process = None
            self.helpd.notify.close()
            time.sleep(0.5)
            self.start()

    def kill(self):
        with self.lock:
            self.look()
            self.helpd.kill()
            self.new_epoch()

    def stop(self):
        with self.lock:
            self.look()
            began = time.monotonic()
            self.helpd.stop(seconds=self.patience)
            self.stops.append(time.monotonic() - began)
            self.new_epoch()


class Watch:
    """Samples of memory, descriptors and threads of all of helpd's processes."""

    def __init__(self, service, store, pause=2.0):
        self.service, self.store, self.pause, self.over = service, store, pause, False
        self.samples = []     # (time, epoch, kB anonymous, descriptors, threads, processes, kB of the daemon itself)
        self.begin = time.monotonic()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.over:
            epoch, pid = self.service.epoch, self.service.pid()
            if pid:
                procs = tree(pid)
                sizes = {p: anonymous(p) for p in procs}
                kb = sum(sizes.values())
                try:
                    fds, threads = len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
                except OSError:
                    fds = threads = 0
                if kb and fds and epoch == self.service.epoch:
                    self.samples.append((time.monotonic(), epoch, kb, fds, threads, len(procs), sizes.get(pid, 0)))
            time.sleep(self.pause)

    def close(self):
        self.over = True
        self.thread.join(30)

    def stretches(self, seconds):
        """The samples of each time without a kill that was at least so long."""
        out = {}
        for s in self.samples:
            out.setdefault(s[1], []).append(s)
        return [v for v in out.values() if v[-1][0] - v[0][0] >= seconds]

    @staticmethod
    def quarters(samples, column):
        """The median of the second quarter, and of the last."""
        n = len(samples)
        return [statistics.median(s[column] for s in samples[a:b]) for a, b in ((n // 4, n // 2), (n * 3 // 4, n))]


class Faults:
    """The plan, and the thread that carries it out."""

    def __init__(self, seed, seconds, service, dovecot, postfix, imap, smtp, checks):
        self.rng = random.Random(f"{seed} faults")
        self.seconds, self.service, self.dovecot, self.postfix = seconds, service, dovecot, postfix
        self.imap, self.smtp, self.checks = imap, smtp, checks
        self.closing, self.done, self.undo = False, {}, []
        self.problems, self.reloads, self.stopped = [], 0, []
        self.plan = self.make_plan()

    def make_plan(self):
        T, r = self.seconds, self.rng
        out = []
        kills = ["kill"] * 8 + ["term"] * 4 + ["worker"] * 4 + ["jail"] * 2 + ["launcher"] * 2
        network = [(p, m) for p in ("imap", "smtp") for m in ("stall", "dribble", "drop")] + [("dovecot", "freeze"), ("postfix", "freeze")]
        servers = ["dovecot-restart", "postfix-restart"]

        def spread(begin, end, gap, things):
            t, queue = begin + r.uniform(0, gap), []
            while t < end:
                if not queue:
                    queue = r.sample(things, len(things))
                out.append((t, queue.pop()))
                t += gap * r.uniform(0.6, 1.4)

        if T >= 900:
            # In between nothing is killed for more than six minutes, so that memory can be judged.
            spread(T * 0.04, T * 0.32, 14, kills)
            spread(T * 0.70, T * 0.98, 14, kills)
            spread(T * 0.04, T * 0.97, 22, network)
            spread(T * 0.04, T * 0.97, 70, servers)
            spread(T * 0.04, T * 0.97, 30, ["reload", "bad-reload"])
        else:
            spread(T * 0.1, T * 0.95, min(max(T / 12, 3), 14), ["kill", "term", "worker", "jail", "launcher"])
            spread(T * 0.1, T * 0.9, min(max(T / 10, 4), 22), network)
            spread(T * 0.2, T * 0.9, max(T / 4, 6), servers)
            spread(T * 0.1, T * 0.9, max(T / 4, 5), ["reload", "bad-reload"])
        return sorted(out, key=lambda x: x[0])

    def run(self):
        self.begin = time.monotonic()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        todo = list(self.plan)
        while not self.closing:
            now = time.monotonic() - self.begin
            try:
                self.service.look()
                for u in [u for u in self.undo if u[0] <= now]:
                    self.undo.remove(u)
                    u[1]()
                if todo and todo[0][0] <= now:
                    self.strike(todo.pop(0)[1])
            except Exception as e:
                import traceback
                self.problems.append(f"a fault went wrong: {e!r}\n{traceback.format_exc()}")
                if self.service.pid() is None:
                    try:
                        with self.service.lock:
                            if self.service.helpd.process:
                                self.service.helpd.kill()
                            self.service.start()
                    except Exception as again:
                        self.problems.append(f"and it does not start: {again!r}")
                        return
            time.sleep(0.2)

    def strike(self, what):
        name = what if isinstance(what, str) else "-".join(what)
        self.done[name] = self.done.get(name, 0) + 1
        if isinstance(what, str):
            getattr(self, what.replace("-", "_"))()
            return
        where, mode = what
        until = time.monotonic() - self.begin + self.rng.choice((3, 8, 15, 30) if self.seconds > 300 else (1, 3, 5))
        if mode == "freeze":
            self.freeze(where, until)
        else:
            proxy = getattr(self, where)
            proxy.set(mode)
            self.undo.append((until, lambda: proxy.set("pass")))

    def freeze(self, where, until):
        """SIGSTOP to the processes that talk, not to the one that starts them."""
        pids = [p for p, n in tree(self.master(where)).items() if n in ("imap", "smtpd")]
        for p in pids:
            try:
                os.kill(p, signal.SIGSTOP)
                self.stopped.append(p)
            except OSError:
                pass
        self.undo.append((until, self.thaw))

    def thaw(self):
        while self.stopped:
            try:
                os.kill(self.stopped.pop(), signal.SIGCONT)
            except OSError:
                pass

    def master(self, where):
        """0 while that server is away."""
        if where == "dovecot":
            return self.dovecot.process.pid if self.dovecot.process else 0
        with open(self.postfix.base + "/queue/pid/master.pid") as f:
            return int(f.read()) if listening(self.postfix.port) else 0

    # --- what is done

    def kill(self):
        self.service.kill()
        self.checks("kill -9")
        time.sleep(self.rng.choice((0, 0, 1, 4)))
        self.service.start()

    def term(self):
        self.service.stop()
        time.sleep(self.rng.choice((0, 1, 5)))
        self.service.start()

    def child(self, name):
        """The process of that name that the daemon itself started."""
        pid = self.service.pid()
        return next((p for p, n in tree(pid).items() if n == name and parent(p) == pid), None) if pid else None

    def worker(self):
        zygote = self.child("helpd-jail")
        workers = [p for p in tree(zygote) if p != zygote] if zygote else []
        if workers:
            self.end(self.rng.choice(workers))
            self.service.new_epoch()

    def jail(self):
        self.end_with("helpd-jail")

    def launcher(self):
        self.end_with("helpd-launcher")

    def end_with(self, name):
        """Without that process the daemon is of no use: it is to end, so that somebody starts it again."""
        pid = self.child(name)
        if pid is None:
            raise AssertionError(f"there is no {name}")
        with self.service.lock:
            self.service.expect_end = True
            self.end(pid)
            wait_for(lambda: self.service.pid() is None, 15)
            self.service.look()

    @staticmethod
    def end(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass

    def reload(self):
        self.reloads += 1
        helpd = self.service.helpd
        helpd.write_conf(helpd.conf.replace('signature "Acme 0"', f'signature "Acme {self.reloads}"'))
        n = helpd.said().count("is in force")
        self.hup()
        wait_for(lambda: helpd.said().count("is in force") > n or self.service.pid() is None, 60)

    def bad_reload(self):
        helpd = self.service.helpd
        with open(helpd.etc + "/helpd.conf") as f:
            good = f.read()
        wrong = self.rng.choice((good.replace('queue "sales"', 'queu "sales"'), good[:len(good) // 2], good.replace("timezone", "timzone"), good.replace('team "second"', 'team "third"'),
                                 good.replace("support@acme.example", "support at acme.example", 1)))
        n = helpd.said().count("helpd.conf:")
        helpd.write_conf(wrong)
        try:
            self.hup()
            wait_for(lambda: helpd.said().count("helpd.conf:") > n or self.service.pid() is None, 60)
        finally:
            helpd.write_conf(good)

    def hup(self):
        with self.service.lock:
            self.service.look()
            self.service.helpd.process.send_signal(signal.SIGHUP)

    def dovecot_restart(self):
        self.thaw()
        self.dovecot.stop()

        def back():
            if self.dovecot.process is None:
                self.dovecot.start()
        self.undo.append((time.monotonic() - self.begin + self.rng.choice((0, 2, 8)), back))

    def postfix_restart(self):
        self.thaw()
        self.control("stop")
        self.undo.append((time.monotonic() - self.begin + self.rng.choice((0, 2, 8)), self.postfix_back))

    def control(self, word):
        return subprocess.run(["postfix", "-c", self.postfix.base + "/conf", word], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode

    def postfix_back(self):
        if not listening(self.postfix.port):
            wait_for(lambda: self.control("start") == 0 or listening(self.postfix.port), 30, 0.5)
            wait_for(lambda: listening(self.postfix.port), 30)

    def close(self):
        """All is well again."""
        self.closing = True
        self.thread.join(120)
        for _, what in self.undo:
            what()
        self.undo = []
        self.thaw()
        for p in (self.imap, self.smtp):
            p.set("pass")
        if self.dovecot.process is None:
            self.dovecot.start()
        self.postfix_back()
        self.service.look()


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as f:
            text = f.read()
        return int(text[text.rindex(")") + 2:].split()[1])
    except OSError:
        return 0
