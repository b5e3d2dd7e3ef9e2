#pragma once
// Sending: Submit, PutPart, Submit again (docs/protocol.md, "Sending"; decision 10). Nothing is acknowledged before its commit.

#include "broker/service/environment.h"
#include "broker/service/recipients.h"
#include "proto/codec/envelope.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// One per worker; not thread-safe. Answers come from the worker, the parts thread or the writer.
class Delivery {
public:
    Delivery(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}

    void submit(const auth::Identity& sender, codec::op::Submit submit, Bytes contents,
                Done<codec::reply::Submit> done);
    void put_part(const auth::Identity& sender, const codec::op::PutPart& part, Bytes bytes,
                  Done<codec::reply::PutPart> done);

private:
    Environment& environment_;
    store::Reader& reader_;
    EpochTable epochs_;
};

}  // namespace carepost::service
