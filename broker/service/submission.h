#pragma once
// A message on its way into the store: the checks of Submit in the order of their cost, and the write itself.

#include "broker/service/environment.h"
#include "broker/service/recipients.h"
#include "proto/codec/envelope.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// What a checked Submit became. Owns everything it needs, so that it can travel to the parts thread and the writer.
struct Submission {
    codec::op::Submit parts;  // exact bytes
    codec::Routing routing;
    Hash routing_hash;
    std::uint64_t content_bytes = 0;  // of all contents, sealed
    std::int64_t sender_key = 0;
    std::vector<Hash> stanza_hashes;
    std::vector<Placement> placements;
    store::ContentSource content;
};

// Sizes, hashes and limits of routing against header, signature and session: nothing that needs the store. Errors:
// malformed_request, too_large, too_many, part_mismatch.
Result<Submission> check_submit(const Settings& settings, const auth::Identity& sender, codec::op::Submit submit);
// Of a message that is new: what was accepted before is never refused afterwards, however late it is repeated. Errors:
// expired, too_large.
Status check_times(const Settings& settings, const codec::Routing& routing, UnixMillis now);
// The contents that travelled along, against their roots. Errors: part_mismatch naming the content.
Status check_inline_contents(const codec::Routing& routing, ByteView contents);
// Stanza root, then the mailboxes. Errors: part_mismatch, and those of resolve_recipients.
Status check_stanzas(Submission& submission, store::Reader& reader, EpochTable& epochs, UnixMillis now);

// The first receipt when the same message is stored already; nothing when it is new. Errors: conflict, storage_failed.
Result<std::optional<codec::reply::Submit>> stored_before(store::Reader& reader, const MailboxId& sender,
                                                          const MessageId& id, const Hash& routing_hash);

// Hands a fully checked submission to the writer.
void write_submission(Environment& environment, Submission submission, Done<codec::reply::Submit> done);

}  // namespace carepost::service
