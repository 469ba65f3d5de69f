"""Fixtures of the tests from end to end; see house.py."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import house  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; run by contrib/check --long")


def pytest_collection_modifyitems(config, items):
    if config.option.markexpr or os.environ.get("HELPD_LONG"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: contrib/check --long"))


@pytest.fixture(scope="session", autouse=True)
def program():
    if not os.access(house.HELPD, os.X_OK):
        pytest.exit(f"{house.HELPD} is not built; HELPD names another one", 2)


@pytest.fixture
def base():
    """A directory that the unprivileged user can enter, kept when the test fails."""
    path = tempfile.mkdtemp(prefix="helpd-e2e.")
    os.chmod(path, 0o755)
    yield path
    if not os.environ.get("HELPD_KEEP"):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def tmp_path(base):
    """The same: pytest's own lie so deep, when tests run side by side, that a socket's name has no room there."""
    return pathlib.Path(base)


class House:
    """Builds what a test needs and ends all of it."""

    def __init__(self, base):
        self.base = base
        self.things = []

    def _keep(self, thing):
        self.things.append(thing)
        return thing

    def helpd(self, mailboxes="", transports=None, name="helpd", **kw):
        """Without transports, mail goes out to the Maildir .out."""
        out = None
        if transports is None:
            out = house.Maildir(os.path.join(self.base, name + "-out"))
            transports = f'transport "out" {{ maildir "{out.path}"; }}'
        h = self._keep(house.Helpd(os.path.join(self.base, name), mailboxes, transports, **kw))
        h.out = out
        return h

    def maildir(self, name="inbox"):
        return house.Maildir(os.path.join(self.base, name))

    def dovecot(self):
        if missing := house.have("dovecot", "doveadm", "openssl"):
            pytest.skip(missing + " is not installed")
        return self._keep(house.Dovecot(os.path.join(self.base, "dovecot")))

    def sink(self, *args, name="sink"):
        if house.have("smtp-sink"):
            pytest.skip("smtp-sink (postfix) is not installed")
        return self._keep(house.Sink(os.path.join(self.base, name), *args))

    def postfix(self, boxes, pipe=None):
        if house.have("postfix"):
            pytest.skip("postfix is not installed")
        if not house.ROOT:
            pytest.skip("Postfix wants to be started by root")
        return self._keep(house.Postfix(os.path.join(self.base, "postfix"), boxes, pipe))

    def mutt(self, port, address="ann@customer.example", name="Ann Baker", inbox=None):
        if missing := house.have("mutt", "tmux"):
            pytest.skip(missing + " is not installed")
        return house.Mutt(os.path.join(self.base, "mutt"), port, address, name, inbox)

    def close(self):
        # helpd first: what it logs while its servers vanish is not its fault.
        problems = []
        for thing in sorted(self.things, key=lambda t: not isinstance(t, house.Helpd)):
            try:
                thing.close()
                # Whatever a test did to it, every invariant holds afterwards.
                if isinstance(thing, house.Helpd) and os.path.isdir(thing.data + "/store"):
                    thing.run("verify")
                    assert not thing.leaks(), thing.leaks()
            except AssertionError as e:
                problems.append(e)
        if problems:
            raise problems[0]


@pytest.fixture
def h(base):
    built = House(base)
    yield built
    built.close()
