#include "tools/carepost/json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "tools/carepost/text.h"

namespace carepost::command {

struct Json::Value {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
};

Json::Json() : value_(std::make_unique<Value>()) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json& Json::text(std::string_view key, std::string_view value) {
    value_->json[std::string(key)] = std::string(value);
    return *this;
}
Json& Json::text_if(std::string_view key, std::string_view value) { return value.empty() ? *this : text(key, value); }
Json& Json::number(std::string_view key, std::uint64_t value) {
    value_->json[std::string(key)] = value;
    return *this;
}
Json& Json::boolean(std::string_view key, bool value) {
    value_->json[std::string(key)] = value;
    return *this;
}
Json& Json::time(std::string_view key, std::int64_t time_ms) { return text_if(key, iso_time(time_ms)); }
Json& Json::texts(std::string_view key, const std::vector<std::string>& values) {
    value_->json[std::string(key)] = values;
    return *this;
}
Json& Json::object(std::string_view key, Json value) {
    value_->json[std::string(key)] = std::move(value.value_->json);
    return *this;
}
Json& Json::objects(std::string_view key, std::vector<Json> values) {
    auto list = nlohmann::ordered_json::array();
    for (auto& value : values)
        list.push_back(std::move(value.value_->json));
    value_->json[std::string(key)] = std::move(list);
    return *this;
}

std::string Json::line() const {
    return value_->json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace carepost::command
