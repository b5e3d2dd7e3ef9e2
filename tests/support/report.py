#!/usr/bin/env python3
"""Writes build/reports/NAME.json: what a harness tried, what it saw, and whether its controls were caught.

From Python:  report.write("crash", trials=50, fired=50, passed=50, controls=1, controls_caught=1, figures={...})
From a shell: tests/support/report.py crash trials=50 passed=50 figures.p99_ms=3.1 command="..." seed=7
"""
import json
import os
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COUNTS = ("trials", "fired", "passed", "failed", "invalid", "controls", "controls_caught")


def commit():
    result = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def write(name, command="", seed=None, wall_s=0.0, figures=None, **counts):
    """Fields not named are 0. Returns the path. Raises on a count that is none of the agreed fields."""
    unknown = set(counts) - set(COUNTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: not a field of a report; put it into figures")
    report = {"name": name, "commit": commit(), "command": command or " ".join(sys.argv), "seed": seed,
              "wall_s": round(float(wall_s), 3), **{field: int(counts.get(field, 0)) for field in COUNTS},
              "figures": figures or {}}
    folder = os.environ.get("CAREPOST_REPORTS", os.path.join(ROOT, "build", "reports"))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + ".json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)
        file.write("\n")
    os.replace(path + ".new", path)
    return path


def number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    fields, figures = {}, {}
    for argument in sys.argv[2:]:
        key, _, value = argument.partition("=")
        if key.startswith("figures."):
            figures[key.removeprefix("figures.")] = number(value)
        else:
            fields[key] = value if key == "command" else number(value)
    print(write(sys.argv[1], figures=figures, **fields))


if __name__ == "__main__":
    main()
