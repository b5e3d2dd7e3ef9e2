#pragma once
// JSON for programs. Values are built here and written as one line; only json.cpp knows the library behind it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carepost::command {

// One JSON object. Members appear in the order in which they were added. Bytes that are no UTF-8 become U+FFFD.
class Json {
public:
    Json();
    Json(Json&&) noexcept;
    Json& operator=(Json&&) noexcept;
    ~Json();

    Json& text(std::string_view key, std::string_view value);
    // The same, but left out where it is empty.
    Json& text_if(std::string_view key, std::string_view value);
    Json& number(std::string_view key, std::uint64_t value);
    Json& boolean(std::string_view key, bool value);
    // A time as "2026-11-23T14:02:11.123Z"; left out for 0.
    Json& time(std::string_view key, std::int64_t time_ms);
    Json& texts(std::string_view key, const std::vector<std::string>& values);
    Json& object(std::string_view key, Json value);
    Json& objects(std::string_view key, std::vector<Json> values);

    // One line without its end.
    std::string line() const;

private:
    struct Value;
    std::unique_ptr<Value> value_;
};

}  // namespace carepost::command
