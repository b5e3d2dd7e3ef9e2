#include "client-lib/src/c_abi/unlock.h"

#include "client-lib/src/platform/files.h"
#include "client-lib/src/platform/paths.h"
#include "proto/base/file.h"
#include "proto/base/random.h"

namespace carepost::c_abi {
namespace {

Result<Secret<32>> make_key(const std::filesystem::path& path) {
    TRY(client::make_private_directory(path.parent_path()));
    auto key = SystemRandom().secret<32>();
    TRY(write_file_atomic(path, key.reveal(), kSecretFile, Existing::keep));
    return key;
}

}  // namespace

Result<Secret<32>> unlock_key_of(const std::string& home, bool make) {
    TRY_ASSIGN(auto paths, client::resolve_paths(home));
    const auto path = paths.config / "unlock.key";
    auto bytes = read_secret_file(path, Secret<32>::kSize);
    if (bytes) {
        if (auto key = Secret<32>::from_view(bytes->reveal())) return std::move(*key);
        return fail(ErrorCode::damaged_file, path.string() + " does not hold 32 bytes", "bring it back from a backup");
    }
    if (bytes.error().code != ErrorCode::no_such_file) return fail(std::move(bytes).error());
    if (client::file_exists(paths.member_key()))
        return fail(ErrorCode::wrong_passphrase, "the keys in " + paths.config.string() + " are protected",
                    "give the passphrase or the unlock key they were made with");
    if (make) return make_key(path);
    return fail(ErrorCode::not_enrolled, "there is no identity in " + paths.config.string(),
                "enrol first, or name the folder of another identity");
}

}  // namespace carepost::c_abi
