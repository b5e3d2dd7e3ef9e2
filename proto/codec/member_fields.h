#pragma once
// A Member within chain entries and pairing requests. Inside proto/codec only.

#include "proto/codec/directory_fields.h"
#include "proto/schema/directory.pb.h"

namespace carepost::codec {

// `what` names the object in faults.
Fault fault_of(const Member& member, const std::string& what);
bool is_right(std::uint32_t rights);  // at least one, and none that does not exist
void write(const Member& member, schema::Member& out);
Member read_member(const schema::Member& in, FieldReader& read);

}  // namespace carepost::codec
