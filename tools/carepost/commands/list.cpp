#include <algorithm>
#include <limits>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/message_view.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::uint64_t kPage = 200;  // listed while the next ones are fetched; few enough for a small broker

// Prints a page; returns how many of its messages were wanted.
std::uint64_t print(const MessagePage& page, const ListOptions& options, std::uint64_t limit, const Context& context) {
    std::uint64_t printed = 0;
    std::vector<std::vector<std::string>> rows;
    for (const auto& message : page.messages) {
        if (printed == limit) break;
        if (options.only_new && message.received()) continue;
        ++printed;
        if (context.output.json())
            context.output.result(message_json(message));
        else
            rows.push_back(message_row(message));
    }
    context.output.result(table(rows));
    return printed;
}

}  // namespace

Result<ExitCode> run(const ListOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    std::uint64_t left = options.limit == 0 ? std::numeric_limits<std::uint64_t>::max() : options.limit;
    std::uint64_t after = options.after;
    for (bool more = true; more && left > 0;) {
        const auto wanted = static_cast<std::uint32_t>(options.only_new ? kPage : std::min(left, kPage));
        auto page = (**session).list(options.folder, after, wanted);
        if (!page) return page.error();
        left -= print(*page, options, left, context);
        more = page->more && page->cursor > after;
        after = page->cursor;
    }
    return ExitCode::ok;
}

}  // namespace carepost::command
