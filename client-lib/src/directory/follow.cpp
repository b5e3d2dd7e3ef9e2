#include "client-lib/src/directory/follow.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/directory/scanner.h"
#include "client-lib/src/send/spool.h"
#include "proto/base/file.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kLostEntries = "lost-entries";
constexpr std::string_view kReceiptCheckpoint = "receipt-checkpoint";
constexpr std::string_view kLostMessages = "lost-messages";
constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
constexpr UnixMillis kRestartTold = 30 * kDay;

std::string date_of(UnixMillis time) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(time / 1000)));
}

// The restart by which this log has its present name; null when it has the first one.
const codec::LogRestart* restart_of(const codec::BrokerFile& file, codec::RestartedLog log, const std::string& origin) {
    const auto found = std::ranges::find_if(file.restarts, [&](const codec::LogRestart& restart) {
        return restart.log == log && restart.new_origin == origin;
    });
    return found == file.restarts.end() ? nullptr : &*found;
}

bool moves(const codec::BrokerFile& known, const codec::BrokerFile& next) {
    return known.directory_origin != next.directory_origin || known.directory_key != next.directory_key ||
           known.evidence_origin != next.evidence_origin || known.evidence_key != next.evidence_key ||
           known.statement_key != next.statement_key || known.endpoint != next.endpoint ||
           known.transport_key != next.transport_key;
}

std::unexpected<Error> moved(const codec::BrokerFile& next) {
    if (next.restarts.empty()) {
        return fail(ErrorCode::log_stale,
                    "the broker has new keys or a new address, signed by its root; they were taken over",
                    "repeat the command: it then uses them");
    }
    const codec::LogRestart& restart = next.restarts.back();
    return fail(
        ErrorCode::log_stale,
        fmt::format("the broker's logs were restarted on {} after loss of data: {}. The statement is signed by the "
                    "broker's root and was taken over",
                    date_of(restart.time_ms), restart.reason),
        "repeat the command: it goes on with the restarted log; what was lost will be listed");
}

std::vector<MessageId> lost_messages(const Archive& archive) {
    std::vector<MessageId> out;
    const auto value = archive.get(RecordKind::pin, view_of(kLostMessages));
    if (!value || !*value) return out;
    RecordReader in((*value)->reveal());
    for (std::uint64_t left = in.count(); left > 0; --left)
        out.push_back(in.id<MessageId>());
    return out;
}

RecordWrite lost_messages_write(const std::vector<MessageId>& lost) {
    RecordWriter out;
    out.number(lost.size());
    for (const MessageId& id : lost)
        out.id(id);
    return {RecordKind::pin, copy_of(view_of(kLostMessages)), 0, out.finish()};
}

std::vector<codec::SignedObject> lost_entries(const Archive& archive) {
    std::vector<codec::SignedObject> out;
    const auto value = archive.get(RecordKind::pin, view_of(kLostEntries));
    if (!value || !*value) return out;
    RecordReader in((*value)->reveal());
    for (std::uint64_t left = in.count(); left > 0; --left) {
        auto object = codec::decode_signed_object(in.bytes());
        if (object) out.push_back(std::move(*object));
    }
    return out;
}

// What the log held of a mailbox when it had `size` leaves; nothing when that was not even its certificate.
std::optional<KnownMailbox> cut(KnownMailbox known, std::uint64_t size, const Core& core) {
    if (known.certificate_index >= size) return std::nullopt;
    const auto kept = static_cast<std::size_t>(
        std::ranges::count_if(known.chain_indexes, [size](std::uint64_t index) { return index < size; }));
    if (kept == 0) return std::nullopt;
    known.chain_objects.resize(kept);
    known.chain_indexes.resize(kept);
    const bool revoked = known.revocation_index && *known.revocation_index < size;
    auto again = verify_objects(known.certificate_object, known.chain_objects,
                                revoked ? known.revocation_object : std::nullopt, core.broker, core.clock.now_ms());
    if (!again) return std::nullopt;
    again->certificate_index = known.certificate_index;
    again->chain_indexes = known.chain_indexes;
    if (revoked) again->revocation_index = known.revocation_index;
    again->checked_size = std::min(known.checked_size, size);
    again->head_time = known.head_time;
    return std::move(*again);
}

// Own entries beyond the cut are kept to be published again.
std::optional<RecordWrite> entries_beyond(const KnownMailbox& own, std::uint64_t size) {
    RecordWriter out;
    std::vector<Bytes> entries;
    for (std::size_t index = 0; index < own.chain_objects.size(); ++index) {
        if (own.chain_indexes[index] < size) continue;
        if (auto bytes = codec::encode(own.chain_objects[index])) entries.push_back(std::move(*bytes));
    }
    if (entries.empty()) return std::nullopt;
    out.number(entries.size());
    for (const Bytes& entry : entries)
        out.bytes(entry);
    return RecordWrite{RecordKind::pin, copy_of(view_of(kLostEntries)), 0, out.finish()};
}

Status settle_directory(Core& core, std::uint64_t size) {
    TRY_ASSIGN(const auto records, core.archive->list(RecordKind::directory));
    std::vector<RecordWrite> writes;
    for (const Record& record : records) {
        auto known = decode_known_mailbox(record.value.reveal(), core.broker, core.clock.now_ms());
        if (!known) continue;  // it is fetched again at the next contact
        if (known->id() == core.keys.mailbox) {
            if (auto beyond = entries_beyond(*known, size)) writes.push_back(std::move(*beyond));
        }
        auto left = cut(std::move(*known), size, core);
        writes.push_back({RecordKind::directory, record.key, 0, left ? std::optional(encode(*left)) : std::nullopt});
    }
    TRY(core.archive->commit(std::move(writes)));
    return Scanner(*core.archive, *core.connection, *core.checkpoints).forget();
}

// Receipts of the old evidence log that lie beyond the beginning of the new one: the broker has forgotten these messages.
Status settle_messages(Core& core, const codec::LogRestart& restart) {
    TRY_ASSIGN(const auto records, core.archive->list(RecordKind::sent));
    std::vector<MessageId> lost = lost_messages(*core.archive);
    std::vector<RecordWrite> writes;
    for (const Record& record : records) {
        const auto sent = decode_sent_record(record.value.reveal());
        const auto receipt = sent ? codec::decode_receipt(sent->receipt) : fail(ErrorCode::damaged_file, "");
        const auto id = MessageId::from(record.key);
        if (!receipt || !id || receipt->index < restart.new_size) continue;
        if (!receipt->checkpoint.starts_with(restart.old_origin + "\n")) continue;
        lost.push_back(*id);
        // The same id may be sent again: nobody has it any more.
        writes.push_back({RecordKind::sent, record.key, 0, std::nullopt});
    }
    if (writes.empty()) return {};
    writes.push_back(lost_messages_write(lost));
    return core.archive->commit(std::move(writes));
}

}  // namespace

Status take_edition(Core& core, const trust::TrustedBroker& next) {
    TRY_ASSIGN(const auto known, load_broker_file(core.paths.broker_file()));
    TRY(trust::check_successor(known, next));
    return write_file_atomic(core.paths.broker_file(), view_of(trust::format_broker_file(next)), kSecretFile,
                             Existing::replace);
}

Status follow_broker(Core& core, milliseconds timeout) {
    auto reply =
        core.connection->ask<codec::reply::TakeBrokerFile>(codec::op::TakeBrokerFile{core.broker.file.number}, timeout);
    if (!reply) {
        const ErrorCode code = reply.error().code;
        // An older broker does not know the question.
        const bool unknown = code == ErrorCode::malformed_request || code == ErrorCode::unsupported_version;
        return unknown ? Status{} : fail(std::move(reply).error());
    }
    if (reply->broker_file.empty()) return {};
    TRY_ASSIGN(const auto object, codec::decode_signed_object(reply->broker_file, codec::kBrokerFileMost));
    auto next = trust::verify_broker_file(object);
    if (!next)
        return fail(ErrorCode::broker_untrusted, "the broker brings a file of its own that is not signed by its root");
    TRY_ASSIGN(const auto known, load_broker_file(core.paths.broker_file()));
    if (next->file().number <= known.file().number) return {};  // taken before, by this process
    TRY(take_edition(core, *next));
    if (moves(core.broker.file, next->file())) return moved(next->file());
    return {};
}

Status settle_restart(Core& core) {
    const codec::BrokerFile& file = core.broker.file;
    const auto* directory = restart_of(file, codec::RestartedLog::directory, file.directory_origin);
    if (directory != nullptr) TRY(settle_directory(core, directory->new_size));
    const auto* evidence = restart_of(file, codec::RestartedLog::evidence, file.evidence_origin);
    if (evidence != nullptr) TRY(settle_messages(core, *evidence));
    return {};
}

Status publish_lost_entries(Core& core, milliseconds timeout) {
    const auto entries = lost_entries(*core.archive);
    if (entries.empty()) return {};
    for (const codec::SignedObject& entry : entries) {
        TRY_ASSIGN(Bytes bytes, codec::encode(entry));
        auto published = core.connection->ask<codec::reply::Publish>(codec::op::Publish{std::move(bytes)}, timeout);
        // Another member was quicker, or the chain went another way since.
        if (!published && published.error().code == ErrorCode::conflict) continue;
        if (!published) return fail(std::move(published).error());
    }
    return core.archive->erase(RecordKind::pin, view_of(kLostEntries));
}

RecordWrite receipt_checkpoint_write(ByteView receipt) {
    const auto decoded = codec::decode_receipt(receipt);
    const std::string note = decoded ? decoded->checkpoint : std::string();
    return {RecordKind::pin, copy_of(view_of(kReceiptCheckpoint)), 0, SecretBytes::copy_from(view_of(note))};
}

Status compare_receipt_checkpoint(Core& core, milliseconds timeout) {
    TRY_ASSIGN(const auto note, core.archive->get(RecordKind::pin, view_of(kReceiptCheckpoint)));
    if (!note || note->reveal().empty()) return {};
    // A receipt of the log before its restart was compared before, or has nothing left to be compared with.
    if (!text_of(note->reveal()).starts_with(core.broker.evidence_log.name + "\n")) return {};
    return core.checkpoints->compare_evidence(note->reveal(), timeout);
}

Status found_again(Core& core, const MessageId& id) {
    auto lost = lost_messages(*core.archive);
    if (std::erase(lost, id) == 0) return {};
    std::vector<RecordWrite> writes;
    writes.push_back(lost_messages_write(lost));
    return core.archive->commit(std::move(writes));
}

std::vector<Warning> alarms(const Core& core) {
    std::vector<Warning> out;
    const auto add = [&out](const Error& error) { out.push_back({error.code, error.message + "; " + error.hint}); };
    if (auto may = core.checkpoints->may_send(milliseconds(0)); !may) add(may.error());
    const UnixMillis now = core.clock.now_ms();
    const UnixMillis stamp = core.checkpoints->stamp();
    if (stamp != 0 && now > stamp + kDay) {
        out.push_back({ErrorCode::log_stale, fmt::format("the directory log's newest time stamp is {} hours old",
                                                         (now - stamp) / milliseconds(std::chrono::hours(1)).count())});
    }
    for (const codec::LogRestart& restart : core.broker.file.restarts) {
        if (restart.log != codec::RestartedLog::directory || now > restart.time_ms + kRestartTold) continue;
        out.push_back(
            {ErrorCode::log_stale, fmt::format("the broker's logs were restarted on {} after loss of data: {}",
                                               date_of(restart.time_ms), restart.reason)});
    }
    for (const MessageId& id : lost_messages(*core.archive)) {
        out.push_back(
            {ErrorCode::not_found,
             fmt::format("the broker has lost the message {} that it had acknowledged: send it again, with the "
                         "same id if you like",
                         id.hex())});
    }
    return out;
}

}  // namespace carepost::client
