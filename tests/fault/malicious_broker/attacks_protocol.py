"""Attacks on the conversation itself."""

import os

from attacks_directory import stranger_leaf
from schema import wire
from stage import CLINIC, HOSPITAL, Wrong
from support.place import peak_resident_kib, wait_until
from table import AT_ONCE, AVAILABILITY, PREVENTED, attack
from world import ForkedLog, failure

UNTRUSTED = "refused as `broker_untrusted` (exit 69), nothing sealed"


def in_hello(s, edit, code, words):
    def lie(event):
        if event.op == "hello" and event.said is not None:
            edit(event.said)

    victim = s.victim("nurse")
    victim.tell_lies(lie)
    s.refused(victim.send(), code, words)
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("version downgrade", AT_ONCE, "the greeting offers an older version of the protocol", "refused as `unsupported_version` (exit 69), nothing sealed")
def _(s):
    in_hello(s, lambda said: setattr(said, "protocol", 0), 69, "version")


@attack("greeting for another mailbox", AT_ONCE, "the broker takes the key for another mailbox's", UNTRUSTED)
def _(s):
    in_hello(s, lambda said: setattr(said, "mailbox", s.mailboxes["doctor"]), 69, "another")


@attack("greeting of a sandbox", AT_ONCE, "a production broker says that it is a sandbox", UNTRUSTED)
def _(s):
    in_hello(s, lambda said: setattr(said, "sandbox", True), 69, "another broker")


@attack("garbage for answers", AVAILABILITY, "every answer is random bytes", "as if the broker could not be reached (exit 69); nothing believed")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.reply is not None:
            event.replies = [(os.urandom(200), b"")]

    victim.tell_lies(lie)
    done = victim.send(seconds=2)
    s.refused(done, 69, "does not answer|cannot be reached")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("oversized answers", AVAILABILITY, "answers of 8 MiB", "cut off; as if the broker could not be reached (exit 69)")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "lookup" and event.reply is not None:
            event.replies = [(b"\x08\x02" + bytes(8 << 20), b"")]

    victim.tell_lies(lie)
    done = victim.send(seconds=2)
    s.refused(done, 69, "does not answer|cannot be reached")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("no answers", AVAILABILITY, "requests are swallowed", "`broker_unreachable` (exit 69); the message waits in the spool or was not taken")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.reply is None and event.op == "lookup":
            event.passes = False

    victim.tell_lies(lie)
    s.refused(victim.send(seconds=2), 69, "does not answer|cannot be reached")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("a send swallowed", AVAILABILITY, "the message is taken, but no answer comes", "`outcome_unknown` (exit 75): no receipt; the same id completes it later")
def _(s):
    victim = s.victim("hospital")

    def lie(event):
        if event.reply is None and event.op == "submit":
            event.passes = False

    victim.tell_lies(lie)
    number = os.urandom(16).hex()
    s.refused(victim.send("--id", number, seconds=2), 75, "no answer|outcome|same id")
    victim.tell_lies()
    s.accepted(victim.send("--id", number))


@attack("wrong request ids", AVAILABILITY, "answers carry the ids of other requests", "never taken; as if the broker did not answer (exit 69)")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "lookup" and event.reply is not None:
            event.reply.id += 1000

    victim.tell_lies(lie)
    s.refused(victim.send(seconds=2), 69, "does not answer|cannot be reached")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("answer of another kind", AT_ONCE, "a lookup is answered with a true answer to another operation", "refused as `malformed_request` (exit 70), nothing sealed")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "lookup" and event.reply is not None:
            event.replies = [(wire.Reply(id=event.request.id, watch=wire.WatchReply(latest=1)), b"")]

    victim.tell_lies(lie)
    done = victim.send(seconds=3)
    s.wants(done.code in (69, 70), "another exit code was wanted", done)
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("answers twice", PREVENTED, "every answer comes twice", "the second is ignored")
def _(s):
    victim = s.victim("hospital")

    def lie(event):
        if event.reply is not None:
            event.replies = [(event.reply, event.raw)] * 2

    victim.tell_lies(lie)
    s.accepted(victim.send())


@attack("refusals without reason", AVAILABILITY, "the broker says that the key is not allowed", "`not_allowed` (exit 77), nothing sealed, nothing forgotten")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "hello" and event.reply is not None:
            event.replies = [(failure(event.request, 7), b"")]

    victim.tell_lies(lie)
    s.wants(victim.send(seconds=2).code in (69, 77), "another exit code was wanted")
    s.nothing_sent(victim)
    s.recovers(victim)


def lookup_count(s, edit):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "lookup" and event.said is not None:
            edit(event.said)

    victim.tell_lies(lie)
    s.refused(victim.send(), 70, "number of records")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("more records than asked", AT_ONCE, "a lookup is answered with more records than it asked for", "refused as `malformed_request` (exit 70), nothing sealed")
def _(s):
    lookup_count(s, lambda said: said.records.extend([said.records[0]] * 200))


@attack("no records", AT_ONCE, "a lookup is answered with nothing", "refused as `malformed_request` (exit 70), nothing sealed")
def _(s):
    lookup_count(s, lambda said: said.ClearField("records"))


@attack("an address denied", AVAILABILITY, "the broker says that nobody has that address", "`unknown_recipient` (exit 67), nothing sealed")
def _(s):
    victim = s.victim("new-nurse")

    def lie(event):
        if event.op == "lookup" and event.said is not None and any(key.address == CLINIC for key in event.asked.keys):
            for number, key in enumerate(event.asked.keys):
                if key.address == CLINIC:
                    event.said.records[number] = b""

    victim.tell_lies(lie)
    s.refused(victim.send(), 67, "nobody is known")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("endless pages of a list", AVAILABILITY, "every page of a list promises another one", "goes on in bounded memory; what was asked for is never exceeded")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            del event.said.items[:]
            for number in range(min(50, event.asked.limit)):
                event.said.items.add().CopyFrom(s.items["doctor", s.second])
                event.said.items[-1].seq = event.asked.after + 1 + number
            event.said.more = True

    victim.tell_lies(lie)
    done = victim.run("inbox", "--json", "--limit", "120")
    s.accepted(done)
    s.wants(len(done.json_lines()) == 120, f"{len(done.json_lines())} items were listed", done)
    child = victim.start("inbox", "--json", log="endless.log")
    wait_until(lambda: victim.did("list") > 20, "twenty pages")
    s.wants(peak_resident_kib(child.pid) < 100_000, f"{peak_resident_kib(child.pid)} KiB")
    child.kill()
    child.wait()


@attack("more items than asked", AT_ONCE, "a page holds more items than were asked for", "refused as `malformed_request` (exit 70)")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            del event.said.items[:]
            for number in range(40):
                event.said.items.add().CopyFrom(s.items["doctor", s.second])
                event.said.items[-1].seq = event.asked.after + 1 + number

    victim.tell_lies(lie)
    s.refused(victim.run("inbox", "--json", "--limit", "3"), 70, "more messages than it was asked for")
    s.recovers(victim)


@attack("pages that go backwards", AT_ONCE, "each page of a list begins before the last one", "the list ends")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            del event.said.items[:]
            event.said.items.add().CopyFrom(s.items["doctor", s.second])
            event.said.items[0].seq = 1
            event.said.more = True

    victim.tell_lies(lie)
    done = victim.run("inbox", "--json", "--limit", "1000")
    s.wants(victim.did("list") < 5, "it went round and round", done)


@attack("leaves without end", AT_ONCE, "a page of the log holds more leaves than were asked for", "refused as `log_unverified` (exit 65), nothing sealed")
def _(s):
    victim = s.victim("nurse")
    log = ForkedLog(s.world, add=[stranger_leaf()])

    def lie(event):
        log.show(event)
        if event.op == "log_leaves" and event.said is not None:
            event.said.leaves.extend([stranger_leaf()] * 500)

    victim.tell_lies(lie)
    s.refused(victim.send(), 65, "leaves")
    s.nothing_sent(victim)


@attack("endless pages of a search", AVAILABILITY, "every page of a search promises another one", "ends at the limit asked for")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "search" and event.said is not None:
            del event.said.hits[:]
            for number in range(min(10, event.asked.limit)):
                event.said.hits.add(address=CLINIC, name=f"number {number}", mailbox=os.urandom(16))
            event.said.more = True

    victim.tell_lies(lie)
    done = victim.run("find", "clinic", "--json", "--limit", "35")
    s.accepted(done)
    s.wants(len(done.json_lines()) <= 35, "more than asked for were shown", done)


@attack("more hits than asked", AT_ONCE, "a search finds more than was asked for", "refused as `malformed_request` (exit 70)")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "search" and event.said is not None:
            event.said.hits.extend([wire.SearchHit(address=CLINIC, name="again", mailbox=bytes(16))] * 20)

    victim.tell_lies(lie)
    s.refused(victim.run("find", "clinic", "--json", "--limit", "3"), 70, "more than it was asked for")


@attack("a search that lies", AT_ONCE, "a search shows another name for an address", "what is sent to is the address and its certificate: `check` shows the certified name")
def _(s):
    victim = s.victim("new-nurse")

    def lie(event):
        if event.op == "search" and event.said is not None:
            del event.said.hits[:]
            event.said.hits.add(address=CLINIC, name="Your own doctor", mailbox=s.mailboxes["clinic"])

    victim.tell_lies(lie)
    s.accepted(victim.run("find", "doctor", "--json"))
    done = victim.check(CLINIC)
    s.accepted(done)
    s.wants("own doctor" not in done.out, "the false name was believed", done)


@attack("changes that go backwards", AT_ONCE, "the change feed repeats one old change for ever", "each change is told once; the feed is asked again at leisure")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "changes" and event.said is not None:
            del event.said.changes[:]
            event.said.changes.add(change=1, kind=1, seq=1, message_id=bytes.fromhex(s.second))
            event.said.latest = 1 << 40
        if event.op == "watch" and event.said is not None:
            event.said.latest = 5

    victim.tell_lies(lie)
    out = victim.home / "events"
    child = victim.start("watch", "--exec", f"cat >> {out}", log="watch.log")
    try:
        wait_until(lambda: victim.did("changes") > 0, "the feed to be asked")
        try:
            wait_until(lambda: victim.did("changes") > 20, "", 2.5)
        except AssertionError:
            pass
        s.wants(victim.did("changes") <= 20, f"the feed was asked {victim.did('changes')} times in a moment")
        told = out.read_text().count("\n") if out.exists() else 0
        s.wants(told <= 1, f"the same change was told {told} times")
    finally:
        child.kill()
        child.wait()


@attack("bytes asked for that do not exist", AT_ONCE, "the broker asks for parts the message does not have", "refused as `malformed_request` (exit 70)")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "submit" and event.said is not None:
            event.said.Clear()
            event.said.missing.add(stream=3, content=7, have=0, want=1 << 40)

    victim.tell_lies(lie)
    s.refused(victim.send(), 70, "does not have")


@attack("parts asked for without end", AT_ONCE, "the broker asks for the same part again and again", "gives up as `busy` (exit 75); the message stays in the spool")
def _(s):
    victim = s.victim("nurse")

    def lie(event):
        if event.op == "submit" and event.said is not None:
            event.said.Clear()
            event.said.missing.add(stream=3, content=0, have=0, want=wanted["bytes"])
        if event.op == "submit" and event.reply is None:
            wanted["bytes"] = len(event.request_raw)
        if event.op == "put_part" and event.reply is not None:
            event.replies = [(wire.Reply(id=event.request.id, put_part=wire.PutPartReply(have=0)), b"")]

    wanted = {}
    victim.tell_lies(lie)
    s.refused(victim.send(), 75, "no more parts")
    s.wants(victim.did("submit") < 20, "it went round and round")


assert HOSPITAL and Wrong
