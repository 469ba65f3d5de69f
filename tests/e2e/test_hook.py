"""Webhooks: what is posted, how it is signed, when it is tried again, and what must not happen."""
import hashlib
import hmac
import http.server
import json
import os
import shutil
import ssl
import threading
import time

import pytest
import servers
from house import HELPD, mail, reply_to, wait_for

AGENTS = '''agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; teams ["first"]; role "admin"; }
agent "ben" { address ["ben@desk.example"]; teams ["first"]; role "lead"; }
team "first" { }
'''
SECRET = b"s3cret-of-ops"


class Receiver:
    """A web server on loopback. answer: a status, None (hangs up without an answer), or (status, headers)."""

    def __init__(self, answer=200, cert=None):
        web = self
        self.answer, self.seen, self.lock = answer, [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with web.lock:
                    web.seen.append((self.path, dict(self.headers), body))
                answer = web.answer
                if answer is None:
                    self.close_connection = True
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"words")

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 50

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert.cert, cert.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if cert else 'http'}://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self):
        return [json.loads(b) for _, _, b in self.seen]

    def events(self):
        return [b["event"] for b in self.bodies()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def desk(h, url, settings='events ["new", "followup", "agent-reply", "status"];', name="ops", more="", agents=AGENTS):
    inbox = h.maildir()
    helpd = h.helpd(site='trust "token";', mailboxes=f'mailbox "in" {{ maildir "{inbox.path}"; }}',
                    rest=f'webhook "{name}" {{ url "{url}"; secret_file "SECRET"; {settings} }}\n{more}')
    secret = helpd.secret(SECRET.decode())
    with open(helpd.etc + "/helpd.conf") as f:
        text = f.read()
    helpd.write_conf(text.replace('"SECRET"', f'"{secret}"'))
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(agents)
    return helpd, inbox


def signed(headers, body, secret=SECRET):
    parts = dict(x.split("=", 1) for x in headers["X-Helpd-Signature"].split(","))
    want = hmac.new(secret, parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(want, parts["v1"])
    assert abs(int(parts["t"]) - time.time()) < 120
    return True


def rows(helpd):
    return [r for r in helpd.json("outbox") if r["kind"] == "webhook"]


def kinds(helpd, kind, n=1):
    return [e for e in helpd.show(n)["events"] if e["kind"] == kind]


def alerts(helpd):
    return [m for m in helpd.out.mails() if "webhook" in str(m["Subject"]) and "anna@" in str(m["To"])]


def test_posts(h):
    """What is posted: signed, with the documented keys; one a subscribed event, and nothing at others."""
    with Receiver() as web:
        helpd, inbox = desk(h, web.url + "/hook")
        inbox.put(mail(mid="<a1@customer.example>", body="It smokes, \"badly\": \u2603\n"))
        helpd.start()
        wait_for(lambda: len(web.seen) == 1)
        path, headers, body = web.seen[0]
        assert path == "/hook" and signed(headers, body)
        assert headers["Content-Type"] == "application/json"
        x = json.loads(body)
        assert headers["X-Helpd-Delivery"] == x["id"] and headers["X-Helpd-Event"] == x["event"] == "new"
        listed = helpd.json("list")[0]
        for key in listed:
            if key not in ("updated", "sla"):
                assert x["ticket"].get(key) == listed[key], key
        assert x["site"] and x["actor"] == "customer:ann@customer.example"
        assert x["article"]["new_text"].strip() == "It smokes, \"badly\": \u2603"
        assert x["article"]["direction"] == "in" and x["article"]["seq"] == 1
        inbox.put(reply_to(helpd.out.mails()[0]))
        wait_for(lambda: len(web.seen) == 2)
        assert web.events()[1] == "followup" and "still smokes" in web.bodies()[1]["article"]["new_text"]
        helpd.run("set", "1", "tag=+x")
        helpd.run("reply", "1", stdin=b"Press the button.\n")
        helpd.run("set", "1", "status=resolved")
        wait_for(lambda: len(web.seen) >= 4 and "status" in web.events())
        assert "agent-reply" in web.events()
        replied = web.bodies()[web.events().index("agent-reply")]
        assert "Press the button." in replied["article"]["new_text"]
        assert len({b["id"] for b in web.bodies()}) == len(web.seen)
        wait_for(lambda: not rows(helpd))
        helpd.stop()
        assert helpd.show(1)["status"] == "resolved"
        helpd.run("verify")
        assert not helpd.leaks()


def test_without_words(h):
    """text "no": nobody's words leave."""
    with Receiver() as web:
        helpd, inbox = desk(h, web.url, 'events ["new"]; text "no";')
        inbox.put(mail(body="My code is 4711.\n", subject="Secret matter"))
        helpd.once()
        assert len(web.seen) == 1
        assert b"4711" not in web.seen[0][2] and b"Secret matter" not in web.seen[0][2]
        assert web.bodies()[0]["ticket"]["subject"] is None


def test_later(h):
    """503: queued as mail is; tried again it is the same document under the same id, signed anew."""
    with Receiver(503) as web:
        helpd, inbox = desk(h, web.url, 'events ["new"];')
        inbox.put(mail())
        helpd.start()
        wait_for(lambda: rows(helpd) and rows(helpd)[0]["attempts"] == 1 and rows(helpd)[0]["state"] == "queued")
        row = rows(helpd)[0]
        assert row["last"].startswith("503") and row["next"] > row["created"]
        web.answer = 200
        helpd.run("outbox", "retry", str(row["id"]))
        wait_for(lambda: len(web.seen) == 2)
        wait_for(lambda: not rows(helpd))
        assert web.seen[0][2] == web.seen[1][2]
        assert web.seen[0][1]["X-Helpd-Delivery"] == web.seen[1][1]["X-Helpd-Delivery"]
        assert all(signed(x[1], x[2]) for x in web.seen)
        assert not kinds(helpd, "webhook-failed")
        helpd.stop()
        helpd.run("verify")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502])
def test_later_by_status(h, status):
    with Receiver(status) as web:
        helpd, inbox = desk(h, web.url, 'events ["new"];')
        inbox.put(mail())
        helpd.once()
        assert [r["state"] for r in rows(helpd)] == ["queued"]


def test_gone(h):
    """410: given up, told on the ticket, which stays resolved; one alert an hour to the admin, whatever the number."""
    with Receiver(410) as web:
        helpd, inbox = desk(h, web.url, 'events ["new", "status", "priority"];')
        inbox.put(mail())
        helpd.start()
        wait_for(lambda: helpd.tickets() and kinds(helpd, "webhook-failed"))
        assert kinds(helpd, "webhook-failed")[0]["detail"] == "ops, new: 410: words"
        helpd.run("set", "1", "status=resolved")
        for p in ("high", "low", "urgent", "normal"):
            helpd.run("set", "1", "priority=" + p)
        wait_for(lambda: len(kinds(helpd, "webhook-failed")) == 6)
        assert helpd.show(1)["status"] == "resolved"
        assert [r["state"] for r in rows(helpd)] == ["failed"] * 6
        wait_for(lambda: alerts(helpd))
        time.sleep(0.5)
        assert len(alerts(helpd)) == 1 and "410: words" in alerts(helpd)[0].get_content()
        assert not [m for m in helpd.out.mails() if "webhook" in str(m["Subject"]) and "ben@" in str(m["To"])]
        assert not [m for m in helpd.out.mails() if "customer.example" in str(m["To"]) and "webhook" in str(m)]
        # Mended: each can be posted again.
        web.answer = 200
        helpd.run("outbox", "retry", str(rows(helpd)[0]["id"]))
        wait_for(lambda: len(rows(helpd)) == 5)
        helpd.stop()
        helpd.run("verify")


def test_ambiguous(h):
    """The answer never came: counted, and posted again with the same id."""
    with Receiver(None) as web:
        helpd, inbox = desk(h, web.url, 'events ["new"];')
        inbox.put(mail())
        helpd.start()
        wait_for(lambda: rows(helpd) and rows(helpd)[0]["ambiguous"] == 1)
        n = len(web.seen)
        web.answer = 200
        helpd.run("outbox", "retry", str(rows(helpd)[0]["id"]))
        wait_for(lambda: not rows(helpd))
        assert len(web.seen) == n + 1
        assert len({x[1]["X-Helpd-Delivery"] for x in web.seen}) == 1
        assert kinds(helpd, "ambiguous")[0]["detail"].startswith("webhook ")
        helpd.stop()
        helpd.run("verify")


def test_redirect(h):
    """Into a private network: refused unless the admin allows it."""
    with Receiver() as target:
        with Receiver((307, {"Location": f"http://127.0.0.1:{target.port}/in"})) as web:
            helpd, inbox = desk(h, web.url, 'events ["new"];')
            inbox.put(mail())
            helpd.once()
            assert not target.seen
            assert "private network" in kinds(helpd, "webhook-failed")[0]["detail"]
            text = open(helpd.etc + "/helpd.conf").read()
            helpd.write_conf(text.replace('events ["new"];', 'events ["new"]; allow_private "yes";'))
            inbox.put(mail(mid="<b@customer.example>", sender="Bob <bob@other.example>", body="Other\n"))
            helpd.once()
            assert len(target.seen) == 1 and signed(target.seen[0][1], target.seen[0][2])


def test_nobody_there(h):
    """A server that is down: held up, not lost; mail goes on."""
    with Receiver() as web:
        port = web.port
    helpd, inbox = desk(h, f"http://localhost:{port}", 'events ["new"];')
    inbox.put(mail())
    helpd.start()
    wait_for(lambda: helpd.out.mails() and rows(helpd) and rows(helpd)[0]["attempts"] == 1)
    assert rows(helpd)[0]["state"] == "queued"
    helpd.stop()
    helpd.run("verify")


@pytest.mark.parametrize("when", [0.0, 0.15, 0.4])
def test_killed(h, when):
    """Killed between: every document arrives, none twice but those in doubt, and then with the same id."""
    with Receiver() as web:
        helpd, inbox = desk(h, web.url, 'events ["new"];')
        for i in range(40):
            inbox.put(mail(mid=f"<k{i}@customer.example>", sender=f"C{i} <c{i}@customer.example>", body=f"Matter {i}\n"))
        helpd.start()
        wait_for(lambda: len(web.seen) > 3)
        time.sleep(when)
        helpd.kill()
        helpd.start()
        wait_for(lambda: len({b["ticket"]["id"] for b in web.bodies()}) == 40 and not rows(helpd))
        helpd.stop()
        doubt = sum(len(kinds(helpd, "ambiguous", n)) for n in range(1, 41))
        ids = [b["id"] for b in web.bodies()]
        assert len(set(ids)) == 40 and len(ids) <= 40 + doubt and doubt <= 2
        helpd.run("verify")


def test_burst(h):
    """1,000 posts to a slow server do not delay mail."""
    with Receiver() as web:
        helpd, inbox = desk(h, web.url, 'events ["priority"];')
        inbox.put(mail())
        helpd.once()
        slow = threading.Event()
        inner = web.server.RequestHandlerClass.do_POST

        def do_post(self):
            if not slow.is_set():
                time.sleep(0.02)
            inner(self)

        web.server.RequestHandlerClass.do_POST = do_post
        for _ in range(20):
            helpd.run("set", "1", *["priority=high", "priority=low", "priority=urgent", "priority=normal", "priority=low"] * 10)
        assert len(rows(helpd)) == 1000
        helpd.start()
        wait_for(lambda: len(web.seen) > 5)
        before = len(helpd.out.mails())
        began = time.time()
        inbox.put(mail(mid="<n@customer.example>", sender="Bob <bob@other.example>", body="New\n"))
        wait_for(lambda: len(helpd.out.mails()) > before, pause=0.02)
        took = time.time() - began
        left = 1000 - len(web.seen)
        slow.set()
        wait_for(lambda: not rows(helpd), 120)
        print(f"mail in {took:.2f} s with {left} posts waiting")
        assert left > 500 and took < 2
        helpd.stop()
        assert len(web.seen) == 1000
        helpd.run("verify")


def test_ladder(h):
    """A missed target: the event of the breach, and what the ladder posts, once each, across a restart."""
    lib = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)
    if not lib or b"__asan_init" in open(HELPD, "rb").read():
        pytest.skip("faketime is not installed, or does not work with this build")
    with Receiver() as web:
        helpd, inbox = desk(h, web.url, 'events ["sla-breach"];')
        with open(helpd.etc + "/sla.conf", "w") as f:
            f.write("""calendar "always" { weekdays ["00:00-24:00"]; saturday ["00:00-24:00"]; sunday ["00:00-24:00"]; }
sla "fast" { calendar "always"; normal { first_response "2m"; } escalate "100%" { webhook ["ops"]; } }
""")
        text = open(helpd.etc + "/helpd.conf").read()
        helpd.write_conf(text.replace('queue "support" { ', 'queue "support" { sla "fast"; '))
        inbox.put(mail())
        helpd.once()
        assert not web.seen
        later = {"LD_PRELOAD": lib, "FAKETIME": "+3m", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        helpd.start(env=later)
        wait_for(lambda: len(web.seen) == 2)
        assert sorted(web.events()) == ["escalated", "sla-breach"]
        x = web.bodies()[web.events().index("escalated")]
        assert x["data"]["target"] == "first-response" and x["data"]["due"]
        helpd.stop()
        helpd.start(env=later)
        time.sleep(1)
        helpd.stop()
        assert len(web.seen) == 2
        helpd.run("verify")
        open(helpd.etc + "/sla.conf", "a").write('sla "x" { calendar "always"; normal { resolution "2h"; } escalate "100%" { webhook ["opps"]; } }\n')
        said = helpd.run("check", status=None)
        assert 'did you mean "ops"' in said + said.err
        helpd.write_conf(text)
        with open(helpd.etc + "/sla.conf", "w") as f:
            f.write("")


def test_rule(h, tmp_path):
    """A rule posts: `webhook` of vnd.helpd, and a notify to a URL that helpd.conf names; no other URL."""
    with servers.Authority(tmp_path) as ca, Receiver(cert=ca.issue("localhost")) as web:
        trusted = shutil.copy(ca.file, h.base)
        os.chmod(trusted, 0o644)
        helpd, inbox = desk(h, web.url + "/in", f'ca_file "{trusted}";')
        os.makedirs(helpd.etc + "/rules.d", exist_ok=True)

        def rule(text):
            with open(helpd.etc + "/rules.d/10.sieve", "w") as f:
                f.write(text)

        rule('require ["vnd.helpd", "enotify"];\nwebhook "ops";\nnotify :message "burning" "%s/in";\n' % web.url)
        inbox.put(mail())
        helpd.once()
        assert len(web.seen) == 2 and all(signed(x[1], x[2]) for x in web.seen), web.seen
        assert web.events() == ["rule", "rule"] and "10.sieve:" in web.bodies()[0]["cause"]
        assert any("burning" in json.dumps(b.get("data")) for b in web.bodies())
        assert web.bodies()[0]["article"]["seq"] == 1
        rule('require ["vnd.helpd", "enotify"];\nnotify "https://elsewhere.example/";\n')
        said = helpd.run("check", status=None)
        assert "no webhook of helpd.conf has this URL" in said + said.err
        rule('require ["vnd.helpd"];\nwebhook "opps";\n')
        said = helpd.run("check", status=None)
        assert 'did you mean "ops"' in said + said.err
        rule("keep;\n")
        helpd.run("verify")


def test_check(h, tmp_path):
    """`helpd check` judges the URL and the events; --connect tries TLS and posts nothing."""
    with servers.Authority(tmp_path) as ca, Receiver(cert=ca.issue("localhost")) as web:
        helpd, _ = desk(h, web.url + "/secret-path", 'events ["new"];')
        said = helpd.run("check", "--connect", status=None)
        assert "webhook" in said and "certificate" in said and "secret-path" not in said
        text = open(helpd.etc + "/helpd.conf").read()
        helpd.write_conf(text.replace('events ["new"];', f'ca_file "{ca.file}"; events ["new"];'))
        said = helpd.run("check", "--connect")
        assert "reached" in said and not web.seen
        helpd.write_conf(text.replace(web.url, "http://ops.example").replace('"new"', '"new", "stauts"'))
        said = helpd.run("check", status=None)
        assert "only to this machine" in said + said.err and 'did you mean "status"' in said + said.err
