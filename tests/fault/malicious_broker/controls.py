"""Seeded bugs of a client built for the purpose (seeded_bugs.cpp): the suite has to find out each of them."""

import os

from support.place import build_dir
from table import PREVENTED, Attack

# A bug, and an attack that succeeds against a client that has it.
CONTROLS = [
    ("inclusion-not-checked", "object that was never logged"),
    ("consistency-not-checked", "inconsistent head"),
    ("pin-not-compared", "same size, other root"),
    ("notes-not-verified", "head by another key"),
    ("signatures-not-verified", "key swap in an epoch"),
    ("signatures-not-verified", "key swap in a certificate"),
    ("head-not-verified", "head signed by another key"),
    ("receipts-not-verified", "receipt by another key"),
    ("numbers-not-compared", "replay under a new item number"),
    ("own-label-not-scanned", "an entry under the own label"),
]


def buggy_client(bug: str) -> dict:
    """What makes `carepost` load the library with this bug."""
    folder = build_dir() / "tests" / "seeded_bugs"
    assert (folder / "libcarepost.so.0").exists(), f"{folder} was not built"
    return {"LD_LIBRARY_PATH": str(folder), "CAREPOST_SEEDED_BUG": bug, "PATH": os.environ.get("PATH", "")}


def _nothing(stage):
    victim = stage.victim("nurse")
    victim.tell_lies(lambda event: None)
    stage.accepted(victim.check())


NOTHING = Attack("nothing", PREVENTED, "the broker tells the truth", "none", _nothing)
