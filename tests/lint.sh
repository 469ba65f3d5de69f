#!/bin/sh
# lint.sh [format|tidy|cppcheck]…: the sources as the tools like them; all three without arguments.
# Looks for config.h in the current directory (a configured build), as the compiler does. Exits 77 when a tool is missing.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
build=$(pwd)
cd "$srcdir"
[ $# -gt 0 ] || set -- format tidy cppcheck
sources=$(find src -name '*.c' | LC_ALL=C sort)
tests=$(find tests -name '*.c' | LC_ALL=C sort)
jobs=${JOBS:-$(nproc)}
status=0

# Library headers are given as system headers, so that nobody is judged by them.
flags="-std=gnu11 -DHAVE_CONFIG_H -I$build -Isrc -include src/base/poison.h -DPKGDATADIR=\"/usr/share/helpd\" -DLANGUAGE_MODELS=\"/usr/share/libexttextcat\" -DSYSCONFDIR=\"/etc\""
libs=$(pkg-config --cflags libxml-2.0 libcurl libsystemd libseccomp jansson icu-uc uchardet libexttextcat lmdb libzstd libical | sed 's/-I/-isystem /g')

need() {
	command -v "$1" >/dev/null || { echo "SKIP: $1 is not installed"; exit 77; }
}

for what; do
	case $what in
	format)
		need clang-format
		# shellcheck disable=SC2086
		clang-format --dry-run -Werror $sources $tests 2>&1 | sed -n 's/: error: code should be clang-formatted.*/: not as clang-format has it/p' |
		    awk -F: '!seen[$1]++' >"$build/lint-format.out"
		;;
	tidy)
		need clang-tidy
		# shellcheck disable=SC2086
		printf '%s\n' $sources | xargs -n 1 -P "$jobs" sh -c 'clang-tidy --quiet "$@" -- '"$(printf '%s' "$flags $libs" | sed 's/"/\\"/g')"' 2>/dev/null || true' tidy |
		    grep -E '(warning|error):' | sort -u >"$build/lint-tidy.out" || true
		;;
	cppcheck)
		need cppcheck
		# tests/cppcheck.txt says of each suppression why.
		# shellcheck disable=SC2086
		cppcheck --quiet --enable=warning,performance,portability --std=c11 --inline-suppr --error-exitcode=1 -j "$jobs" -Isrc -I"$build" \
		    --suppressions-list=tests/cppcheck.txt -DHAVE_CONFIG_H '-DPKGDATADIR="x"' '-DLANGUAGE_MODELS="x"' '-DSYSCONFDIR="x"' -D__GNUC__ --library=posix \
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
