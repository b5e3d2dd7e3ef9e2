"""The table of attacks. Each is a function of a Stage that carries the attack out against real clients and judges what they did."""

from dataclasses import dataclass
from typing import Callable

PREVENTED = "prevented"                  # it has no effect at all
AT_ONCE = "detected at once"             # the very command that meets it says so and does nothing wrong
NEXT_GOSSIP = "detected at next gossip"  # found when a message, a scan or another head arrives
AVAILABILITY = "availability only"       # cannot be told from a broken network or a stopped broker; nothing wrong is believed

ATTACKS = []


@dataclass
class Attack:
    name: str
    kind: str      # one of the classes above
    what: str      # what the broker does
    reaction: str  # what the client does about it
    run: Callable

    @property
    def row(self) -> str:
        """As it stands in docs/threat-model.md."""
        return f"| {self.name} | {self.what} | {self.kind} | {self.reaction} |"


def attack(name: str, kind: str, what: str, reaction: str):
    def add(run):
        assert all(other.name != name for other in ATTACKS), name
        ATTACKS.append(Attack(name, kind, what, reaction, run))
        return run

    return add
