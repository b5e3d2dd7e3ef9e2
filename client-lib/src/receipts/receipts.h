#pragma once
// Receipts as files that anybody can verify later, without this identity and without the broker: the broker's own (an inclusion proof in
// its evidence log) and members' statements (with the certificate and genesis that show whose key signed).

#include "client-lib/src/core.h"

namespace carepost::client {

namespace armor_kind {
inline constexpr std::string_view kReceipt = "RECEIPT";  // Receipt
inline constexpr std::string_view kMemberReceipt =
    "MEMBER RECEIPT";                                    // MemberReceipt, beside a CERTIFICATE and a GENESIS
inline constexpr std::string_view kGenesis = "GENESIS";  // SignedObject of ChainEntry
}  // namespace armor_kind

// What a receipt file states, verified against a broker's pinned keys. Errors: no_such_file, damaged_file, invalid_signature.
Result<ReceiptFacts> verify_receipt_file(const std::filesystem::path& file, const PinnedBroker& broker);
// The same on the exact bytes of a broker's receipt.
Result<ReceiptFacts> verify_broker_receipt(ByteView receipt, const PinnedBroker& broker);

// Thread-safe.
class ReceiptStore {
public:
    explicit ReceiptStore(Core& core) : core_(core) {}

    // Writes the file and remembers it; what is kept already is left alone. Returns the file's path.
    Result<std::string> save(const ReceiptFacts& facts, ByteView receipt);
    // A member's statement that was verified against `member`.
    Result<std::string> save_member(const ReceiptFacts& facts, ByteView receipt, const KnownMailbox& member);
    Result<std::vector<SavedReceipt>> list(const std::optional<MessageId>& message) const;
    // When the read receipt came; nothing: none has.
    std::optional<UnixMillis> time_of(const MessageId& message, ReceiptKind kind, const MailboxId& mailbox) const;

private:
    Result<std::string> keep(const ReceiptFacts& facts, const std::string& text);
    Core& core_;
};

}  // namespace carepost::client
