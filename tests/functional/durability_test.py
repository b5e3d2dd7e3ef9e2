"""What the system calls say: the write-ahead log and the part files are synced between request and receipt."""

import os
import re
import shutil
import time
import unittest

from support.network import DOCTOR, Network

# Lines of strace -f -ttt. The daemon may not be looked into, so descriptors carry no names: we follow them ourselves.
LINE = re.compile(r"^(\d+) +(\d+\.\d+) (?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$")
KINDS = {"fsync": "synced", "fdatasync": "synced", "sendto": "sent", "sendmsg": "sent", "recvfrom": "received", "recvmsg": "received"}
CALLS = "openat,accept4,accept," + ",".join(KINDS)


def finished_calls(trace: str):
    """(time, call, arguments and result) in the order in which the calls ended."""
    waiting = {}
    for line in trace.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        process, when, call, text, resumed, rest = match.groups()
        if resumed:
            yield float(when), resumed, waiting.pop((process, resumed), "") + rest
        elif text.endswith("<unfinished ...>"):
            waiting[process, call] = text.removesuffix("<unfinished ...>")
        else:
            yield float(when), call, text


def events(trace: str, since: float) -> list:
    """(kind, what) in the order in which the calls ended: kind is received, synced or sent; what is a path or "TCP"."""
    names, found = {}, []
    for when, call, text in finished_calls(trace):
        result = re.search(r"= (-?\d+)", text.rpartition(")")[2])
        if result is None or int(result.group(1)) < 0:
            continue
        if call == "openat":
            folder, path = re.match(r'(\w+), "(.*?)"', text).groups()
            names[result.group(1)] = os.path.join(names.get(folder, ""), path)
        elif call.startswith("accept"):
            names[result.group(1)] = "TCP" if "AF_INET" in text else "local"
        elif when >= since:
            found.append((KINDS[call], names.get(re.match(r"\d+", text).group(0), "?")))
    return [(kind, what) for kind, what in found if kind == "synced" or what == "TCP"]


def may_trace() -> bool:
    """CAP_SYS_PTRACE: the daemon is not dumpable, so nobody else sees its paths."""
    effective = re.search(r"CapEff:\s+(\w+)", open("/proc/self/status").read()).group(1)
    return bool(int(effective, 16) >> 19 & 1)


@unittest.skipUnless(shutil.which("strace") and may_trace(), "needs strace, and root to start the tests")
class Durability(unittest.TestCase):
    def traced_send(self, name: str, content: bytes, faults=False, env=None) -> list:
        """Sends one message to a broker under strace, which is killed as soon as the receipt is printed."""
        with Network(name, faults=faults) as net:
            net.broker.stop()
            trace = net.dir / "trace"
            net.broker.start("strace", "-f", "-ttt", "-e", f"trace={CALLS}", "-o", trace, env=env)
            net.hospital("check", DOCTOR)  # what the session and the directory need is settled before the message
            began = time.time()
            net.hospital("send", "--to", DOCTOR, "--subject", "x", "-", stdin=content)
            net.broker.stop()
            return events(trace.read_text(errors="replace"), began)

    def positions(self, found: list, kind: str, part: str) -> list:
        return [i for i, (k, path) in enumerate(found) if k == kind and part in path]

    def assert_synced_before_the_receipt(self, found: list, part: str):
        synced = self.positions(found, "synced", part)
        self.assertTrue(synced, f"no sync of {part} among {[path for kind, path in found if kind == 'synced']}")
        self.assertLess(min(self.positions(found, "received", "TCP")), synced[0], found)
        self.assertLess(synced[0], max(self.positions(found, "sent", "TCP")), found)

    def test_the_write_ahead_log_is_synced_between_request_and_receipt(self):
        self.assert_synced_before_the_receipt(self.traced_send("wal", b"x" * 500), "-wal")

    def test_part_files_are_synced_before_the_write_ahead_log(self):
        found = self.traced_send("parts", os.urandom(3 << 20))
        self.assert_synced_before_the_receipt(found, "/uploads/")
        self.assertLess(max(self.positions(found, "synced", "/uploads/")), max(self.positions(found, "synced", "-wal")), found)

    def test_control_a_store_that_does_not_sync_is_found_out(self):
        found = self.traced_send("control", b"x" * 500, faults=True, env={"CAREPOST_FAIL_POINT": "bug.synchronous_normal=error"})
        self.assertTrue(self.positions(found, "sent", "TCP"), found)
        with self.assertRaises(AssertionError):
            self.assert_synced_before_the_receipt(found, "-wal")
