"""Attacks on keys and on the directory log."""

import os

import crypto
from crypto import SigningKey
from schema import Edited, directory, parsed, wire
from stage import CLINIC, DOCTOR, HOSPITAL
from table import AT_ONCE, NEXT_GOSSIP, attack
from world import CERTIFICATE, CHAIN, ForkedLog, failure, leaf_bytes, records_of, signed

INVALID = "refused as `certificate_invalid` (exit 65), nothing sealed"
UNVERIFIED = "refused as `log_unverified` (exit 65), nothing sealed"
SPLIT = "refused as `unresolved_split` (exit 79), nothing sealed"
FRAUD = "refused as `fraud_proven` (exit 76), both notes kept, sending stops"


def logged(entry, kind: int, label: bytes, seq: int, object_bytes: bytes, index: int) -> bytes:
    """Fills a LoggedEntry with another object and gives the leaf that belongs to it."""
    entry.type, entry.label, entry.seq, entry.index = kind, label, seq, index
    entry.signed_object, entry.salt = object_bytes, os.urandom(32)
    return leaf_bytes(kind, label, seq, entry.salt, parsed(directory.SignedObject, object_bytes).object)


def is_about(record, address: str) -> bool:
    return record.found and record.address == address


def swapped_certificate(s, signer, identity, address=CLINIC):
    """The certificate of an address with another identity key."""
    real = parsed(directory.SignedObject, s.world.entries(address, CERTIFICATE)[0][2])
    certificate = parsed(directory.Certificate, real.object)
    certificate.identity_key = identity.public
    certificate.serial = os.urandom(16)
    return signed(certificate.SerializeToString(), "certificate", signer)


def own_chain(s, identity, address=CLINIC):
    """A whole chain for a mailbox under an identity of the forger's: genesis and the epochs with keys of another practice."""
    mailbox = s.mailboxes["clinic"]
    member = SigningKey(os.urandom(32))
    own_epochs = [parsed(directory.ChainEntry, parsed(directory.SignedObject, row[2]).object)
                  for row in s.world.entries(HOSPITAL, CHAIN)]
    owner = directory.Member(id=os.urandom(16), signing_key=member.public, transport_key=crypto.transport_key(os.urandom(32)), rights=7,
                             name="owner")
    out, previous = [], bytes(32)
    for number, entry in enumerate(own_epochs):
        mine = directory.ChainEntry(version=1, mailbox=mailbox, seq=number, previous=previous, time_ms=entry.time_ms)
        if number == 0:
            mine.genesis.identity_key = identity.public
            mine.genesis.owner.CopyFrom(owner)
        else:
            mine.epoch.CopyFrom(entry.epoch)
            mine.epoch.readers_hash = crypto.sha256(owner.id)
        data = mine.SerializeToString()
        out.append(signed(data, "chain-entry", identity))
        previous = crypto.sha256(data)
    return out


def false_clinic(s, signer):
    """(log, edit) of a world in which the clinic has another identity, certified by `signer` and logged after all that is real."""
    identity = SigningKey(os.urandom(32))
    objects = [(CERTIFICATE, 1, swapped_certificate(s, signer, identity))]
    objects += [(CHAIN, seq, entry) for seq, entry in enumerate(own_chain(s, identity))]
    label, start = s.world.label(CLINIC), len(s.world.leaves())
    made, leaves = [], []
    for offset, (kind, seq, data) in enumerate(objects):
        entry = directory.LoggedEntry()
        leaves.append(logged(entry, kind, label, seq, data, start + offset))
        made.append(entry)
    head_hash = crypto.sha256(parsed(directory.SignedObject, objects[-1][2]).object)

    def edit(record):
        if is_about(record, CLINIC):
            record.certificate.CopyFrom(made[0])
            del record.chain[:]
            record.chain.extend(made[1:])
            s.world.head(record, seq=len(made) - 2, hash=head_hash, certificates=2)

    return ForkedLog(s.world, add=leaves), edit


@attack("key swap in a certificate", AT_ONCE, "a certificate with the broker's own identity key, signed by no registrar, rightly logged and headed",
        INVALID)
def _(s):
    log, edit = false_clinic(s, s.world.evil_key)
    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: log.show(event, edit))
    s.refused(victim.send(), 65, "certificate|registrar")
    s.nothing_sent(victim)


@attack("another identity for a known address", AT_ONCE, "broker and registrar together certify a second identity for an address the sender knows",
        INVALID)
def _(s):
    log, edit = false_clinic(s, s.world.registrar_key)
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: log.show(event, edit))
    s.refused(victim.send(), 65, "another identity|certificate|chain has a gap")
    s.nothing_sent(victim)


@attack("second identity at first contact", NEXT_GOSSIP,
        "broker and registrar together show a second identity for a living address to one correspondent who never wrote to it",
        "the first message that this correspondent sends to anybody else brings the other log to light")
def _(s):
    log, edit = false_clinic(s, s.world.registrar_key)
    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: log.show(event, edit))
    victim.check(CLINIC)
    sent = victim.send(to=DOCTOR)
    if sent.code != 0:
        return s.wants(sent.code in (65, 76, 77, 79), "refused for another reason", sent)
    victim.tell_lies()
    reader = s.victim("doctor")
    shown = reader.run("show", sent.json()["id"])
    s.wants("warning" in shown.err or shown.code != 0, "the reader noticed nothing", shown)
    s.refused(shown, shown.code, "has seen a directory|contradict|split|both are of one log")


def epoch_swap(s, entry):
    """The same entry with the public key of another mailbox's epoch, unsigned by its owner."""
    signed_object = parsed(directory.SignedObject, entry.signed_object)
    other = parsed(directory.ChainEntry, parsed(directory.SignedObject, s.world.entries(HOSPITAL, CHAIN)[1][2]).object)
    with Edited(signed_object, "object", directory.ChainEntry) as content:
        content.epoch.public_key = other.epoch.public_key
    return signed_object.SerializeToString()


@attack("key swap in an epoch", AT_ONCE, "the chain ends with an epoch whose key the broker can open, rightly logged and headed", INVALID)
def _(s):
    index = len(s.world.leaves())
    real = directory.LoggedEntry(signed_object=s.world.entries(CLINIC, CHAIN)[1][2])
    forged = directory.LoggedEntry()
    data = epoch_swap(s, real)
    log = ForkedLog(s.world, add=[logged(forged, CHAIN, s.world.label(CLINIC), 1, data, index)])

    def edit(record):
        if is_about(record, CLINIC) and len(record.chain) > 1:
            record.chain[1].CopyFrom(forged)
            del record.chain[2:]
            s.world.head(record, seq=1, hash=crypto.sha256(parsed(directory.SignedObject, data).object))

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: log.show(event, edit))
    s.refused(victim.send(), 65, "signed by nobody")
    s.nothing_sent(victim)


def without_newest(s, record, left_out=1):
    """Leaves out the newest entries of a chain and signs an older head."""
    chain = s.world.entries(CLINIC, CHAIN)
    seq = len(chain) - 1 - left_out
    while record.chain and record.chain[-1].seq > seq:
        del record.chain[-1]
    s.world.head(record, seq=seq, hash=crypto.sha256(parsed(directory.SignedObject, chain[seq][2]).object))


@attack("stale key, known better", AT_ONCE, "an older entry is offered as the newest, with a head signed for it, to one who has seen the newer", UNVERIFIED)
def _(s):
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: records_of(event, lambda record: is_about(record, CLINIC) and without_newest(s, record)))
    s.refused(victim.send(), 65, "not the newest")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("stale key at first contact", NEXT_GOSSIP, "an older entry is offered as the newest to one who has never seen the mailbox",
        "the recipient sees in the sealed header which head the sender was shown, and warns")
def _(s):
    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, lambda record: is_about(record, CLINIC) and without_newest(s, record)))
    sent = victim.send()
    s.accepted(sent)
    victim.tell_lies()
    reader = s.victim("clinic")
    shown = reader.run("show", sent.json()["id"])
    s.wants("older" in shown.err or "newest" in shown.err, "the recipient noticed nothing", shown)


@attack("head signed by another key", AT_ONCE, "the word what is newest is signed by a key that is not the broker's", UNVERIFIED)
def _(s):
    def edit(record):
        if is_about(record, CLINIC):
            record.head = signed(parsed(directory.SignedObject, record.head).object, "head", s.world.evil_key)

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    s.refused(victim.send(), 65, "head|newest")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("head of another mailbox", AT_ONCE, "a rightly signed head that belongs to another mailbox", UNVERIFIED)
def _(s):
    other = {}

    def edit(record):
        if is_about(record, HOSPITAL):
            other["head"] = record.head
        if is_about(record, CLINIC) and other:
            record.head = other["head"]

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    victim.check(HOSPITAL)
    s.refused(victim.send(), 65, "newest")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("somebody else's record", AT_ONCE, "the question for one address is answered with the whole true record of another", UNVERIFIED)
def _(s):
    other = {}

    def edit(record):
        if is_about(record, HOSPITAL):
            other["record"] = record.SerializeToString()
        if is_about(record, CLINIC) and other:
            record.ParseFromString(other["record"])

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    victim.check(HOSPITAL)
    s.refused(victim.send(), 65, "somebody else")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("garbled inclusion proof", AT_ONCE, "one bit of the proof that the certificate is logged is flipped", UNVERIFIED)
def _(s):
    def edit(record):
        if is_about(record, CLINIC):
            proof = bytearray(record.certificate.proof[0])
            proof[7] ^= 4
            record.certificate.proof[0] = bytes(proof)

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    s.refused(victim.send(), 65, "not proven to stand in the log")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("proof for another leaf", AT_ONCE, "index and proof are those of another, true leaf", UNVERIFIED)
def _(s):
    def edit(record):
        if is_about(record, CLINIC) and len(record.chain) > 1:
            del record.chain[1].proof[:]
            record.chain[1].proof.extend(record.certificate.proof)
            record.chain[1].index = record.certificate.index

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    s.refused(victim.send(), 65, "not proven to stand in the log")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("object that was never logged", AT_ONCE, "another certificate for the same key, rightly signed by the registrar, under the logged one's proof",
        UNVERIFIED)
def _(s):
    real = parsed(directory.SignedObject, s.world.entries(CLINIC, CERTIFICATE)[0][2])
    with Edited(real, "object", directory.Certificate) as content:
        content.name = "Another name"
    certificate = signed(real.object, "certificate", s.world.registrar_key)

    def edit(record):
        if is_about(record, CLINIC):
            record.certificate.signed_object = certificate

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    s.refused(victim.send(), 65, "not proven to stand in the log|certificate")
    s.nothing_sent(victim)
    s.recovers(victim)


def stranger_leaf() -> bytes:
    """A leaf about a mailbox that nobody knows."""
    return leaf_bytes(CHAIN, os.urandom(32), 7, os.urandom(32), b"anything")


# --- the log as a whole -----------------------------------------------------------------------------------------------


def other_leaf(s, index: int) -> dict:
    """A log in which one old leaf is another."""
    leaf = bytearray(s.world.leaves()[index])
    leaf[-1] ^= 1
    return {index: bytes(leaf)}


@attack("same size, other root", AT_ONCE, "a head of the pinned size with another root, rightly signed", FRAUD)
def _(s):
    log = ForkedLog(s.world, replace=other_leaf(s, 1))
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: log.show(event))
    s.refused(victim.send(), 76, "contradict")
    s.nothing_sent(victim)
    s.wants(victim.proofs(), "no fraud proof was kept")
    victim.tell_lies()
    s.refused(victim.send(), 76, "contradict")
    s.nothing_sent(victim)
    s.accepted(victim.run("inbox"))


@attack("inconsistent head", AT_ONCE, "a longer log in which an old leaf is another, with that log's own consistency proof", SPLIT)
def _(s):
    log = ForkedLog(s.world, replace=other_leaf(s, 1), add=[stranger_leaf()])
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: log.show(event))
    done = victim.send()
    s.wants(done.code in (65, 76, 79), "refused with another code", done)
    s.refused(done, done.code, "does not prove|contradict|split")
    s.nothing_sent(victim)


@attack("head by another key", AT_ONCE, "the log's head is signed by a key that was never pinned", UNVERIFIED)
def _(s):
    def lie(event):
        if event.said is None or event.op not in ("hello", "lookup", "checkpoint"):
            return
        field = {"hello": "directory_checkpoint", "lookup": "checkpoint", "checkpoint": "directory"}[event.op]
        size = crypto.checkpoint_size(getattr(event.said, field))
        root = crypto.root_of([crypto.leaf_hash(leaf) for leaf in s.world.leaves()[:size]])
        setattr(event.said, field, crypto.checkpoint(s.world.file.directory_origin, size, root, s.world.evil_key))

    victim = s.victim("nurse")
    victim.tell_lies(lie)
    s.refused(victim.send(), 65, "signed|checkpoint|log")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("head of another log", AT_ONCE, "the evidence log's head in the place of the directory's", UNVERIFIED)
def _(s):
    def lie(event):
        if event.op == "hello" and event.said is not None:
            event.said.directory_checkpoint = event.said.evidence_checkpoint

    victim = s.victim("nurse")
    victim.tell_lies(lie)
    s.refused(victim.send(), 65, "checkpoint|log")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("replayed answer of a lookup", AT_ONCE, "the whole true answer of another, earlier question", UNVERIFIED)
def _(s):
    victim = s.victim("new-nurse")
    kept = {}

    def lie(event):
        if event.op != "lookup" or event.said is None:
            return
        if kept and event.asked.keys[0].address == CLINIC or len(event.asked.keys) == 2:
            event.reply.lookup.CopyFrom(kept["reply"])
        elif event.asked.keys[0].address == HOSPITAL:
            kept["reply"] = wire.LookupReply.FromString(event.said.SerializeToString())

    victim.tell_lies(lie)
    s.accepted(victim.check(HOSPITAL))
    s.refused(victim.check(CLINIC), 65, "somebody else|directory")
    s.recovers(victim)


@attack("two worlds", NEXT_GOSSIP, "two clients are shown two logs of one size, both rightly signed",
        "after one message each way both hold a fraud proof (exit 76) and stop sending")
def _(s):
    # Each in a world of its own since its last pin: a leaf more, and not the same.
    logs = {who: ForkedLog(s.world, add=[stranger_leaf()]) for who in ("nurse", "clinic")}
    nurse, clinic = s.victim("nurse"), s.victim("clinic")
    nurse.tell_lies(logs["nurse"].show)
    clinic.tell_lies(logs["clinic"].show)
    there, back = nurse.send(to=CLINIC), clinic.send(to=nurse.address)
    s.accepted(there)
    s.accepted(back)
    for reader, message in ((clinic, there), (nurse, back)):
        shown = reader.run("show", message.json()["id"])
        s.wants("contradict" in shown.err, "the reader noticed nothing", shown)
        s.wants(reader.proofs(), "no fraud proof was kept")
        s.refused(reader.send(to=HOSPITAL), 76, "contradict")


@attack("an entry under the own label", NEXT_GOSSIP, "a second certificate for a living mailbox is logged; only its owner is not shown it",
        "the owner's own scan of the log finds the leaf: refused (exit 65 or 76), loud")
def _(s):
    log, _ = false_clinic(s, s.world.registrar_key)
    owner = s.victim("clinic")
    owner.tell_lies(log.show)
    done = owner.send(to=DOCTOR)
    s.wants(done.code in (65, 76), "the owner noticed nothing", done)
    s.refused(done, done.code, "about this mailbox|not its owner|contradict|same place")
    s.nothing_sent(owner)


@attack("a leaf taken out of the scan", AT_ONCE, "the leaves shown to a member's scan are not those of the log", UNVERIFIED)
def _(s):
    victim = s.victim("nurse")
    log = ForkedLog(s.world, add=[stranger_leaf(), stranger_leaf()])

    def lie(event):
        log.show(event)
        if event.op == "log_leaves" and event.said is not None and event.said.leaves:
            del event.said.leaves[-1]
            event.said.leaves.append(log.leaves[0])

    victim.tell_lies(lie)
    s.refused(victim.send(), 65, "leaves")
    s.nothing_sent(victim)


@attack("no leaves for the scan", AT_ONCE, "the broker shows no leaf at all to a member that scans", UNVERIFIED)
def _(s):
    victim = s.victim("nurse")
    log = ForkedLog(s.world, add=[stranger_leaf()])

    def lie(event):
        log.show(event)
        if event.op == "log_leaves" and event.said is not None:
            del event.said.leaves[:]

    victim.tell_lies(lie)
    s.refused(victim.send(), 65, "leaves")
    s.nothing_sent(victim)


@attack("head of 1970", AT_ONCE, "the word what is newest is rightly signed, but more than a week old", "refused as `log_stale` or `log_unverified` (exit 75 or 65), nothing sealed")
def _(s):
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: records_of(event, lambda record: record.found and s.world.head(record, time_ms=1000)))
    done = victim.send()
    s.wants(done.code in (65, 75), "an old word was believed", done)
    s.refused(done, done.code, "days old|stale|old")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("head of 2100", AT_ONCE, "the word what is newest is dated far ahead, to stay fresh for ever", UNVERIFIED)
def _(s):
    victim = s.victim("nurse")
    victim.tell_lies(lambda event: records_of(event, lambda record: record.found and s.world.head(record, time_ms=4102444800000)))
    s.refused(victim.send(), 65, "future|ahead")
    s.nothing_sent(victim)
    s.recovers(victim)
