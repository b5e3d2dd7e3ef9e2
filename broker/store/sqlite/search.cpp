#include "broker/store/sqlite/search.h"

#include <algorithm>
#include <string>

namespace carepost::store {
namespace {

constexpr std::size_t kWordsMost = 8;  // more say nothing; each costs a list

// ASCII letters and digits, and everything beyond ASCII: the tokenizer decides about those.
bool is_word_byte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (is_word_byte(c)) {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    if (words.size() > kWordsMost) words.resize(kWordsMost);
    return words;
}

bool has_digit(std::string_view word) {
    return std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string search_expression(std::string_view text, std::string_view quality) {
    std::string expression;
    const auto add = [&expression](const std::string& term) {
        if (!expression.empty()) expression += " AND ";
        expression += term;
    };
    for (const auto& word : words_of(text)) {
        const char* columns = has_digit(word) ? "{name number} : \"" : "{name} : \"";
        add(columns + word + "\" *");
    }
    for (const auto& word : words_of(quality))
        add("{quality} : \"" + word + "\"");
    return expression;
}

MailboxSearch::MailboxSearch(Database& database)
    // The index leads: it yields its matches in the order of their numbers and stops at the limit.
    : by_words_(database,
                (std::string(kMailboxColumns) + "FROM mailbox_words w CROSS JOIN mailboxes b ON b.key = w.rowid "
                                                "CROSS JOIN mailbox_counters c ON c.mailbox = b.key "
                                                "WHERE mailbox_words MATCH ?1 AND w.rowid > ?2 AND b.state = 1 "
                                                "ORDER BY w.rowid LIMIT ?3")
                    .c_str()),
      all_(database,
           (std::string(kSelectMailbox) + "WHERE b.state = 1 AND b.key > ?1 ORDER BY b.key LIMIT ?2").c_str()),
      key_of_address_(database, "SELECT key FROM mailboxes WHERE address = ?1") {}

Result<std::vector<Mailbox>> MailboxSearch::find(std::string_view text, std::string_view quality,
                                                 std::string_view after, std::uint32_t limit) {
    std::int64_t after_key = 0;
    if (!after.empty()) {
        TRY_ASSIGN(const auto key, key_of_address_.one([](Row& row) { return row.integer(0); }, after));
        if (!key) {
            return fail(ErrorCode::not_found, "the search cannot go on after an unknown address",
                        "search again from the start");
        }
        after_key = *key;
    }
    std::vector<Mailbox> found;
    const auto collect = [&found](Row& row) { found.push_back(read_mailbox(row)); };
    const auto expression = search_expression(text, quality);
    if (expression.empty()) {
        if (!text.empty() || !quality.empty()) return found;  // only signs that no name has
        TRY(all_.each(collect, after_key, limit));
    } else {
        TRY(by_words_.each(collect, expression, after_key, limit));
    }
    return found;
}

}  // namespace carepost::store
