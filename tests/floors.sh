#!/bin/sh
# floors.sh [DIR]: the directories of src/ are floors; a file includes its own floor or lower ones, never upward, a
# foreign library's header is named only in its home, and the lower floors neither log nor read the clock.
#
# Prints one line "file:line: what" for each offence and exits 1. Without DIR it first shows on a made-up tree
# that it notices each kind of offence, then judges the real one.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}

judge() { # judge DIR: DIR holds base/ mail/ store/ desk/ net/ app/
	(cd "$1" && find . -name '*.[ch]' | LC_ALL=C sort | sed 's,^\./,,' | xargs awk '
	BEGIN {
		split("base mail store desk net app", f, " ")
		for (i in f) rank[f[i]] = i
		# net stands beside desk, not above it: neither knows of the other.
		apart["net", "desk"] = apart["net", "store"] = 1
		# header prefix -> the files that may name it
		home["lmdb.h"] = "^store/"
		home["zstd"] = "^store/blob"
		home["libetpan/"] = "^(mail/mime|net/)"
		home["libxml/"] = "^mail/html"
		home["curl/"] = "^net/"
		home["ytnef.h"] = "^mail/tnef"
		home["uchardet"] = "^mail/"
		home["libexttextcat/"] = "^mail/language"
		home["libical/"] = "^(mail|desk)/"
		home["unicode/"] = "^(base/|mail/|desk/|net/smtp|app/config_zone)"
		home["openssl/"] = "^(base/|net/|mail/smime[.])"
		home["openssl/cms.h"] = "^mail/smime[.]"
		home["jansson.h"] = "^app/"
		home["seccomp.h"] = "^app/"
		home["linux/seccomp.h"] = "^app/"
		home["systemd/"] = "^app/"
	}
	function bad(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; n++ }
	{ floor = FILENAME; sub("/.*", "", floor) }
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		h = $0; sub(/^[^"]*"/, "", h); sub(/".*/, "", h)
		if (h == "config.h") next
		to = h; sub("/.*", "", to)
		if (index(h, "/") == 0 || !(to in rank)) bad("\"" h "\": the floor belongs in the name, as in \"base/str.h\"")
		else if (rank[to] > rank[floor]) bad(floor "/ includes " h ", which is a higher floor")
		else if ((floor, to) in apart) bad(floor "/ includes " h ": it is to know nothing of " to "/")
	}
	/^[ \t]*#[ \t]*include[ \t]*</ {
		h = $0; sub(/^[^<]*</, "", h); sub(/>.*/, "", h)
		for (p in home) if (index(h, p) == 1 && FILENAME !~ home[p]) bad("<" h "> has its home in " substr(home[p], 2))
	}
	floor ~ /^(mail|store|desk)$/ && /(^|[^A-Za-z_])clock_(now|mono)[ \t]*\(/ { bad(floor "/ reads the clock: time is an argument here") }
	floor ~ /^(mail|store|desk)$/ && /(^|[^A-Za-z_])log_(line|error|warning|info|debug)[ \t]*\(/ { bad(floor "/ logs: return an error instead") }
	END { exit n > 0 }
	' /dev/null)
}

if [ $# -gt 0 ]; then
	judge "$1"
	exit
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/base" "$tmp/mail" "$tmp/desk" "$tmp/net" "$tmp/store"
echo 'int ok;' >"$tmp/base/fine.c"
expect() { # expect FILE LINE: a tree with only this line in it is refused
	printf '%s\n' "$2" >"$tmp/$1"
	if judge "$tmp" >/dev/null; then
		echo "floors.sh: would not notice '$2' in $1"
		exit 1
	fi
	rm "$tmp/$1"
}
expect base/a.h '#include "mail/address.h"'
expect mail/a.c '#  include "desk/ingest.h"'
expect net/a.c '#include "desk/settings.h"'
expect mail/a.c '#include "address.h"'
expect desk/a.c '#include <lmdb.h>'
expect mail/header.c '#include <libetpan/libetpan.h>'
expect desk/a.c 'int64_t now = clock_now();'
expect store/a.c '	log_error("store", "no");'
judge "$tmp"

judge "$srcdir/src"
echo "floors: $(find "$srcdir/src" -name '*.[ch]' | wc -l) files keep to their floor"
