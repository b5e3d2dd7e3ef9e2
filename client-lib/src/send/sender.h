#pragma once
// Sending: verify the recipients, seal into the spool, upload, verify the receipt, forget the spool. One object a client; thread-safe.

#include <set>

#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/receipts/receipts.h"
#include "client-lib/src/send/input.h"
#include "client-lib/src/send/uploader.h"

namespace carepost::client {

class Sender {
public:
    Sender(Core& core, Membership& membership, ReceiptStore& receipts)
        : core_(core), membership_(membership), receipts_(receipts) {}

    Result<SendOutcome> send(const SendInput& input, std::chrono::milliseconds timeout);
    // A read receipt travels as a message without contents of its own.
    Result<SendOutcome> send_receipt(const MailboxId& to, const std::string& address, const MessageId& about,
                                     Bytes receipt, std::chrono::milliseconds timeout);
    Result<SendOutcome> resume(const MessageId& id, const ProgressCallback& progress,
                               std::chrono::milliseconds timeout);
    Result<std::vector<Outgoing>> outgoing() const;
    Status discard(const MessageId& id);

private:
    // Keeps two calls from working on one message.
    class Claim;
    struct Recipients {
        std::vector<Known> known;
        Known own;
        std::uint64_t log_size = 0;
        std::vector<Warning> warnings;
    };

    Result<SendOutcome> send_new(const SendInput& input, SpoolRecord record, std::chrono::milliseconds timeout);
    Result<std::optional<SendOutcome>> settle_repeat(const SendInput& input, const SpoolRecord& wanted,
                                                     std::chrono::milliseconds timeout);
    Result<SendOutcome> deliver(SpoolRecord record, const ProgressCallback& progress,
                                std::chrono::milliseconds timeout);
    Result<SendOutcome> conclude(const SpoolRecord& record, const Uploaded& uploaded);
    Result<Recipients> resolve(const std::vector<SpooledRecipient>& to, std::chrono::milliseconds timeout);
    Status seal_contents(const SendInput& input, SpoolRecord& record, seal::MessageSealer& sealer);
    Status wrap(SpoolRecord& record, seal::MessageSealer& sealer, const Recipients& recipients, bool again);
    Status wrap_again(SpoolRecord& record, std::chrono::milliseconds timeout);
    Result<SpooledRecipient> number_for(const Known& known) const;
    Status store(const SpoolRecord& record, bool with_numbers);
    Result<std::optional<SpoolRecord>> load(const MessageId& id) const;
    seal::SealLimits limits() const;

    Core& core_;
    Membership& membership_;
    ReceiptStore& receipts_;
    std::mutex claims_mutex_;
    std::set<MessageId> claimed_;  // guarded by claims_mutex_
    std::mutex numbering_mutex_;   // from taking numbers to having them on the disk
};

}  // namespace carepost::client
