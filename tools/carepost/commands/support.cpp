#include "tools/carepost/commands/support.h"

#include <chrono>
#include <cstdio>
#include <sstream>

#include "tools/carepost/terminal.h"

namespace carepost::command {
namespace {

Error usage(const std::string& message, const std::string& hint) {
    return error(CAREPOST_ERROR_BAD_ARGUMENT, message, hint);
}

struct RightName {
    const char* name;
    std::uint32_t right;
};
constexpr RightName kRights[] = {
    {"read", CAREPOST_RIGHT_READ}, {"send", CAREPOST_RIGHT_SEND}, {"manage", CAREPOST_RIGHT_MANAGE}};

Result<std::string> ask_twice(const std::string& question) {
    auto typed = ask_secret(question);
    if (!typed) return typed.error();
    auto again = ask_secret("The same again: ");
    if (!again) return again.error();
    if (typed->empty() || *typed != *again) return usage("the passphrases are empty, or differ", "try again");
    return typed;
}

}  // namespace

Result<UnlockSecret> new_secret(bool no_passphrase, const Context& context) {
    if (no_passphrase) return UnlockSecret();
    auto secret = read_unlock_secret(context.settings);
    if (!secret || !secret->empty()) return secret;
    if (!context.settings.input)
        return usage(
            "the new keys need a passphrase",
            "give --passphrase-file, --passphrase-command or --unlock-key-file, or --no-passphrase to rely on file "
            "permissions alone");
    auto typed = ask_twice("Passphrase for the new keys: ");
    if (!typed) return typed.error();
    secret->passphrase = std::move(*typed);
    return secret;
}

Result<UnlockSecret> file_secret(const std::string& file, const std::string& question, const std::string& option,
                                 bool is_new, const Context& context) {
    if (!file.empty()) {
        Settings from_file;
        from_file.passphrase_file = file;
        return read_unlock_secret(from_file);
    }
    if (!context.settings.input) return usage("the file needs a passphrase of its own", "give " + option);
    auto typed = is_new ? ask_twice(question) : ask_secret(question);
    if (!typed) return typed.error();
    UnlockSecret secret;
    secret.passphrase = std::move(*typed);
    return secret;
}

Result<Options> unlocked_options(const Context& context) {
    auto secret = read_unlock_secret(context.settings);
    if (!secret) return secret.error();
    Options options = library_options(context.settings);
    options.allow_sandbox = true;  // an identity that is here was accepted as what it is
    options.passphrase = secret->passphrase;
    options.unlock_key = secret->key;
    if (!secret->empty()) return options;
    // Keys under a passphrase say so at the first try.
    if (auto client = Client::open(options); client || client.error().code != CAREPOST_ERROR_WRONG_PASSPHRASE)
        return options;
    if (!context.settings.input) return options;
    auto typed = ask_secret("Passphrase: ");
    if (!typed) return typed.error();
    options.passphrase = std::move(*typed);
    return options;
}

Result<std::uint32_t> rights_of(const std::string& text) {
    std::uint32_t rights = 0;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        std::uint32_t found = 0;
        for (const RightName& right : kRights) {
            if (word == right.name) found = right.right;
        }
        if (found == 0) return usage("\"" + word + "\" is no right", "rights are read, send and manage, with commas");
        rights |= found;
    }
    if (rights == 0) return usage("no right was given", "rights are read, send and manage, with commas");
    return rights;
}

std::string rights_text(std::uint32_t rights) {
    std::string out;
    for (const RightName& right : kRights) {
        if ((rights & right.right) != 0) out += (out.empty() ? "" : ",") + std::string(right.name);
    }
    return out;
}

// Midnight after a day written YYYY-MM-DD, in UTC.
Result<std::int64_t> end_of_day(const std::string& text, const std::string& option) {
    int year = 0;
    unsigned month = 0, day = 0;
    int used = 0;
    const bool form = std::sscanf(text.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &used) == 3 &&
                      static_cast<std::size_t>(used) == text.size();
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!form || !date.ok())
        return error(CAREPOST_ERROR_BAD_ARGUMENT, option + " is not a day: " + text, "give it as 2027-01-31");
    const auto end = std::chrono::sys_days(date) + std::chrono::days(1);
    return std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch()).count();
}

}  // namespace carepost::command
