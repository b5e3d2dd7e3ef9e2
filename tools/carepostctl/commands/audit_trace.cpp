#include <algorithm>
#include <utility>

#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/audit_format.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {
namespace {

// One step of a message's story, from whichever log tells it.
struct Step {
    UnixMillis time = 0;
    std::string log;
    std::uint64_t index = 0;
    Row row;
};

Step step_of(const AuditEntry& entry) {
    const auto& row = entry.row;
    return {row.time_ms,
            "audit",
            entry.index,
            {{"time", Moment{row.time_ms}},
             {"log", std::string("audit")},
             {"index", entry.index},
             {"event", std::string(codec::name_of(row.type))},
             {"mailbox", row.mailbox ? row.mailbox->hex() : std::string()},
             {"member", row.member ? row.member->hex() : std::string()},
             {"detail", row.detail}}};
}

Status add_audit(AdminClient& broker, const MessageId& message, std::vector<Step>& steps) {
    codec::admin::Audit request;
    request.message = message;
    for (bool more = true; more;) {
        TRY_ASSIGN(auto page, broker.ask<codec::admin_reply::Audit>(request));
        more = page.more && !page.records.empty();
        for (const auto& record : page.records) {
            request.start = record.index + 1;
            TRY_ASSIGN(const AuditEntry entry, audit_entry(record));
            steps.push_back(step_of(entry));
        }
    }
    return {};
}

}  // namespace

Status run(const AuditTrace& options, Context& context) {
    const auto message = MessageId::from_hex_text(options.message);
    if (!message) {
        return fail(ErrorCode::bad_argument, "'" + options.message + "' is no message id",
                    "Write the 32 hexadecimal digits that `carepost send` and `carepost sent` show.");
    }
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    std::vector<Step> steps;
    TRY(add_audit(broker, *message, steps));
    std::ranges::sort(steps, {}, [](const Step& step) { return std::pair(step.time, step.index); });
    if (steps.empty()) {
        return fail(ErrorCode::not_found, "nothing is known of message " + message->hex(),
                    "Its rows may have been erased after the retention.");
    }
    std::vector<Row> rows;
    for (auto& step : steps)
        rows.push_back(std::move(step.row));
    context.print.list(rows, "");
    return {};
}

}  // namespace carepost::ctl
