// carepost.h, "Options".

#include "client-lib/src/c_abi/handles.h"
#include "client-lib/src/c_abi/unlock.h"
#include "proto/base/limits.h"
#include "proto/trust/cosignature.h"

using carepost::ErrorCode;
using carepost::fail;
using carepost::Result;
using carepost::Secret;
using carepost::SecretBytes;
using carepost::Status;
using carepost::c_abi::flag;
using carepost::c_abi::guarded;

namespace {

constexpr std::size_t kPassphrase = 1024;           // longer is a mistake, such as a whole file
constexpr std::uint32_t kDeadlineMost = 3'600'000;  // an hour; more is a mistake in the unit
constexpr std::size_t kSoftware = 100;              // a line of the broker's log

carepost::ByteView bytes(const void* data, std::size_t size) { return {static_cast<const std::uint8_t*>(data), size}; }

}  // namespace

carepost::Result<carepost::client::Options> carepost_options::clone(bool make) const {
    carepost::client::Options copy;
    copy.home = options.home;
    copy.software = options.software;
    copy.timeout = options.timeout;
    copy.allow_sandbox = options.allow_sandbox;
    copy.witnesses = options.witnesses;
    copy.witnesses_required = options.witnesses_required;
    if (!passphrase.empty()) {
        auto shared = std::make_shared<SecretBytes>(passphrase.clone());
        copy.unlock.passphrase = [shared]() -> Result<SecretBytes> { return shared->clone(); };
    } else if (!key.empty()) {
        copy.unlock.key = Secret<32>::from_view(key.reveal());
    } else {
        TRY_ASSIGN(copy.unlock.key, carepost::c_abi::unlock_key_of(options.home, make));
    }
    return copy;
}

carepost_options* carepost_options_new(void) {
    try {
        auto* made = new carepost_options;
        made->options.allow_sandbox = false;
        return made;
    } catch (...) {
        return nullptr;
    }
}
void carepost_options_free(carepost_options* options) { delete options; }

carepost_error* carepost_options_set_home(carepost_options* options, const char* directory) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(directory);
        options->options.home = directory;
        return {};
    });
}

carepost_error* carepost_options_set_passphrase(carepost_options* options, const void* passphrase, std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(passphrase);
        if (size == 0 || size > kPassphrase)
            return fail(ErrorCode::bad_argument, "the passphrase is empty or longer than 1,024 bytes",
                        "give another one");
        options->passphrase = SecretBytes::copy_from(bytes(passphrase, size));
        options->key = SecretBytes();
        return {};
    });
}

carepost_error* carepost_options_set_unlock_key(carepost_options* options, const void* key, std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(key);
        if (size != 32)
            return fail(ErrorCode::bad_argument, "the unlock key does not have 32 bytes",
                        "give exactly 32 random bytes");
        options->key = SecretBytes::copy_from(bytes(key, size));
        options->passphrase = SecretBytes();
        return {};
    });
}

carepost_error* carepost_options_set_deadline(carepost_options* options, std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        if (deadline_ms == 0 || deadline_ms > kDeadlineMost)
            return fail(ErrorCode::bad_argument, "the deadline is not between 1 and 3,600,000 ms", "give milliseconds");
        options->options.timeout = std::chrono::milliseconds(deadline_ms);
        return {};
    });
}

carepost_error* carepost_options_set_allow_sandbox(carepost_options* options, int allow) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        options->options.allow_sandbox = allow != 0;
        return {};
    });
}

carepost_error* carepost_options_add_witness(carepost_options* options, const char* key) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(key);
        TRY(carepost::trust::parse_cosigner(key));
        if (options->options.witnesses.size() >= carepost::limits::kWitnesses)
            return fail(ErrorCode::too_many, "more than 16 witnesses", "name those that matter");
        options->options.witnesses.emplace_back(key);
        return {};
    });
}

carepost_error* carepost_options_require_witnesses(carepost_options* options, std::uint32_t required) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        options->options.witnesses_required = required;
        return {};
    });
}

carepost_error* carepost_options_set_software(carepost_options* options, const char* name_and_version) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(name_and_version);
        std::string text = name_and_version;
        if (text.empty() || text.size() > kSoftware)
            return fail(ErrorCode::bad_argument, "the name of the program is empty or longer than 100 bytes",
                        "give its name and version, such as \"MediFlow 4.2\"");
        options->options.software = std::move(text);
        return {};
    });
}
