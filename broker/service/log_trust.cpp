#include "broker/service/log_trust.h"

#include <algorithm>

#include "broker/service/merkle_views.h"

namespace carepost::service {
namespace {

constexpr UnixMillis kSkewMs = std::chrono::duration_cast<std::chrono::milliseconds>(limits::kClockSkew).count();

class StampOp final : public store::WriteOp {
public:
    StampOp(const trust::NoteVerifier& log, const SigningKey& key, UnixMillis now, std::function<void(Status)> done)
        : log_(log), key_(key), now_(now), done_(std::move(done)) {}
    std::size_t bytes() const override { return 1024; }
    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(const Bytes note, transaction.log_checkpoint(store::Log::directory));
        if (note.empty()) return {};
        TRY_ASSIGN(const auto checkpoint, trust::verify_checkpoint(text_of(note), log_));
        TRY_ASSIGN(const Bytes stamped, stamp_checkpoint(note, log_, key_, now_));
        return transaction.set_directory_note(checkpoint.size, stamped);
    }
    void committed(const store::Settled&) override { done_({}); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    const trust::NoteVerifier log_;
    const SigningKey& key_;
    const UnixMillis now_;
    const std::function<void(Status)> done_;
};

// Cosignatures of a checkpoint that was verified, all of them of configured witnesses.
class CosignatureOp final : public store::WriteOp {
public:
    CosignatureOp(std::vector<trust::Cosigner> cosigners, std::uint64_t size, trust::Note note,
                  Done<codec::reply::AddCosignature> done)
        : cosigners_(std::move(cosigners)), size_(size), note_(std::move(note)), done_(std::move(done)) {}
    std::size_t bytes() const override { return limits::kCheckpoint; }
    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(const Bytes known, transaction.witnessed_checkpoint(size_));
        TRY_ASSIGN(const Bytes merged, merge(known.empty() ? copy_of(view_of(trust::format(note_))) : known));
        TRY(transaction.put_witnessed_checkpoint(size_, merged));
        TRY_ASSIGN(const Bytes newest, transaction.log_checkpoint(store::Log::directory));
        TRY_ASSIGN(const auto note, trust::parse_note(text_of(newest)));
        if (note.text != note_.text) return {};
        TRY_ASSIGN(const Bytes with, merge(newest));
        return transaction.set_directory_note(size_, with);
    }
    void committed(const store::Settled&) override { done_(codec::reply::AddCosignature{}); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Result<Bytes> merge(const Bytes& known) const {
        TRY_ASSIGN(auto note, trust::parse_note(text_of(known)));
        trust::take_cosignatures(note, note_, cosigners_);
        return copy_of(view_of(trust::format(note)));
    }

    const std::vector<trust::Cosigner> cosigners_;
    const std::uint64_t size_;
    const trust::Note note_;
    Done<codec::reply::AddCosignature> done_;
};

std::unexpected<Error> invalid(std::string what) {
    return fail(ErrorCode::invalid_signature, std::move(what), "fetch the newest checkpoint and cosign that");
}

}  // namespace

UnixMillis stamped_at(ByteView note, const trust::NoteVerifier& log) {
    const auto parsed = trust::parse_note(text_of(note));
    return parsed ? trust::cosigned_at(*parsed, trust::own_cosigner(log)).value_or(0) : 0;
}

Result<Bytes> stamp_checkpoint(ByteView note, const trust::NoteVerifier& log, const SigningKey& key, UnixMillis now) {
    TRY_ASSIGN(auto parsed, trust::parse_note(text_of(note)));
    TRY(trust::cosign(parsed, log.name, key, std::max(now, stamped_at(note, log))));
    return copy_of(view_of(trust::format(parsed)));
}

void write_stamp(store::Store& store, const trust::NoteVerifier& log, const SigningKey& key, UnixMillis now,
                 std::function<void(Status)> done) {
    store.write(std::make_unique<StampOp>(log, key, now, std::move(done)));
}

void write_cosignature(Environment& environment, store::Reader& reader, const Bytes& note,
                       Done<codec::reply::AddCosignature> done) {
    const LogTrust& trusted = environment.log_trust;
    auto checkpoint = trust::verify_checkpoint(text_of(note), trusted.directory_log);
    if (!checkpoint) return done(invalid(checkpoint.error().message));
    if (checkpoint->size == 0 || checkpoint->size > reader.log_size(store::Log::directory))
        return done(invalid("the directory log has no such size"));
    const auto root = trust::root_at(LogNodes(reader, store::Log::directory), checkpoint->size);
    if (!root) return done(fail(root.error()));
    if (*root != checkpoint->root) return done(invalid("this is not the tree of the directory log"));

    auto parsed = trust::parse_note(text_of(note));  // it was parsed before
    std::vector<trust::Cosigner> cosigners;
    for (const trust::Cosigner& witness : trusted.witnesses) {
        const auto time = trust::cosigned_at(*parsed, witness);
        if (!time) continue;
        if (*time > environment.clock.now_ms() + kSkewMs)
            return done(invalid("the cosignature of " + witness.name + " is of the future"));
        cosigners.push_back(witness);
    }
    if (cosigners.empty()) {
        return done(fail(ErrorCode::not_allowed, "the checkpoint has no cosignature of a witness this broker knows",
                         "have the witness's key added to carepostd.toml, [directory] witnesses"));
    }
    // What others have written below it is not kept.
    const auto is_ours = [&](const trust::NoteSignature& line) {
        if (line.name == trusted.directory_log.name) return true;
        return std::ranges::any_of(
            cosigners, [&](const trust::Cosigner& one) { return line.name == one.name && line.key_id == one.id(); });
    };
    std::erase_if(parsed->signatures, [&](const trust::NoteSignature& line) { return !is_ours(line); });
    environment.store.write(
        std::make_unique<CosignatureOp>(std::move(cosigners), checkpoint->size, std::move(*parsed), std::move(done)));
}

}  // namespace carepost::service
