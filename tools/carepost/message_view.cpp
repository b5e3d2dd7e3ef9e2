#include "tools/carepost/message_view.h"

#include <fmt/format.h>

#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts)
        out += (out.empty() ? "" : ", ") + text;
    return out;
}

std::string named(const std::string& name, const std::string& address) {
    return name.empty() ? address : name + " <" + address + ">";
}

bool is_sent(const Message& message) { return message.folder() == CAREPOST_FOLDER_SENT; }

Json problem_json(const Message& message, const Error& problem) {
    Json json;
    json.text("id", message.id()).number("number", message.number()).time("stored", message.stored_at());
    json.text("folder", is_sent(message) ? "sent" : "inbox");
    json.object("error", std::move(Json().text("code", problem.name).text("message", problem.message)));
    return json;
}

}  // namespace

std::uint64_t total_size(const Message& message) {
    std::uint64_t size = 0;
    for (const auto& content : message.contents())
        size += content.size;
    return size;
}

Json message_json(const Message& m) {
    if (const auto problem = m.problem()) return problem_json(m, *problem);
    Json json;
    json.text("id", m.id()).number("number", m.number()).text("folder", is_sent(m) ? "sent" : "inbox");
    json.boolean("received", m.received()).boolean("important", m.important());
    json.text("from", m.sender()).text("from_name", m.sender_name()).texts("to", m.addressees());
    json.text("subject", m.subject()).text("type", m.type()).text("format", m.format()).text_if("patient", m.patient());
    json.text_if("conversation", m.conversation()).text_if("reply_to", m.reply_to()).text_if("replaces", m.replaces());
    json.time("created", m.created_at()).time("stored", m.stored_at()).time("expires", m.expires_at());
    Json metadata;
    for (const auto& [key, value] : m.metadata())
        metadata.text(key, value);
    json.object("metadata", std::move(metadata));
    std::vector<Json> contents;
    for (const auto& content : m.contents())
        contents.push_back(std::move(
            Json().text("name", content.name).text("media_type", content.media_type).number("size", content.size)));
    json.objects("contents", std::move(contents)).number("size", total_size(m)).texts("warnings", m.warnings());
    return json;
}

std::vector<std::string> message_row(const Message& m) {
    if (const auto problem = m.problem())
        return {short_id(m.id()), minute_time(m.stored_at()), "!", "", "cannot be opened: " + problem->message, ""};
    const auto names = m.addressee_names();
    const auto who = is_sent(m) ? (names.empty() || names.front().empty() ? joined(m.addressees()) : joined(names))
                                : (m.sender_name().empty() ? m.sender() : m.sender_name());
    const std::string subject =
        (m.important() ? "(important) " : "") + (m.subject().empty() ? "(no subject)" : m.subject());
    return {short_id(m.id()), minute_time(m.stored_at()), m.received() || is_sent(m) ? "" : "new", who,
            subject,          human_size(total_size(m))};
}

std::string message_text(const Message& m) {
    std::vector<std::vector<std::string>> rows{{"id", m.id()}};
    const auto row = [&](const char* label, const std::string& value) {
        if (!value.empty()) rows.push_back({label, value});
    };
    row("from", named(m.sender_name(), m.sender()));
    const auto names = m.addressee_names(), addresses = m.addressees();
    for (std::size_t i = 0; i < addresses.size(); ++i)
        row(i == 0 ? "to" : "", named(names[i], addresses[i]));
    row("subject", (m.important() ? "(important) " : "") + m.subject());
    row("type", m.type() + (m.format().empty() ? "" : " (" + m.format() + ")"));
    row("patient", m.patient());
    row("reply to", m.reply_to());
    row("conversation", m.conversation());
    row("replaces", m.replaces());
    for (const auto& [key, value] : m.metadata())
        row("data", key + " = " + value);
    row("written", minute_time(m.created_at()));
    row("stored", minute_time(m.stored_at()));
    row("kept until", minute_time(m.expires_at()));
    std::size_t number = 0;
    for (const auto& content : m.contents())
        row(fmt::format("content {}", number++).c_str(),
            fmt::format("{}  {}  {}", content.name, content.media_type, human_size(content.size)));
    return table(rows);
}

}  // namespace carepost::command
