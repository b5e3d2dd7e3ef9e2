"""After a restore from backup the logs go on under new names, and clients without crying fraud; without that statement they do cry."""

import shutil
import unittest

from support.network import DOCTOR, OTHERS, Network
from support.place import program, run

ALLOWED_ALARM = (65, 76, 79)
TEMPORARY = 75


class LogRestart(unittest.TestCase):
    def backup(self, net):
        net.broker.stop()
        copy = net.dir / "backup"
        shutil.copytree(net.broker.data, copy, ignore=shutil.ignore_patterns("admin.sock"))
        net.broker.start()
        return copy

    def restore(self, net, copy):
        net.broker.stop()
        net.broker.data.rename(net.dir / "lost")
        shutil.copytree(copy, net.broker.data)

    def test_clients_go_on_after_a_restart_and_hear_what_was_lost(self):
        with Network("restart") as net:
            before = net.hospital("send", "--to", DOCTOR, "--subject", "before", "--json", "-", stdin="kept").json()
            copy = self.backup(net)
            late = net.enrolled("late", OTHERS[0])
            lost = net.hospital("send", "--to", DOCTOR, "--subject", "after", "--json", "-", stdin="lost").json()
            self.restore(net, copy)
            heads = run(program("carepostd"), "--heads", "--data", net.broker.data)
            self.assertEqual(heads.code, 0, heads)
            restarted = net.broker.ctl("log", "restart", "--heads", net.file("heads", heads.out), "--reason", "disk failure")
            self.assertIn("/r2", restarted.out)
            net.broker.start()

            told = net.hospital("send", "--to", DOCTOR, "--subject", "first try", "-", stdin="x", code=TEMPORARY)
            self.assertIn("disk failure", told.err)
            went = net.hospital("send", "--to", DOCTOR, "--subject", "second try", "-", stdin="x")
            self.assertIn(lost["id"], went.err)  # named, never silently
            self.assertNotIn(before["id"], went.err)
            again = net.hospital("send", "--to", DOCTOR, "--subject", "after", "--id", lost["id"], "-", stdin="lost")
            self.assertNotIn(lost["id"], again.err.replace(again.out, ""))

            net.doctor("inbox", code=TEMPORARY)
            subjects = [item["subject"] for item in net.doctor.inbox()]
            self.assertEqual(sorted(subjects), ["after", "before", "second try"])
            self.assertFalse(list((net.dir / "doctor").rglob("*.proof")) + list((net.dir / "hospital").rglob("*.proof")))
            self.assertNotEqual(late("inbox", code=None).code, 0)  # enrolled after the backup: the broker does not know it
            net.broker.ctl("log", "verify")
            net.broker.ctl("log", "verify", "--evidence")

    def test_a_log_that_was_set_back_without_a_word_is_noticed(self):
        with Network("setback") as net:
            copy = self.backup(net)
            net.enrolled("late", OTHERS[0])
            net.hospital("inbox")  # has seen the longer log
            self.restore(net, copy)
            net.broker.start()
            done = net.hospital("send", "--to", DOCTOR, "-", stdin="x", code=None)
            self.assertIn(done.code, ALLOWED_ALARM, done)

    def test_the_broker_refuses_logs_that_are_not_those_of_its_file(self):
        with Network("mismatch") as net:
            copy = self.backup(net)
            net.enrolled("late", OTHERS[0])
            self.restore(net, copy)
            heads = run(program("carepostd"), "--heads", "--data", net.dir / "lost")  # of the wrong directory
            net.broker.ctl("log", "restart", "--heads", net.file("heads", heads.out), "--reason", "mistake")
            done = run(program("carepostd"), "--data", net.broker.data, timeout=30)
            self.assertEqual(done.code, 78, done)
