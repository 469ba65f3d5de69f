# Rules: what becomes of a mail (helpd-rules(5)). All *.sieve in this directory
# run in the order of their names; a rule that says nothing of events runs when
# a mail opens a ticket. Nothing here is in force: take away the # of what you want.
#
#   helpd check      compiles them, runs tests/*.svtest, warns of rules that can do nothing
#   helpd replay     shows which tickets of stored mail they would make differently
#   helpd reload     puts them in force; helpd why N says which rule did what

require ["vnd.helpd", "variables", "regex", "vacation"];

# The number of an order, out of the subject into a field.
#if header :regex "subject" "order #?([0-9]{4,})" {
#    field "order" "${1}";
#    tag "order";
#}

# Customers who come first (customers.csv), or one of their domains.
#if anyof (customer "tier" "vip", address :domain "from" "big.example") {
#    priority :raise;
#    assign :strategy "least-loaded";
#}

# Outside working hours (a calendar of sla.conf): one answer a day.
#if not hours "office" {
#    vacation :days 1 "We are back in the morning of the next working day.";
#}

# A missed promise goes to the leads.
#if event "sla-breach" {
#    escalate "lead";
#}
