#!/usr/bin/env python3
"""Proves that the vector runner can fail: it gets copies of vectors with one thing made wrong and must refuse each.

Usage: controls.py RUNNER FOLDER...   (folders with good vectors). Last line: N passed, N failed.
"""
import json
import os
import subprocess
import sys
import tempfile

# Members that hold something the product must reproduce or verify. One hex digit of one of them is changed.
HEX_MEMBERS = ["okm", "tag", "sig", "ct", "msgSha512", "shared_secret", "exported_value", "enc", "ss", "pk", "key",
               "commitment", "routing", "header", "signature", "content_key", "stanza_root", "sha256"]
BASE64_MEMBERS = ["root", "root1", "root2", "leafHash"]


def nodes(value):
    """Every object inside a parsed file."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from nodes(child)


def flip(text, alphabet):
    """The text with its middle character replaced by another of the alphabet."""
    at = len(text) // 2
    return text[:at] + next(c for c in alphabet if c != text[at].lower()) + text[at + 1:]


def faults(original):
    """Yields (description, faulty copy) for one parsed file: each member once, in the first good case that has it."""
    text = json.dumps(original)
    for member in HEX_MEMBERS + BASE64_MEMBERS:
        copy = json.loads(text)
        for node in nodes(copy):
            value = node.get(member)
            if not isinstance(value, str) or len(value) < 8 or node.get("result", "valid") != "valid" or \
                    node.get("wantErr"):
                continue
            node[member] = flip(value, "0123456789abcdef" if member in HEX_MEMBERS else "AB")
            yield f"{member} changed", copy
            break
    copy = json.loads(text)
    for node in nodes(copy):
        if node.get("result") == "valid":
            node["result"] = "invalid"
            yield "a good case declared bad", copy
            break
    for node in nodes(copy := json.loads(text)):
        if node.get("wantErr") is False:
            node["wantErr"] = True
            yield "a good proof declared bad", copy
            break


def is_refused(runner, path):
    done = subprocess.run([runner, path], capture_output=True, text=True, timeout=60)
    return done.returncode == 1 and ("FAILED" in done.stdout or "ERROR" in done.stdout)


def write(folder, content):
    path = os.path.join(folder, "copy.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    return path


def main():
    runner, folders = sys.argv[1], sys.argv[2:]
    passed, failed = 0, 0

    def expect_refusal(what, path):
        nonlocal passed, failed
        refused = is_refused(runner, path)
        passed, failed = passed + refused, failed + (not refused)
        if not refused:
            print(f"FAILED: not caught: {what}")

    with tempfile.TemporaryDirectory() as place:
        for folder in folders:
            for path in sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
                               if name.endswith(".json")):
                with open(path, encoding="utf-8") as file:
                    original = json.load(file)
                for what, copy in faults(original):
                    expect_refusal(f"{what} in {path}", write(place, json.dumps(copy)))
        expect_refusal("an unknown format", write(place, '{"algorithm": "ROT13", "testGroups": []}'))
        expect_refusal("no JSON at all", write(place, "{"))
        expect_refusal("no case in it", write(place, '{"algorithm": "HKDF-SHA-256", "testGroups": []}'))
        os.remove(os.path.join(place, "copy.json"))
        expect_refusal("an empty folder", place)
        expect_refusal("no such file", os.path.join(place, "nothing.json"))
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
