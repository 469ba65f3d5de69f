/*
 * What helpd init puts into rules.d: an example, all of it commented out, and a
 * test beside it. The same files are in etc/rules.d of the source; a test
 * compares them.
 */
#include "app/init_rules.h"

/* clang-format off */
const char init_rules_example[] =
    "# Rules: what becomes of a mail (helpd-rules(5)). All *.sieve in this directory\n"
    "# run in the order of their names; a rule that says nothing of events runs when\n"
    "# a mail opens a ticket. Nothing here is in force: take away the # of what you want.\n"
    "#\n"
    "#   helpd check      compiles them, runs tests/*.svtest, warns of rules that can do nothing\n"
    "#   helpd replay     shows which tickets of stored mail they would make differently\n"
    "#   helpd reload     puts them in force; helpd why N says which rule did what\n"
    "\n"
    "require [\"vnd.helpd\", \"variables\", \"regex\", \"vacation\"];\n"
    "\n"
    "# The number of an order, out of the subject into a field.\n"
    "#if header :regex \"subject\" \"order #?([0-9]{4,})\" {\n"
    "#    field \"order\" \"${1}\";\n"
    "#    tag \"order\";\n"
    "#}\n"
    "\n"
    "# Customers who come first (customers.csv), or one of their domains.\n"
    "#if anyof (customer \"tier\" \"vip\", address :domain \"from\" \"big.example\") {\n"
    "#    priority :raise;\n"
    "#    assign :strategy \"least-loaded\";\n"
    "#}\n"
    "\n"
    "# Outside working hours (a calendar of sla.conf): one answer a day.\n"
    "#if not hours \"office\" {\n"
    "#    vacation :days 1 \"We are back in the morning of the next working day.\";\n"
    "#}\n"
    "\n"
    "# A missed promise goes to the leads.\n"
    "#if event \"sla-breach\" {\n"
    "#    escalate \"lead\";\n"
    "#}\n";

const char init_rules_test[] =
    "# A test of the rules beside it: helpd check runs it (helpd-rules(5), TESTING).\n"
    "require [\"vnd.dovecot.testsuite\", \"vnd.helpd\"];\n"
    "\n"
    "test_set \"message\" text:\n"
    "From: Ann <ann@customer.example>\n"
    "To: support@acme.example\n"
    "Subject: Where is order 4711?\n"
    "\n"
    "It was to come on Monday.\n"
    ".\n"
    ";\n"
    "test_set \"event\" \"new\";\n"
    "test_set \"hours.office\" \"yes\";\n"
    "\n"
    "test \"the example compiles and runs\" {\n"
    "    if not test_script_compile \"../00-example.sieve\" { test_fail \"it does not compile\"; }\n"
    "    if not test_script_run { test_fail \"it does not run\"; }\n"
    "    # With the rule of orders in force:\n"
    "    #if not test_result \"field order 4711\" { test_fail \"the order's number was not found\"; }\n"
    "}\n";
/* clang-format on */
