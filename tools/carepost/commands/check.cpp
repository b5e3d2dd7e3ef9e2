#include <fmt/format.h>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

Json json_of(const Entry& e) {
    Json json;
    json.text("address", e.address).text("name", e.name).text("mailbox", e.mailbox).boolean("ready", e.epoch != 0);
    json.time("certificate_until", e.certificate_until).number("epoch", e.epoch).time("keys_until", e.keys_until);
    json.number("message_limit", e.message_limit).number("log_size", e.log_size).boolean("sandbox", e.sandbox);
    json.texts("warnings", e.warnings);
    return json;
}

std::string text_of(const Entry& e) {
    return table({{"address", e.address},
                  {"name", e.name},
                  {"ready", e.epoch != 0 ? "yes" : "no: it has published no key that is valid now"},
                  {"certified until", date(e.certificate_until)},
                  {"keys until", date(e.keys_until)},
                  {"takes up to", human_size(e.message_limit)}});
}

}  // namespace

Result<ExitCode> run(const CheckOptions& options, const Context& context) {
    if (auto valid = parse_address(options.address); !valid) return valid.error();
    auto session = Session::open(context);
    if (!session) return session.error();
    auto entry = options.accept_reset ? (**session).accept_reset(options.address) : (**session).check(options.address);
    if (!entry) return entry.error();
    if (context.output.json())
        context.output.result(json_of(*entry));
    else
        context.output.result(text_of(*entry));
    context.output.warnings(entry->warnings);
    return entry->epoch != 0 ? ExitCode::ok : ExitCode::temporary;
}

}  // namespace carepost::command
