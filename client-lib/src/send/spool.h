#pragma once
// A sealed message on its way: the record that says how far it is, and the folder with its sealed bytes. Nothing leaves this machine before
// both are on the disk; both go when the broker's receipt has been verified and saved. The record holds the content key and is sealed by the archive.

#include <filesystem>

#include "client-lib/seal/envelope.h"
#include "client-lib/src/archive/archive.h"
#include "client-lib/src/types.h"

namespace carepost::client {

struct SpooledContent {
    std::uint64_t sealed_length = 0;
    std::uint64_t parts = 0;
};
// A recipient's place in the numbering, kept for wrapping again.
struct SpooledRecipient {
    std::string address;
    MailboxId mailbox;
    std::uint64_t seq = 0;
    Hash previous;
};
// What the caller asked for, without the contents; enough to seal the header again.
struct SpooledMeta {
    std::string subject;
    std::string type;
    std::string format;
    std::string patient;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::optional<MessageId> conversation;
    std::optional<MessageId> reply_to;
    std::optional<MessageId> replaces;
    UnixMillis created = 0;
    UnixMillis expires = 0;
    UnixMillis collect_by = 0;
    std::uint32_t flags = 0;
    Bytes receipt;  // a read receipt travels as a message: the MemberReceipt
};

struct SpoolRecord {
    MessageId id;
    SpoolState state = SpoolState::sealing;
    UnixMillis created = 0;
    std::uint64_t bytes = 0;  // true size of all contents
    Hash fingerprint;         // of everything asked for, contents included
    SpooledMeta meta;
    SpooledRecipient own;  // the sent copy's place
    std::vector<SpooledRecipient> recipients;
    std::vector<SpooledContent> contents;
    Bytes routing;
    Bytes header;
    Bytes signature;
    std::uint32_t stanza_count = 0;
    SecretBytes sealer;  // MessageSealer::state
    std::string last_error;
};

// Where things of one spooled message lie.
class SpoolFolder {
public:
    SpoolFolder(const std::filesystem::path& spool, const MessageId& id) : path_(spool / id.hex()) {}
    const std::filesystem::path& path() const { return path_; }
    // Stanzas belong to one routing: wrapping again makes others, and the old ones stay until the record names the new routing.
    std::filesystem::path stanzas(ByteView routing) const;
    std::filesystem::path unfinished() const { return path_ / "unfinished"; }
    std::filesystem::path content(std::size_t index) const { return path_ / ("content-" + std::to_string(index)); }
    std::filesystem::path leaves(std::size_t index) const { return path_ / ("leaves-" + std::to_string(index)); }

private:
    std::filesystem::path path_;
};

SecretBytes encode(const SpoolRecord& record);
Result<SpoolRecord> decode_spool_record(ByteView bytes);
Outgoing describe(const SpoolRecord& record);

// An acknowledged send, as far as repeating it needs it.
struct SentRecord {
    Hash fingerprint;
    std::uint32_t recipients = 0;
    std::uint64_t bytes = 0;
    UnixMillis stored = 0;
    Hash routing_hash;
    Bytes receipt;
    std::string receipt_file;
    Hash mailboxes;  // mailboxes_hash of whom it was sent to
};
// By which the broker's later account of a message's recipients is measured: SHA-256 over their ids, sorted, the sender's left out.
Hash mailboxes_hash(std::vector<MailboxId> mailboxes, const MailboxId& own);
SecretBytes encode(const SentRecord& record);
Result<SentRecord> decode_sent_record(ByteView bytes);

}  // namespace carepost::client
