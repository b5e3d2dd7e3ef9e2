#include "proto/trust/armor.h"

#include <algorithm>

#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kFingerprintBytes = 16;
constexpr std::size_t kGroup = 4;

std::string mark(std::string_view which, std::string_view kind) {
    return "-----" + std::string(which) + " CAREPOST " + std::string(kind) + "-----";
}

std::unexpected<Error> damaged(std::string_view kind, std::string_view source, std::string_view what) {
    std::string name(kind);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return fail(ErrorCode::damaged_file, std::string(source) + " " + std::string(what) + " " + name,
                "Check that it is the right file, and have it sent again.");
}

}  // namespace

std::string armor(std::string_view kind, ByteView bytes) {
    const std::string text = to_base64(bytes);
    std::string out = mark("BEGIN", kind) + "\n";
    for (std::size_t at = 0; at < text.size(); at += kLine)
        out += text.substr(at, kLine) + "\n";
    return out + mark("END", kind) + "\n";
}

Result<Bytes> unarmor(std::string_view kind, std::string_view text, std::string_view source) {
    const std::string begin = mark("BEGIN", kind);
    const std::size_t start = text.find(begin);
    if (start == std::string_view::npos) return damaged(kind, source, "holds no");
    const std::string_view rest = text.substr(start + begin.size());
    if (rest.find(begin) != std::string_view::npos) return damaged(kind, source, "holds more than one");
    const std::size_t end = rest.find(mark("END", kind));
    if (end == std::string_view::npos) return damaged(kind, source, "holds only the beginning of a");
    std::string base64;
    for (const char c : rest.substr(0, end)) {
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64 += c;
    }
    std::optional<Bytes> bytes = from_base64(base64);
    if (!bytes || bytes->empty()) return damaged(kind, source, "holds a damaged");
    return std::move(*bytes);
}

std::string fingerprint(ByteView exact_bytes) {
    const Hash hash = sha256(exact_bytes);
    std::string text = to_base32(ByteView(hash.bytes).first(kFingerprintBytes));
    for (std::size_t at = kGroup; at < text.size(); at += kGroup + 1)
        text.insert(at, 1, '-');
    return text;
}

}  // namespace carepost::trust
