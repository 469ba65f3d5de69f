"""Tickets that become one, two, or parts of each other, with the mails of their customers."""
import hashlib
import os

from house import mail, reply_to, wait_for

BOB = "Bob Stone <bob@other.example>"
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40


def with_file(body="See the file.\n", **kw):
    """A mail with an attachment, base64."""
    import base64
    text = base64.encodebytes(PDF).decode()
    return mail(body=f'--b\nContent-Type: text/plain; charset=utf-8\n\n{body}\n--b\nContent-Type: application/pdf; name="bill.pdf"\n'
                f'Content-Disposition: attachment; filename="bill.pdf"\nContent-Transfer-Encoding: base64\n\n{text}--b--\n',
                Content_Type='multipart/mixed; boundary="b"', Content_Transfer_Encoding=None, **kw)


def two(h, **kw):
    """Ann's ticket 1 and Bob's ticket 2, both acknowledged."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', **kw)
    inbox.put(mail(mid="<ann1@customer.example>", body="It smokes.\n"))
    helpd.once()
    inbox.put(mail(sender=BOB, mid="<bob1@other.example>", subject="Smoke in the hall", body="I see smoke.\n"))
    helpd.once()
    return helpd, inbox


def acks(helpd):
    return {m["To"].addresses[0].addr_spec: m for m in helpd.out.mails() if m["Auto-Submitted"]}


def answers(helpd):
    return [m for m in helpd.out.mails() if not m["Auto-Submitted"]]


def test_merge(h):
    """Later mail of the source's customer lands in the target, and the answer reaches both in their threads."""
    helpd, inbox = two(h)
    ack = acks(helpd)["bob@other.example"]
    said = helpd.run("merge", "2", "1")
    assert said == "#2 is part of #1 now (Printer on fire)\n"
    assert [t["id"] for t in helpd.json("list")] == [1]
    assert [t["id"] for t in helpd.json("list", "--requester", "bob@other.example")] == []
    assert sorted(t["id"] for t in helpd.json("list", "--all")) == [1, 2]

    inbox.put(reply_to(ack, "Now the alarm rings.\n", sender=BOB))
    helpd.once()
    assert len(helpd.tickets()) == 2
    shown = helpd.show(1)
    assert shown["merged_from"] == [2] and shown["merged_into"] is None
    assert [(a.get("ticket", 1), a["seq"], a["direction"]) for a in shown["articles"]] == [
        (1, 1, "in"), (1, 2, "out"), (2, 1, "in"), (2, 2, "out"), (1, 3, "in")]
    assert helpd.texts(1) == ["It smokes.", "I see smoke.", "Now the alarm rings."]
    assert shown["articles"][-1]["evidence"].startswith("token") and not shown["articles"][-1]["flag"]
    times = [e["time"] for e in shown["events"]]
    assert times == sorted(times)
    assert [e["detail"] for e in shown["events"] if e["kind"] == "merged"] == ["#2 into this one", "into #1"] or \
           {e["detail"] for e in shown["events"] if e["kind"] == "merged"} == {"#2 into this one", "into #1"}
    assert {"id": 2, "kind": "merged-from", "status": "merged", "subject": "Smoke in the hall"} in shown["relations"]
    old = helpd.show(2)
    assert old["status"] == "merged" and old["merged_into"] == 1 and [a["seq"] for a in old["articles"]] == [1, 2]
    assert "status     merged into #1" in helpd.run("show", "2")
    assert "<- 1 of #2" in helpd.run("show", "1")
    raw = helpd.run("show", "2", "--raw", "1")
    assert "I see smoke." in raw

    helpd.run("reply", "1", "--message", "The fire brigade has come.")
    helpd.once()
    answer, = answers(helpd)
    assert {a.addr_spec for x in ("To", "Cc") for a in answer[x].addresses} == {"ann@customer.example", "bob@other.example"}
    references = str(answer["References"])
    assert "<ann1@customer.example>" in references and "<bob1@other.example>" in references
    # Bob wrote last, so his mail is what is answered.
    assert answer["In-Reply-To"] == shown["articles"][-1]["message_id"] or answer["In-Reply-To"].strip("<>") == shown["articles"][-1]["message_id"]
    # His reply to it, and Ann's, are one ticket still.
    for sender in (BOB, "Ann Baker <ann@customer.example>"):
        inbox.put(reply_to(answer, f"Thanks, says {sender[:3]}, but the door is broken now.\n", sender=sender))
    helpd.once()
    assert len(helpd.tickets()) == 2
    assert len(helpd.show(1)["articles"]) == 8
    assert helpd.run("verify").status == 0


def test_merge_by_number(h):
    """A customer whose client keeps nothing but the subject; a stranger with the same one."""
    helpd, inbox = two(h)
    helpd.run("merge", "#2", "#1")
    inbox.put(mail(sender=BOB, subject="Re: [Acme #2] Smoke in the hall", body="It is getting hot.\n"))
    inbox.put(mail(sender="Eve <eve@elsewhere.example>", subject="Re: [Acme #2] Smoke in the hall", body="Tell me all.\n"))
    helpd.once()
    assert helpd.texts(1)[-1] == "It is getting hot."
    assert [t["id"] for t in helpd.tickets()] == [1, 2, 3]
    assert 1 in helpd.show(3)["links"]
    helpd.run("verify")


def test_merge_refused(h):
    """What is refused is said in words, with its status, and changes nothing."""
    helpd, inbox = two(h)
    before = helpd.show(1), helpd.show(2)
    for args, words in [(("1", "1"), "not merged into itself"), (("1", "9"), "no ticket #9"), (("9", "1"), "no ticket #9")]:
        said = helpd.run("merge", *args, status=None)
        assert said.status in (65, 66) and words in said.err, said.err
    for args in [("1",), ("1", "x"), ("0", "1"), ()]:
        assert "usage: helpd merge A B" in helpd.run("merge", *args, status=64).err
    assert (helpd.show(1), helpd.show(2)) == before
    helpd.run("merge", "2", "1")
    said = helpd.run("merge", "2", "1", status=65)
    assert "ticket 2 was merged into 1 already" in said.err
    said = helpd.run("reply", "2", "--message", "x", status=65)
    assert "was merged into 1: answer that one" in said.err
    said = helpd.run("set", "2", "status=open", status=65)
    assert "merged" in said.err
    assert helpd.json("search", "smoke")[0]["id"] == 1
    helpd.run("verify")


def test_split(h):
    """A mail about something else becomes a ticket of its own, with its files; the reply to the answer finds that one."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}')
    inbox.put(mail(mid="<ann1@customer.example>"))
    helpd.once()
    ack = acks(helpd)["ann@customer.example"]
    inbox.put(with_file("And the bill is wrong.\n", subject="Re: " + str(ack["Subject"]), mid="<ann2@customer.example>",
                        In_Reply_To=str(ack["Message-ID"]), References=str(ack["Message-ID"])))
    helpd.once()
    assert len(helpd.tickets()) == 1
    made, = helpd.json("split", "1", "3")
    assert made == {"ticket": 2, "from": 1, "article": 3}
    new = helpd.show(2)
    assert new["requester"]["address"] == "ann@customer.example" and new["status"] == "new" and new["queue"] == "support"
    article, = new["articles"]
    assert article["new_text"].strip() == "And the bill is wrong."
    assert article["attachments"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    where = helpd.base + "/saved"
    helpd.run("show", "2", "--save", where)
    name, = os.listdir(where)
    assert open(os.path.join(where, name), "rb").read() == PDF
    assert helpd.run("show", "1", "--raw", "3") == helpd.run("show", "2", "--raw", "1")
    assert len(helpd.show(1)["articles"]) == 3

    helpd.run("reply", "2", "--message", "The bill is right.")
    helpd.once()
    answer, = answers(helpd)
    assert "[Acme #2]" in answer["Subject"] and "<ann2@customer.example>" in answer["References"]
    inbox.put(reply_to(answer, "It is not, look at page two.\n"))
    inbox.put(reply_to(ack, "It still smokes, by the way.\n"))
    helpd.once()
    assert helpd.texts(2)[-1] == "It is not, look at page two."
    assert helpd.texts(1)[-1] == "It still smokes, by the way."
    assert "no article 17" in helpd.run("split", "1", "17", status=65).err
    assert "a mail of ours" in helpd.run("split", "1", "2", status=65).err
    helpd.run("verify")


def test_children(h):
    """A parent waits for its sub-tickets, is told of each, and can be forced."""
    helpd, inbox = two(h)
    made, = helpd.json("child", "1", "sales", "Refund of 17 EUR")
    assert made == {"ticket": 3, "parent": 1}
    helpd.run("child", "1", "sales", "Another", stdin="Please look at the wall.\n".encode())
    assert helpd.texts(4, "note") == ["Please look at the wall."]
    assert helpd.texts(3, "note") == ["Refund of 17 EUR"]
    shown = helpd.show(1)
    assert [(c["id"], c["status"], c["subject"]) for c in shown["children"]] == [(3, "new", "Refund of 17 EUR"), (4, "new", "Another")]
    assert shown["parent"] is None and helpd.show(3)["parent"] == 1
    # No customer hears of it.
    helpd.once()
    assert len(helpd.out.mails()) == 2
    said = helpd.run("set", "1", "status=resolved", status=65)
    assert "ticket 1 has open sub-tickets: #3, #4" in said.err
    said = helpd.run("reply", "1", "--message", "Done.", "--status", "resolved", status=65)
    assert "#3, #4" in said.err and not answers(helpd)
    helpd.run("set", "3", "status=resolved")
    helpd.run("set", "1", "status=resolved", "--force")
    events = [e["detail"] for e in helpd.show(1)["events"] if e["kind"] == "child"]
    assert events[-2:] == ["#3 resolved", "still open: #4"]
    helpd.run("set", "4", "status=closed")
    assert helpd.show(1)["events"][-1]["detail"] == "#4 closed; no sub-ticket is open any more"
    assert "did you mean sales" in helpd.run("child", "2", "sale", "x", status=65).err
    assert "usage:" in helpd.run("child", "2", "sales", status=64).err
    helpd.run("verify")


def test_links(h):
    helpd, inbox = two(h)
    assert helpd.run("link", "1", "2") == "#1 and #2 are linked\n"
    assert helpd.show(2)["links"] == [1]
    assert helpd.show(1)["relations"] == [{"id": 2, "kind": "related", "status": "new", "subject": "Smoke in the hall"}]
    assert "related    #2 new  Smoke in the hall" in helpd.run("show", "1")
    assert helpd.json("unlink", "2", "1") == [{"ticket": 2, "other": 1}]
    assert helpd.show(1)["links"] == [] == helpd.show(2)["links"]
    assert "not linked" in helpd.run("unlink", "2", "1", status=65).err
    helpd.run("verify")


def test_merge_under_way(h):
    """The daemon runs, an answer waits for a server that does not take it; merging and its delivery go on."""
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}').start()
    inbox.put(mail(mid="<ann1@customer.example>"))
    inbox.put(mail(sender=BOB, mid="<bob1@other.example>", subject="Smoke"))
    wait_for(lambda: len(helpd.out.mails()) == 2)
    mine, his = (next(t["id"] for t in helpd.tickets() if t["requester"]["address"].startswith(x)) for x in ("ann", "bob"))
    helpd.run("reply", str(his), "--message", "We look into it.")
    helpd.run("merge", str(his), str(mine))
    answer = wait_for(lambda: answers(helpd))[0]
    inbox.put(reply_to(answer, "Please hurry, it is hot.\n", sender=BOB))
    wait_for(lambda: helpd.texts(mine)[-1] == "Please hurry, it is hot.")
    assert len(helpd.tickets()) == 2
    helpd.stop()
    helpd.run("verify")
