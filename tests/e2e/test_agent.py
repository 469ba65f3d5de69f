"""Agents at a real mail client: a reply to a notice with commands on top, the transcript, and what the customer gets of it."""
import email
import email.policy
import email.utils
import os

from house import Mutt, give, mail, wait_for

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first-line"]; signature "Anna Berg\nAcme first line"; }
agent "ben" { name "Ben Li"; address ["ben@acme.example"]; teams ["first-line"]; languages ["zh_CN"]; }
team "first-line" { }
"""
QUEUE = 'queue "support" { address "support@acme.example"; %s}'


def staffed(helpd, site=""):
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    conf = helpd.conf.replace(QUEUE % "", QUEUE % 'team "first-line"; ')
    helpd.write_conf(conf.replace('timezone "UTC"; ', 'timezone "UTC"; ' + site))
    return helpd


def text(m):
    return m.get_body(("plain",)).get_content()


def notices(box):
    return [m for m in box.mails() if m["X-Helpd-Notice"] and "! refused" not in text(m) and "! 已拒绝" not in text(m)]


def told(box):
    """The transcripts: they end with the legend."""
    return [m for m in box.mails() if "! refused" in text(m) or "! 已拒绝" in text(m)]


def desk(h, site='trust "token"; '):
    """Postfix and Dovecot, a customer and two agents at mutt."""
    dovecot = h.dovecot()
    boxes = {n: h.maildir(n) for n in ("ann", "anna", "ben")}
    postfix = h.postfix({"support@acme.example": dovecot.maildir("support").path, "ann@customer.example": boxes["ann"].path,
                         "anna@acme.example": boxes["anna"].path, "ben@acme.example": boxes["ben"].path})
    helpd = staffed(h.helpd(dovecot.mailbox(), postfix.transport), site).start()
    customer = h.mutt(postfix.port, inbox=boxes["ann"])
    anna, ben = (Mutt(os.path.join(h.base, "mutt-" + n), postfix.port, n + "@acme.example", full, boxes[n]) for n, full in (("anna", "Anna Berg"), ("ben", "Ben Li")))
    return helpd, boxes, customer, anna, ben


def answers(box):
    return [m for m in box.mails() if not m["Auto-Submitted"]]


def test_reply(h):
    """Commands, an answer, a quote of the notice and a signature: the customer gets the answer alone."""
    helpd, boxes, customer, anna, ben = desk(h)
    customer.write("support@acme.example", "Printer on fire", "It smokes.\n")
    wait_for(lambda: notices(boxes["anna"]), 30)
    anna.reply("#take\n#tag +printer\n#priority high\n#pending\n\nPlease use water.\n\n-- \nAnna Berg, private: 555-0100")
    answer, = wait_for(lambda: answers(boxes["ann"]), 30)
    body = text(answer)
    assert "Please use water." in body and "Acme first line" in body
    for word in ("#take", "smokes", "555-0100", "anna@acme.example", "##-", "¦"):
        assert word not in body, word
    assert answer["From"].addresses[0].addr_spec == "support@acme.example"
    transcript, = wait_for(lambda: told(boxes["anna"]), 30)
    assert "priority: high, was normal" in text(transcript) and "status: pending" in text(transcript)
    ticket, = helpd.tickets()
    assert (ticket["assignee"], ticket["priority"], ticket["status"], ticket["tags"]) == ("anna", "high", "pending", ["printer"])
    events = helpd.show(ticket["id"])["events"]
    priority, = (e for e in events if e["kind"] == "priority")
    assert priority["actor"] == "agent:anna" and "#priority high" in priority["cause"] and priority["cause"].startswith("row 7, article ")

    # The customer's reply finds the ticket, and Anna, whose it is now.
    customer.reply("It is out, thank you very much for your help, but the paper is wet.")
    wait_for(lambda: notices(boxes["anna"])[1:], 30)
    # A command that nobody knows: nothing leaves.
    anna.reply("#clsoe\n\nDry it.")
    refusal = wait_for(lambda: told(boxes["anna"])[1:], 30)[0]
    assert "did you mean #close?" in text(refusal) and "kept as a note" in text(refusal)
    assert len(answers(boxes["ann"])) == 1

    # In Chinese, and a note stays in the house.
    ben.reply("＃备注\n客户的打印机型号很旧，@anna 请跟进")
    wait_for(lambda: [m for m in notices(boxes["anna"]) if m["X-Helpd-Notice"] == "mention"], 30)
    chinese, = wait_for(lambda: told(boxes["ben"]), 30)
    assert "已通知" in text(chinese)
    assert len(answers(boxes["ann"])) == 1
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()


def test_stale(h):
    """Two agents at once: the second reply waits, and goes by #send."""
    helpd, boxes, customer, anna, ben = desk(h)
    customer.write("support@acme.example", "Printer on fire", "It smokes.\n")
    wait_for(lambda: notices(boxes["anna"]) and notices(boxes["ben"]), 30)
    anna.reply("Please use water, and mind the cables.")
    wait_for(lambda: answers(boxes["ann"]), 30)
    ben.reply("#close\n\nPlease use sand, it is under the table.")
    waits, = wait_for(lambda: told(boxes["ben"]), 30)
    assert "mind the cables" in text(waits) and "use sand" in text(waits)
    assert len(answers(boxes["ann"])) == 1
    assert helpd.tickets()[0]["status"] == "open"
    ben.reply("#发送")
    wait_for(lambda: answers(boxes["ann"])[1:], 30)
    wait_for(lambda: helpd.tickets()[0]["status"] == "closed", 30)
    ben.reply("#send")
    wait_for(lambda: told(boxes["ben"])[2:], 30)
    assert len(answers(boxes["ann"])) == 2
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()


def test_weak(h):
    """A mail system without results of authentication: an answer waits, a note does not."""
    helpd, boxes, customer, anna, ben = desk(h, site="")
    customer.write("support@acme.example", "Printer on fire", "It smokes.\n")
    wait_for(lambda: notices(boxes["anna"]), 30)
    anna.reply("Please use water, and mind the cables.")
    wait_for(lambda: told(boxes["anna"]), 30)
    assert not answers(boxes["ann"])
    anna.reply("#send")
    wait_for(lambda: answers(boxes["ann"]), 30)
    ben.reply("#note\nThat is the third one this week.")
    wait_for(lambda: [e for e in helpd.show(1)["events"] if e["kind"] == "note"], 30)
    transcript, = wait_for(lambda: told(boxes["ben"]), 30)
    assert "+ #note" in text(transcript) and "已保存为备注" in text(transcript)
    assert len(answers(boxes["ann"])) == 1
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()


def by_agent(h):
    """A house that trusts its own mail system, which says that Anna's mail is hers."""
    inbox = h.maildir()
    helpd = staffed(h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}'), 'trust_authserv ["mx.acme.example"]; ')

    def put(**kw):
        inbox.put(mail(sender="Anna Berg <anna@acme.example>", **kw).replace(b"From:", b"Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example\nFrom:", 1))
        helpd.once()
    return helpd, inbox, put


def to(helpd, address):
    return [m for m in helpd.out.mails() if address in str(m["To"])]


def test_forward(h):
    """A customer's mail forwarded by an agent is the customer's ticket; a mail of commands alone is answered."""
    helpd, _, put = by_agent(h)
    put(subject="Fwd: My printer", body="#tag +phone\n@ben knows this house.\n\n-------- Forwarded Message --------\nSubject: My printer\n"
        "Date: " + email.utils.formatdate() + "\nFrom: Ann Baker <ann@customer.example>\nTo: Anna Berg <anna@acme.example>\n\nIt smokes again.\n")
    ticket, = helpd.tickets()
    assert ticket["requester"]["address"] == "ann@customer.example" and ticket["subject"] == "My printer" and ticket["tags"] == ["phone"]
    assert helpd.texts(1) == ["It smokes again."]
    assert [t for t in helpd.texts(1, "note") if "knows this house" in t]
    acknowledgement, = to(helpd, "ann@customer.example")
    assert "[Acme #1]" in acknowledgement["Subject"] and "knows this house" not in text(acknowledgement)
    assert [m for m in to(helpd, "ben@acme.example") if m["X-Helpd-Notice"] == "mention"]
    put(subject="what is there", body="#list support\n#history 1\n")
    told_her = text([m for m in to(helpd, "anna@acme.example") if "! refused" in text(m)][-1])
    assert "My printer" in told_her and "It smokes again." in told_her
    put(subject="what is there", body="#close 1\n")
    assert helpd.show(1)["status"] == "new"
    helpd.run("verify")


def test_rules_of_a_forward(h):
    """Rules take a forwarded mail for the customer's own; what the agent says on top comes after them; replay runs them over the same mail."""
    helpd, _, put = by_agent(h)
    rule = os.path.join(helpd.etc, "rules.d", "10.sieve")
    os.makedirs(os.path.dirname(rule), exist_ok=True)
    with open(rule, "w") as f:
        f.write('require ["vnd.helpd", "body"];\nif allof (address :domain "from" "customer.example", header :is "subject" "My printer") {\n'
                '    priority "urgent"; tag "printers"; assign :agent "ben";\n}\nif address :localpart "from" "anna" { tag "hers"; }\n')
    give(os.path.dirname(rule))
    put(subject="Fwd: My printer", body="#tag +phone\n#priority high\n\n-------- Forwarded Message --------\nSubject: My printer\n"
        "Date: " + email.utils.formatdate() + "\nFrom: Ann Baker <ann@customer.example>\nTo: Anna Berg <anna@acme.example>\n\nIt smokes again.\n")
    ticket, = helpd.tickets()
    assert (sorted(ticket["tags"]), ticket["priority"], ticket["assignee"]) == (["phone", "printers"], "high", "ben")
    assert [m for m in to(helpd, "ben@acme.example") if m["X-Helpd-Notice"] == "new"]
    # A ticket that she opens herself is none of theirs.
    put(subject="My printer", body="It smokes, too.\n")
    assert [k["tags"] for k in helpd.tickets() if k["id"] != ticket["id"]] == [[]]
    same = helpd.json("replay")
    assert len(same) == 1 and (same[0]["mails"], same[0]["different"]) == (1, 0)
    with open(rule, "a") as f:
        f.write('if body :contains "smokes" { tag "fire"; }\n')
    change, _ = helpd.json("replay")
    assert change["ticket"] == ticket["id"] and [(x["what"], x["now"]) for x in change["changes"]] == [("tags", "fire, printers")]
    helpd.run("verify")


def test_file(h):
    """A file goes along, out of the jail and into the answer."""
    helpd, inbox, _ = by_agent(h)
    inbox.put(mail(subject="Manual"))
    helpd.once()
    notice = [m for m in to(helpd, "anna@acme.example") if m["X-Helpd-Notice"]][0]
    m = email.message_from_bytes(mail(sender="Anna Berg <anna@acme.example>", to=str(notice["Reply-To"]), subject="Re: " + notice["Subject"]), policy=email.policy.SMTP)
    m["Authentication-Results"] = "mx.acme.example; dmarc=pass header.from=acme.example"
    m.set_content("#pending\n\nHere is the manual.\n")
    m.add_attachment(b"%PDF " + bytes(range(256)) * 400, maintype="application", subtype="pdf", filename="handbuch für alle.pdf")
    inbox.put(m.as_bytes().replace(b"\r\n", b"\n"))
    helpd.once()
    answer, = (m for m in to(helpd, "ann@customer.example") if not m["Auto-Submitted"])
    part, = answer.iter_attachments()
    assert part.get_filename() == "handbuch für alle.pdf" and len(part.get_content()) == 5 + 102400
    assert helpd.show(1)["status"] == "pending"
    assert not helpd.leaks()


def test_elsewhere(h):
    """An answer that the agent sent to the customer himself: recorded, and nothing goes out because of it."""
    helpd, inbox, put = by_agent(h)
    inbox.put(mail(subject="Manual"))
    helpd.once()
    before = len(helpd.out.mails())
    put(to="Ann Baker <ann@customer.example>", Cc="support@acme.example", subject="Re: [Acme #1] Manual", body="It is in the drawer.\n")
    k, = helpd.tickets()
    article = helpd.show(1)["articles"][-1]
    assert article["direction"] == "out" and article["new_text"].strip() == "It is in the drawer."
    assert [e for e in helpd.show(1)["events"] if e["kind"] == "answered-elsewhere"]
    assert k["assignee"] == "anna" and k["status"] == "open"
    assert not [m for m in helpd.out.mails()[before:] if "ann@customer.example" in str(m["To"])]
