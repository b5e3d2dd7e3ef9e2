#include <sstream>

#include "proto/base/file.h"
#include "proto/trust/broker_home.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/log_source.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kLeavesFileMost = 1ULL << 30;  // four million leaves

LogKind kind_of(bool evidence) { return evidence ? LogKind::evidence : LogKind::directory; }

// A line of `log leaves`, plain or JSON: the leaf is its longest run of hexadecimal digits.
std::optional<Bytes> leaf_of_line(std::string_view line) {
    std::string_view best;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t begin = line.find_first_of("0123456789abcdef", at);
        if (begin == std::string_view::npos) break;
        std::size_t end = line.find_first_not_of("0123456789abcdef", begin);
        if (end == std::string_view::npos) end = line.size();
        if (end - begin > best.size()) best = line.substr(begin, end - begin);
        at = end;
    }
    return from_hex(best);
}

Status audit_file(const Path& file, LogAudit& audit) {
    TRY_ASSIGN(const Bytes text, read_input(file, kLeavesFileMost));
    std::string_view rest = text_of(text);
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        const std::optional<Bytes> leaf = leaf_of_line(line);
        if (!leaf) {
            return fail(ErrorCode::damaged_file,
                        "line " + std::to_string(number) + " of " + file.string() + " holds no leaf",
                        "Give a file that `carepostctl log leaves` has written.");
        }
        TRY(audit.add(*leaf));
    }
    return {};
}

Status report(const LogAudit& audit, Printer& print, const EntryAudit* entries = nullptr) {
    TRY(audit.finish());
    Row row{{"verified", true},
            {"origin", audit.checkpoint().origin},
            {"leaves", audit.checkpoint().size},
            {"root", audit.checkpoint().root.hex()}};
    if (entries != nullptr) {
        row.push_back({"certificates", entries->certificates()});
        row.push_back({"chain_entries", entries->chain_entries()});
        row.push_back({"revocations", entries->revocations()});
        row.push_back({"resets", entries->resets()});
    }
    print.record(row);
    return {};
}

}  // namespace

Status run(const LogCheckpoint& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const std::string note, ask_checkpoint(broker, options.evidence));
    if (context.print.json()) {
        context.print.record({{"log", std::string(options.evidence ? "evidence" : "directory")}, {"checkpoint", note}});
    } else {
        context.print.raw(note);
    }
    return {};
}

Status run(const LogLeaves& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    std::uint64_t left = options.limit.value_or(UINT64_MAX);
    return each_leaf(broker, options.evidence, options.start, [&](std::uint64_t index, ByteView leaf) -> Result<bool> {
        if (left-- == 0) return false;
        if (context.print.json()) {
            context.print.record({{"index", index}, {"leaf", to_hex(leaf)}});
        } else {
            context.print.raw(to_hex(leaf) + "\n");
        }
        return left != 0;
    });
}

Status run(const LogVerify& options, Context& context) {
    const Path broker_file = options.broker.value_or(options.data / trust::home::kBrokerFile);
    TRY_ASSIGN(const trust::TrustedBroker trusted, trust::load_broker_file(broker_file));
    const LogKind kind = kind_of(options.evidence);
    std::error_code ignored;
    if (options.leaves && std::filesystem::is_directory(*options.leaves, ignored)) {
        TRY_ASSIGN(const Bytes note, read_file_limited(*options.leaves / "checkpoint", trust::kNoteMost));
        TRY_ASSIGN(LogAudit audit, LogAudit::begin(trusted, kind, text_of(note)));
        TRY(audit_tiles(*options.leaves, audit));
        return report(audit, context.print);
    }
    if (options.leaves && !options.checkpoint) {
        return fail(ErrorCode::bad_argument, "a file of leaves needs the head they belong to",
                    "Give --checkpoint FILE, as `carepostctl log checkpoint` prints it.");
    }
    if (options.leaves) {
        TRY_ASSIGN(const Bytes note, read_file_limited(options.checkpoint.value_or(Path()), trust::kNoteMost));
        TRY_ASSIGN(LogAudit audit, LogAudit::begin(trusted, kind, text_of(note)));
        TRY(audit_file(*options.leaves, audit));
        return report(audit, context.print);
    }
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const std::string note, ask_checkpoint(broker, options.evidence));
    TRY_ASSIGN(LogAudit audit, LogAudit::begin(trusted, kind, note));
    const auto take = [&audit](std::uint64_t, ByteView leaf) -> Result<bool> {
        TRY(audit.add(leaf));
        return audit.wants_more();
    };
    TRY(each_leaf(broker, options.evidence, 0, take));
    TRY(audit.finish());
    if (options.evidence) return report(audit, context.print);
    EntryAudit entries(trusted, context.clock.now_ms());
    TRY(replay_entries(broker, audit.checkpoint().size, entries));
    return report(audit, context.print, &entries);
}

}  // namespace carepost::ctl
