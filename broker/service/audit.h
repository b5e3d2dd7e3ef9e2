#pragma once
// The audit log's rows: those that belong to a change are drafted with it, the rest is gathered here and folded, so that
// nobody can make the broker write by knocking at its door (docs/protocol.md, "Audit"; decisions 100 to 102).

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "broker/auth/trail.h"
#include "broker/observe/log.h"
#include "broker/store/store.h"
#include "proto/codec/audit.h"

namespace carepost::service {

// The draft of a row. Error bad_argument when the row would not decode.
Result<store::AuditDraft> draft_of(const codec::AuditRow& row);
// Adds the row to the operation: committed with it, or the operation fails.
Status log_audit(store::Transaction& transaction, const codec::AuditRow& row);
// A row about a mailbox, as most are.
codec::AuditRow audit_row(codec::AuditType type, UnixMillis now, const MailboxId& mailbox);

// What an administrator did. `operation` is a name of the routes table.
codec::AuditRow administration_row(codec::AuditType type, UnixMillis now, std::uint32_t uid,
                                   std::string_view operation);

// Writes a row by itself and waits until it is on disk, at most 30 seconds. Not for the threads of the store.
Status write_audit(store::Store& store, codec::AuditRow row);
// Erases rows older than `before`, in batches, each with a row that tells of it. Returns how many.
struct Erased {
    std::uint64_t rows = 0;
    bool more = false;  // not all: the caller comes again
};
Result<Erased> erase_audit(store::Store& store, UnixMillis before, const Clock& clock);

// Gathers events by kind, member, operation and result. The first of a kind is written within a second, those of the
// following minute as one row with their count. What is gathered is written when the broker stops; a crash loses the counts of
// at most a minute, never a row that belongs to a change.
class AuditTrail final : public auth::Trail {
public:
    // `retention_ms` 0: rows are never erased. Starts its thread; nothing is written before.
    AuditTrail(store::Store& store, const Clock& clock, observe::Log& log, UnixMillis retention_ms);
    ~AuditTrail() override;
    // Writes what it has gathered and ends its thread: the store is about to close. Events after it are lost.
    void write_rest();

    // The broker's own test that strangers are refused is nobody's attempt.
    void expect_stranger(const TransportKey& key);

    void session_opened(const auth::Identity& who) override;
    void stranger_refused(const TransportKey& key) override;
    void request_refused(const auth::Identity& who, std::string_view operation, ErrorCode why) override;
    void administration_refused(std::uint32_t uid) override;
    void administration_read(std::uint32_t uid, std::string_view operation) override;

private:
    // What makes two events alike.
    struct Kind {
        codec::AuditType type{};
        MailboxId mailbox;  // zeros: none
        MemberId member;
        std::string_view detail;
        std::uint32_t result = 0;
        TransportKey key;       // zeros: none
        std::uint32_t uid = 0;  // of an administrator
        auto operator<=>(const Kind&) const = default;
    };
    struct Gathered {
        std::uint64_t count = 0;
        UnixMillis first = 0;
        UnixMillis written = 0;  // when a row of this kind was written last
    };
    void note(const Kind& kind);
    void run();
    using Due = std::vector<std::pair<Kind, Gathered>>;
    Due take_due(bool all);
    void write_due(const Due& due);
    void put_back(std::span<const Due::value_type> due);
    void erase_old();
    static codec::AuditRow row_of(const Kind& kind, const Gathered& gathered);

    store::Store& store_;
    const Clock& clock_;
    observe::Log& log_;
    UnixMillis retention_ms_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::map<Kind, Gathered> gathered_;
    TransportKey expected_;  // of the self-test
    UnixMillis erased_at_ = 0;
    bool fresh_ = false;  // something waits that was not seen in the last minute
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace carepost::service
