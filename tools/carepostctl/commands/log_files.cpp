// `carepostctl log export`, `verify-proof` and `restart`: the log as files, for others and for the day after a restore.
#include "proto/base/file.h"
#include "proto/trust/broker_home.h"
#include "proto/trust/fraud.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/key_access.h"
#include "tools/carepostctl/log_source.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kProofFileMost = 2 * codec::kFraudProofMost;
constexpr std::string_view kBetween = "=====\n";

const char* name_of(codec::FraudKind kind) {
    switch (kind) {
        case codec::FraudKind::two_trees:
            return "two trees";
        case codec::FraudKind::stamp_back:
            return "a time stamp that goes back";
        case codec::FraudKind::two_heads:
            return "two heads";
        case codec::FraudKind::two_leaves:
            return "two leaves";
        case codec::FraudKind::denied_leaf:
            return "a head that denies a leaf";
    }
    return "unknown";
}

// What `carepostd --heads` has printed.
struct Heads {
    std::string directory;
    std::string evidence;
};
Result<Heads> read_heads(const Path& file) {
    TRY_ASSIGN(const Bytes bytes, read_input(file, 2 * trust::kNoteMost));
    const std::string_view text = text_of(bytes);
    const std::size_t between = text.find(kBetween);
    if (between == std::string_view::npos) {
        return fail(ErrorCode::damaged_file, file.string() + " does not hold the heads of two logs",
                    "Give what `carepostd --heads --data DIR` has printed.");
    }
    return Heads{std::string(text.substr(0, between)), std::string(text.substr(between + kBetween.size()))};
}

}  // namespace

Status run(const LogExport& options, Context& context) {
    TRY_ASSIGN(const auto trusted, trust::load_broker_file(options.broker.value_or(options.data)));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const std::string note, ask_checkpoint(broker, options.evidence));
    TRY_ASSIGN(LogAudit audit,
               LogAudit::begin(trusted, options.evidence ? LogKind::evidence : LogKind::directory, note));
    TRY(export_tiles(broker, trusted, options.evidence, options.folder, audit));
    context.print.record(
        {{"folder", options.folder.string()},
         {"origin", audit.checkpoint().origin},
         {"leaves", audit.checkpoint().size},
         {"key", trust::to_text(options.evidence ? trusted.evidence_log() : trusted.directory_log())}});
    return {};
}

Status run(const VerifyProof& options, Context& context) {
    TRY_ASSIGN(const Bytes text, read_input(options.file, kProofFileMost));
    TRY_ASSIGN(const auto verdict, trust::judge_fraud_file(text_of(text), options.file.string()));
    if (options.broker) {
        TRY_ASSIGN(const auto broker, trust::load_broker_file(*options.broker));
        if (broker.fingerprint() != verdict.fingerprint) {
            return fail(ErrorCode::broker_untrusted, "this proof is about another broker: " + verdict.broker,
                        "Compare the fingerprints.");
        }
    }
    context.print.record({{"proven", true},
                          {"kind", std::string(name_of(verdict.kind))},
                          {"broker", verdict.broker},
                          {"fingerprint", verdict.fingerprint},
                          {"shown", verdict.sentence}});
    if (!options.broker) context.print.note("Compare the fingerprint with the one of the broker you mean.");
    return {};
}

Status run(const LogRestart& options, Context& context) {
    const Path path = options.data / trust::home::kBrokerFile;
    TRY_ASSIGN(const auto trusted, trust::load_broker_file(options.broker.value_or(path)));
    TRY_ASSIGN(const Heads heads, read_heads(options.heads));
    TRY_ASSIGN(const SigningKey root, open_signing_key(options.root_key.value_or(options.data / trust::home::kRootKey),
                                                       trust::key_type::kRootSeed, options.unlock, context.no_input));
    TRY_ASSIGN(const auto next, trust::restart_logs(path, trusted, {heads.directory, heads.evidence, options.reason},
                                                    root, context.clock.now_ms()));
    const auto& restarts = next.file().restarts;
    context.print.record({{"broker_file", path.string()},
                          {"edition", next.file().number},
                          {"directory", next.file().directory_origin},
                          {"directory_leaves", restarts[restarts.size() - 2].new_size},
                          {"evidence", next.file().evidence_origin},
                          {"evidence_leaves", restarts.back().new_size}});
    context.print.note("Start the broker now. Clients take the statement at their next contact, and show it.");
    return {};
}

}  // namespace carepost::ctl
