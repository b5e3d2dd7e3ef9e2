#include "broker/app/restart.h"

#include <algorithm>
#include <future>

#include "broker/service/log_trust.h"

namespace carepost::app {
namespace {

std::unexpected<Error> mismatch(const std::string& what) {
    return fail(
        ErrorCode::bad_configuration, "the logs do not belong to broker.carepost: " + what,
        "after a restore use `carepostctl log restart` (docs/operations.md), or bring both back from one backup");
}

std::string_view origin_of(ByteView note) {
    const std::string_view text = text_of(note);
    return text.substr(0, text.find('\n'));
}

// Whether the stored head is of this log, or of what it was called before the restart that gave it its present name. True: it was.
Result<bool> was_restarted(const codec::BrokerFile& file, codec::RestartedLog log,
                           const trust::NoteVerifier& now_called, ByteView note) {
    if (note.empty() || origin_of(note) == now_called.name) return false;
    const auto restart = std::ranges::find_if(file.restarts, [&](const codec::LogRestart& one) {
        return one.log == log && one.new_origin == now_called.name && one.old_origin == origin_of(note);
    });
    if (restart == file.restarts.end()) return mismatch("they are called " + std::string(origin_of(note)));
    const auto stored = trust::verify_checkpoint(text_of(note), {restart->old_origin, restart->old_key});
    if (!stored) return mismatch(stored.error().message);
    if (stored->size != restart->new_size) {
        return mismatch("the restart was stated for " + std::to_string(restart->new_size) + " leaves, and there are " +
                        std::to_string(stored->size));
    }
    return true;
}

class RestartOp final : public store::WriteOp {
public:
    RestartOp(trust::NoteVerifier log, const SigningKey& key, UnixMillis now, std::promise<Status>& done)
        : log_(std::move(log)), key_(key), now_(now), done_(done) {}
    std::size_t bytes() const override { return 1024; }
    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(const Bytes old, transaction.log_checkpoint(store::Log::directory));
        TRY_ASSIGN(const auto parsed, trust::parse_note(text_of(old)));
        TRY_ASSIGN(auto tree, trust::parse_checkpoint_text(parsed.text));
        tree.origin = log_.name;
        TRY_ASSIGN(const std::string note, trust::sign_checkpoint(tree, key_));
        TRY_ASSIGN(const Bytes stamped, service::stamp_checkpoint(view_of(note), log_, key_, now_));
        return transaction.restart_directory(tree.size, stamped);
    }
    void committed(const store::Settled&) override { done_.set_value({}); }
    void failed(const Error& error) override { done_.set_value(fail(error)); }

private:
    const trust::NoteVerifier log_;
    const SigningKey& key_;
    const UnixMillis now_;
    std::promise<Status>& done_;
};

// For a store that is only read.
class NothingSealed final : public store::BatchSealer {
public:
    Result<store::SealedBatch> seal(store::LogReader&, std::span<const store::EvidenceDraft>, std::span<const Hash>,
                                    std::span<const store::AuditDraft>) override {
        return fail(ErrorCode::internal, "a store that was opened to be read was written to");
    }
};

}  // namespace

Result<std::string> stored_heads(const std::filesystem::path& directory) {
    TRY_ASSIGN(const auto broker, trust::load_broker_file(directory));
    NothingSealed sealer;
    store::Options options;
    options.directory = directory;
    options.sandbox = broker.file().sandbox;
    TRY_ASSIGN(const auto store, store::open_sqlite(options, sealer));
    const auto reader = store->reader();
    TRY_ASSIGN(const Bytes directory_head, reader->log_checkpoint(store::Log::directory));
    TRY_ASSIGN(const Bytes evidence_head, reader->log_checkpoint(store::Log::evidence));
    return std::string(text_of(directory_head)) + "=====\n" + std::string(text_of(evidence_head));
}

Status go_over_to_restarted_logs(store::Store& store, const trust::TrustedBroker& broker,
                                 const SigningKey& directory_key, UnixMillis now) {
    const auto reader = store.reader();
    TRY_ASSIGN(const Bytes directory, reader->log_checkpoint(store::Log::directory));
    TRY_ASSIGN(const Bytes evidence, reader->log_checkpoint(store::Log::evidence));
    // The evidence log's next batch, "broker started", signs under its new name by itself.
    TRY(was_restarted(broker.file(), codec::RestartedLog::evidence, broker.evidence_log(), evidence));
    TRY_ASSIGN(const bool restarted,
               was_restarted(broker.file(), codec::RestartedLog::directory, broker.directory_log(), directory));
    if (!restarted) return {};
    std::promise<Status> done;
    auto answer = done.get_future();
    store.write(std::make_unique<RestartOp>(broker.directory_log(), directory_key, now, done));
    return answer.get();
}

}  // namespace carepost::app
