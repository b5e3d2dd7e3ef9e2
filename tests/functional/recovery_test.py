"""Losing and finding: a recovery kit as words and as a file, a backup, on an empty home."""

import unittest

from support.network import DOCTOR, HOSPITAL, Network, Practice


def secret(net, name: str, text: str):
    path = net.dir / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


class Recovery(unittest.TestCase):
    def setUp(self):
        self.net = Network("recovery")
        self.addCleanup(self.net.__exit__, None, None, None)
        self.send("before")

    def send(self, subject):
        self.net.hospital("send", "--to", DOCTOR, "--subject", subject, "-", stdin="text")

    def subjects(self, practice):
        return [(m.get("subject"), m.get("problem")) for m in practice.inbox()]

    def restore(self, who: str, *how, code=0, **more):
        practice = Practice(self.net, who)
        return practice, practice("keys", "restore", *how, "--no-passphrase", code=code, **more)

    def kit(self, *how):
        return ["--broker", self.net.broker.file, "--address", DOCTOR, "--sandbox", *how]

    def test_words_bring_a_new_member_into_the_mailbox(self):
        net = self.net
        made = net.doctor("keys", "recovery-kit")
        words = made.out.strip()
        self.assertEqual(len(words.split()), 24)
        self.assertIn("does not hold against them", made.err)
        self.send("after the kit")
        found, _ = self.restore("found", *self.kit("--words", "--name", "found"), stdin=words)
        self.assertEqual(self.subjects(found), [("before", None), ("after the kit", None)])
        found("send", "--to", HOSPITAL, "--subject", "back again", "-", stdin="text")
        self.assertEqual(net.hospital.inbox()[-1]["subject"], "back again")
        members = {m["name"]: m["kind"] for m in found("member", "list", "--json").json_lines()}
        self.assertEqual(members, {"owner": "device", "recovery kit": "recovery kit", "found": "device"})
        # The lost device goes; the kit too, and then its words are worth nothing.
        found("member", "revoke", "owner", "recovery kit", "--reason", "lost")
        self.assertEqual(net.doctor("inbox", code=None).code, 77)
        _, refused = self.restore("late", *self.kit("--words"), stdin=words, code=None)
        self.assertEqual(refused.code, 77, refused)

    def test_mistyped_words_are_told_without_being_repeated(self):
        words = self.net.doctor("keys", "recovery-kit").out.split()
        words[3] = "hospital" if words[3] != "hospital" else "hammer"
        _, done = self.restore("typo", *self.kit("--words"), stdin=" ".join(words), code=None)
        self.assertEqual(done.code, 64, done)
        for word in words:
            self.assertNotIn(f" {word} ", done.err)

    def test_a_kit_as_a_file_under_a_passphrase(self):
        net = self.net
        passphrase, other = secret(net, "pass", "correct horse"), secret(net, "other", "battery staple")
        kit = net.dir / "practice.kit"
        net.doctor("keys", "recovery-kit", "--kit", kit, "--kit-passphrase-file", passphrase)
        self.assertNotEqual(net.doctor("keys", "recovery-kit", "--kit", kit, "--kit-passphrase-file", passphrase, code=None).code, 0)
        _, wrong = self.restore("wrong", *self.kit("--kit", kit, "--backup-passphrase-file", other), code=None)
        self.assertEqual(wrong.code, 77, wrong)
        found, _ = self.restore("found", *self.kit("--kit", kit, "--backup-passphrase-file", passphrase))
        self.assertEqual(self.subjects(found), [("before", None)])

    def test_a_backup_restored_to_a_new_machine_works_at_once(self):
        net = self.net
        passphrase = secret(net, "pass", "correct horse")
        net.doctor("send", "--to", HOSPITAL, "--subject", "one", "-", stdin="text")
        backup = net.dir / "practice.backup"
        net.doctor("keys", "backup", backup, "--backup-passphrase-file", passphrase)
        self.assertEqual(net.doctor("keys", "backup", backup, "--backup-passphrase-file", passphrase, code=None).code, 73)
        self.send("after the backup")
        new, _ = self.restore("new", backup, "--backup-passphrase-file", passphrase)
        self.assertEqual(self.subjects(new), [("before", None), ("after the backup", None)])
        new("send", "--to", HOSPITAL, "--subject", "two", "-", stdin="text")
        last = net.hospital.inbox()[-1]
        self.assertEqual((last["subject"], last.get("problem")), ("two", None))
        self.assertEqual(last.get("warnings", []), [])  # the numbers go on where they were
        self.assertTrue(new("keys", "show", "--json").json()["identity_key_here"])
        again = new("keys", "restore", backup, "--backup-passphrase-file", passphrase, "--no-passphrase", code=None)
        self.assertEqual(again.code, 73, again)
        # The old machine is locked out by new keys of the restored member.
        new("keys", "rotate", "--member")
        self.assertEqual(net.doctor("inbox", code=None).code, 77)
        self.assertEqual(len(self.subjects(new)), 2)
