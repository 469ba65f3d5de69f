#!/usr/bin/env python3
"""What mail/compose writes, read by Python's email package: the values that went in must come out."""
import email
import email.policy
import os
import pathlib
import subprocess
import sys
import tempfile

TEXTS = ["plain\nlines\n",
         "Grüße aus Köln\n\nmit = und Leerzeichen am Ende \n.\nFrom hier\n",
         "打印机着火了，请尽快处理。\n谢谢！\n", "tab\tand\n\n\nblank lines\n"]
NAMES = ["report.pdf", "Übersicht Q3 2026.xlsx",
         "季度报告（最终版）非常非常长的文件名称用来测试分段编码是否正确.docx",
         'quote"back\\slash; semi=colon.txt']
PEOPLE = ["Wei Zhang", "Müller, Jürgen", "张伟", "O'Neil \"Bob\" (Sales)"]


def check(path, i):
    raw = path.read_bytes()
    for line in raw.split(b"\r\n"):
        assert b"\r" not in line and b"\n" not in line and len(line) <= 998
    m = email.message_from_bytes(raw, policy=email.policy.default)
    k, kind = i % 4, i // 4
    assert [d for part in m.walk() for d in part.defects] == []
    subject = TEXTS[k].strip().replace("\n", " ").replace("\t", " ")
    assert str(m["Subject"]) == subject, (str(m["Subject"]), subject)
    people = [(a.display_name, a.addr_spec) for a in m["To"].addresses]
    assert people == [(PEOPLE[k], "a@b.example"), (PEOPLE[(k + 1) % 4], "c@d.example")], people
    assert m.get_body(("plain",)).get_content().replace("\r\n", "\n") == TEXTS[k]
    html = m.get_body(("html",))
    assert (html is not None) == bool(kind & 1)
    if html is not None:
        assert html.get_content().strip() == '<p>Grüße <img src="cid:logo@x"></p>'
    files = {p.get_filename(): p for p in m.walk() if p.get_filename()}
    assert sorted(files) == (sorted([NAMES[k], "logo.png"]) if kind & 2 else []), files
    if kind & 2:
        assert files[NAMES[k]].get_payload(decode=True) == b"\0\1\2bytes\r\n\n"
        wanted = "inline" if kind & 1 else "attachment"
        assert files["logo.png"].get_content_disposition() == wanted
    tree = [p.get_content_type() for p in m.walk()]
    if kind == 3:
        assert tree == ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
                        "text/html", "image/png", "application/pdf"], tree


def main():
    build = pathlib.Path(os.environ.get("builddir", "."))
    program = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else build / "tests/mail/test_compose"
    if not program.exists():
        print("SKIP:", program, "is not built")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run([program, "--write", tmp], check=True)
        for i in range(16):
            check(pathlib.Path(tmp) / f"{i}.eml", i)
    print("16 mails read back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
