"""kill -9 of the broker at any moment under load: every receipt ever printed is honoured, nothing is seen twice."""

import hashlib
import os
import random
import threading
import time
import unittest

from support.network import DOCTOR, HOSPITAL, OTHERS, Network
from support.report import write_report

SENDERS = {"s0": HOSPITAL, "s1": OTHERS[0], "s2": OTHERS[1], "s3": OTHERS[2]}


class Sender(threading.Thread):
    """Sends without end, each message under its own id, repeating it until a receipt is printed. Keeps a ledger."""

    def __init__(self, practice, seed: int):
        super().__init__(daemon=True)
        self.practice, self.random = practice, random.Random(seed)
        self.ledger = {}      # id -> SHA-256 of what was acknowledged
        self.repeats = 0      # receipts that told of an earlier, unacknowledged commit
        self.failures = []    # errors that are no outage
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            content = self.random.randbytes(self.random.choice([30, 900, 20_000, 150_000, 400_000]))
            self.send(self.random.randbytes(16).hex(), content)

    def send(self, message: str, content: bytes):
        while True:
            done = self.practice("send", "--to", DOCTOR, "--subject", "load", "--id", message, "--json", "--timeout", "5", "-",
                                 stdin=content, code=None)
            if done.code == 0:
                self.ledger[message] = hashlib.sha256(content).hexdigest()
                self.repeats += bool(done.json().get("repeated"))
                return
            if done.code not in (69, 75):
                self.failures.append(str(done))
                return
            if self.stopping.is_set():
                return  # unacknowledged: it may be there or not


def examine(net, ledger: dict) -> dict:
    """Compares what the doctor sees with what was promised."""
    items = net.doctor.inbox()
    seen = [item["id"] for item in items]
    lost = [m for m in ledger if m not in set(seen)]
    twice = len(seen) - len(set(seen))
    unreadable = [item for item in items if item.get("error")]
    sample = random.Random(1).sample(sorted(ledger), min(40, len(ledger)))
    wrong = 0
    for message in sample:
        if message in lost:
            continue
        got = net.doctor("get", message, "-o", "-", binary=True, code=None)
        wrong += got.code != 0 or hashlib.sha256(got.out).hexdigest() != ledger[message]
    return {"acknowledged": len(ledger), "seen": len(seen), "lost": len(lost), "twice": twice, "unreadable": len(unreadable),
            "contents_compared": len(sample), "contents_wrong": wrong, "unacknowledged_but_stored": len(set(seen) - set(ledger))}


def kill_under_load(net, rounds: int, seed: int) -> dict:
    chance = random.Random(seed)
    senders = [Sender(getattr(net, name), seed + i) for i, name in enumerate(SENDERS)]
    for sender in senders:
        sender.start()
    kills = 0
    # At least `rounds`; more, within reason, until one kill has fallen between a commit and its receipt.
    while kills < rounds or (kills < 4 * rounds and not any(s.repeats for s in senders)):
        time.sleep(chance.uniform(0.02, 0.6))
        net.broker.kill()
        kills += 1
        net.broker.start()
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.join(timeout=60)
    ledger = {message: digest for sender in senders for message, digest in sender.ledger.items()}
    return {"kills": kills, "ledger": ledger, "repeats": sum(s.repeats for s in senders),
            "failures": [f for s in senders for f in s.failures]}


def trial(name: str, rounds: int, seed: int, **network) -> dict:
    """One network under load and kills; what was found, with `bad` as the sum of broken promises."""
    with Network(name, practices={"doctor": DOCTOR, **SENDERS}, **network) as net:
        ran = kill_under_load(net, rounds, seed)
        found = examine(net, ran["ledger"])
    found |= {"kills": ran["kills"], "repeats": ran["repeats"], "failures": len(ran["failures"])}
    found["bad"] = found["lost"] + found["twice"] + found["unreadable"] + found["contents_wrong"]
    for failure in ran["failures"][:3]:
        print(failure)
    return found


class KillLoop(unittest.TestCase):
    def test_every_receipt_is_honoured_after_kill_9(self):
        seed = int(os.environ.get("CAREPOST_SEED", random.SystemRandom().randrange(1 << 30)))
        began = time.monotonic()
        rounds = int(os.environ.get("CAREPOST_KILL_ROUNDS", "50"))
        found = trial("kill", rounds, seed)
        control = trial("kill-control", 8, seed, faults=True, broker_env={"CAREPOST_FAIL_POINT": "bug.acknowledge_before_commit=error"})
        write_report("P01-kill-loop", seed=seed, wall_s=round(time.monotonic() - began, 1), trials=found["kills"], fired=found["kills"],
                     passed=found["kills"] if not found["bad"] else 0, failed=found["bad"], controls=1, controls_caught=int(control["lost"] > 0),
                     figures={**found, "control_lost": control["lost"], "control_acknowledged": control["acknowledged"]})
        again = f"again: CAREPOST_SEED={seed} tests/functional/run kill_loop"
        self.assertEqual(found["failures"], 0, again)
        self.assertEqual(found["bad"], 0, f"{found}; {again}")
        self.assertGreater(found["acknowledged"], rounds, "too little load to prove anything")
        self.assertGreater(found["repeats"], 0, "no commit was ever cut off from its receipt: the window was not hit")
        self.assertGreater(control["lost"], 0, f"the control was not caught: {control}")

    test_every_receipt_is_honoured_after_kill_9.slow = True
