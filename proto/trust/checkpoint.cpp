#include "proto/trust/checkpoint.h"

#include <charconv>

namespace carepost::trust {
namespace {

constexpr std::size_t kExtensionsMost = 16;
constexpr std::uint64_t kSizeMost = std::uint64_t{1} << 62;

std::unexpected<Error> malformed(const std::string& what) {
    return fail(ErrorCode::malformed_request, "checkpoint: " + what, "it was damaged, or is no checkpoint");
}

// Takes one line off the front; nothing when there is none or it is empty.
std::optional<std::string_view> take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return line;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size() || size > kSizeMost) return std::nullopt;
    return size;
}

}  // namespace

std::string note_text(const Checkpoint& checkpoint) {
    std::string out =
        checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(checkpoint.root.view()) + "\n";
    for (const std::string& line : checkpoint.extensions)
        out += line + "\n";
    return out;
}

Result<Checkpoint> parse_checkpoint_text(std::string_view text) {
    Checkpoint out;
    const auto origin = take_line(text);
    if (!origin) return malformed("no origin");
    out.origin = std::string(*origin);
    const auto size = take_line(text);
    const auto number = size ? parse_size(*size) : std::nullopt;
    if (!number) return malformed("the size is not a decimal number");
    out.size = *number;
    const auto root = take_line(text);
    const auto bytes = root ? from_base64(*root) : std::nullopt;
    const auto hash = bytes ? Hash::from(*bytes) : std::nullopt;
    if (!hash) return malformed("the root is not 32 bytes in base64");
    out.root = *hash;
    while (!text.empty()) {
        const auto line = take_line(text);
        if (!line || out.extensions.size() == kExtensionsMost) return malformed("empty or too many extension lines");
        out.extensions.emplace_back(*line);
    }
    return out;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
    if (!is_key_name(checkpoint.origin)) {
        return fail(ErrorCode::bad_argument, "checkpoint: the origin '" + checkpoint.origin + "' is no key name",
                    "use printable ASCII without spaces and plus signs");
    }
    Note note{.text = note_text(checkpoint), .signatures = {}};
    sign(note, checkpoint.origin, key);
    return format(note);
}

Result<Checkpoint> verify_checkpoint(std::string_view note, const NoteVerifier& log) {
    const auto refused = [&](const std::string& what) {
        return fail(ErrorCode::log_unverified, "checkpoint of " + log.name + ": " + what,
                    "do not rely on this answer; tell the broker's operator");
    };
    const auto parsed = parse_note(note);
    if (!parsed) return refused(parsed.error().message);
    if (!is_signed_by(*parsed, log)) return refused("not signed by the key of this log");
    auto checkpoint = parse_checkpoint_text(parsed->text);
    if (!checkpoint) return refused(checkpoint.error().message);
    if (checkpoint->origin != log.name) return refused("it is of the log " + checkpoint->origin);
    return checkpoint;
}

}  // namespace carepost::trust
