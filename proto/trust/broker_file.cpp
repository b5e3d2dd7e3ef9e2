#include "proto/trust/broker_file.h"

#include <algorithm>
#include <array>

#include "proto/trust/armor.h"
#include "proto/trust/keys.h"

namespace carepost::trust {
namespace {

std::unexpected<Error> invalid(const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "broker file: " + what,
                "get the file again from the broker's operator");
}

struct Line {
    std::string_view title;
    std::string value;
};

// What stands above the armor. Format and check use the same list.
std::array<Line, 4> lines_for_people(const TrustedBroker& broker) {
    return {Line{"Broker:", broker.file().name}, Line{"Endpoint:", broker.file().endpoint},
            Line{"Log:", broker.file().directory_origin}, Line{"Fingerprint:", broker.fingerprint()}};
}

Status check_keys(const codec::BrokerFile& file) {
    for (const VerifyKey* key : {&file.directory_key, &file.evidence_key, &file.statement_key, &file.root_key}) {
        if (!is_valid_verify_key(*key)) return invalid("one of its keys is not a valid Ed25519 key");
    }
    if (file.audit_key && !is_valid_verify_key(*file.audit_key)) return invalid("the audit log's key is not valid");
    // A cosigned text begins with this line where a checkpoint has its origin (decision 80).
    for (const std::string* origin : {&file.directory_origin, &file.evidence_origin}) {
        if (*origin == "cosignature/v1") return invalid("an origin that other signed texts begin with");
    }
    if (!is_valid_transport_key(file.transport_key)) return invalid("the transport key is not valid");
    // One key, one purpose: a signature for one must never count for another.
    std::vector<VerifyKey> keys{file.directory_key, file.evidence_key, file.statement_key, file.root_key};
    if (file.audit_key) keys.push_back(*file.audit_key);
    std::ranges::sort(keys);
    if (std::ranges::adjacent_find(keys) != keys.end()) return invalid("one key serves two purposes");
    return {};
}

// A line for people must say what is signed, if it is there at all.
Status check_lines(std::string_view text, const TrustedBroker& broker, std::string_view source) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        std::string_view line = text.substr(0, end + 1);
        text.remove_prefix(end + 1);
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
            line.remove_suffix(1);
        for (const Line& expected : lines_for_people(broker)) {
            if (!line.starts_with(expected.title)) continue;
            std::string_view value = line.substr(expected.title.size());
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            if (value == expected.value) continue;
            return fail(ErrorCode::certificate_invalid,
                        std::string(source) + ": the line '" + std::string(expected.title) +
                            "' is not what was signed, which is '" + expected.value + "'",
                        "somebody changed the file: do not use it");
        }
    }
    return {};
}

}  // namespace

std::string TrustedBroker::fingerprint() const { return trust::fingerprint(file_.root_key.view()); }

Result<codec::SignedObject> sign_broker_file(const codec::BrokerFile& file, const SigningKey& root) {
    if (file.root_key != root.verify_key()) {
        return fail(ErrorCode::bad_argument, "the broker file names another root key than the one that is to sign it");
    }
    TRY_ASSIGN(Bytes object, codec::encode(file));
    return sign_object(std::move(object), label::kPolicy, {&root});
}

Result<TrustedBroker> verify_broker_file(const codec::SignedObject& signed_object) {
    auto file = codec::decode_broker_file(signed_object.object);
    if (!file) return invalid(file.error().message);
    TRY(check_keys(*file));
    if (!is_signed_by(signed_object, label::kPolicy, file->root_key)) return invalid("not signed by the root it names");
    std::vector<Registrar> registrars;
    for (const codec::SignedObject& registrar : file->registrars) {
        TRY_ASSIGN(Registrar verified, verify_registrar(registrar, file->root_key, file->sandbox));
        registrars.push_back(std::move(verified));
    }
    return TrustedBroker(std::move(*file), std::move(registrars), signed_object);
}

Status check_successor(const TrustedBroker& known, const TrustedBroker& next) {
    const auto refused = [](const std::string& what) {
        return fail(ErrorCode::broker_untrusted, "the new broker file " + what,
                    "keep the old one, and ask the broker's operator");
    };
    if (known.file().root_key != next.file().root_key) return refused("is signed by another root");
    if (known.file().sandbox != next.file().sandbox) return refused("is of another mode: sandbox or not");
    if (known.signed_object().object == next.signed_object().object) return {};
    if (next.file().number <= known.file().number) {
        return refused("has number " + std::to_string(next.file().number) + ", not above " +
                       std::to_string(known.file().number));
    }
    return {};
}

std::string format_broker_file(const TrustedBroker& broker) {
    std::string out = "CarePost broker file. Compare the fingerprint with the one the operator tells you.\n\n";
    for (const Line& line : lines_for_people(broker)) {
        out += std::string(line.title) + std::string(13 - line.title.size(), ' ') + line.value + "\n";
    }
    const auto bytes = codec::encode(broker.signed_object());
    return out + "\n" + armor(armor_kind::kBroker, *bytes);  // it was decoded from such bytes, so it encodes
}

Result<TrustedBroker> parse_broker_file(std::string_view text, std::string_view source) {
    TRY_ASSIGN(const Bytes bytes, unarmor(armor_kind::kBroker, text, source));
    const auto signed_object = codec::decode_signed_object(bytes, codec::kBrokerFileMost);
    if (!signed_object) {
        return fail(ErrorCode::damaged_file, std::string(source) + ": " + signed_object.error().message,
                    "get the file again from the broker's operator");
    }
    TRY_ASSIGN(TrustedBroker broker, verify_broker_file(*signed_object));
    TRY(check_lines(text, broker, source));
    return broker;
}

}  // namespace carepost::trust
