"""kill -9 at every step that matters of a whole day: rules, routing, agents' mail, bounces, timers, copies, webhooks, the knowledge base, backup, restore, erasure.

The day is a list of steps. A step puts mail where mail comes in and then runs one verb of helpd; undisturbed, it is run once, its fault points
(src/base/fault.h) are counted, and the state before it is kept. Then, for each point: back to that state, kill there, start again, and what there is
now must be what there was without the kill: tickets, articles, history, ledger, timers, grants, knowledge base, quarantine, mails, webhooks,
IMAP folders. HELPD_LONG=1 kills at each point (every ninth is followed to the end of the day), else once at each kind.
HELPD_CRASH_EACH=5 with it takes every fifth.
"""
import collections
import email
import email.policy
import email.utils
import json
import os
import re
import shutil
import subprocess
import time

import house
import pytest
from house import give, mail, reply_to
from smtp_stub import SmtpStub
from test_crash import has_fault_points
from test_hook import Receiver

LONG = bool(os.environ.get("HELPD_LONG"))
LIB = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first"]; role "lead"; }
agent "ben" { name "Ben Li"; address ["ben@acme.example"]; teams ["first"]; }
team "first" { }
"""
SLA = """
calendar "always" { timezone "UTC"; weekdays "00:00-24:00"; saturday "00:00-24:00"; sunday "00:00-24:00"; }
sla "standard" { calendar "always"; normal { first_response "4h"; resolution "60h"; } escalate "100%" { notify "lead"; } }
"""
RULES = """require ["vnd.helpd", "variables", "regex", "vacation"];
if header :regex "subject" "order ([0-9]{4,})" {
    field "order" "${1}";
    tag "order";
    priority :raise;
    assign :agent "ben";
    webhook "ops";
    vacation :days 1 :subject "Your order" "We look for it.";
}
if event "sla-breach" { tag "late"; }
"""
QUEUE = ('queue "support" { address "support@acme.example"; team "first"; sla "standard"; remind_after "20h"; resolve_after "3d"; warn_before "1d"; '
         'close_after "1d"; }')
HOUR = 3600


def text(m):
    part = m.get_body(("plain",))
    return part.get_content() if part else ""


def customer(name, subject, body, **kw):
    return mail(sender=f"{name.capitalize()} <{name}@customer.example>", subject=subject, body=body, mid=f"<{name}.1@customer.example>", **kw)


class Desk:
    """helpd and all it talks to, on disk and in memory, which can be put back to what it was."""

    def __init__(self, h, stub, web):
        self.stub, self.web = stub, web
        self.dovecot, self.inbox, self.user = h.dovecot(), h.maildir(), "support"
        self.dovecot.append(self.user, b"Subject: to make the folders\r\n\r\n")
        self.dovecot.adm("mailbox", "create", "-u", self.user, "Sent")
        self.dovecot.adm("expunge", "-u", self.user, "mailbox", "INBOX", "all")
        self.helpd = h.helpd(self.dovecot.mailbox(self.user, more='begin "all"; copy "Sent";') + f'mailbox "in" {{ maildir "{self.inbox.path}"; }}',
                             f'transport "stub" {{ smtp "smtp+plain://127.0.0.1:{stub.port}"; }}', site='trust_authserv ["mx.acme.example"]; acknowledge_within "0";',
                             rest=f'webhook "ops" {{ url "{web.url}/in"; events ["new", "followup", "agent-reply", "status"]; }}\n')
        helpd = self.helpd
        helpd.write_conf(helpd.conf.replace('queue "support" { address "support@acme.example"; }', QUEUE))
        os.makedirs(helpd.etc + "/rules.d")
        for name, words in (("agents.conf", AGENTS), ("sla.conf", SLA), ("rules.d/10-orders.sieve", RULES)):
            with open(f"{helpd.etc}/{name}", "w") as f:
                f.write(words)
        give(helpd.etc)
        # The mail's certificates end before the day does.
        conf = helpd.conf.replace('queue "support" { address "support@acme.example"; }', QUEUE)
        helpd.write_conf(re.sub(r'imap "imaps://localhost:\d+"; (.*?)ca_file "[^"]*";', rf'imap "imap+plain://127.0.0.1:{self.dovecot.port}"; \1', conf))
        helpd.run("check")
        self.backup = helpd.base + "/data/backup"
        self.asan = re.findall(r"(/\S*lib[at]san\S*)", subprocess.run(["ldd", house.HELPD], stdout=subprocess.PIPE).stdout.decode())
        self.zero = time.time()
        self.late = 0.0
        self.n = 0

    # --- time, and running ---

    def clock(self, hours):
        """What of the day it is: helpd's clock begins each step at its hour, however long the kills of others took."""
        self.late = hours * HOUR - (time.time() - self.zero)

    def verb(self, *args, **env):
        """Its exit status, negative when a signal ended it."""
        env = {"LD_PRELOAD": " ".join([*self.asan, LIB]), "FAKETIME": f"{self.late:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", **env}
        p = self.helpd.run(*args, status=None, wrap=["setsid", "env", *(f"{k}={v}" for k, v in env.items())])
        self.said = p.err
        return p.status

    def date(self):
        return email.utils.formatdate(time.time() + self.late)

    # --- keeping and putting back ---

    def places(self):
        return [self.helpd.data, self.inbox.path, f"{self.dovecot.base}/mail/{self.user}"]

    def save(self, name):
        top = f"{self.helpd.base}/../saved-{name}"
        for i, p in enumerate(self.places()):
            self.copy(p, f"{top}/{i}")
        return top, list(self.stub.mails), list(self.web.seen)

    def load(self, saved):
        top, mails, seen = saved
        for i, p in enumerate(self.places()):
            self.copy(f"{top}/{i}", p)
        self.stub.mails[:], self.web.seen[:] = mails, seen

    def copy(self, src, dst):
        """With its owners."""
        shutil.rmtree(dst, ignore_errors=True)
        shutil.copytree(src, dst, symlinks=True)
        for top, dirs, files in os.walk(src):
            for name in [".", *dirs, *files]:
                st = os.lstat(os.path.join(top, name))
                os.lchown(os.path.join(dst, os.path.relpath(top, src), name), st.st_uid, st.st_gid)

    # --- mail ---

    def sent(self):
        """What the server took, each mail once, in order; as it was before it was stuffed."""
        seen, out = set(), []
        for raw in self.stub.mails:
            m = email.message_from_bytes(re.sub(rb"(?m)^\.", b"", raw), policy=email.policy.default)
            if m["Message-ID"] not in seen:
                seen.add(m["Message-ID"])
                out.append(m)
        return out

    def notice(self, name, words, kind="new"):
        found = [m for m in self.sent() if f"{name}@acme.example" in str(m["To"]) and m["X-Helpd-Notice"] == kind and words in f"{m['Subject']} {text(m)}"]
        assert found, (name, words, kind, [(str(m["To"]), m["X-Helpd-Notice"], m["Subject"]) for m in self.sent()])
        return found[-1]

    def reply(self, name, notice, body, proven=True):
        self.n += 1
        lines = [f"Return-Path: <{name}@acme.example>"]
        if proven:
            lines.append("Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example")
        lines += [f"From: {name.capitalize()} <{name}@acme.example>", f"To: {notice['Reply-To']}", f"Subject: Re: {notice['Subject']}", f"Date: {self.date()}",
                  f"Message-ID: <agent.{self.n}.{time.time_ns()}@acme.example>", f"In-Reply-To: {notice['Message-ID']}",
                  "Content-Type: text/plain; charset=utf-8", "", body, "", "On some day somebody wrote:"]
        lines += ["> " + x for x in text(notice).splitlines()]
        self.inbox.put("\n".join(lines).encode() + b"\n")

    def put(self, raw):
        self.inbox.put(raw.replace(b"\nDate: ", b"\nDate: " + self.date().encode() + b"\nX-Real-Date: ", 1))

    def answer_to(self, name):
        return [m for m in self.sent() if f"{name}@customer.example" in str(m["To"]) and not m["Auto-Submitted"]][-1]

    def ack_to(self, name):
        return [m for m in self.sent() if f"{name}@customer.example" in str(m["To"]) and m["Auto-Submitted"]][0]

    def number(self, subject):
        return next(t["id"] for t in self.helpd.tickets() if t["subject"] == subject)

    # --- what there is ---

    def state(self):
        """All that is to be the same with a kill and without."""
        helpd = self.helpd
        tickets = helpd.tickets()
        name = {t["id"]: f"{t['subject']}/{t['requester']['address']}" for t in tickets}

        def same(s):
            s = re.sub(r"#(\d+)", lambda m: "#<%s>" % name.get(int(m.group(1)), m.group(1)), str(s or ""))
            s = re.sub(r"\d+d\d+h", "<long>", s)
            s = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?| \d\d:\d\d)?", "<time>", s)
            return re.sub(r"article \d+|mail \d+|\+\d+\.[a-z2-7.]+@|helpd\.[\w.]+@", "<x>", s)

        out = {"verify": json.loads(helpd.run("verify", "--json"))["counts"], "quarantine": sorted(q["reason"] for q in helpd.json("quarantine")),
               "kb": sorted((k["title"], k.get("text", "")) for k in helpd.json("kb", "list"))}
        del out["verify"]["raw_bytes"], out["verify"]["events"]
        out["outbox"] = sorted((r["kind"], r["state"], sorted(x["address"] for x in r["recipients"])) for r in helpd.json("outbox"))
        for t in tickets:
            shown = helpd.show(t["id"])
            out[name[t["id"]]] = {
                **{k: shown[k] for k in ("status", "priority", "queue", "assignee", "fields")}, "tags": sorted(t["tags"]), "links": sorted(name.get(x, "?") for x in t["links"]),
                "snoozed": bool(shown["snoozed_until"]), "sla": [(c.get("target"), c.get("state")) for c in shown["sla"] or []],
                "people": sorted(p["address"] for p in shown["participants"]),
                "articles": sorted((a["direction"], a["from"][0]["address"] if a["from"] else "", same(a["subject"]), same(a["new_text"].strip()), same(a["flag"])[:6],
                                    (a["delivery"] or {}).get("state", "")) for a in shown["articles"]),
                "events": sorted((e["kind"], e["actor"], same(e["detail"])) for e in shown["events"] if e["kind"] != "ambiguous")}
        mails = collections.Counter((str(m["To"]), m["X-Helpd-Notice"] or "", same(m["Subject"])) for m in self.sent())
        out["mails"] = sorted(mails.items())
        hooks = {}
        for _, headers, body in self.web.seen:
            assert hooks.setdefault(headers["X-Helpd-Delivery"], body) == body, "a webhook of the same id with another body"
        out["webhooks"] = sorted(collections.Counter((json.loads(b)["event"], name.get(json.loads(b)["ticket"]["id"])) for b in hooks.values()).items())
        out["inbox"] = sorted(self.dovecot.flags(self.user))
        out["copies"] = sorted(same(s.split(":", 1)[-1].strip()) for s in self.dovecot.adm("-f", "flow", "fetch", "-u", self.user, "hdr.subject", "mailbox", "Sent").splitlines())
        out["maildir"] = (len(self.inbox.files("new")), len(self.inbox.files("cur")))
        return out

    def check_sent(self):
        """The same bytes each time, and no more often than 1 + what is told as ambiguous."""
        taken = collections.defaultdict(list)
        for raw in self.stub.mails:
            taken[email.message_from_bytes(raw)["Message-ID"]].append(raw)
        more = 0
        for raws in taken.values():
            assert len(set(raws)) == 1, "other bytes"
            more += len(raws) - 1
        doubt = sum(int(n) for n in re.findall(r"(\d+) mails were being sent when that ended", self.told))
        assert more <= doubt <= 8, (more, doubt)

    told = ""

    def leftovers(self):
        """Nothing of the kill lies about for ever."""
        for top in (self.helpd.data, self.inbox.path):
            for d, _, files in os.walk(top):
                assert not [f for f in files if ".tmp." in f], (d, files)


# --- the day: hour, name, what is put in, the verb ---


def arrivals(d):
    d.put(customer("ann", "Printer on fire", "It smokes.\n"))
    d.put(customer("bob", "My order 471100 is late", "Where is it?\n"))
    d.put(customer("carl", "Cannot log in", "It says no.\n"))
    d.dovecot.append(d.user, customer("dora", "Crash report", "See the log.\n"))
    d.dovecot.append(d.user, b"Received: from a by b; Mon, 2 Mar 2026 09:14:07 +0000\n" + d.seen_twice)
    d.helpd.run("deliver", stdin=customer("erik", "Invoice question", "Twice the price?\n"))


def agents(d):
    d.reply("anna", d.notice("anna", "Printer on fire"), '#take\n#tag +printer\n#kb save "Fires"\n#pending\n\nPlease use water.')
    d.reply("ben", d.notice("ben", "Cannot log in"), "#take\n#snooze 30h")
    d.reply("ben", d.notice("ben", "Crash report"), "We look into the crash.", proven=False)
    d.reply("ben", d.notice("ben", "My order"), "#resolve\n\nIt left the house.")
    d.reply("ben", d.notice("ben", "Invoice question"), "#priority urgent")
    d.reply("anna", d.notice("anna", "By two ways"), "#pending\n\nBy which?")
    # Somebody in Anna's name.
    d.put(mail(sender="Anna <anna@acme.example>", subject="Re: [Acme #1] x", body="#close\n\nGo away.\n"))
    d.put(reply_to(d.ack_to("erik"), "By the way, my mouse is dead, too.\n", sender="Erik <erik@customer.example>"))


def confirmations(d):
    d.reply("ben", d.notice("ben", "We look into the crash", "transcript"), "#send")
    d.reply("ben", d.notice("ben", "priority urgent", "transcript"), "#undo")
    d.reply("anna", d.notice("anna", "Invoice question"), f"#merge {d.number('Printer on fire')}")
    d.reply("anna", d.notice("anna", "my mouse is dead", "followup"), "#split")
    d.put(mail(sender="MAILER-DAEMON@mx.customer.example", to=d.answer_to("ann")["Message-ID"].strip("<>"), subject="Undelivered Mail Returned to Sender", Return_Path="<>",
               Auto_Submitted="auto-replied", Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
               body="--b\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.customer.example\n\nFinal-Recipient: rfc822; ann@customer.example\n"
               f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {d.answer_to('ann')['Message-ID']}\n--b--\n"))


def merge(d):
    d.reply("anna", d.notice("anna", "#merge", "transcript"), "#send")
    d.put(reply_to(d.answer_to("bob"), "It is here. Thank you very much!\n", sender="Bob <bob@customer.example>"))


def nothing(d):
    pass


def remove_backup(d):
    shutil.rmtree(d.backup, ignore_errors=True)


ONCE = ("run", "--once")
DAY = [
    (0, "mail comes in", arrivals, ONCE),
    (1, "agents answer", agents, ONCE),
    (2, "they confirm", confirmations, ONCE),
    (3, "a merge, and thanks", merge, ONCE),
    (3, "a verb", nothing, ("set", "1", "priority=high", "tag=+shell")),
    (4, "a backup", nothing, ("backup", "BACKUP")),
    (4, "a restore", nothing, ("restore", "--force", "BACKUP")),
    (40, "a snooze ends, promises are broken", nothing, ONCE),
    (110, "silence", nothing, ONCE),
    (5000, "tokens expire", nothing, ONCE),
    (5001, "one is erased", nothing, ("erase", "--yes", "carl@customer.example")),
]


def run_step(d, step, **env):
    return d.verb(*[d.backup if a == "BACKUP" else a for a in step[3]], **env)


def recover(d, step, before, at):
    """What the service manager does, or who typed the verb: starts it again. Nothing else."""
    verb = step[3][0]
    if verb == "run":
        start = time.monotonic()
        status = d.verb(*ONCE, **at)
        if status != -9:
            assert status == 0, d.said
            assert time.monotonic() - start < 60
    elif verb == "set":
        # Whole, or not at all.
        shown = d.helpd.show(1)
        assert (shown["priority"], "shell" in shown["tags"]) in ((before[0], False), ("high", True))
        status = run_step(d, step, **at) if "shell" not in shown["tags"] else 0
    elif verb == "erase":
        left = "has not ended" in d.helpd.run("verify", status=None)
        here = d.helpd.json("list", "--all", "--requester", "carl@customer.example")
        status = d.verb("erase", "--continue", **at) if left else run_step(d, step, **at) if here else 0
    else:
        status = run_step(d, step, **at)
        if verb == "backup" and status not in (0, -9):
            # It was finished already: nothing is written over.
            assert "is not empty" in d.said and os.path.exists(d.backup + "/data.mdb"), d.said
            status = 0
    d.told += d.said
    assert status in (0, -9), (status, d.said)
    return status


def differ(a, b):
    return "\n".join(f"{k}:\n  without: {a.get(k)}\n  now:     {b.get(k)}" for k in sorted({*a, *b}) if a.get(k) != b.get(k))


class Day:
    """The day without a kill: for each step what was before it, its points, and what was after it."""

    def __init__(self, d):
        self.d, self.before, self.points, self.after = d, [], [], []
        for i, step in enumerate(DAY):
            d.clock(step[0])
            step[2](d)
            self.before.append(d.save(i))
            points = d.helpd.data + "/points"
            assert run_step(d, step, HELPD_FAULT_COUNT=points) == 0, (step[1], d.said)
            with open(points) as f:
                self.points.append([line.split()[1] for line in f])
            os.unlink(points)
            self.after.append(d.state())
            d.check_sent()
        self.check()

    def check(self):
        """It is the day that it claims to be."""
        last = self.after[-2]
        kinds = {e[0] for k, v in last.items() if "@" in k for e in v["events"]}
        for kind in ("tag", "field", "assignee", "waits", "confirmed", "undone", "merged", "split", "bounce", "awoke", "sla-breach", "escalated",
                     "silence", "kb", "answered", "snoozed", "thanks", "reminded"):
            assert kind in kinds, (kind, sorted(kinds))
        assert last["quarantine"] and last["kb"] and last["copies"] and last["webhooks"], last
        assert self.after[9]["verify"]["grants"] < self.after[8]["verify"]["grants"], "no token has expired"
        names = {n for p in self.points for n in p}
        assert {"commit-before", "commit-after", "acknowledge-before", "acknowledge-after", "send-before", "send-given", "send-answered", "send-after", "post-before",
                "post-answered", "copy-given", "copy-after", "note-after", "forget-before", "forget-after", "rename-before", "rename-after", "copied", "received"} <= names, names

    def kill(self, i, n, group=False, again=None, to_the_end=False):
        d, step = self.d, DAY[i]
        what = f"step {i} ({step[1]}) killed at {n}, {self.points[i][n - 1]}{', with its group' if group else ''}{f', its restart at {again}' if again else ''}"
        d.load(self.before[i])
        d.clock(step[0])
        d.told = ""
        before = (d.helpd.show(1)["priority"],) if step[3][0] == "set" else None
        status = run_step(d, step, HELPD_FAULT_AT=str(n), **({"HELPD_FAULT_GROUP": "1"} if group else {}))
        assert status == -9 or (status == 0 and n > len(self.points[i]) * 2 // 3), (what, status, d.said)
        d.told += d.said
        if again and status == -9:
            recover(d, step, before, {"HELPD_FAULT_AT": str(again)})
        recover(d, step, before, {})
        recover_more(d, step)
        now = d.state()
        assert now == self.after[i], what + "\n" + differ(self.after[i], now)
        d.check_sent()
        d.leftovers()
        for k in range(i + 1, len(DAY) if to_the_end else 0):
            d.clock(DAY[k][0])
            DAY[k][2](d)
            if DAY[k][3][0] == "backup":
                remove_backup(d)
            assert run_step(d, DAY[k]) == 0, (what, DAY[k][1], d.said)
            d.told += d.said
            now = d.state()
            assert now == self.after[k], f"{what}, then step {k}\n" + differ(self.after[k], now)
            d.check_sent()


def recover_more(d, step):
    """Another run changes nothing but what was put off: a row whose server was in the middle of it waits for its next time."""
    if step[3][0] == "run":
        for r in d.helpd.json("outbox"):
            if r["state"] == "queued":
                d.verb("outbox", "retry", str(r["id"]))
        assert d.verb(*ONCE) == 0, d.said
        d.told += d.said


def plan(points):
    """What is done: (step, point, its group too, the point of the restart, is the rest of the day looked at)."""
    every = [(i, n, name) for i, p in enumerate(points) for n, name in enumerate(p, 1)]
    if not LONG:
        # Of each kind the one in the middle of the day, and each verb once in the middle.
        kinds = collections.defaultdict(list)
        for x in every:
            kinds[x[2]].append(x)
        some = {v[len(v) // 2] for v in kinds.values()} | {(i, len(points[i]) // 2 + 1, "") for i, s in enumerate(DAY) if s[3] != ONCE}
        return [(i, n, bool(n % 2), 2 if i == 1 and n % 3 == 0 else None, False) for i, n in sorted({x[:2] for x in some})]
    every = every[::int(os.environ.get("HELPD_CRASH_EACH", 1))]
    again = [(i, 1 + k * (len(p) - 1) // 4, False, m, False) for i, p in enumerate(points) for k in (1, 2, 3) for m in (1, 2, 3, 5, 8, 13, 21, 34)]
    return [(i, n, bool((i + n) % 2), None, n % 9 == 1) for i, n, _ in every] + again


def test_killed_at_any_time(h):
    """The daemon alone, or with all it has started; and the start after it."""
    if not has_fault_points():
        pytest.skip("helpd is built without --enable-fault-points")
    if not LIB:
        pytest.skip("faketime is not installed")
    with SmtpStub() as stub, Receiver() as web:
        d = Desk(h, stub, web)
        d.seen_twice = customer("fay", "By two ways", "Once.\n")
        day = Day(d)
        print([len(p) for p in day.points])
        for i, n, group, again, to_the_end in plan(day.points):
            day.kill(i, n, group, again, to_the_end)
