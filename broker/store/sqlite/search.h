#pragma once
// Finding mailboxes by what people type.

#include "broker/store/sqlite/queries.h"

namespace carepost::store {

// Over the words of names (case and accents folded), numbers and qualities. Belongs to its connection's thread.
class MailboxSearch {
public:
    explicit MailboxSearch(Database& database);

    // Live mailboxes whose name has a word beginning with each word of `text` (or whose number begins with it), in the
    // order of their enrolment, after the one with address `after`. An empty text finds all of a quality.
    Result<std::vector<Mailbox>> find(std::string_view text, std::string_view quality, std::string_view after,
                                      std::uint32_t limit);

private:
    Statement by_words_;
    Statement all_;
    Statement key_of_address_;
};

// The full-text query for what was typed; every word is quoted, so nothing in it is an operator. Empty: no word in it.
std::string search_expression(std::string_view text, std::string_view quality);

}  // namespace carepost::store
