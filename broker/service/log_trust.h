#pragma once
// Time stamps and witnesses of the directory log (docs/protocol.md, "Cosignatures"), as operations for the writer.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// The log's own time stamp on the checkpoint `note` of it: whichever is later, `now` or the stamp it has, because stamps never go back.
// Error bad_argument when the note is no checkpoint.
Result<Bytes> stamp_checkpoint(ByteView note, const trust::NoteVerifier& log, const SigningKey& key, UnixMillis now);
// When the newest checkpoint was stamped; 0 if it never was.
UnixMillis stamped_at(ByteView note, const trust::NoteVerifier& log);

// Stamps the newest checkpoint again; the tree stays as it is. `done` is called from the writer's thread.
void write_stamp(store::Store& store, const trust::NoteVerifier& log, const SigningKey& key, UnixMillis now,
                 std::function<void(Status)> done);

// Keeps the cosignatures of configured witnesses on a checkpoint of this log. Errors: malformed_request, not_allowed (none of a configured
// witness), invalid_signature (a checkpoint this log has not signed, a tree it does not have, a time in the future).
void write_cosignature(Environment& environment, store::Reader& reader, const Bytes& note,
                       Done<codec::reply::AddCosignature> done);

}  // namespace carepost::service
