#include "client-lib/src/directory/witness.h"

#include <fmt/format.h>

#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/trust/cosignature.h"
#include "proto/trust/key_file.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr std::uint32_t kLeavesOfOne = 1'000;
constexpr std::uint64_t kLeavesMost = 4'000'000;  // read again to prove a fork; about 300 MiB

std::filesystem::path key_file(const Paths& paths) { return paths.config / "witness.key"; }
std::filesystem::path state_file(const Paths& paths) { return paths.data / "witness.checkpoint"; }
std::filesystem::path fraud_marker(const Paths& paths) { return paths.data / "witness.fraud"; }

std::unexpected<Error> unproven(std::string what) {
    return fail(ErrorCode::log_unverified, std::move(what), "nothing was cosigned; ask the broker's administrator why");
}

Error fraud(const std::string& file) {
    return {ErrorCode::fraud_proven,
            fmt::format("the broker has signed logs that contradict each other; the proof is kept in {}", file),
            "this witness cosigns nothing more: show that file to those responsible for the broker", std::nullopt};
}

}  // namespace

Witness::Witness(Paths paths, std::string name, SigningKey signer)
    : paths_(std::move(paths)),
      name_(std::move(name)),
      signer_(std::move(signer)),
      key_(trust::to_text(trust::Cosigner{name_, signer_.verify_key()})) {}

Result<std::unique_ptr<Witness>> Witness::make(const Options& options, const std::string& name) {
    if (!trust::is_key_name(name) || name.size() > 200) {
        return fail(ErrorCode::bad_argument, "'" + name + "' is no name of a witness",
                    "choose printable characters without spaces and plus signs, such as witness.example.org/directory");
    }
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    TRY_ASSIGN(const Unlocker unlocker, Unlocker::make(options.unlock));
    SystemRandom random;
    SigningKey signer = SigningKey::generate(random);
    std::vector<trust::KeyItem> items;
    items.push_back({trust::key_type::kWitnessSeed, SecretBytes::copy_from(signer.seed().reveal())});
    items.push_back({trust::key_type::kWitnessName, SecretBytes::copy_from(view_of(name))});
    TRY(make_private_directory(paths.config));
    TRY(trust::write_key_file(key_file(paths), items, unlocker.view(), random, false));
    return std::unique_ptr<Witness>(new Witness(std::move(paths), name, std::move(signer)));
}

Result<std::unique_ptr<Witness>> Witness::open(const Options& options) {
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    const auto file = key_file(paths);
    if (!file_exists(file)) {
        return fail(ErrorCode::not_enrolled, "there is no witness's key " + file.string(),
                    "make one with `carepost-witness init`");
    }
    TRY_ASSIGN(const Unlocker unlocker, Unlocker::make(options.unlock));
    TRY_ASSIGN(const auto items, trust::read_key_file(file, unlocker.view()));
    const bool fits = items.size() == 2 && items[0].type == trust::key_type::kWitnessSeed &&
                      items[1].type == trust::key_type::kWitnessName;
    auto seed = fits ? Secret<32>::from_view(items[0].secret.reveal()) : std::nullopt;
    if (!seed)
        return fail(ErrorCode::damaged_file, file.string() + " holds another kind of key", "is it the right file?");
    std::string name(text_of(items[1].secret.reveal()));
    return std::unique_ptr<Witness>(
        new Witness(std::move(paths), std::move(name), SigningKey::from_seed(std::move(*seed))));
}

Result<Cosigned> Witness::cosign(Core& core, std::chrono::milliseconds timeout) {
    if (auto proof = read_file_limited(fraud_marker(paths_), 4096)) return fail(fraud(std::string(text_of(*proof))));
    const auto& log = core.broker.directory_log;
    if (file_exists(state_file(paths_))) {
        TRY_ASSIGN(const Bytes last, read_file_limited(state_file(paths_), trust::kNoteMost));
        last_note_ = std::string(text_of(last));
        TRY_ASSIGN(last_, trust::verify_checkpoint(last_note_, log));
    }
    TRY_ASSIGN(const auto told, core.connection->ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, timeout));
    TRY_ASSIGN(const auto newest, trust::verify_checkpoint(text_of(told.directory), log));
    TRY_ASSIGN(trust::Note note, trust::parse_note(text_of(told.directory)));
    if (newest.size == 0) return fail(ErrorCode::not_found, "the directory log is empty", "come again later");
    TRY(check(core, note, newest, timeout));
    // First remembered, then said: a crash in between costs a cosignature, never a contradiction.
    TRY(write_file_atomic(state_file(paths_), told.directory, kSecretFile, Existing::replace));
    last_note_ = std::string(text_of(told.directory));
    last_ = newest;
    const UnixMillis now = core.clock.now_ms();
    TRY(trust::cosign(note, name_, signer_, now));
    Cosigned out{trust::format(note), newest.size, newest.root, now};
    TRY(core.connection->ask<codec::reply::AddCosignature>(codec::op::AddCosignature{copy_of(view_of(out.note))},
                                                           timeout));
    return out;
}

// Whether the newest checkpoint continues the last one cosigned.
Status Witness::check(Core& core, const trust::Note& note, const trust::Checkpoint& newest,
                      std::chrono::milliseconds timeout) {
    if (!last_) return {};
    const std::string text = trust::format(note);
    if (newest.size == last_->size) {
        if (newest.root != last_->root) return fail(keep_proof(text, "two trees of one size"));
        return {};
    }
    if (newest.size < last_->size) {
        TRY(check_stamps(core, note, newest));
        return unproven(fmt::format("the broker shows a log of {} entries, which had {} before: it was rolled back",
                                    newest.size, last_->size));
    }
    TRY_ASSIGN(const auto reply, core.connection->ask<codec::reply::Consistency>(
                                     codec::op::Consistency{last_->size, newest.size}, timeout));
    if (trust::verify_consistency(last_->size, last_->root, newest.size, newest.root, reply.proof)) return {};
    TRY(prove(core, newest, timeout));
    return unproven(fmt::format("the broker does not prove that its log of {} entries continues the one of {}",
                                newest.size, last_->size));
}

// A cosignature of the log's own key says: at this time this was the largest tree. A smaller tree with a later time is a lie, signed.
Status Witness::check_stamps(Core& core, const trust::Note& note, const trust::Checkpoint& newest) {
    const auto own = trust::own_cosigner(core.broker.directory_log);
    TRY_ASSIGN(const trust::Note last, trust::parse_note(last_note_));
    const auto before = trust::cosigned_at(last, own);
    const auto now = trust::cosigned_at(note, own);
    if (!before || !now || *now <= *before || newest.size >= last_->size) return {};
    return fail(keep_proof(trust::format(note), "a smaller tree, stamped later"));
}

// Reads all leaves of the newest tree again: if they are its leaves, and do not begin with the tree cosigned before, the broker has
// signed two logs, and the leaves show it to anybody.
Status Witness::prove(Core& core, const trust::Checkpoint& newest, std::chrono::milliseconds timeout) {
    if (newest.size > kLeavesMost) return {};
    trust::Frontier tree;
    std::string leaves;
    Hash then;
    while (tree.size() < newest.size) {
        const auto wanted =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(kLeavesOfOne, newest.size - tree.size()));
        TRY_ASSIGN(const auto page,
                   core.connection->ask<codec::reply::LogLeaves>(codec::op::LogLeaves{tree.size(), wanted}, timeout));
        if (page.leaves.empty()) return {};
        for (const auto& leaf : page.leaves) {
            if (tree.size() == newest.size) break;
            tree.append(trust::leaf_hash(leaf));
            leaves += to_hex(leaf) + "\n";
            if (tree.size() == last_->size) then = tree.root();
        }
    }
    if (tree.root() != newest.root || then == last_->root) return {};
    return fail(keep_proof(core.broker.directory_log.name, "a log that does not continue the other", leaves));
}

Error Witness::keep_proof(std::string_view newest_note, std::string_view what, std::string_view leaves) {
    std::string proof =
        fmt::format("CarePost fraud proof: {}\n\n----- signed first -----\n{}\n----- contradicts -----\n{}", what,
                    last_note_, newest_note);
    if (!leaves.empty()) proof += fmt::format("\n----- leaves of the second, in hexadecimal -----\n{}", leaves);
    const auto file = paths_.fraud() / fmt::format("{}.proof", sha256(view_of(proof)).hex().substr(0, 16));
    auto kept = make_private_directory(paths_.fraud());
    if (kept) kept = write_file_atomic(file, view_of(proof), kSecretFile, Existing::replace);
    if (kept) kept = write_file_atomic(fraud_marker(paths_), view_of(file.string()), kSecretFile, Existing::replace);
    return fraud(kept ? file.string() : "memory only: " + kept.error().message);
}

}  // namespace carepost::client
