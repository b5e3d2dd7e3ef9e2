#include "client-lib/src/c_abi/resolve.h"

#include <algorithm>
#include <cctype>

#include "proto/base/limits.h"

namespace carepost::c_abi {
namespace {

constexpr std::size_t kShortest = 4;

Result<std::string> prefix_of(const std::string& text) {
    std::string prefix = text;
    for (char& c : prefix)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool digits = prefix.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!digits || prefix.size() < kShortest || prefix.size() > 2 * MessageId::kSize)
        return fail(ErrorCode::bad_argument, "\"" + text + "\" is not a message id",
                    "give its 32 hexadecimal digits, or at least the first 4 of them");
    return prefix;
}

}  // namespace

Result<MessageId> whole_id(client::Client& client, const std::string& text, client::Folder folder, client::Call call) {
    TRY_ASSIGN(const std::string prefix, prefix_of(text));
    if (auto whole = MessageId::from_hex_text(prefix)) return *whole;
    std::optional<MessageId> found;
    client::ListInput input{folder, 0, limits::kListPage};
    for (bool more = true; more;) {
        TRY_ASSIGN(auto page, client.list(input, call));
        for (const auto& item : page.items) {
            if (!item.id.hex().starts_with(prefix) || found == item.id) continue;
            if (found)
                return fail(ErrorCode::bad_argument, "several messages begin with " + prefix,
                            "give more digits of the id");
            found = item.id;
        }
        more = page.more && page.next > input.after;
        input.after = page.next;
    }
    if (!found)
        return fail(ErrorCode::not_found, "no message begins with " + prefix, "`inbox` and `sent` show the ids");
    return *found;
}

}  // namespace carepost::c_abi
