#!/bin/sh
# dict.sh NAME: a dictionary for the fuzz target: the words its parser knows, taken from its sources (tests/fuzz/targets).
srcdir=${srcdir:-$(dirname "$0")/../..}
echo "# what $1 knows"
sources=$(sed -n "s/^$1: \(.*\) – .*/\1/p" "$srcdir/tests/fuzz/targets")
for file in $sources; do
	# Comments and format strings say nothing of the input.
	grep -v '^ *\*\|#include\|^[ 	]*/[*/]' "$srcdir/src/$file"
done | grep -o '"\([^"\\]\|\\["\\]\)\{2,32\}"' | grep -v '%' | LC_ALL=C grep -v '[^ -~]' | LC_ALL=C sort -u
