#pragma once
// What an administrator may set (docs/operations.md). A plain value: the TOML reader stays behind config.cpp.

#include <filesystem>
#include <string>

#include "broker/observe/log.h"
#include "proto/base/limits.h"
#include "proto/base/result.h"
#include "proto/trust/cosignature.h"

namespace carepost::app {

struct Config {
    std::string listen = "tcp://127.0.0.1:7420";
    std::uint64_t message_bytes = limits::kMessage;
    std::uint32_t recipients = limits::kRecipients;
    std::uint64_t mailbox_bytes = limits::kMailboxBytes;
    std::uint64_t mailbox_messages = limits::kMailboxMessages;
    std::uint32_t retention_days = limits::kRetentionDays;
    std::uint32_t evidence_days = 3650;  // rows of evidence; 0: never erased
    std::uint32_t connections = 10'000;
    std::uint32_t connections_per_address = 1'000;
    std::uint32_t requests_per_second = 5'000;  // of one key
    std::uint32_t requests_per_second_per_address = 50'000;
    std::vector<trust::Cosigner> witnesses;  // whose cosignatures are taken
    std::uint32_t audit_retention_days = 3650;
    observe::Level log_level = observe::Level::info;
};

// What the broker runs with, on one line, for the audit log: "limits.recipients=500 ...".
std::string describe(const Config& config);

// Reads a TOML file. Errors: no_such_file, bad_configuration naming file, line, key, and for an unknown key the nearest known.
Result<Config> read_config(const std::filesystem::path& file);

}  // namespace carepost::app
