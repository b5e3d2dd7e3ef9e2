// The registrar's key in a PKCS#11 token, and the file of the desk that says where it is.
#include "proto/token/token_key.h"
#include "proto/base/file.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFirstLine = "carepost token 1";
constexpr std::size_t kFileMost = 8192;

class TokenRegistrarKey final : public RegistrarKey {
public:
    TokenRegistrarKey(token::TokenKey key, const VerifyKey& verify_key) : key_(std::move(key)), public_(verify_key) {}
    const VerifyKey& verify_key() const override { return public_; }
    Result<Signature> sign(std::string_view label, ByteView bytes) const override {
        TRY_ASSIGN(const Signature signature, key_.sign_ed25519(signed_text(label, bytes)));
        if (verify(public_, label, bytes, signature)) return signature;
        return fail(ErrorCode::io_failed, "the token gave a signature that does not verify",
                    "Do not use this token any more before its maker has explained it; nothing was signed.");
    }

private:
    token::TokenKey key_;
    VerifyKey public_;
};

token::AskPin pin_of(const KeyUnlock& unlock, const Context& context) {
    return [&unlock, no_input = context.no_input](const std::string& prompt) -> Result<SecretBytes> {
        TRY_ASSIGN(std::optional<SecretBytes> pin, token_pin(unlock, prompt, no_input));
        if (pin) return std::move(*pin);
        return fail(ErrorCode::wrong_passphrase, "the token wants a PIN, and nobody can be asked for it",
                    "Give it with --pin-file FILE, --pin-fd N, or the service credential registrar-pin.");
    };
}

std::string file_text(const token::Place& place, const VerifyKey& key) {
    return std::string(kFirstLine) + "\nmodule " + place.module + "\ntoken " + place.token + "\nlabel " + place.key +
           "\nid " + to_hex(place.id) + "\nkey " + key.hex() + "\n";
}

struct Remembered {
    token::Place place;
    VerifyKey key;
};

std::optional<std::string> line(std::string_view& rest, std::string_view name) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || !rest.starts_with(name) || rest.size() <= name.size()) return {};
    if (end < name.size() + 1 || rest[name.size()] != ' ') return {};
    std::string value(rest.substr(name.size() + 1, end - name.size() - 1));
    rest.remove_prefix(end + 1);
    return value;
}

std::optional<Remembered> parse(std::string_view text) {
    if (!text.starts_with(std::string(kFirstLine) + "\n")) return {};
    text.remove_prefix(kFirstLine.size() + 1);
    const auto module = line(text, "module");
    const auto label = line(text, "token");
    const auto name = line(text, "label");
    const auto id = line(text, "id");
    const auto key = line(text, "key");
    if (!module || !label || !name || !id || !key || !text.empty()) return {};
    auto raw_id = from_hex(*id);
    const auto verify_key = VerifyKey::from_hex_text(*key);
    if (!raw_id || !verify_key) return {};
    return Remembered{{*module, *label, *name, std::move(*raw_id)}, *verify_key};
}

}  // namespace

Result<std::unique_ptr<RegistrarKey>> make_token_key(const fs::path& directory, const TokenChoice& choice,
                                                     const KeyUnlock& unlock, const Context& context) {
    auto id = from_hex(choice.id);
    if (!id) return fail(ErrorCode::bad_argument, "--key-id " + choice.id + " is not hexadecimal");
    const token::Place place{choice.module, choice.token, choice.label, std::move(*id)};
    TRY_ASSIGN(token::TokenKey key, token::TokenKey::make_ed25519(place, pin_of(unlock, context), context.random));
    TRY_ASSIGN(const VerifyKey verify_key, key.verify_key());
    context.print.note((key.was_made() ? "Made the " : "Using the ") + token::describe(key.place()) + ".");
    TRY(write_file_atomic(directory / kRegistrarToken, view_of(file_text(key.place(), verify_key)), kPublicFile,
                          Existing::keep));
    return std::unique_ptr<RegistrarKey>(std::make_unique<TokenRegistrarKey>(std::move(key), verify_key));
}

Result<std::unique_ptr<RegistrarKey>> open_token_key(const fs::path& directory, const KeyUnlock& unlock,
                                                     const Context& context) {
    const fs::path file = directory / kRegistrarToken;
    TRY_ASSIGN(const Bytes text, read_file_limited(file, kFileMost));
    const auto known = parse(text_of(text));
    if (!known) {
        return fail(ErrorCode::damaged_file, file.string() + " is damaged", "Put it back from a backup of the desk.");
    }
    TRY_ASSIGN(token::TokenKey key, token::TokenKey::open(known->place, pin_of(unlock, context)));
    TRY_ASSIGN(const VerifyKey verify_key, key.verify_key());
    if (verify_key != known->key) {
        return fail(ErrorCode::certificate_invalid,
                    "the " + token::describe(known->place) + " is not the one this desk was made with",
                    "Plug in the right token.");
    }
    return std::unique_ptr<RegistrarKey>(std::make_unique<TokenRegistrarKey>(std::move(key), verify_key));
}

}  // namespace carepost::ctl
