#include <algorithm>
#include <unordered_set>

#include "client-lib/seal/content_opener.h"
#include "client-lib/seal/envelope.h"
#include "client-lib/seal/message_keys.h"
#include "client-lib/seal/padme.h"
#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::seal {
namespace {

std::unexpected<Error> refuse(std::string reason) {
    return fail(ErrorCode::cannot_open, "The message was refused: " + std::move(reason),
                "Do not trust it; ask the sender to send it again");
}

// Wrong bytes from outside are all the same to the caller: the message cannot be opened.
template <typename T>
Result<T> or_refuse(Result<T> result) {
    if (!result) return refuse(result.error().message);
    return result;
}

// Nothing when every mailbox that has a stanza is named, each once.
bool names_everyone(const codec::Header& header, const codec::Routing& routing) {
    std::unordered_set<MailboxId> mailboxes{routing.sender_mailbox};
    std::unordered_set<MailboxId> named;
    for (const codec::Addressee& addressee : header.addressees) {
        if (!named.insert(addressee.mailbox).second) return false;
        mailboxes.insert(addressee.mailbox);
    }
    return mailboxes.size() == routing.stanza_count;
}

// Every content has the one length that its true size is padded to.
bool sizes_agree(const codec::Header& header, const codec::Routing& routing) {
    if (header.items.size() != routing.contents.size()) return false;
    for (std::size_t i = 0; i < header.items.size(); ++i) {
        if (header.items[i].size > limits::kMessage) return false;
        const auto layout = codec::ContentLayout::from_plain(padme(header.items[i].size));
        if (!layout || layout->sealed_length() != routing.contents[i].sealed_length) return false;
    }
    return true;
}

}  // namespace

struct OpenedMessage::State {
    codec::Routing routing;
    Hash routing_hash;
    codec::Header header;
    SenderState sender;
    std::uint32_t epoch = 0;
    std::uint64_t seq = 0;
    Hash previous;
    ContentKey key;
    MailboxId reader;
};

// The checks, one function for each group, in the order in which open_message runs them.
struct OpenedMessageMaker {
    const ReceivedEnvelope& received;
    const Reader& reader;
    std::unique_ptr<OpenedMessage::State> message = std::make_unique<OpenedMessage::State>();
    codec::Stanza stanza = {};

    Status read_clear_parts() {
        TRY_ASSIGN(message->routing, or_refuse(codec::decode_routing(received.routing)));
        TRY_ASSIGN(stanza, or_refuse(codec::decode_stanza(received.stanza)));
        message->routing_hash = sha256(received.routing);
        message->reader = reader.mailbox;
        message->epoch = stanza.epoch;
        return {};
    }

    Status unwrap_key(const EpochSecrets& secrets) {
        const codec::Routing& routing = message->routing;
        const StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member,
                                    routing.commitment};
        TRY_ASSIGN(const Secret<32> secret, secrets(stanza.epoch));
        TRY_ASSIGN(const SealingKeyPair pair, SealingKeyPair::from_epoch_secret(secret));
        TRY_ASSIGN(Wrapped wrapped, or_refuse(unwrap(stanza, binding, pair.seed)));
        if (commitment_of(wrapped.key, routing.message_id) != routing.commitment) {
            return refuse("the content key is not the one committed to");
        }
        message->key = std::move(wrapped.key);
        message->seq = wrapped.seq;
        message->previous = wrapped.previous;
        return {};
    }

    Status check_header_hash() const {
        const codec::Routing& routing = message->routing;
        if (received.header.size() != routing.header_length || sha256(received.header) != routing.header_hash) {
            return refuse("the header is not the one of the routing");
        }
        return {};
    }

    Status check_sender(const SenderLookup& senders) {
        const codec::Routing& routing = message->routing;
        if (received.signature.size() > limits::kSignaturePart) return refuse("the signature part is over 4 KiB");
        const Secret<32> key = signature_key(message->key, routing.message_id, routing.stanza_root);
        TRY_ASSIGN(const SecretBytes plain, or_refuse(open_once(key, received.signature)));
        TRY_ASSIGN(const codec::SignaturePart part, or_refuse(codec::decode_signature_part(plain.reveal())));
        TRY_ASSIGN(SenderState sender, senders({routing.sender_mailbox, routing.sender_member, routing.log_size,
                                                part.certificate_hash, part.chain_seq}));
        if (sender.mailbox != routing.sender_mailbox || sender.member != routing.sender_member) {
            return refuse("the directory answered for another sender");
        }
        if (sender.certificate_hash != part.certificate_hash || sender.chain_hash != part.chain_hash) {
            return refuse("the sender refers to a certificate or chain that the directory does not know");
        }
        if (!sender.may_send) return refuse("the sending member had no right to send");
        if (!verify(sender.signing_key, label::kMessage, received.routing, part.signature)) {
            return refuse("the sender's signature does not verify");
        }
        message->sender = std::move(sender);
        return {};
    }

    Status check_stanza() const {
        const codec::Routing& routing = message->routing;
        if (received.stanza_proof.size() > trust::kProofMost ||
            !trust::verify_inclusion(trust::leaf_hash(received.stanza), received.stanza_index, routing.stanza_count,
                                     received.stanza_proof, routing.stanza_root)) {
            return refuse("the stanza is not one of the routing at that place");
        }
        if (stanza.mailbox != reader.mailbox) return refuse("the stanza is for another mailbox");
        return {};
    }

    Status open_header() {
        const codec::Routing& routing = message->routing;
        const Secret<32> key = header_key(message->key, routing.message_id, routing.stanza_root);
        TRY_ASSIGN(const SecretBytes padded, or_refuse(open_once(key, received.header)));
        const auto plain = unpad_header(padded.reveal());
        if (!plain) return refuse("the header is padded wrongly");
        TRY_ASSIGN(message->header, or_refuse(codec::decode_header(*plain)));
        if (!sizes_agree(message->header, routing)) return refuse("header and routing disagree on the contents");
        return {};
    }

    // Above 500 recipients the header names the audience alone, and the stanza under the root shows that one is in it.
    Status check_addressees() const {
        const codec::Routing& routing = message->routing;
        const codec::Header& header = message->header;
        if (routing.stanza_count > 1 + limits::kRecipients) {
            if (!header.addressees.empty() || header.audience.empty()) return refuse("a broadcast names no audience");
            return {};
        }
        if (header.addressees.empty() || !header.audience.empty() || !names_everyone(header, routing)) {
            return refuse("the header does not name everyone who got the message");
        }
        if (reader.mailbox == routing.sender_mailbox) return {};  // the sent copy
        const bool addressed =
            std::any_of(header.addressees.begin(), header.addressees.end(), [this](const codec::Addressee& addressee) {
                return addressee.mailbox == reader.mailbox && addressee.address == reader.address;
            });
        if (!addressed) return refuse("this mailbox is not among the addressees");
        return {};
    }

    OpenedMessage finish() { return OpenedMessage(std::move(message)); }
};

Result<OpenedMessage> open_message(const ReceivedEnvelope& received, const Reader& reader, const EpochSecrets& secrets,
                                   const SenderLookup& senders) {
    OpenedMessageMaker maker{received, reader};
    TRY(maker.read_clear_parts());
    TRY(maker.unwrap_key(secrets));
    TRY(maker.check_header_hash());
    TRY(maker.check_sender(senders));
    TRY(maker.check_stanza());
    TRY(maker.open_header());
    TRY(maker.check_addressees());
    return maker.finish();
}

OpenedMessage::OpenedMessage(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpenedMessage::OpenedMessage(OpenedMessage&&) noexcept = default;
OpenedMessage& OpenedMessage::operator=(OpenedMessage&&) noexcept = default;
OpenedMessage::~OpenedMessage() = default;

const codec::Routing& OpenedMessage::routing() const { return state_->routing; }
const Hash& OpenedMessage::routing_hash() const { return state_->routing_hash; }
const codec::Header& OpenedMessage::header() const { return state_->header; }
const SenderState& OpenedMessage::sender() const { return state_->sender; }
std::uint32_t OpenedMessage::epoch() const { return state_->epoch; }
std::uint64_t OpenedMessage::seq() const { return state_->seq; }
const Hash& OpenedMessage::previous() const { return state_->previous; }
bool OpenedMessage::is_sent_copy() const { return state_->reader == state_->routing.sender_mailbox; }

const codec::Addressee* OpenedMessage::own_addressee() const {
    for (const codec::Addressee& addressee : state_->header.addressees) {
        if (addressee.mailbox == state_->reader) return &addressee;
    }
    return nullptr;
}

Result<ContentOpener> OpenedMessage::content(std::uint32_t index, ByteView leaves) const {
    if (index >= state_->routing.contents.size()) {
        return fail(ErrorCode::bad_argument, "The message has no content number " + std::to_string(index));
    }
    const codec::Content& content = state_->routing.contents[index];
    const codec::Item& item = state_->header.items[index];
    TRY_ASSIGN(std::vector<Hash> checked, check_leaves(content, leaves));
    Secret<32> key =
        index == 0 ? body_key(state_->key, state_->routing.message_id) : *Secret<32>::from_view(item.key.reveal());
    return ContentOpener(std::make_unique<ContentOpener::State>(
        *codec::ContentLayout::from_sealed(content.sealed_length), item.size, std::move(checked), std::move(key),
        content_context(state_->routing.message_id, index)));
}

}  // namespace carepost::seal
