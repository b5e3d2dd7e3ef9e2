#pragma once
// A copy of the audit log that verifies by itself: signed head, all leaves, and the rows that were chosen (docs/protocol.md,
// "Audit"). One JSON object a line, so that it streams. Thread-safe: no state.

#include <filesystem>
#include <functional>
#include <string>

#include "proto/codec/admin.h"

namespace carepost::ctl {

// The first line: what the rest is verified against.
std::string bundle_head(std::string_view verifier, std::string_view checkpoint);
// A line of one row; without `content` its leaf alone.
std::string bundle_line(const codec::admin_reply::AuditRecord& record, bool content);

struct BundleHead {
    std::string verifier;    // as its maker tells; trust another
    std::string checkpoint;  // the signed head
};
// Reads a bundle: the head first, then each row. Errors: damaged_file naming the line, what `visit` returns, as read_input.
Status read_bundle(const std::filesystem::path& file, const std::function<Status(const BundleHead&)>& head,
                   const std::function<Status(codec::admin_reply::AuditRecord)>& visit);

}  // namespace carepost::ctl
