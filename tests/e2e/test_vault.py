"""Stored mail is kept sealed: nothing of it is on the disk, and an erased person's is dead in old backups too."""
import glob
import json
import os
import shutil
import stat

import pytest

from house import GROUP, ROOT, USER, give, mail, reply_to, wait_for

ANN = "ann@customer.example"
BOB = "bob@customer.example"
# What nobody writes by chance, and not as a part of something else.
WORDS = {
    "subject": "Zwetschgenkuchen", "body": "quicksilver", "name": "Rumpelstilzchen", "file": "marmalade", "answer": "velociraptor",
    "note": "pterodactyl", "second": "stegosaurus", "html": "chrysanthemum", "bob": "brontosaurus",
}


def with_parts(subject, mid):
    from email.message import EmailMessage
    m = EmailMessage()
    m["From"] = f'"{WORDS["name"]}" <{ANN}>'
    m["To"] = "support@acme.example"
    m["Subject"] = subject
    m["Message-ID"] = mid
    m["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    m.set_content(f"The {WORDS['body']} runs.\n")
    m.add_alternative(f"<p>The {WORDS['html']} blooms.</p>", subtype="html")
    m.add_attachment(b"%PDF-1.4 " + os.urandom(3000), maintype="application", subtype="pdf", filename=WORDS["file"] + ".pdf")
    return bytes(m)


def desk(h, sealed=True, rest=""):
    inbox = h.maildir()
    out = h.maildir("out")
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', f'transport "default" {{ maildir "{out.path}"; }}', rest=rest or "\n")
    if sealed:
        turn_on(helpd)
    return helpd, inbox, out


def turn_on(helpd, more=""):
    turn_off(helpd)
    helpd.conf += helpd.seals(more)
    helpd.write_conf(helpd.conf)


def turn_off(helpd):
    helpd.conf = "".join(line for line in helpd.conf.splitlines(True) if not line.startswith("encryption"))
    helpd.write_conf(helpd.conf)


def live(helpd, inbox, out):
    """A day at the desk: two customers, an answer, a note, a reply."""
    inbox.put(with_parts(WORDS["subject"], "<ann1@customer.example>"))
    inbox.put(mail(sender=f"Bob <{BOB}>", mid="<bob1@customer.example>", subject="Lawn", body=f"The {WORDS['bob']} ate it.\n"))
    helpd.once()
    n = ticket_of(helpd, ANN)
    helpd.run("note", str(n), "--message", f"Beware of the {WORDS['note']}.")
    helpd.run("reply", str(n), "--message", f"Send the {WORDS['answer']}.")
    helpd.run("set", str(n), "field.order=4711")
    helpd.once()
    answer = next(m for m in out.mails() if WORDS["answer"] in m.get_body(("plain",)).get_content())
    inbox.put(reply_to(answer, f"And a {WORDS['second']}, please.\n", sender=f'"{WORDS["name"]}" <{ANN}>'))
    helpd.once()
    return n


def ticket_of(helpd, who):
    return next(t["id"] for t in helpd.tickets() if t["requester"]["address"] == who)


def bytes_below(*places):
    data = {}
    for place in places:
        for top, _, files in os.walk(place):
            for f in files:
                path = os.path.join(top, f)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as fd:
                        data[path] = fd.read().lower()
    return data


def found(data):
    return {key for key, word in WORDS.items() if any(word.lower().encode() in x for x in data.values())}


def backup(helpd, name):
    to = os.path.join(helpd.base, name)
    helpd.run("backup", to)
    return to


def restore(helpd, copy):
    shutil.rmtree(os.path.join(helpd.data, "store"))
    helpd.run("restore", copy)


@pytest.mark.parametrize("sealed", [False, True])
def test_nothing_in_clear(h, sealed):
    helpd, inbox, out = desk(h, sealed)
    live(helpd, inbox, out)
    data = bytes_below(helpd.data, backup(helpd, "copy"))
    assert any(p.endswith("data.mdb") for p in data)
    # The name of a person is in clear: it is an index of people, not of mail.
    assert found(data) - {"name"} == (set() if sealed else set(WORDS) - {"html", "name"})
    assert any(p.endswith("/data/vault") for p in data) == sealed
    assert not any("copy" in p and "vault" in p for p in data)
    if sealed:
        assert stat.S_IMODE(os.stat(os.path.join(helpd.data, "vault")).st_mode) == 0o600
    helpd.run("verify")


def test_all_of_it_is_read(h):
    helpd, inbox, out = desk(h)
    n = live(helpd, inbox, out)
    shown = helpd.show(n)
    assert shown["subject"] == WORDS["subject"] and shown["fields"] == {"order": "4711"}
    texts = "\n".join(a["text"] for a in shown["articles"])
    assert all(WORDS[w] in texts for w in ("body", "answer", "note", "second"))
    assert WORDS["body"].encode() in helpd.run("show", str(n), "--raw", "1").encode()
    to = os.path.join(helpd.base, "saved")
    os.mkdir(to)
    give(to)
    helpd.run("show", str(n), "--save", to)
    assert glob.glob(to + "/*.pdf")
    for word in ("subject", "body", "file", "answer", "note", "second"):
        assert [t["id"] for t in helpd.json("search", WORDS[word])] == [n], word
    assert [t["id"] for t in helpd.json("search", WORDS["body"], WORDS["second"])] == [n]
    assert helpd.run("search", "xylophone", status=1) == ""
    assert "whole word" in helpd.run("search", "quicksil*", status=65).err
    assert "Lawn" in helpd.run("list")
    place = os.path.join(helpd.base, "of-ann")
    helpd.run("export", ANN, place)
    with open(place + "/articles.jsonl", encoding="utf-8") as f:
        assert WORDS["second"] in f.read()
    helpd.run("split", str(n), "1")
    assert WORDS["body"].encode() in helpd.run("show", str(max(t["id"] for t in helpd.tickets())), "--raw", "1").encode()
    helpd.run("verify")
    state = json.loads(helpd.run("vault", "--json"))
    assert state["mails_plain"] == state["rows_plain"] == state["keys_missing"] == 0
    assert state["keys"] >= 2 and state["mails_sealed"] > 4


def test_erased_in_old_backups(h):
    helpd, inbox, out = desk(h)
    n = live(helpd, inbox, out)
    bob = ticket_of(helpd, BOB)
    old = backup(helpd, "old")
    said = helpd.run("erase", ANN, "--yes")
    assert "the key is forgotten" in said
    helpd.run("verify")
    # What comes from her later is not dead.
    inbox.put(mail(sender=ANN, mid="<ann9@customer.example>", subject="Again", body="A new day.\n"))
    helpd.once()
    assert helpd.show(ticket_of(helpd, ANN))["articles"][0]["text"].strip() == "A new day."

    restore(helpd, old)
    shown = helpd.show(n)
    assert shown["subject"] == "erased" and not shown["fields"]
    assert {a["text"] for a in shown["articles"]} == {"erased"}
    raw = helpd.run("show", str(n), "--raw", "1", status=None)
    assert raw.status != 0 and raw == ""
    assert WORDS["bob"] in helpd.show(bob)["articles"][0]["text"]
    assert WORDS["bob"] in helpd.run("show", str(bob), "--raw", "1")
    helpd.run("verify")
    # Life goes on with it, and what is new is not dead either.
    inbox.put(mail(sender=ANN, mid="<ann10@customer.example>", subject="Third", body="A third day.\n"))
    helpd.once()
    third = max(t["id"] for t in helpd.tickets())
    assert helpd.show(third)["articles"][0]["text"].strip() == "A third day."
    helpd.run("set", str(n), "priority=high")
    helpd.run("verify")
    data = bytes_below(helpd.data, old)
    assert found(data) - {"name"} == set()


def test_without_the_key(h):
    helpd, inbox, out = desk(h)
    n = live(helpd, inbox, out)
    good = helpd.conf
    # Another key, none, an open one, a file that is none.
    key = os.path.join(helpd.etc, "mail.key")
    with open(key) as f:
        text = f.read()
    for change, word in (("0" * 64 + "\n", "not the one"), ("what\n", "hexadecimal"), ("", "empty")):
        with open(key, "w") as f:
            f.write(change)
        assert word in helpd.run("list", status=None).err
        assert helpd.run("run", "--once", status=None).status != 0
    os.unlink(key)
    inbox.put(mail(sender=f"Bob <{BOB}>", mid="<bob7@customer.example>", subject="Unread", body="Later.\n"))
    assert "mail.key" in helpd.run("run", "--once", status=None).err
    with open(key, "w") as f:
        f.write(text)
    give(key)
    os.chmod(key, 0o644)
    assert "chmod 600" in helpd.run("list", status=None).err
    os.chmod(key, 0o600)
    turn_off(helpd)
    assert "encryption" in helpd.run("run", "--once", status=None).err
    # Nothing was taken meanwhile, nothing is lost.
    helpd.write_conf(good)
    helpd.once()
    assert [t["subject"] for t in helpd.tickets()].count("Unread") == 1
    # No vault: not a new one, which would hide that the keys are gone.
    vault = os.path.join(helpd.data, "vault")
    os.rename(vault, vault + ".away")
    assert "put it back" in helpd.run("list", status=None).err
    assert not os.path.exists(vault)
    os.rename(vault + ".away", vault)
    assert WORDS["second"] in "".join(helpd.texts(n))
    helpd.run("verify")


def test_turned_on_and_off(h):
    helpd, inbox, out = desk(h, sealed=False)
    n = live(helpd, inbox, out)
    helpd.start()
    turn_on(helpd)
    # Who runs without a key stores nothing any more.
    helpd.expected.append("sealed by now")
    helpd.run("vault", "init")
    inbox.put(mail(sender=f"Bob <{BOB}>", mid="<bob2@customer.example>", subject="Hedge", body="The hedge too.\n"))
    wait_for(lambda: "sealed by now" in open(helpd.log).read())
    helpd.stop()
    helpd.once()
    assert any(t["subject"] == "Hedge" for t in helpd.tickets())
    helpd.start()
    before = json.loads(helpd.run("vault", "--json"))
    assert before["mails_plain"] and before["rows_plain"]
    assert int(json.loads(helpd.run("vault", "seal", "--json"))["sealed"]) > 5
    assert json.loads(helpd.run("vault", "seal", "--json"))["sealed"] == 0
    helpd.stop()
    after = json.loads(helpd.run("vault", "--json"))
    assert after["mails_plain"] == after["rows_plain"] == 0
    assert found(bytes_below(backup(helpd, "sealed"))) - {"name"} == set()
    for word in ("subject", "body", "answer", "second", "bob"):
        assert len(helpd.json("search", WORDS[word])) == 1, word
    helpd.run("verify")
    # No more of it: what is sealed is still read, what comes is in clear.
    turn_on(helpd, 'new_mail "no";')
    inbox.put(mail(sender=f"Bob <{BOB}>", mid="<bob3@customer.example>", subject="Pond", body="A hippocampus swims.\n"))
    helpd.once()
    assert b"hippocampus" in b"".join(bytes_below(helpd.data).values())
    assert len(helpd.json("search", "hippocampus")) == 1
    assert WORDS["second"] in "".join(helpd.texts(n))
    turn_on(helpd)
    helpd.run("vault", "seal")
    data = bytes_below(backup(helpd, "again"))
    assert b"hippocampus" not in b"".join(data.values()) and found(data) - {"name"} == set()
    assert len(helpd.json("search", "hippocampus")) == 1
    helpd.run("verify")


def test_another_master_key(h):
    helpd, inbox, out = desk(h)
    n = live(helpd, inbox, out)
    new = os.path.join(helpd.etc, "new.key")
    helpd.start()
    assert "stop it first" in helpd.run("vault", "rewrap", new, status=75).err
    helpd.stop()
    helpd.run("vault", "rewrap", new)
    assert stat.S_IMODE(os.stat(new).st_mode) & 0o137 == 0
    assert "not the one" in helpd.run("list", status=None).err
    helpd.write_conf(helpd.conf.replace("mail.key", "new.key"))
    os.unlink(os.path.join(helpd.etc, "mail.key"))
    assert WORDS["second"] in "".join(helpd.texts(n))
    inbox.put(mail(sender=BOB, mid="<bob4@customer.example>", subject="Shed", body="x\n"))
    helpd.once()
    helpd.run("verify")


def test_older_vault(h):
    """A vault from before somebody wrote: his mail cannot be read and is told; put back, it can."""
    helpd, inbox, out = desk(h)
    live(helpd, inbox, out)
    vault = os.path.join(helpd.data, "vault")
    shutil.copy(vault, vault + ".old")
    inbox.put(mail(sender="eve@customer.example", mid="<eve@customer.example>", subject="Apple", body="Take one.\n"))
    helpd.once()
    n = ticket_of(helpd, "eve@customer.example")
    os.rename(vault, vault + ".new")
    shutil.copy(vault + ".old", vault)
    os.chmod(vault, 0o600)
    give(vault)
    assert "key" in helpd.show(n)["articles"][0]["text"]
    said = helpd.run("verify", status=65)
    assert f"ticket {n}: it is sealed with key" in said and "which the vault does not have" in said
    assert "does not have" in helpd.run("show", str(n), "--raw", "1", status=None).err
    helpd.run("set", str(n), "priority=high")
    os.rename(vault + ".new", vault)
    assert helpd.show(n)["articles"][0]["text"].strip() == "Take one."
    assert helpd.show(n)["subject"] == "Apple" and helpd.show(n)["priority"] == "high"
    helpd.run("verify")


def test_killed(h):
    """Killed again and again while mail of new people comes: each is read in the end, and every key is there."""
    helpd, inbox, _ = desk(h)
    for i in range(5):
        helpd.start()
        for k in range(8):
            who = f"p{i}-{k}@customer.example"
            inbox.put(mail(sender=who, mid=f"<{who}>", subject=f"Mail {i} {k}", body=f"dinosaur {i} {k}\n"))
        wait_for(lambda: helpd.run("list", "--all").count("Mail") > 8 * i + i)
        helpd.kill()
    helpd.once()
    tickets = helpd.tickets()
    assert len(tickets) == 40
    for t in tickets:
        assert helpd.show(t["id"])["articles"][0]["text"].strip() == t["subject"].replace("Mail", "dinosaur")
    state = json.loads(helpd.run("vault", "--json"))
    assert state["keys"] >= 40 and state["rows_plain"] == state["mails_plain"] == state["keys_missing"] == 0
    helpd.run("verify")
