"""The directory log as outsiders use it: stamps, tiles for foreign tools, replaying, fraud proofs, newer broker files, witnesses."""

import base64
import hashlib
import unittest

from support.network import DOCTOR, Network

CLOCK = {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
TILE = 256


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def root_of(hashes: list) -> bytes:
    """RFC 6962, section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(hashes[:half]) + root_of(hashes[half:])).digest()


def read_tiles(folder):
    """A reader of C2SP tlog-tiles that knows nothing of CarePost: checkpoint, entries, and the tiles they must give."""
    origin, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    leaves = []
    while len(leaves) < int(size):
        number, left = divmod(len(leaves), TILE)[0], int(size) - len(leaves)
        suffix = "" if left >= TILE else f".p/{left}"
        bundle = (folder / f"tile/entries/{number:03}{suffix}").read_bytes()
        hashes = (folder / f"tile/0/{number:03}{suffix}").read_bytes()
        first = len(leaves)
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2:2 + length])
            bundle = bundle[2 + length:]
        assert hashes == b"".join(leaf_hash(leaf) for leaf in leaves[first:])
    return origin, leaves, base64.b64decode(root)


class LogTrust(unittest.TestCase):
    def test_an_exported_log_is_read_by_a_foreign_reader(self):
        with Network("tiles") as net:
            folder = net.dir / "tiles"
            made = net.broker.ctl("log", "export", folder, "--json").json()
            origin, leaves, root = read_tiles(folder)
            self.assertEqual(origin, made["origin"])
            self.assertEqual(len(leaves), made["leaves"])
            self.assertEqual(root_of([leaf_hash(leaf) for leaf in leaves]), root)
            net.broker.ctl("log", "verify", folder)
            net.broker.ctl("log", "export", folder, check=False)  # never over another
            bundle = next(p for p in (folder / "tile/0").rglob("*") if p.is_file())
            bundle.write_bytes(bytes([bundle.read_bytes()[0] ^ 1]) + bundle.read_bytes()[1:])
            self.assertEqual(net.broker.ctl("log", "verify", folder, check=False).code, 65)

    def test_everything_in_the_log_can_be_replayed(self):
        with Network("replay") as net:
            told = net.broker.ctl("log", "verify", "--json").json()
            self.assertEqual(told["certificates"], 2)
            self.assertGreaterEqual(told["chain_entries"], 2 * 11)

    def test_a_log_without_a_fresh_stamp_is_told_of(self):
        with Network("stale") as net:
            net.hospital("send", "--to", DOCTOR, "--subject", "fresh", "-", stdin="x")
            ahead = ("faketime", "-f", "+26h")
            # The broker's clock stands still, the practice's is right; that sealing stops after a week is shown by the unit tests.
            self.assertIn("hours old", net.hospital("check", DOCTOR, before=ahead, env=CLOCK).err)
            self.assertIn("fresh", net.doctor("inbox", before=ahead, env=CLOCK).out)

    def test_a_newer_broker_file_is_taken_by_itself(self):
        with Network("edition") as net:
            second = net.dir / "second"
            net.broker.ctl("registrar", "new", "--out", second, "--name", "Second registrar")
            net.hospital("inbox")
            kept = next((net.dir / "hospital").rglob("broker.carepost"))
            self.assertEqual(kept.read_text(), net.broker.file.read_text())
            done = net.hospital("enrol", "--broker", net.broker.file, code=None)
            self.assertEqual(done.code, 0, done)

    def test_without_witnesses_that_are_required_nothing_is_sealed(self):
        with Network("witness") as net:
            done = net.hospital("send", "--to", DOCTOR, "-", "--witness", WITNESS, "--require-witnesses", "1", stdin="x", code=75)
            self.assertIn("witnesses", done.err)
            net.hospital("send", "--to", DOCTOR, "-", "--require-witnesses", "1", stdin="x", code=64)

    def test_what_is_no_fraud_proof_is_not_taken_for_one(self):
        with Network("proof", practices={"doctor": DOCTOR}) as net:
            done = net.broker.ctl("log", "verify-proof", net.file("x.proof", "nothing"), check=False, data=False)
            self.assertEqual(done.code, 65)
