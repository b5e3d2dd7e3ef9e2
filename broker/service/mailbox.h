#pragma once
// A mailbox as its members use it: list, follow, fetch, acknowledge, delete (docs/protocol.md, "Receiving").

#include <set>

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// One per worker; not thread-safe. Reads are answered at once, writes after their commit.
class MailboxService {
public:
    MailboxService(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}

    Result<codec::reply::List> list(const auth::Identity& member, const codec::op::List& list);
    Result<codec::reply::Changes> changes(const auth::Identity& member, const codec::op::Changes& changes);
    Result<codec::reply::FetchEnvelope> fetch_envelope(const auth::Identity& member,
                                                       const codec::op::FetchEnvelope& fetch);
    struct Part {
        codec::reply::FetchPart reply;
        Bytes bytes;
    };
    Result<Part> fetch_part(const auth::Identity& member, const codec::op::FetchPart& fetch);
    Result<codec::reply::Watch> watch(const auth::Identity& member, auth::SessionId session);
    Result<codec::reply::Receipts> receipts(const auth::Identity& member, const codec::op::Receipts& receipts);

    void give_receipt(const auth::Identity& member, const codec::op::GiveReceipt& give,
                      Done<codec::reply::GiveReceipt> done);
    void recall(const auth::Identity& member, const codec::op::Recall& recall, Done<codec::reply::Recall> done);
    void delete_items(const auth::Identity& member, codec::op::Delete items, Done<codec::reply::Delete> done);

private:
    Result<codec::reply::MailItem> mail_item(store::Item item);
    Status add_events(const store::RecipientStatus& row, const std::optional<std::uint64_t>& placed,
                      codec::reply::Recipient& one, codec::reply::Receipts& out, std::set<std::uint64_t>& sent);
    Result<codec::reply::Receipts> refused(const auth::Identity& member, const MessageId& message);
    Result<std::uint64_t> latest_change(const auth::Identity& member);

    // The item whose parts were fetched last: parts are fetched in runs.
    struct LastFetched {
        std::int64_t mailbox_key = 0;
        std::uint64_t seq = 0;
        std::int64_t message_key = 0;
        std::vector<std::uint64_t> lengths;  // sealed, by content
        std::chrono::nanoseconds at{};
    };
    Result<const LastFetched*> locate(const auth::Identity& member, std::uint64_t seq);

    Environment& environment_;
    store::Reader& reader_;
    LastFetched last_;
};

}  // namespace carepost::service
