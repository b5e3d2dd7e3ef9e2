"""A destroyed epoch: after its time nobody opens what was sealed to it, with all present files of the member and all that the broker ever held."""

import shutil
import unittest
from pathlib import Path

from members_test import joined
from support.network import DOCTOR, Network, Practice

RETENTION = 90  # days; the broker's default
VALID = 14  # days an epoch may be sealed to


def faketime_library():
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return str(found[0]) if found else None


def shifted(days: float) -> dict:
    """The environment of a process whose clock is that many days ahead and runs on."""
    return {"LD_PRELOAD": faketime_library(), "FAKETIME": f"+{days:.4f}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1"}


@unittest.skipUnless(faketime_library(), "faketime is not installed: cmake/setup --test brings it")
class DestroyedEpoch(unittest.TestCase):
    def setUp(self):
        self.net = Network("destroyed")
        self.addCleanup(self.net.__exit__, None, None, None)

    def at(self, days: float):
        """Broker and members live that many days later."""
        self.net.broker.stop()
        self.env = shifted(days)
        self.net.broker.start(env=self.env)

    def copy_of_broker(self, name: str) -> Path:
        self.net.broker.stop()
        copy = self.net.dir / name
        shutil.copytree(self.net.broker.data, copy)
        return copy

    def test_after_its_retention_an_epoch_opens_for_nobody(self):
        net = self.net
        net.hospital("send", "--to", DOCTOR, "--subject", "old", "-", stdin="text")
        desk, _ = joined(net, net.doctor, "desk", DOCTOR, "--rights", "read,send,manage")
        for practice in (net.doctor, desk):
            self.assertEqual([m["subject"] for m in practice.inbox()], ["old"])
        # Everything the broker ever held, with every packet of these days.
        kept = self.copy_of_broker("kept")
        net.broker.start()
        last = VALID + RETENTION  # of the first epoch, which began with the enrolment
        for day, readable in ((40, True), (last - 1, True), (last + 1, False)):
            self.at(day)
            for who, practice in (("doctor", net.doctor), ("desk", desk)):
                practice("keys", "show", "--online", env=self.env)
                # The broker of the first day comes back, with its database as it was; the member has its present files.
                thief = Practice(net, f"{who}-{day}", None)
                shutil.rmtree(thief.home)
                shutil.copytree(practice.home, thief.home)
                self.assertEqual(self.opens(thief, kept), readable, (who, day, self.said))

    def opens(self, thief: Practice, kept: Path) -> bool:
        net = self.net
        net.broker.stop()
        present = net.dir / f"present-{thief.name}"
        net.broker.data.rename(present)
        shutil.copytree(kept, net.broker.data)
        # Clocks stand where the message was still kept, and what the client would notice of a broker that goes back is taken away: nothing but
        # keys stands between the thief and the message.
        net.broker.start(env={})
        for state in (thief.home / "data").rglob("state.db*"):
            state.unlink()
        shown = thief("inbox", "--json", code=None)
        self.said = str(shown)
        opened = [m.get("subject") for m in shown.json_lines() if not m.get("problem")]
        net.broker.stop()
        shutil.rmtree(net.broker.data)
        present.rename(net.broker.data)
        net.broker.start(env=self.env)
        return "old" in opened
