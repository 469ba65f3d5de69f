/* config_rules: rules.d of the configuration directory: DIR/ *.sieve in the order of their names, what they include from DIR/include. */
#ifndef APP_CONFIG_RULES_H
#define APP_CONFIG_RULES_H

#include "base/syntax.h"
#include "desk/rules.h"

enum { RULES_FILES_MAX = 1000 };

/*
 * Reads and compiles; a directory that is not there has no rules: *out NULL. Complaints in *a, also of names that the settings do not know, and, as warnings, of
 * rules that can never match. -1 when there was an error.
 */
int rules_read(struct arena *a, const char *dir, const struct settings *s, struct rules **out, struct complaints *bad);

/* Their tests, DIR/tests/ *.svtest, run as `helpd sieve-test` does; a test that fails is an error at the line that says so. How many files there were. */
size_t rules_test(struct arena *a, const char *dir, struct complaints *bad);

#endif
