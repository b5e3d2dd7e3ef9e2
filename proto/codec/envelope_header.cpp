// The sealed header: texts of people, so most of this file is what may stand in them.
#include "proto/codec/canonical.h"
#include "proto/codec/envelope.h"
#include "proto/codec/text.h"
#include "proto/schema/envelope.pb.h"

namespace carepost::codec {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kAddresseesMost = 1 + limits::kRecipients;
constexpr std::size_t kKey = 32;

// A text of the header with its name and bound.
struct Text {
    std::string_view field;
    const std::string& value;
    std::size_t characters;
};

// A body of text needs no name; everything else does.
bool may_be_named(const Item& item, bool is_body) {
    return (is_body && item.name.empty()) || is_safe_file_name(item.name);
}

std::vector<Text> texts_of(const Header& header) {
    std::vector<Text> out{{"subject", header.subject, limits::kSubjectCharacters},
                          {"audience", header.audience, limits::kSubjectCharacters},
                          {"type", header.type, limits::kWordCharacters},
                          {"format", header.format, limits::kWordCharacters},
                          {"patient", header.patient, limits::kPatientCharacters}};
    for (const Addressee& addressee : header.addressees) {
        out.push_back({"address", addressee.address, limits::kWordCharacters});
    }
    for (const Metadata& metadata : header.metadata) {
        out.push_back({"metadata key", metadata.key, limits::kMetadataKeyCharacters});
        out.push_back({"metadata value", metadata.value, limits::kMetadataValueCharacters});
    }
    for (const Item& item : header.items) {
        out.push_back({"media type", item.media_type, limits::kMediaTypeCharacters});
    }
    return out;
}

// Counts and lengths, required in both directions. Nothing when sound, else what is wrong.
std::optional<std::string> fault_of(const Header& header) {
    if (header.items.empty() || header.items.size() > 1 + limits::kAttachments) return "number of contents";
    if (header.addressees.size() > kAddresseesMost) return "too many addressees";
    if (header.metadata.size() > limits::kMetadata) return "more than 64 metadata pairs";
    if (std::max(header.checkpoint.size(), header.evidence_checkpoint.size()) > limits::kCheckpoint)
        return "checkpoint over 4 KiB";
    if (header.receipt.size() > limits::kMemberReceipt) return "receipt over 1 KiB";
    for (std::size_t i = 0; i < header.items.size(); ++i) {
        if (header.items[i].key.size() != (i == 0 ? 0 : kKey)) return "length of a content key";
        if (header.items[i].name.size() > limits::kFileNameBytes) return "a file name has more than 255 bytes";
    }
    for (const Text& text : texts_of(header)) {
        if (count_characters(text.value) <= text.characters) continue;
        return std::string(text.field) + " has more than " + std::to_string(text.characters) + " characters";
    }
    return std::nullopt;
}

Status check_text(const Text& text) {
    if (is_safe_text(text.value)) return {};
    return fail(ErrorCode::bad_argument, "The " + std::string(text.field) + " holds characters that may not be sent",
                "Use UTF-8 without control characters and without marks that change the direction of text");
}

Status check_texts(const Header& header) {
    for (const Text& text : texts_of(header))
        TRY(check_text(text));
    for (std::size_t i = 0; i < header.items.size(); ++i)
        TRY(check_item_texts(header.items[i], i == 0));
    return {};
}

void write_people(const Header& header, schema::Header& out) {
    for (const Addressee& addressee : header.addressees) {
        auto* item = out.add_addressees();
        item->set_address(addressee.address);
        item->set_mailbox(field_of(addressee.mailbox));
        item->set_head_seq(addressee.head_seq);
        item->set_head_hash(field_of(addressee.head_hash));
    }
    for (const Metadata& metadata : header.metadata) {
        auto* item = out.add_metadata();
        item->set_key(metadata.key);
        item->set_value(metadata.value);
    }
}

void write_items(const Header& header, schema::Header& out) {
    for (const Item& item : header.items) {
        auto* to = out.add_items();
        to->set_name(item.name);
        to->set_media_type(item.media_type);
        to->set_size(item.size);
        to->set_key(std::string(text_of(item.key.reveal())));
    }
}

void write_ids(const Header& header, schema::Header& out) {
    if (header.conversation) out.set_conversation(field_of(*header.conversation));
    if (header.reply_to) out.set_reply_to(field_of(*header.reply_to));
    if (header.replaces) out.set_replaces(field_of(*header.replaces));
}

// protobuf keeps the keys of items in ordinary strings: they are overwritten before those are freed.
void wipe_keys(schema::Header& header) {
    for (auto& item : *header.mutable_items()) {
        std::string* key = item.mutable_key();
        wipe({reinterpret_cast<std::uint8_t*>(key->data()), key->size()});
    }
}

bool read_id(const std::string& field, std::optional<MessageId>& out) {
    if (field.empty()) return true;
    out = fixed_from<MessageId>(field);
    return out.has_value();
}

bool read_people(const schema::Header& in, Header& out) {
    for (const auto& addressee : in.addressees()) {
        const auto mailbox = fixed_from<MailboxId>(addressee.mailbox());
        const auto head = fixed_from<Hash>(addressee.head_hash());
        if (!mailbox || !head) return false;
        out.addressees.push_back({addressee.address(), *mailbox, addressee.head_seq(), *head});
    }
    for (const auto& metadata : in.metadata())
        out.metadata.push_back({metadata.key(), metadata.value()});
    return true;
}

void read_items(const schema::Header& in, Header& out) {
    for (const auto& item : in.items()) {
        SecretBytes key;
        if (!item.key().empty()) key = SecretBytes::copy_from(view_of(item.key()));
        out.items.push_back({item.name(), item.media_type(), item.size(), std::move(key)});
    }
}

void make_safe(std::string& text, bool& changed) {
    if (is_safe_text(text)) return;
    text = make_safe_text(text);
    changed = true;
}

// Shows nobody what could deceive: see Header::text_was_unsafe.
void make_texts_safe(Header& header) {
    bool& changed = header.text_was_unsafe;
    for (std::string* text : {&header.subject, &header.audience, &header.type, &header.format, &header.patient}) {
        make_safe(*text, changed);
    }
    for (Addressee& addressee : header.addressees)
        make_safe(addressee.address, changed);
    for (Metadata& metadata : header.metadata) {
        make_safe(metadata.key, changed);
        make_safe(metadata.value, changed);
    }
    for (std::size_t i = 0; i < header.items.size(); ++i) {
        make_safe(header.items[i].media_type, changed);
        if (may_be_named(header.items[i], i == 0)) continue;
        header.items[i].name = make_safe_file_name(header.items[i].name);
        changed = true;
    }
}

Result<Header> header_from(const schema::Header& in) {
    if (in.version() != kVersion) return fail(ErrorCode::unsupported_version, "header: unknown version");
    if (in.kind() > static_cast<std::uint32_t>(MessageKind::receipt)) {
        return fail(ErrorCode::unsupported_version, "header: unknown kind of message");
    }
    Header out;
    out.kind = static_cast<MessageKind>(in.kind());
    out.audience = in.audience();
    out.subject = in.subject();
    out.type = in.type();
    out.format = in.format();
    out.patient = in.patient();
    const bool ids = read_id(in.conversation(), out.conversation) && read_id(in.reply_to(), out.reply_to) &&
                     read_id(in.replaces(), out.replaces);
    if (!ids || !read_people(in, out)) return fail(ErrorCode::malformed_request, "header: length of an id or hash");
    read_items(in, out);
    out.checkpoint = copy_of(view_of(in.checkpoint()));
    out.evidence_checkpoint = copy_of(view_of(in.evidence_checkpoint()));
    out.receipt = copy_of(view_of(in.receipt()));
    if (auto fault = fault_of(out)) return fail(ErrorCode::malformed_request, "header: " + *fault);
    make_texts_safe(out);
    return out;
}

}  // namespace

Status check_item_texts(const Item& item, bool is_body) {
    TRY(check_text({"media type", item.media_type, limits::kMediaTypeCharacters}));
    if (may_be_named(item, is_body) && item.name.size() <= limits::kFileNameBytes) return {};
    return fail(ErrorCode::bad_argument, "The file name \"" + make_safe_text(item.name) + "\" cannot be sent as it is",
                "Give it up to 255 bytes without '/', '\\', ':', control characters or direction marks");
}

Result<SecretBytes> encode(const Header& header) {
    if (auto fault = fault_of(header)) return fail(ErrorCode::bad_argument, "The message's " + *fault);
    TRY(check_texts(header));
    schema::Header out;
    out.set_version(kVersion);
    out.set_kind(static_cast<std::uint32_t>(header.kind));
    out.set_audience(header.audience);
    out.set_subject(header.subject);
    out.set_type(header.type);
    out.set_format(header.format);
    out.set_patient(header.patient);
    write_ids(header, out);
    write_people(header, out);
    write_items(header, out);
    out.set_checkpoint(std::string(text_of(header.checkpoint)));
    out.set_evidence_checkpoint(std::string(text_of(header.evidence_checkpoint)));
    out.set_receipt(std::string(text_of(header.receipt)));
    SecretBytes bytes(out.ByteSizeLong());
    const bool written = out.SerializeToArray(bytes.reveal_mutable().data(), static_cast<int>(bytes.size()));
    wipe_keys(out);
    if (!written) return fail(ErrorCode::internal, "The header could not be serialised");
    return bytes;
}

Result<Header> decode_header(ByteView bytes) {
    if (bytes.size() > limits::kHeader) return fail(ErrorCode::too_large, "header: more than 64 KiB");
    auto in = parse_canonical<schema::Header>(bytes);
    if (!in) return fail(ErrorCode::malformed_request, "header: not one of this protocol");
    auto out = header_from(*in);
    wipe_keys(*in);
    return out;
}

}  // namespace carepost::codec
