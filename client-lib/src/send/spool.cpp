#include "client-lib/src/send/spool.h"

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "proto/base/hash.h"

namespace carepost::client {
namespace {

constexpr std::uint64_t kVersion = 1;

void write(RecordWriter& out, const std::optional<MessageId>& id) { out.bytes(id ? id->view() : ByteView{}); }

std::optional<MessageId> read_optional_id(RecordReader& in) { return MessageId::from(in.bytes()); }

void write(RecordWriter& out, const SpooledMeta& meta) {
    out.text(meta.subject).text(meta.type).text(meta.format).text(meta.patient).number(meta.metadata.size());
    for (const auto& [key, value] : meta.metadata)
        out.text(key).text(value);
    write(out, meta.conversation);
    write(out, meta.reply_to);
    write(out, meta.replaces);
    out.number(meta.created).number(meta.expires).number(meta.collect_by).number(meta.flags).bytes(meta.receipt);
}

SpooledMeta read_meta(RecordReader& in) {
    SpooledMeta meta;
    meta.subject = in.text();
    meta.type = in.text();
    meta.format = in.text();
    meta.patient = in.text();
    for (std::uint64_t left = in.count(); left > 0; --left) {
        std::string key = in.text();
        meta.metadata.emplace_back(std::move(key), in.text());
    }
    meta.conversation = read_optional_id(in);
    meta.reply_to = read_optional_id(in);
    meta.replaces = read_optional_id(in);
    meta.created = in.number();
    meta.expires = in.number();
    meta.collect_by = in.number();
    meta.flags = static_cast<std::uint32_t>(in.number());
    meta.receipt = copy_of(in.bytes());
    return meta;
}

void write(RecordWriter& out, const SpooledRecipient& recipient) {
    out.text(recipient.address).id(recipient.mailbox).number(recipient.seq).id(recipient.previous);
}

SpooledRecipient read_recipient(RecordReader& in) {
    SpooledRecipient recipient;
    recipient.address = in.text();
    recipient.mailbox = in.id<MailboxId>();
    recipient.seq = in.number();
    recipient.previous = in.id<Hash>();
    return recipient;
}

std::unexpected<Error> damaged() {
    return fail(ErrorCode::damaged_file, "a record of the local state cannot be read",
                "discard the interrupted send and send again");
}

}  // namespace

std::filesystem::path SpoolFolder::stanzas(ByteView routing) const {
    return path_ / ("stanzas-" + sha256(routing).hex().substr(0, 16));
}

SecretBytes encode(const SpoolRecord& record) {
    RecordWriter out;
    out.number(kVersion).id(record.id).number(static_cast<std::uint64_t>(record.state)).number(record.created);
    out.number(record.bytes).id(record.fingerprint);
    write(out, record.meta);
    write(out, record.own);
    out.number(record.recipients.size());
    for (const auto& recipient : record.recipients)
        write(out, recipient);
    out.number(record.contents.size());
    for (const auto& content : record.contents)
        out.number(content.sealed_length).number(content.parts);
    out.bytes(record.routing).bytes(record.header).bytes(record.signature).number(record.stanza_count);
    out.bytes(record.sealer.reveal()).text(record.last_error);
    return out.finish();
}

Result<SpoolRecord> decode_spool_record(ByteView bytes) {
    RecordReader in(bytes);
    if (in.number() != kVersion) return damaged();
    SpoolRecord record;
    record.id = in.id<MessageId>();
    record.state = static_cast<SpoolState>(in.number());
    record.created = in.number();
    record.bytes = in.number();
    record.fingerprint = in.id<Hash>();
    record.meta = read_meta(in);
    record.own = read_recipient(in);
    for (std::uint64_t left = in.count(); left > 0; --left)
        record.recipients.push_back(read_recipient(in));
    for (std::uint64_t left = in.count(); left > 0; --left) {
        const std::uint64_t length = in.number();
        record.contents.push_back({length, in.number()});
    }
    record.routing = copy_of(in.bytes());
    record.header = copy_of(in.bytes());
    record.signature = copy_of(in.bytes());
    record.stanza_count = static_cast<std::uint32_t>(in.number());
    record.sealer = SecretBytes::copy_from(in.bytes());
    record.last_error = in.text();
    if (!in.whole()) return damaged();
    return record;
}

Outgoing describe(const SpoolRecord& record) {
    Outgoing out{record.id, record.state, record.created, record.bytes, {}, record.meta.subject, record.last_error};
    for (const auto& recipient : record.recipients)
        out.to.push_back(recipient.address);
    return out;
}

Hash mailboxes_hash(std::vector<MailboxId> mailboxes, const MailboxId& own) {
    std::erase(mailboxes, own);
    std::ranges::sort(mailboxes);
    Sha256 hash;
    for (const MailboxId& id : mailboxes)
        hash.update(id.view());
    return hash.finish();
}

SecretBytes encode(const SentRecord& record) {
    RecordWriter out;
    out.number(kVersion).id(record.fingerprint).number(record.recipients).number(record.bytes).number(record.stored);
    out.id(record.routing_hash).bytes(record.receipt).text(record.receipt_file).id(record.mailboxes);
    return out.finish();
}

Result<SentRecord> decode_sent_record(ByteView bytes) {
    RecordReader in(bytes);
    if (in.number() != kVersion) return damaged();
    SentRecord record;
    record.fingerprint = in.id<Hash>();
    record.recipients = static_cast<std::uint32_t>(in.number());
    record.bytes = in.number();
    record.stored = in.number();
    record.routing_hash = in.id<Hash>();
    record.receipt = copy_of(in.bytes());
    record.receipt_file = in.text();
    record.mailboxes = in.id<Hash>();
    if (!in.whole()) return damaged();
    return record;
}

}  // namespace carepost::client
