"""A place to try the real programs in: a temporary directory, processes that are always ended, and plain results."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def build_dir() -> Path:
    return Path(os.environ.get("CAREPOST_BUILD", ROOT / "build" / "release"))


def program(name: str) -> str:
    return str(build_dir() / "bin" / name)


def faulty_daemon() -> str:
    """carepostd with fail points and seeded bugs: CAREPOST_FAIL_POINT arms one."""
    return str(build_dir() / "tests" / "carepostd_with_faults")


@dataclass
class Ran:
    """What a command did."""

    args: list
    code: int
    out: str
    err: str

    def json(self):
        """Standard output as one JSON value."""
        return json.loads(self.out)

    def json_lines(self):
        """Standard output as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __str__(self):
        words = " ".join(str(a) for a in self.args)
        return f"$ {words}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def run(*args, env=None, stdin=None, cwd=None, timeout=120, binary=False) -> Ran:
    """Runs a command to its end. `stdin` is text or bytes; nothing means /dev/null."""
    feed = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [str(a) for a in args], env=env, cwd=cwd, timeout=timeout, capture_output=True,
        **({"input": feed} if feed is not None else {"stdin": subprocess.DEVNULL}))
    text = (lambda b: b) if binary else (lambda b: b.decode(errors="replace"))
    return Ran(list(args), done.returncode, text(done.stdout), done.stderr.decode(errors="replace"))


def wait_until(condition, what: str, seconds: float = 20.0):
    """Waits for an event by asking; fails with its name."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds:.0f} s for: {what}")


class Place:
    """A temporary directory with the processes started in it. Use as a context manager."""

    def __init__(self, name: str):
        base = os.environ.get("CAREPOST_TEST_TMP") or tempfile.gettempdir()
        self.dir = Path(tempfile.mkdtemp(prefix=f"carepost-{name}-", dir=base))
        self.children = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        if kind is not None and os.environ.get("CAREPOST_KEEP"):
            print(f"kept for inspection: {self.dir}", file=sys.stderr)
            return
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, *args, env=None, log=None, stdin=subprocess.DEVNULL, **more) -> subprocess.Popen:
        """Starts a process that is killed at the latest when the place is left. `log` takes both outputs."""
        out = open(self.dir / log, "ab") if log else subprocess.DEVNULL
        child = subprocess.Popen([str(a) for a in args], env=env, stdin=stdin, stdout=more.pop("stdout", out),
                                 stderr=more.pop("stderr", out), **more)
        self.children.append(child)
        return child

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


def peak_resident_kib(pid: int) -> int:
    """VmHWM of a living process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError(f"no VmHWM for process {pid}")


def stop(child: subprocess.Popen, how=signal.SIGTERM, seconds: float = 20.0) -> int:
    child.send_signal(how)
    return child.wait(timeout=seconds)
