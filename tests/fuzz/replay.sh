#!/bin/sh
# replay.sh: every fuzz target that was built, over its corpus.
status=0
for target in tests/fuzz/fuzz_*; do
	test -x "$target" && test -f "$target" || continue
	case $target in *.*) continue ;; esac
	corpus=${srcdir:-.}/tests/fuzz/corpus/${target#tests/fuzz/fuzz_}
	test -d "$corpus" || continue
	# libFuzzer's own main runs the files it is given once, too; a directory it would fuzz.
	if ! "$target" "$corpus"/*; then
		echo "$target: failed on its corpus"
		status=1
	fi
done
exit $status
