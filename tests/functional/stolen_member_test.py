"""A stolen device: its whole disk is in other hands, with everything the broker ever held. After its removal it is worth nothing for what comes."""

import shutil
import sqlite3
import unittest

from members_test import joined
from support.network import DOCTOR, HOSPITAL, Network, Practice


class StolenMember(unittest.TestCase):
    def setUp(self):
        self.net = Network("stolen")
        self.addCleanup(self.net.__exit__, None, None, None)

    def send(self, subject):
        self.net.hospital("send", "--to", DOCTOR, "--subject", subject, "-", stdin="text")

    def thief(self, home, name: str) -> Practice:
        shutil.copytree(home, self.net.dir / name)
        return Practice(self.net, name, self.net.dir / name)

    def test_the_whole_disk_opens_nothing_that_is_sealed_after_the_removal(self):
        net = self.net
        self.send("sealed before")
        desk, added = joined(net, net.doctor, "desk", DOCTOR)
        thief = self.thief(desk.home, "thief")
        # The control: with this disk the thief reads what was sealed before.
        self.assertEqual([m["subject"] for m in thief.inbox()], ["sealed before"])
        net.doctor("member", "revoke", "desk", "--reason", "stolen")
        self.send("sealed after")
        self.assertEqual(thief("inbox", code=None).code, 77)

        # The broker helps the thief: it takes the key of the removed member for a living one again, and hands out all it holds.
        net.broker.stop()
        database = net.broker.data / "carepost.db"
        if not database.exists():
            database = next(net.broker.data.rglob("*.db"))
        with sqlite3.connect(database) as db:
            # The epochs since the removal have no packet for the thief, so nothing on its disk leads to their secrets.
            own = db.execute("SELECT count(*) FROM packets WHERE lower(hex(member)) = ?", (added["id"],)).fetchone()[0]
            self.assertEqual(own, 0)
            changed = db.execute("UPDATE members SET revoked = 0 WHERE lower(hex(id)) = ?", (added["id"],)).rowcount
        db.close()
        self.assertEqual(changed, 1)
        net.broker.start()
        again = self.thief(desk.home, "thief2")
        shown = again("inbox", "--json", code=None)
        opened = [m.get("subject") for m in shown.json_lines() if not m.get("problem")]
        self.assertNotIn("sealed after", opened, shown)
        self.assertEqual([m["subject"] for m in net.doctor.inbox()], ["sealed before", "sealed after"])
