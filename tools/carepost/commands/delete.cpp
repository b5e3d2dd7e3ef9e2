#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

// Deletes one message and returns its whole id.
Result<std::string> delete_one(Client& client, const std::string& id) {
    auto message = client.message(id);
    if (!message) return message.error();
    if (auto deleted = client.delete_for_good(*message); !deleted) return deleted.error();
    return message->id();
}

}  // namespace

Result<ExitCode> run(const DeleteOptions& options, const Context& context) {
    if (!options.for_good)
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "nothing was deleted: --for-good was not given",
                     "repeat it with --for-good; there is no way back");
    auto session = Session::open(context);
    if (!session) return session.error();
    ExitCode code = ExitCode::ok;
    for (const auto& id : options.ids) {
        auto deleted = delete_one(**session, id);
        if (!deleted) {
            context.output.failure(deleted.error());
            code = exit_code_of(deleted.error().code, static_cast<int>(deleted.error().kind));
        } else if (context.output.json()) {
            context.output.result(Json().text("id", *deleted).boolean("deleted", true));
        } else {
            context.output.result("deleted " + short_id(*deleted) + "\n");
        }
    }
    return code;
}

}  // namespace carepost::command
