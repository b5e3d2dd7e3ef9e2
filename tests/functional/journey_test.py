"""The main job: a sealed report with annexes goes from a hospital to a doctor."""

import json
import shutil
import unittest
from pathlib import Path

from support.network import DOCTOR, HOSPITAL, Network
from support.place import ROOT, program, run, wait_until

DATA = ROOT / "examples" / "data"
BODY = DATA / "laboratory-report.fhir.json"
ANNEXES = [DATA / "laboratory-report.pdf", DATA / "laboratory-report.kmehr.xml"]


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.net = Network("journey")
        cls.addClassCleanup(cls.net.__exit__, None, None, None)

    def send(self, *more, **options):
        return self.net.hospital("send", "--to", DOCTOR, "--json", *more, **options).json()

    def test_documents_arrive_byte_for_byte_and_receipts_verify_offline(self):
        """Its own network: the broker is stopped at the end."""
        with Network("offline") as net:
            sent = net.hospital("send", "--to", DOCTOR, "--subject", "Lab result", "--type", "lab-result", BODY, "--attach", ANNEXES[0],
                                "--attach", ANNEXES[1], "--json").json()
            item = net.doctor.inbox()[0]
            self.assertEqual((item["id"], item["subject"], item["type"]), (sent["id"], "Lab result", "lab-result"))
            into = net.dir / "received"
            into.mkdir()
            net.doctor("get", sent["id"], "--to", into)
            for path in [BODY, *ANNEXES]:
                self.assertEqual((into / path.name).read_bytes(), path.read_bytes(), path.name)
            status = net.hospital("status", sent["id"], "--json").json()
            self.assertEqual([r["state"] for r in status["recipients"]], ["received"])
            receipts = sorted((net.hospital.home / "data").rglob("*.receipt"))
            self.assertTrue(receipts, "no receipt was kept")
            net.broker.stop()
            for receipt in receipts:
                net.hospital("receipts", "verify", receipt)
            self.assertEqual(net.hospital("receipts", "verify", self.flipped(net, receipts[0]), code=None).code, 65)

    def flipped(self, net, receipt: Path) -> Path:
        """A copy of a receipt in which one character in the middle differs."""
        text = bytearray(receipt.read_bytes())
        middle = len(text) // 2
        text[middle] = ord("A") if text[middle] != ord("A") else ord("B")
        return net.file("flipped.receipt", bytes(text))

    def test_output_of_send_is_one_line_with_what_counts(self):
        done = self.net.hospital("send", "--to", DOCTOR, "--subject", "Short", BODY)
        self.assertRegex(done.out, r"^sent [0-9a-f]{4,}\S*  to 1 mailbox, .*, stored \d\d:\d\d:\d\dZ   \(receipt saved\)\n$")

    def test_sending_again_under_the_same_id_gives_the_first_receipt(self):
        first = self.send("--subject", "Once", BODY)
        again = self.send("--subject", "Once", "--id", first["id"], BODY)
        self.assertEqual(first["stored"], again["stored"])
        self.assertEqual(1, sum(1 for i in self.net.doctor.inbox() if i["id"] == first["id"]))

    def test_text_goes_through_standard_input_and_output(self):
        sent = self.send("--subject", "Pipe", "-", stdin="good news\n")
        shown = self.net.doctor("get", sent["id"], "-o", "-", binary=True)
        self.assertEqual(shown.out, b"good news\n")

    def test_show_tells_who_wrote_what(self):
        sent = self.send("--subject", "Read me", "-", stdin="line one\n")
        shown = self.net.doctor("show", sent["id"])
        for words in ("Read me", HOSPITAL, "line one"):
            self.assertIn(words, shown.out)

    def test_the_mailbox_can_be_checked_and_found_before_sending(self):
        self.assertEqual(self.net.hospital("check", DOCTOR, "--json").json()["address"], DOCTOR)
        found = self.net.hospital("find", "doctor", "--json").json_lines()
        self.assertIn(DOCTOR, [f["address"] for f in found])

    def test_a_deleted_message_is_gone_for_one_and_stays_for_the_other(self):
        sent = self.send("--subject", "Gone", BODY)
        self.net.doctor("delete", "--for-good", sent["id"])
        self.assertNotIn(sent["id"], [i["id"] for i in self.net.doctor.inbox()])
        self.assertEqual(self.net.doctor("show", sent["id"], code=None).code, 66)
        self.net.hospital("status", sent["id"])

    def test_watch_runs_a_command_for_each_new_message(self):
        """Its own network: watch holds the doctor's identity."""
        with Network("watch") as net:
            out = net.dir / "events.jsonl"
            net.doctor.start("watch", "--exec", f"cat >> {out}", log="watch.log")
            sent = net.hospital("send", "--to", DOCTOR, "--subject", "News", BODY, "--json").json()
            wait_until(lambda: out.exists() and sent["id"] in out.read_text(), "the event of the new message")
            event = [json.loads(line) for line in out.read_text().splitlines()][-1]
            self.assertEqual(event["id"], sent["id"])

    def test_the_offline_path_brings_a_practice_in_by_files_alone(self):
        from support.network import OTHERS, Practice
        newcomer = Practice(self.net, "newcomer")
        request = self.net.dir / "request.carepost"
        newcomer("enrol", "--broker", self.net.broker.file, "--address", OTHERS[0], "--name", "Dr Newcomer", "--request-file", request,
                 "--no-passphrase", "--yes")
        signed = self.net.dir / "signed.carepost"
        run_ok(program("carepostctl"), "registrar", "sign", request, "--registrar", self.net.registrar.dir, "--out", signed, "--yes")
        self.net.broker.ctl("registrar", "admit", signed)
        self.assertEqual(newcomer("whoami", "--json").json()["address"], OTHERS[0])
        newcomer("send", "--to", DOCTOR, "--subject", "I am in", "-", stdin="hello")


def run_ok(*args):
    done = run(*args)
    assert done.code == 0, done
    return done


if __name__ == "__main__":
    unittest.main()
