#pragma once
// The file by which two registrars on two machines reset an identity: the Reset, who has signed so far, and the new owner's request, whose
// fingerprint both compare with him. Lines for people stand before the armored blocks; they prove nothing.

#include "proto/trust/broker_file.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {

struct ResetFile {
    codec::SignedObject signed_object;  // of Reset
    codec::Reset reset;
    codec::Certificate certificate;  // the new owner's, within the reset
    Bytes request;                   // SignedObject of EnrolmentRequest
    std::string fingerprint;         // of that request

    // Names of the registrars of this broker whose signatures verify.
    std::vector<std::string> signers(const trust::TrustedBroker& broker) const;
};

// Errors: as read_input; damaged_file; certificate_invalid when the parts do not belong together.
Result<ResetFile> read_reset_file(const Path& file);
// Errors: bad_argument when the file exists already (already_exists) or cannot be made.
Status write_reset_file(const Path& file, const ResetFile& content, const trust::TrustedBroker& broker);
// What it does, line by line, for the person who has to decide.
std::vector<std::string> describe(const ResetFile& content, const trust::TrustedBroker& broker);

// The same for programs.
Row row_of(const ResetFile& content, const Path& file);

}  // namespace carepost::ctl
