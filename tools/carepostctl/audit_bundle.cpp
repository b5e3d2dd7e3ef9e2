#include "tools/carepostctl/audit_bundle.h"

#include <nlohmann/json.hpp>

#include "proto/base/bytes.h"
#include "tools/carepostctl/files.h"

namespace carepost::ctl {
namespace {

constexpr std::string_view kFormat = "carepost audit bundle 1";
constexpr std::size_t kBundleMost = 1ULL << 30;  // about two million rows

std::unexpected<Error> no_bundle(const std::filesystem::path& file, std::size_t line) {
    return fail(ErrorCode::damaged_file,
                "line " + std::to_string(line) + " of " + file.string() + " is none of a bundle",
                "Give a file that `carepostctl audit export --format bundle` has written.");
}

// A field that is text, or nothing.
std::optional<std::string> text_in(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}
std::optional<Bytes> hex_in(const nlohmann::json& object, const char* name) {
    const auto text = text_in(object, name);
    return text ? from_hex(*text) : std::nullopt;
}

std::optional<BundleHead> head_of(const nlohmann::json& object) {
    const auto format = text_in(object, "format");
    const auto verifier = text_in(object, "key");
    const auto checkpoint = text_in(object, "checkpoint");
    if (format != std::string(kFormat) || !verifier || !checkpoint) return std::nullopt;
    return BundleHead{*verifier, *checkpoint};
}

std::optional<codec::admin_reply::AuditRecord> record_of(const nlohmann::json& object) {
    const auto index = object.find("index");
    auto leaf = hex_in(object, "leaf");
    if (index == object.end() || !index->is_number_unsigned() || !leaf) return std::nullopt;
    codec::admin_reply::AuditRecord out;
    out.index = index->get<std::uint64_t>();
    out.leaf = std::move(*leaf);
    out.row = hex_in(object, "row").value_or(Bytes());
    out.salt = hex_in(object, "salt").value_or(Bytes());
    return out;
}

}  // namespace

std::string bundle_head(std::string_view verifier, std::string_view checkpoint) {
    nlohmann::ordered_json head;
    head["format"] = kFormat;
    head["key"] = verifier;
    head["checkpoint"] = checkpoint;
    return head.dump() + "\n";
}

std::string bundle_line(const codec::admin_reply::AuditRecord& record, bool content) {
    nlohmann::ordered_json line;
    line["index"] = record.index;
    line["leaf"] = to_hex(record.leaf);
    if (content && !record.row.empty()) {
        line["salt"] = to_hex(record.salt);
        line["row"] = to_hex(record.row);
    }
    return line.dump() + "\n";
}

Status read_bundle(const std::filesystem::path& file, const std::function<Status(const BundleHead&)>& head,
                   const std::function<Status(codec::admin_reply::AuditRecord)>& visit) {
    TRY_ASSIGN(const Bytes text, read_input(file, kBundleMost));
    std::string_view rest = text_of(text);
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto object = nlohmann::json::parse(rest.substr(0, end), nullptr, false);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!object.is_object()) return no_bundle(file, number);
        if (number == 1) {
            const auto first = head_of(object);
            if (!first) return no_bundle(file, number);
            TRY(head(*first));
            continue;
        }
        auto record = record_of(object);
        if (!record) return no_bundle(file, number);
        TRY(visit(std::move(*record)));
    }
    return {};
}

}  // namespace carepost::ctl
