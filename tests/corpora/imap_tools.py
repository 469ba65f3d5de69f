#!/usr/bin/env python3
"""The mails of imap_tools and what that library reads in them: from, subject, text, names and sizes of attachments.

Its expectations are those of Python's email package with all of that package's habits, so some mails are read
otherwise here. Each is named below with the reason; any other difference fails, and so does a difference that went
away (then its line goes too). Text is compared without white space at its ends and between words.
"""
import json
import os
import pathlib
import subprocess
import sys

# Size of an embedded mail: Python counts what its generator writes when it composes the mail anew, with LF and other
# folds; helpd counts the bytes that came.
SIZE = "the size of the embedded mail is that of its bytes, not of Python's own rendering"
# 8-bit bytes under a us-ascii label: Python drops them, helpd finds the charset ("Envoyé", not "Envoy").
DROPPED = "8-bit characters are decoded, not dropped"

KNOWN = {
    "attachment_7bit": SIZE,
    "attachment_message_rfc822": SIZE,
    "raw_email_with_mimepart_without_content_type": SIZE,
    "multi_address_bounce1": SIZE,
    "multi_address_bounce2": SIZE,
    "content_transfer_encoding_plain": DROPPED,
    "raw_email6": DROPPED,
    "invalid_subject_characters": DROPPED,
    "content_transfer_encoding_7-bit": "iso-8859-1 is read as windows-1252: a dagger, not a control character",
    "attachment_2_base64": "an embedded mail in base64 is decoded before its text is shown",
    "missing_content_disposition": "an image is an attachment, also when its Content-Disposition is empty",
    "multipart_report_multiple_status": "text parts with a Content-ID are text, not attachments; reports keep their blank lines' words apart",
    "text_with_content_id": "a text part with a Content-ID (every mail of Exchange) is text, not an attachment",
    "mix_caps_content_type": "From: Big Bug bb@bug.com has an address in it",
    "raw_email_incorrect_header": "a line of junk in the header does not end it: From and Subject are below",
    "example13": "blanks before the colon (RFC 5322 §4.5) are no reason to lose the field",
}


def words(s):
    return " ".join(s.split())


def differences(want, got):
    address = got["from"][0]["address"] if got["from"] else ""
    if address.lower() != want["from_"].lower():
        yield "from", want["from_"], address
    if got["subject"] != want["subject"]:
        yield "subject", want["subject"], got["subject"]
    files = [(a["filename"], a["payload"]["len"]) for a in want["attachments"]]
    ours = [(a["name"], a["size"]) for a in got["attachments"]]
    if files != ours:
        yield "attachments", files, ours
    if want["text"].strip() and words(want["text"]) != words(got["text"]):
        yield "text", words(want["text"])[:200], words(got["text"])[:200]


def main():
    src = pathlib.Path(os.environ.get("srcdir", "."))
    top = pathlib.Path(os.environ.get("HELPD_CORPORA", src / "../shared/corpora")) / "mime/imap-tools"
    if not (top / "expected.jsonl").exists():
        print("SKIP: no", top)
        return 77
    want = [json.loads(line) for line in open(top / "expected.jsonl", encoding="utf-8")]
    files = [str(top / w["file"]) for w in want]
    run = subprocess.run([os.environ.get("HELPD", "./helpd"), "parse", *files], capture_output=True, check=False)
    got = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    assert [g["file"] for g in got] == files, run.stderr.decode()
    different = {}
    for w, g in zip(want, got):
        found = [("error", "", g["error"])] if "error" in g else list(differences(w["expected"], g))
        if found:
            different[pathlib.Path(w["file"]).stem] = found
    sizes = sum(KNOWN.get(name) == SIZE for name in different)
    print(f"{len(want)} mails, {len(want) - len(different)} equal, {sizes} more but for the size of an embedded mail")
    for name in sorted(set(different) - set(KNOWN)):
        print(name, *different[name], sep="\n  ")
    for name in sorted(set(KNOWN) - set(different)):
        print(f"{name}: equal by now, take it off the list")
    return int(set(different) != set(KNOWN))


if __name__ == "__main__":
    sys.exit(main())
