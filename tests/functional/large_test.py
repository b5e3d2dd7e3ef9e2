"""Large content: constant memory, and resuming in both directions without sending again what is stored."""

import hashlib
import os
import signal
import time
import unittest

from support.network import DOCTOR, Network, ProxiedNetwork
from support.place import peak_resident_kib, wait_until

GIB = 1 << 30
LIMIT_KIB = 64 * 1024


def make_file(path, size: int) -> str:
    """Bytes that do not repeat, written quickly; returns their SHA-256."""
    digest = hashlib.sha256()
    block = os.urandom(1 << 20)
    with open(path, "wb") as out:
        for i in range(size >> 20):
            piece = i.to_bytes(8, "big") + block[8:]
            out.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def digest_of(path) -> str:
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def run_watching_memory(child) -> int:
    """Waits for a process to end; returns the largest VmHWM seen, in KiB."""
    peak = 0
    while child.poll() is None:
        try:
            peak = max(peak, peak_resident_kib(child.pid))
        except (AssertionError, FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.02)
    return peak


def bytes_received(pid: int) -> int:
    """Bytes a process has read by any descriptor (rchar)."""
    return int(open(f"/proc/{pid}/io").read().split("rchar: ")[1].split()[0])


class Large(unittest.TestCase):
    def test_two_gib_travel_in_64_mib_of_memory(self):
        with Network("large") as net:
            path = net.dir / "scan.bin"
            wanted = make_file(path, 2 * GIB)
            sender = net.hospital.start("send", "--to", DOCTOR, "--subject", "Large", "-", "--attach", path, "--id", "aa" * 16,
                                        log="send.log")
            sent_peak = run_watching_memory(sender)
            self.assertEqual(sender.returncode, 0, (net.dir / "send.log").read_text())
            path.unlink()
            into = net.dir / "in"
            into.mkdir()
            reader = net.doctor.start("get", "aa" * 16, "--to", into, log="get.log")
            got_peak = run_watching_memory(reader)
            self.assertEqual(reader.returncode, 0, (net.dir / "get.log").read_text())
            broker_peak = peak_resident_kib(net.broker.child.pid)
            print(f"        VmHWM: send {sent_peak} KiB, get {got_peak} KiB, broker {broker_peak} KiB")
            self.assertEqual(digest_of(into / "scan.bin"), wanted)
            for who, peak in (("send", sent_peak), ("get", got_peak), ("broker", broker_peak)):
                self.assertGreater(peak, 0, who)
                self.assertLess(peak, LIMIT_KIB, who)

    test_two_gib_travel_in_64_mib_of_memory.slow = True


class Resume(unittest.TestCase):
    """Both directions go on after a kill on either side and after a broken connection; a proxy counts every byte."""

    SIZE = 512 << 20
    # What may travel twice: a window of parts in flight for each interruption, and the small things around it.
    SLACK = 8 << 20

    def setUp(self):
        self.net = ProxiedNetwork("resume")
        self.addCleanup(self.net.__exit__, None, None, None)
        self.path = self.net.dir / "scan.bin"
        self.digest = make_file(self.path, self.SIZE)
        self.proxy = self.net.proxy

    def send(self):
        return self.net.hospital.start("send", "--to", DOCTOR, "--subject", "Resumed", "-", "--attach", self.path, "--id", "bb" * 16,
                                       "--timeout", "60", log="send.log")

    def get(self):
        return self.net.doctor.start("get", "bb" * 16, "--to", self.net.dir / "in", "--timeout", "60", log="get.log")

    def finished(self, child, log):
        self.assertEqual(child.wait(timeout=300), 0, (self.net.dir / log).read_text())

    def restart_broker(self):
        self.net.broker.kill()
        self.net.broker.start()

    def test_both_directions_resume_without_sending_again_what_is_stored(self):
        quarter = self.SIZE // 4
        sender = self.send()
        wait_until(lambda: self.proxy.up > quarter, "a quarter to be sent", 120)
        sender.kill()
        sender.wait()
        sender = self.send()
        wait_until(lambda: self.proxy.up > 2 * quarter, "half to be sent", 120)
        self.restart_broker()
        wait_until(lambda: self.proxy.up > 3 * quarter, "three quarters to be sent", 120)
        self.proxy.cut()
        self.finished(sender, "send.log")
        print(f"        sent {self.proxy.up} bytes for {self.SIZE} with three interruptions")
        self.assertLess(self.proxy.up, self.sealed_size() + self.SLACK)

        (self.net.dir / "in").mkdir()
        before = self.proxy.down
        reader = self.get()
        wait_until(lambda: self.proxy.down - before > quarter, "a quarter to arrive", 120)
        reader.kill()
        reader.wait()
        self.assertEqual([p.name for p in (self.net.dir / "in").glob("scan.bin")], [], "visible before it is whole")
        reader = self.get()
        wait_until(lambda: self.proxy.down - before > 2 * quarter, "half to arrive", 120)
        self.restart_broker()
        wait_until(lambda: self.proxy.down - before > 3 * quarter, "three quarters to arrive", 120)
        self.proxy.cut()
        self.finished(reader, "get.log")
        print(f"        received {self.proxy.down - before} bytes with three interruptions")
        self.assertLess(self.proxy.down - before, self.sealed_size() + self.SLACK)
        self.assertEqual(digest_of(self.net.dir / "in" / "scan.bin"), self.digest)

    test_both_directions_resume_without_sending_again_what_is_stored.slow = True

    def sealed_size(self) -> int:
        """Padmé keeps a power of two as it is; 16 bytes a chunk of 16 KiB, and the framing of the transport below 1 %."""
        return int(self.SIZE * 1.01)
