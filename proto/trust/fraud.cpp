#include "proto/trust/fraud.h"

#include <algorithm>

#include "proto/trust/armor.h"
#include "proto/trust/cosignature.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {
namespace {

using codec::FraudKind;
using codec::FraudStatement;

std::unexpected<Error> nothing(const std::string& what) {
    return fail(ErrorCode::invalid_signature, "this proves nothing: " + what,
                "do not act on it; whoever gave it to you may be mistaken, or lie");
}

struct SignedTree {
    Checkpoint checkpoint;
    std::optional<UnixMillis> stamp;
};

Result<SignedTree> tree_of(const codec::BrokerFile& file, const FraudStatement& statement) {
    const std::string_view text = text_of(statement.note);
    const auto log = log_named(file, text.substr(0, text.find('\n')));
    if (!log) return nothing("a checkpoint is of no log of this broker");
    const auto checkpoint = verify_checkpoint(text, *log);
    if (!checkpoint) return nothing("a checkpoint is not signed by the broker's log");
    const auto note = parse_note(text);
    return SignedTree{*checkpoint, cosigned_at(*note, own_cosigner(*log))};
}

Result<codec::Head> head_of(const codec::BrokerFile& file, const FraudStatement& statement) {
    const auto object = codec::decode_signed_object(statement.head);
    if (!object) return nothing("a head cannot be read");
    const auto head = verify_head(*object, file.statement_key);
    if (!head) return nothing("a head is not signed by the broker");
    return *head;
}

struct LoggedLeaf {
    DirectoryLeaf leaf;
    SignedTree tree;
};
Result<LoggedLeaf> leaf_in(const codec::BrokerFile& file, const FraudStatement& statement) {
    TRY_ASSIGN(const SignedTree tree, tree_of(file, statement));
    const auto leaf = decode_directory_leaf(statement.leaf);
    if (!leaf) return nothing("a leaf cannot be read");
    if (!verify_inclusion(leaf_hash(statement.leaf), statement.index, tree.checkpoint.size, statement.proof,
                          tree.checkpoint.root))
        return nothing("a leaf is not shown to stand in the log");
    return LoggedLeaf{*leaf, tree};
}

std::string short_hex(const auto& value) { return value.hex().substr(0, 16); }

Result<std::string> judge_trees(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    TRY_ASSIGN(const SignedTree a, tree_of(file, proof.first));
    TRY_ASSIGN(const SignedTree b, tree_of(file, proof.second));
    if (a.checkpoint.origin != b.checkpoint.origin || a.checkpoint.size != b.checkpoint.size ||
        a.checkpoint.root == b.checkpoint.root)
        return nothing("the two trees do not contradict each other");
    return "the log " + a.checkpoint.origin + " has signed two different trees of " +
           std::to_string(a.checkpoint.size) + " leaves: it shows different people different logs";
}

// A stamp of time T says: at T this was the largest tree.
Result<std::string> judge_stamps(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    TRY_ASSIGN(const SignedTree smaller, tree_of(file, proof.first));
    TRY_ASSIGN(const SignedTree larger, tree_of(file, proof.second));
    if (smaller.checkpoint.origin != larger.checkpoint.origin || !smaller.stamp || !larger.stamp ||
        smaller.checkpoint.size >= larger.checkpoint.size || *smaller.stamp <= *larger.stamp)
        return nothing("the two time stamps do not contradict each other");
    return "the log " + smaller.checkpoint.origin + " says that it had " + std::to_string(smaller.checkpoint.size) +
           " leaves at " + std::to_string(*smaller.stamp / 1000) + ", but " + std::to_string(larger.checkpoint.size) +
           " already at " + std::to_string(*larger.stamp / 1000) +
           " (seconds since 1970): it was rolled back, or dated back";
}

// Heads name no log: entries may be lost and their numbers used again when the log was restarted between the two.
bool restarted_between(const codec::BrokerFile& file, UnixMillis one, UnixMillis other) {
    return std::ranges::any_of(file.restarts, [&](const codec::LogRestart& restart) {
        return restart.log == codec::RestartedLog::directory && restart.time_ms >= std::min(one, other) &&
               restart.time_ms <= std::max(one, other);
    });
}

Result<std::string> judge_heads(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    TRY_ASSIGN(const codec::Head a, head_of(file, proof.first));
    TRY_ASSIGN(const codec::Head b, head_of(file, proof.second));
    if (a.label != b.label || a.seq != b.seq || a.hash == b.hash || restarted_between(file, a.time_ms, b.time_ms))
        return nothing("the two heads do not contradict each other");
    return "the broker names two different entries as number " + std::to_string(a.seq) + " of the mailbox with label " +
           short_hex(a.label);
}

Result<std::string> judge_leaves(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    TRY_ASSIGN(const LoggedLeaf a, leaf_in(file, proof.first));
    TRY_ASSIGN(const LoggedLeaf b, leaf_in(file, proof.second));
    if (a.tree.checkpoint.origin != b.tree.checkpoint.origin || a.leaf.type != b.leaf.type ||
        a.leaf.label != b.leaf.label || a.leaf.seq != b.leaf.seq || a.leaf.entry_hash == b.leaf.entry_hash)
        return nothing("the two leaves do not contradict each other");
    return "the directory log holds two different entries of type " +
           std::to_string(static_cast<unsigned>(a.leaf.type)) + ", number " + std::to_string(a.leaf.seq) +
           ", for the mailbox with label " + short_hex(a.leaf.label);
}

// How many entries of a type the head says there are.
std::uint64_t counted(const codec::Head& head, codec::LeafType type) {
    switch (type) {
        case codec::LeafType::certificate:
            return head.certificates;
        case codec::LeafType::chain_entry:
            return head.seq + 1;
        case codec::LeafType::revocation:
            return head.revocations;
        case codec::LeafType::reset:
            return head.resets;
        case codec::LeafType::registrar_certificate:
            break;
    }
    return UINT64_MAX;
}

Result<std::string> judge_denial(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    TRY_ASSIGN(const codec::Head head, head_of(file, proof.first));
    TRY_ASSIGN(const LoggedLeaf logged, leaf_in(file, proof.second));
    // Heads name no origin: the sizes of a log before a restart are no measure for a head made after it.
    if (logged.tree.checkpoint.origin != file.directory_origin || restarted_between(file, head.time_ms, UINT64_MAX))
        return nothing("the leaf is of an older log than the head may be of");
    if (logged.leaf.label != head.label || proof.second.index >= head.log_size ||
        logged.leaf.seq < counted(head, logged.leaf.type))
        return nothing("the head does not deny the leaf");
    return "the broker has signed that the mailbox with label " + short_hex(head.label) + " had " +
           std::to_string(counted(head, logged.leaf.type)) + " entries of type " +
           std::to_string(static_cast<unsigned>(logged.leaf.type)) + " when its log had " +
           std::to_string(head.log_size) + " leaves, but number " + std::to_string(logged.leaf.seq) +
           " stands in it as leaf " + std::to_string(proof.second.index);
}

Result<std::string> sentence_of(const codec::BrokerFile& file, const codec::FraudProof& proof) {
    switch (proof.kind) {
        case FraudKind::two_trees:
            return judge_trees(file, proof);
        case FraudKind::stamp_back:
            return judge_stamps(file, proof);
        case FraudKind::two_heads:
            return judge_heads(file, proof);
        case FraudKind::two_leaves:
            return judge_leaves(file, proof);
        case FraudKind::denied_leaf:
            return judge_denial(file, proof);
    }
    return nothing("its kind is unknown");
}

}  // namespace

std::optional<NoteVerifier> log_named(const codec::BrokerFile& file, std::string_view origin) {
    if (origin == file.directory_origin) return NoteVerifier{file.directory_origin, file.directory_key};
    if (origin == file.evidence_origin) return NoteVerifier{file.evidence_origin, file.evidence_key};
    for (const codec::LogRestart& restart : file.restarts) {
        if (origin == restart.old_origin) return NoteVerifier{restart.old_origin, restart.old_key};
    }
    return std::nullopt;
}

Result<FraudVerdict> judge(const codec::FraudProof& proof) {
    const auto object = codec::decode_signed_object(proof.broker_file, codec::kBrokerFileMost);
    if (!object) return nothing("its broker file cannot be read");
    const auto broker = verify_broker_file(*object);
    if (!broker) return nothing("its broker file: " + broker.error().message);
    TRY_ASSIGN(std::string sentence, sentence_of(broker->file(), proof));
    return FraudVerdict{proof.kind, broker->file().name, broker->fingerprint(), std::move(sentence)};
}

Result<std::string> format_fraud_proof(const codec::FraudProof& proof) {
    TRY_ASSIGN(const FraudVerdict verdict, judge(proof));
    TRY_ASSIGN(const Bytes bytes, codec::encode(proof));
    std::string out = "CarePost fraud proof. Anybody can check it: carepostctl log verify-proof FILE\n\n";
    out += "Broker:      " + verdict.broker + "\nFingerprint: " + verdict.fingerprint + "\n";
    out += "Shown:       " + verdict.sentence + "\n";
    for (const FraudStatement* statement : {&proof.first, &proof.second}) {
        if (statement->note.empty()) continue;
        out += "\n----- a checkpoint the broker signed -----\n" + std::string(text_of(statement->note));
    }
    return out + "\n" + armor(armor_kind::kFraudProof, bytes);
}

Result<FraudVerdict> judge_fraud_file(std::string_view text, std::string_view source) {
    TRY_ASSIGN(const Bytes bytes, unarmor(armor_kind::kFraudProof, text, source));
    const auto proof = codec::decode_fraud_proof(bytes);
    if (!proof) return fail(ErrorCode::damaged_file, std::string(source) + ": " + proof.error().message);
    return judge(*proof);
}

}  // namespace carepost::trust
