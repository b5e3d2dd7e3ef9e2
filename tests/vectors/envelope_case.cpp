#include "tests/vectors/envelope_case.h"

#include <stdexcept>

#include "client-lib/seal/envelope.h"
#include "client-lib/seal/message_keys.h"
#include "client-lib/seal/padme.h"
#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::vectors {
namespace {

template <typename Fixed>
Fixed fixed(const Json& object, const char* member) {
    const auto value = Fixed::from(hex_of(object, member));
    if (!value) throw std::invalid_argument(std::string(member) + " has another length");
    return *value;
}
Secret<32> secret(const Json& object, const char* member) {
    auto value = Secret<32>::from_view(hex_of(object, member));
    if (!value) throw std::invalid_argument(std::string(member) + " is not 32 bytes");
    return std::move(*value);
}

seal::Recipient recipient_of(const Json& in) {
    seal::Recipient out;
    out.address = in.at("address");
    out.mailbox = fixed<MailboxId>(in, "mailbox");
    out.epoch = in.at("epoch");
    out.key = seal::SealingKeyPair::from_epoch_secret(secret(in, "epoch_secret")).value().public_key;
    out.head_seq = in.at("head_seq");
    out.head_hash = fixed<Hash>(in, "head_hash");
    out.seq = in.at("seq");
    out.previous = fixed<Hash>(in, "previous");
    return out;
}

std::optional<MessageId> optional_id(const Json& in, const char* member) {
    return in.at(member).get<std::string>().empty() ? std::nullopt : std::optional(fixed<MessageId>(in, member));
}

seal::MessageMeta meta_of(const Json& in) {
    seal::MessageMeta out;
    out.created_ms = in.at("created_ms");
    out.expires_ms = in.at("expires_ms");
    out.collect_by_ms = in.at("collect_by_ms");
    out.flags = in.at("flags");
    out.log_size = in.at("log_size");
    out.header.kind = in.at("kind") == 0 ? codec::MessageKind::message : codec::MessageKind::receipt;
    out.header.audience = in.at("audience");
    out.header.subject = in.at("subject");
    out.header.type = in.at("type");
    out.header.format = in.at("format");
    out.header.patient = in.at("patient");
    out.header.conversation = optional_id(in, "conversation");
    out.header.reply_to = optional_id(in, "reply_to");
    out.header.replaces = optional_id(in, "replaces");
    for (const Json& pair : in.at("metadata"))
        out.header.metadata.push_back({pair.at(0), pair.at(1)});
    out.header.checkpoint = hex_of(in, "checkpoint");
    out.header.receipt = hex_of(in, "receipt");
    return out;
}

// The sealing itself, and what lies at the broker after it.
struct Sealed {
    seal::SealedEnvelope envelope;
    Bytes stanzas;
    std::vector<Bytes> contents;
    std::vector<seal::SealedContent> totals;
    SigningKey key;

    ByteView stanza(std::size_t index) const {
        return ByteView(stanzas).subspan(index * limits::kStanza, limits::kStanza);
    }
};

Sealed seal_inputs(const Json& inputs) {
    GivenRandom random(hex_of(inputs, "random"));
    Sealed out{{}, {}, {}, {}, SigningKey::from_seed(secret(inputs.at("sender"), "signing_seed"))};
    seal::SealLimits limits;
    limits.recipients = limits::kRecipientsBroadcast;
    auto sealer = seal::MessageSealer::begin(fixed<MessageId>(inputs, "message_id"), random, limits).value();
    for (const Json& content : inputs.at("contents")) {
        const Bytes plain = plain_of(content);
        seal::ViewSource source(plain);
        seal::BytesSink sink(out.contents.emplace_back());
        out.totals.push_back(
            sealer.add_content({content.at("name"), content.at("media_type"), plain.size()}, source, sink).value());
    }
    const Json& from = inputs.at("sender");
    seal::Sender sender;
    sender.own = recipient_of(from);
    sender.member = fixed<MemberId>(from, "member");
    sender.signing_key = &out.key;
    sender.certificate_hash = fixed<Hash>(from, "certificate_hash");
    sender.chain_seq = from.at("head_seq");
    sender.chain_hash = fixed<Hash>(from, "head_hash");
    std::vector<seal::Recipient> recipients;
    for (const Json& to : inputs.at("recipients"))
        recipients.push_back(recipient_of(to));
    seal::RecipientList list(recipients);
    seal::BytesSink stanzas(out.stanzas);
    out.envelope = sealer.finish(meta_of(inputs.at("meta")), sender, list, stanzas).value();
    return out;
}

// Stanza `index` belongs to the sender (0) or to recipient index - 1, unless the sender is among the recipients.
const Json& owner_of(const Json& inputs, std::size_t index) {
    return index == 0 ? inputs.at("sender") : inputs.at("recipients").at(index - 1);
}

Json hashes_to_json(std::span<const Hash> hashes) {
    Json out = Json::array();
    for (const Hash& hash : hashes)
        out.push_back(hash.hex());
    return out;
}

Json stanzas_to_json(const Json& inputs, const Sealed& sealed, const seal::StanzaBinding& binding) {
    trust::Append tree{trust::Frontier{}};
    for (std::size_t i = 0; i < sealed.envelope.stanza_count; ++i)
        tree.append(trust::leaf_hash(sealed.stanza(i)));
    Json out = Json::array();
    for (const Json& number : inputs.at("shown")) {
        const std::size_t index = number;
        const Json& owner = owner_of(inputs, index);
        const auto pair = seal::SealingKeyPair::from_epoch_secret(secret(owner, "epoch_secret")).value();
        out.push_back(
            {{"index", index},
             {"kem_seed", to_hex(pair.seed.reveal())},
             {"public_key", pair.public_key.hex()},
             {"aad", to_hex(seal::stanza_aad(binding, fixed<MailboxId>(owner, "mailbox"), owner.at("epoch")))},
             {"stanza", to_hex(sealed.stanza(index))},
             {"proof", hashes_to_json(tree.inclusion(index).value())}});
    }
    return out;
}

Json contents_to_json(const Sealed& sealed, const codec::Header& header, const seal::ContentKey& key,
                      const MessageId& id) {
    Json out = Json::array();
    for (std::size_t i = 0; i < sealed.contents.size(); ++i) {
        const auto body = seal::body_key(key, id);
        out.push_back({{"key", to_hex(i == 0 ? ByteView(body.reveal()) : header.items[i].key.reveal())},
                       {"context", to_hex(seal::content_context(id, static_cast<std::uint32_t>(i)))},
                       {"leaves", hashes_to_json(sealed.totals[i].leaves)},
                       {"root", sealed.totals[i].root.hex()},
                       {"sha256", sha256(sealed.contents[i]).hex()},
                       {"sealed", to_base64(sealed.contents[i])}});
    }
    return out;
}

}  // namespace

Bytes plain_of(const Json& content) {
    const Bytes repeat = hex_of(content, "repeat");
    Bytes out(content.at("size").get<std::size_t>());
    if (!out.empty() && repeat.empty()) throw std::invalid_argument("nothing to repeat");
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = repeat[i % repeat.size()];
    return out;
}

Json outputs_of(const Json& inputs) {
    const Sealed sealed = seal_inputs(inputs);
    const auto routing = codec::decode_routing(sealed.envelope.routing).value();
    const seal::StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member,
                                      routing.commitment};
    const auto own = seal::SealingKeyPair::from_epoch_secret(secret(inputs.at("sender"), "epoch_secret")).value();
    const auto wrapped = seal::unwrap(codec::decode_stanza(sealed.stanza(0)).value(), binding, own.seed).value();
    const auto header_key = seal::header_key(wrapped.key, routing.message_id, routing.stanza_root);
    const auto signature_key = seal::signature_key(wrapped.key, routing.message_id, routing.stanza_root);
    const SecretBytes padded = seal::open_once(header_key, sealed.envelope.header).value();
    const ByteView header = seal::unpad_header(padded.reveal()).value();
    const auto parsed = codec::decode_header(header).value();
    return {{"content_key", to_hex(wrapped.key.reveal())},
            {"commitment", routing.commitment.hex()},
            {"header_key", to_hex(header_key.reveal())},
            {"signature_key", to_hex(signature_key.reveal())},
            {"verify_key", sealed.key.verify_key().hex()},
            {"stanza_info", to_hex(seal::stanza_info(binding))},
            {"stanza_count", routing.stanza_count},
            {"stanza_root", routing.stanza_root.hex()},
            {"stanzas", stanzas_to_json(inputs, sealed, binding)},
            {"contents", contents_to_json(sealed, parsed, wrapped.key, routing.message_id)},
            {"header_plain", to_hex(header)},
            {"header", to_hex(sealed.envelope.header)},
            {"routing", to_hex(sealed.envelope.routing)},
            {"routing_hash", sealed.envelope.routing_hash.hex()},
            {"signature_plain", to_hex(seal::open_once(signature_key, sealed.envelope.signature).value().reveal())},
            {"signature", to_hex(sealed.envelope.signature)}};
}

namespace {

Result<seal::OpenedMessage> open_one(const Json& inputs, const Json& outputs, const Json& shown) {
    const Json& from = inputs.at("sender");
    const Json& owner = owner_of(inputs, shown.at("index"));
    const Bytes routing = hex_of(outputs, "routing");
    const Bytes stanza = hex_of(shown, "stanza");
    const Bytes header = hex_of(outputs, "header");
    const Bytes signature = hex_of(outputs, "signature");
    trust::Proof proof;
    for (const Json& hash : shown.at("proof"))
        proof.push_back(Hash::from_hex_text(hash.get<std::string>()).value());
    const seal::ReceivedEnvelope received{routing, stanza, shown.at("index"), proof, header, signature};
    const seal::Reader reader{fixed<MailboxId>(owner, "mailbox"), owner.at("address")};
    const auto secrets = [&owner](std::uint32_t epoch) -> Result<Secret<32>> {
        if (owner.at("epoch") != epoch) return fail(ErrorCode::not_found, "no such epoch");
        return secret(owner, "epoch_secret");
    };
    const auto senders = [&](const seal::SenderQuery& query) -> Result<seal::SenderState> {
        seal::SenderState state;
        state.mailbox = query.mailbox;
        state.member = query.member;
        state.signing_key = fixed<VerifyKey>(outputs, "verify_key");
        state.may_send = true;
        state.certificate_hash = fixed<Hash>(from, "certificate_hash");
        state.chain_hash = fixed<Hash>(from, "head_hash");
        return state;
    };
    return seal::open_message(received, reader, secrets, senders);
}

bool content_agrees(const seal::OpenedMessage& message, const Json& input, const Json& output, std::uint32_t index) {
    Bytes leaves;
    for (const Json& hash : output.at("leaves"))
        ByteWriter(leaves).raw(from_hex(hash.get<std::string>()).value());
    const Bytes sealed = from_base64(output.at("sealed").get<std::string>()).value();
    auto opener = message.content(index, leaves);
    if (!opener || opener->layout().sealed_length() != sealed.size()) return false;
    Bytes plain;
    for (std::uint64_t part = 0; part < opener->layout().parts(); ++part) {
        const auto opened = opener->open_part(
            part, ByteView(sealed).subspan(opener->layout().part_offset(part), opener->layout().part_size(part)));
        if (!opened) return false;
        plain.insert(plain.end(), opened->begin(), opened->end());
    }
    return plain == plain_of(input);
}

}  // namespace

Tally open_all(const Json& inputs, const Json& outputs) {
    Tally tally;
    for (const Json& shown : outputs.at("stanzas")) {
        const std::string name = "opening stanza " + shown.at("index").dump();
        const auto message = open_one(inputs, outputs, shown);
        const Json& owner = owner_of(inputs, shown.at("index"));
        tally.count(message && message->seq() == owner.at("seq") &&
                        message->previous() == fixed<Hash>(owner, "previous") &&
                        message->header().subject == inputs.at("meta").at("subject").get_ref<const std::string&>(),
                    name + (message ? "" : ": " + message.error().message));
        if (!message) continue;
        for (std::uint32_t i = 0; i < inputs.at("contents").size(); ++i) {
            tally.count(content_agrees(*message, inputs.at("contents").at(i), outputs.at("contents").at(i), i),
                        name + ", content " + std::to_string(i));
        }
    }
    return tally;
}

}  // namespace carepost::vectors
