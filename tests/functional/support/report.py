"""Results of a harness as build/reports/NAME.json."""

import json
import os
import sys
from pathlib import Path

from support.place import ROOT


def write_report(name: str, **fields):
    """Writes the report and prints its figures on one line. All fields of the format are always there."""
    report = {"name": name, "commit": os.environ.get("CAREPOST_COMMIT", "unknown"), "command": " ".join(sys.argv), "seed": None,
              "wall_s": 0.0, "trials": 0, "fired": 0, "passed": 0, "failed": 0, "invalid": 0, "controls": 0, "controls_caught": 0,
              "figures": {}}
    unknown = set(fields) - set(report)
    assert not unknown, f"not in the format of reports: {unknown}"
    report.update(fields)
    folder = Path(os.environ.get("CAREPOST_REPORTS", ROOT / "build" / "reports"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    print("        " + json.dumps({k: v for k, v in report.items() if k not in ("commit", "command")}), flush=True)
