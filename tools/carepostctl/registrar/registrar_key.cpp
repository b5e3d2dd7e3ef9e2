#include "tools/carepostctl/registrar/registrar_key.h"

namespace carepost::ctl {
namespace {

class FileKey final : public RegistrarKey {
public:
    explicit FileKey(SigningKey key) : key_(std::move(key)) {}
    const VerifyKey& verify_key() const override { return key_.verify_key(); }
    Result<Signature> sign(std::string_view label, ByteView bytes) const override { return key_.sign(label, bytes); }

private:
    SigningKey key_;
};

Result<codec::SignedObject> signed_with(Bytes object, std::string_view label, const RegistrarKey& key) {
    codec::SignedObject out{std::move(object), {}};
    TRY(add_signature(out, label, key));
    return out;
}

}  // namespace

std::unique_ptr<RegistrarKey> make_file_key(SigningKey key) { return std::make_unique<FileKey>(std::move(key)); }

Result<codec::SignedObject> issue(const codec::Certificate& certificate, const RegistrarKey& key) {
    TRY_ASSIGN(Bytes bytes, codec::encode(certificate));
    return signed_with(std::move(bytes), label::kCertificate, key);
}

Result<codec::SignedObject> issue(const codec::Revocation& revocation, const RegistrarKey& key) {
    TRY_ASSIGN(Bytes bytes, codec::encode(revocation));
    return signed_with(std::move(bytes), label::kRevocation, key);
}

Status add_signature(codec::SignedObject& object, std::string_view label, const RegistrarKey& key) {
    if (object.signatures.size() >= codec::kSignaturesMost) {
        return fail(ErrorCode::too_many, "this object carries too many signatures already");
    }
    TRY_ASSIGN(const Signature signature, key.sign(label, object.object));
    object.signatures.push_back({key.verify_key(), signature});
    return {};
}

}  // namespace carepost::ctl
