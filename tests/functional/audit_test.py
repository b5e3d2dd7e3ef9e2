"""The audit log over real programs: every kind of row by a real act, tampering found and named, erasing that keeps the proofs."""

import re
import shutil
import sqlite3
import unittest

from support.network import DOCTOR, Network
from support.place import program, run, wait_until

SUBJECT = "Canary-subject-7f3a"
CANARIES = [SUBJECT, "Canary-body-91c2", "Canary-file", "Practice", "19234011", "71032209", "127.0.0.1:5", "nihii"]

# RFC 5424, section 6, read anew: PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG].
HEADER = re.compile(r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ")


def parse_syslog(line: str) -> dict:
    found = HEADER.match(line)
    assert found, line
    assert 0 <= int(found[1]) <= 191, line
    rest = line[found.end():]
    fields, at = {}, 0
    name = re.compile(r"\[([^\s=\]\"]{1,32})").match(rest)
    assert name, line
    at = name.end()
    while rest[at] == " ":
        field = re.compile(r" ([^\s=\]\"]{1,32})=\"").match(rest, at)
        assert field, line
        at, value = field.end(), ""
        while rest[at] != '"':
            if rest[at] == "\\":
                at += 1
                assert rest[at] in '"\\]', line
            else:
                assert rest[at] != "]", line
            value += rest[at]
            at += 1
        at += 1
        fields[field[1]] = value
    assert rest[at] == "]" and at + 1 == len(rest), line
    return {"facility": int(found[1]) // 8, "severity": int(found[1]) % 8, "time": found[2], "msgid": found[6], "id": name[1], **fields}


def rows(broker, *more) -> list:
    return broker.ctl("audit", "show", "--json", *more).json_lines()


def events(broker, *more) -> set:
    return {row["event"] for row in rows(broker, *more)}


class AuditTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network("audit")
        cls.addClassCleanup(cls.network.__exit__, None, None, None)
        broker = cls.network.broker
        body = cls.network.file("Canary-file.txt", "Canary-body-91c2")
        sent = cls.network.hospital("send", "--to", DOCTOR, "--subject", SUBJECT, body, "--json").json()
        cls.message = sent["id"]
        out = cls.network.dir / "got"
        out.mkdir()
        cls.network.doctor("get", cls.message, "--to", out)
        wait_until(lambda: {"session_opened", "handed_over"} <= events(broker), "the audit of a session and a hand-over")

    @property
    def broker(self):
        return self.network.broker

    def test_each_act_leaves_its_row(self):
        self.broker.ctl("registrar", "invite", "nihii:10000007/DOCTOR", "--name", "Nobody", "--registrar", self.network.registrar.dir)
        seen = events(self.broker)
        for wanted in ("broker_started", "configuration", "session_opened", "administration_begun", "administration_done",
                       "enrolment_requested", "mailbox_admitted", "handed_over"):
            self.assertIn(wanted, seen, str(seen))
        acts = [row for row in rows(self.broker) if row["event"] == "administration_done" and "add invitation" in row["detail"]]
        self.assertTrue(acts)
        self.assertRegex(acts[0]["detail"], r"^uid=\d+ add invitation$")
        self.assertEqual(acts[0]["result"], "ok")
        started = [row for row in rows(self.broker) if row["event"] == "configuration"]
        self.assertIn("limits.recipients=500", started[0]["detail"])

    def test_filters_find_what_they_name(self):
        handed = rows(self.broker, "--message", self.message)
        self.assertEqual({row["event"] for row in handed}, {"handed_over"})
        by_box = rows(self.broker, "--mailbox", DOCTOR)
        self.assertTrue(by_box)
        self.assertEqual({row["mailbox"] for row in by_box}, {handed[0]["mailbox"]})
        by_member = rows(self.broker, "--member", handed[0]["member"])
        self.assertTrue(by_member)
        self.assertEqual({row["member"] for row in by_member}, {handed[0]["member"]})
        self.assertEqual(rows(self.broker, "--until", "2020-01-01"), [])
        self.assertTrue(rows(self.broker, "--since", "1h"))
        self.assertEqual(self.broker.ctl("audit", "show", "--since", "soon", check=False).code, 64)

    def test_trace_tells_the_story_in_order(self):
        story = self.broker.ctl("audit", "trace", self.message, "--json").json_lines()
        self.assertIn("handed_over", {step["event"] for step in story})
        self.assertEqual([step["time"] for step in story], sorted(step["time"] for step in story))
        self.assertEqual(self.broker.ctl("audit", "trace", "00" * 15 + "01", check=False).code, 65)

    def test_verify_and_bundle(self):
        head = self.network.dir / "head"
        done = self.broker.ctl("audit", "verify", "--save-checkpoint", head, "--json").json()
        self.assertTrue(done["verified"])
        self.broker.ctl("registrar", "invite", "nihii:12345676/DOCTOR", "--name", "Nobody", "--registrar", self.network.registrar.dir)
        again = self.broker.ctl("audit", "verify", "--since-checkpoint", head, "--json").json()
        self.assertGreater(again["leaves"], done["leaves"])
        bundle = self.network.dir / "bundle"
        self.broker.ctl("audit", "export", "--format", "bundle", "--message", self.message, "--output", bundle)
        offline = run(program("carepostctl"), "audit", "verify", bundle, "--broker", self.broker.file, "--json")
        self.assertEqual(offline.code, 0, offline)
        self.assertEqual(offline.json()["rows"], 1)
        text = bundle.read_text()
        row = re.search(r'"row":"([0-9a-f]+)"', text)[1]
        changed = row[:-2] + ("00" if row[-2:] != "00" else "01")
        bundle.write_text(text.replace(row, changed))
        bad = run(program("carepostctl"), "audit", "verify", bundle, "--broker", self.broker.file)
        self.assertEqual(bad.code, 65, bad)
        self.assertIn("was changed", bad.err)

    def test_exports(self):
        out = self.network.dir / "syslog"
        self.broker.ctl("audit", "export", "--format", "syslog", "--output", out, "--enterprise", "12345", "--host", "post.example.org")
        lines = [parse_syslog(line) for line in out.read_text().splitlines()]
        self.assertGreater(len(lines), 5)
        self.assertEqual({line["id"] for line in lines}, {"carepost@12345"})
        self.assertEqual({line["facility"] for line in lines}, {13})
        self.assertIn("handed_over", {line["msgid"] for line in lines})
        done = self.broker.ctl("audit", "export", "--output", "-")
        self.assertIn("broker_started", {row["event"] for row in done.json_lines()})
        again = self.broker.ctl("audit", "export", "--format", "syslog", "--output", out, check=False)
        self.assertIn(again.code, (65, 73), again)

    def test_rows_hold_no_content_and_no_names(self):
        text = self.broker.ctl("audit", "export", "--output", "-").out
        listen = "listen=tcp://127.0.0.1:"
        text = "\n".join(line for line in text.splitlines() if listen not in line)
        for canary in CANARIES:
            self.assertNotIn(canary, text)


class TamperTest(unittest.TestCase):
    def test_changed_rows_are_found_and_named(self):
        with Network("audit-tamper", practices={"doctor": DOCTOR}) as network:
            broker = network.broker
            wait_until(lambda: "session_opened" in events(broker), "the audit of a session")
            self.assertEqual(broker.stop(), 0)
            keep = network.dir / "keep"
            shutil.copytree(broker.data, keep, ignore=shutil.ignore_patterns("admin.sock", "ballast"))

            def tampered(*statements):
                for name in ("broker.db", "broker.db-wal", "broker.db-shm"):
                    (broker.data / name).unlink(missing_ok=True)
                    if (keep / name).exists():
                        shutil.copy(keep / name, broker.data / name)
                with sqlite3.connect(broker.data / "broker.db") as db:
                    for statement in statements:
                        db.execute(statement)
                db.close()
                broker.start()
                done = broker.ctl("audit", "verify", check=False)
                self.assertEqual(broker.stop(), 0)
                return done

            clean = tampered("SELECT 1")
            self.assertEqual(clean.code, 0, clean)
            cases = {
                "a changed row": (["UPDATE audit SET row = (SELECT row FROM audit WHERE number = 3) WHERE number = 2"], "row 2 was changed"),
                "a changed row with a leaf to match its salt": (
                    ["UPDATE audit SET leaf = x'" + "11" * 40 + "' WHERE number = 2"], "row 2 was changed"),
                "a hidden row": (["UPDATE audit SET mailbox = NULL WHERE number = (SELECT min(number) FROM audit WHERE mailbox IS NOT NULL)"],
                                 "is kept under another mailbox"),
                "a deleted row": (["DELETE FROM audit WHERE number = 2"], "row 2 is missing"),
                "an inserted row": (["INSERT INTO audit SELECT 100000, time, mailbox, member, message, row, salt, leaf FROM audit WHERE number = 1"],
                                    "row 100000 was added"),
                "two rows in another order": (
                    ["UPDATE audit SET number = -1 WHERE number = 1", "UPDATE audit SET number = 1 WHERE number = 2",
                     "UPDATE audit SET number = 2 WHERE number = -1"], "row 1 was changed or moved"),
            }
            for what, (statements, message) in cases.items():
                with self.subTest(what):
                    done = tampered(*statements)
                    self.assertEqual(done.code, 65, done)
                    self.assertIn(message, done.err, done)

    def test_erased_rows_leave_the_proofs(self):
        with Network("audit-prune", practices={"doctor": DOCTOR}) as network:
            broker = network.broker
            wait_until(lambda: "session_opened" in events(broker), "the audit of a session")
            before = broker.ctl("audit", "verify", "--json").json()
            done = broker.ctl("audit", "prune", "--before", "0s", "--json").json()
            self.assertGreater(done["erased"], 3)
            after = broker.ctl("audit", "verify", "--json").json()
            self.assertEqual(after["erased"], done["erased"])
            self.assertGreater(after["leaves"], before["leaves"])
            shown = rows(broker)
            self.assertEqual(sum(row["event"] == "erased" for row in shown), done["erased"])
            self.assertIn("rows_erased", {row["event"] for row in shown})
            self.assertEqual([row["index"] for row in shown], list(range(len(shown))))


class FloodTest(unittest.TestCase):
    def test_many_like_events_make_few_rows(self):
        """Strangers' floods are tried in tests/unit/service; here real connections, and what a monitor asks."""
        with Network("audit-flood", practices={"doctor": DOCTOR}) as network:
            broker = network.broker
            before = len(rows(broker))
            for _ in range(100):
                broker.ctl("status")
            for _ in range(20):
                network.doctor("whoami", "--online")
            made = rows(broker)[before:]
            self.assertLess(len(made), 20, made)
            wait_until(lambda: broker.ctl("status").code == 0, "the broker")


if __name__ == "__main__":
    unittest.main()
