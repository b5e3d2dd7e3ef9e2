#pragma once
// What the administrator may see (docs/operations.md): numbers and the directory, never content.

#include <filesystem>

#include "broker/service/environment.h"
#include "proto/codec/admin.h"

namespace carepost::service {

// What only the composition root knows.
struct AboutBroker {
    std::string endpoint;
    std::filesystem::path directory;
    UnixMillis started = 0;
};

// Admin thread only.
class Administration {
public:
    Administration(Environment& environment, store::Reader& reader, AboutBroker about)
        : environment_(environment), reader_(reader), about_(std::move(about)) {}

    Result<codec::admin_reply::Status> status();
    Result<codec::admin_reply::ListMailboxes> list(const codec::admin::ListMailboxes& list);
    Result<codec::admin_reply::ShowMailbox> show(const codec::admin::ShowMailbox& show);
    Result<codec::admin_reply::Checkpoint> checkpoint();
    Result<codec::admin_reply::LogLeaves> log_leaves(const codec::admin::LogLeaves& leaves);
    Result<codec::admin_reply::Evidence> evidence(const codec::admin::Evidence& asked);
    Result<codec::admin_reply::LogEntries> log_entries(const codec::admin::LogEntries& entries);
    // Errors: storage_failed naming a row that is kept under another mailbox, member, message or time than it tells.
    Result<codec::admin_reply::Audit> audit(const codec::admin::Audit& audit);

private:
    Environment& environment_;
    store::Reader& reader_;
    AboutBroker about_;
};

}  // namespace carepost::service
