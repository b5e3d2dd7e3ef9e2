"""Where the attacks take place: one broker with a mind, a few enrolled practices, and a fresh copy of a practice for each attack."""

import re
import shutil
from contextlib import contextmanager

from crypto import SigningKey
from mind import Mind
from support.network import DOCTOR, HOSPITAL, OTHERS, Broker, Network, Practice
from support.place import build_dir, program, run
from world import MEMBER_SEED, REGISTRAR_SEED, World, secrets_of

CLINIC, NURSE, GONE = OTHERS[3], OTHERS[2], OTHERS[0]
BODY = bytes(range(256)) * 1500  # three parts
SMALL = b"all values within range\n"
ADDRESSES = {"hospital": HOSPITAL, "doctor": DOCTOR, "nurse": NURSE, "clinic": CLINIC}


class Wrong(AssertionError):
    """The client did not react as it should."""


class EvilBroker(Broker):
    def __init__(self, place, **more):
        super().__init__(place, **more)
        self.program = str(build_dir() / "tests" / "carepostd_evil")

    def ctl(self, *args, **more):
        """Registrars were certified ten days ago: a reset dated back must not be refused for their sake."""
        if args[:2] == ("registrar", "new"):
            done = run("faketime", "-f", "-10d", program("carepostctl"), *args, "--data", self.data)
            assert done.code == 0, done
            return done
        return super().ctl(*args, **more)


class Victim(Practice):
    """A fresh copy of a practice, whose broker lies to it."""

    def __init__(self, stage, who: str, number: int):
        home = stage.dir / f"victim-{number}-{who}"
        shutil.copytree(stage.snapshots[who], home)
        super().__init__(stage, who, home)
        self.stage, self.address, self.key = stage, stage.addresses[who], stage.keys[who]
        self.env.update(stage.client_env)
        self.seen = stage.mind.seen[self.key]
        self.before = len(self.seen.requests)  # of other copies of the same practice
        self.into = home / "into"
        self.into.mkdir()
        self.tell_lies()

    def tell_lies(self, lie=None):
        self.stage.mind.lie(self.key, lie)

    def run(self, *args, seconds=6, **more):
        """One command, whatever it answers."""
        done = self(*args, "--timeout", str(seconds), "--no-progress", code=None, timeout=60, **more)
        self.stage.log(str(done))
        return done

    def check(self, address=CLINIC, **more):
        return self.run("check", address, "--json", **more)

    def send(self, *more, to=CLINIC, text="news\n", **options):
        return self.run("send", "--to", to, "--subject", "news", "--json", "-", *more, stdin=text, **options)

    def get(self, message: str, *more, **options):
        return self.run("get", message, "--to", self.into, *more, **options)

    def files(self) -> list:
        """What lies in the folder for received files, hidden leavings included."""
        return sorted(path.name for path in self.into.iterdir())

    def did(self, op: str) -> int:
        """How many requests of this kind it made."""
        return sum(1 for request in self.seen.requests[self.before:] if request.WhichOneof("op") == op)

    def proofs(self) -> list:
        """Fraud proofs it holds."""
        return [path for path in self.home.rglob("*") if path.is_file() and ("fraud" in path.parts[-2] or path.suffix == ".proof")]


class Stage(Network):
    def __init__(self, client_env=None, verbose=False):
        self.verbose, self.client_env, self.number, self.journal = verbose, client_env or {}, 0, []
        self.addresses = dict(ADDRESSES)
        super().__init__("evil", {**ADDRESSES, "gone": GONE})
        try:
            self.prepare()
        except BaseException:
            self.__exit__(AssertionError, None, None)
            raise

    def make_broker(self, faults):
        self.mind = Mind(self.dir / "mind.sock")
        broker = EvilBroker(self)
        broker.env = {"CAREPOST_MIND": self.mind.path}
        folder = self.dir / "second-registrar"
        broker.ctl("registrar", "new", "--out", folder, "--name", "Second registrar")
        self.second_registrar = SigningKey(secrets_of(folder / "registrar.key")[REGISTRAR_SEED])
        return broker

    def prepare(self):
        """Honest days: messages are sent, some are read, everybody knows everybody."""
        self.world = World(self.broker, self.registrar)
        self.keys = {who: self.world.transport_key(address) for who, address in ADDRESSES.items()}
        annex = self.file("annex.bin", SMALL)
        body = self.file("report.bin", BODY)

        def sent(who, to, subject, *more, **options):
            return self.practices[who]("send", "--to", to, "--subject", subject, "--json", *more, **options).json()["id"]

        self.broker.ctl("registrar", "revoke", GONE, "--registrar", self.registrar.dir, "--reason", "closed", "--yes")
        self.snapshots = {}
        shutil.copytree(self.nurse.home, self.dir / "new-nurse")  # enrolled, has never looked anybody up
        self.large = sent("hospital", DOCTOR, "large", body, "--attach", annex)
        self.second = sent("hospital", DOCTOR, "second", "-", stdin=SMALL)
        self.third = sent("hospital", DOCTOR, "third", "-", stdin="third\n")
        self.by_nurse = sent("nurse", DOCTOR, "by the nurse", "-", stdin="from the nurse\n")
        self.to_clinic = sent("hospital", CLINIC, "for the clinic", "-", stdin="for the clinic\n")
        self.status = sent("nurse", CLINIC, "status", "-", stdin="is it there?\n")
        self.waiting = sent("nurse", CLINIC, "waiting", "-", stdin="still there?\n")
        out = self.dir / "out"
        out.mkdir()
        shutil.copytree(self.doctor.home, self.dir / "unread-doctor")
        self.clinic("get", self.status, "--to", out)
        for who in ADDRESSES:
            self.practices[who].inbox()
            for other in ADDRESSES.values():
                if other != ADDRESSES[who]:
                    self.practices[who]("check", other)
        for who in ADDRESSES:
            self.snapshots[who] = self.practices[who].home
        self.snapshots["new-nurse"], self.snapshots["unread-doctor"] = self.dir / "new-nurse", self.dir / "unread-doctor"
        for extra, who in (("new-nurse", "nurse"), ("unread-doctor", "doctor")):
            self.addresses[extra], self.keys[extra] = ADDRESSES[who], self.keys[who]
        self.items = {(who, message): self.item(who, message) for who, message in
                      [("doctor", self.large), ("doctor", self.second), ("doctor", self.third), ("doctor", self.by_nurse),
                       ("clinic", self.to_clinic), ("clinic", self.status)]}
        self.mailboxes = {who: self.world.mailbox(address) for who, address in ADDRESSES.items()}
        # Copies are taken from here on: what the practices themselves do later must not change them.
        for who in self.addresses:
            frozen = self.dir / f"snapshot-{who}"
            shutil.copytree(self.snapshots[who], frozen)
            self.snapshots[who] = frozen

    def member_key(self, who: str) -> SigningKey:
        """The signing key of a practice's device: no broker has it; a veto of its own needs it."""
        folder = next(self.practices[who].home.rglob("member.key")).parent
        unlock = folder / "unlock.key"
        return SigningKey(secrets_of(folder / "member.key", unlock.read_bytes() if unlock.exists() else None)[MEMBER_SEED])

    def item(self, who: str, message: str):
        """A MailItem as the broker really has it."""
        seen = self.mind.watch(self.keys[who])
        self.practices[who]("show", message)
        return next(reply.fetch_envelope.item for request, reply, _ in seen.replies if request.WhichOneof("op") == "fetch_envelope")

    # --- what attacks use ---------------------------------------------------------------------------------------------

    def victim(self, who: str) -> Victim:
        self.number += 1
        return Victim(self, who, self.number)

    def log(self, text: str):
        self.journal.append(text)
        if self.verbose:
            print(text, flush=True)

    @contextmanager
    def trial(self):
        """Everything back to the truth afterwards."""
        self.journal, self.mind.problems = [], []
        first = self.number + 1
        for key in self.keys.values():
            self.mind.watch(key)
        try:
            yield
        finally:
            self.mind.honest()
            for folder in self.dir.glob("victim-*"):
                if int(folder.name.split("-")[1]) >= first:
                    shutil.rmtree(folder, ignore_errors=True)

    def lies(self) -> int:
        """Answers that were not the truth, in this trial."""
        return sum(seen.lies for seen in self.mind.seen.values())

    @staticmethod
    def wants(condition, what: str, done=None):
        if not condition:
            raise Wrong(what + (f"\n{done}" if done else ""))

    def refused(self, done, code: int, words: str):
        self.wants(done.code == code, f"exit {code} was wanted", done)
        self.wants(re.search(words, done.err + done.out), f"a word like \"{words}\" was wanted", done)

    def accepted(self, done):
        self.wants(done.code == 0, "it should have gone well", done)

    def nothing_sent(self, victim):
        self.wants(victim.did("submit") == 0 and victim.did("put_part") == 0, "something was sent all the same")

    def nothing_kept(self, victim):
        self.wants(victim.files() == [], f"something was written: {victim.files()}")
        self.wants(victim.did("give_receipt") == 0, "a receipt was given")

    def recovers(self, victim):
        """With an honest broker the same client goes on as if nothing had been."""
        victim.tell_lies()
        self.accepted(victim.check(HOSPITAL if victim.address != HOSPITAL else DOCTOR))
