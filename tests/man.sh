#!/bin/sh
# man.sh: every man page is clean mdoc, and names what the program knows. Skipped (77) without mandoc.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
command -v mandoc >/dev/null || { echo "SKIP: mandoc is not installed"; exit 77; }
cd "$srcdir/man"
status=0
for page in *.[1-9]; do
	# STYLE level: a warning is an error here. The operating system's name comes from the machine, so it is not judged.
	mandoc -Tlint -Wstyle "$page" 2>&1 | grep -v -e 'operating system' -e 'Mdocdate' -e 'referenced manual not found' -e 'outdated mandoc.db' >"${TMPDIR:-/tmp}/man.$$" || true
	if [ -s "${TMPDIR:-/tmp}/man.$$" ]; then
		cat "${TMPDIR:-/tmp}/man.$$"
		status=1
	fi
	rm -f "${TMPDIR:-/tmp}/man.$$"
done
# Every verb of the table has a paragraph in helpd(1).
table=../src/app/verbs.c
if [ -f "$table" ]; then
	for verb in $(sed -n 's/^[	 ]*{"\([a-z-]*\)", *cmd_.*/\1/p' "$table"); do
		grep -q -E "^\.(It|Ic|Cm|It Ic|It Cm).* $verb( |$)" helpd.1 || { echo "helpd.1: says nothing of '$verb'"; status=1; }
	done
fi
exit $status
