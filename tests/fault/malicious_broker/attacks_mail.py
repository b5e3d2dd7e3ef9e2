"""Attacks on messages on their way to a reader."""

import random

from schema import Edited, envelope, wire
from stage import CLINIC, SMALL
from table import AT_ONCE, AVAILABILITY, NEXT_GOSSIP, PREVENTED, attack

CANNOT_OPEN = "refused as `cannot_open` (exit 65), nothing written, no receipt given"


def edit_items(event, edit) -> None:
    """Lets `edit` change each MailItem of an answer."""
    if event.said is None:
        return
    for item in event.said.items if event.op == "list" else [event.said.item] if event.op == "fetch_envelope" else []:
        edit(item)


def id_of(item) -> str:
    return envelope.Routing.FromString(item.routing).message_id.hex()


def flipped(data: bytes, at: int) -> bytes:
    out = bytearray(data)
    out[at // 8 % len(out)] ^= 1 << at % 8
    return bytes(out)


def put(item, other, *fields):
    """Takes these fields over from another MailItem."""
    for field in fields:
        if field == "stanza_proof":
            del item.stanza_proof[:]
            item.stanza_proof.extend(other.stanza_proof)
        else:
            setattr(item, field, getattr(other, field))


def refuses_item(s, edit, words="refused|damaged|cannot|does not|other", message=None):
    """The doctor meets a changed item: neither shown, nor kept, nor receipted; afterwards the true one opens."""
    victim = s.victim("doctor")
    message = message or s.second
    victim.tell_lies(lambda event: edit_items(event, lambda item: id_of(item) == message and edit(item)))
    done = victim.get(message)
    s.wants(done.code in (65, 66), "it should have been refused", done)
    s.refused(done, done.code, words)
    s.nothing_kept(victim)
    victim.tell_lies()
    s.accepted(victim.get(message))
    s.wants(victim.files(), "the true message left nothing")


FLIPS = {"the routing": "routing", "the stanza": "stanza", "the sealed header": "header", "the sealed signature": "signature"}


def flip_attack(words: str, field: str):
    @attack(f"bit flip in {words}", AT_ONCE, f"one bit of {words} is flipped, at places chosen by the seed", CANNOT_OPEN)
    def _(s):
        chance = random.Random(f"{s.seed} {field}")
        for _ in range(3):
            at = chance.randrange(1 << 20)
            s.log(f"bit {at}")
            # A flip in the message id makes it another message's answer: also refused.
            victim = s.victim("doctor")

            def edit(item, at=at):
                if id_of(item) == s.second:
                    setattr(item, field, flipped(getattr(item, field), at))

            victim.tell_lies(lambda event: edit_items(event, edit))
            done = victim.get(s.second)
            s.wants(done.code == 65, "it should have been refused", done)
            s.nothing_kept(victim)
            victim.tell_lies()
            s.accepted(victim.get(s.second))


for words, field in FLIPS.items():
    flip_attack(words, field)


@attack("bit flip in the stanza's proof", AT_ONCE, "one bit of the proof that the stanza belongs to the routing is flipped", CANNOT_OPEN)
def _(s):
    def edit(item):
        item.stanza_proof[0] = flipped(item.stanza_proof[0], 77)

    refuses_item(s, edit, "stanza")


def flip_parts(s, stream: int, change):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "fetch_part" and event.said is not None and event.asked.stream == stream:
            event.raw = change(event, event.raw)

    victim.tell_lies(lie)
    done = victim.get(s.large)
    s.wants(done.code == 65, "it should have been refused", done)
    s.nothing_kept(victim)
    victim.tell_lies()
    s.accepted(victim.get(s.large))
    s.wants((victim.into / "annex.bin").read_bytes() == SMALL, "the true message came with another annex")


@attack("bit flip in a part", AT_ONCE, "one bit of each part of body and annexes in turn is flipped", CANNOT_OPEN)
def _(s):
    chance = random.Random(f"{s.seed} parts")
    for content, offset in ((0, 0), (0, None), (1, 0)):
        def change(event, raw, content=content, offset=offset):
            hit = event.asked.content == content and (event.asked.offset == 0) == (offset == 0)
            return flipped(raw, chance.randrange(8 * len(raw))) if hit else raw

        flip_parts(s, 3, change)


@attack("bit flip in a leaf hash", AT_ONCE, "one bit of the list of part hashes is flipped", CANNOT_OPEN)
def _(s):
    flip_parts(s, 2, lambda event, raw: flipped(raw, 100))


@attack("truncated body", AT_ONCE, "the last part of the body ends early", CANNOT_OPEN)
def _(s):
    flip_parts(s, 3, lambda event, raw: raw[:-1] if event.asked.content == 0 and event.asked.offset > 0 else raw)


@attack("truncated attachment", AT_ONCE, "the annex is answered with nothing", CANNOT_OPEN)
def _(s):
    flip_parts(s, 3, lambda event, raw: b"" if event.asked.content == 1 else raw)


@attack("part of another place", AT_ONCE, "the first part is given wherever a later one is asked for", CANNOT_OPEN)
def _(s):
    first = {}

    def change(event, raw):
        if event.asked.content != 0:
            return raw
        first.setdefault("raw", raw)
        return first["raw"]

    flip_parts(s, 3, change)


@attack("annex of another message", AT_ONCE, "the annex is answered with the content of another message of the same sender", CANNOT_OPEN)
def _(s):
    reader = s.victim("doctor")
    reader.run("get", s.second, "--to", reader.into, "--no-receipt")
    other = next(raw for request, _, raw in reader.seen.replies if request.WhichOneof("op") == "fetch_part")
    flip_parts(s, 3, lambda event, raw: other if event.asked.content == 1 else raw)


@attack("leaf hashes without end", AT_ONCE, "more hashes of parts than the content has parts", CANNOT_OPEN)
def _(s):
    flip_parts(s, 2, lambda event, raw: raw * 50)


# --- envelopes as a whole ---------------------------------------------------------------------------------------------


@attack("another mailbox's message", AT_ONCE, "a message to somebody else, complete and true", CANNOT_OPEN)
def _(s):
    other = s.items["clinic", s.to_clinic]
    fields = ("routing", "stanza", "stanza_index", "stanza_proof", "header", "signature")
    refuses_item(s, lambda item: put(item, other, *fields))


@attack("another mailbox's stanza", AT_ONCE, "the stanza of the sender's own copy in the place of the reader's", CANNOT_OPEN)
def _(s):
    own = s.victim("hospital")
    own.run("show", s.second)
    copy = next(reply.fetch_envelope.item for request, reply, _ in own.seen.replies if request.WhichOneof("op") == "fetch_envelope")
    refuses_item(s, lambda item: put(item, copy, "stanza", "stanza_index", "stanza_proof"))


@attack("another sender in the routing", AT_ONCE, "the routing names another mailbox as its sender", CANNOT_OPEN)
def _(s):
    def edit(item):
        with Edited(item, "routing", envelope.Routing) as routing:
            routing.sender_mailbox = s.mailboxes["nurse"]

    refuses_item(s, edit)


@attack("a time of 1970 in the routing", AT_ONCE, "the routing's times are changed", CANNOT_OPEN)
def _(s):
    def edit(item):
        with Edited(item, "routing", envelope.Routing) as routing:
            routing.created_ms = 1

    refuses_item(s, edit)


@attack("header of another message", AT_ONCE, "the sealed header of another message of the same sender", CANNOT_OPEN)
def _(s):
    refuses_item(s, lambda item: put(item, s.items["doctor", s.third], "header"))


@attack("signature of another message", AT_ONCE, "the sealed signature of another message of the same sender", CANNOT_OPEN)
def _(s):
    refuses_item(s, lambda item: put(item, s.items["doctor", s.third], "signature"))


@attack("another message than the one asked for", AT_ONCE, "the question for one message is answered with another true one",
        "refused (exit 65), nothing written, no receipt given")
def _(s):
    other = s.items["doctor", s.third]

    def lie(event):
        if event.op == "fetch_envelope" and event.said is not None:
            event.said.item.CopyFrom(other)

    victim = s.victim("doctor")
    victim.tell_lies(lie)
    done = victim.get(s.second)
    s.wants(done.code == 65, "another message was taken for the one that was asked for", done)
    s.nothing_kept(victim)
    s.recovers(victim)


@attack("duplicate under a new message id", AT_ONCE, "a delivered message comes once more under another id", CANNOT_OPEN)
def _(s):
    def edit(item):
        with Edited(item, "routing", envelope.Routing) as routing:
            routing.message_id = bytes(16)[:-1] + b"\1"

    victim = s.victim("doctor")
    new_id = (bytes(15) + b"\1").hex()

    def lie(event):
        if event.op == "fetch_envelope" and event.reply is not None:
            event.reply.ClearField("failure")
            item = event.reply.fetch_envelope.item
            item.CopyFrom(s.items["doctor", s.second])
            item.seq = 999
            edit(item)

    victim.tell_lies(lie)
    s.refused(victim.get(new_id), 65, "refused|cannot")
    s.nothing_kept(victim)
    s.recovers(victim)


def inbox_problem(s, victim, lie):
    victim.tell_lies(lie)
    done = victim.run("inbox", "--json")
    s.accepted(done)
    return {item["id"]: item for item in done.json_lines()}, done


@attack("replay under a new item number", AT_ONCE, "a delivered message is listed again as a new item", "listed with the warning that it is a replay")
def _(s):
    victim = s.victim("doctor")

    def lie(event):
        if event.op == "list" and event.said is not None and event.said.items:
            event.said.items.add().CopyFrom(s.items["doctor", s.second])
            event.said.items[-1].seq = event.said.items[-2].seq + 5

    victim.tell_lies(lie)
    done = victim.run("inbox", "--json")
    again = [item for item in done.json_lines() if item["id"] == s.second]
    s.wants(len(again) == 2, "the replay was not listed at all", done)
    s.wants(any("replay" in warning for warning in again[1]["warnings"]), "nothing was said of the replay", done)
    s.recovers(victim)


@attack("a message dropped", NEXT_GOSSIP, "one message is never delivered", "the next message of that sender comes with the warning that an earlier one is missing")
def _(s):
    victim = s.victim("unread-doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            for number, item in reversed(list(enumerate(event.said.items))):
                if id_of(item) == s.second:
                    del event.said.items[number]

    items, done = inbox_problem(s, victim, lie)
    s.wants(s.second not in items, "it was not dropped", done)
    s.wants(any("did not arrive" in warning for warning in items[s.third]["warnings"]), "the gap was not seen", done)
    victim.tell_lies()
    later = victim.run("inbox", "--json").json_lines()
    s.wants(not any("did not arrive" in warning for item in later for warning in item["warnings"]), "the gap stays for ever")


@attack("messages reordered", AT_ONCE, "two messages of one sender are listed in each other's place", "the later one warns of the gap before it; both open, none is lost")
def _(s):
    victim = s.victim("unread-doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            found = {id_of(item): item for item in event.said.items}
            if s.second in found and s.third in found:
                a, b = found[s.second], found[s.third]
                kept, seqs = wire.MailItem.FromString(a.SerializeToString()), (a.seq, b.seq)
                a.CopyFrom(b)
                b.CopyFrom(kept)
                a.seq, b.seq = seqs

    items, done = inbox_problem(s, victim, lie)
    s.wants(any("did not arrive" in warning for warning in items[s.third]["warnings"]), "the order was not seen", done)
    s.wants("error" not in items[s.second] and "error" not in items[s.third], "one of them does not open", done)


@attack("a message called received", AVAILABILITY, "an unread message is marked as received, so that its reader leaves it alone",
        "it opens as ever; the sender's status says what was really received")
def _(s):
    victim = s.victim("unread-doctor")

    def lie(event):
        edit_items(event, lambda item: setattr(item, "state", 1))

    items, done = inbox_problem(s, victim, lie)
    s.wants(items[s.second]["received"] and "error" not in items[s.second], "", done)


@attack("a message called one's own", PREVENTED, "a message of somebody else is marked as the reader's own", "who sent it is read from the signature, not from the mark")
def _(s):
    victim = s.victim("unread-doctor")
    items, done = inbox_problem(s, victim, lambda event: edit_items(event, lambda item: setattr(item, "state", 2)))
    s.wants(items[s.second]["folder"] == "inbox", "the mark was believed", done)


@attack("one broken message in a list", PREVENTED, "one item of a page is garbage", "that item shows as unreadable, all others open")
def _(s):
    victim = s.victim("unread-doctor")

    def lie(event):
        if event.op == "list" and event.said is not None:
            for item in event.said.items:
                if id_of(item) == s.second:
                    item.routing = b"\xff" * 100

    items, done = inbox_problem(s, victim, lie)
    s.wants(sum(1 for item in items.values() if "error" in item) == 1, "more or less than one item is broken", done)
    s.wants("error" not in items[s.third], "another one is broken too", done)


class OneBit:
    """Flips one bit in the n-th answer, the second frame included."""

    def __init__(self, chance):
        self.chance, self.left = chance, chance.randrange(5)

    def __call__(self, event):
        if event.reply is None:
            return
        self.left -= 1
        if self.left != -1:
            return
        message = event.reply.SerializeToString()
        at = self.chance.randrange(8 * (len(message) + len(event.raw)))
        if at < 8 * len(message):
            event.replies = [(flipped(message, at), event.raw)]
        else:
            event.raw = flipped(event.raw, at - 8 * len(message))


def judged_get(s, victim, done):
    if done.code == 0:
        s.wants((victim.into / "body").read_bytes() == SMALL, "other content was taken for the message's", done)
    else:
        s.wants(not [name for name in victim.files() if not name.startswith(".")], "something was left under a final name", done)
    for path in victim.into.iterdir():
        path.unlink()


def judged_check(s, victim, done):
    if done.code == 0:
        shown = done.json()
        s.wants((shown["address"], shown["name"], shown["mailbox"]) == (CLINIC, "Practice clinic", s.mailboxes["clinic"].hex()), "", done)


def judged_inbox(s, victim, done):
    true = {s.large: "large", s.second: "second", s.third: "third", s.by_nurse: "by the nurse"}
    for item in done.json_lines():
        if "error" not in item and item["id"] in true:
            s.wants(item["subject"] == true[item["id"]], "another subject is shown", done)


def judged_status(s, victim, done):
    if done.code == 0 and not done.json()["warnings"]:
        shown = done.json()["recipients"]
        s.wants([one["address"] for one in shown] == [CLINIC], "other recipients are shown", done)
        s.wants(all(one["state"] == "waiting" for one in shown), "a receipt is shown that nobody gave", done)


@attack("a random bit in any answer", PREVENTED, "one bit anywhere in one answer of a command is flipped, 60 times by the seed",
        "what is not proven is refused; what is shown is true; no crash")
def _(s):
    chance = random.Random(f"{s.seed} any")
    commands = [("doctor", judged_get, lambda victim: victim.get(s.second, "--no-receipt", seconds=1)),
                ("nurse", judged_check, lambda victim: victim.check(CLINIC, seconds=1)),
                ("doctor", judged_inbox, lambda victim: victim.run("inbox", "--json", seconds=1)),
                ("nurse", judged_status, lambda victim: victim.run("status", s.waiting, "--json", seconds=1))]
    for who, judge, command in commands:
        victim = s.victim(who)
        for _ in range(15):
            victim.tell_lies(OneBit(chance))
            done = command(victim)
            s.wants(0 <= done.code <= 79, "it crashed", done)
            judge(s, victim, done)
        victim.tell_lies()
        s.accepted(command(victim))
