#pragma once
// Practices that send each other messages without any broker: for tests of sealing and opening.

#include <map>

#include "client-lib/seal/envelope.h"
#include "proto/base/hash.h"
#include "proto/trust/merkle.h"
#include "tests/support/seeded_random.h"

namespace carepost::test {

// One mailbox with one member and one epoch.
struct Practice {
    std::string address;
    MailboxId mailbox;
    MemberId member;
    SigningKey signing_key;
    Hash certificate_hash;
    Hash chain_hash;
    std::uint32_t epoch = 3;
    Secret<32> epoch_secret;

    Practice(std::string text, Random& random)
        : address(std::move(text)),
          mailbox(random.id<MailboxId>()),
          member(random.id<MemberId>()),
          signing_key(SigningKey::generate(random)),
          certificate_hash(random.id<Hash>()),
          chain_hash(random.id<Hash>()),
          epoch_secret(random.secret<32>()) {}

    seal::Recipient as_recipient(std::uint64_t seq = 1) const {
        seal::Recipient out;
        out.address = address;
        out.mailbox = mailbox;
        out.epoch = epoch;
        out.key = seal::SealingKeyPair::from_epoch_secret(epoch_secret).value().public_key;
        out.head_seq = 4;
        out.head_hash = chain_hash;
        out.seq = seq;
        return out;
    }
    seal::Sender as_sender() const {
        seal::Sender out;
        out.own = as_recipient();
        out.member = member;
        out.signing_key = &signing_key;
        out.certificate_hash = certificate_hash;
        out.chain_seq = 4;
        out.chain_hash = chain_hash;
        return out;
    }
    seal::SenderState as_state() const {
        seal::SenderState out;
        out.mailbox = mailbox;
        out.member = member;
        out.address = address;
        out.name = "Practice";
        out.signing_key = signing_key.verify_key();
        out.may_send = true;
        out.certificate_hash = certificate_hash;
        out.chain_hash = chain_hash;
        return out;
    }
    seal::Reader as_reader() const { return {mailbox, address}; }
    seal::EpochSecrets secrets() const {
        return [this](std::uint32_t number) -> Result<Secret<32>> {
            if (number != epoch) return fail(ErrorCode::not_found, "no such epoch");
            return epoch_secret.clone();
        };
    }
};

// A sealed message as it lies at the broker.
struct Stored {
    seal::SealedEnvelope envelope;
    Bytes stanzas;
    std::vector<Bytes> contents;
    std::vector<seal::SealedContent> sealed;

    Bytes stanza(std::size_t index) const {
        return copy_of(ByteView(stanzas).subspan(index * limits::kStanza, limits::kStanza));
    }
    trust::Proof proof(std::size_t index) const {
        trust::Append tree{trust::Frontier{}};
        for (std::size_t i = 0; i < envelope.stanza_count; ++i)
            tree.append(trust::leaf_hash(stanza(i)));
        return tree.inclusion(index).value();
    }
    Bytes leaves(std::size_t content) const {
        Bytes out;
        for (const Hash& leaf : sealed[content].leaves)
            ByteWriter(out).raw(leaf.view());
        return out;
    }
    Bytes part(std::size_t content, std::uint64_t index) const {
        const auto layout = codec::ContentLayout::from_sealed(contents[content].size()).value();
        return copy_of(ByteView(contents[content]).subspan(layout.part_offset(index), layout.part_size(index)));
    }
};

// What one mailbox fetches. Owns its bytes, so that tests can alter them.
struct Fetched {
    Bytes routing;
    Bytes stanza;
    std::uint32_t index;
    trust::Proof proof;
    Bytes header;
    Bytes signature;

    Fetched(const Stored& stored, std::uint32_t stanza_index)
        : routing(stored.envelope.routing),
          stanza(stored.stanza(stanza_index)),
          index(stanza_index),
          proof(stored.proof(stanza_index)),
          header(stored.envelope.header),
          signature(stored.envelope.signature) {}
    seal::ReceivedEnvelope view() const { return {routing, stanza, index, proof, header, signature}; }
};

inline seal::MessageMeta some_meta() {
    seal::MessageMeta meta;
    meta.created_ms = 1'780'000'000'000;
    meta.expires_ms = meta.created_ms + 90ULL * 24 * 3600 * 1000;
    meta.flags = codec::routing_flag::kReceivedReceipt;
    meta.log_size = 17;
    meta.header.subject = "Lab result";
    meta.header.type = "lab-result";
    return meta;
}

inline seal::SenderLookup directory_of(const Practice& sender) {
    return [&sender](const seal::SenderQuery& query) -> Result<seal::SenderState> {
        if (query.mailbox != sender.mailbox) return fail(ErrorCode::not_found, "no such mailbox");
        return sender.as_state();
    };
}

// Seals `contents` (the body first) from one practice to others. Throws when anything fails.
inline Stored seal_message(const Practice& from, const std::vector<const Practice*>& to,
                           const std::vector<Bytes>& contents, Random& random, seal::MessageMeta meta = some_meta()) {
    Stored out;
    auto sealer = seal::MessageSealer::begin(random.id<MessageId>(), random).value();
    for (std::size_t i = 0; i < contents.size(); ++i) {
        seal::ViewSource source(contents[i]);
        seal::BytesSink sink(out.contents.emplace_back());
        seal::ContentInfo info;
        info.name = i == 0 ? "" : "file" + std::to_string(i) + ".pdf";
        info.media_type = i == 0 ? "text/plain" : "application/pdf";
        out.sealed.push_back(sealer.add_content(info, source, sink).value());
    }
    std::vector<seal::Recipient> recipients;
    for (const Practice* practice : to)
        recipients.push_back(practice->as_recipient());
    seal::RecipientList list(recipients);
    seal::BytesSink stanzas(out.stanzas);
    out.envelope = sealer.finish(meta, from.as_sender(), list, stanzas).value();
    return out;
}

inline Result<seal::OpenedMessage> open_as(const Practice& reader, const Practice& from, const Fetched& fetched) {
    return seal::open_message(fetched.view(), reader.as_reader(), reader.secrets(), directory_of(from));
}

// The whole plaintext of one content.
inline Result<Bytes> read_content(const seal::OpenedMessage& message, const Stored& stored, std::uint32_t index) {
    const Bytes leaves = stored.leaves(index);
    TRY_ASSIGN(seal::ContentOpener opener, message.content(index, leaves));
    Bytes out;
    for (std::uint64_t part = 0; part < opener.layout().parts(); ++part) {
        const Bytes sealed = stored.part(index, part);
        TRY_ASSIGN(const ByteView plain, opener.open_part(part, sealed));
        out.insert(out.end(), plain.begin(), plain.end());
    }
    return out;
}

}  // namespace carepost::test
