#include <algorithm>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::uint32_t kPage = 1000;  // the most one page may have

void print(const std::vector<Entry>& entries, const Context& context) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& entry : entries) {
        if (context.output.json())
            context.output.result(
                Json().text("address", entry.address).text("name", entry.name).text("mailbox", entry.mailbox));
        else
            rows.push_back({entry.address, entry.name});
    }
    context.output.result(table(rows));
}

}  // namespace

Result<ExitCode> run(const FindOptions& options, const Context& context) {
    std::string text;
    for (const auto& word : options.words)
        text += (text.empty() ? "" : " ") + word;
    auto session = Session::open(context);
    if (!session) return session.error();
    std::string after;
    std::uint32_t left = options.limit;
    std::size_t found = 0;
    for (bool more = true; more && left > 0;) {
        auto page = (**session).find(text, options.quality, after, std::min(left, kPage));
        if (!page) return page.error();
        print(page->entries, context);
        found += page->entries.size();
        more = page->more && !page->entries.empty();
        left -= std::min(left, static_cast<std::uint32_t>(page->entries.size()));
        if (more) after = page->entries.back().address;
        if (more && left == 0) context.output.note("There are more; --limit shows them.");
    }
    if (found == 0) context.output.note("Nobody was found.");
    return ExitCode::ok;
}

}  // namespace carepost::command
