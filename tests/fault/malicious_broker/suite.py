"""All attacks, and whether docs/threat-model.md tells the same of them."""

import attacks_directory
import attacks_trust
import attacks_mail  # in the order of the table
import attacks_receipts
import attacks_protocol
from support.place import ROOT
from table import ATTACKS

MODULES = (attacks_directory, attacks_trust, attacks_mail, attacks_receipts, attacks_protocol)
BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"


def documented_rows() -> list:
    """What differs between the suite's table and the one in docs/threat-model.md."""
    text = (ROOT / "docs" / "threat-model.md").read_text()
    if BEGIN not in text or END not in text:
        return ["the table of attacks is missing"]
    rows = [line for line in text.split(BEGIN)[1].split(END)[0].splitlines() if line.startswith("|")][2:]
    wanted = [attack.row for attack in ATTACKS]
    return [f"not as the suite has it: {row}" for row in rows if row not in wanted] + [f"missing: {row}" for row in wanted if row not in rows]
