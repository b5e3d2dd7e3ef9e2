// The part of Sender that knows epochs and numbers: who is sealed to, under which key, with which place in the numbering.
#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/send/sender.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
constexpr UnixMillis kStaleWarns = kDay;
constexpr UnixMillis kStaleStops = 7 * kDay;
constexpr UnixMillis kEpochsWarn = 14 * kDay;
constexpr UnixMillis kRetentionDefault = limits::kRetentionDays * kDay;

// How old the directory's word is. Errors: log_stale above a week.
Status check_fresh(const KnownMailbox& known, UnixMillis now, std::vector<Warning>& warnings) {
    const UnixMillis age = now > known.head_time ? now - known.head_time : 0;
    const std::string& name = known.certificate.address.text();
    if (age > kStaleStops) {
        return fail(ErrorCode::log_stale, fmt::format("what the directory says of {} is {} days old", name, age / kDay),
                    "nothing is sealed to old knowledge: reach the broker, or check this machine's clock");
    }
    if (age > kStaleWarns) {
        warnings.push_back(
            {ErrorCode::log_stale, fmt::format("what the directory says of {} is more than a day old", name)});
    }
    return {};
}

Result<seal::Recipient> sealable(const KnownMailbox& known, const SpooledRecipient& place, UnixMillis now) {
    auto epoch = known.state.epoch_for(now);
    if (!epoch) {
        return fail(ErrorCode::no_valid_epoch,
                    fmt::format("{} has published no key that is valid now", known.certificate.address.text()),
                    "its owner has to come online first; try again later");
    }
    return seal::Recipient{
        known.certificate.address.text(), known.id(), epoch->number, epoch->public_key, known.state.head_seq(),
        known.state.head_hash(),          place.seq,  place.previous};
}

codec::Header header_of(const SpooledMeta& meta, const Checkpoints& checkpoints) {
    codec::Header header;
    header.kind = meta.receipt.empty() ? codec::MessageKind::message : codec::MessageKind::receipt;
    header.subject = meta.subject;
    header.type = meta.type;
    header.format = meta.format;
    header.patient = meta.patient;
    header.conversation = meta.conversation;
    header.reply_to = meta.reply_to;
    header.replaces = meta.replaces;
    for (const auto& [key, value] : meta.metadata)
        header.metadata.push_back({key, value});
    header.checkpoint = checkpoints.pinned_note();
    header.evidence_checkpoint = checkpoints.pinned_evidence_note();
    header.receipt = meta.receipt;
    return header;
}

// The next number after the last one used, and the routing it follows.
RecordWrite number_write(const SpooledRecipient& place, const Hash& routing_hash) {
    RecordWriter out;
    out.number(place.seq).id(routing_hash);
    return {RecordKind::sent_number, copy_of(place.mailbox.view()), 0, out.finish()};
}

}  // namespace

Result<Sender::Recipients> Sender::resolve(const std::vector<SpooledRecipient>& to, milliseconds timeout) {
    Recipients out;
    std::vector<Who> who{core_.keys.mailbox};
    for (const SpooledRecipient& recipient : to) {
        TRY_ASSIGN(const Address address, Address::parse(recipient.address));
        who.emplace_back(address);
    }
    if (timeout.count() > 0) {
        TRY_ASSIGN(out.known, core_.directory->look_up(who, timeout));
    } else {
        for (const Who& one : who) {
            out.known.push_back(core_.directory->kept(one));
            if (!out.known.back()) return fail(ErrorCode::broker_unreachable, "a recipient is not known here yet");
        }
    }
    const UnixMillis now = core_.clock.now_ms();
    out.log_size = out.known.front()->checked_size;
    for (const Known& known : out.known) {
        TRY(check_sealable(*known, core_.broker, now));
        TRY(check_fresh(*known, now, out.warnings));
        TRY(known->state.epoch_for(now));
        out.log_size = std::min(out.log_size, known->checked_size);
        const UnixMillis until = known->state.epochs().back().not_after_ms;
        if (until < now + kEpochsWarn) {
            out.warnings.push_back({ErrorCode::no_valid_epoch,
                                    fmt::format("{} cannot be sealed to after {} more days unless its owner comes back",
                                                known->certificate.address.text(), (until - now) / kDay)});
        }
    }
    std::uint64_t leaves = 0;
    for (const Known& known : out.known)
        leaves = std::max(leaves, known->leaves_relied_upon());
    TRY(core_.checkpoints->may_seal(leaves, timeout, out.warnings));
    out.own = out.known.front();
    out.known.erase(out.known.begin());
    return out;
}

Result<SpooledRecipient> Sender::number_for(const Known& known) const {
    SpooledRecipient place{known->certificate.address.text(), known->id(), 1, {}};
    TRY_ASSIGN(const auto last, core_.archive->get(RecordKind::sent_number, known->id().view()));
    if (last) {
        RecordReader in(last->reveal());
        place.seq = in.number() + 1;
        place.previous = in.id<Hash>();
    }
    return place;
}

// Wraps the content key for everybody and puts the finished message on the disk. `again`: the numbers are those of the first time.
Status Sender::wrap(SpoolRecord& record, seal::MessageSealer& sealer, const Recipients& recipients, bool again) {
    const std::lock_guard lock(numbering_mutex_);
    const UnixMillis now = core_.clock.now_ms();
    if (!again) {
        TRY_ASSIGN(record.own, number_for(recipients.own));
        for (std::size_t index = 0; index < recipients.known.size(); ++index) {
            TRY_ASSIGN(record.recipients[index], number_for(recipients.known[index]));
        }
        if (record.meta.expires == 0) {
            const auto hello = core_.connection->greeting();
            record.meta.expires = record.meta.created + (hello ? hello->retention_days * kDay : kRetentionDefault);
        }
    }
    std::vector<seal::Recipient> sealed_to;
    for (std::size_t index = 0; index < recipients.known.size(); ++index) {
        TRY_ASSIGN(auto recipient, sealable(*recipients.known[index], record.recipients[index], now));
        sealed_to.push_back(std::move(recipient));
    }
    seal::Sender sender;
    TRY_ASSIGN(sender.own, sealable(*recipients.own, record.own, now));
    sender.member = core_.keys.member;
    sender.signing_key = &core_.keys.signing;
    sender.certificate_hash = recipients.own->certificate_hash;
    sender.chain_seq = recipients.own->state.head_seq();
    sender.chain_hash = recipients.own->state.head_hash();
    seal::MessageMeta meta{record.meta.created, record.meta.expires, record.meta.collect_by,
                           record.meta.flags,   recipients.log_size, header_of(record.meta, *core_.checkpoints)};
    const SpoolFolder folder(core_.paths.spool(), record.id);
    TRY(remove_tree(folder.unfinished()));
    FileSink sink;
    TRY_ASSIGN(sink.file, File::create(folder.unfinished()));
    seal::RecipientList list(sealed_to);
    TRY_ASSIGN(auto envelope, sealer.finish(meta, sender, list, sink));
    TRY(sink.file.sync());
    TRY(rename_file(folder.unfinished(), folder.stanzas(envelope.routing), true));
    record.routing = std::move(envelope.routing);
    record.header = std::move(envelope.header);
    record.signature = std::move(envelope.signature);
    record.stanza_count = envelope.stanza_count;
    record.state = SpoolState::sealed;
    return store(record, true);
}

Status Sender::wrap_again(SpoolRecord& record, milliseconds timeout) {
    TRY_ASSIGN(const auto recipients, resolve(record.recipients, timeout));
    TRY_ASSIGN(auto sealer, seal::MessageSealer::restore(record.sealer.reveal(), core_.random, limits()));
    return wrap(record, sealer, recipients, true);
}

// With numbers: the record and the places it takes in the numbering become durable together.
Status Sender::store(const SpoolRecord& record, bool with_numbers) {
    std::vector<RecordWrite> writes;
    writes.push_back(
        {RecordKind::spool, copy_of(record.id.view()), static_cast<std::int64_t>(record.created), encode(record)});
    if (with_numbers) {
        const Hash routing_hash = sha256(record.routing);
        const auto add = [&](const SpooledRecipient& place) -> Status {
            // Wrapping an older message again must not set the numbering back.
            TRY_ASSIGN(const auto last, core_.archive->get(RecordKind::sent_number, place.mailbox.view()));
            if (!last || RecordReader(last->reveal()).number() <= place.seq)
                writes.push_back(number_write(place, routing_hash));
            return {};
        };
        TRY(add(record.own));
        for (const SpooledRecipient& place : record.recipients)
            TRY(add(place));
    }
    return core_.archive->commit(std::move(writes));
}

}  // namespace carepost::client
