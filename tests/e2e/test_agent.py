"""Agents at a real mail client: a reply to a notice with commands on top, the transcript, and what the customer gets of it."""
import os

from house import Mutt, wait_for

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@acme.example"]; teams ["first-line"]; signature "Anna Berg\\nAcme first line"; }
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
    assert len(answers(boxes["ann"])) == 1
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()
