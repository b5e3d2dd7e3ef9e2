#include "broker/service/audit.h"

#include <algorithm>
#include <chrono>
#include <future>

namespace carepost::service {
namespace {

constexpr auto kWait = std::chrono::seconds(30);
constexpr auto kGather = std::chrono::milliseconds(500);  // so that a burst becomes one row
constexpr UnixMillis kFold = 60'000;
constexpr UnixMillis kEraseEvery = 3'600'000;
constexpr std::size_t kKindsMost = 10'000;  // kept apart within a minute; about 2 MiB
constexpr std::size_t kRowsOfOne = 500;     // of one operation of the writer
constexpr std::uint32_t kEraseBatch = 500;
constexpr int kEraseBatches = 20;  // of one call

// Rows on their own, without a change.
class RowsOp final : public store::WriteOp {
public:
    RowsOp(std::vector<store::AuditDraft> drafts, bool may_wait, std::function<void(Status)> done)
        : drafts_(std::move(drafts)), may_wait_(may_wait), done_(std::move(done)) {}
    std::size_t bytes() const override { return 256 * drafts_.size(); }
    Status apply(store::Transaction& transaction) override {
        // A flood may not take the room that deletes and receipts need.
        if (may_wait_) TRY(transaction.check_growth());
        for (const auto& draft : drafts_)
            transaction.log_audit(draft);
        return {};
    }
    void committed(const store::Settled&) override { done_({}); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    std::vector<store::AuditDraft> drafts_;
    bool may_wait_;
    std::function<void(Status)> done_;
};

class EraseOp final : public store::WriteOp {
public:
    EraseOp(UnixMillis before, UnixMillis now, std::function<void(Result<std::uint64_t>)> done)
        : before_(before), now_(now), done_(std::move(done)) {}
    std::size_t bytes() const override { return 1024; }
    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(erased_, transaction.erase_audit(before_, kEraseBatch));
        if (erased_ == 0) return {};
        codec::AuditRow row;
        row.type = codec::AuditType::rows_erased;
        row.time_ms = now_;
        row.count = erased_;
        row.detail = "before " + std::to_string(before_);
        return log_audit(transaction, row);
    }
    void committed(const store::Settled&) override { done_(erased_); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    UnixMillis before_;
    UnixMillis now_;
    std::function<void(Result<std::uint64_t>)> done_;
    std::uint64_t erased_ = 0;
};

// Hands `make(done)` to the writer and waits for its answer.
template <typename T, typename Make>
T wait_for(store::Store& store, Make make) {
    auto promise = std::make_shared<std::promise<T>>();
    auto answer = promise->get_future();
    store.write(make([promise](T result) { promise->set_value(std::move(result)); }));
    if (answer.wait_for(kWait) == std::future_status::ready) return answer.get();
    return fail(ErrorCode::busy, "the broker did not store this within 30 seconds", "look at its disk");
}

template <typename Id>
std::optional<Id> unless_zero(const Id& id) {
    if (id == Id{}) return std::nullopt;
    return id;
}

std::string by_user(std::uint32_t uid, std::string_view operation) {
    std::string text = "uid=" + std::to_string(uid);
    if (!operation.empty()) text += " " + std::string(operation);
    return text;
}

}  // namespace

Result<store::AuditDraft> draft_of(const codec::AuditRow& row) {
    TRY_ASSIGN(auto bytes, codec::encode(row));
    return store::AuditDraft{std::move(bytes), row.time_ms, row.mailbox, row.member, row.message_id};
}

Status log_audit(store::Transaction& transaction, const codec::AuditRow& row) {
    TRY_ASSIGN(auto draft, draft_of(row));
    transaction.log_audit(std::move(draft));
    return {};
}

codec::AuditRow audit_row(codec::AuditType type, UnixMillis now, const MailboxId& mailbox) {
    codec::AuditRow row;
    row.type = type;
    row.time_ms = now;
    row.mailbox = mailbox;
    return row;
}

Status write_audit(store::Store& store, codec::AuditRow row) {
    TRY_ASSIGN(auto draft, draft_of(row));
    return wait_for<Status>(store, [&](auto done) {
        std::vector<store::AuditDraft> drafts;
        drafts.push_back(std::move(draft));
        return std::make_unique<RowsOp>(std::move(drafts), false, std::move(done));
    });
}

Result<Erased> erase_audit(store::Store& store, UnixMillis before, const Clock& clock) {
    Erased out;
    for (int batch = 0; batch < kEraseBatches; ++batch) {
        TRY_ASSIGN(const auto erased, wait_for<Result<std::uint64_t>>(store, [&](auto done) {
                       return std::make_unique<EraseOp>(before, clock.now_ms(), std::move(done));
                   }));
        out.rows += erased;
        out.more = erased == kEraseBatch;
        if (!out.more) break;
    }
    return out;
}

// --- what is gathered -------------------------------------------------------------------------------------------------

AuditTrail::AuditTrail(store::Store& store, const Clock& clock, observe::Log& log, UnixMillis retention_ms)
    : store_(store), clock_(clock), log_(log), retention_ms_(retention_ms), thread_([this] { run(); }) {}

AuditTrail::~AuditTrail() { write_rest(); }

void AuditTrail::write_rest() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    write_due(take_due(true));
}

codec::AuditRow administration_row(codec::AuditType type, UnixMillis now, std::uint32_t uid,
                                   std::string_view operation) {
    codec::AuditRow row;
    row.type = type;
    row.time_ms = now;
    row.detail = by_user(uid, operation);
    return row;
}

void AuditTrail::session_opened(const auth::Identity& who) {
    const bool member = who.kind == auth::Kind::member;
    const std::string_view what = member ? "member" : who.kind == auth::Kind::invitation ? "invitation" : "pairing";
    note({codec::AuditType::session_opened, who.mailbox, who.member, what, 0, who.key, 0});
}

void AuditTrail::expect_stranger(const TransportKey& key) {
    const std::lock_guard lock(mutex_);
    expected_ = key;
}

void AuditTrail::stranger_refused(const TransportKey& key) {
    {
        const std::lock_guard lock(mutex_);
        if (key == expected_) return;
    }
    note({codec::AuditType::stranger_refused, {}, {}, {}, static_cast<std::uint32_t>(ErrorCode::not_allowed), {}, 0});
}

void AuditTrail::request_refused(const auth::Identity& who, std::string_view operation, ErrorCode why) {
    // A member's key is known by its session; who has no mailbox yet is told apart by its key.
    const auto key = who.kind == auth::Kind::member ? TransportKey{} : who.key;
    note({codec::AuditType::request_refused, who.mailbox, who.member, operation, static_cast<std::uint32_t>(why), key,
          0});
}

void AuditTrail::administration_refused(std::uint32_t uid) {
    note({codec::AuditType::administration_refused,
          {},
          {},
          {},
          static_cast<std::uint32_t>(ErrorCode::not_allowed),
          {},
          uid});
}

void AuditTrail::administration_read(std::uint32_t uid, std::string_view operation) {
    note({codec::AuditType::administration_read, {}, {}, operation, 0, {}, uid});
}

void AuditTrail::note(const Kind& kind) {
    const auto now = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    auto found = gathered_.find(kind);
    if (found == gathered_.end()) {
        // More kinds than are kept apart share one row: how many they were is not lost.
        const bool full = gathered_.size() >= kKindsMost;
        found = gathered_.try_emplace(full ? Kind{codec::AuditType::entries_folded, {}, {}, {}, 0, {}, 0} : kind).first;
    }
    auto& gathered = found->second;
    if (gathered.count++ == 0) gathered.first = now;
    if (gathered.written == 0 && !fresh_) {
        fresh_ = true;
        wake_.notify_one();
    }
}

void AuditTrail::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        wake_.wait_for(lock, std::chrono::seconds(5), [this] { return fresh_ || stopping_; });
        if (stopping_) break;
        if (fresh_) wake_.wait_for(lock, kGather, [this] { return stopping_; });
        fresh_ = false;
        lock.unlock();
        write_due(take_due(false));
        erase_old();
        lock.lock();
    }
}

AuditTrail::Due AuditTrail::take_due(bool all) {
    Due due;
    const auto now = clock_.now_ms();
    const std::lock_guard lock(mutex_);
    for (auto at = gathered_.begin(); at != gathered_.end();) {
        auto& [kind, gathered] = *at;
        // A clock that was set back must not silence a kind.
        const bool over = all || gathered.written == 0 || now < gathered.written || now - gathered.written >= kFold;
        if (over && gathered.count == 0) {
            at = gathered_.erase(at);
            continue;
        }
        if (over) {
            due.emplace_back(kind, gathered);
            gathered = {0, 0, now};
        }
        ++at;
    }
    return due;
}

codec::AuditRow AuditTrail::row_of(const Kind& kind, const Gathered& gathered) {
    codec::AuditRow row;
    row.type = kind.type;
    row.time_ms = gathered.first;
    row.mailbox = unless_zero(kind.mailbox);
    row.member = unless_zero(kind.member);
    row.result = kind.result;
    row.count = gathered.count;
    row.detail = kind.detail;
    const bool administration =
        kind.type == codec::AuditType::administration_read || kind.type == codec::AuditType::administration_refused;
    if (administration) row.detail = by_user(kind.uid, kind.detail);
    if (kind.key != TransportKey{}) row.subject = copy_of(kind.key.view());
    return row;
}

// Waits for the disk: while it is slow the table gathers, and the counts rise instead of the rows. The broker goes on serving,
// else a full disk would lock its users out.
void AuditTrail::write_due(const Due& due) {
    for (std::size_t at = 0; at < due.size(); at += kRowsOfOne) {
        const auto part = std::span(due).subspan(at, std::min(kRowsOfOne, due.size() - at));
        std::vector<store::AuditDraft> drafts;
        for (const auto& [kind, gathered] : part) {
            if (auto draft = draft_of(row_of(kind, gathered))) drafts.push_back(std::move(*draft));
        }
        auto written = wait_for<Status>(
            store_, [&](auto done) { return std::make_unique<RowsOp>(std::move(drafts), true, std::move(done)); });
        if (written) continue;
        log_.warning("rows of the audit log could not be written and wait", {{"what", written.error().message}});
        put_back(part);
    }
}

void AuditTrail::put_back(std::span<const Due::value_type> due) {
    const std::lock_guard lock(mutex_);
    for (const auto& [kind, before] : due) {
        auto& gathered = gathered_[kind];
        gathered = {gathered.count + before.count, before.first, 0};
    }
}

void AuditTrail::erase_old() {
    const auto now = clock_.now_ms();
    if (retention_ms_ == 0 || now < retention_ms_ || (erased_at_ != 0 && now - erased_at_ < kEraseEvery)) return;
    auto erased = erase_audit(store_, now - retention_ms_, clock_);
    if (erased && erased->more) return;  // the rest in a few seconds
    erased_at_ = now;
    if (!erased) log_.warning("old rows of the audit log were not erased", {{"what", erased.error().message}});
}

}  // namespace carepost::service
