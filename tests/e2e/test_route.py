"""Who gets a ticket, in a running house: by the queue's strategy, by hours, by who is away, by the customer's tier."""
import re
import threading

from house import mail, reply_to, wait_for

AGENTS = '''
agent "anna" { name "Anna Berg"; address "anna@staff.example"; teams ["first"]; capacity 4; }
agent "ben"  { name "Ben Cole";  address "ben@staff.example";  teams ["first"]; capacity 4; skills ["printers"]; }
agent "eva"  { name "Eva Dow";   address "eva@staff.example";  teams ["first", "seniors"]; capacity 2; }
agent "kim"  { name "Kim Eck";   address "kim@staff.example";  teams ["seniors"]; work ["support"]; }
team "first" { }
team "seniors" { }
'''
TIERS = 'tier "vip" { priority "urgent"; }\ntier "gold" { priority "high"; team "seniors"; }\n'
CUSTOMERS = "address,tier,name,contract\n@vip.example,vip,,C-1\ngold@gold.example,gold,\"Gold, Inc.\",\n"


def house(h, assign="least-loaded", rest="", customers=CUSTOMERS, agents=AGENTS):
    inbox = h.maildir()
    helpd = h.helpd(f'mailbox "in" {{ maildir "{inbox.path}"; }}', site='trust "token";', rest=TIERS + rest)
    conf = re.sub(r'queue "support" *{', f'queue "support" {{ team "first"; assign "{assign}";', helpd.conf)
    assert conf != helpd.conf
    helpd.write_conf(conf)
    for name, text in ("agents.conf", agents), ("customers.csv", customers):
        with open(f"{helpd.etc}/{name}", "w") as f:
            f.write(text)
    return inbox, helpd


def bring(inbox, n, sender="Ann <ann{}@customer.example>", start=0):
    for i in range(start, start + n):
        inbox.put(mail(sender=sender.format(i), subject=f"Printer {i}", mid=f"<r{i}@customer.example>"))


def assignees(helpd):
    return {t["id"]: t["assignee"] for t in helpd.tickets()}


def staff(helpd):
    return {a["name"]: a for a in helpd.json("agents")}


def events(helpd, n, kind):
    return [e for e in helpd.show(n)["events"] if e["kind"] == kind]


def to(helpd, who):
    return [m for m in helpd.out.mails() if f"{who}@staff.example" in str(m["To"])]


def body(m):
    return m.get_body(preferencelist=("plain",)).get_content()


def test_spread(h):
    """Ten tickets fill the team by capacity; the eleventh waits for everybody; each was told to one agent."""
    inbox, helpd = house(h)
    said = helpd.run("check")
    assert "tier      vip: 1 customers" in said and "tier      gold: 1 customers" in said
    helpd.start()
    bring(inbox, 10)
    wait_for(lambda: len(helpd.tickets()) == 10)
    got = list(assignees(helpd).values())
    assert {name: got.count(name) for name in set(got)} == {"anna": 4, "ben": 4, "eva": 2}
    table = staff(helpd)
    assert table["anna"] == {"name": "anna", "full_name": "Anna Berg", "role": "agent", "teams": ["first"], "there": True, "on_duty": True,
                             "away": False, "away_since": None, "away_until": None, "away_by": None, "tickets": 4,
                             "by_priority": {"low": 0, "normal": 4, "high": 0, "urgent": 0}, "load": 8, "capacity": 4}
    assert table["kim"]["tickets"] == 0 and table["kim"]["capacity"] is None
    bring(inbox, 1, start=10)
    wait_for(lambda: len(helpd.tickets()) == 11)
    assert assignees(helpd)[11] is None
    assert "all have as many as they can: anna 4/4" in events(helpd, 11, "routed")[0]["detail"]
    assert 'assign "least-loaded"; least-loaded of 3' in events(helpd, 1, "assignee")[0]["cause"]
    wait_for(lambda: len(to(helpd, "anna")) == 5 and len(to(helpd, "eva")) == 3)
    assert "new ticket, yours" in body(to(helpd, "anna")[0])
    assert not to(helpd, "kim")
    # Closing one makes room.
    mine = [n for n, who in assignees(helpd).items() if who == "anna"]
    helpd.run("set", str(mine[0]), "status=resolved")
    bring(inbox, 1, start=11)
    wait_for(lambda: len(helpd.tickets()) == 12)
    assert assignees(helpd)[12] == "anna"
    helpd.stop()
    helpd.run("verify")
    assert not helpd.leaks()


def test_urgent_and_tiers(h):
    """A customer's tier raises the priority; urgent goes beyond capacity and names what to set aside; a tier's team gets its tickets."""
    inbox, helpd = house(h)
    bring(inbox, 10)
    helpd.once()
    for n, who in assignees(helpd).items():
        helpd.run("set", str(n), "priority=" + ("low" if who == "eva" else "high"))
    low = sorted(n for n, who in assignees(helpd).items() if who == "eva")
    bring(inbox, 1, sender="Vera <vera@vip.example>", start=20)
    helpd.once()
    t = [t for t in helpd.tickets() if t["requester"]["address"] == "vera@vip.example"][0]
    assert (t["priority"], t["customer_tier"], t["assignee"]) == ("urgent", "vip", "eva")
    assert "customers.csv:2: tier vip" in events(helpd, t["id"], "priority")[0]["cause"]
    assert "beyond capacity because it is urgent: eva 2/2" in events(helpd, t["id"], "assignee")[0]["cause"]
    said = body(to(helpd, "eva")[-1])
    assert "It is urgent, and you have 2 tickets already, of 2." in said
    assert f"You may set aside: #{low[0]} " in said
    assert "Customer: Vera <vera@vip.example> (vip)" in said
    assert "tier       vip" in helpd.run("show", str(t["id"]))
    # kim is no member of the queue's team, but of the tier's.
    bring(inbox, 1, sender="gold@gold.example", start=30)
    helpd.once()
    t = [t for t in helpd.tickets() if t["customer_tier"] == "gold"][0]
    assert (t["priority"], t["assignee"]) == ("high", "kim")
    assert t["requester"]["name"] == "Gold, Inc."
    assert "tier gold: team seniors; least-loaded of 2: kim 0, eva 3/2" in events(helpd, t["id"], "assignee")[0]["cause"]
    helpd.run("verify")


def test_away(h):
    """Who goes away leaves what nobody has answered; the team hears of the rest; all by the shell, with a daemon and without."""
    inbox, helpd = house(h, assign="round-robin")
    bring(inbox, 3)
    helpd.start()
    wait_for(lambda: len(helpd.tickets()) == 3)
    mine = {who: n for n, who in assignees(helpd).items()}
    assert set(mine) == {"anna", "ben", "eva"}
    helpd.run("reply", str(mine["anna"]), "--message", "Try water.", "--status", "open")
    bring(inbox, 3, start=3)
    wait_for(lambda: len(helpd.tickets()) == 6)
    new = [n for n, who in assignees(helpd).items() if who == "anna" and n != mine["anna"]][0]
    said = helpd.run("agents", "away", "Anna", "until", "2d")
    assert re.match(r"anna is away until \d{4}-\d\d-\d\d \d\d:\d\d; 1 ticket went to others\n", said)
    assert assignees(helpd)[new] in ("ben", "eva")
    assert "anna is away until" in events(helpd, new, "assignee")[-1]["cause"]
    assert assignees(helpd)[mine["anna"]] == "anna"
    table = staff(helpd)["anna"]
    assert table["away"] and not table["there"] and table["on_duty"] and table["away_until"] and table["away_by"].startswith("cli:")
    assert re.search(r"anna +first +away until ", helpd.run("agents"))
    # The customer answers: not to an empty chair.
    before = {who: len(to(helpd, who)) for who in ("anna", "ben", "eva", "kim")}
    wait_for(lambda: [m for m in helpd.out.mails() if "Try water" in str(body(m))])
    answer = [m for m in helpd.out.mails() if "Try water" in str(body(m)) and "customer" in str(m["To"])][0]
    inbox.put(reply_to(answer, sender=str(answer["To"])))
    wait_for(lambda: all(len(to(helpd, who)) > before[who] for who in ("anna", "ben", "eva")))
    assert len(to(helpd, "kim")) == before["kim"]
    assert "anna is away until" in body(to(helpd, "ben")[-1])
    bring(inbox, 6, start=10)
    wait_for(lambda: len(helpd.tickets()) == 12)
    got = assignees(helpd)
    assert not [n for n in got if n > 6 and got[n] == "anna"]
    helpd.stop()
    assert helpd.run("agents", "back", "anna") == "anna is there again\n"
    assert helpd.run("agents", "back", "anna") == "anna was not away\n"
    bring(inbox, 1, start=20)
    helpd.once()
    assert assignees(helpd)[13] == "anna"  # whose turn is longest ago
    assert "did you mean anna?" in helpd.run("agents", "away", "ana", status=65).err
    assert "tomorow" in helpd.run("agents", "away", "anna", "tomorow", status=65).err
    assert helpd.json("agents", "away", "anna", "--reroute")[0]["rerouted"] == 2
    helpd.run("verify")
    assert not helpd.leaks()


def test_commands(h):
    """The same by mail, from the agent's own client, in either language."""
    inbox, helpd = house(h)
    bring(inbox, 1)
    helpd.once()
    who = assignees(helpd)[1]
    notice = to(helpd, who)[-1]
    inbox.put(reply_to(notice, sender=f"{who}@staff.example", body="#away until 2d reroute\n"))
    helpd.once()
    said = body(to(helpd, who)[-1])
    assert "you are away until" in said and "tickets of yours that went to others: 1" in said
    assert assignees(helpd)[1] not in (who, None)
    assert staff(helpd)[who]["away_by"] == f"agent:{who}"
    inbox.put(reply_to(to(helpd, who)[-1], sender=f"{who}@staff.example", body="#回来\n"))
    helpd.once()
    assert not staff(helpd)[who]["away"]
    helpd.run("verify")
    assert not helpd.leaks()


def test_hours(h):
    """Outside of his hours nobody gets anything; inside he does."""
    days = "monday tuesday wednesday thursday friday saturday sunday".split()
    agents = AGENTS.replace("capacity 4;", 'hours "never";').replace("capacity 2;", 'hours "always";')
    inbox, helpd = house(h, agents=agents)
    with open(f"{helpd.etc}/sla.conf", "w") as f:
        f.write('calendar "always" { ' + " ".join(f'{d} ["00:00-24:00"];' for d in days) + ' }\n'
                'calendar "never" { monday ["00:00-00:01"]; }\n')
    bring(inbox, 3)
    helpd.once()
    assert set(assignees(helpd).values()) == {"eva"}
    assert "anna off duty, ben off duty" in events(helpd, 1, "assignee")[0]["cause"]
    assert not staff(helpd)["anna"]["on_duty"]
    assert re.search(r"anna +first +off duty", helpd.run("agents"))


def test_sticky(h):
    """A customer comes back to who answered last."""
    inbox, helpd = house(h, assign="sticky")
    bring(inbox, 1, sender="Ann <ann@customer.example>")
    helpd.once()
    first = assignees(helpd)[1]
    other = "ben" if first != "ben" else "anna"
    helpd.run("set", "1", f"assignee={other}")
    helpd.once()
    inbox.put(reply_to(to(helpd, other)[-1], sender=f"{other}@staff.example", body="Have you tried water?\n"))
    helpd.once()
    assert [m for m in helpd.out.mails() if "customer" in str(m["To"]) and "tried water" in body(m)]
    bring(inbox, 1, sender="Ann <ann@customer.example>", start=5)
    helpd.once()
    assert assignees(helpd)[2] == other
    assert f"sticky of 3: {other} 1/4" in events(helpd, 2, "assignee")[0]["cause"]


def test_bad_files(h):
    """What is wrong is said with file, line and column; a running daemon keeps what it had."""
    inbox, helpd = house(h)
    helpd.expected = [r"customers\.csv", "configuration", "reload"]
    helpd.start()
    with open(f"{helpd.etc}/customers.csv", "w") as f:
        f.write('address,tier\nnonsense,vip\nx@y.example,"vip\n')
    bad = [c for c in helpd.run("check", "--json", status=78).splitlines() if "customers.csv" in c]
    assert '"line":2' in bad[0] and '"column":1' in bad[0] and '"line":3' in bad[1] and "never closed" in bad[1]
    assert helpd.run("reload", status=None).status == 78
    bring(inbox, 1, sender="v@vip.example")
    wait_for(lambda: inbox.files("cur"))
    with open(f"{helpd.etc}/customers.csv", "w") as f:
        f.write("address,tier\nv@vip.example,gold\n")
    helpd.run("reload")
    assert helpd.tickets()[0]["priority"] == "urgent"
    bring(inbox, 1, sender="v@vip.example", start=1)
    wait_for(lambda: len(helpd.tickets()) == 2)
    assert [t["assignee"] for t in helpd.tickets() if t["id"] == 2] == ["kim"]
    helpd.stop()


def test_at_once(h):
    """Verbs that change assignees while the daemon takes mail in: the counts stay those of the tickets."""
    inbox, helpd = house(h, agents=AGENTS.replace("capacity 4", "capacity 40").replace("capacity 2", "capacity 20"))
    helpd.start()
    bring(inbox, 60)

    def juggle(who):
        for _ in range(6):
            for t in helpd.tickets()[:3]:
                helpd.run("set", str(t["id"]), f"assignee={who}")

    threads = [threading.Thread(target=juggle, args=(w,)) for w in ("ben", "eva")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wait_for(lambda: len(helpd.json("list", "--all")) == 60)
    helpd.stop()
    helpd.run("verify")
    got = list({t["id"]: t["assignee"] for t in helpd.json("list", "--all")}.values())
    table = staff(helpd)
    assert {w: got.count(w) for w in ("anna", "ben", "eva")} == {w: table[w]["tickets"] for w in ("anna", "ben", "eva")}
