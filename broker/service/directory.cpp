#include "broker/service/directory.h"

#include "broker/service/directory_writes.h"
#include "broker/service/merkle_views.h"
#include "proto/trust/head.h"

namespace carepost::service {
namespace {

constexpr std::size_t kChainBytes = limits::kPageBytes - 64 * 1024;  // certificate, head and resets beside it

}  // namespace

Result<codec::LoggedEntry> logged_entry(const store::LogEntry& entry) {
    TRY_ASSIGN(auto object, codec::decode_signed_object(entry.signed_object));
    auto salt = Salt::from(entry.salt);
    if (!salt) return fail(ErrorCode::storage_failed, "a stored log entry is damaged");
    return codec::LoggedEntry{
        static_cast<codec::LeafType>(entry.type), entry.label, entry.seq, std::move(object), *salt, entry.index, {}};
}

Result<codec::LoggedEntry> DirectoryService::proven(const store::LogEntry& entry) {
    TRY_ASSIGN(auto out, logged_entry(entry));
    auto size = reader_.log_size(store::Log::directory);
    TRY_ASSIGN(out.proof, trust::inclusion_proof(LogNodes(reader_, store::Log::directory), entry.index, size));
    return out;
}

Result<Bytes> DirectoryService::record(const codec::op::LookupKey& key) {
    codec::DirectoryRecord out;
    const auto* address = std::get_if<Address>(&key.who);
    TRY_ASSIGN(auto mailbox, address != nullptr ? reader_.mailbox_by_address(address->text())
                                                : reader_.mailbox_by_id(std::get<MailboxId>(key.who)));
    if (!mailbox) return codec::encode(out);
    TRY_ASSIGN(auto certificate, reader_.certificate(mailbox->key));
    if (!certificate) return codec::encode(out);
    TRY_ASSIGN(out.certificate, proven(*certificate));
    TRY_ASSIGN(auto revocation, reader_.revocation(mailbox->key));
    if (revocation) {
        TRY_ASSIGN(out.revocation, proven(*revocation));
    }
    TRY_ASSIGN(auto resets, reader_.resets(mailbox->key));
    for (const auto& entry : resets) {
        TRY_ASSIGN(auto one, proven(entry));
        out.resets.push_back(std::move(one));
    }
    TRY(add_chain(mailbox->key, key.chain_from, out));
    codec::Head head{mailbox->label, mailbox->chain_length - 1, mailbox->chain_head,
                     reader_.log_size(store::Log::directory), environment_.clock.now_ms()};
    head.certificates = certificate->seq + 1;
    head.revocations = revocation ? revocation->seq + 1 : 0;
    head.resets = resets.size();
    TRY_ASSIGN(out.head, trust::sign_head(head, environment_.statement_key));
    out.address = mailbox->address;
    out.name = mailbox->name;
    return codec::encode(out);
}

// As many entries as fit a frame beside the rest; who wants more asks again from where this ends.
Status DirectoryService::add_chain(std::int64_t mailbox_key, std::uint64_t from, codec::DirectoryRecord& record) {
    constexpr std::uint32_t kEntriesMost = limits::kPageBytes / 512;  // no entry is smaller with its proof
    TRY_ASSIGN(auto chain, reader_.chain_page(mailbox_key, from, kEntriesMost));
    std::size_t bytes = 0;
    for (const auto& entry : chain) {
        TRY_ASSIGN(auto one, proven(entry));
        bytes += entry.signed_object.size() + one.proof.size() * (Hash::kSize + 2) + 128;
        if (bytes > kChainBytes && !record.chain.empty()) break;
        record.chain.push_back(std::move(one));
    }
    return {};
}

Result<codec::reply::Lookup> DirectoryService::lookup(const auth::Identity& who, const codec::op::Lookup& lookup) {
    for (const auto& key : lookup.keys) {
        const auto* address = std::get_if<Address>(&key.who);
        const bool own = address != nullptr && address->text() == who.address;
        if (who.kind != auth::Kind::member && !own) return fail(ErrorCode::not_allowed, "not allowed");
    }
    codec::reply::Lookup out;
    TRY(reader_.snapshot([&]() -> Status {
        std::size_t bytes = 0;
        for (const auto& key : lookup.keys) {
            TRY_ASSIGN(auto one, record(key));
            bytes += one.size();
            if (bytes > limits::kPageBytes && !out.records.empty()) break;
            out.records.push_back(std::move(one));
        }
        TRY_ASSIGN(out.checkpoint, reader_.log_checkpoint(store::Log::directory));
        return {};
    }));
    return out;
}

Result<codec::reply::Search> DirectoryService::search(const codec::op::Search& search) {
    TRY_ASSIGN(auto mailboxes, reader_.search(search.text, search.quality, search.after, search.limit + 1));
    codec::reply::Search out;
    std::size_t bytes = 0;
    for (auto& mailbox : mailboxes) {
        bytes += mailbox.address.size() + mailbox.name.size() + 32;
        if (out.hits.size() == search.limit || bytes > limits::kPageBytes) {
            out.more = true;
            break;
        }
        out.hits.push_back({std::move(mailbox.address), std::move(mailbox.name), mailbox.id});
    }
    return out;
}

Result<codec::reply::TakeBrokerFile> DirectoryService::broker_file(const codec::op::TakeBrokerFile& take) {
    if (!environment_.log_trust.newer_broker_file) return codec::reply::TakeBrokerFile{};
    TRY_ASSIGN(auto file, environment_.log_trust.newer_broker_file(take.known));
    return codec::reply::TakeBrokerFile{std::move(file)};
}

Result<codec::reply::Checkpoint> DirectoryService::checkpoint(const codec::op::Checkpoint& asked) {
    codec::reply::Checkpoint out;
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(out.directory, reader_.log_checkpoint(store::Log::directory));
        TRY_ASSIGN(out.evidence, reader_.log_checkpoint(store::Log::evidence));
        TRY_ASSIGN(out.witnessed, reader_.witnessed_checkpoints());
        if (asked.covers != 0) {
            TRY_ASSIGN(out.stamped, reader_.stamped_checkpoint(asked.covers));
        }
        return {};
    }));
    return out;
}

Result<codec::reply::Consistency> DirectoryService::consistency(const codec::op::Consistency& asked) {
    const auto log = asked.evidence ? store::Log::evidence : store::Log::directory;
    if (asked.new_size > reader_.log_size(log)) {
        return fail(ErrorCode::not_found, "the log has fewer than " + std::to_string(asked.new_size) + " leaves");
    }
    if (asked.old_size == 0 || asked.old_size == asked.new_size) return codec::reply::Consistency{};
    TRY_ASSIGN(auto proof, trust::consistency_proof(LogNodes(reader_, log), asked.old_size, asked.new_size));
    return codec::reply::Consistency{std::move(proof)};
}

Result<codec::reply::LogLeaves> DirectoryService::log_leaves(const codec::op::LogLeaves& leaves) {
    TRY_ASSIGN(auto out, reader_.log_leaves(store::Log::directory, leaves.start, leaves.limit));
    return codec::reply::LogLeaves{std::move(out)};
}

void DirectoryService::publish(const auth::Identity& member, const codec::op::Publish& publish,
                               Done<codec::reply::Publish> done) {
    write_publication(environment_, reader_, member, publish.entry, std::move(done));
}

}  // namespace carepost::service
