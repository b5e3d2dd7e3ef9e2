"""What the broker states about messages: every event has evidence, and a third party can judge it offline."""

import os
import random
import unittest
from datetime import datetime, timedelta, timezone

from support.network import DOCTOR, HOSPITAL, OTHERS, Network
from support.place import program, run, wait_until

PEOPLE = {"hospital": HOSPITAL, "doctor": DOCTOR, "third": OTHERS[0]}
MANY = int(os.environ.get("CAREPOST_EVIDENCE_MESSAGES", "300"))


def send(net, to=(DOCTOR,), subject="Result", **more):
    where = [part for address in to for part in ("--to", address)]
    return net.hospital("send", *where, "--subject", subject, "--json", "-", stdin="text", **more).json()["id"]


def verify(*args, code=0):
    done = run(program("carepostctl"), "evidence", "verify", *args)
    assert code is None or done.code == code, f"wanted exit {code}\n{done}"
    return done


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.net = Network("evidence", practices=PEOPLE)
        cls.addClassCleanup(cls.net.__exit__, None, None, None)

    def states(self, message) -> dict:
        status = self.net.hospital("status", message, "--json", code=None).json()
        return {r["address"]: r["state"] for r in status["recipients"]}

    def exported(self, *args, name="evidence.txt"):
        path = self.net.dir / name
        path.unlink(missing_ok=True)
        self.net.hospital("receipts", "export", *args, "--output", path)
        return path

    def test_a_file_of_evidence_convinces_a_third_party_with_the_public_keys_alone(self):
        message = send(self.net, [DOCTOR, OTHERS[0]])
        self.net.doctor("get", message, "-o", "-", binary=True)
        file = self.exported(message)
        items = verify(file, "--broker", self.net.broker.file, "--json").json_lines()
        events = [i["event"] for i in items]
        self.assertEqual(sorted(events), ["ContentConsignment", "ContentHandover", "SubmissionAcceptance"])
        self.assertTrue(all(i["message"] == message for i in items))
        handed = next(i for i in items if i["event"] == "ContentHandover")
        self.assertEqual(handed["signed_by"], DOCTOR)
        shown = self.net.broker.ctl("evidence", "show", message, "--json").json_lines()
        self.assertEqual(sorted(i["event"] for i in shown), sorted(events))
        # Without the broker's keys nothing is judged; by another broker's nothing is believed.
        verify(file, code=64)
        with Network("another", practices={"hospital": HOSPITAL}) as other:
            verify(file, "--broker", other.broker.file, code=65)

    def test_a_changed_file_is_found_out_and_the_place_is_named(self):
        message = send(self.net)
        self.net.doctor("get", message, "-o", "-", binary=True)
        file = self.exported(message, "--binary", name="evidence.bin")
        whole = file.read_bytes()
        chosen = random.Random(7).sample(range(len(whole)), 40)
        for at in chosen:
            with self.subTest(byte=at):
                changed = bytearray(whole)
                changed[at] ^= 1 << (at % 8)
                path = self.net.file("changed.bin", bytes(changed))
                done = verify(path, "--broker", self.net.broker.file, code=65)
                self.assertRegex(done.err, r"item \d+: \w+|the file: ")

    def test_a_recall_takes_back_what_nobody_received(self):
        message = send(self.net, [DOCTOR, OTHERS[0]], subject="Wrong patient")
        self.net.third("get", message, "-o", "-", binary=True)
        self.assertEqual(self.net.hospital("recall", message, "--json").json()["recalled"], 1)
        self.assertEqual(self.states(message), {DOCTOR: "recalled", OTHERS[0]: "received"})
        self.assertNotIn(message, [i["id"] for i in self.net.doctor.inbox()])
        self.assertEqual(self.net.hospital("recall", message, "--json").json()["recalled"], 0)
        items = verify(self.exported(message), "--broker", self.net.broker.file, "--json").json_lines()
        self.assertIn("Recalled", [i["event"] for i in items])

    def test_unread_mail_is_not_removed_by_a_clock_that_jumps(self):
        with Network("jump") as net:
            message = send(net)
            wait_until(lambda: net.broker.ctl("status", check=False).code == 0, "the broker")
            import time
            time.sleep(7)  # a round of retention: it has seen today's clock
            net.broker.stop()
            net.broker.start("faketime", "-f", "+400d", env={"FAKETIME_DONT_FAKE_MONOTONIC": "1"})
            time.sleep(12)
            self.assertIn("days ahead", net.broker.log_text())
            net.broker.stop()
            net.broker.start(env={})
            self.assertIn(message, [i["id"] for i in net.doctor.inbox()])

    def test_what_expires_unread_leaves_with_a_signed_notice_to_its_sender(self):
        """The whole network lives shortly before midnight, so that "until today" ends soon."""
        now = datetime.now(timezone.utc)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        ahead = int((midnight - now).total_seconds()) - 45
        env = {"LD_PRELOAD": faketime_library(), "FAKETIME": f"+{ahead}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        os.environ.update(env)
        try:
            with Network("expiry") as net:
                today = (now + timedelta(seconds=ahead)).strftime("%Y-%m-%d")
                read = net.hospital("send", "--to", DOCTOR, "--expires", today, "--json", "-", stdin="read").json()["id"]
                unread = net.hospital("send", "--to", DOCTOR, "--expires", today, "--json", "-", stdin="unread").json()["id"]
                net.doctor("get", read, "-o", "-", binary=True)

                def state(message):
                    return net.hospital("status", message, "--json", code=None).json()["recipients"][0]["state"]

                wait_until(lambda: state(unread) == "expired", "the expiry", 150)
                self.assertEqual(state(read), "received")
                self.assertEqual(net.doctor.inbox(), [])
                path = net.dir / "expired.txt"
                net.hospital("receipts", "export", unread, "--output", path)
                items = verify(path, "--broker", net.broker.file, "--json").json_lines()
                self.assertIn("ContentHandoverFailure", [i["event"] for i in items])
                self.assertNotIn("ContentHandover", [i["event"] for i in items])
        finally:
            for name in env:
                os.environ.pop(name, None)

    def test_mail_for_a_full_mailbox_stands_by_and_flows_in_order(self):
        with Network("standby", practices=PEOPLE) as net:
            net.broker.stop()
            net.broker.configure("mailbox_messages", "20")
            net.broker.start()
            ids = [send(net, subject=f"number {i}") for i in range(18)]
            for sent in net.hospital("sent", "--json").json_lines():
                net.hospital("delete", "--for-good", sent["id"])  # the sender's own box is small, too
            ids += [send(net, subject=f"number {i}") for i in range(18, 22)]

            def state(message):
                return net.hospital("status", message, "--json").json()["recipients"][0]["state"]

            self.assertEqual([state(i) for i in ids[19:]], ["waiting", "stand-by", "stand-by"])
            self.assertEqual(net.hospital("send", "--to", DOCTOR, "--json", "-", stdin="more", code=None).code, 75)
            for message in ids[:2]:
                net.doctor("delete", "--for-good", message)
            self.assertEqual([state(i) for i in ids[20:]], ["waiting", "waiting"])
            inbox = [i["id"] for i in net.doctor.inbox()]
            self.assertEqual(inbox[-2:], ids[20:])

    def test_evidence_of_many_messages_verified_offline(self):
        import time
        with Network("many") as net:
            for i in range(MANY):
                send(net, subject=str(i))
            into = net.dir / "drop"
            into.mkdir()
            file = net.dir / "all.bin"
            begun = time.monotonic()
            done = net.hospital("receipts", "export", "--all", "--binary", "--output", file, "--json", timeout=3600).json()
            exported = time.monotonic()
            net.broker.stop()
            verify(file, "--broker", net.broker.file, code=0)
            verified = time.monotonic()
            print(f"evidence of {MANY} messages: {done['items']} items, {done['bytes']} bytes, exported in {exported - begun:.1f} s, "
                  f"verified offline in {verified - exported:.1f} s")
            self.assertEqual(done["items"], 2 * MANY)


def faketime_library() -> str:
    for folder in ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"):
        path = f"{folder}/libfaketimeMT.so.1"
        if os.path.exists(path):
            return path
    raise unittest.SkipTest("no libfaketime")
