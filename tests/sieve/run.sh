#!/bin/sh
# run.sh: helpd sieve-test over the tests of the rules' language.
set -eu
srcdir=${srcdir:-$(dirname "$0")/../..}
${HELPD:-./helpd} sieve-test "$srcdir"/tests/sieve/*.svtest
