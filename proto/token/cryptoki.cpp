#include "proto/token/cryptoki.h"

#include <dlfcn.h>

#include <filesystem>

namespace carepost::token {
namespace {

constexpr CK_ULONG kSlotsMost = 256;

// PKCS#11 pads its texts with spaces.
template <std::size_t N>
std::string text_from(const unsigned char (&padded)[N]) {
    std::string out(reinterpret_cast<const char*>(padded), N);
    out.erase(out.find_last_not_of(std::string_view(" \0", 2)) + 1);
    return out;
}

std::unexpected<Error> not_loaded(const std::string& path, const std::string& why) {
    return fail(ErrorCode::no_such_file, "the PKCS#11 module " + path + " cannot be used: " + why,
                "Give the path of the token's PKCS#11 library, for example /usr/lib/softhsm/libsofthsm2.so.");
}

std::string number(CK_RV code) {
    const auto low = static_cast<std::uint32_t>(code);
    Bytes bytes;
    ByteWriter(bytes).u32(low);
    return "0x" + to_hex(bytes);
}

// The standard tells no count, only how near the lock is.
std::string tries_left(const CK_TOKEN_INFO& info) {
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) return "the PIN is locked";
    if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) return "one try is left before the token locks itself";
    if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0) return "few tries are left before the token locks itself";
    return "tries are left";
}

std::unexpected<Error> wrong_pin(const Module& module, const FoundToken& token, CK_RV code) {
    CK_TOKEN_INFO now = token.info;
    module.call().C_GetTokenInfo(token.slot, &now);  // the flags after this try
    const bool locked = code == CKR_PIN_LOCKED || (now.flags & CKF_USER_PIN_LOCKED) != 0;
    if (locked) {
        return fail(ErrorCode::wrong_passphrase, "the PIN of the token '" + token.label + "' is locked",
                    "Unlock it with the token's own tool and its PUK or security officer's PIN.");
    }
    return fail(ErrorCode::wrong_passphrase, "the PIN of the token '" + token.label + "' is wrong: " + tries_left(now),
                "Check the PIN before the next try; nothing is tried twice here.");
}

}  // namespace

std::unexpected<Error> failed(CK_RV code, const std::string& doing, const std::string& token) {
    const std::string where = token.empty() ? "the token" : "the token '" + token + "'";
    switch (code) {
        case CKR_TOKEN_NOT_PRESENT:
        case CKR_DEVICE_REMOVED:
        case CKR_SESSION_HANDLE_INVALID:
        case CKR_SESSION_CLOSED:
        case CKR_TOKEN_NOT_RECOGNIZED:
        case CKR_SLOT_ID_INVALID:
            return fail(ErrorCode::io_failed, where + " was removed while " + doing,
                        "Put it back and start the command again; nothing was signed.");
        case CKR_USER_NOT_LOGGED_IN:
            return fail(ErrorCode::io_failed, where + " has logged the session out while " + doing,
                        "Start the command again; nothing was signed.");
        case CKR_MECHANISM_INVALID:
        case CKR_MECHANISM_PARAM_INVALID:
            return fail(ErrorCode::not_found, where + " does not know the mechanism needed for " + doing,
                        "Use a token that knows Ed25519 (CKM_EDDSA), or for certificates ECDSA or RSA.");
        default:
            return fail(ErrorCode::io_failed, where + " failed with " + number(code) + " while " + doing,
                        "See the token's own log; nothing was signed.");
    }
}

Result<std::shared_ptr<Module>> Module::load(const std::string& path) {
    std::error_code ignored;
    if (path.find('/') != std::string::npos && !std::filesystem::exists(path, ignored)) {
        return not_loaded(path, "there is no such file");
    }
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        return not_loaded(path, why == nullptr ? "it cannot be loaded" : why);
    }
    const auto entry = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST* functions = nullptr;
    if (entry == nullptr || entry(&functions) != CKR_OK || functions == nullptr) {
        ::dlclose(library);
        return not_loaded(path, "it is no PKCS#11 module");
    }
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV code = functions->C_Initialize(&arguments);
    if (code != CKR_OK && code != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        ::dlclose(library);
        return not_loaded(path, "it does not start (" + number(code) + ")");
    }
    return std::shared_ptr<Module>(new Module(library, functions, code == CKR_OK));
}

Module::~Module() {
    if (finalize_) functions_->C_Finalize(nullptr);
    ::dlclose(library_);
}

Result<FoundToken> find_token(const Module& module, const std::string& label) {
    CK_SLOT_ID slots[kSlotsMost];
    CK_ULONG count = kSlotsMost;
    if (const CK_RV code = module.call().C_GetSlotList(CK_TRUE, slots, &count); code != CKR_OK) {
        return failed(code, "looking for tokens", label);
    }
    std::vector<FoundToken> fitting;
    std::string seen;
    for (CK_ULONG i = 0; i < count; ++i) {
        FoundToken one;
        one.slot = slots[i];
        if (module.call().C_GetTokenInfo(one.slot, &one.info) != CKR_OK) continue;
        if ((one.info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
        one.label = text_from(one.info.label);
        seen += (seen.empty() ? "" : ", ") + ("'" + one.label + "'");
        if (label.empty() || one.label == label) fitting.push_back(std::move(one));
    }
    if (fitting.size() == 1) return std::move(fitting.front());
    const std::string there = seen.empty() ? "No token is there: plug it in." : "There are: " + seen + ".";
    if (!fitting.empty()) return fail(ErrorCode::not_found, "several tokens fit; say which", there);
    return fail(ErrorCode::not_found, label.empty() ? "there is no token" : "there is no token '" + label + "'", there);
}

Status log_in(const Module& module, const FoundToken& token, CK_SESSION_HANDLE session, const AskPin& ask_pin) {
    if ((token.info.flags & CKF_LOGIN_REQUIRED) == 0) return {};
    CK_RV code = CKR_OK;
    if ((token.info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
        code = module.call().C_Login(session, CKU_USER, nullptr, 0);  // the reader has a keypad
    } else {
        const bool low = (token.info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY)) != 0;
        TRY_ASSIGN(SecretBytes pin, ask_pin("PIN of the token '" + token.label + "'" +
                                            (low ? " (" + tries_left(token.info) + ")" : "")));
        code = module.call().C_Login(session, CKU_USER, pin.reveal_mutable().data(), pin.size());
    }
    switch (code) {
        case CKR_OK:
        case CKR_USER_ALREADY_LOGGED_IN:
            return {};
        case CKR_PIN_INCORRECT:
        case CKR_PIN_INVALID:
        case CKR_PIN_LEN_RANGE:
        case CKR_PIN_LOCKED:
            return wrong_pin(module, token, code);
        case CKR_FUNCTION_CANCELED:
            return fail(ErrorCode::cancelled, "the PIN was not typed on the token's reader");
        default:
            return failed(code, "logging in", token.label);
    }
}

}  // namespace carepost::token
