"""bash completion: every verb of `helpd help`, and for each what its usage line names."""
import os
import re
import shutil
import subprocess

import pytest

import house

SCRIPT = os.path.join(house.SRC, "contrib/helpd.bash-completion")
pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="no bash")


def usage():
    text = subprocess.run([house.HELPD, "help"], capture_output=True, text=True, check=True).stdout
    verbs = re.findall(r"^  ([a-z][a-z-]*)  ", text, re.M)
    assert len(verbs) > 30
    lines = {v: subprocess.run([house.HELPD, "help", v], capture_output=True, text=True, check=True).stdout.split("\n")[0] for v in verbs}
    return verbs, lines


def complete(tmp_path, *words):
    """What bash proposes behind these words; the last one is what stands before the cursor."""
    os.makedirs(tmp_path / "bin", exist_ok=True)
    link = tmp_path / "bin/helpd"
    if not link.exists():
        link.symlink_to(house.HELPD)
    script = 'compopt() { :; }\n. "$1"; shift\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _helpd; printf "%s\\n" "${COMPREPLY[@]}"\n'
    env = dict(os.environ, PATH=f"{tmp_path}/bin:" + os.environ["PATH"], HELPD_CONFIG=str(tmp_path / "none"))
    r = subprocess.run(["bash", "-c", script, "bash", SCRIPT, "helpd", *words], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60)
    assert r.returncode == 0 and not r.stderr, r.stderr
    return set(r.stdout.split())


def test_verbs(tmp_path):
    verbs, _ = usage()
    assert complete(tmp_path, "") == set(verbs)
    assert complete(tmp_path, "help", "") == set(verbs)
    assert complete(tmp_path, "rep") == {v for v in verbs if v.startswith("rep")} >= {"reply", "replay"}
    assert complete(tmp_path, "-c", "/etc/helpd", "sta") == {"status"}


def test_options(tmp_path):
    _, lines = usage()
    for verb, line in lines.items():
        want = set(re.findall(r"--[a-z][a-z-]*", line)) | {"--json"}
        assert complete(tmp_path, verb, "--") == want, verb


def test_words_of_a_verb(tmp_path):
    """`outbox [list | show ID | …]`: the words in small letters at the head of each choice; and the names before "=" of `set`."""
    _, lines = usage()
    tried = 0
    for verb, line in lines.items():
        rest = line.split(verb, 1)[1]
        if not re.match(r" *\[[a-z]+ ", rest) or " | " not in rest:
            continue
        want = {w for w in (c.split()[0].strip("[]") for c in rest.split(" | ")) if re.fullmatch("[a-z]+", w)}
        missing = want - complete(tmp_path, verb, "")
        assert not missing, (verb, missing)
        tried += 1
    assert tried >= 6
    names = set(re.findall(r"\[([a-z]+[=.])", lines["set"]))
    assert len(names) > 8 and names <= complete(tmp_path, "set", "42", "")


def test_directories_and_files(tmp_path):
    os.makedirs(tmp_path / "rules.d")
    (tmp_path / "one.svtest").write_text("")
    assert "rules.d" in complete(tmp_path, "replay", "--rules", "ru")
    assert "one.svtest" in complete(tmp_path, "sieve-test", "on")
    assert "rules.d" in complete(tmp_path, "backup", "")
