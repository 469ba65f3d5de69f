"""A person asks what is kept of him, and to be forgotten."""
import json
import mailbox
import os
import re
import stat
import subprocess

from house import HELPD, mail, wait_for
from test_merge import with_file

ANN = "ann@customer.example"
JOANN = "Jo Ann <joann@customer.example>"
WORDS = (b"quicksilver", b"marmalade", b"Printer on fire", b"zinnober", b"velociraptor", b"ann1@customer", b"bill.pdf")


def history(h):
    """Two tickets of Ann's, merged; one of Joann's in which Ann takes part; one of Joann's alone."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(with_file(mid="<ann1@customer.example>", body="The quicksilver runs.\nFrom here on.\n"))
    inbox.put(mail(mid="<ann2@customer.example>", subject="Zinnober again", body="marmalade\n"))
    helpd.once()
    inbox.put(mail(sender=JOANN, mid="<jo1@customer.example>", subject="Roof", Cc=ANN, body=f"I and {ANN} see a pterodactyl.\n"))
    inbox.put(mail(sender=JOANN, mid="<jo2@customer.example>", subject="Cellar", body="Only a stegosaurus.\n"))
    helpd.once()
    helpd.run("note", "1", "--message", f"The velociraptor of {ANN} is known.")
    helpd.run("reply", "1", "--message", "Put the quicksilver out.")
    helpd.run("merge", "2", "1")
    helpd.run("set", str(cellar(helpd)), f"cc=+{ANN}")
    helpd.run("set", str(cellar(helpd)), f"cc=-{ANN}")
    inbox.put(mail(mid="<ann3@customer.example>", subject="Re: Roof", References="<jo1@customer.example>", In_Reply_To="<jo1@customer.example>",
                   body="A velociraptor, rather.\n"))
    helpd.once()
    return helpd, inbox


def held_by(helpd, base, name):
    """What a compact copy of the store holds."""
    copy = os.path.join(base, name)
    helpd.run("backup", copy)
    data = b""
    for top, _, files in os.walk(copy):
        for f in files:
            with open(os.path.join(top, f), "rb") as fd:
                data += fd.read()
    return data


def names(data, addr=ANN.encode()):
    return re.findall(rb"(?<![a-z0-9])" + re.escape(addr), data)


def roof(helpd):
    return next(t["id"] for t in helpd.tickets() if t["subject"] == "Roof")


def cellar(helpd):
    return next(t["id"] for t in helpd.tickets() if t["subject"] == "Cellar")


def base_of(helpd):
    return os.path.dirname(helpd.data)


def test_export(h):
    helpd, _ = history(h)
    out = os.path.join(base_of(helpd), "of-ann")
    helpd.run("export", ANN, out)
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o700
    assert {stat.S_IMODE(os.stat(os.path.join(out, f)).st_mode) for f in os.listdir(out)} == {0o600}

    def lines(name):
        with open(os.path.join(out, name), encoding="utf-8") as f:
            return [json.loads(x) for x in f]
    assert lines("person.json")[0]["address"] == ANN
    assert sorted(t["id"] for t in lines("tickets.jsonl")) == sorted([1, 2, roof(helpd)])
    articles = lines("articles.jsonl")
    text = json.dumps(articles)
    for word in ("quicksilver", "marmalade", "velociraptor", "pterodactyl"):
        assert word in text
    assert "stegosaurus" not in text
    box = mailbox.mbox(os.path.join(out, "mails.mbox"), create=False)
    raw = [bytes(m) for m in box]
    assert len(raw) == len([a for a in articles if a["direction"] != "note"])
    assert sum(b"quicksilver" in m for m in raw) >= 2
    assert any(b"\n>From here on." in m for m in raw)
    assert not any(b"stegosaurus" in m for m in raw)
    assert ANN in json.dumps(lines("events.jsonl"))
    # A directory that is there is not written into.
    helpd.run("export", ANN, out, status=73)
    helpd.run("verify")


def finds(helpd, word):
    said = helpd.run("search", word, "--json", status=None)
    assert said.status == (0 if said else 1)
    return [json.loads(line)["subject"] for line in said.splitlines()]


def test_erase(h):
    helpd, inbox = history(h)
    base = base_of(helpd)
    before = {t["id"]: (t["status"], t["created"]) for t in helpd.json("list", "--all")}
    counts = json.loads(helpd.run("verify", "--json"))["counts"]
    assert helpd.run("erase", ANN, status=65) == ""
    assert names(held_by(helpd, base, "b0"))

    said = helpd.run("erase", ANN, "--yes")
    assert f"#{roof(helpd)} article 1 is of others and names the address" in said
    assert "erased-1@invalid" in said
    # Nothing is read again, nothing has another number.
    helpd.once()
    assert {t["id"]: (t["status"], t["created"]) for t in helpd.json("list", "--all")} == before
    after = json.loads(helpd.run("verify", "--json"))["counts"]
    for key in ("tickets", "articles", "ledger", "hashes"):
        assert after[key] == counts[key], key
    shown = helpd.show(1)
    assert shown["subject"] == "erased" and shown["requester"] == {"name": "", "address": "erased-1@invalid"}
    assert {a["text"] for a in shown["articles"]} == {"erased"}
    assert any(e["kind"] == "erased" and e["actor"].startswith("cli:") for e in shown["events"])
    # What Joann wrote is as it was, but for the address; the rest is as if she had never named her.
    words = helpd.show(roof(helpd))
    assert "pterodactyl" in words["articles"][0]["text"]
    assert "velociraptor" not in json.dumps(words)
    assert ANN not in re.findall(r"(?<![a-z])ann@customer\.example", json.dumps(words["participants"]))
    for word in ("quicksilver", "marmalade", "zinnober", "velociraptor", "bill.pdf"):
        assert finds(helpd, word) == [], word
    assert finds(helpd, "stegosaurus") == ["Cellar"] and finds(helpd, "roof") == ["Roof"]
    # Her words name Ann: they go when she asks for it.
    helpd.run("erase", "joann@customer.example", "--yes", "--json")
    helpd.run("verify")
    data = held_by(helpd, base, "b1")
    assert not names(data) and b"joann@customer" not in data
    for word in WORDS + (b"pterodactyl", b"stegosaurus"):
        assert word.lower() not in data.lower(), word
    for word in ("quicksilver", "marmalade", "zinnober", "velociraptor", "pterodactyl", "roof", ANN, "bill.pdf"):
        assert finds(helpd, word) == [], word
    # A person who comes back is a new one.
    inbox.put(mail(mid="<ann9@customer.example>", subject="Hello", body="Me again.\n"))
    helpd.once()
    assert helpd.json("list", "--requester", ANN)[0]["subject"] == "Hello"
    helpd.run("verify")


def test_refused(h):
    helpd, _ = history(h)
    helpd.run("erase", "support@acme.example", "--yes", status=65)
    helpd.run("erase", "--continue", status=66)
    helpd.run("erase", status=64)
    assert finds(helpd, "quicksilver")
    # Nobody we know: nothing happens.
    assert json.loads(helpd.run("erase", "nobody@else.example", "--yes", "--json"))["tickets"] == 0
    assert finds(helpd, "quicksilver")


def test_with_daemon(h):
    """The daemon goes on meanwhile: its terms in memory, its mails, and what comes in."""
    helpd, inbox = history(h)
    base = base_of(helpd)
    helpd.start()
    inbox.put(mail(mid="<ann7@customer.example>", subject="Late", body="A marmalade moon.\n"))
    wait_for(lambda: any(t["subject"] == "Late" for t in helpd.tickets()))
    helpd.run("erase", ANN, "--yes")
    inbox.put(mail(sender=JOANN, mid="<jo9@customer.example>", subject="Attic", body="A triceratops.\n"))
    wait_for(lambda: finds(helpd, "triceratops") == ["Attic"])
    helpd.stop()
    helpd.run("verify")
    data = held_by(helpd, base, "b2")
    for word in WORDS:
        assert word.lower() not in data.lower(), word
    assert finds(helpd, "marmalade") == []


def test_killed(h):
    """Killed at growing delays and continued: it ends, and nothing of her is left."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    for i in range(60):
        inbox.put(mail(mid=f"<k{i}@customer.example>", subject=f"Zinnober {i}", body=f"marmalade {i}\n"))
    inbox.put(mail(sender=JOANN, mid="<jo1@customer.example>", subject="Cellar", body="Only a stegosaurus.\n"))
    helpd.once()
    cut = told = 0
    for i in range(40):
        pending = helpd.run("verify", status=None)
        assert pending.status == 0 or "has not ended" in pending
        args = ("erase", "--continue") if pending.status else ("erase", ANN, "--yes")
        if not pending.status and i and not helpd.json("list", "--all", "--requester", ANN):
            break
        p = subprocess.Popen([HELPD, "-c", helpd.etc, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=helpd.env())
        try:
            p.wait(0.05 + 0.04 * i)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            cut += 1
            told += "erase --continue" in helpd.once().err
    assert cut and told
    assert helpd.run("verify", status=None).status == 0
    data = held_by(helpd, base_of(helpd), "b3")
    assert not names(data) and b"marmalade" not in data and b"innober" not in data
    assert finds(helpd, "marmalade") == [] and finds(helpd, "stegosaurus") == ["Cellar"]
    helpd.once()
    assert len(helpd.tickets()) == 61
