"""Posting to URLs (net/http) against servers that answer well, badly, and with redirects of every kind."""
import http.server
import json
import socket
import ssl
import subprocess
import threading

import pytest

import servers
from net_tools import _tool


class Web:
    """A web server on loopback; answers[path] = (status, headers, body)."""

    def __init__(self, answers, cert=None):
        web = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                web.seen.append((self.path, dict(self.headers), body))
                status, headers, text = answers.get(self.path, (404, {}, "no such place"))
                if status is None:
                    self.close_connection = True
                    return
                data = text.encode() if isinstance(text, str) else text
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert.cert, cert.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if cert else 'http'}://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def post(*args, body=b'{"x": 1}'):
    p = subprocess.run([_tool("http_tool"), *map(str, args)], input=body, capture_output=True, timeout=60)
    for bad in (b"AddressSanitizer", b"runtime error"):
        assert bad not in p.stderr, p.stderr
    lines = p.stdout.decode().splitlines()
    assert len(lines) == 2 and lines[0] == lines[1] or p.returncode == 1, lines
    return lines[0]


def test_posts():
    with Web({"/hook": (200, {}, "thanks\r\nmuch")}) as w:
        assert post(w.url + "/hook", "X-Helpd-Event=new") == "ok 200: thanks  much"
        assert len(w.seen) == 2
        path, headers, body = w.seen[0]
        assert json.loads(body) == {"x": 1}
        assert headers["Content-Type"] == "application/json" and headers["X-Helpd-Event"] == "new"
        assert "Expect" not in headers


@pytest.mark.parametrize("status, want", [(201, "ok"), (204, "ok"), (400, "refused"), (401, "refused"), (404, "refused"), (408, "later"),
                                          (410, "refused"), (429, "later"), (500, "later"), (503, "later"), (302, "refused"), (303, "refused")])
def test_statuses(status, want):
    with Web({"/": (status, {"Location": "/elsewhere"} if status // 100 == 3 else {}, "" if status == 204 else "x")}) as w:
        assert post(w.url + "/").startswith(f"{want} {status}")
        assert {p for p, _, _ in w.seen} == {"/"}


def test_redirects():
    with Web({"/end": (200, {}, "here")}) as end:
        answers = {"/a": (307, {"Location": end.url + "/end"}, ""), "/loop": (308, {"Location": "/loop"}, ""), "/empty": (307, {}, ""),
                   "/file": (307, {"Location": "file:///etc/passwd"}, ""), "/meta": (308, {"Location": "http://169.254.169.254/latest/"}, "")}
        with Web(answers) as w:
            # This machine is a private network too.
            assert "private network" in post(w.url + "/a") and not end.seen
            assert post("--private", w.url + "/a") == "ok 200: here"
            assert end.seen[0][2] == b'{"x": 1}'
            assert "too many redirects" in post("--private", w.url + "/loop")
            assert "redirect to nowhere" in post(w.url + "/empty")
            assert post("--private", w.url + "/file").startswith(("later", "refused"))
            assert "this machine" in post("--private", w.url + "/meta")


def test_tls(base):
    with servers.Authority(base) as ca, Web({"/": (200, {}, "x")}, ca.issue("localhost")) as good, \
            Web({"/": (200, {}, "x")}, ca.issue("other.example")) as other, Web({"/": (200, {}, "x")}, ca.issue("localhost", expired=True)) as old:
        assert post("--ca", ca.file, good.url + "/") == "ok 200: x"
        assert post(good.url + "/").startswith("later")
        assert post("--ca", ca.file, other.url + "/").startswith("later")
        assert post("--ca", ca.file, old.url + "/").startswith("later")
        assert not other.seen and not old.seen and len(good.seen) == 2
    with servers.Authority(base + "/2") as ca, Web({"/": (200, {}, "plain")}) as plain, \
            Web({"/down": (307, {"Location": plain.url + "/"}, "")}, ca.issue("localhost")) as w:
        assert "away from https" in post("--private", "--ca", ca.file, w.url + "/down") and not plain.seen


def test_no_answer():
    with Web({"/": (None, {}, "")}) as w:
        assert post("--timeout", 2, w.url + "/").startswith("unknown")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").startswith("later")
    with socket.socket() as s:  # takes the connection, and says nothing
        s.bind(("127.0.0.1", 0))
        s.listen(5)
        assert post("--timeout", 1, f"http://127.0.0.1:{s.getsockname()[1]}/").startswith("unknown")


def test_answers_without_end():
    with Web({"/": (200, {}, b"x" * (8 << 20))}) as w:
        got = post(w.url + "/")
        assert got.startswith("ok 200: xxx") and len(got) < 600


def test_refused():
    for url in ("http://example.org/", "ftp://localhost/", "https://u:p@localhost/"):
        assert post(url).startswith("invalid")
