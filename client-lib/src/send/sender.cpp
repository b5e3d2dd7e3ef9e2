#include "client-lib/src/send/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/directory/follow.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kWrapsMost = 3;  // times the content key is wrapped again for epochs that went stale meanwhile

std::uint32_t flags_of(const SendInput& input) {
    namespace flag = codec::routing_flag;
    return (input.important ? flag::kImportant : 0) | (input.received_receipt ? flag::kReceivedReceipt : 0) |
           (input.read_receipt ? flag::kReadReceipt : 0) | (input.no_substitutes ? flag::kNoSubstitutes : 0);
}

SpooledMeta meta_of(const SendInput& input, UnixMillis now) {
    SpooledMeta meta{input.subject,
                     input.type,
                     input.format,
                     input.patient,
                     input.metadata,
                     input.conversation,
                     input.reply_to,
                     input.replaces,
                     now,
                     input.expires.value_or(0),
                     input.collect_by.value_or(0),
                     flags_of(input),
                     {}};
    return meta;
}

// Canonical addresses, each once, in the order given.
Result<std::vector<SpooledRecipient>> recipients_of(const SendInput& input, const Address& own) {
    std::vector<SpooledRecipient> out;
    std::set<std::string> seen;
    for (const std::string& text : input.to) {
        TRY_ASSIGN(const Address address, Address::parse(text));
        if (address == own) {
            return fail(ErrorCode::bad_argument, fmt::format("{} is your own address", address.text()),
                        "leave it out: a copy of what you send is kept for you");
        }
        if (seen.insert(address.text()).second) out.push_back({address.text(), {}, 0, {}});
    }
    if (out.empty()) return fail(ErrorCode::bad_argument, "no recipient was given", "name at least one address");
    return out;
}

// What "the same message" means: all that the caller asked for, contents included.
Hash fingerprint_of(const SendInput& input, const SpoolRecord& record, const std::vector<Hash>& contents) {
    RecordWriter out;
    std::set<std::string> to;
    for (const auto& recipient : record.recipients)
        to.insert(recipient.address);
    for (const auto& address : to)
        out.text(address);
    const auto optional = [&out](const std::optional<MessageId>& id) { out.bytes(id ? id->view() : ByteView{}); };
    out.text(input.subject).text(input.type).text(input.format).text(input.patient).number(input.metadata.size());
    for (const auto& [key, value] : input.metadata)
        out.text(key).text(value);
    optional(input.conversation);
    optional(input.reply_to);
    optional(input.replaces);
    out.number(input.expires.value_or(0))
        .number(input.collect_by.value_or(0))
        .number(flags_of(input))
        .bytes(record.meta.receipt);
    const auto content = [&out](const ContentInput& one, const Hash& hash) {
        out.text(one.name).text(one.media_type).id(hash);
    };
    content(input.body, contents.front());
    for (std::size_t index = 0; index < input.attachments.size(); ++index)
        content(input.attachments[index], contents[index + 1]);
    return sha256(out.finish().reveal());
}

std::vector<const ContentInput*> contents_of(const SendInput& input) {
    std::vector<const ContentInput*> out{&input.body};
    for (const ContentInput& attachment : input.attachments)
        out.push_back(&attachment);
    return out;
}

Result<std::vector<Hash>> hash_contents(const SendInput& input) {
    std::vector<Hash> hashes;
    Bytes buffer(limits::kPart);
    for (const ContentInput* content : contents_of(input)) {
        TRY_ASSIGN(InputReader reader, InputReader::open(*content));
        while (true) {
            TRY_ASSIGN(const std::size_t count, reader.read(buffer));
            if (count == 0) break;
        }
        TRY_ASSIGN(const Hash hash, reader.finish());
        hashes.push_back(hash);
    }
    wipe(buffer);
    return hashes;
}

std::unexpected<Error> conflict(const MessageId& id) {
    return fail(ErrorCode::conflict, fmt::format("the message id {} was used before for another message", id.hex()),
                "take another id for another message");
}

// Refusals that the same sealed message will always meet. A conflict is none of them: after wrapping again it may come from
// the broker's half of an earlier upload, which ends by itself.
bool is_final(ErrorCode code) {
    return code == ErrorCode::unknown_recipient || code == ErrorCode::too_large || code == ErrorCode::too_many;
}

SendOutcome outcome_of(const MessageId& id, const SentRecord& sent) {
    return {id, sent.recipients, sent.bytes, sent.stored, true, sent.receipt, sent.receipt_file, {}};
}

// In the largest unit that needs no rounding: a limit is exact.
std::string size_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 4> kUnits{"bytes", "KiB", "MiB", "GiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < kUnits.size(); ++unit)
        bytes /= 1024;
    return fmt::format("{} {}", bytes, kUnits[unit]);
}

// What the broker would refuse is refused before it takes a number: a number that is never sent looks like a lost message.
Status check_expiry(const SpoolRecord& record, const std::optional<codec::reply::Hello>& hello) {
    if (record.meta.expires == 0) return {};
    if (record.meta.expires <= record.created)
        return fail(ErrorCode::bad_argument, "the message would have expired already", "choose a later expiry");
    constexpr UnixMillis kDayMs = 86'400'000;
    if (hello && record.meta.expires > record.created + hello->retention_days * kDayMs) {
        return fail(
            ErrorCode::too_large,
            fmt::format("the message would expire after the broker's retention of {} days", hello->retention_days),
            "choose an earlier expiry");
    }
    return {};
}

// A receipt is the broker's word; its time is worth as much as the broker's clock.
std::optional<Warning> unusual_time(UnixMillis told, UnixMillis now) {
    constexpr UnixMillis kDay = 86'400'000;
    if (told < now + kDay && now < told + kDay) return std::nullopt;
    return Warning{
        ErrorCode::log_unverified,
        "the time in the broker's receipt is more than a day from this machine's: one of the two clocks is wrong"};
}

}  // namespace

class Sender::Claim {
public:
    Claim(Sender& sender, const MessageId& id) : sender_(sender), id_(id) {
        const std::lock_guard lock(sender_.claims_mutex_);
        held_ = sender_.claimed_.insert(id).second;
    }
    ~Claim() {
        const std::lock_guard lock(sender_.claims_mutex_);
        if (held_) sender_.claimed_.erase(id_);
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    Status held() const {
        if (held_) return {};
        return fail(ErrorCode::busy, fmt::format("the message {} is being sent by another call", id_.hex()),
                    "wait for that call");
    }

private:
    Sender& sender_;
    const MessageId id_;
    bool held_ = false;
};

Result<SendOutcome> Sender::send(const SendInput& input, milliseconds timeout) {
    SpoolRecord record;
    record.id = input.id.value_or(core_.random.id<MessageId>());
    record.created = core_.clock.now_ms();
    record.meta = meta_of(input, record.created);
    TRY_ASSIGN(record.recipients, recipients_of(input, core_.keys.address));
    const Claim claim(*this, record.id);
    TRY(claim.held());
    if (input.id) {
        TRY_ASSIGN(auto repeated, settle_repeat(input, record, timeout));
        if (repeated) return std::move(*repeated);
    }
    return send_new(input, std::move(record), timeout);
}

Result<SendOutcome> Sender::send_receipt(const MailboxId& to, const std::string& address, const MessageId& about,
                                         Bytes receipt, milliseconds timeout) {
    SpoolRecord record;
    // One message a receipt: a repeat meets the first one.
    const Hash name = sha256({view_of("carepost/v1/read-receipt"), core_.keys.member.view(), about.view()});
    record.id = *MessageId::from(name.view().first(MessageId::kSize));
    record.created = core_.clock.now_ms();
    SendInput input;
    input.id = record.id;
    input.to = {address};
    input.reply_to = about;
    input.received_receipt = false;
    record.meta = meta_of(input, record.created);
    record.meta.receipt = std::move(receipt);
    record.recipients = {{address, to, 0, {}}};
    const Claim claim(*this, record.id);
    TRY(claim.held());
    TRY_ASSIGN(const auto sent, core_.archive->get(RecordKind::sent, record.id.view()));
    if (sent) {
        TRY_ASSIGN(const auto decoded, decode_sent_record(sent->reveal()));
        return outcome_of(record.id, decoded);
    }
    TRY_ASSIGN(auto spooled, load(record.id));
    if (spooled && spooled->state != SpoolState::sealing) return deliver(std::move(*spooled), {}, timeout);
    return send_new(input, std::move(record), timeout);
}

// A message with this id was sent or begun before: the first receipt, or going on, or a conflict. Nothing: it was not.
Result<std::optional<SendOutcome>> Sender::settle_repeat(const SendInput& input, const SpoolRecord& wanted,
                                                         milliseconds timeout) {
    TRY_ASSIGN(const auto sent, core_.archive->get(RecordKind::sent, wanted.id.view()));
    TRY_ASSIGN(auto spooled, load(wanted.id));
    if (!sent && (!spooled || spooled->state == SpoolState::sealing)) return std::optional<SendOutcome>{};
    TRY_ASSIGN(const auto hashes, hash_contents(input));
    const Hash fingerprint = fingerprint_of(input, wanted, hashes);
    if (sent) {
        TRY_ASSIGN(const auto record, decode_sent_record(sent->reveal()));
        if (record.fingerprint != fingerprint) return conflict(wanted.id);
        return std::optional<SendOutcome>(outcome_of(wanted.id, record));
    }
    if (spooled->fingerprint != fingerprint) return conflict(wanted.id);
    TRY_ASSIGN(auto outcome, deliver(std::move(*spooled), input.progress, timeout));
    return std::optional<SendOutcome>(std::move(outcome));
}

Result<SendOutcome> Sender::send_new(const SendInput& input, SpoolRecord record, milliseconds timeout) {
    TRY(core_.checkpoints->may_send(timeout));
    // Inputs that do not open are told before anybody is asked anything.
    for (const ContentInput* content : contents_of(input))
        TRY(InputReader::open(*content));
    const auto contact = membership_.contact(timeout);
    // Without a broker the message is sealed to what is known, if that is fresh enough, and waits in the spool.
    const bool offline = !contact && contact.error().code == ErrorCode::broker_unreachable &&
                         membership_.state() == EnrolState::admitted;
    if (!contact && !offline) return fail(contact.error());
    TRY(check_expiry(record, core_.connection->greeting()));
    auto resolved = resolve(record.recipients, offline ? milliseconds{0} : timeout);
    if (!resolved) return fail(offline ? contact.error() : resolved.error());

    const SpoolFolder folder(core_.paths.spool(), record.id);
    TRY(remove_tree(folder.path()));
    TRY(make_private_directory(folder.path()));
    TRY(sync_directory(core_.paths.spool()));
    auto sealed = [&]() -> Status {
        TRY(store(record, false));
        TRY_ASSIGN(auto sealer, seal::MessageSealer::begin(record.id, core_.random, limits()));
        TRY(seal_contents(input, record, sealer));
        return wrap(record, sealer, *resolved, false);
    }();
    if (!sealed) {
        // Half a seal is of no use to anybody; the first error is the one to tell.
        [[maybe_unused]] auto forgotten = discard(record.id);
        return fail(std::move(sealed).error());
    }
    if (offline) {
        return fail(ErrorCode::broker_unreachable,
                    fmt::format("{}; the message {} is sealed and waits in the spool", contact.error().message,
                                record.id.hex()),
                    "send it again with the same id, or resume it, when the broker can be reached");
    }
    TRY_ASSIGN(auto outcome, deliver(std::move(record), input.progress, timeout));
    std::ranges::move(resolved->warnings, std::back_inserter(outcome.warnings));
    return outcome;
}

Status Sender::seal_contents(const SendInput& input, SpoolRecord& record, seal::MessageSealer& sealer) {
    const SpoolFolder folder(core_.paths.spool(), record.id);
    std::vector<Hash> hashes;
    std::vector<InputReader> readers;
    std::uint64_t total = 0;
    for (const ContentInput* content : contents_of(input)) {
        TRY_ASSIGN(InputReader reader, InputReader::open(*content));
        total += reader.size().value_or(0);
        readers.push_back(std::move(reader));
    }
    if (total > limits().message_bytes) {
        const auto& largest = *std::max_element(readers.begin(), readers.end(), [](const auto& a, const auto& b) {
            return a.size().value_or(0) < b.size().value_or(0);
        });
        return fail(ErrorCode::too_large,
                    fmt::format("with {} the message has {}, more than the {} the broker takes",
                                largest.name().empty() ? "its document" : largest.name(), size_text(total),
                                size_text(limits().message_bytes)),
                    "send it in several messages");
    }
    const bool sized = std::all_of(readers.begin(), readers.end(),
                                   [](const InputReader& reader) { return reader.size().has_value(); });
    for (InputReader& reader : readers) {
        const std::uint64_t before = record.bytes;
        if (input.progress) {
            reader.on_progress([&input, before, total, sized](std::uint64_t done) {
                return input.progress({Phase::sealing, before + done, sized ? total : 0});
            });
        }
        const std::size_t index = record.contents.size();
        FileSink sink;
        TRY_ASSIGN(sink.file, File::create(folder.content(index)));
        TRY_ASSIGN(const auto sealed,
                   sealer.add_content({reader.name(), reader.media_type(), reader.size()}, reader, sink));
        TRY(sink.file.sync());
        TRY_ASSIGN(File leaves, File::create(folder.leaves(index)));
        Bytes hashes_of_parts;
        for (const Hash& leaf : sealed.leaves)
            hashes_of_parts.insert(hashes_of_parts.end(), leaf.bytes.begin(), leaf.bytes.end());
        TRY(leaves.write(hashes_of_parts));
        TRY(leaves.sync());
        TRY_ASSIGN(const Hash hash, reader.finish());
        hashes.push_back(hash);
        record.contents.push_back({sealed.sealed_length, sealed.leaves.size()});
        record.bytes += sealed.size;
    }
    record.fingerprint = fingerprint_of(input, record, hashes);
    record.sealer = sealer.state();
    return {};
}

Result<SendOutcome> Sender::deliver(SpoolRecord record, const ProgressCallback& progress, milliseconds timeout) {
    TRY(core_.checkpoints->may_send(timeout));
    const SpoolFolder folder(core_.paths.spool(), record.id);
    Result<Uploaded> uploaded =
        fail(ErrorCode::stale_epoch, "the recipients' epochs went stale again and again", "try again later");
    for (unsigned attempt = 0; attempt <= kWrapsMost; ++attempt) {
        if (attempt > 0) {
            if (auto wrapped = wrap_again(record, timeout); !wrapped) {
                uploaded = fail(std::move(wrapped).error());
                break;
            }
        }
        uploaded = Uploader(*core_.connection, record, folder, timeout, progress).run();
        if (uploaded || uploaded.error().code != ErrorCode::stale_epoch) break;
    }
    if (uploaded) return conclude(record, *uploaded);
    if (is_final(uploaded.error().code)) {
        [[maybe_unused]] auto forgotten = discard(record.id);
    } else {
        record.state = SpoolState::uploading;
        record.last_error = uploaded.error().message;
        // Only for the list of interrupted sends; the error below matters more.
        [[maybe_unused]] auto noted = store(record, false);
    }
    return fail(std::move(uploaded).error());
}

Result<SendOutcome> Sender::conclude(const SpoolRecord& record, const Uploaded& uploaded) {
    TRY_ASSIGN(const ReceiptFacts facts, verify_broker_receipt(uploaded.receipt, core_.broker));
    const Hash routing_hash = sha256(record.routing);
    if (facts.kind != ReceiptKind::published || facts.message != record.id || facts.routing_hash != routing_hash ||
        facts.sender != core_.keys.mailbox) {
        return fail(ErrorCode::invalid_signature,
                    fmt::format("the broker's receipt is not for the message {}", record.id.hex()),
                    "the message stays in the spool; tell the broker's administrator");
    }
    TRY_ASSIGN(const std::string file, receipts_.save(facts, uploaded.receipt));
    SendOutcome outcome{record.id,
                        static_cast<std::uint32_t>(record.recipients.size()),
                        record.bytes,
                        facts.time,
                        uploaded.repeated,
                        uploaded.receipt,
                        file,
                        {}};
    std::vector<MailboxId> mailboxes;
    for (const SpooledRecipient& recipient : record.recipients)
        mailboxes.push_back(recipient.mailbox);
    const SentRecord sent{
        record.fingerprint, outcome.recipients, record.bytes, facts.time,
        routing_hash,       uploaded.receipt,   file,         mailboxes_hash(std::move(mailboxes), core_.keys.mailbox)};
    if (auto unusual = unusual_time(facts.time, core_.clock.now_ms())) outcome.warnings.push_back(std::move(*unusual));
    std::vector<RecordWrite> writes;
    writes.push_back(
        {RecordKind::sent, copy_of(record.id.view()), static_cast<std::int64_t>(facts.time), encode(sent)});
    writes.push_back({RecordKind::spool, copy_of(record.id.view()), 0, std::nullopt});
    writes.push_back(receipt_checkpoint_write(uploaded.receipt));
    TRY(core_.archive->commit(std::move(writes)));
    TRY(found_again(core_, record.id));
    TRY(remove_tree(SpoolFolder(core_.paths.spool(), record.id).path()));
    return outcome;
}

Result<SendOutcome> Sender::resume(const MessageId& id, const ProgressCallback& progress, milliseconds timeout) {
    const Claim claim(*this, id);
    TRY(claim.held());
    TRY_ASSIGN(auto record, load(id));
    if (!record) {
        TRY_ASSIGN(const auto sent, core_.archive->get(RecordKind::sent, id.view()));
        if (!sent)
            return fail(ErrorCode::not_found, fmt::format("there is no interrupted send {}", id.hex()),
                        "see the list of the spool");
        TRY_ASSIGN(const auto decoded, decode_sent_record(sent->reveal()));
        return outcome_of(id, decoded);
    }
    if (record->state == SpoolState::sealing) {
        return fail(ErrorCode::bad_argument,
                    fmt::format("the message {} was interrupted while it was being sealed", id.hex()),
                    "send it again, with the same id if you like");
    }
    TRY(membership_.contact(timeout));
    return deliver(std::move(*record), progress, timeout);
}

Result<std::vector<Outgoing>> Sender::outgoing() const {
    TRY_ASSIGN(const auto records, core_.archive->list(RecordKind::spool));
    std::vector<Outgoing> out;
    for (const Record& value : records) {
        TRY_ASSIGN(const auto record, decode_spool_record(value.value.reveal()));
        out.push_back(describe(record));
    }
    return out;
}

Status Sender::discard(const MessageId& id) {
    TRY(core_.archive->erase(RecordKind::spool, id.view()));
    return remove_tree(SpoolFolder(core_.paths.spool(), id).path());
}

Result<std::optional<SpoolRecord>> Sender::load(const MessageId& id) const {
    TRY_ASSIGN(const auto value, core_.archive->get(RecordKind::spool, id.view()));
    if (!value) return std::optional<SpoolRecord>{};
    TRY_ASSIGN(auto record, decode_spool_record(value->reveal()));
    return std::optional<SpoolRecord>(std::move(record));
}

seal::SealLimits Sender::limits() const {
    seal::SealLimits out;
    if (const auto hello = core_.connection->greeting()) {
        out.message_bytes = hello->message_limit;
        out.recipients = hello->recipient_limit;
    }
    return out;
}

}  // namespace carepost::client
