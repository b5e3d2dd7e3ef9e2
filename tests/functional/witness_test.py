"""Witnesses over real programs: they cosign what continues, and keep proof of what does not."""

import shutil
import unittest

from support.network import DOCTOR, HOSPITAL, OTHERS, Network
from support.place import program, run


def witness(practice, *args, code=0):
    done = run(program("carepost-witness"), *args, env=practice.env)
    assert code is None or done.code == code, f"wanted exit {code}\n{done}"
    return done


def copy_database(source, target):
    target.mkdir(exist_ok=True)
    for name in ("broker.db", "broker.db-wal", "broker.db-shm"):
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            shutil.copy(source / name, target / name)


class WitnessTest(unittest.TestCase):
    def setUp(self):
        self.net = Network("witness", practices={"first": HOSPITAL, "second": DOCTOR})
        self.addCleanup(self.net.__exit__, None, None, None)
        self.keys = [witness(self.net.practices[who], "init", "--name", f"witness.example/{who}").out.strip() for who in ("first", "second")]

    def start(self):
        """The broker, and the registrar's desk, which ends with it."""
        self.net.broker.start()
        self.net.desk.kill()
        self.net.desk.wait()
        self.net.desk = self.net.registrar.serve()

    def allow(self, keys):
        self.net.broker.stop()
        self.net.broker.configure("witnesses", "[" + ", ".join(f'"{key}"' for key in keys) + "]")
        self.start()

    def test_two_witnesses_cosign_and_the_head_shows_both(self):
        self.assertRegex(self.keys[0], r"^witness\.example/first\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$")
        self.assertEqual(witness(self.net.first, "key").out.strip(), self.keys[0])
        witness(self.net.first, "init", "--name", "another", code=73)
        witness(self.net.first, "run", "--once", code=77)  # not yet in the broker's configuration
        self.allow(self.keys)
        note = self.net.dir / "note"
        witness(self.net.first, "run", "--once", "--output", note)
        shown = witness(self.net.second, "run", "--once", "--json").json()
        self.assertIn("witness.example/second", shown["note"])
        self.assertIn("witness.example/first", note.read_text())
        head = self.net.broker.ctl("log", "checkpoint").out
        for who in ("first", "second"):
            self.assertIn(f"— witness.example/{who} ", head)
        witness(self.net.first, "run", "--once")  # nothing new: cosigned again, with a later time

    def test_a_log_that_was_rolled_back_is_refused_and_a_forked_one_proven(self):
        self.allow(self.keys[:1])
        self.net.broker.stop()
        copy_database(self.net.broker.data, self.net.dir / "old")
        self.start()
        for i, address in enumerate(OTHERS[:2]):
            self.net.enrolled(f"more{i}", address)
        before = witness(self.net.first, "run", "--once", "--json").json()
        state = next(self.net.first.home.rglob("witness.checkpoint"))
        kept = state.read_bytes()
        self.net.broker.stop()
        copy_database(self.net.dir / "old", self.net.broker.data)
        self.start()
        done = witness(self.net.first, "run", "--once", code=None)
        self.assertIn(done.code, (65, 76), done)
        self.assertEqual(state.read_bytes(), kept)
        if done.code == 76:
            return  # the log had stamped the older tree anew: proven at once
        for i, address in enumerate(OTHERS):
            self.net.enrolled(f"fork{i}", address)
        forked = witness(self.net.first, "run", "--once", code=76)
        self.assertIn("contradict", forked.err)
        proofs = list(self.net.first.home.rglob("fraud/*.proof"))
        self.assertEqual(len(proofs), 1)
        text = proofs[0].read_text()
        self.assertIn("----- signed first -----", text)
        self.assertIn(f"\n{before['size']}\n", text)
        self.assertEqual(state.read_bytes(), kept)
        witness(self.net.first, "run", "--once", code=76)  # and never again


if __name__ == "__main__":
    unittest.main()
