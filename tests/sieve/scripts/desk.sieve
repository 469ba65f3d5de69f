require ["vnd.helpd", "regex", "variables"];
if address :domain "from" "big.example" {
    queue "billing";
    tag ["vip", "big"];
    priority :raise;
    assign :team "first-line" :strategy "least-loaded";
    sla "gold";
    answer "welcome";
    note "a big one";
    escalate;
    webhook "https://hook.example/x";
    status "open";
    untag "cold";
}
if header :regex "subject" "order ([0-9]+)" { field "order" "${1}"; }
if header :contains "subject" "lottery" { spam; stop; }
