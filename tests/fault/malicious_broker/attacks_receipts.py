"""Attacks on receipts."""

import struct

import crypto
from schema import evidence, parsed, wire
from stage import CLINIC
from table import AT_ONCE, NEXT_GOSSIP, attack
from world import EvidenceFork

REFUSED = "refused as `invalid_signature` (exit 65); no receipt kept, the message stays in the spool"
UNPROVEN = "that recipient shows as unproven (`invalid_signature`, exit 65), nothing is kept"


def submits(forge):
    """A lie: the broker takes a message, but gives a receipt made by `forge`, which returns bytes or an EvidenceFork."""
    forks = []

    def lie(event):
        if event.op == "submit" and event.said is not None and event.said.receipt:
            forged = forge(event.said.receipt)
            if isinstance(forged, EvidenceFork):
                forks.append(forged)
                forged = forged.bytes
            event.said.receipt = forged
        for fork in forks:
            fork.prove(event)

    return lie


def forged_submission(s, forge):
    """Such a receipt is refused, and none is kept."""
    victim = s.victim("nurse")
    before = receipts_of(victim)
    victim.tell_lies(submits(forge))
    done = victim.send()
    s.refused(done, 65, "receipt|evidence|proof|signature")
    s.wants(receipts_of(victim) == before, "a receipt was kept")
    return victim


def receipts_of(victim) -> list:
    return sorted(path.name for path in victim.home.rglob("*.receipt"))


@attack("receipt of another message", AT_ONCE, "the true receipt of an earlier message", REFUSED)
def _(s):
    other = s.world.rows("SELECT number FROM evidence")  # there are earlier ones
    s.wants(other, "no evidence yet")
    kept = {}

    def forge(receipt):
        return kept["receipt"]

    first = s.victim("hospital")

    def keep(event):
        if event.op == "submit" and event.said is not None:
            kept["receipt"] = event.said.receipt

    first.tell_lies(keep)
    s.accepted(first.send())
    forged_submission(s, forge)


@attack("receipt by another key", AT_ONCE, "a receipt whose evidence head is signed by a key that was never pinned", REFUSED)
def _(s):
    forged_submission(s, lambda receipt: EvidenceFork(s.world, receipt, key=s.world.evil_key))


@attack("receipt that is not in the log", AT_ONCE, "one bit of the receipt's inclusion proof is flipped", REFUSED)
def _(s):
    def forge(receipt):
        out = parsed(evidence.Receipt, receipt)
        proof = bytearray(out.proof[0])
        proof[0] ^= 1
        out.proof[0] = bytes(proof)
        return out.SerializeToString()

    forged_submission(s, forge)


@attack("receipt for other content", AT_ONCE, "a rightly signed receipt for another routing under the same message id", REFUSED)
def _(s):
    def edit(row):
        row.routing_hash = crypto.sha256(b"something else")

    forged_submission(s, lambda receipt: EvidenceFork(s.world, receipt, edit_row=edit))


@attack("receipt of a refusal", AT_ONCE, "a rightly signed statement that the message was refused, given as a receipt", REFUSED)
def _(s):
    def edit(row):
        row.type = 2

    forged_submission(s, lambda receipt: EvidenceFork(s.world, receipt, edit_row=edit))


@attack("receipt whose row is another", AT_ONCE, "the readable row says other than the logged leaf commits to", REFUSED)
def _(s):
    def forge(receipt):
        out = parsed(evidence.Receipt, receipt)
        row = parsed(evidence.EvidenceRow, out.row)
        row.time_ms += 1000
        out.row = row.SerializeToString()
        return out.SerializeToString()

    forged_submission(s, forge)


def status_of(s, edit, message=None):
    """The nurse asks what became of a message; `edit` changes the answer."""
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "receipts" and event.said is not None:
            edit(event.said)

    victim.tell_lies(lie)
    before = receipts_of(victim)
    done = victim.run("status", message or s.status, "--json")
    return victim, before, done


def unproven(s, edit, message=None):
    victim, before, done = status_of(s, edit, message)
    s.refused(done, 65, "receipt")
    one = done.json()["recipients"][0]
    s.wants("error" in one or one["state"] == "waiting", "a receipt that proves nothing was believed", done)
    s.wants("received" not in one or not one["received"], "a time of receipt was believed", done)
    new = [name for name in receipts_of(victim) if name not in before and "received" in name]
    s.wants(not new, f"kept: {new}", done)


@attack("forged receipt of a member", AT_ONCE, "a statement that the recipient received it, signed by a key of the broker's", UNPROVEN)
def _(s):
    def edit(said):
        for one in said.recipients:
            if one.received:
                receipt = parsed(evidence.MemberReceipt, one.received)
                receipt.signature = s.world.evil_key.labelled("member-receipt", receipt.statement)
                one.received = receipt.SerializeToString()

    unproven(s, edit)


@attack("a member's receipt for another message", AT_ONCE, "the recipient's true receipt for one message given for another", UNPROVEN)
def _(s):
    kept = {}

    def keep(said):
        kept["one"] = next(one for one in said.recipients if one.received)

    status_of(s, keep)

    def edit(said):
        for one in said.recipients:
            if one.mailbox == kept["one"].mailbox:
                one.CopyFrom(kept["one"])

    unproven(s, edit, s.waiting)


@attack("received, without any receipt", AT_ONCE, "the broker merely says that a message was received", UNPROVEN)
def _(s):
    def edit(said):
        for one in said.recipients:
            one.state = 2

    unproven(s, edit, s.waiting)


@attack("hand-over of another message", AT_ONCE, "the true evidence that another message was handed over", UNPROVEN)
def _(s):
    kept = {}

    def keep(said):
        kept["handed"] = next(one.handed_over for one in said.recipients if one.handed_over)

    status_of(s, keep)

    def edit(said):
        for one in said.recipients:
            one.handed_over = kept["handed"]

    _, _, done = status_of(s, edit, s.waiting)
    s.refused(done, 65, "hand-over")
    s.wants("error" in done.json()["recipients"][0], "it was believed", done)


@attack("a recipient nobody wrote to", AT_ONCE, "the answer about a message names another recipient than the sender's own", "`status` warns: the recipients are not those of the message")
def _(s):
    def edit(said):
        for one in said.recipients:
            if one.mailbox == s.mailboxes["clinic"]:
                one.mailbox, one.address = s.mailboxes["doctor"], "nihii:19234011/DOCTOR"

    _, _, done = status_of(s, edit, s.waiting)
    s.wants(done.code != 0 or done.json()["warnings"], "it was believed", done)


@attack("a recipient left out", AT_ONCE, "the answer about a message leaves a recipient out", "`status` warns: the recipients are not those of the message")
def _(s):
    def edit(said):
        for number, one in reversed(list(enumerate(said.recipients))):
            if one.mailbox == s.mailboxes["clinic"]:
                del said.recipients[number]

    _, _, done = status_of(s, edit)
    s.wants(done.code != 0 or done.json()["warnings"], "it was believed", done)


@attack("another name for a recipient", AT_ONCE, "the answer about a message shows another address for the mailbox", "the address shown is the verified one")
def _(s):
    def edit(said):
        for one in said.recipients:
            one.address = "nihii:19234011/DOCTOR"

    _, _, done = status_of(s, edit)
    s.wants(done.code != 0 or done.json()["recipients"][0]["address"] == CLINIC, "it was believed", done)


@attack("contradictory receipts", AT_ONCE, "asked again, the broker gives another, rightly signed receipt for the same message", "refused as `fraud_proven` (exit 76), both receipts kept")
def _(s):
    victim = s.victim("nurse")
    first = [path.read_bytes() for path in victim.home.rglob(f"{s.status}-published.receipt")]
    s.wants(first, "no first receipt")

    def edit_row(row):
        row.time_ms += 86_400_000

    def lie(event):
        if event.op == "receipts" and event.said is not None:
            event.said.receipt = EvidenceFork(s.world, event.said.receipt, edit_row=edit_row).bytes

    victim.tell_lies(lie)
    done = victim.run("status", s.status, "--json")
    after = [path.read_bytes() for path in victim.home.rglob(f"{s.status}-published.receipt")]
    s.wants(after == first, "the first receipt was replaced", done)
    s.refused(done, 76, "contradict")
    s.wants(list(victim.home.rglob(f"{s.status}-contradicts.receipt")), "the second receipt was not kept")


@attack("receipt of the year 2100", AT_ONCE, "a rightly signed receipt with a time far ahead", "the send warns: one of the two clocks is wrong")
def _(s):
    victim = s.victim("nurse")

    def edit(row):
        row.time_ms = 4102444800000

    victim.tell_lies(submits(lambda receipt: EvidenceFork(s.world, receipt, edit_row=edit)))
    done = victim.send()
    s.refused(done, 0, "one of the two clocks is wrong")


@attack("forked evidence log", NEXT_GOSSIP, "the receipt is proven in an evidence log that only this sender is shown",
        "the next evidence head shown to this sender contradicts the receipt's: reported, the receipt kept as proof")
def _(s):
    victim = s.victim("nurse")

    victim.tell_lies(submits(lambda receipt: EvidenceFork(s.world, receipt)))
    sent = victim.send()
    victim.tell_lies()
    if sent.code != 0:
        return s.wants(sent.code in (65, 76, 79), "refused for another reason", sent)
    later = victim.check()
    done = victim.run("status", sent.json()["id"], "--json")
    s.wants(later.code in (76, 79) or done.code in (65, 76, 79) or "contradict" in later.err + done.err + done.out,
            "two evidence logs passed without a word", done)


def leaf_time(leaf: bytes) -> int:
    return struct.unpack(">Q", leaf[65:73])[0]


assert wire  # the schema is made before the first attack
