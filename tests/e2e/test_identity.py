"""Whose mail is it: what is held, asked about, confirmed, released, and alerted, with the real program from mailbox to mailbox."""
import re

from house import mail, wait_for

AGENTS = 'agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; }\nagent "ben" { address ["ben@desk.example"]; }\n'
MX = 'trust_authserv ["mx.desk.example"]; '


def house(h, site=MX):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site=site)
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    return helpd, inbox


def by_anna(text, to="support@acme.example", results="", **headers):
    lines = [f"Authentication-Results: mx.desk.example; {results}"] if results else []
    lines += ["From: Anna Berg <anna@desk.example>", f"To: {to}"] + [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + text + "\r\n").encode()


def to_anna(helpd, words):
    return [m for m in helpd.out.mails() if "anna@desk.example" in str(m["To"]) and words in str(m["Subject"])]


def text(m):
    return m.get_body(("plain",)).get_content()


def held(helpd):
    return helpd.json("quarantine")


def answer(m, words):
    return by_anna(words, to=str(m["Reply-To"]), Subject="Re: x", In_Reply_To=str(m["Message-ID"]), Message_ID="<answer@desk.example>")


def confirm(helpd, inbox):
    """Anna's mail without any proof, and the question it leads to."""
    inbox.put(by_anna("#note\nThe customer called.", Subject="About Ann", Message_ID="<fresh@desk.example>"))
    helpd.once()
    (q,) = held(helpd)
    assert q["reason"].startswith("row 6: no trusted result and no token")
    assert helpd.tickets() == []
    (m,) = to_anna(helpd, "Was this you?")
    assert "> #note" in text(m) and "row 6" in text(m)
    assert re.match(r"support\+0\.[a-z2-7]{8}\.[a-z2-7]{27}@acme\.example", m["Reply-To"].addresses[0].addr_spec)
    return m


def test_confirmed(h):
    """She says that it is hers: it is read again, as row 7."""
    helpd, inbox = house(h)
    m = confirm(helpd, inbox)
    inbox.put(answer(m, "#send"))
    helpd.once()
    assert held(helpd) == []
    articles = [a for t in helpd.tickets() for a in helpd.show(t["id"])["articles"]]
    assert [a for a in articles if a["message_id"] == "fresh@desk.example" and "row 7" in a["evidence"]], articles
    assert "confirmed by anna" in helpd.said()
    helpd.run("verify")
    assert not helpd.leaks()


def test_confirmed_daemon(h):
    """The same while the daemon runs; a second word for it does nothing."""
    helpd, inbox = house(h)
    m = confirm(helpd, inbox)
    helpd.start()
    inbox.put(answer(m, "#send"))
    wait_for(lambda: held(helpd) == [], 20)
    n = len(helpd.tickets())
    inbox.put(answer(m, "#send").replace(b"answer@", b"again@"))
    wait_for(lambda: any("done already" in text(m) for m in to_anna(helpd, "")), 20)
    assert len([t for t in helpd.tickets()]) <= n + 1
    helpd.stop()
    helpd.run("verify")


def test_not_confirmed(h):
    """Somebody else's #send, to the same address: held too, and the question is void."""
    helpd, inbox = house(h)
    m = confirm(helpd, inbox)
    inbox.put(answer(m, "#send").replace(b"anna@desk.example", b"eve@evil.example"))
    helpd.once()
    assert sorted(q["reason"][:6] for q in held(helpd)) == ["row 3:", "row 6:"]
    assert len(to_anna(helpd, "Your token was used by somebody else")) == 1
    inbox.put(answer(m, "#send").replace(b"answer@", b"late@"))
    helpd.once()
    assert {q["reason"][:5] for q in held(helpd)} == {"row 3", "row 6"}
    assert helpd.tickets() == []
    helpd.run("verify")


def test_admin(h):
    """retry decides again, release lets in what it says for people to read."""
    helpd, inbox = house(h)
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    inbox.put(by_anna("#close", results="dmarc=fail", Subject="Re: [Acme #1] x", Message_ID="<f@desk.example>"))
    helpd.once()
    (q,) = held(helpd)
    assert q["reason"].startswith("row 5: dmarc=fail")
    assert len(to_anna(helpd, "A mail in your name was refused")) == 1
    helpd.run("quarantine", "retry", str(q["id"]), status=65)
    assert [x["id"] for x in held(helpd)] == [q["id"]]
    helpd.run("quarantine", "release", str(q["id"]))
    assert held(helpd) == []
    assert helpd.show(1)["status"] == "new"
    new = helpd.show(2)
    assert new["status"] == "new" and new["articles"][0]["new_text"].strip() == "#close"
    assert new["articles"][0]["flag"].startswith("row 5")
    assert len(to_anna(helpd, "A mail in your name was refused")) == 1
    helpd.run("verify")


def test_proven(h):
    """What the mail server says, and the token: a command is done, and the history names the row."""
    helpd, inbox = house(h)
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    (m,) = to_anna(helpd, "[Acme #1]")
    inbox.put(by_anna("#take", to=str(m["Reply-To"]), results="dmarc=pass header.from=desk.example", Subject="Re: " + m["Subject"], Message_ID="<t@desk.example>"))
    helpd.once()
    shown = helpd.show(1)
    assert shown["assignee"] == "anna"
    (e,) = [e for e in shown["events"] if e["kind"] == "assignee"]
    assert e["actor"] == "agent:anna" and "row 9" in e["cause"]
    helpd.run("verify")
    assert not helpd.leaks()
