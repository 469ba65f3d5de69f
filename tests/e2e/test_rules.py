"""The admin's rules at work in the real daemon: what they set, whom they answer, what a bad edit does, why, replay, check."""
import datetime
import os
import re

from house import SRC, give, mail, reply_to, wait_for

AGENTS = """
agent "anna" { name "Anna Berg"; address ["anna@desk.example"]; teams ["first"]; }
agent "lena" { name "Lena Vogt"; address ["lena@desk.example"]; teams ["first"]; role "lead"; }
team "first" { }
"""

ORDERS = """require ["vnd.helpd", "variables", "regex"];
if header :regex "subject" "order ([0-9]{4,})" {
    queue "sales";
    field "order" "${1}";
    tag ["order", "auto"];
    priority :raise;
}
"""


def house(h, rules, agents=AGENTS, **kw):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', **kw)
    if agents:
        with open(helpd.etc + "/agents.conf", "w") as f:
            f.write(agents)
    for name, text in rules.items():
        rule(helpd, name, text)
    return helpd, inbox


def rule(helpd, name, text):
    path = os.path.join(helpd.etc, "rules.d", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    give(os.path.join(helpd.etc, "rules.d"))


def events(helpd, n, kind=None, actor="rule"):
    return [e for e in helpd.show(n)["events"] if e["actor"] == actor and kind in (None, e["kind"])]


def sent(helpd, to):
    return [m for m in helpd.out.mails() if to in str(m["To"])]


def test_fields_from_the_subject(h):
    helpd, inbox = house(h, {"10-orders.sieve": ORDERS})
    inbox.put(mail(mid="<a1@customer.example>", subject="My order 471100 is late"))
    inbox.put(mail(mid="<a2@customer.example>", subject="Hello"))
    helpd.once()
    one, two = sorted(helpd.tickets(), key=lambda k: "order" not in k["subject"])
    assert (one["queue"], one["priority"], sorted(one["tags"])) == ("sales", "high", ["auto", "order"])
    assert (two["queue"], two["priority"], two["tags"]) == ("support", "normal", [])
    assert helpd.show(one["id"])["fields"] == {"order": "471100"}
    assert {(e["kind"], e["cause"]) for e in events(helpd, one["id"])} == {
        ("queue", "10-orders.sieve:3"), ("field", "10-orders.sieve:4"), ("tag", "10-orders.sieve:5"), ("priority", "10-orders.sieve:6")}
    assert not events(helpd, two["id"])
    why = helpd.run("why", str(one["id"]))
    assert re.search(r"^queue +sales  <- 10-orders.sieve:3 \(rule\)$", why, re.M) and "support -> sales" in why
    assert re.search(r"^field order +471100  <- 10-orders.sieve:4 \(rule\)$", why, re.M)
    reasons = {o["what"]: o for o in helpd.json("why", str(one["id"])) if "what" in o}
    assert reasons["priority"]["cause"] == "10-orders.sieve:6" and reasons["priority"]["value"] == "high"
    assert reasons["status"]["actor"] == "customer:ann@customer.example"
    # The acknowledgement comes from the queue that the rule chose.
    assert {str(m["From"]) for m in sent(helpd, "ann@customer.example") if "#%d]" % one["id"] in str(m["Subject"])} == {"Acme <sales@acme.example>"}
    helpd.run("verify")


def test_a_rule_of_the_opening_is_not_one_of_follow_ups(h):
    helpd, inbox = house(h, {
        "10-raise.sieve": 'require "vnd.helpd";\npriority :raise;\n',
        "20-again.sieve": 'require "vnd.helpd";\nif event "followup" { tag "again"; }\n'})
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    ack = sent(helpd, "ann@customer.example")[0]
    inbox.put(reply_to(ack))
    helpd.once()
    [k] = helpd.tickets()
    assert k["priority"] == "high" and k["tags"] == ["again"]


def test_vip_customers(h):
    helpd, inbox = house(h, {"10-vip.sieve": 'require "vnd.helpd";\nif customer "tier" "gold" { tag "vip"; priority "urgent"; assign :agent "lena"; }\n'
                                             'elsif customer "contract" "C-9" { tag "nine"; }\n'})
    with open(helpd.etc + "/customers.csv", "w") as f:
        f.write("address,tier,name,contract\nann@customer.example,gold,Ann,C-1\n@nine.example,,Nine,C-9\n")
    inbox.put(mail(mid="<a1@customer.example>"))
    inbox.put(mail(mid="<a2@nine.example>", sender="bob@nine.example"))
    inbox.put(mail(mid="<a3@else.example>", sender="eve@else.example"))
    helpd.once()
    by = {k["requester"]["address"]: k for k in helpd.tickets()}
    assert by["ann@customer.example"]["tags"] == ["vip"] and by["ann@customer.example"]["priority"] == "urgent"
    assert by["ann@customer.example"]["assignee"] == "lena"
    assert by["bob@nine.example"]["tags"] == ["nine"]
    assert by["eve@else.example"]["tags"] == []
    # One mail to Lena of Ann's ticket, not two.
    assert len([m for m in sent(helpd, "lena@desk.example") if "#%d" % by["ann@customer.example"]["id"] in str(m["Subject"])]) == 1


def test_vacation_once_and_never_to_machines(h):
    helpd, inbox = house(h, {"10-closed.sieve": 'require ["vacation", "vnd.helpd"];\nvacation :days 1 :subject "We are closed" "Back on Monday.";\n'}, agents="")
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    inbox.put(mail(mid="<a2@customer.example>", subject="Something else"))
    inbox.put(mail(mid="<a3@robot.example>", sender="robot@robot.example", Auto_Submitted="auto-generated"))
    helpd.once()
    mails = sent(helpd, "ann@customer.example")
    closed = [m for m in mails if "We are closed" in str(m["Subject"])]
    assert len(closed) == 1 and "Back on Monday." in closed[0].get_content()
    assert closed[0]["Auto-Submitted"] == "auto-replied"
    # The second time the ordinary acknowledgement says that it arrived.
    assert len(mails) == 2
    assert not sent(helpd, "robot@robot.example")
    helpd.run("verify")


def test_nothing_is_lost(h):
    helpd, inbox = house(h, {"10.sieve": 'require ["vnd.helpd", "reject"];\nif header :contains "subject" "junk" { discard; }\n'
                                         'elsif header :contains "subject" "pills" { spam; }\n'
                                         'elsif header :contains "subject" "refuse" { reject "Not here."; }\n'
                                         'elsif header :contains "subject" "elsewhere" { redirect "colleague@other.example"; }\n',
                             "20.sieve": 'require "vnd.helpd";\ntag "seen";\n'})
    for i, subject in enumerate(["junk", "pills", "refuse", "elsewhere"]):
        inbox.put(mail(mid=f"<b{i}@customer.example>", sender=f"c{i}@customer.example", subject=subject))
        helpd.once()
    assert [(k["status"], sorted(k["tags"])) for k in helpd.tickets()] == [
        ("closed", ["discarded"]), ("spam", ["seen", "spam"]), ("closed", ["rejected"]), ("closed", ["redirected"])]
    assert not sent(helpd, "c0@") and not sent(helpd, "c1@") and not sent(helpd, "c3@")
    assert "Not here." in sent(helpd, "c2@")[0].get_content()
    [fwd] = sent(helpd, "colleague@other.example")
    assert "Fwd: elsewhere" in str(fwd["Subject"])
    files = list(fwd.iter_attachments())
    assert [f.get_filename() for f in files] == ["original.eml"] and b"Subject: elsewhere" in files[0].get_payload(decode=True)
    assert not sent(helpd, "anna@desk.example")
    helpd.run("verify")


def test_a_bad_edit_keeps_what_runs(h):
    helpd, inbox = house(h, {"10-orders.sieve": ORDERS})
    helpd.start()
    rule(helpd, "10-orders.sieve", 'require "vnd.helpd";\nqueue "sals";\ntagg "x";\nif hedaer "a" "b" { stop; }\n')
    helpd.expected += ["errors in .*the old configuration stays in force"]
    helpd.run("reload", status=None)
    said = helpd.run("check", status=78).err
    assert re.search(r'10-orders.sieve:3:1: error: .*did you mean.*tag', said) and re.search(r"10-orders.sieve:4:\d+: error: .*header", said)
    inbox.put(mail(mid="<a1@customer.example>", subject="order 471100"))
    wait_for(lambda: sent(helpd, "ann@customer.example"), 15)
    assert str(sent(helpd, "ann@customer.example")[0]["From"]) == "Acme <sales@acme.example>"
    rule(helpd, "10-orders.sieve", 'require "vnd.helpd";\nqueue "sals";\n')
    assert 'there is no queue "sals": did you mean "sales"?' in helpd.run("check", status=78).err
    rule(helpd, "10-orders.sieve", 'require "vnd.helpd";\ntag "new-rules";\n')
    helpd.run("reload")
    inbox.put(mail(mid="<a2@customer.example>", subject="order 471101"))
    wait_for(lambda: len(helpd.tickets()) == 2, 15)
    assert helpd.tickets()[1]["tags"] == ["new-rules"] and helpd.tickets()[1]["queue"] == "support"
    helpd.stop()


def test_status_and_answers_are_events(h):
    helpd, inbox = house(h, {"10.sieve": 'require "vnd.helpd";\n'
                                         'if allof (event "status", ticket "status" "resolved") { tag "done"; status "closed"; }\n'
                                         'elsif event "status" { tag "other"; }\n'
                                         'elsif event "agent-reply" { tag "answered"; }\n'}, agents="")
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    helpd.run("reply", "1", "--no-editor", stdin=b"Hello\n", status=None)
    helpd.run("set", "1", "status=resolved")
    k = helpd.show(1)
    # The rule's own status is an event once: "closed" is "other", and that is the end.
    assert k["status"] == "closed" and {"done", "other"} <= set(k["tags"])


def test_check_runs_the_tests(h):
    helpd, _ = house(h, {"10-orders.sieve": ORDERS, "tests/orders.svtest": '''require ["vnd.dovecot.testsuite", "vnd.helpd"];
test_set "message" text:
Subject: order 4711

x
.
;
test "orders" {
    if not test_script_compile "../10-orders.sieve" { test_fail "compile"; }
    if not test_script_run { test_fail "run"; }
    if not test_result "queue sales" { test_fail "not in the queue sales"; }
}
'''})
    helpd.run("check")
    rule(helpd, "10-orders.sieve", ORDERS.replace('"sales"', '"support"'))
    assert re.search(r"tests/orders.svtest:11:1: error: the test fails: not in the queue sales", helpd.run("check", status=78).err)


def test_escalate_and_webhook_that_is_not_there(h):
    helpd, inbox = house(h, {"10.sieve": 'require "vnd.helpd";\nescalate;\n'})
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    assert helpd.tickets()[0]["priority"] == "high"
    assert sent(helpd, "lena@desk.example")
    rule(helpd, "10.sieve", 'require "vnd.helpd";\nwebhook "ops";\n')
    assert 'there is no webhook "ops"' in helpd.run("check", status=78).err
    rule(helpd, "10.sieve", "keep;\n")


def test_replay_shows_what_would_differ(h):
    helpd, inbox = house(h, {"10-orders.sieve": ORDERS})
    inbox.put(mail(mid="<a1@customer.example>", subject="order 471100"))
    inbox.put(mail(mid="<a2@customer.example>", sender="bob@two.example", subject="an invoice"))
    inbox.put(mail(mid="<a3@customer.example>", sender="eve@three.example", subject="hello"))
    helpd.once()
    ids = {k["subject"]: k["id"] for k in helpd.tickets()}
    helpd.run("set", str(ids["hello"]), "priority=low", "tag=+mine")
    before = helpd.run("list", "--all", "--json")
    outbox = helpd.run("outbox", "list", "--json")
    same = helpd.json("replay")
    assert len(same) == 1 and same[0]["mails"] == 3 and same[0]["different"] == 0
    rule(helpd, "10-orders.sieve", ORDERS.replace("priority :raise;\n", "").replace('"auto"', '"robot"'))
    rule(helpd, "20-invoice.sieve", 'require ["vnd.helpd", "vacation"];\nif header :contains "subject" "invoice" { queue "sales"; assign :team "first"; vacation "Soon."; }\n')
    *changes, summary = helpd.json("replay")
    by = {c["ticket"]: {x["what"]: (x["then"], x["now"], x["cause"]) for x in c["changes"]} for c in changes}
    assert by == {
        ids["order 471100"]: {"priority": ("high", "normal", None), "tags": ("auto, order", "order, robot", "10-orders.sieve:5")},
        ids["an invoice"]: {"queue": ("support", "sales", "20-invoice.sieve:2"), "assignee": (None, "one of first", None),
                            "answers": (None, "vacation: bob@two.example", "20-invoice.sieve:2")}}
    assert summary["different"] == 2 and summary["mails"] == 3 and summary["by"]["queue"] == 1
    said = helpd.run("replay", "--since", "1d")
    assert "support -> sales  20-invoice.sieve:2" in said and "2 tickets would come out differently" in said
    # Nothing was written, nothing sent.
    assert helpd.run("list", "--all", "--json") == before and helpd.run("outbox", "list", "--json") == outbox
    other = os.path.join(helpd.base, "other.d")
    os.makedirs(other)
    with open(other + "/1.sieve", "w") as f:
        f.write('require "vnd.helpd";\nqueue "sals";\n')
    assert 'did you mean "sales"' in helpd.run("replay", "--rules", other, status=78).err
    with open(other + "/1.sieve", "w") as f:
        f.write("keep;\n")
    assert [c["ticket"] for c in helpd.json("replay", "--rules", other)[:-1]] == [ids["order 471100"]]


def test_init_writes_an_example(h):
    helpd, _ = house(h, {}, agents="")
    path = helpd.base + "/fresh"
    helpd.run("init", "--dir", path, "--site", "Acme", "--address", "support@acme.example", "--maildir", helpd.base + "/in", "--out-maildir", helpd.base + "/out2")
    for name in ["00-example.sieve", "tests/00-example.svtest"]:
        with open(os.path.join(path, "rules.d", name)) as f, open(os.path.join(SRC, "etc/rules.d", name)) as g:
            assert f.read() == g.read()
    # All of it in force is right, too; nothing is warned of.
    rule(helpd, "00-example.sieve", re.sub(r"(?m)^#(?=if|    |\})", "", open(os.path.join(path, "rules.d/00-example.sieve")).read()))
    rule(helpd, "tests/00-example.svtest", re.sub(r"(?m)^    #(?=if)", "    ", open(os.path.join(path, "rules.d/tests/00-example.svtest")).read()))
    with open(helpd.etc + "/agents.conf", "w") as f:
        f.write(AGENTS)
    with open(helpd.etc + "/sla.conf", "w") as f:
        f.write('calendar "office" { monday "09:00-17:00"; }\n')
    assert "rules.d" not in helpd.run("check").err


def test_deliver_does_not_mind_a_bad_rule(h):
    helpd, _ = house(h, {"10.sieve": "quueue;\n"}, agents="")
    helpd.run("deliver", stdin=mail(), status=75)
    rule(helpd, "10.sieve", "keep;\n")


def levels(helpd, first, day):
    with open(helpd.etc + "/sla.conf", "w") as f:
        f.write(f'calendar "office" {{ timezone "UTC"; {day} "00:00-24:00"; }}\n'
                f'sla "standard" {{ calendar "office"; normal {{ first_response "{first}"; resolution "24h"; }} }}\n')


def test_out_of_hours_and_other_promises(h):
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    helpd, inbox = house(h, {"10.sieve": 'require ["vacation", "vnd.helpd"];\nsla "standard";\nif not hours "office" { vacation "We are asleep."; }\nelse { tag "awake"; }\n'}, agents="")
    today = datetime.datetime.now(datetime.timezone.utc).weekday()
    levels(helpd, "4h", days[(today + 3) % 7])
    inbox.put(mail(mid="<a1@customer.example>"))
    helpd.once()
    assert "We are asleep." in sent(helpd, "ann@customer.example")[0].get_content()
    assert [e["cause"] for e in events(helpd, 1, "sla")] == ["10.sieve:2"]
    assert helpd.json("replay")[-1]["different"] == 0
    levels(helpd, "8h", days[(today + 3) % 7])
    change, summary = helpd.json("replay")
    [sla] = change["changes"]
    assert sla["what"] == "sla" and sla["then"] != sla["now"] and "first-response" in sla["now"] and summary["by"] == {"sla": 1}
    levels(helpd, "8h", f"{days[today]} \"00:00-24:00\"; {days[(today + 1) % 7]}")
    inbox.put(mail(mid="<a2@customer.example>", sender="bob@two.example"))
    helpd.once()
    assert helpd.tickets()[1]["tags"] == ["awake"] and "asleep" not in sent(helpd, "bob@two.example")[0].get_body(("plain",)).get_content()
