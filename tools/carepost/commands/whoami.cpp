#include <fmt/format.h>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

const char* word(EnrolmentState state) {
    switch (state) {
        case EnrolmentState::pending:
            return "pending: the registrar has not decided yet";
        case EnrolmentState::admitted:
            return "admitted";
        case EnrolmentState::refused:
            return "refused: enrol again here with a new invitation";
    }
    return "unknown";
}

Json json_of(const Identity& i) {
    Json json;
    json.text("address", i.address).text("name", i.name).text("mailbox", i.mailbox).text("member", i.member);
    json.text("identity_key", i.key)
        .boolean("admitted", i.state == EnrolmentState::admitted)
        .boolean("sandbox", i.sandbox);
    json.time("certificate_until", i.certificate_until).time("keys_until", i.keys_until);
    json.text("broker", i.broker_name).text("endpoint", i.broker_endpoint);
    json.text("config", i.config_directory).text("data", i.data_directory);
    return json;
}

std::string text_of(const Identity& i) {
    std::vector<std::vector<std::string>> rows{{"address", i.address}, {"name", i.name}, {"state", word(i.state)}};
    rows.push_back({"mailbox", i.mailbox});
    if (i.certificate_until != 0) rows.push_back({"certified until", date(i.certificate_until)});
    if (i.keys_until != 0) rows.push_back({"keys until", date(i.keys_until)});
    rows.push_back({"broker", i.broker_name + " at " + i.broker_endpoint + (i.sandbox ? " (SANDBOX)" : "")});
    rows.push_back({"files", i.config_directory});
    return table(rows);
}

}  // namespace

Result<ExitCode> run(const WhoamiOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto identity = (**session).whoami(options.online);
    if (!identity) return identity.error();
    if (context.output.json())
        context.output.result(json_of(*identity));
    else
        context.output.result(text_of(*identity));
    return ExitCode::ok;
}

}  // namespace carepost::command
