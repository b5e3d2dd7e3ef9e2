#include <sstream>

#include "proto/base/file.h"
#include "proto/trust/broker_home.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/log_audit.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 1000;
constexpr std::size_t kLeavesFileMost = 1ULL << 30;  // four million leaves

LogKind kind_of(bool evidence) { return evidence ? LogKind::evidence : LogKind::directory; }

Result<std::string> ask_checkpoint(AdminClient& broker, bool evidence) {
    TRY_ASSIGN(const auto both, broker.ask<codec::admin_reply::Checkpoint>(codec::admin::Checkpoint{}));
    return std::string(text_of(evidence ? both.evidence : both.directory));
}

// Leaves from `start` on, page by page, until `visit` has had enough or there are no more.
Status each_leaf(AdminClient& broker, bool evidence, std::uint64_t start,
                 const std::function<Result<bool>(std::uint64_t, ByteView)>& visit) {
    for (;;) {
        TRY_ASSIGN(const auto page,
                   broker.ask<codec::admin_reply::LogLeaves>(codec::admin::LogLeaves{evidence, start, kPage}));
        if (page.leaves.empty()) return {};
        for (const Bytes& leaf : page.leaves) {
            TRY_ASSIGN(const bool go_on, visit(start, leaf));
            if (!go_on) return {};
            ++start;
        }
    }
}

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

Status report(const LogAudit& audit, Printer& print) {
    TRY(audit.finish());
    print.record({{"verified", true},
                  {"origin", audit.checkpoint().origin},
                  {"leaves", audit.checkpoint().size},
                  {"root", audit.checkpoint().root.hex()}});
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
    return report(audit, context.print);
}

}  // namespace carepost::ctl
