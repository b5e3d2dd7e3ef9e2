"""The suite's own tools: a lie that is built wrongly would be refused for the wrong reason."""

import os
import socket
import struct
import tempfile
import unittest
from pathlib import Path

import crypto
from mind import Mind, frames, sized
from schema import Edited, directory, wire


class Trees(unittest.TestCase):
    def setUp(self):
        self.hashes = [crypto.leaf_hash(bytes([number])) for number in range(21)]

    def test_every_leaf_is_proven_in_every_tree(self):
        for size in range(1, 22):
            root = crypto.root_of(self.hashes[:size])
            for index in range(size):
                proof = crypto.inclusion(self.hashes[:size], index)
                self.assertTrue(crypto.tree_verifies(self.hashes[:size], index, proof, root), (size, index))
                wrong = (index + 1) % size
                if size > 1:
                    self.assertFalse(crypto.tree_verifies(self.hashes[:size], wrong, proof, root), (size, index))

    def test_a_consistency_proof_holds_the_roots_of_rfc_6962(self):
        # RFC 6962, 2.1.3: PROOF(3, D[7]) = [c, d, g, l], PROOF(4, D[7]) = [l], PROOF(6, D[7]) = [i, j, k].
        h = self.hashes[:7]
        node, root = crypto.node_hash, crypto.root_of
        self.assertEqual(crypto.consistency(h, 3), [h[2], h[3], node(h[0], h[1]), root(h[4:])])
        self.assertEqual(crypto.consistency(h, 4), [root(h[4:])])
        self.assertEqual(crypto.consistency(h, 6), [node(h[4], h[5]), h[6], root(h[:4])])
        self.assertEqual(crypto.consistency(h, 7), [])


class Words(unittest.TestCase):
    def test_a_head_has_the_form_of_a_signed_note(self):
        note = crypto.checkpoint("test/log", 5, bytes(32), crypto.SigningKey(bytes(32)))
        self.assertEqual(crypto.checkpoint_size(note), 5)
        text, signature = note.split(b"\n\n")
        self.assertEqual(text, b"test/log\n5\n" + b"A" * 43 + b"=")
        lines = signature.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(all(line.startswith("— test/log ".encode()) for line in lines))

    def test_an_edited_object_is_written_back(self):
        holder = directory.SignedObject(object=directory.Certificate(name="a").SerializeToString())
        with Edited(holder, "object", directory.Certificate) as content:
            content.name = "b"
        self.assertEqual(directory.Certificate.FromString(holder.object).name, "b")


class TheMind(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.mind = Mind(Path(folder.name) / "mind")
        self.addCleanup(self.mind.close)
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.connect(self.mind.path)
        self.addCleanup(self.peer.close)
        self.key = os.urandom(32)
        self.request = wire.Request(id=7, watch=wire.Watch()).SerializeToString()
        self.reply = wire.Reply(id=7, watch=wire.WatchReply(latest=3)).SerializeToString()

    def ask(self, kind: bytes, *parts: bytes) -> bytes:
        self.peer.sendall(sized(kind + self.key + b"".join(sized(part) for part in parts)))
        size = struct.unpack(">I", self.peer.recv(4, socket.MSG_WAITALL))[0]
        return self.peer.recv(size, socket.MSG_WAITALL)

    def test_without_a_lie_everything_passes_unchanged(self):
        self.assertEqual(self.ask(b"q", self.request, b"raw"), b"\1" + sized(self.request) + sized(b"raw") + frames([]))
        self.assertEqual(self.ask(b"r", self.request, b"", self.reply, b"x"), frames([(self.reply, b"x")]))
        self.assertEqual(self.mind.seen[self.key].lies, 0)

    def test_a_lie_that_changes_nothing_does_not_count(self):
        self.mind.lie(self.key, lambda event: None)
        self.ask(b"r", self.request, b"", self.reply, b"")
        self.assertEqual(self.mind.seen[self.key].lies, 0)

    def test_a_lie_is_told_and_counted(self):
        def lie(event):
            if event.said is not None:
                event.said.latest = 9

        self.mind.lie(self.key, lie)
        answer = self.ask(b"r", self.request, b"", self.reply, b"")
        self.assertEqual(answer, frames([(wire.Reply(id=7, watch=wire.WatchReply(latest=9)), b"")]))
        self.assertEqual(self.mind.seen[self.key].lies, 1)

    def test_a_request_can_be_swallowed(self):
        def lie(event):
            event.passes = event.reply is not None

        self.mind.lie(self.key, lie)
        self.assertEqual(self.ask(b"q", self.request, b"")[0], 0)
        self.assertEqual(self.mind.seen[self.key].lies, 1)

    def test_another_client_hears_the_truth(self):
        self.mind.lie(os.urandom(32), lambda event: setattr(event, "replies", []))
        self.assertEqual(self.ask(b"r", self.request, b"", self.reply, b""), frames([(self.reply, b"")]))

    def test_a_lie_with_a_bug_is_remembered(self):
        self.mind.lie(self.key, lambda event: 1 / 0)
        self.ask(b"q", self.request, b"")
        self.assertIn("ZeroDivisionError", self.mind.problems[0])


def run() -> tuple:
    """(passed, failed)"""
    result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromModule(__import__("self_test")))
    failed = len(result.failures) + len(result.errors)
    return result.testsRun - failed, failed
