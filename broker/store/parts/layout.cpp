#include "broker/store/parts/layout.h"

#include "broker/store/parts/files.h"

namespace carepost::store {

std::optional<UploadKey> UploadKey::from_name(std::string_view name) {
    constexpr std::size_t kIdText = 2 * MailboxId::kSize;
    if (name.size() != 2 * kIdText) return std::nullopt;
    const auto sender = MailboxId::from_hex_text(name.substr(0, kIdText));
    const auto id = MessageId::from_hex_text(name.substr(kIdText));
    if (!sender || !id) return std::nullopt;
    return UploadKey{*sender, *id};
}

std::string content_file(std::uint32_t content) { return std::to_string(content) + ".content"; }
std::string leaves_file(std::uint32_t content) { return std::to_string(content) + ".leaves"; }

namespace {

Result<File> open_adopted(const ContentPlaces& places, const UploadKey& key, const std::string& file) {
    // The parts thread may move the directory between two attempts, and only in this direction.
    auto opened = File::open(places.adopted(key) / file, File::Use::read);
    if (opened || opened.error().code != ErrorCode::not_found) return opened;
    opened = File::open(places.upload(key) / file, File::Use::read);
    if (opened || opened.error().code != ErrorCode::not_found) return opened;
    return File::open(places.adopted(key) / file, File::Use::read);
}

}  // namespace

Result<Bytes> read_adopted(const ContentPlaces& places, const UploadKey& key, const std::string& file,
                           std::uint64_t offset, std::size_t size) {
    TRY_ASSIGN(const auto opened, open_adopted(places, key, file));
    TRY_ASSIGN(const auto length, opened.size());
    if (offset >= length) return Bytes();
    Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(size, length - offset)));
    TRY_ASSIGN(const auto got, opened.read_at(offset, out));
    out.resize(got);
    return out;
}

}  // namespace carepost::store
