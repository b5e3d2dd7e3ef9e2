#pragma once
// Opening what the broker hands over, and telling what is unusual about it. Thread-safe.

#include "client-lib/seal/envelope.h"
#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/receipts/receipts.h"
#include "client-lib/src/receive/numbering.h"

namespace carepost::client {

struct OpenedItem {
    Message message;
    std::optional<seal::OpenedMessage> opened;  // nothing: message.problem says why
    Known sender;
    Hash routing_hash;
};

class Reader {
public:
    Reader(Core& core, Membership& membership, ReceiptStore& receipts)
        : core_(core), membership_(membership), receipts_(receipts), numbering_(*core.archive) {}

    Result<MessagePage> list(const ListInput& input, std::chrono::milliseconds timeout);
    // The message with all that is needed to fetch its contents. Errors: not_found; those of the connection.
    Result<OpenedItem> fetch(const Which& which, std::chrono::milliseconds timeout);
    // The same, and it has to open. Errors besides: cannot_open and the like, as in Message::problem.
    Result<OpenedItem> fetch_opened(const Which& which, std::chrono::milliseconds timeout);
    // The `received` statement, signed and handed to the broker; its own receipt is kept. Not for own copies (bad_argument).
    Status give_received(const OpenedItem& item, std::vector<Warning>& warnings, std::chrono::milliseconds timeout);
    // The own signed statement about a message.
    Result<Bytes> statement(const OpenedItem& item, codec::StatementKind kind) const;

private:
    OpenedItem open(const codec::reply::MailItem& item, std::chrono::milliseconds timeout);
    Result<seal::SenderState> sender_state(const seal::SenderQuery& query, UnixMillis created, Known& known,
                                           std::chrono::milliseconds timeout);
    void describe(OpenedItem& out) const;
    void examine(OpenedItem& out, std::chrono::milliseconds timeout);
    Status take_receipt(OpenedItem& out);
    Status ready(std::chrono::milliseconds timeout);

    Core& core_;
    Membership& membership_;
    ReceiptStore& receipts_;
    Numbering numbering_;
};

// A name that is safe as one component of a path, on any system.
std::string safe_file_name(const std::string& name, std::size_t content);

}  // namespace carepost::client
