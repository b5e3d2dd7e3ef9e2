#pragma once
// The directory as members ask it: records with proofs, search, and the log itself (docs/protocol.md, "Directory log").

#include "broker/service/environment.h"
#include "proto/codec/directory.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// A stored entry as it is told; without proof. Error storage_failed when what is stored is damaged.
Result<codec::LoggedEntry> logged_entry(const store::LogEntry& entry);

// One per worker; not thread-safe. Everything in one answer belongs to one commit.
class DirectoryService {
public:
    DirectoryService(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}

    // An invitation sees the mailbox of its own address alone: what a take-over has to follow. Error: not_allowed.
    Result<codec::reply::Lookup> lookup(const auth::Identity& who, const codec::op::Lookup& lookup);
    Result<codec::reply::Search> search(const codec::op::Search& search);
    Result<codec::reply::Checkpoint> checkpoint(const codec::op::Checkpoint& asked);
    Result<codec::reply::TakeBrokerFile> broker_file(const codec::op::TakeBrokerFile& take);
    Result<codec::reply::Consistency> consistency(const codec::op::Consistency& consistency);
    Result<codec::reply::LogLeaves> log_leaves(const codec::op::LogLeaves& leaves);
    // A new entry of the caller's own chain (epochs, in this version). Errors: certificate_invalid is told as invalid_signature;
    // conflict when it does not follow the newest entry.
    void publish(const auth::Identity& member, const codec::op::Publish& publish, Done<codec::reply::Publish> done);

private:
    Result<Bytes> record(const codec::op::LookupKey& key);
    Status add_chain(std::int64_t mailbox_key, std::uint64_t from, codec::DirectoryRecord& record);
    Result<codec::LoggedEntry> proven(const store::LogEntry& entry);

    Environment& environment_;
    store::Reader& reader_;
};

}  // namespace carepost::service
