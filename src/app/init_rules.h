/* init_rules: rules.d/00-example.sieve and rules.d/tests/00-example.svtest, as helpd init writes them. */
#ifndef APP_INIT_RULES_H
#define APP_INIT_RULES_H

extern const char init_rules_example[], init_rules_test[];

#endif
