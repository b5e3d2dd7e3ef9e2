#!/usr/bin/env python3
"""Runs the unit test programs of one build tree through ctest and counts the test cases inside them.
Usage: tests/support/run_units.py BUILD_DIR [CTEST_ARGUMENT...]; last line "N passed, N failed[, N skipped]"."""
import re
import subprocess
import sys

ALL = re.compile(r"All tests passed \(.* in (\d+) test cases?\)")
SOME = re.compile(r"test cases: +(\d+)(.*)")
ENDED = re.compile(r" *\d+/\d+ Test +#\d+: (\S+) \.*(.*?) +[\d.]+ sec")


def count(text, word):
    found = re.search(rf"(\d+) {word}", text)
    return int(found[1]) if found else 0


def main():
    run = subprocess.run(["ctest", "--test-dir", sys.argv[1], "-V", "-j2", *sys.argv[2:]],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    print(run.stdout)
    passed = failed = skipped = 0
    for line in run.stdout.splitlines():
        if found := ALL.search(line):
            passed += int(found[1])
        elif found := SOME.search(line):
            passed += count(found[2], "passed")
            failed += count(found[2], "failed")
            skipped += count(found[2], "skipped")
    # A program that crashed or hung counts none of its own: it is at least one failure.
    broken = [m[1] for m in map(ENDED.match, run.stdout.splitlines()) if m and "Passed" not in m[2]]
    if broken:
        print("not passed: " + ", ".join(broken))
    if run.returncode != 0:
        failed = max(failed, len(broken), 1)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
