#!/bin/sh
# replay.sh: every fuzz target that was built, over its corpus; and whether tests/fuzz/targets names all that there is, and nothing else.
status=0
here=${srcdir:-.}/tests/fuzz
wrong() {
	echo "tests/fuzz/targets: $1"
	status=1
}
for source in "$here"/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	grep -q "^$name: " "$here/targets" || wrong "$name is missing"
	[ -n "$(ls "$here/corpus/$name" 2>/dev/null)" ] || wrong "$name has no corpus"
done
for name in $(sed -n 's/^\([a-z_]*\): .*/\1/p' "$here/targets"); do
	[ -f "$here/fuzz_$name.c" ] || wrong "there is no fuzz_$name.c"
	for file in $(sed -n "s/^$name: \(.*\) – .*/\1/p" "$here/targets"); do
		[ -f "$here/../../src/$file" ] || wrong "$name: there is no src/$file"
	done
done
for target in tests/fuzz/fuzz_*; do
	test -x "$target" && test -f "$target" || continue
	case $target in *.*) continue ;; esac
	corpus=$here/corpus/${target#tests/fuzz/fuzz_}
	test -d "$corpus" || continue
	# libFuzzer's own main runs the files it is given once, too; a directory it would fuzz.
	if ! "$target" "$corpus"/*; then
		echo "$target: failed on its corpus"
		status=1
	fi
done
exit $status
