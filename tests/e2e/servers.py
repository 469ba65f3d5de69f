"""Real servers for the tests: Dovecot (IMAP with TLS, SASL), Postfix, smtp-sink, and a certificate authority.

Everything runs on loopback, on ports of the kernel's choice, in a directory of its own, and is ended by its own process id.

    with Authority(tmp) as ca:                     # ca.file for ca_file
        cert = ca.issue("localhost")               # cert.cert, cert.key
    with Dovecot(tmp, cert) as d:                  # d.imaps, d.imap, d.plain: ports; d.deliver(raw)
    with Postfix(tmp, cert, dovecot=d) as p:       # p.smtp, p.submission
    with SmtpSink(tmp) as s:                       # s.port, s.messages()
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

USER, PASSWORD = "support@acme.example", "s3cret-Pa55"


# Below what the kernel gives to connections going out, a part for each of the tests that run side by side: nobody takes a port between the
# moment it was found free and its server's start.
PORTS, EACH = 20000, 1500
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
_next_port = os.getpid() * 7 % EACH


def free_port():
    global _next_port
    for _ in range(EACH):
        _next_port = (_next_port + 1) % EACH
        port = PORTS + WORKER * EACH + _next_port
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no port is free")


def wait_port(port, process=None, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process and process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


def missing(*programs):
    """The programs that are not there: a reason to skip."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/postfix/sbin"
    return [p for p in programs if not shutil.which(p, path=path)]


def _run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, capture_output=True, **kw)


class Server:
    process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        p, self.process = self.process, None
        if not p:
            return
        p.terminate()
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


class Certificate:
    def __init__(self, cert, key):
        self.cert, self.key = Path(cert), Path(key)


class Authority:
    """A certificate authority in a directory; issues what is asked for, expired or for another name too."""

    def __init__(self, directory, name="helpd test authority"):
        self.dir = Path(directory) / "ca"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.key, self.file = self.dir / "ca.key", self.dir / "ca.pem"
        self.count = 0
        _run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.key, "-out", self.file, "-days", "3650", "-subj", f"/CN={name}",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def issue(self, *names, days=30, expired=False):
        self.count += 1
        base = self.dir / f"{self.count}-{names[0]}"
        key, csr, cert, ext = (base.with_name(base.name + s) for s in (".key", ".csr", ".pem", ".ext"))
        _run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
             "-out", csr, "-subj", f"/CN={names[0]}")
        kinds = [("IP" if n.replace(".", "").isdigit() or ":" in n else "DNS") + ":" + n for n in names]
        ext.write_text("subjectAltName=" + ",".join(kinds) + "\nbasicConstraints=CA:FALSE\n")
        if expired:
            (self.dir / "index").write_text("")
            (self.dir / "serial").write_text("%04X\n" % (4096 + self.count))
            conf = self.dir / "ca.cnf"
            conf.write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.dir}/index\nserial={self.dir}/serial\n"
                            f"new_certs_dir={self.dir}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
            _run("openssl", "ca", "-batch", "-config", conf, "-cert", self.file, "-keyfile", self.key, "-in", csr,
                 "-out", cert, "-notext", "-extfile", ext, "-startdate", "20200101000000Z",
                 "-enddate", "20210101000000Z")
        else:
            _run("openssl", "x509", "-req", "-in", csr, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial",
                 "-out", cert, "-days", days, "-extfile", ext)
        return Certificate(cert, key)

    def self_signed(self, name):
        self.count += 1
        base = self.dir / f"{self.count}-self"
        key, cert = base.with_suffix(".key"), base.with_suffix(".pem")
        _run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", key, "-out", cert, "-days", "30", "-subj", f"/CN={name}", "-addext",
             f"subjectAltName=DNS:{name}")
        return Certificate(cert, key)


class Dovecot(Server):
    """IMAP: imaps (implicit TLS), imap (STARTTLS required), plain (no TLS, loopback); auth socket for Postfix.

    Mail lies in Maildirs below self.mail, owned by self.user (nobody when the tests run as root).
    """

    def __init__(self, directory, cert, extra="", capability=None, plain=True):
        self.dir = Path(directory) / "dovecot"
        self.cert, self.extra, self.capability = cert, extra, capability
        self.imaps, self.imap, self.plain = free_port(), free_port(), free_port()
        self.root = os.geteuid() == 0
        self.user = "nobody" if self.root else pwd.getpwuid(os.geteuid()).pw_name
        self.uid, self.gid = pwd.getpwnam(self.user)[2:4]
        self.mail = self.dir / "mail" / USER
        self.auth_socket = self.dir / "auth-client"

    def start(self):
        d = self.dir
        d.mkdir(parents=True, exist_ok=True)
        self._open_way(d)
        self.mail.mkdir(parents=True, exist_ok=True)
        for sub in ("tmp", "new", "cur"):
            (self.mail / "Maildir" / sub).mkdir(parents=True, exist_ok=True)
        self.own(self.mail)
        (d / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        cap = f"imap_capability = {self.capability}\n" if self.capability else ""
        internal = "" if self.root else (f"default_internal_user = {self.user}\ndefault_login_user = {self.user}\n"
                                         f"default_internal_group = {self._group()}\n"
                                         "service anvil { chroot = \n}\nservice imap-login { chroot = \n}\n"
                                         "service stats { chroot = \n}\n")
        (d / "dovecot.conf").write_text(f"""
base_dir = {d}/run
state_dir = {d}/run
log_path = {d}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.cert.cert}
ssl_key = <{self.cert.key}
disable_plaintext_auth = yes
login_trusted_networks =
auth_mechanisms = plain login
first_valid_uid = 1
mail_location = maildir:~/Maildir
mailbox_list_index = yes
mail_fsync = never
{cap}{internal}
passdb {{
  driver = passwd-file
  args = {d}/users
}}
userdb {{
  driver = static
  args = uid={self.uid} gid={self.gid} home={d}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
  inet_listener plain {{
    port = {self.plain}
  }}
  process_min_avail = 1
  service_count = 0
}}
service auth {{
  unix_listener {self.auth_socket} {{
    mode = 0666
  }}
}}
service imap {{
  client_limit = 1
}}
# What the plain listener needs: loopback clients count as secured, except on the STARTTLS port.
local 127.0.0.1 {{
}}
{self.extra}
""")
        # Dovecot counts a connection from its own address as secured; the STARTTLS port is tested through another
        # loopback address, so that LOGINDISABLED is really there.
        self.process = subprocess.Popen([shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c",
                                         str(d / "dovecot.conf")], stdout=subprocess.DEVNULL,
                                        stderr=open(d / "stderr", "wb"), start_new_session=True)
        for port in (self.imaps, self.imap, self.plain):
            wait_port(port, self.process)

    def _group(self):
        import grp
        return grp.getgrgid(os.getegid()).gr_name

    def _open_way(self, path):
        """pytest's directories are 0700; the mail user has to pass."""
        if self.root:
            p = path
            while p != p.parent and str(p).startswith("/tmp/"):
                os.chmod(p, p.stat().st_mode | 0o055)
                p = p.parent

    def own(self, path):
        if self.root:
            for p in [path, *path.rglob("*")]:
                os.chown(p, self.uid, self.gid, follow_symlinks=False)

    def deliver(self, raw, folder="", name=None, time_s=None):
        """Puts a mail straight into a folder's new/; returns the file."""
        box = self.mail / "Maildir"
        if folder:
            box = box / ("." + folder)
            for sub in ("tmp", "new", "cur"):
                (box / sub).mkdir(parents=True, exist_ok=True)
        self.sequence = getattr(self, "sequence", 0) + 1
        name = name or f"{1700000000 + self.sequence}.M{self.sequence}P1.test"
        tmp, new = box / "tmp" / name, box / "new" / name
        tmp.write_bytes(raw)
        if time_s:
            os.utime(tmp, (time_s, time_s))
        if folder:
            self.own(box)
        elif self.root:
            os.chown(tmp, self.uid, self.gid)
        tmp.rename(new)
        return new

    def doveadm(self, *args, check=True):
        """doveadm -u USER ..., e.g. doveadm("expunge", "mailbox", "INBOX", "all")."""
        verb, rest = args[0], args[1:]
        subs = {"mailbox": 2}.get(verb, 1)
        words = list(args[:subs])
        rest = list(args[subs:])
        r = subprocess.run(["doveadm", "-c", str(self.dir / "dovecot.conf"), *words, "-u", USER, *rest],
                           capture_output=True, text=True)
        if check and r.returncode:
            raise RuntimeError(f"doveadm {args}: {r.stderr}")
        return r.stdout

    def log(self):
        f = self.dir / "log"
        return f.read_text(errors="replace") if f.exists() else ""


class SmtpSink(Server):
    """postfix's smtp-sink: takes everything; dump=True keeps each message in a file."""

    def __init__(self, directory, dump=True, options=()):
        self.dir = Path(directory) / "sink"
        self.port, self.dump, self.options = free_port(), dump, list(options)

    def start(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        command = [shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin"), *self.options]
        if os.geteuid() == 0:
            command += ["-u", "nobody"]
            shutil.chown(self.dir, "nobody")
            p = self.dir
            while p != p.parent and str(p).startswith("/tmp/"):
                os.chmod(p, p.stat().st_mode | 0o055)
                p = p.parent
        if self.dump:
            command += ["-d", str(self.dir) + "/msg."]
        command += [f"127.0.0.1:{self.port}", "1000"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port, self.process)

    def messages(self):
        return [f.read_bytes() for f in sorted(self.dir.glob("msg.*")) if f.stat().st_size]


class Postfix(Server):
    """smtp (no TLS, loopback), submission (STARTTLS and SASL required), submissions (implicit TLS). Needs root.

    Mail for @acme.example and localhost lands in mbox files below self.spool; everything else is rejected.
    """

    def __init__(self, directory, cert, dovecot=None, extra=()):
        self.dir = Path(directory) / "postfix"
        self.cert, self.dovecot, self.extra = cert, dovecot, list(extra)
        self.smtp, self.submission, self.submissions = free_port(), free_port(), free_port()
        self.boxes = self.dir / "boxes"

    def start(self):
        d = self.dir
        conf, queue, data = d / "conf", d / "queue", d / "data"
        for p in (conf, queue, data, self.boxes):
            p.mkdir(parents=True, exist_ok=True)
        p = d
        while p != p.parent and str(p).startswith("/tmp/"):
            os.chmod(p, p.stat().st_mode | 0o055)
            p = p.parent
        nobody = pwd.getpwnam("nobody")
        os.chown(self.boxes, nobody.pw_uid, nobody.pw_gid)
        shutil.chown(data, "postfix")
        sasl = ""
        if self.dovecot:
            sasl = f"smtpd_sasl_type = dovecot\nsmtpd_sasl_path = {self.dovecot.auth_socket}\n"
        (conf / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.acme.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = acme.example
virtual_mailbox_base = {self.boxes}
virtual_mailbox_maps = static:all
virtual_minimum_uid = 1
virtual_uid_maps = static:{nobody.pw_uid}
virtual_gid_maps = static:{nobody.pw_gid}
smtpd_tls_cert_file = {self.cert.cert}
smtpd_tls_key_file = {self.cert.key}
smtpd_tls_security_level = may
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
maillog_file = {d}/log
maillog_file_prefixes = {d}
default_database_type = hash
smtputf8_enable = yes
default_transport = error:nothing leaves the test host
message_size_limit = 10240000
{sasl}""" + "".join(line + "\n" for line in self.extra))
        sub = ("  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_auth_only=yes\n"
               "  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n")
        (conf / "master.cf").write_text(f"""
127.0.0.1:{self.smtp} inet n - n - - smtpd
127.0.0.1:{self.submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
{sub}127.0.0.1:{self.submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
{sub}pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")
        # Postfix checks the tree it is given; instances made by hand are made by its own script.
        subprocess.run(["postfix", "-c", str(conf), "set-permissions"], capture_output=True)
        self.process = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", str(conf), "-d"],
                                        stdout=open(d / "stdout", "wb"), stderr=subprocess.STDOUT,
                                        env={**os.environ, "MAIL_CONFIG": str(conf)}, start_new_session=True)
        for port in (self.smtp, self.submission, self.submissions):
            wait_port(port, self.process)

    def box(self, user, seconds=15, count=1):
        """The mails in a box, once there are count of them."""
        end = time.monotonic() + seconds
        while True:
            f = self.boxes / "all"
            text = f.read_bytes() if f.exists() else b""
            found = [m for m in text.split(b"\nFrom ") if b"Delivered-To: " + user.encode() in m]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.1)

    def log(self):
        f = self.dir / "log"
        return f.read_text(errors="replace") if f.exists() else ""
