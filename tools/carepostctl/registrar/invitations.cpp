#include "tools/carepostctl/registrar/invitations.h"

#include <sys/stat.h>

#include <charconv>
#include <system_error>

#include "proto/base/file.h"

namespace carepost::ctl {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFirstLine = "carepost invitation 1";
constexpr std::size_t kMost = 4096;

fs::path folder_of(const fs::path& registrar) { return registrar / "invitations"; }
fs::path file_of(const fs::path& registrar, const TransportKey& key) { return folder_of(registrar) / key.hex(); }

// Takes "name value\n" off the front; nothing when another name stands there.
std::optional<std::string_view> take_line(std::string_view& rest, std::string_view name) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (!line.starts_with(name)) return {};
    line.remove_prefix(name.size());
    if (line.empty()) return line;
    return line.front() == ' ' ? std::optional(line.substr(1)) : std::nullopt;
}

std::optional<UnixMillis> number(std::string_view text) {
    UnixMillis value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

std::optional<Secret<32>> secret(std::string_view hex) {
    std::optional<Bytes> raw = from_hex(hex);
    if (!raw) return {};
    auto out = Secret<32>::from_view(*raw);
    wipe(*raw);
    return out;
}

std::optional<Invitation> parse(std::string_view text, const TransportKey& key) {
    if (!take_line(text, kFirstLine)) return {};
    const auto address_text = take_line(text, "address");
    const auto name = take_line(text, "name");
    const auto expires = take_line(text, "expires_ms");
    const auto mac = take_line(text, "mac_key");
    if (!address_text || !name || !expires || !mac || !text.empty()) return {};
    auto address = Address::parse(*address_text);
    const auto end = number(*expires);
    auto mac_key = secret(*mac);
    if (!address || !end || !mac_key) return {};
    return Invitation{key, std::move(*mac_key), std::move(*address), std::string(*name), *end};
}

}  // namespace

Status remember_invitation(const fs::path& registrar, const Invitation& invitation) {
    std::error_code error;
    fs::create_directory(folder_of(registrar), error);
    ::chmod(folder_of(registrar).c_str(), 0700);
    std::string text = std::string(kFirstLine) + "\naddress " + invitation.address.text() + "\nname " +
                       invitation.name + "\nexpires_ms " + std::to_string(invitation.expires) + "\nmac_key " +
                       to_hex(invitation.mac_key.reveal()) + "\n";
    Status written =
        write_file_atomic(file_of(registrar, invitation.transport_key), view_of(text), kSecretFile, Existing::keep);
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return written;
}

Result<std::optional<Invitation>> find_invitation(const fs::path& registrar, const TransportKey& key) {
    const fs::path file = file_of(registrar, key);
    auto text = read_secret_file(file, kMost);
    if (!text && text.error().code == ErrorCode::no_such_file) return std::optional<Invitation>();
    if (!text) return fail(text.error());
    std::optional<Invitation> invitation = parse(text_of(text->reveal()), key);
    if (!invitation) {
        return fail(ErrorCode::damaged_file, "the invitation " + file.string() + " is damaged",
                    "Remove the file and invite again.");
    }
    return invitation;
}

Status forget_invitation(const fs::path& registrar, const TransportKey& key) {
    std::error_code error;
    fs::remove(file_of(registrar, key), error);
    if (!error) return {};
    return fail(ErrorCode::io_failed, "cannot remove " + file_of(registrar, key).string() + ": " + error.message());
}

std::size_t sweep_invitations(const fs::path& registrar, UnixMillis now) {
    std::size_t removed = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_of(registrar), error)) {
        const auto key = TransportKey::from_hex_text(entry.path().filename().string());
        if (!key) continue;
        const auto invitation = find_invitation(registrar, *key);
        if (!invitation || !*invitation || (*invitation)->expires >= now) continue;
        if (forget_invitation(registrar, *key)) ++removed;
    }
    return removed;
}

}  // namespace carepost::ctl
