"""Members: a second device joins by code or by file, reads what it is given, sends, and is removed again."""

import json
import unittest

from support.network import DOCTOR, HOSPITAL, Network, Practice
from support.place import wait_until


def join(net, who: str, address: str, *more):
    """Starts `carepost enrol --join` for a new device and returns it with its code."""
    device = Practice(net, who)
    log = f"{who}.join"
    child = device.start("enrol", "--broker", net.broker.file, "--join", address, "--name", who, "--no-passphrase", "--yes",
                         "--json", "--timeout", "120", *more, log=log)
    text = lambda: (net.dir / log).read_text(errors="replace") if (net.dir / log).exists() else ""
    wait_until(lambda: "Code of this device: " in text() or child.poll() is not None, "the code of the new device")
    assert "Code of this device: " in text(), text()
    code = text().split("Code of this device: ")[1].split()[0]
    return device, child, code, text


def joined(net, manager: Practice, who: str, address: str, *grant):
    """A device that joined, all the way."""
    device, child, code, text = join(net, who, address)
    added = manager("member", "add", code, "--json", *grant)
    assert child.wait(timeout=120) == 0, text()
    return device, added.json()


def member(practice: Practice, name: str) -> dict:
    return next(m for m in practice("member", "list", "--json").json_lines() if m["name"] == name)


class Members(unittest.TestCase):
    def setUp(self):
        self.net = Network("members")
        self.addCleanup(self.net.__exit__, None, None, None)

    def send(self, sender, to, subject, body="text", code=0):
        return sender("send", "--to", to, "--subject", subject, "--json", "-", stdin=body, code=code)

    def test_a_second_device_reads_what_came_before_sends_and_is_named_by_receipts(self):
        net = self.net
        self.send(net.hospital, DOCTOR, "before")
        desk, added = joined(net, net.doctor, "desk", DOCTOR, "--epochs", "current")
        self.assertEqual((added["name"], added["rights"], added["kind"]), ("desk", "read,send", "device"))
        self.send(net.hospital, DOCTOR, "after")
        for practice in (desk, net.doctor):
            self.assertEqual([(m["subject"], m.get("problem")) for m in practice.inbox()], [("before", None), ("after", None)])
        # One envelope, one stanza a mailbox, whoever many read it: both fetch the same message.
        last = desk.inbox()[-1]["id"]
        into = net.dir / "desk-files"
        into.mkdir()
        desk("get", last, "--to", into)
        status = net.hospital("status", last, "--json").json()
        self.assertEqual([r["state"] for r in status["recipients"]], ["received"])
        self.send(desk, HOSPITAL, "from the desk")
        self.assertEqual(net.hospital.inbox()[-1]["subject"], "from the desk")
        self.assertIsNone(net.hospital.inbox()[-1].get("problem"))
        self.assertEqual({m["name"] for m in net.doctor("member", "list", "--json").json_lines()}, {"owner", "desk"})

    def test_a_device_that_may_read_nothing_from_before_reads_what_comes_after(self):
        net = self.net
        self.send(net.hospital, DOCTOR, "before")
        desk, _ = joined(net, net.doctor, "desk", DOCTOR, "--epochs", "none", "--rights", "read")
        self.send(net.hospital, DOCTOR, "after")
        shown = {m.get("subject"): m.get("problem") for m in desk.inbox()}
        self.assertIn("after", shown)
        self.assertNotIn("before", shown)
        self.assertEqual([m["subject"] for m in net.doctor.inbox()], ["before", "after"])
        refused = self.send(desk, HOSPITAL, "not mine to send", code=None)
        self.assertEqual(refused.code, 77, refused)

    def test_a_device_joins_by_a_file(self):
        net = self.net
        self.send(net.hospital, DOCTOR, "before")
        desk = Practice(net, "desk")
        request = net.dir / "desk.request"
        asked = desk("enrol", "--broker", net.broker.file, "--join", DOCTOR, "--name", "desk", "--request-file", request,
                     "--no-passphrase", "--yes", "--json").json()
        self.assertEqual(asked["state"], "pending")
        self.assertEqual(desk("inbox", code=None).code, 78)
        wrong = net.doctor("member", "add", "A" * 26, "--request", request, code=None)
        self.assertNotEqual(wrong.code, 0)
        net.doctor("member", "add", asked["code"], "--request", request, "--epochs", "all")
        desk("whoami", "--online")  # publishes its sealing keys
        net.doctor("keys", "show", "--online")  # hands the keys over
        self.assertEqual([(m["subject"], m.get("problem")) for m in desk.inbox()], [("before", None)])

    def test_who_was_removed_is_told_and_cannot_come_back(self):
        net = self.net
        desk, _ = joined(net, net.doctor, "desk", DOCTOR)
        gone = net.doctor("member", "revoke", "desk", "--reason", "lost", "--json").json()
        self.assertEqual(gone["name"], "desk")
        told = desk("inbox", code=77)
        self.assertIn("no longer a member", told.err)
        self.assertEqual([m["name"] for m in net.doctor("member", "list", "--json").json_lines()], ["owner"])
        self.send(net.hospital, DOCTOR, "after the removal")
        self.assertEqual(net.doctor.inbox()[-1]["subject"], "after the removal")

    def test_only_who_may_manage_adds_removes_and_changes(self):
        net = self.net
        desk, _ = joined(net, net.doctor, "desk", DOCTOR)
        for words in (["member", "revoke", "owner"], ["member", "rights", "owner", "read"], ["keys", "rotate"]):
            self.assertEqual(desk(*words, code=None).code, 77, words)
        net.doctor("member", "rights", "desk", "read,send,manage")
        third, _ = joined(net, desk, "third", DOCTOR)
        self.send(net.hospital, DOCTOR, "for three")
        for practice in (net.doctor, desk, third):
            self.assertEqual(practice.inbox()[-1]["subject"], "for three")
        changed = net.doctor("member", "rights", "third", "send", "--json").json()
        self.assertEqual(changed["rights"], "send")
        self.send(net.hospital, DOCTOR, "not for the third")
        self.assertEqual(desk.inbox()[-1]["subject"], "not for the third")

    def test_a_new_epoch_at_once_and_new_keys_of_ones_own(self):
        net = self.net
        desk, _ = joined(net, net.doctor, "desk", DOCTOR)
        before = net.doctor("keys", "show", "--json").json()
        after = net.doctor("keys", "rotate", "--json").json()
        self.assertGreater(after["current_epoch"], before["current_epoch"])
        self.send(net.hospital, DOCTOR, "in the new epoch")
        self.assertEqual(desk.inbox()[-1]["subject"], "in the new epoch")
        rotated = net.doctor("keys", "rotate", "--member", "--json").json()
        self.assertNotEqual(rotated["signing_key"], before["signing_key"])
        self.send(net.doctor, HOSPITAL, "with new keys")
        self.assertIsNone(net.hospital.inbox()[-1].get("problem"))
        self.assertEqual(len(net.doctor("member", "list", "--json").json_lines()), 2)

    def test_wrong_uses_say_what_to_do(self):
        net = self.net
        for words, wanted in ((["member", "add"], 64), (["member", "add", "ABC"], 64), (["member", "revoke", "nobody"], 66),
                              (["member", "rights", "owner", "fly"], 64), (["keys", "veto", "zz"], 64),
                              (["member", "revoke", "owner"], 64), (["keys", "restore"], 64)):
            done = net.doctor(*words, "--no-input", code=None)
            self.assertEqual(done.code, wanted, done)
            self.assertIn("hint:", done.err)
