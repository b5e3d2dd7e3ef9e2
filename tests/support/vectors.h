#pragma once
// Where the third-party test vectors are. They are no part of the repository.

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace carepost::test {

// The folder named by CAREPOST_VECTORS, else `shared/vectors` beside the working directory or one
// of its parents. Nothing when neither exists: the test then says "skipped: no vectors".
inline std::optional<std::filesystem::path> vectors_folder() {
    std::error_code ignored;
    if (const char* named = std::getenv("CAREPOST_VECTORS"); named != nullptr && *named != '\0') {
        return std::filesystem::is_directory(named, ignored) ? std::optional<std::filesystem::path>(named)
                                                             : std::nullopt;
    }
    for (auto folder = std::filesystem::current_path(); folder.has_relative_path(); folder = folder.parent_path()) {
        const auto candidate = folder.parent_path() / "shared" / "vectors";
        if (std::filesystem::is_directory(candidate, ignored)) return candidate;
    }
    return std::nullopt;
}

}  // namespace carepost::test
