#pragma once
// A loaded PKCS#11 module and one session with one token: the calls of the standard, with their results as errors. Inside proto/token only.

#include <p11-kit/pkcs11.h>

#include <functional>
#include <memory>
#include <vector>

#include "proto/base/secret.h"
#include "proto/token/place.h"
#include "proto/token/token_key.h"

namespace carepost::token {

// Initialised as long as somebody holds it.
class Module {
public:
    static Result<std::shared_ptr<Module>> load(const std::string& path);
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module();
    const CK_FUNCTION_LIST& call() const { return *functions_; }

private:
    Module(void* library, CK_FUNCTION_LIST* functions, bool finalize)
        : library_(library), functions_(functions), finalize_(finalize) {}
    void* library_;
    CK_FUNCTION_LIST* functions_;
    bool finalize_;  // false: somebody else in this process had initialised it
};

struct FoundToken {
    CK_SLOT_ID slot = 0;
    CK_TOKEN_INFO info{};
    std::string label;
};

// The token of this label, or the only one. Errors: not_found, naming those that are there.
Result<FoundToken> find_token(const Module& module, const std::string& label);

// Logs in, unless the token asks for nothing. Errors: wrong_passphrase, io_failed.
Status log_in(const Module& module, const FoundToken& token, CK_SESSION_HANDLE session, const AskPin& ask_pin);

// What a failed call means for people.
std::unexpected<Error> failed(CK_RV code, const std::string& doing, const std::string& token);

}  // namespace carepost::token
