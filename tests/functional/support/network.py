"""A whole little network: a real broker, a registrar at its desk, and practices with identities of their own."""

import os
import re
import signal
import socket
from pathlib import Path

from support.proxy import Proxy
from support.place import Place, faulty_daemon, Ran, program, run, stop, wait_until

HOSPITAL = "nihii:71032209/HOSPITAL"
DOCTOR = "nihii:19234011/DOCTOR"
# More addresses with right check digits, for tests with many senders.
OTHERS = ["nihii:10000007/DOCTOR", "nihii:12345676/DOCTOR", "nihii:11478761/PHYSIOTHERAPIST", "cbe:0403019261/INSTITUTION"]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Broker:
    """One carepostd with its data directory. `faults` takes the build with fail points and seeded bugs."""

    def __init__(self, place: Place, name="broker", faults=False, port=None, listen_port=None):
        self.place = place
        self.data = place.dir / name
        self.log = f"{name}.log"
        self.program = faulty_daemon() if faults else program("carepostd")
        self.port = port or free_port()
        self.listen_port = listen_port or self.port
        self.child = None
        self.env = {}  # what the last start added to the environment: kept by a restart
        made = run(program("carepostctl"), "init", "--data", self.data, "--name", "Test broker", "--endpoint",
                   f"tcp://127.0.0.1:{self.port}")
        assert made.code == 0, made
        if self.listen_port != self.port:
            self.configure("listen", f'"tcp://127.0.0.1:{self.listen_port}"')

    def configure(self, key: str, value: str):
        """Sets one key of the configuration, whose commented lines name every key there is."""
        path = self.data / "carepostd.toml"
        text, count = re.subn(rf"(?m)^#? ?{key} *=.*$", f"{key} = {value}", path.read_text(), count=1)
        assert count == 1, f"no line for {key} in the configuration:\n{text}"
        path.write_text(text)

    @property
    def file(self) -> Path:
        return self.data / "broker.carepost"

    def start(self, *before, env=None):
        """Starts the daemon, behind a wrapper such as strace if one is given, and waits until it serves."""
        self.env = env if env is not None else self.env
        self.child = self.place.start(*before, self.program, "--data", self.data, env={**os.environ, **self.env}, log=self.log)
        self.wait_ready()
        return self.child

    def wait_ready(self, seconds=20.0):
        def ready():
            if self.child.poll() is not None:
                raise AssertionError(f"carepostd ended with {self.child.returncode}:\n{self.log_text()[-3000:]}")
            return self.ctl("status", check=False).code == 0

        wait_until(ready, "the broker to answer", seconds)

    def ctl(self, *args, check=True, data=True, **more) -> Ran:
        where = ["--data", self.data] if data else []
        done = run(program("carepostctl"), *args, *where, **more)
        assert not check or done.code == 0, done
        return done

    def kill(self):
        self.child.kill()
        self.child.wait()

    def stop(self) -> int:
        """Ends the daemon in order, behind a wrapper that keeps it as its child (strace) too."""
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else self.child.pid, signal.SIGTERM)
        return self.child.wait(timeout=20)

    def log_text(self) -> str:
        path = self.place.dir / self.log
        return path.read_text(errors="replace") if path.exists() else ""


class Registrar:
    """The registrar's desk: its key never comes near the broker."""

    def __init__(self, place: Place, broker: Broker):
        self.place, self.broker = place, broker
        self.dir = place.dir / "registrar"
        broker.ctl("registrar", "new", "--out", self.dir, "--name", "Test registrar")

    def invite(self, address: str, name: str, *more) -> str:
        done = self.broker.ctl("registrar", "invite", address, "--name", name, "--registrar", self.dir, "--json", *more)
        return done.json()["code"]

    def serve(self):
        return self.place.start(program("carepostctl"), "registrar", "serve", "--registrar", self.dir, "--data", self.broker.data,
                                log="registrar.log")


class Practice:
    """One identity: its own home, its own `carepost` command."""

    def __init__(self, place: Place, name: str, home: Path | None = None):
        self.place, self.name = place, name
        self.home = home or place.dir / name
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "CAREPOST_"))}
        self.env["HOME"] = str(self.home)
        self.env["XDG_CONFIG_HOME"] = str(self.home / "config")
        self.env["XDG_DATA_HOME"] = str(self.home / "data")
        self.env["XDG_STATE_HOME"] = str(self.home / "state")

    def __call__(self, *args, code=0, env=None, before=(), **more) -> Ran:
        """Runs `carepost ARGS` and expects that exit code (None: any)."""
        done = run(*before, program("carepost"), *args, env={**self.env, **(env or {})}, **more)
        assert code is None or done.code == code, f"wanted exit {code}\n{done}"
        return done

    def start(self, *args, env=None, **more):
        return self.place.start(program("carepost"), *args, env={**self.env, **(env or {})}, **more)

    def enrol(self, broker: Broker, code: str):
        return self("enrol", "--broker", broker.file, "--invite", code, "--no-passphrase", "--yes")

    def inbox(self) -> list:
        return self("inbox", "--json").json_lines()


class Network(Place):
    """Broker, registrar and enrolled practices, ready to write to each other. Use as a context manager."""

    def __init__(self, name: str, practices=None, faults=False, broker_env=None):
        super().__init__(name)
        try:
            self.broker = self.make_broker(faults)
            self.registrar = Registrar(self, self.broker)
            self.broker.start(env=broker_env)
            self.desk = self.registrar.serve()
            wanted = practices or {"hospital": HOSPITAL, "doctor": DOCTOR}
            self.practices = {who: self.enrolled(who, address) for who, address in wanted.items()}
        except BaseException:
            self.__exit__(AssertionError, None, None)
            raise

    def make_broker(self, faults: bool) -> Broker:
        return Broker(self, faults=faults)

    def enrolled(self, who: str, address: str) -> Practice:
        practice = Practice(self, who)
        practice.enrol(self.broker, self.registrar.invite(address, f"Practice {who}"))
        return practice

    def __getattr__(self, who):
        try:
            return self.__dict__["practices"][who]
        except KeyError:
            raise AttributeError(who) from None


class ProxiedNetwork(Network):
    """The same with a proxy between the practices and the broker: broker.carepost names the proxy's port."""

    def make_broker(self, faults: bool) -> Broker:
        broker = Broker(self, faults=faults, listen_port=free_port())
        self.proxy = Proxy(broker.port, broker.listen_port)
        return broker
