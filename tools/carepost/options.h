#pragma once
// What a command line says, as plain values: filled by command_line.cpp, read by the commands.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace carepost::command {

// Options of every command. Empty: not given on the command line, see settings.h for what holds then.
struct CommonOptions {
    bool json = false;
    bool no_input = false;
    bool no_progress = false;
    std::string home;
    std::string config;  // a configuration file instead of the usual ones
    std::optional<double> timeout_seconds;
    std::vector<std::string> witnesses;
    std::optional<std::uint32_t> require_witnesses;
    std::string passphrase_file;
    std::string passphrase_command;
    std::optional<int> passphrase_fd;
    std::string unlock_key_file;
};

struct EnrolOptions {
    std::string broker_file;
    std::string invite;  // "-": from standard input
    std::string address;
    std::string name;
    std::string request_file;
    std::string join;  // address of the mailbox to join as one more member
    std::string rights = "read,send";
    bool no_passphrase = false;
    bool sandbox = false;
    bool yes = false;
};
struct MemberListOptions {};
struct MemberAddOptions {
    std::string code, request_file;
    std::string rights = "read,send";
    std::string until;  // YYYY-MM-DD
    std::string epochs = "current";
};
struct MemberRevokeOptions {
    std::vector<std::string> who;
    std::string reason;
};
struct MemberRightsOptions {
    std::string who, rights, until;
};
struct KeysShowOptions {
    bool online = false;
};
struct KeysRotateOptions {
    bool member = false, identity = false;
};
struct KeysVetoOptions {
    std::string reset;
};
struct KeysBackupOptions {
    std::string file, passphrase_file;
};
struct KeysKitOptions {
    std::string name, output, file, passphrase_file;
};
struct KeysRestoreOptions {
    std::string file;    // a backup
    bool words = false;  // typed, or from standard input
    std::string kit;     // a recovery kit's file
    std::string passphrase_file, broker_file, address, name;
    bool no_passphrase = false, sandbox = false;
};
struct WhoamiOptions {
    bool online = false;
};
struct CheckOptions {
    std::string address;
    bool accept_reset = false;
};
struct FindOptions {
    std::vector<std::string> words;
    std::string quality;
    std::uint32_t limit = 100;
};
struct SendOptions {
    std::vector<std::string> to;
    std::string subject, type, format, patient, id, reply_to, conversation, replaces, media_type, expires;
    std::vector<std::string> metadata;  // KEY=VALUE
    std::vector<std::string> attachments;
    std::string document;  // "-": standard input
    bool important = false;
    bool read_receipt = false;
};
struct ListOptions {
    int folder = 0;  // one of carepost_folder
    bool only_new = false;
    std::uint64_t after = 0;
    std::uint64_t limit = 0;  // 0: all
};
struct ShowOptions {
    std::string id;
};
struct GetOptions {
    std::string id;
    std::string directory;
    std::string output;  // "-": standard output
    std::size_t content = 0;
    bool force = false;
    bool no_receipt = false;
};
struct WatchOptions {
    std::string exec;
    std::string directory;  // contents of new messages go to DIRECTORY/ID
    bool all = false;       // receipts and deletions too
    bool from_now = false;
};
struct StatusOptions {
    std::string id;
};
struct ReceiptsVerifyOptions {
    std::vector<std::string> files;
    std::string broker_file;
};
struct ReceiptsListOptions {
    std::string id;
};
struct ReceiptsExportOptions {
    std::string id;
    std::string directory;
    std::string output;  // one file of evidence instead of copies
    bool all = false;
    bool binary = false;
};
struct RecallOptions {
    std::vector<std::string> ids;
};
struct DeleteOptions {
    std::vector<std::string> ids;
    bool for_good = false;
};
struct CompletionOptions {
    std::string shell;
};

using CommandOptions =
    std::variant<EnrolOptions, WhoamiOptions, CheckOptions, FindOptions, SendOptions, ListOptions, ShowOptions,
                 GetOptions, WatchOptions, StatusOptions, ReceiptsVerifyOptions, ReceiptsListOptions,
                 ReceiptsExportOptions, RecallOptions, DeleteOptions, CompletionOptions, MemberListOptions,
                 MemberAddOptions, MemberRevokeOptions, MemberRightsOptions, KeysShowOptions, KeysRotateOptions,
                 KeysVetoOptions, KeysBackupOptions, KeysKitOptions, KeysRestoreOptions>;

}  // namespace carepost::command
