#include <fmt/format.h>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {

Result<ExitCode> run(const RecallOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    ExitCode code = ExitCode::ok;
    for (const auto& id : options.ids) {
        auto recalled = (**session).recall(id);
        if (!recalled) {
            context.output.failure(recalled.error());
            code = exit_code_of(recalled.error().code, static_cast<int>(recalled.error().kind));
        } else if (context.output.json()) {
            context.output.result(Json().text("id", id).number("recalled", *recalled));
        } else if (*recalled == 0) {
            context.output.result(clean(fmt::format("{}: nobody had it unreceived any more\n", id)));
        } else {
            context.output.result(
                clean(fmt::format("{}: taken back from {} mailbox{}\n", id, *recalled, *recalled == 1 ? "" : "es")));
        }
    }
    return code;
}

}  // namespace carepost::command
