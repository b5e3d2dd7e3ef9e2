#include "proto/token/token_key.h"

#include <algorithm>
#include <array>

#include "proto/token/cryptoki.h"

namespace carepost::token {
namespace {

constexpr CK_ULONG kFitting = 2;  // more than one is one too many
constexpr std::size_t kAttributeMost = 4096;
constexpr std::size_t kSignatureMost = 2048;
constexpr std::size_t kIdBytes = 8;

// edwards25519 (RFC 8410), as older drafts of the standard name it, and as an object identifier.
constexpr std::array<std::uint8_t, 5> kCurveOid{0x06, 0x03, 0x2b, 0x65, 0x70};
constexpr std::array<std::uint8_t, 14> kCurveName{0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                                  'd',  's',  '2', '5', '5', '1', '9'};

CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
    return {type, const_cast<void*>(value), size};  // the standard reads through this pointer
}

std::optional<KeyKind> kind_of(CK_KEY_TYPE type) {
    switch (type) {
        case CKK_EC_EDWARDS:
            return KeyKind::ed25519;
        case CKK_EC:
            return KeyKind::ec;
        case CKK_RSA:
            return KeyKind::rsa;
        default:
            return {};
    }
}

// CKA_EC_POINT of an Ed25519 key: an octet string around 32 bytes, or with some modules the 32 bytes alone.
std::optional<VerifyKey> key_of_point(ByteView point) {
    if (point.size() == 34 && point[0] == 0x04 && point[1] == 0x20) point = point.subspan(2);
    return VerifyKey::from(point);
}

}  // namespace

struct TokenKey::Session {
    std::shared_ptr<Module> module;
    FoundToken token;
    CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    KeyKind kind{};
    bool made = false;
    Place place;

    Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        if (handle == CK_INVALID_HANDLE) return;
        call().C_Logout(handle);
        call().C_CloseSession(handle);
    }
    const CK_FUNCTION_LIST& call() const { return module->call(); }

    static Result<std::unique_ptr<Session>> open(const Place& place, const AskPin& ask_pin, bool writing);
    Result<std::vector<CK_OBJECT_HANDLE>> find(CK_OBJECT_CLASS which) const;
    Result<Bytes> value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    Status settle(CK_OBJECT_HANDLE private_key);
    CK_RV generate(ByteView curve, ByteView id);
    Result<Bytes> sign(CK_MECHANISM_TYPE type, ByteView message) const;
};

Result<std::unique_ptr<TokenKey::Session>> TokenKey::Session::open(const Place& place, const AskPin& ask_pin,
                                                                   bool writing) {
    auto session = std::make_unique<Session>();
    session->place = place;
    TRY_ASSIGN(session->module, Module::load(place.module));
    TRY_ASSIGN(session->token, find_token(*session->module, place.token));
    session->place.token = session->token.label;
    const CK_FLAGS flags = CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : 0);
    const CK_RV code = session->call().C_OpenSession(session->token.slot, flags, nullptr, nullptr, &session->handle);
    if (code != CKR_OK) return failed(code, "opening a session", session->token.label);
    TRY(log_in(*session->module, session->token, session->handle, ask_pin));
    return session;
}

// The objects of this class that fit the place; two are enough to see that it is not exact.
Result<std::vector<CK_OBJECT_HANDLE>> TokenKey::Session::find(CK_OBJECT_CLASS which) const {
    std::vector<CK_ATTRIBUTE> wanted{attribute(CKA_CLASS, &which, sizeof which)};
    if (!place.key.empty()) wanted.push_back(attribute(CKA_LABEL, place.key.data(), place.key.size()));
    if (!place.id.empty()) wanted.push_back(attribute(CKA_ID, place.id.data(), place.id.size()));
    if (const CK_RV code = call().C_FindObjectsInit(handle, wanted.data(), wanted.size()); code != CKR_OK) {
        return failed(code, "looking for the key", token.label);
    }
    std::vector<CK_OBJECT_HANDLE> found(kFitting);
    CK_ULONG count = 0;
    const CK_RV code = call().C_FindObjects(handle, found.data(), kFitting, &count);
    call().C_FindObjectsFinal(handle);
    if (code != CKR_OK) return failed(code, "looking for the key", token.label);
    found.resize(count);
    return found;
}

Result<Bytes> TokenKey::Session::value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    Bytes out(kAttributeMost);
    CK_ATTRIBUTE wanted = attribute(type, out.data(), out.size());
    const CK_RV code = call().C_GetAttributeValue(handle, object, &wanted, 1);
    if (code != CKR_OK) return failed(code, "reading the " + describe(place), token.label);
    out.resize(std::min<std::size_t>(wanted.ulValueLen, kAttributeMost));
    return out;
}

Status TokenKey::Session::settle(CK_OBJECT_HANDLE private_key) {
    key = private_key;
    TRY_ASSIGN(const Bytes type, value(key, CKA_KEY_TYPE));
    CK_KEY_TYPE number = 0;
    if (type.size() != sizeof number) return failed(CKR_ATTRIBUTE_VALUE_INVALID, "reading the key", token.label);
    std::copy(type.begin(), type.end(), reinterpret_cast<std::uint8_t*>(&number));
    const auto known = kind_of(number);
    if (!known) {
        return fail(ErrorCode::not_found, "the " + describe(place) + " is of a kind that is not used here",
                    "Use an Ed25519, elliptic curve or RSA key.");
    }
    kind = *known;
    TRY_ASSIGN(place.id, value(key, CKA_ID));
    return {};
}

CK_RV TokenKey::Session::generate(ByteView curve, ByteView id) {
    const CK_BBOOL yes = CK_TRUE;
    const CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE open_part[] = {attribute(CKA_EC_PARAMS, curve.data(), curve.size()),
                                attribute(CKA_TOKEN, &yes, sizeof yes), attribute(CKA_VERIFY, &yes, sizeof yes),
                                attribute(CKA_LABEL, place.key.data(), place.key.size()),
                                attribute(CKA_ID, id.data(), id.size())};
    CK_ATTRIBUTE secret_part[] = {
        attribute(CKA_TOKEN, &yes, sizeof yes),     attribute(CKA_PRIVATE, &yes, sizeof yes),
        attribute(CKA_SENSITIVE, &yes, sizeof yes), attribute(CKA_EXTRACTABLE, &no, sizeof no),
        attribute(CKA_SIGN, &yes, sizeof yes),      attribute(CKA_LABEL, place.key.data(), place.key.size()),
        attribute(CKA_ID, id.data(), id.size())};
    CK_MECHANISM mechanism{CKM_EC_EDWARDS_KEY_PAIR_GEN, nullptr, 0};
    CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
    return call().C_GenerateKeyPair(handle, &mechanism, open_part, std::size(open_part), secret_part,
                                    std::size(secret_part), &public_key, &key);
}

Result<Bytes> TokenKey::Session::sign(CK_MECHANISM_TYPE type, ByteView message) const {
    CK_MECHANISM mechanism{type, nullptr, 0};
    if (const CK_RV code = call().C_SignInit(handle, &mechanism, key); code != CKR_OK) {
        return failed(code, "signing", token.label);
    }
    Bytes input = copy_of(message);  // the standard takes no pointer to constant bytes
    Bytes out(kSignatureMost);
    CK_ULONG size = out.size();
    const CK_RV code = call().C_Sign(handle, input.data(), input.size(), out.data(), &size);
    if (code != CKR_OK) return failed(code, "signing", token.label);
    out.resize(size);
    return out;
}

TokenKey::TokenKey(std::unique_ptr<Session> session) : session_(std::move(session)) {}
TokenKey::TokenKey(TokenKey&&) noexcept = default;
TokenKey& TokenKey::operator=(TokenKey&&) noexcept = default;
TokenKey::~TokenKey() = default;

KeyKind TokenKey::kind() const { return session_->kind; }
bool TokenKey::was_made() const { return session_->made; }
const Place& TokenKey::place() const { return session_->place; }

Result<TokenKey> TokenKey::open(const Place& place, const AskPin& ask_pin) {
    TRY_ASSIGN(auto session, Session::open(place, ask_pin, false));
    TRY_ASSIGN(const auto keys, session->find(CKO_PRIVATE_KEY));
    if (keys.size() != 1) {
        return fail(ErrorCode::not_found,
                    (keys.empty() ? "there is no " : "there is more than one ") + describe(session->place),
                    "List the keys of the token with its own tool, and give the key's label or id.");
    }
    TRY(session->settle(keys.front()));
    return TokenKey(std::move(session));
}

Result<TokenKey> TokenKey::make_ed25519(const Place& place, const AskPin& ask_pin, Random& random) {
    if (place.key.empty()) return fail(ErrorCode::bad_argument, "a new key in a token needs a label");
    TRY_ASSIGN(auto session, Session::open(place, ask_pin, true));
    TRY_ASSIGN(const auto there, session->find(CKO_PRIVATE_KEY));
    if (there.size() > 1) {
        return fail(ErrorCode::not_found, "there is more than one " + describe(session->place), "Give the key's id.");
    }
    if (there.empty()) {
        Bytes id = place.id;
        if (id.empty()) id.resize(kIdBytes), random.fill(id);
        CK_RV code = session->generate(kCurveOid, id);
        if (code != CKR_OK && code != CKR_MECHANISM_INVALID) code = session->generate(kCurveName, id);
        if (code != CKR_OK) return failed(code, "making an Ed25519 key", session->token.label);
        session->made = true;
    }
    TRY(session->settle(there.empty() ? session->key : there.front()));
    if (session->kind != KeyKind::ed25519) {
        return fail(ErrorCode::bad_argument, "the " + describe(session->place) + " is not an Ed25519 key",
                    "Choose another label for the new key.");
    }
    return TokenKey(std::move(session));
}

Result<VerifyKey> TokenKey::verify_key() const {
    TRY_ASSIGN(const auto keys, session_->find(CKO_PUBLIC_KEY));
    if (session_->kind == KeyKind::ed25519 && keys.size() == 1) {
        TRY_ASSIGN(const Bytes point, session_->value(keys.front(), CKA_EC_POINT));
        if (const auto key = key_of_point(point)) return *key;
    }
    return fail(ErrorCode::not_found, "there is no public Ed25519 part of the " + describe(session_->place),
                "Make the key with: carepostctl registrar new --pkcs11 ...");
}

Result<Signature> TokenKey::sign_ed25519(ByteView message) const {
    TRY_ASSIGN(const Bytes bytes, session_->sign(CKM_EDDSA, message));
    const auto signature = Signature::from(bytes);
    if (!signature) return failed(CKR_SIGNATURE_LEN_RANGE, "signing", session_->token.label);
    return *signature;
}
Result<Bytes> TokenKey::sign_ecdsa_digest(ByteView digest) const { return session_->sign(CKM_ECDSA, digest); }
Result<Bytes> TokenKey::sign_rsa_sha256(ByteView message) const { return session_->sign(CKM_SHA256_RSA_PKCS, message); }

}  // namespace carepost::token
