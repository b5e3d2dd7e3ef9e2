#pragma once
// A message as JSON and as text, the same in every command that shows one.

#include <string>
#include <vector>

#include "carepost/message.hpp"
#include "tools/carepost/json.h"

namespace carepost::command {

Json message_json(const Message& message);
// One row of a list: id, time, state, who, subject, size.
std::vector<std::string> message_row(const Message& message);
// The whole header in lines; the contents as a numbered list.
std::string message_text(const Message& message);
std::uint64_t total_size(const Message& message);

}  // namespace carepost::command
