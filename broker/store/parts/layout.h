#pragma once
// Where content lies in files, and into which parts its streams are cut (docs/protocol.md, "Parts").

#include <compare>
#include <filesystem>
#include <string>

#include "broker/store/store.h"
#include "proto/base/limits.h"

namespace carepost::store {

// Names one upload, and the directory of the message it becomes.
struct UploadKey {
    MailboxId sender;
    MessageId id;
    auto operator<=>(const UploadKey&) const = default;
    std::string name() const { return sender.hex() + id.hex(); }
    static std::optional<UploadKey> from_name(std::string_view name);
};

inline constexpr std::size_t kFirstPart = limits::kPart + limits::kStreamHeader;
inline constexpr std::size_t kLeavesPart = limits::kLeavesPerPart * Hash::kSize;
inline constexpr std::size_t kStanzasPart = limits::kStanzasPerPart * limits::kStanza;

// Content parts: the first holds the stream's header as well.
constexpr std::uint64_t part_count(std::uint64_t sealed_length) {
    if (sealed_length <= kFirstPart) return sealed_length == 0 ? 0 : 1;
    return 1 + (sealed_length - kFirstPart + limits::kPart - 1) / limits::kPart;
}
constexpr std::uint64_t part_offset(std::uint64_t index) {
    return index == 0 ? 0 : kFirstPart + (index - 1) * limits::kPart;
}
// The part that begins at `offset`, which is a part's boundary.
constexpr std::uint64_t part_index(std::uint64_t offset) {
    return offset == 0 ? 0 : 1 + (offset - kFirstPart) / limits::kPart;
}

// The directories of content. While it is uploaded, and until the message's commit has been tidied up after, a directory
// lies in uploads/; then in content/. Which of the two is never asked to decide anything: the database's row decides
// whose the files are.
class ContentPlaces {
public:
    explicit ContentPlaces(const std::filesystem::path& directory)
        : uploads_(directory / "uploads"), content_(directory / "content") {}

    const std::filesystem::path& uploads() const { return uploads_; }
    const std::filesystem::path& content() const { return content_; }
    std::filesystem::path upload(const UploadKey& key) const { return uploads_ / key.name(); }
    std::filesystem::path shelf(const UploadKey& key) const { return content_ / key.id.hex().substr(0, 2); }
    std::filesystem::path adopted(const UploadKey& key) const { return shelf(key) / key.name(); }

private:
    std::filesystem::path uploads_;
    std::filesystem::path content_;
};

// File names within such a directory.
std::string content_file(std::uint32_t content);
std::string leaves_file(std::uint32_t content);
inline constexpr const char* kStanzasFile = "stanzas";
inline constexpr const char* kPlanFile = "plan";

// Bytes of a stored content or of its leaf hashes, wherever its directory stands now. Any thread.
Result<Bytes> read_adopted(const ContentPlaces& places, const UploadKey& key, const std::string& file,
                           std::uint64_t offset, std::size_t size);

}  // namespace carepost::store
