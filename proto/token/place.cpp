#include "proto/token/place.h"

namespace carepost::token {
namespace {

std::unexpected<Error> bad(const std::string& what) {
    return fail(ErrorCode::bad_argument, "the PKCS#11 URI " + what,
                "write it like 'pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/...so' (RFC 7512)");
}

std::optional<std::uint8_t> hex_digits(std::string_view two) {
    const auto byte = from_hex(two);
    return byte ? std::optional((*byte)[0]) : std::nullopt;
}

// Undoes %XX.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        if (text.size() - at < 3) return {};
        const auto byte = hex_digits(text.substr(at + 1, 2));
        if (!byte) return {};
        out += static_cast<char>(*byte);
        at += 2;
    }
    return out;
}

// Cuts the first piece off the front.
std::string_view take(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view piece = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return piece;
}

Status settle(Place& place, std::string_view attribute) {
    const std::size_t equals = attribute.find('=');
    if (equals == std::string_view::npos) return bad("has a part without '='");
    const std::string_view name = attribute.substr(0, equals);
    auto value = decoded(attribute.substr(equals + 1));
    if (!value) return bad("has a '%' without two hexadecimal digits");
    if (name.starts_with("pin-")) return bad("names a PIN: give it by file, descriptor or at the prompt");
    if (name == "token") {
        place.token = std::move(*value);
    } else if (name == "object") {
        place.key = std::move(*value);
    } else if (name == "id") {
        place.id = copy_of(view_of(*value));
    } else if (name == "module-path") {
        place.module = std::move(*value);
    } else if (name != "type" || *value != "private") {
        return bad("has the part " + std::string(name) + ", which is not understood here");
    }
    return {};
}

}  // namespace

Result<Place> parse_uri(std::string_view uri) {
    if (!uri.starts_with(kUriScheme)) return bad("does not begin with pkcs11:");
    uri.remove_prefix(kUriScheme.size());
    Place place;
    std::string_view path = take(uri, '?');
    while (!path.empty())
        TRY(settle(place, take(path, ';')));
    while (!uri.empty())
        TRY(settle(place, take(uri, '&')));
    if (place.module.empty()) return bad("does not name the module (module-path=...)");
    return place;
}

std::string describe(const Place& place) {
    std::string out = place.key.empty() ? "key" : "key '" + place.key + "'";
    if (!place.id.empty()) out += " with id " + to_hex(place.id);
    return out + " in " + (place.token.empty() ? "the token" : "the token '" + place.token + "'");
}

}  // namespace carepost::token
