"""Wrong input: each with its own clear error, its exit code, and nothing half-written."""

import json
import os
import shutil
import subprocess
import unittest

from support.network import DOCTOR, HOSPITAL, OTHERS, Broker, Network, Practice
from support.place import Place, program, run, stop, wait_until


class WrongInput(unittest.TestCase):
    """One network for all that leaves it unharmed."""

    @classmethod
    def setUpClass(cls):
        cls.net = Network("wrong")
        cls.addClassCleanup(cls.net.__exit__, None, None, None)
        cls.letter = cls.net.file("letter.txt", "a letter")

    def refused(self, code: int, *words, who="hospital", args, **more):
        """Runs a command that must fail: exit code, each of the words on stderr, nothing on stdout."""
        done = getattr(self.net, who)(*args, code=None, **more)
        self.assertEqual(done.code, code, done)
        self.assertEqual(done.out, "", done)
        for word in words:
            self.assertIn(word, done.err, done)
        return done

    def send(self, *more, to=DOCTOR):
        return ["send", "--to", to, "--subject", "x", *more]

    def test_bad_check_digit(self):
        self.refused(65, "19234012", "check", args=self.send(self.letter, to="nihii:19234012/DOCTOR"))

    def test_unknown_address(self):
        self.refused(67, OTHERS[0], args=self.send(self.letter, to=OTHERS[0]))

    def test_no_such_file(self):
        self.refused(66, "absent.pdf", args=self.send("absent.pdf"))

    def test_unreadable_file(self):
        path = self.net.file("closed.txt", "closed")
        path.chmod(0)
        self.refused(66, "closed.txt", args=self.send(path))

    def test_unreadable_attachment_sends_nothing(self):
        before = len(self.net.doctor.inbox())
        self.refused(66, "absent.pdf", args=self.send(self.letter, "--attach", "absent.pdf"))
        self.assertEqual(len(self.net.doctor.inbox()), before)

    def test_same_message_id_with_other_content(self):
        self.net.hospital(*self.send("--id", "cc" * 16, self.letter))
        other = self.net.file("other.txt", "another letter")
        self.refused(65, "cc" * 4, args=self.send("--id", "cc" * 16, other))

    def test_an_id_of_zeros_is_no_id(self):
        """It once reached the receiver's watch as an event without an id, which ended it for ever."""
        for command in (self.send("--id", "00" * 16, self.letter), self.send("--reply-to", "00" * 16, self.letter)):
            self.refused(64, "zeros", args=command)

    def test_an_impossible_expiry_takes_no_number(self):
        """A number that is never sent would look like a lost message to the receiver."""
        first = self.net.hospital(*self.send("--json", self.letter)).json()
        self.refused(64, "expired already", args=self.send("--expires", "2020-01-01", self.letter))
        self.refused(65, "retention", args=self.send("--expires", "2199-12-31", self.letter))
        second = self.net.hospital(*self.send("--json", self.letter)).json()
        listed = {m["id"]: m for m in self.net.doctor.inbox()}
        self.assertEqual([listed[m["id"]]["warnings"] for m in (first, second)], [[], []])

    def test_closed_standard_descriptors_are_errors_and_reach_no_other_file(self):
        before = len(self.net.doctor.inbox())
        shell = ["sh", "-c", 'exec "$@" <&-', "sh"]
        done = self.net.hospital(*self.send("-"), before=shell, code=None)
        self.assertIn(done.code, (66, 74), done)
        self.assertEqual(len(self.net.doctor.inbox()), before)
        shell[2] = 'exec "$@" >&-'
        self.assertEqual(self.net.hospital("whoami", before=shell, code=None).code, 74)

    def test_exporting_receipts_again_is_harmless(self):
        sent = self.net.hospital(*self.send("--json", self.letter)).json()
        into = self.net.dir / "evidence"
        into.mkdir()
        export = ["receipts", "export", sent["id"], "--to", into]
        first = self.net.hospital(*export)
        self.assertEqual(self.net.hospital(*export).out, first.out)
        [kept] = into.iterdir()
        kept.write_text("something else")
        self.assertEqual(self.net.hospital(*export, code=None).code, 73)
        self.assertEqual(kept.read_text(), "something else")

    def test_disk_full_at_the_receiver(self):
        small = os.environ.get("CAREPOST_SMALL_DISK")
        if not small:
            self.skipTest("no small disk: only root can mount one")
        big = self.net.file("big.bin", os.urandom(6 << 20))
        sent = self.net.hospital(*self.send("--attach", big, "--json", self.letter)).json()
        done = self.refused(74, "big.bin", who="doctor", args=["get", sent["id"], "--to", small])
        self.assertIn("space", done.err.lower(), done)
        self.assertNotIn("big.bin", os.listdir(small))
        into = self.net.dir / "roomy"
        into.mkdir()
        self.net.doctor("get", sent["id"], "--to", into)
        self.assertEqual((into / "big.bin").read_bytes(), big.read_bytes())

    def test_target_exists_already(self):
        sent = self.net.hospital(*self.send("--json", self.letter)).json()
        into = self.net.file("into/letter.txt", "mine").parent
        done = self.net.doctor("get", sent["id"], "-o", into / "letter.txt", code=None)
        self.assertEqual(done.code, 73, done)
        self.assertEqual((into / "letter.txt").read_text(), "mine")

    def test_two_processes_on_one_identity(self):
        watcher = self.net.doctor.start("watch", log="watcher.log")
        try:
            wait_until(lambda: self.net.doctor("whoami", code=None).code != 0, "the watcher to hold the identity")
            self.refused(75, "another process", who="doctor", args=["inbox"])
        finally:
            stop(watcher)

    def test_broken_key_file_modes_are_refused(self):
        keys = [p for p in self.net.hospital.home.rglob("*.key")]
        self.assertTrue(keys)
        keys[0].chmod(0o644)
        try:
            self.refused(77, keys[0].name, "chmod 600", args=["whoami"])
        finally:
            keys[0].chmod(0o600)

    def test_unknown_option_and_missing_recipient_are_usage_errors(self):
        self.refused(64, "--nonsense", args=["send", "--nonsense"])
        self.refused(64, "--to", args=["send", self.letter])

    def test_message_over_the_limit(self):
        path = self.net.dir / "huge.bin"
        with open(path, "wb") as f:
            f.truncate((2 << 30) + 1)
        self.refused(65, "huge.bin", "2 GiB", args=self.send("--attach", path, self.letter))
        self.assertFalse([p for p in self.net.hospital.home.rglob("*") if p.is_file() and p.stat().st_size > 1 << 20])


class Hostile(unittest.TestCase):
    """What a member may do to another's programs."""

    def test_watch_goes_on_after_a_message_whose_files_do_not_verify(self):
        with Network("poison") as net:
            big = net.file("big.bin", os.urandom(1 << 20))
            bad = net.hospital("send", "--to", DOCTOR, "--subject", "bad", "--json", big).json()
            good = net.hospital("send", "--to", DOCTOR, "--subject", "good", "--json", "-", stdin="good").json()
            [stored] = net.broker.data.rglob("0.content")
            with open(stored, "r+b") as f:
                f.seek(300_000)
                f.write(b"other bytes")
            into, out = net.dir / "files", net.dir / "events.jsonl"
            net.doctor.start("watch", "--to", into, "--exec", f"cat >> {out}", log="watch.log")
            wait_until(lambda: out.exists() and good["id"] in out.read_text(), "the message after the bad one")
            told = {e["id"]: e for e in map(json.loads, out.read_text().splitlines())}
            self.assertTrue(told[bad["id"]]["error"]["message"])
            self.assertNotIn("files", told[bad["id"]])
            self.assertEqual([f["size"] for f in told[good["id"]]["files"]], [4])
            self.assertEqual([p.name for p in into.iterdir()], [good["id"]])
            self.assertEqual(into.joinpath(good["id"]).stat().st_mode & 0o777, 0o700)
            self.assertEqual(net.hospital("status", bad["id"], "--json").json()["recipients"][0]["state"], "waiting")


class Outages(unittest.TestCase):
    """Each breaks its own network."""

    def test_broker_down(self):
        with Network("down") as net:
            net.broker.stop()
            done = net.hospital("send", "--to", DOCTOR, "--subject", "x", "--timeout", "2", "-", stdin="x", code=None)
            self.assertEqual(done.code, 69, done)
            self.assertIn("127.0.0.1", done.err)

    def test_wrong_broker_key(self):
        """Another broker answers at the same address."""
        with Network("impostor") as net:
            net.broker.stop()
            port = net.broker.port
            impostor = Broker(net, name="impostor", port=port)
            impostor.start()
            done = net.hospital("send", "--to", DOCTOR, "--subject", "x", "--timeout", "5", "-", stdin="x", code=None)
            self.assertEqual(done.code, 69, done)
            self.assertIn("key", done.err)
            self.assertNotIn("Traceback", done.err)

    def test_revoked_client(self):
        with Network("revoked") as net:
            net.broker.ctl("registrar", "revoke", HOSPITAL, "--registrar", net.registrar.dir, "--reason", "practice closed", "--yes")
            done = net.hospital("send", "--to", DOCTOR, "--subject", "x", "--timeout", "5", "-", stdin="x", code=None)
            self.assertEqual(done.code, 77, done)
            to_revoked = net.doctor("send", "--to", HOSPITAL, "--subject", "x", "--timeout", "5", "-", stdin="x", code=None)
            self.assertEqual(to_revoked.code, 67, to_revoked)

    def test_unknown_client_key(self):
        """An identity of another broker with the same keys of the broker: copied data of a broker that never admitted it."""
        with Network("unknown") as net:
            net.broker.stop()
            shutil.copytree(net.broker.data, net.dir / "older", symlinks=True)
            net.broker.start()
            stranger = net.enrolled("stranger", OTHERS[0])
            net.broker.stop()
            shutil.rmtree(net.broker.data)
            shutil.copytree(net.dir / "older", net.broker.data, symlinks=True)
            net.broker.start()
            done = stranger("send", "--to", DOCTOR, "--subject", "x", "--timeout", "5", "-", stdin="x", code=None)
            self.assertEqual(done.code, 77, done)

    def test_expired_certificate(self):
        """The wall clock of the practices stands three years ahead; the broker's too."""
        with Network("expired") as net:
            net.broker.stop()
            net.broker.start("faketime", "-f", "+1200d", env={"FAKETIME_DONT_FAKE_MONOTONIC": "1"})
            done = net.hospital("send", "--to", DOCTOR, "--subject", "x", "--timeout", "5", "-", stdin="x", code=None,
                                before=("faketime", "-f", "+1200d"), env={"FAKETIME_DONT_FAKE_MONOTONIC": "1"})
            self.assertNotEqual(done.code, 0, done)
            self.assertIn("expired", done.err)
            self.assertIn(done.code, (65, 77), done)

    def test_a_refused_practice_learns_of_it_and_comes_back_with_a_new_invitation(self):
        with Network("refused") as net:
            stop(net.desk)
            who = Practice(net, "late")
            enrol = ["enrol", "--broker", net.broker.file, "--no-passphrase", "--yes", "--invite"]
            who(*enrol, net.registrar.invite(OTHERS[0], "Late"), "--timeout", "1")
            net.broker.ctl("registrar", "refuse", OTHERS[0], "--reason", "wrong name")
            self.assertIn("refused", who("whoami", "--online").out)
            code = net.registrar.invite(OTHERS[0], "Late again")
            desk = net.registrar.serve()
            who(*enrol, code, "--timeout", "20")
            self.assertEqual(who("whoami", "--online", "--json").json()["name"], "Late again")
            stop(desk)

    def test_a_revoked_address_says_so_to_who_wants_it(self):
        with Network("gone") as net:
            net.broker.ctl("registrar", "revoke", DOCTOR, "--registrar", net.registrar.dir, "--reason", "x", "--yes")
            done = Practice(net, "next")("enrol", "--broker", net.broker.file, "--no-passphrase", "--yes", "--invite",
                                         net.registrar.invite(DOCTOR, "Next"), code=None)
            self.assertNotEqual(done.code, 0, done)
            self.assertIn("revoked", done.err)

    def test_wrong_passphrase(self):
        with Network("passphrase") as net:
            secret = net.file("secret", "correct horse\n")
            wrong = net.file("wrong", "battery staple\n")
            for path in (secret, wrong):
                path.chmod(0o600)
            locked = Practice(net, "locked")
            locked("enrol", "--broker", net.broker.file, "--invite", net.registrar.invite(OTHERS[0], "Locked"), "--yes", "--passphrase-file", secret)
            locked("inbox", "--passphrase-file", secret)
            done = locked("inbox", "--passphrase-file", wrong, code=None)
            self.assertEqual(done.code, 77, done)
            self.assertIn("passphrase", done.err)

    def damaged_content(self, name: str, damage):
        """A message whose stored attachment was damaged on the broker's disk is refused by the reader, and nothing of it appears."""
        with Network(name) as net:
            big = net.file("big.bin", os.urandom(2 << 20))
            sent = net.hospital("send", "--to", DOCTOR, "--subject", "x", "--attach", big, "--json", "-", stdin="body").json()
            stored = max((p for p in (net.broker.data / "content").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
            damage(stored)
            into = net.dir / "into"
            into.mkdir()
            done = net.doctor("get", sent["id"], "--to", into, "--timeout", "10", code=None)
            self.assertIn(done.code, (65, 69, 75), done)
            self.assertTrue(done.err, done)
            self.assertNotIn("big.bin", os.listdir(into))
            self.assertEqual(len(net.doctor.inbox()), 1, "one bad message must not break the list")
            net.hospital("send", "--to", DOCTOR, "--subject", "next", "-", stdin="the broker goes on")
            return done

    def test_a_bit_flipped_part_is_refused_and_nothing_of_it_appears(self):
        def flip(path):
            with open(path, "r+b") as f:
                f.seek(1 << 20)
                byte = f.read(1)[0]
                f.seek(1 << 20)
                f.write(bytes([byte ^ 1]))

        self.assertEqual(self.damaged_content("flipped", flip).code, 65)

    def test_a_truncated_part_is_refused_and_nothing_of_it_appears(self):
        self.damaged_content("truncated", lambda path: os.truncate(path, 1 << 20))

    def test_two_brokers_on_one_data_directory(self):
        with Network("twins") as net:
            second = run(program("carepostd"), "--data", net.broker.data, timeout=20)
            self.assertNotEqual(second.code, 0, second)
            self.assertIn(str(net.broker.data), second.err)
            net.hospital("send", "--to", DOCTOR, "--subject", "x", "-", stdin="still there")

    def test_configuration_with_an_unknown_key(self):
        with Place("config") as place:
            broker = Broker(place)
            config = place.file("bad.toml", 'quota = 3\n')
            done = run(program("carepostd"), "--config", config, "--data", broker.data, "--check-config")
            self.assertEqual(done.code, 78, done)
            self.assertIn("quota", done.err)
            self.assertIn("bad.toml", done.err)

    def test_a_data_directory_alone_is_enough(self):
        with Place("bare") as place:
            child = place.start(program("carepostd"), "--data", place.dir / "d", log="bare.log")
            wait_until(lambda: (place.dir / "d" / "broker.carepost").exists(), "the broker file")
            wait_until(lambda: run(program("carepostctl"), "status", "--data", place.dir / "d").code == 0, "the broker to answer")
            self.assertEqual(stop(child), 0)
