"""Attacks with a registrar's help: members, certificates and resets that the owner of a mailbox did not want."""

import os
import time

import crypto
from attacks_directory import INVALID, UNVERIFIED, is_about, logged, own_chain
from crypto import SigningKey
from schema import directory, parsed
from stage import CLINIC, DOCTOR, GONE, HOSPITAL
from table import AT_ONCE, NEXT_GOSSIP, attack
from world import CERTIFICATE, CHAIN, RESET, ForkedLog, records_of, resets_field, signed

DAY = 86_400_000
REFUSED = "refused as `certificate_invalid` (exit 65) or `reset_unconfirmed` (exit 77), nothing sealed"


def now_ms() -> int:
    return int(time.time() * 1000)


def chain_of(s, address=CLINIC) -> list:
    """The chain as SignedObjects."""
    return [parsed(directory.SignedObject, row[2]) for row in s.world.entries(address, CHAIN)]


class Longer:
    """A log in which entries about the clinic follow all that is real, and the record that shows them."""

    def __init__(self, s):
        self.s, self.label = s, s.world.label(CLINIC)
        self.start, self.leaves = len(s.world.leaves()), []
        self.chain = [entry.object for entry in chain_of(s)]
        self.added, self.certificate, self.reset = [], None, None

    def entry(self, kind: int, seq: int, data: bytes):
        out = directory.LoggedEntry()
        self.leaves.append(logged(out, kind, self.label, seq, data, self.start + len(self.leaves)))
        return out

    def link(self, fill, *keys, at=None):
        """The next chain entry, with a body that `fill` gives it, signed by these."""
        last = parsed(directory.ChainEntry, self.chain[-1])
        content = directory.ChainEntry(version=1, mailbox=last.mailbox, seq=last.seq + 1, previous=crypto.sha256(self.chain[-1]),
                                       time_ms=at or now_ms())
        fill(content)
        self.chain.append(content.SerializeToString())
        self.added.append(self.entry(CHAIN, content.seq, signed(self.chain[-1], "chain-entry", *keys)))

    def show(self, victim, stamped=None, **counts):
        """Tells it to a victim; `stamped` as in ForkedLog.show."""
        log = ForkedLog(self.s.world, add=self.leaves)

        def edit(record):
            if not is_about(record, CLINIC):
                return
            record.chain.extend(self.added)
            if self.certificate:
                record.certificate.CopyFrom(self.certificate)
            if self.reset:
                name, several = resets_field()
                if several:
                    getattr(record, name).append(self.reset)
                else:
                    getattr(record, name).CopyFrom(self.reset)
            self.s.world.head(record, seq=len(self.chain) - 1, hash=crypto.sha256(self.chain[-1]), **counts)

        victim.tell_lies(lambda event: log.show(event, edit, stamped))
        return log


def newcomer(s, signing: SigningKey) -> bytes:
    """A pairing request in the newcomer's own words."""
    member = directory.Member(id=os.urandom(16), signing_key=signing.public, transport_key=crypto.transport_key(os.urandom(32)), rights=3,
                              name="night desk")
    request = directory.PairingRequest(version=1, mailbox=s.mailboxes["clinic"], address=CLINIC, member=member, nonce=os.urandom(16),
                                       created_ms=now_ms(), expires_ms=now_ms() + DAY)
    return signed(request.SerializeToString(), "pairing-request", signing)


def adds_member(s, longer, *keys):
    request = newcomer(s, SigningKey(os.urandom(32)))

    def fill(content):
        content.add_member.request = request
        content.add_member.rights = 3

    longer.link(fill, *keys)


@attack("a member added without the owner", AT_ONCE, "broker and registrar add a member to a living mailbox, signed by both of them, rightly logged", INVALID)
def _(s):
    longer = Longer(s)
    adds_member(s, longer, s.world.registrar_key, s.world.statement_key)
    victim = s.victim("nurse")
    longer.show(victim)
    s.refused(victim.send(), 65, "chain of mailbox|signed by nobody|manage")
    s.nothing_sent(victim)


@attack("a member that adds itself", AT_ONCE, "the entry that adds a member is signed by that member's own key", INVALID)
def _(s):
    longer, signing = Longer(s), SigningKey(os.urandom(32))
    request = newcomer(s, signing)

    def fill(content):
        content.add_member.request = request
        content.add_member.rights = 7

    longer.link(fill, signing)
    victim = s.victim("nurse")
    longer.show(victim)
    s.refused(victim.send(), 65, "chain of mailbox|signed by nobody|manage")
    s.nothing_sent(victim)


@attack("a member added behind the owner's back", NEXT_GOSSIP, "the entry that adds a member is logged, but not shown to the owner",
        "the owner's own scan of the log finds the leaf: refused (exit 65 or 76), loud")
def _(s):
    longer = Longer(s)
    adds_member(s, longer, s.world.registrar_key)
    owner = s.victim("clinic")
    owner.tell_lies(ForkedLog(s.world, add=longer.leaves).show)
    done = owner.send(to=HOSPITAL)
    s.wants(done.code in (65, 76), "the owner noticed nothing", done)
    s.refused(done, done.code, "about this mailbox|not its owner|contradict|own|same place")
    s.nothing_sent(owner)


@attack("a member removed by the broker", AT_ONCE, "the owner's device is removed and a new epoch begins, signed by the registrar", INVALID)
def _(s):
    longer = Longer(s)
    chain = chain_of(s)
    owner = parsed(directory.ChainEntry, chain[0].object).genesis.owner
    epoch = parsed(directory.ChainEntry, chain[-1].object).epoch

    def fill(content):
        content.remove_members.members.append(owner.id)
        content.remove_members.epoch.CopyFrom(epoch)
        content.remove_members.epoch.number += 1
        content.remove_members.epoch.not_before_ms = content.time_ms
        content.remove_members.epoch.not_after_ms = content.time_ms + 14 * DAY

    longer.link(fill, s.world.registrar_key)
    victim = s.victim("nurse")
    longer.show(victim)
    s.refused(victim.send(), 65, "chain of mailbox|signed by nobody|manage")
    s.nothing_sent(victim)


@attack("a certificate renewed without its owner", AT_ONCE, "the registrar alone renews a certificate with another name", INVALID)
def _(s):
    longer = Longer(s)
    certificate = parsed(directory.Certificate, parsed(directory.SignedObject, s.world.entries(CLINIC, CERTIFICATE)[0][2]).object)
    certificate.serial, certificate.name = os.urandom(16), "Another practice"
    longer.certificate = longer.entry(CERTIFICATE, 1, signed(certificate.SerializeToString(), "certificate", s.world.registrar_key))
    victim = s.victim("nurse")
    longer.show(victim, certificates=2)
    s.refused(victim.send(), 65, "identity|certificate|cosigned|signed")
    s.nothing_sent(victim)


def other_owner(s, longer, created: int, effective: int, *registrars, taken_at=None):
    """A reset of the clinic's identity and the take-over by it."""
    identity, member = SigningKey(os.urandom(32)), SigningKey(os.urandom(32))
    certificate = parsed(directory.Certificate, parsed(directory.SignedObject, s.world.entries(CLINIC, CERTIFICATE)[0][2]).object)
    certificate.serial, certificate.identity_key, certificate.not_before_ms = os.urandom(16), identity.public, created
    certified = signed(certificate.SerializeToString(), "certificate", registrars[0])
    reset = directory.Reset(version=1, mailbox=certificate.mailbox, label=longer.label, certificate=certified, created_ms=created,
                            effective_ms=effective, reason="key lost")
    object_bytes = reset.SerializeToString()
    signed_reset = signed(object_bytes, "reset", *registrars)
    longer.reset = longer.entry(RESET, 0, signed_reset)
    longer.certificate = longer.entry(CERTIFICATE, 1, certified)
    owner = directory.Member(id=os.urandom(16), signing_key=member.public, transport_key=crypto.transport_key(os.urandom(32)), rights=7,
                             name="owner")

    def take(content):
        content.take_over.reset = signed_reset
        content.take_over.identity_key = identity.public
        content.take_over.owner.CopyFrom(owner)

    def epoch(content):
        last = parsed(directory.ChainEntry, chain_of(s)[-1].object).epoch.number
        content.epoch.CopyFrom(parsed(directory.ChainEntry, chain_of(s, HOSPITAL)[1].object).epoch)
        content.epoch.number = last + 1
        content.epoch.not_before_ms, content.epoch.not_after_ms = content.time_ms, content.time_ms + 14 * DAY
        content.epoch.readers_hash = crypto.sha256(owner.id)

    def finish():
        longer.link(take, identity, at=taken_at)
        longer.link(epoch, identity, at=taken_at)

    return crypto.sha256(object_bytes), finish


def refused_reset(s, longer, who="nurse", stamped=None):
    victim = s.victim(who)
    if stamped:
        s.accepted(victim.check(DOCTOR))  # pins the log as it was; to one who never saw it any age can be told
    longer.show(victim, stamped, certificates=2, resets=1)
    done = victim.send()
    s.wants(done.code in (65, 76, 77), "the reset was believed", done)
    s.nothing_sent(victim)


@attack("a reset without delay", AT_ONCE, "two registrars replace an identity, to take effect at once", REFUSED)
def _(s):
    longer = Longer(s)
    _, finish = other_owner(s, longer, now_ms() - 1000, now_ms() - 1000, s.world.registrar_key, s.second_registrar)
    finish()
    refused_reset(s, longer)


@attack("a reset by one registrar", AT_ONCE, "one registrar alone replaces an identity", REFUSED)
def _(s):
    longer = Longer(s)
    _, finish = other_owner(s, longer, now_ms() - 5 * DAY, now_ms() - DAY, s.world.registrar_key)
    finish()
    refused_reset(s, longer)


@attack("a backdated reset", AT_ONCE, "two registrars replace an identity with a reset that was logged only now, but is dated five days back", REFUSED)
def _(s):
    longer = Longer(s)
    _, finish = other_owner(s, longer, now_ms() - 5 * DAY, now_ms() - DAY, s.world.registrar_key, s.second_registrar)
    finish()
    refused_reset(s, longer)


@attack("a backdated reset at first contact", AT_ONCE, "the same, shown to one who has never seen the mailbox", REFUSED)
def _(s):
    longer = Longer(s)
    _, finish = other_owner(s, longer, now_ms() - 5 * DAY, now_ms() - DAY, s.world.registrar_key, s.second_registrar)
    finish()
    refused_reset(s, longer, "new-nurse")


@attack("a reset with a backdated time stamp", AT_ONCE, "the same, and the log's own key stamps a head that holds it with a time five days back",
        "refused as `fraud_proven` (exit 76) or as above: a stamp that goes back contradicts the one pinned")
def _(s):
    longer = Longer(s)
    _, finish = other_owner(s, longer, now_ms() - 5 * DAY, now_ms() - DAY, s.world.registrar_key, s.second_registrar)
    finish()
    refused_reset(s, longer, "new-nurse", stamped=now_ms() // 1000 - 5 * 86_400 + 60)


@attack("a vetoed reset", AT_ONCE, "two registrars carry out a reset that a member of the mailbox vetoed", REFUSED)
def _(s):
    longer = Longer(s)
    reset, finish = other_owner(s, longer, now_ms() - 5 * DAY, now_ms() - DAY, s.world.registrar_key, s.second_registrar)

    def veto(content):
        content.veto.reset = reset

    longer.link(veto, s.member_key("clinic"))
    finish()
    refused_reset(s, longer, "new-nurse")


@attack("a second chain under a living label", AT_ONCE, "a whole second chain with a genesis of its own, certified by the registrar, at first contact of one who pinned the log",
        "refused as `certificate_invalid` or `log_unverified` (exit 65), nothing sealed")
def _(s):
    identity = SigningKey(os.urandom(32))
    entries = own_chain(s, identity)
    longer = Longer(s)
    made = [longer.entry(CHAIN, seq, data) for seq, data in enumerate(entries)]
    log = ForkedLog(s.world, add=longer.leaves)
    head_hash = crypto.sha256(parsed(directory.SignedObject, entries[-1]).object)

    def edit(record):
        if is_about(record, CLINIC):
            del record.chain[:]
            record.chain.extend(made)
            s.world.head(record, seq=len(made) - 1, hash=head_hash)

    victim = s.victim("new-nurse")
    victim.tell_lies(lambda event: log.show(event, edit))
    s.refused(victim.send(), 65, "does not belong to its certificate|identity|certificate")
    s.nothing_sent(victim)


def hides_revocation(s, event):
    def edit(record):
        if is_about(record, GONE):
            record.ClearField("revocation")
            s.world.head(record, revocations=0)

    records_of(event, edit)


@attack("hidden revocation, known better", AT_ONCE, "a revocation is left out of the answer to one who has seen it", UNVERIFIED)
def _(s):
    victim = s.victim("nurse")
    s.refused(victim.send(to=GONE), 67, "revoked")
    victim.tell_lies(lambda event: hides_revocation(s, event))
    s.refused(victim.send(to=GONE), 65, "revoked|signed numbers")
    s.nothing_sent(victim)
    s.recovers(victim)


@attack("revocation of another mailbox", AT_ONCE, "a true revocation is shown for a mailbox that was never revoked", UNVERIFIED)
def _(s):
    kept = {}

    def edit(record):
        if is_about(record, GONE):
            kept["revocation"] = directory.LoggedEntry.FromString(record.revocation.SerializeToString())
        if is_about(record, CLINIC):
            record.revocation.CopyFrom(kept["revocation"])

    victim = s.victim("nurse")
    victim.tell_lies(lambda event: records_of(event, edit))
    s.refused(victim.send(to=GONE), 67, "revoked")
    s.refused(victim.send(), 65, "another kind or label|revo|signed numbers")
    s.nothing_sent(victim)
    s.recovers(victim)
