#!/bin/sh
# lint.sh [format|tidy|cppcheck]…: the sources as the tools like them; all three without arguments.
# Looks for config.h in the current directory (a configured build), as the compiler does. Exits 77 when a tool is missing.
# What was found is kept in lint-tidy/ and lint-cppcheck/ there, so that a second run reads only what has changed.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
build=$(pwd)
cd "$srcdir"
srcdir=$(pwd)
[ $# -gt 0 ] || set -- format tidy cppcheck
sources=$(find src -name '*.c' | LC_ALL=C sort)
tests=$(find tests -name '*.c' | LC_ALL=C sort)
jobs=${JOBS:-$(nproc)}
status=0

need() {
	command -v "$1" >/dev/null || { echo "SKIP: $1 is not installed"; exit 77; }
}

# The compiler's arguments, one a line, where clang-tidy looks for them. Library headers are given as system headers, so
# that nobody is judged by them. The analyser's time goes into the last paths of a few long functions: with a third of the
# nodes it takes a third of the time and finds the same.
tidy_flags() {
	printf '%s\n' -std=gnu11 -DHAVE_CONFIG_H "-I$build" "-I$srcdir/src" -include "$srcdir/src/base/poison.h" \
	    '-DPKGDATADIR="/usr/share/helpd"' '-DLANGUAGE_MODELS="/usr/share/libexttextcat"' '-DSYSCONFDIR="/etc"' '-DSOURCEDIR="/usr/src"'
	pkg-config --cflags libxml-2.0 libcurl libsystemd libseccomp jansson icu-uc uchardet libexttextcat lmdb libzstd libical |
	    tr ' ' '\n' | sed -n 's/^-I/-isystem/p;/^-D/p'
	printf '%s\n' -Xclang -analyzer-config -Xclang max-nodes=75000
}

# tidy_one DIRECTORY FILE: to DIRECTORY/NAME.out, unless that is of the same text, settings and clang-tidy.
# shellcheck disable=SC2016
tidy_one='
set -f
out=$1/$(printf %s "$2" | tr / -)
key=$({ clang-tidy --version; cat .clang-tidy "$1/compile_flags.txt"; IFS="
"; clang -E -dD -CC $(cat "$1/compile_flags.txt") "$2"; } 2>&1 | sha256sum)
[ "$(cat "$out.key" 2>/dev/null)" != "$key" ] || exit 0
rm -f "$out.key"
clang-tidy --quiet -p "$1" "$2" >"$out.log" 2>&1
rc=$?
grep -E "(warning|error):" "$out.log" >"$out.out"
[ $rc = 0 ] || [ -s "$out.out" ] || { echo "$2: error: clang-tidy ended with status $rc" >"$out.out"; exit 0; }
echo "$key" >"$out.key"
'

for what; do
	case $what in
	format)
		need clang-format
		# shellcheck disable=SC2086
		printf '%s\n' $sources $tests | xargs -n 20 -P "$jobs" clang-format --dry-run -Werror 2>&1 |
		    sed -n 's/:[0-9]*:[0-9]*: error: code should be clang-formatted.*/: not as clang-format has it/p' | sort -u >"$build/lint-format.out"
		;;
	tidy)
		need clang-tidy
		need clang
		mkdir -p "$build/lint-tidy"
		tidy_flags >"$build/lint-tidy/compile_flags.txt"
		# shellcheck disable=SC2086
		printf '%s\n' $sources | xargs -n 1 -P "$jobs" sh -c "$tidy_one" tidy "$build/lint-tidy"
		for f in $sources; do
			cat "$build/lint-tidy/$(printf %s "$f" | tr / -).out"
		done | sed "s,^$srcdir/,," | sort -u >"$build/lint-tidy.out"
		;;
	cppcheck)
		need cppcheck
		mkdir -p "$build/lint-cppcheck"
		# tests/cppcheck.txt says of each suppression why.
		# shellcheck disable=SC2086
		cppcheck --quiet --enable=warning,performance,portability --std=c11 --inline-suppr --error-exitcode=1 -j "$jobs" -Isrc -I"$build" \
		    --cppcheck-build-dir="$build/lint-cppcheck" --suppressions-list=tests/cppcheck.txt \
		    -DHAVE_CONFIG_H '-DPKGDATADIR="x"' '-DLANGUAGE_MODELS="x"' '-DSYSCONFDIR="x"' '-DSOURCEDIR="x"' -D__GNUC__ --library=posix \
		    --template='{file}:{line}: {severity}: {message} [{id}]' $sources >"$build/lint-cppcheck.out" 2>&1 || true
		;;
	esac
	if [ -s "$build/lint-$what.out" ]; then
		cat "$build/lint-$what.out"
		echo "lint: $what: $(wc -l <"$build/lint-$what.out") findings"
		status=1
	else
		echo "lint: $what is content"
	fi
done
exit $status
