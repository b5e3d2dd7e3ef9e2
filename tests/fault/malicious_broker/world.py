"""All that a real broker holds: its keys, its logs, its database. With them it can show anybody any log it likes."""

import base64
import os
import re
import sqlite3
import struct

import crypto
from crypto import SigningKey
from schema import directory, evidence, parsed, wire

CERTIFICATE, CHAIN, REVOCATION, REGISTRAR, RESET = 1, 2, 3, 4, 5
KEY_HEADER = 16 + 1 + 4 + 4 + 16 + 32 + 24
MEMBER_SEED = 2
REGISTRAR_SEED, DIRECTORY_SEED, EVIDENCE_SEED, STATEMENT_SEED = 17, 18, 19, 20


def secrets_of(path, unlock=None) -> dict:
    """Type -> secret of a key file (proto/trust/key_file.h): plain, or sealed under the 32 bytes of another file."""
    data = path.read_bytes()
    assert data[:16] == b"carepost keys v1"
    content, out = data[KEY_HEADER:], {}
    if data[16] == 2:
        derived = crypto.hkdf_expand_sha512(unlock, b"carepost/v1/key-file" + data[25:41])
        content = crypto.open_sealed(content, data[73:97], data[:KEY_HEADER], derived[:32])
    else:
        assert data[16] == 0, f"{path} is sealed under a passphrase"
    count, at = struct.unpack(">H", content[:2])[0], 2
    for _ in range(count):
        kind, size = struct.unpack(">HI", content[at:at + 6])
        out[kind] = content[at + 6:at + 6 + size]
        at += 6 + size
    return out


def unarmor(text: str) -> bytes:
    return base64.b64decode(re.search(r"-----BEGIN CAREPOST [^-]*-----(.*?)-----END", text, re.S)[1])


def leaf_bytes(kind: int, label: bytes, seq: int, salt: bytes, object_bytes: bytes) -> bytes:
    return bytes([kind]) + label + struct.pack(">Q", seq) + crypto.sha256(salt, object_bytes)


def signed(object_bytes: bytes, label: str, *keys: SigningKey) -> bytes:
    out = directory.SignedObject(object=object_bytes)
    for key in keys:
        out.signatures.add(key=key.public, signature=key.labelled(label, object_bytes))
    return out.SerializeToString()


class World:
    def __init__(self, broker, registrar=None):
        self.data = broker.data
        keys = broker.data / "keys"
        self.directory_key = SigningKey(secrets_of(keys / "directory-log.key")[DIRECTORY_SEED])
        self.evidence_key = SigningKey(secrets_of(keys / "evidence-log.key")[EVIDENCE_SEED])
        self.statement_key = SigningKey(secrets_of(keys / "statement.key")[STATEMENT_SEED])
        file = parsed(directory.SignedObject, unarmor(broker.file.read_text()))
        self.file = parsed(directory.BrokerFile, file.object)
        self.registrar_key = None
        if registrar:
            found = [secrets_of(path).get(REGISTRAR_SEED) for path in registrar.dir.glob("*.key")]
            self.registrar_key = SigningKey(next(seed for seed in found if seed))
        self.evil_key = SigningKey(os.urandom(32))  # of nobody

    def rows(self, query: str, *values) -> list:
        with sqlite3.connect(f"file:{self.data}/broker.db?mode=ro", uri=True) as database:
            return database.execute(query, values).fetchall()

    def leaves(self) -> list:
        """Of the directory log, as bytes."""
        return [row[0] for row in self.rows("SELECT leaf FROM log_entries ORDER BY number")]

    def evidence_leaves(self) -> list:
        return [row[0] for row in self.rows("SELECT leaf FROM evidence ORDER BY number")]

    def transport_key(self, address: str) -> bytes:
        return self.rows("SELECT m.transport_key FROM members m JOIN mailboxes b ON b.key = m.mailbox WHERE b.address = ?", address)[0][0]

    def mailbox(self, address: str) -> bytes:
        return self.rows("SELECT id FROM mailboxes WHERE address = ?", address)[0][0]

    def label(self, address: str) -> bytes:
        return self.rows("SELECT label FROM mailboxes WHERE address = ?", address)[0][0]

    def entries(self, address: str, kind: int) -> list:
        """(index, seq, SignedObject bytes, salt) of the entries of one type."""
        return self.rows("SELECT number, seq, signed_object, salt FROM log_entries WHERE label = ? AND type = ? ORDER BY seq",
                         self.label(address), kind)

    def head(self, record, **changes) -> None:
        """Signs the record's head again, with some fields changed."""
        head = parsed(directory.Head, parsed(directory.SignedObject, record.head).object)
        for field, value in changes.items():
            if head.certificates or field not in ("certificates", "revocations", "resets"):  # where this broker counts them
                setattr(head, field, value)
        record.head = signed(head.SerializeToString(), "head", self.statement_key)


class ForkedLog:
    """Another directory log under the broker's own key: the real leaves with some replaced (index -> leaf), cut off, or added."""

    def __init__(self, world: World, replace=None, cut=None, add=()):
        self.world = world
        leaves = world.leaves()
        for index, leaf in (replace or {}).items():
            leaves[index] = leaf
        self.leaves = leaves[:cut] + list(add)
        self.hashes = [crypto.leaf_hash(leaf) for leaf in self.leaves]

    @property
    def size(self) -> int:
        return len(self.leaves)

    def note(self, seconds=None) -> bytes:
        """Its head, time-stamped with these seconds."""
        return crypto.checkpoint(self.world.file.directory_origin, self.size, crypto.root_of(self.hashes), self.world.directory_key, seconds)

    def prove(self, entry, index=None) -> None:
        """Gives a LoggedEntry the proof of its place in this log."""
        if index is not None:
            entry.index = index
        del entry.proof[:]
        entry.proof.extend(crypto.inclusion(self.hashes, entry.index) if entry.index < self.size else [])

    def show(self, event, edit_record=None, stamped=None) -> None:
        """Answers whatever concerns the directory out of this log. `edit_record` changes each record before the proofs; `stamped` are
        the seconds of the time stamp that is shown where an old one is asked for."""
        said = event.said
        if event.reply is None:
            return
        if event.op == "consistency" and event.asked.log != 2:
            old, new = event.asked.old_size, event.asked.new_size
            if 0 < old <= new <= self.size:
                event.reply.ClearField("failure")
                del event.reply.consistency.proof[:]
                event.reply.consistency.proof.extend(crypto.consistency(self.hashes[:new], old))
        if said is None:
            return
        if event.op == "hello":
            said.directory_checkpoint = self.note()
        elif event.op == "checkpoint":
            said.directory = self.note()
            said.ClearField("witnessed")
            if event.asked.covers:
                said.stamped = self.note(stamped)
        elif event.op == "log_leaves":
            del said.leaves[:]
            said.leaves.extend(self.leaves[event.asked.start:event.asked.start + event.asked.limit])
        elif event.op == "lookup":
            for number, data in enumerate(said.records):
                record = parsed(directory.DirectoryRecord, data)
                if not record.found:
                    continue
                if edit_record:
                    edit_record(record)
                for entry in [record.certificate, *record.chain, *statements_of(record)]:
                    self.prove(entry)
                head = parsed(directory.Head, parsed(directory.SignedObject, record.head).object)
                self.world.head(record, log_size=min(head.log_size, self.size))
                said.records[number] = record.SerializeToString()
            said.checkpoint = self.note()


def resets_field() -> tuple:
    """Its name in a DirectoryRecord, and whether there may be several."""
    fields = directory.DirectoryRecord.DESCRIPTOR.fields_by_name
    return ("resets", True) if "resets" in fields else ("reset", False)


def statements_of(record) -> list:
    """Revocation and resets of a record."""
    name, several = resets_field()
    resets = list(getattr(record, name)) if several else [record.reset] if record.HasField("reset") else []
    return ([record.revocation] if record.HasField("revocation") else []) + resets


def records_of(event, edit) -> None:
    """Lets `edit` change each DirectoryRecord of a lookup's answer."""
    if event.op != "lookup" or event.said is None:
        return
    for number, data in enumerate(event.said.records):
        record = parsed(directory.DirectoryRecord, data)
        edit(record)
        event.said.records[number] = record.SerializeToString()


class EvidenceFork:
    """An evidence log of the forger's own: the real one up to a receipt, then another leaf, rightly signed and consistent."""

    def __init__(self, world: World, receipt: bytes, edit_row=None, key=None):
        self.receipt = parsed(evidence.Receipt, receipt)
        row = parsed(evidence.EvidenceRow, self.receipt.row)
        if edit_row:
            edit_row(row)
        self.receipt.row = row.SerializeToString()
        leaf = bytearray(self.receipt.leaf)
        leaf[0] = row.type
        leaf[1:33] = crypto.sha256(self.receipt.salt, self.receipt.row)
        leaf[33:65] = row.routing_hash or bytes(32)
        leaf[65:73] = struct.pack(">Q", row.time_ms)
        if not edit_row:
            leaf[-1] ^= 1  # another root of the directory: still the receipt's own leaf, and not the real one
        self.receipt.leaf = bytes(leaf)
        index = self.receipt.index
        self.hashes = [crypto.leaf_hash(other) for other in world.evidence_leaves()[:index]] + [crypto.leaf_hash(bytes(leaf))]
        del self.receipt.proof[:]
        self.receipt.proof.extend(crypto.inclusion(self.hashes, index))
        self.receipt.checkpoint = crypto.checkpoint(world.file.evidence_origin, index + 1, crypto.root_of(self.hashes), key or world.evidence_key)

    @property
    def bytes(self) -> bytes:
        return self.receipt.SerializeToString()

    def prove(self, event) -> None:
        """Answers a demand for consistency of the evidence log out of this one."""
        if event.op != "consistency" or event.reply is None or event.asked.log != 2:
            return
        old, new = event.asked.old_size, event.asked.new_size
        if 0 < old <= new <= len(self.hashes):
            event.reply.ClearField("failure")
            event.reply.consistency.ClearField("proof")
            event.reply.consistency.proof.extend(crypto.consistency(self.hashes[:new], old))


def failure(request, code: int, message="no") -> "wire.Reply":
    return wire.Reply(id=request.id, failure=wire.Failure(code=code, message=message))
