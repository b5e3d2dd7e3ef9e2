#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

const char* word(int state) {
    switch (static_cast<carepost_recipient_state>(state)) {
        case CAREPOST_RECIPIENT_WAITING:
            return "waiting";
        case CAREPOST_RECIPIENT_RECEIVED:
            return "received";
        case CAREPOST_RECIPIENT_DELETED:
            return "deleted";
        case CAREPOST_RECIPIENT_READ:
            return "read";
        case CAREPOST_RECIPIENT_STAND_BY:
            return "stand-by";
        case CAREPOST_RECIPIENT_EXPIRED:
            return "expired";
        case CAREPOST_RECIPIENT_RECALLED:
            return "recalled";
        case CAREPOST_RECIPIENT_REFUSED:
            return "refused";
    }
    return "unknown";
}

Json json_of(const Delivery& d) {
    Json json;
    json.text("address", d.address).text("name", d.name).text("mailbox", d.mailbox).text("state", word(d.state));
    json.time("stated", d.stated_at);
    if (d.stated_at != 0) json.number("log_index", d.log_index);
    json.time("handed_over", d.handed_over_at).time("received", d.received_at).time("read", d.read_at);
    if (d.problem)
        json.object("error", std::move(Json().text("code", d.problem->name).text("message", d.problem->message)));
    return json;
}

void print(const MessageStatus& status, const Context& context) {
    std::vector<Json> objects;
    std::vector<std::vector<std::string>> rows{{"recipient", "name", "state", "since", "evidence"}};
    for (const auto& d : status.recipients) {
        objects.push_back(json_of(d));
        const auto since = d.read_at != 0       ? d.read_at
                           : d.received_at != 0 ? d.received_at
                           : d.stated_at != 0   ? d.stated_at
                                                : status.stored_at;
        rows.push_back({d.address, d.name, d.problem ? "unproven" : word(d.state), minute_time(since),
                        d.stated_at != 0 ? "entry " + std::to_string(d.log_index) : std::string()});
    }
    if (context.output.json())
        context.output.result(Json()
                                  .text("id", status.id)
                                  .time("stored", status.stored_at)
                                  .objects("recipients", std::move(objects))
                                  .texts("warnings", status.warnings));
    else
        context.output.result(table(rows));
}

}  // namespace

Result<ExitCode> run(const StatusOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto status = (**session).status(options.id);
    if (!status) return status.error();
    print(*status, context);
    context.output.warnings(status->warnings);
    ExitCode code = ExitCode::ok;
    for (const auto& delivery : status->recipients) {
        if (!delivery.problem) continue;
        context.output.failure(*delivery.problem);
        code = exit_code_of(delivery.problem->code, static_cast<int>(delivery.problem->kind));
    }
    return code;
}

}  // namespace carepost::command
