#include "tools/carepost/commands/commands.h"
#include "tools/carepost/message_view.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::uint64_t kShown = 64 * 1024;  // longer documents are for `get`

// The document, if it is short text; "" otherwise.
Result<std::string> short_text(Client& client, const Message& message) {
    const auto contents = message.contents();
    if (contents.empty() || contents.front().size == 0 || contents.front().size > kShown) return std::string();
    std::string text;
    auto fetched = client.get_to_writer(message, 0, [&](const void* data, std::size_t size) {
        text.append(static_cast<const char*>(data), size);
        return true;
    });
    if (!fetched) return fetched.error();
    return is_plain_text(text) ? text : std::string();
}

}  // namespace

Result<ExitCode> run(const ShowOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto message = (**session).message(options.id);
    if (!message) return message.error();
    if (const auto problem = message->problem()) return *problem;
    if (context.output.json()) {
        context.output.result(message_json(*message));
    } else {
        context.output.result(message_text(*message));
        auto text = short_text(**session, *message);
        if (!text) return text.error();
        if (!text->empty()) context.output.result('\n' + clean_lines(*text) + (text->back() == '\n' ? "" : "\n"));
    }
    context.output.warnings(message->warnings());
    return ExitCode::ok;
}

}  // namespace carepost::command
