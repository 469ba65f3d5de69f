"""What the tests from end to end stand on: the helpd under test, and the real servers and clients around it.

Everything runs on loopback ports and in one directory a test, as an unprivileged user where we are root, and is ended by its own pid.
"""
import base64
import email
import email.policy
import grp
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time

import servers
from servers import free_port

SRC = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
HELPD = os.path.abspath(os.environ.get("HELPD", os.path.join(os.getcwd(), "helpd")))
CORPORA = os.environ.get("HELPD_CORPORA", os.path.join(SRC, "..", "shared", "corpora"))
ROOT = os.getuid() == 0
# Who owns the mail and runs helpd.
USER = pwd.getpwnam("nobody") if ROOT else pwd.getpwuid(os.getuid())
GROUP = grp.getgrgid(USER.pw_gid).gr_name
# What every server here takes; of a kind that no log holds by chance.
PASSWORD = "Xq7-lantern-Wd49"


def wait_for(what, seconds=20.0, pause=0.05):
    """Calls what() until it gives something true, and returns that; fails after a while."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for {getattr(what, '__name__', what)}; last: {got!r}")
        time.sleep(pause)


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def give(path):
    """The path and all below it to the user that mail belongs to."""
    if not ROOT:
        return
    for top, dirs, files in os.walk(path):
        for name in dirs + files:
            os.lchown(os.path.join(top, name), USER.pw_uid, USER.pw_gid)
    os.lchown(path, USER.pw_uid, USER.pw_gid)


class Maildir:
    def __init__(self, path):
        self.path = str(path)
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.path, sub), exist_ok=True)
        give(self.path)
        self.n = 0

    def put(self, raw, name=None, sub="new"):
        self.n += 1
        name = name or f"{int(time.time())}.M{self.n}P{os.getpid()}.test"
        tmp = os.path.join(self.path, "tmp", name)
        with open(tmp, "wb") as f:
            f.write(raw)
        if ROOT:
            os.chown(tmp, USER.pw_uid, USER.pw_gid)
        os.rename(tmp, os.path.join(self.path, sub, name))
        return name

    def files(self, *subs):
        return [os.path.join(self.path, s, n) for s in subs or ("new", "cur") for n in sorted(os.listdir(os.path.join(self.path, s))) if not n.startswith(".")]

    def raw(self):
        out = []
        for f in self.files():
            try:
                with open(f, "rb") as fd:
                    out.append(fd.read())
            except FileNotFoundError:
                pass  # renamed meanwhile
        return out

    def mails(self):
        return [email.message_from_bytes(r, policy=email.policy.default) for r in self.raw()]


def mail(sender="Ann Baker <ann@customer.example>", to="support@acme.example", subject="Printer on fire", body="It smokes.\n", mid=None, **headers):
    """A small proper mail. Header names are given with _ for -; None leaves one out."""
    mail.n = getattr(mail, "n", 0) + 1
    addr = re.sub(r".*<(.*)>", r"\1", sender)
    h = {"Return-Path": f"<{addr}>", "Delivered-To": to, "From": sender, "To": to, "Subject": subject, "Date": email.utils.formatdate(),
         "Message-ID": mid or f"<{mail.n}.{time.time_ns()}@customer.example>", "MIME-Version": "1.0",
         "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
    for k, v in headers.items():
        h[k.replace("_", "-")] = v
    return ("".join(f"{k}: {v}\n" for k, v in h.items() if v is not None) + "\n" + body).encode()


def reply_to(ack, body="Thanks, but it still smokes.\n", sender="Ann Baker <ann@customer.example>", **headers):
    """What a client makes of a reply to a mail that helpd sent."""
    quoted = "".join("> " + line + "\n" for line in ack.get_body(("plain",)).get_content().splitlines())
    return mail(sender=sender, to=str(ack["Reply-To"] or ack["From"]), subject="Re: " + str(ack["Subject"]), body=body + "\nOn some day somebody wrote:\n" + quoted,
                In_Reply_To=str(ack["Message-ID"]), References=str(ack["Message-ID"]), **headers)


class Helpd:
    """A configuration and a data directory, and the program run on them."""

    def __init__(self, base, mailboxes="", transports="", site="", rest=""):
        self.base = str(base)
        self.etc = os.path.join(self.base, "etc")
        self.data = os.path.join(self.base, "data")
        self.log = os.path.join(self.base, "helpd.log")
        self.expected = []       # what error lines the test provokes: regular expressions
        self.secrets = set()     # what no log may hold, in any form
        self.printed = ""        # by verbs about the house, not about tickets
        self.process = None
        os.makedirs(self.etc, exist_ok=True)
        os.makedirs(self.data, exist_ok=True)
        if not os.path.exists(self.etc + "/templates"):
            # A copy: the source tree may lie where only root can look.
            shutil.copytree(os.path.join(SRC, "templates"), self.etc + "/templates")
        self.secret()
        self.configure(mailboxes, transports, site, rest)
        give(self.base)
        open(self.log, "a").close()

    def secret(self, text=PASSWORD):
        if len(text) >= 8:
            self.secrets.add(text)
        path = os.path.join(self.etc, "secret")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text + "\n")
        give(path)
        return path

    def seals(self, more=""):
        """The block by which stored mail is kept sealed, and its key."""
        path = os.path.join(self.etc, "mail.key")
        if not os.path.exists(path):
            with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
                f.write(os.urandom(32).hex() + "\n")
            give(path)
        return f'encryption {{ key_file "{path}"; {more} }}\n'

    def configure(self, mailboxes, transports, site="", rest=""):
        # Every test may be run over a store that is sealed.
        if os.environ.get("HELPD_TEST_SEALED") and "encryption" not in rest:
            rest = self.seals() + rest
        # ThreadSanitizer leaves no room for the map's default size.
        if b"__tsan_init" in open(HELPD, "rb").read() and "map_size" not in rest:
            rest = "map_size 1G;\n" + rest
        self.conf = f"""data "{self.data}";
user "{USER.pw_name}";
group "{GROUP}";
site "Acme" {{ address "support@acme.example"; languages ["en", "zh_CN"]; timezone "UTC"; {site} }}
{mailboxes.replace('@SECRET@', self.etc + '/secret')}
{transports.replace('@SECRET@', self.etc + '/secret')}
queue "support" {{ address "support@acme.example"; }}
queue "sales" {{ address "sales@acme.example"; }}
{rest}
"""
        self.write_conf(self.conf)

    def write_conf(self, text):
        with open(self.etc + "/helpd.conf", "w") as f:
            f.write(text)

    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HELPD", "NOTIFY"))}
        env["HELPD_SHARE"] = self.etc
        env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        return env

    def run(self, *args, status=0, stdin=b"", timeout=120, wrap=()):
        """Runs a verb; checks its exit status (None: any) and gives back what it printed, with .err beside."""
        p = subprocess.run([*wrap, HELPD, "-c", self.etc, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, env=self.env())
        err = p.stderr.decode(errors="replace")
        with open(self.log, "a") as f:
            f.write(err)
        if args and args[0] in ("check", "status", "verify", "keys", "reload", "stop", "run", "agents"):
            self.printed += p.stdout.decode(errors="replace")
        if status is not None:
            assert p.returncode == status, f"helpd {' '.join(args)}: {p.returncode}\n{p.stdout.decode(errors='replace')[-2000:]}\n{err[-4000:]}"
        out = Said(p.stdout.decode())
        out.err, out.status = err, p.returncode
        return out

    def once(self, **kw):
        return self.run("run", "--once", **kw)

    def json(self, *args):
        return [json.loads(line) for line in self.run(*args, "--json").splitlines()]

    def tickets(self):
        return sorted(self.json("list", "--all"), key=lambda t: t["id"])

    def show(self, n):
        return self.json("show", str(n))[0]

    def texts(self, n, direction="in"):
        return [a["new_text"].strip() for a in self.show(n)["articles"] if a["direction"] == direction]

    def start(self, wrap=(), ready=True, env=None):
        """Starts the daemon and waits for its READY=1 (sd_notify)."""
        path = os.path.join(self.base, "notify")
        if os.path.exists(path):
            os.unlink(path)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        os.chmod(path, 0o777)
        self.notify.settimeout(20)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*wrap, HELPD, "-c", self.etc, "run"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**self.env(), "NOTIFY_SOCKET": path, **(env or {})})
        if ready:
            self.wait_notify("READY=1")
        return self

    def wait_notify(self, word, seconds=20):
        end = time.monotonic() + seconds
        seen = []
        while time.monotonic() < end:
            self.notify.settimeout(0.3)
            try:
                got = self.notify.recv(4096).decode()
                seen.append(got)
                if word in got.splitlines():
                    return
            except socket.timeout:
                pass
            assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}:\n{self.said()[-4000:]}"
        raise AssertionError(f"no {word} within {seconds} s, only {seen}\n{self.said()[-4000:]}")

    def stop(self, status=0, seconds=30):
        self.process.send_signal(signal.SIGTERM)
        self.ended(status, seconds)

    def ended(self, status=0, seconds=30):
        assert self.process.wait(seconds) == status, self.said()[-4000:]
        self.process = None
        self.notify.close()

    def kill(self):
        """kill -9, and the workers notice by themselves."""
        self.process.kill()
        self.process.wait(10)
        self.process = None
        self.notify.close()

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def agents(self):
        """The addresses that agents.conf names."""
        try:
            with open(self.etc + "/agents.conf") as f:
                text = re.sub(r"#.*", "", f.read())
        except FileNotFoundError:
            return []
        return sorted(set(re.findall(r"[\w.+-]+@[\w.-]+", text)))

    def leaks(self):
        """What of the agents' side stands in mail to customers: addresses, tokens, headers and words of notices, notes. Empty in a good world."""
        agents = self.agents()
        if not agents:
            return []
        bad = []
        for k in self.tickets():
            articles = self.show(k["id"])["articles"]
            notes = [a["new_text"].strip() for a in articles if a["direction"] == "note" and len(a["new_text"].strip()) >= 16]
            asked = {a["from"][0]["address"].lower() for a in articles if a["direction"] == "in" and a["from"]}
            asked.add(k["requester"]["address"].lower())  # a colleague's own ticket: a sub-ticket, say
            for a in articles:
                if a["direction"] != "out" or a.get("ticket", k["id"]) != k["id"]:
                    continue
                # What an agent sent from his own client shows his address; it was he who gave it away.
                if a["from"] and a["from"][0]["address"].lower() in agents:
                    continue
                raw = subprocess.run([HELPD, "-c", self.etc, "show", str(k["id"]), "--raw", str(a["seq"])], stdout=subprocess.PIPE, env=self.env()).stdout
                bad += [f"#{k['id']} article {a['seq']}: {why}" for why in leaked(raw, [x for x in agents if x not in asked], notes)]
        return bad

    def told(self):
        """Secrets and whole tokens in the log and in what verbs printed about the house."""
        said = self.said() + self.printed
        return sorted({f"a secret: {x!r}" for s in self.secrets for x in disguises(s) if x in said} | {f"a token: {x!r}" for x in TOKEN.findall(said)})

    def close(self):
        """Ends what still runs, then holds the log against what the test expected."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("the daemon did not end on SIGTERM\n" + self.said()[-4000:])
            finally:
                self.notify.close()
        bad = [line for line in self.said().splitlines()
               if (re.match(r"(<3>)?error ", line) and not any(re.search(e, line) for e in self.expected))
               or "ERROR: AddressSanitizer" in line or "ERROR: LeakSanitizer" in line or "runtime error:" in line or "WARNING: ThreadSanitizer" in line]
        assert not self.told(), self.told()
        assert not bad, "unexpected errors:\n" + "\n".join(bad) + "\n\n" + self.said()[-6000:]


# A whole token, of an address or a Message-ID.
TOKEN = re.compile(r"(?:\+\d+\.(?:[a-z2-7]{8}\.)?|helpd\.\d+\.\w+\.\w+\.)[a-z2-7]{27}@")


def disguises(secret):
    """A secret as it stands, and as base64 (wherever in a longer text it began), hexadecimal, escaped."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    out = {raw.hex(), raw.hex().upper()}
    if not isinstance(secret, bytes):
        out.add(secret)
    for before in range(3):
        # Without the ends, which depend on the neighbours.
        b = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        out.add(b[4 if before else 0:-2])
        out.add(b[4 if before else 0:-2].translate(str.maketrans("+/", "-_")))
    return {x for x in out if len(x) >= 8}


AGENT_TOKEN = re.compile(r"\+\d+\.[a-z2-7]{8}\.[a-z2-7]{27}|helpd\.\d+\.a[a-z2-7]{8}\.")


def leaked(raw, agents, notes=()):
    """What a mail to a customer must not hold of the agents' side, decoded and as it travels."""
    m = email.message_from_bytes(raw, policy=email.policy.default)
    texts = [raw.decode("utf-8", "replace")]
    texts += [f"{k}: {v}" for k, v in m.items()]
    texts += [p.get_content() for p in m.walk() if p.get_content_maintype() == "text" and not p.is_attachment()]
    out = []
    for t in texts:
        flat = re.sub(r"=\r?\n", "", t)
        out += [f"the agent's address {x}" for x in agents if x.lower() in flat.lower()]
        out += ["an agent's token"] if AGENT_TOKEN.search(flat) else []
        out += [f"a note: {n[:40]!r}" for n in notes if n in flat]
        out += [f"a line of a notice: {w!r}" for w in ("X-Helpd-Notice", "#assign NAME", "#help") if w in flat]
    return sorted(set(out))


class Said(str):
    err = ""
    status = 0


class Server(servers.Server):
    def close(self):
        self.stop()


class Dovecot(Server):
    """imapd with TLS; every user has the password PASSWORD and the Maildir BASE/USER."""

    def __init__(self, base):
        self.base = str(base)
        os.makedirs(self.base + "/run", exist_ok=True)
        os.makedirs(self.base + "/mail", exist_ok=True)
        os.chmod(self.base, 0o755)
        authority = servers.Authority(self.base)
        self.ca = authority.file
        pair = authority.issue("localhost")
        for f in (self.ca, self.ca.parent):
            f.chmod(0o755)
        self.tls, self.port = free_port(), free_port()
        give(self.base + "/mail")
        me = pwd.getpwuid(os.getuid()).pw_name
        internal = "" if ROOT else f"default_internal_user = {me}\ndefault_login_user = {me}\ndefault_internal_group = {grp.getgrgid(os.getgid()).gr_name}\n"
        with open(self.base + "/dovecot.conf", "w") as f:
            f.write(f"""base_dir = {self.base}/run
state_dir = {self.base}/run
log_path = {self.base}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pair.cert}
ssl_key = <{pair.key}
{internal}first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{self.base}/mail/%u:LAYOUT=fs
lda_mailbox_autocreate = yes
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={USER.pw_uid} gid={USER.pw_gid} home={self.base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls}
  }}
}}
service anvil {{
  chroot =
}}
""")
        self.start()

    def start(self):
        self.process = subprocess.Popen(["dovecot", "-F", "-c", self.base + "/dovecot.conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: listening(self.tls))

    def maildir(self, user):
        return Maildir(os.path.join(self.base, "mail", user))

    def mailbox(self, user="support", name=None, more=""):
        """A mailbox block of helpd.conf for that user."""
        return f'mailbox "{name or user}" {{ imap "imaps://localhost:{self.tls}"; user "{user}"; password_file "@SECRET@"; ca_file "{self.ca}"; {more} }}'

    def adm(self, *args):
        return subprocess.run(["doveadm", "-c", self.base + "/dovecot.conf", *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.decode()

    def append(self, user, raw, folder="INBOX"):
        subprocess.run(["doveadm", "-c", self.base + "/dovecot.conf", "save", "-u", user, "-m", folder], input=raw, check=True, stderr=subprocess.PIPE)

    def flags(self, user, folder="INBOX"):
        """The flags of each mail of a folder, in order."""
        return [line.split(":", 1)[1].split() for line in self.adm("-f", "flow", "fetch", "-u", user, "flags", "mailbox", folder).replace("flags=", "flags:").splitlines()]


class Sink(Server):
    """Postfix's smtp-sink: takes everything, or answers what it is told. Mails are kept one a file."""

    def __init__(self, base, *args):
        self.base = str(base)
        os.makedirs(self.base, exist_ok=True)
        give(self.base)
        self.port = free_port()
        self.process = subprocess.Popen(["smtp-sink", *(["-u", USER.pw_name] if ROOT else []), "-d", "%Y.%M.", *args, f"127.0.0.1:{self.port}", "100"],
                                        cwd=self.base, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: listening(self.port))

    @property
    def transport(self):
        return f'transport "sink" {{ smtp "smtp+plain://127.0.0.1:{self.port}"; }}'

    def mails(self):
        out = []
        for n in sorted(os.listdir(self.base)):
            with open(os.path.join(self.base, n), "rb") as f:
                raw = f.read()
            # smtp-sink writes X-Client-Addr and the like before the mail itself.
            if raw.endswith(b"\n"):
                out.append(email.message_from_bytes(raw, policy=email.policy.default))
        return out


class Postfix(Server):
    """A Postfix of its own: SMTP on a loopback port; mail for acme.example and customer.example goes to Maildirs or to pipes.

    aliases: address -> Maildir path, or None for helpd's pipe (set pipe before).

    agents is the port where the desk's own people hand in their mail: what comes in there is given the results of authentication that a site's
    milter would write; what claims to have such results and comes in by the other port, port, loses them.
    """
    AUTHSERV = "mx.acme.example"

    def __init__(self, base, boxes, pipe=None):
        self.base = str(base)
        self.port, self.agents = free_port(), free_port()
        for d in ("", "/conf", "/queue", "/data"):
            os.makedirs(self.base + d, exist_ok=True)
            os.chmod(self.base + d, 0o755)
        postfix = pwd.getpwnam("postfix")
        os.chown(self.base + "/data", postfix.pw_uid, postfix.pw_gid)
        with open(self.base + "/conf/boxes", "w") as f:
            for addr, path in boxes.items():
                f.write(f"{addr} {path.rstrip('/') + '/' if path else 'x/'}\n")
        with open(self.base + "/conf/transport", "w") as f:
            for addr, path in boxes.items():
                if path is None:
                    f.write(f"{addr} helpd:\n")
        with open(self.base + "/conf/results", "w") as f:
            f.write(f"/@([^@>]+)$/ PREPEND Authentication-Results: {self.AUTHSERV}; dmarc=pass header.from=$1\n")
        with open(self.base + "/conf/strangers", "w") as f:
            f.write(f"/^Authentication-Results:[[:space:]]*{self.AUTHSERV}/ IGNORE\n")
        with open(self.base + "/conf/main.cf", "w") as f:
            f.write(f"""compatibility_level = 3.6
queue_directory = {self.base}/queue
data_directory = {self.base}/data
maillog_file = {self.base}/log
maillog_file_prefixes = {self.base}
myhostname = mx.acme.example
mydestination =
local_transport = error:none here
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
recipient_delimiter = +
virtual_mailbox_domains = acme.example, customer.example
virtual_mailbox_base = /
virtual_mailbox_maps = texthash:{self.base}/conf/boxes
virtual_uid_maps = static:{USER.pw_uid}
virtual_gid_maps = static:{USER.pw_gid}
virtual_minimum_uid = 1
transport_maps = texthash:{self.base}/conf/transport
smtpd_recipient_restrictions = permit_mynetworks, reject
helpd_destination_recipient_limit = 1
default_transport = error:nobody else is there
disable_dns_lookups = yes
smtp_dns_support_level = disabled
import_environment = MAIL_CONFIG TZ
results_restrictions = check_sender_access regexp:{self.base}/conf/results
in_flow_delay = 0
""")
        with open(self.base + "/conf/master.cf", "w") as f:
            f.write(f"""127.0.0.1:{self.port} inet n - n - - smtpd
  -o cleanup_service_name=strangers
127.0.0.1:{self.agents} inet n - n - - smtpd
  -o smtpd_sender_restrictions=$results_restrictions
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
strangers unix n - n - 0 cleanup
  -o header_checks=regexp:{self.base}/conf/strangers
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
""")
            if pipe:
                f.write(f"helpd unix - n n - 4 pipe flags=Rq user={USER.pw_name} argv={' '.join(pipe)}\n")
        subprocess.run(["postfix", "-c", self.base + "/conf", "start"], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: listening(self.port))

    @property
    def transport(self):
        return f'transport "postfix" {{ smtp "smtp+plain://127.0.0.1:{self.port}"; }}'

    def log(self):
        with open(self.base + "/log", errors="replace") as f:
            return f.read()

    def refuse(self, address):
        """From now on there is no such recipient: 550 5.1.1."""
        with open(self.base + "/conf/boxes") as f:
            boxes = f.read()
        with open(self.base + "/conf/boxes", "w") as f:
            f.write("".join(x + "\n" for x in boxes.splitlines() if not x.startswith(address + " ")))
        subprocess.run(["postfix", "-c", self.base + "/conf", "reload"], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def post(self, raw, sender, *to, port=None):
        """Hands in a mail as a program would that speaks SMTP by itself."""
        with smtplib.SMTP("127.0.0.1", port or self.port, timeout=20) as s:
            s.sendmail(sender, to, raw)

    def close(self):
        subprocess.run(["postfix", "-c", self.base + "/conf", "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Mutt:
    """Somebody at a real mail client: a customer, or an agent, whose mailbox is then Dovecot's (imap: its port and the user)."""

    def __init__(self, base, port, address, name, inbox=None, imap=None, signature=""):
        self.base = str(base)
        self.inbox = inbox
        self.address = address
        os.makedirs(self.base, exist_ok=True)
        spool = f"imap://{imap[1]}@127.0.0.1:{imap[0]}/INBOX" if imap else inbox.path if inbox else "/dev/null"
        with open(self.base + "/signature", "w") as f:
            f.write(signature + "\n")
        with open(self.base + "/rc", "w") as f:
            f.write(f"""set from="{address}" realname="{name}" use_envelope_from=yes hostname="{address.split('@')[1]}"
set smtp_url="smtp://127.0.0.1:{port}" ssl_starttls=no ssl_force_tls=no imap_pass="{PASSWORD}"
set record="" sendmail_wait=0 mbox_type=Maildir spoolfile="{spool}" folder="{self.base}"
set reply_to=yes fast_reply=yes include=yes autoedit=yes editor="{self.base}/edit" abort_unmodified=no abort_nosubject=no confirmappend=no
set wait_key=no mark_old=no header_cache="" beep=no move=no quit=yes postpone=no timeout=5 mail_check=1 send_charset="us-ascii:iso-8859-1:utf-8"
set mime_forward=no forward_edit=yes abort_noattach=no recall=no copy=no {f'signature="{self.base}/signature"' if signature else ""}
""")

    def write(self, to, subject, body, *args):
        """Without a terminal: a new mail, with mutt's options before the recipient (-a FILE, -c ADDRESS)."""
        subprocess.run(["mutt", "-n", "-F", self.base + "/rc", "-s", subject, *args, "--", to], input=body.encode(), check=True,
                       env={**os.environ, "HOME": self.base, "TERM": "dumb", "LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)

    def reply(self, body, find=None, how="reply", keys="", below=False):
        """Opens the inbox full-screen in a terminal (tmux), replies to the last mail, or to the one that is found, above (or below) its quote, sends, and leaves."""
        self.screen(find, f"<{how}>{keys}<send-message>", body, below)

    def forward(self, to, body="", find=None, attached=False, keys=""):
        """Forwards that mail, in the text or as a file of type message/rfc822."""
        self.screen(find, f"<forward-message>{to}<enter>{keys}<send-message>", body, rc="set mime_forward=yes" if attached else "")

    def screen(self, find, keys, body, below=False, rc=""):
        with open(self.base + "/body", "w") as f:
            f.write(body + "\n\n")
        with open(self.base + "/edit", "w", opener=lambda p, fl: os.open(p, fl, 0o755)) as f:
            f.write(f'#!/bin/sh\ncat {f"""$1 {self.base}/body""" if below else f"""{self.base}/body "$1" """} >"$1.new" && mv "$1.new" "$1"\n')
        show = "<last-entry>"
        if find is not None:
            # The whole of a Message-ID, without the angle brackets that name keys.
            show = "<limit>~i " + re.sub(r"[^\w@-]", ".", str(find["Message-ID"]).strip("<> ")) + "<enter>"
        with open(self.base + "/keys", "w") as f:
            f.write(rc + f"\npush '{show}{keys}<exit>'\n")
        session = f"helpd-{os.getpid()}-{time.monotonic_ns()}"
        sock = self.base + "/tmux"
        env = {**os.environ, "HOME": self.base, "LC_ALL": "C.UTF-8"}
        env.pop("TMUX", None)
        subprocess.run(["tmux", "-S", sock, "new-session", "-d", "-s", session, "-x", "120", "-y", "40",
                        f"mutt -n -F {self.base}/rc -e 'source {self.base}/keys' 2>{self.base}/err"], check=True, env=env)
        try:
            wait_for(lambda: subprocess.run(["tmux", "-S", sock, "has-session", "-t", session], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0, 30, 0.1)
        except AssertionError:
            screen = subprocess.run(["tmux", "-S", sock, "capture-pane", "-p", "-t", session], env=env, stdout=subprocess.PIPE).stdout.decode()
            raise AssertionError("mutt is stuck at:\n" + screen)
        finally:
            subprocess.run(["tmux", "-S", sock, "kill-server"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def have(*programs):
    """The first of these programs that is not installed, or None."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    os.environ["PATH"] = path
    return next((p for p in programs if not shutil.which(p)), None)
