"""Runs the two drivers of net/ (tests/net/imap_tool, smtp_tool) and gives their output."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from servers import PASSWORD, USER

HERE = Path(__file__).resolve()
BUILD = Path(os.environ.get("HELPD_BUILD") or (Path(os.environ["HELPD"]).resolve().parent
                                               if os.environ.get("HELPD") else HERE.parents[2]))


class Result:
    def __init__(self, process, seconds):
        self.code, self.out, self.err, self.seconds = process.returncode, process.stdout, process.stderr, seconds
        self.lines = self.out.splitlines()
        for bad in ("AddressSanitizer", "runtime error", "LeakSanitizer"):
            assert bad not in self.err, self.err

    def starting(self, word):
        return [line for line in self.lines if line.startswith(word + " ")]


def _tool(name):
    path = BUILD / "tests" / "net" / name
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path)


def _environ(secret, env):
    return {**os.environ, "SECRET": secret, **(env or {})}


def imap(mode, port, *verbs, ca=None, user=USER, secret=PASSWORD, host="localhost", timeout=5, env=None):
    start = time.monotonic()
    p = subprocess.run([_tool("imap_tool"), mode, host, str(port), str(ca or "-"), user, str(timeout),
                        *map(str, verbs)], capture_output=True, text=True, env=_environ(secret, env), timeout=120)
    r = Result(p, time.monotonic() - start)
    assert secret not in r.err
    return r


def imap_start(mode, port, *verbs, ca=None, user=USER, secret=PASSWORD, host="localhost", timeout=5):
    return subprocess.Popen([_tool("imap_tool"), mode, host, str(port), str(ca or "-"), user, str(timeout),
                             *map(str, verbs)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=_environ(secret, None))


def smtp(mode, port, what, *addresses, ca=None, user="-", secret=PASSWORD, host="localhost", timeout=5, count=1,
         env=None):
    start = time.monotonic()
    p = subprocess.run([_tool("smtp_tool"), mode, host, str(port), str(ca or "-"), user, str(timeout), str(count),
                        str(what), *addresses], capture_output=True, text=True, env=_environ(secret, env), timeout=120,
                       input="\n" * 100)
    r = Result(p, time.monotonic() - start)
    assert secret not in r.err + r.out
    return r
