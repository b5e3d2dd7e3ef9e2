"""What the system calls say: the write-ahead log and the part files are synced before a receipt leaves."""

import os
import re
import shutil
import signal
import unittest

from support.network import DOCTOR, Network
from support.place import wait_until

# One line of strace -f -y -tt: process, time, call, first descriptor's path.
SYNC = re.compile(r"^(\d+) +\S+ (?:fdatasync|fsync)\(\d+<([^>]*)>\)")
RESUMED = re.compile(r"^(\d+) +\S+ <\.\.\. (?:fdatasync|fsync) resumed>")


def synced_paths(trace: str) -> list:
    """Paths whose sync has ended, in order of its end."""
    waiting, ended = {}, []
    for line in trace.splitlines():
        if "fdatasync(" in line or "fsync(" in line:
            process, path = re.match(r"^(\d+) +\S+ \w+\(\d+<([^>]*)>", line).groups()
            if "<unfinished" in line:
                waiting[process] = path
            else:
                ended.append(path)
        elif match := RESUMED.match(line):
            ended.append(waiting.pop(match.group(1), "?"))
    return ended


class Durability(unittest.TestCase):
    def traced_send(self, name: str, content: bytes, faults=False, env=None) -> list:
        """Sends one message to a broker under strace, which is killed the moment the receipt is printed; the syncs it made."""
        with Network(name, faults=faults) as net:
            net.broker.stop()
            trace = net.dir / "trace"
            net.broker.start("strace", "-f", "-y", "-tt", "-e", "trace=fsync,fdatasync,sendto,sendmsg,recvfrom", "-o", trace, env=env)
            net.hospital("whoami")
            net.hospital("check", DOCTOR)  # directory and sessions are settled before the message
            start = trace.stat().st_size
            net.hospital("send", "--to", DOCTOR, "--subject", "x", "-", stdin=content)
            net.broker.kill()
            with open(trace, errors="replace") as f:
                f.seek(start)
                return synced_paths(f.read())

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_the_write_ahead_log_is_synced_before_the_receipt(self):
        synced = self.traced_send("wal", b"x" * 500)
        self.assertTrue([p for p in synced if p.endswith("-wal")], synced)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_part_files_are_synced_before_the_write_ahead_log(self):
        synced = self.traced_send("parts", os.urandom(3 << 20))
        parts = [i for i, p in enumerate(synced) if "/parts/" in p]
        wal = [i for i, p in enumerate(synced) if p.endswith("-wal")]
        self.assertTrue(parts and wal, synced)
        self.assertLess(max(parts), max(wal), synced)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_control_a_store_that_does_not_sync_is_found_out(self):
        synced = self.traced_send("control", b"x" * 500, faults=True, env={"CAREPOST_SEEDED_BUG": "synchronous_normal"})
        self.assertFalse([p for p in synced if p.endswith("-wal")], synced)
