#include "proto/codec/envelope.h"

#include "proto/codec/canonical.h"
#include "proto/codec/content_layout.h"
#include "proto/schema/envelope.pb.h"

namespace carepost::codec {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kContentsMost = 1 + limits::kAttachments;
constexpr std::size_t kStanzasMost = 1 + limits::kRecipientsBroadcast;  // and the sender's own

std::unexpected<Error> malformed(std::string what) { return fail(ErrorCode::malformed_request, std::move(what)); }

// What both directions require of a routing. Nothing when it is sound, else what is wrong.
std::optional<std::string> fault_of(const Routing& routing) {
    if ((routing.flags & ~routing_flag::kAll) != 0) return "routing: unknown flags";
    if (routing.contents.empty()) return "routing: no body";
    if (routing.contents.size() > kContentsMost) return "routing: too many contents";
    if (routing.stanza_count == 0 || routing.stanza_count > kStanzasMost) return "routing: number of stanzas";
    if (routing.header_length == 0 || routing.header_length > limits::kHeader) return "routing: length of the header";
    if (routing.expires_ms <= routing.created_ms) return "routing: expires before it was created";
    std::uint64_t total = 0;
    for (const Content& content : routing.contents) {
        if (!ContentLayout::from_sealed(content.sealed_length)) return "routing: impossible length of a content";
        total += content.sealed_length;
    }
    if (total > limits::kMessageSealed) return "routing: contents are too long";
    return std::nullopt;
}

void write_contents(const Routing& routing, schema::Routing& out) {
    for (const Content& content : routing.contents) {
        auto* item = out.add_contents();
        item->set_sealed_length(content.sealed_length);
        item->set_root(field_of(content.root));
    }
}

bool read_ids(const schema::Routing& in, Routing& out) {
    const auto message = fixed_from<MessageId>(in.message_id());
    const auto mailbox = fixed_from<MailboxId>(in.sender_mailbox());
    const auto member = fixed_from<MemberId>(in.sender_member());
    const auto commitment = fixed_from<Hash>(in.commitment());
    const auto header = fixed_from<Hash>(in.header_hash());
    const auto stanzas = fixed_from<Hash>(in.stanza_root());
    if (!message || !mailbox || !member || !commitment || !header || !stanzas) return false;
    out.message_id = *message;
    out.sender_mailbox = *mailbox;
    out.sender_member = *member;
    out.commitment = *commitment;
    out.header_hash = *header;
    out.stanza_root = *stanzas;
    return true;
}

bool read_contents(const schema::Routing& in, Routing& out) {
    if (static_cast<std::size_t>(in.contents_size()) > kContentsMost) return false;
    for (const auto& content : in.contents()) {
        const auto root = fixed_from<Hash>(content.root());
        if (!root) return false;
        out.contents.push_back({content.sealed_length(), *root});
    }
    return true;
}

}  // namespace

Result<Bytes> encode(const Routing& routing) {
    if (auto fault = fault_of(routing)) return fail(ErrorCode::bad_argument, std::move(*fault));
    schema::Routing out;
    out.set_version(kVersion);
    out.set_message_id(field_of(routing.message_id));
    out.set_sender_mailbox(field_of(routing.sender_mailbox));
    out.set_sender_member(field_of(routing.sender_member));
    out.set_created_ms(routing.created_ms);
    out.set_expires_ms(routing.expires_ms);
    out.set_collect_by_ms(routing.collect_by_ms);
    out.set_flags(routing.flags);
    out.set_commitment(field_of(routing.commitment));
    out.set_header_length(routing.header_length);
    out.set_header_hash(field_of(routing.header_hash));
    write_contents(routing, out);
    out.set_stanza_count(routing.stanza_count);
    out.set_stanza_root(field_of(routing.stanza_root));
    out.set_log_size(routing.log_size);
    return copy_of(view_of(out.SerializeAsString()));
}

Result<Routing> decode_routing(ByteView bytes) {
    if (bytes.size() > limits::kRouting) return fail(ErrorCode::too_large, "routing: more than 8 KiB");
    const auto in = parse_canonical<schema::Routing>(bytes);
    if (!in) return malformed("routing: not one of this protocol");
    if (in->version() != kVersion) return fail(ErrorCode::unsupported_version, "routing: unknown version");
    Routing out;
    if (!read_ids(*in, out)) return malformed("routing: length of an id or hash");
    if (!read_contents(*in, out)) return malformed("routing: contents");
    out.created_ms = in->created_ms();
    out.expires_ms = in->expires_ms();
    out.collect_by_ms = in->collect_by_ms();
    out.flags = in->flags();
    out.header_length = in->header_length();
    out.stanza_count = in->stanza_count();
    out.log_size = in->log_size();
    if (auto fault = fault_of(out)) return malformed(std::move(*fault));
    return out;
}

StanzaBytes encode(const Stanza& stanza) {
    Bytes bytes;
    bytes.reserve(limits::kStanza);
    ByteWriter(bytes).raw(stanza.mailbox.view()).u32(stanza.epoch).raw(stanza.enc).raw(stanza.wrapped);
    StanzaBytes out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

Result<Stanza> decode_stanza(ByteView bytes) {
    if (bytes.size() != limits::kStanza) return malformed("stanza: not 1,228 bytes");
    ByteReader reader(bytes);
    Stanza out;
    // The size was checked, so that none of these reads can fail.
    out.mailbox = *MailboxId::from(*reader.raw(MailboxId::kSize));
    out.epoch = *reader.u32();
    const ByteView enc = *reader.raw(out.enc.size());
    const ByteView wrapped = *reader.raw(out.wrapped.size());
    std::copy(enc.begin(), enc.end(), out.enc.begin());
    std::copy(wrapped.begin(), wrapped.end(), out.wrapped.begin());
    return out;
}

Bytes encode(const SignaturePart& part) {
    schema::SignaturePart out;
    out.set_version(kVersion);
    out.set_certificate_hash(field_of(part.certificate_hash));
    out.set_chain_seq(part.chain_seq);
    out.set_chain_hash(field_of(part.chain_hash));
    out.set_signature(field_of(part.signature));
    return copy_of(view_of(out.SerializeAsString()));
}

Result<SignaturePart> decode_signature_part(ByteView bytes) {
    if (bytes.size() > limits::kSignaturePart) return fail(ErrorCode::too_large, "signature part: more than 4 KiB");
    const auto in = parse_canonical<schema::SignaturePart>(bytes);
    if (!in) return malformed("signature part: not one of this protocol");
    if (in->version() != kVersion) return fail(ErrorCode::unsupported_version, "signature part: unknown version");
    const auto certificate = fixed_from<Hash>(in->certificate_hash());
    const auto chain = fixed_from<Hash>(in->chain_hash());
    const auto signature = fixed_from<Signature>(in->signature());
    if (!certificate || !chain || !signature) return malformed("signature part: length of a hash or signature");
    return SignaturePart{*certificate, in->chain_seq(), *chain, *signature};
}

}  // namespace carepost::codec
