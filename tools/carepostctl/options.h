#pragma once
// What the command line asks for, as plain values: one structure a command. Filled by command_line.cpp, which alone knows CLI11.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carepost::ctl {

using Path = std::filesystem::path;
// Periods are given as 90s, 15m, 12h, 7d, 8w or 2y.

// Where the passphrase of a key file or the PIN of a token comes from; never from argv or the environment.
struct KeyUnlock {
    std::optional<Path> passphrase_file = {};  // its first line
    std::optional<Path> pin_file = {};
    std::optional<int> pin_fd = {};
};
// Which X.509 certificates prove who an applicant is.
struct X509Options {
    std::optional<Path> anchors = {};
    std::vector<Path> crls = {};
    std::vector<std::string> qualities = {};  // admitted on the number alone
};
// A key in a PKCS#11 token.
struct TokenChoice {
    std::string module;
    std::string token;
    std::string label = "carepost-registrar";
    std::string id = {};  // hexadecimal; empty: any
};

struct Init {
    Path data;
    std::string name;
    std::string endpoint;
    bool sandbox = false;
    KeyUnlock unlock;  // protects root.key
};
struct Sandbox {
    std::optional<Path> data;  // kept afterwards; nothing: a temporary folder
    std::uint16_t port = 0;    // 0: a free one
    std::string user;          // for the broker when started by root
};
struct BrokerStatus {
    Path data;
};
struct Doctor {
    Path data;
};

struct RegistrarNew {
    Path data;
    Path out;
    std::string name;
    std::optional<Path> root_key;  // nothing: DIR/root.key
    std::chrono::seconds valid{};
    KeyUnlock unlock;
    std::optional<TokenChoice> token = {};  // nothing: a key file
};
struct Invite {
    Path data;
    Path registrar;
    std::string address;
    std::string name;
    std::chrono::seconds valid{};
    bool x509 = false;  // the code only lets a request in; a certificate has to prove it
};
struct Serve {
    Path data;
    Path registrar;
    std::chrono::seconds certificate_valid{};
    bool once = false;
    KeyUnlock unlock;
    std::string admit = {};  // "x509": also without an invitation of this desk
    X509Options x509 = {};
};
struct Pending {
    Path data;
};
struct Sign {
    Path registrar;
    Path request;
    std::optional<Path> out;  // nothing: request file name + ".signed"
    std::string name;         // as the certificate will show it; empty: as requested
    std::chrono::seconds certificate_valid{};
    bool yes = false;
    KeyUnlock unlock;
    X509Options x509 = {};
};
struct AdmitFile {
    Path data;
    Path file;
};
struct RefuseRequest {
    Path data;
    std::string which;  // address or mailbox id
    std::string reason;
};
struct RevokeMailbox {
    Path data;
    Path registrar;
    std::string address;
    std::string reason;
    bool yes = false;
    KeyUnlock unlock;
    std::uint8_t kind = 0;  // codec::RevocationKind: revoked, suspended, resumed
};
struct MakeReset {
    Path data;
    Path registrar;
    std::string address;
    Path identity;  // request of the new owner
    std::string reason;
    std::string name;  // as the certificate will show it; empty: as until now
    Path out;
    std::chrono::seconds delay{};  // from now until it takes effect
    std::chrono::seconds certificate_valid{};
    bool yes = false;
    KeyUnlock unlock;
};
struct Countersign {
    Path registrar;
    Path file;
    std::optional<Path> out;  // nothing: file name + ".countersigned"
    bool yes = false;
    KeyUnlock unlock;
};
struct Announce {
    Path data;
    Path registrar;
    Path file;
    std::chrono::seconds valid{};  // of the new owner's invitation, from the day the reset takes effect
    bool yes = false;
};

struct MailboxList {
    Path data;
};
struct MailboxShow {
    Path data;
    std::string address;
};

struct LogCheckpoint {
    Path data;
    bool evidence = false;
};
struct LogLeaves {
    Path data;
    bool evidence = false;
    std::uint64_t start = 0;
    std::optional<std::uint64_t> limit;
};
struct LogVerify {
    Path data;                   // online, and default place of broker.carepost
    std::optional<Path> leaves;  // nothing: asks the broker
    std::optional<Path> checkpoint;
    std::optional<Path> broker;
    bool online = false;  // said so; the same as no `leaves`
    bool evidence = false;
};
// Which rows of the audit log. Texts are as typed; empty: all.
struct AuditFilterOptions {
    std::string mailbox;  // address or id
    std::string member;
    std::string message;
    std::string since;  // a moment, or how long ago
    std::string until;
};
struct AuditShow {
    Path data;
    AuditFilterOptions filter;
    bool follow = false;
};
struct AuditTrace {
    Path data;
    std::string message;
};
struct AuditVerify {
    Path data;
    std::optional<Path> file;  // a bundle; nothing: asks the broker
    std::optional<Path> broker;
    std::string key;  // instead of the broker file's
    std::optional<Path> since_checkpoint;
    std::optional<Path> save_checkpoint;
};
struct AuditExport {
    Path data;
    AuditFilterOptions filter;
    std::string format;
    Path output;
    std::string host;              // in syslog lines; empty: this machine's
    std::uint32_t enterprise = 0;  // in syslog lines
};
struct AuditPrune {
    Path data;
    std::string before;
};
struct LogExport {
    Path data;
    Path folder;  // made; it may not exist
    std::optional<Path> broker;
    bool evidence = false;
};
struct VerifyProof {
    Path file;
    std::optional<Path> broker;  // nothing: whoever the proof names
};
struct LogRestart {
    Path data;
    Path heads;  // what `carepostd --heads` has printed
    std::string reason;
    std::optional<Path> root_key;  // nothing: DIR/root.key
    std::optional<Path> broker;    // the newest edition there is; nothing: that of DIR
    KeyUnlock unlock;
};
struct EvidenceVerify {
    Path file;  // "-" is standard input
    std::optional<Path> broker;
    std::vector<std::string> keys;  // verifier keys of the logs
    std::string fingerprint;        // of the broker's root
};
struct EvidenceShow {
    Path data;
    std::string message;
};
struct Completion {
    std::string shell;
};

using Command =
    std::variant<Init, Sandbox, BrokerStatus, Doctor, RegistrarNew, Invite, Serve, Pending, Sign, AdmitFile,
                 RefuseRequest, RevokeMailbox, MakeReset, Countersign, MailboxList, MailboxShow, LogCheckpoint,
                 LogLeaves, LogVerify, LogExport, VerifyProof, LogRestart, AuditShow, AuditTrace, AuditVerify,
                 AuditExport, AuditPrune, EvidenceVerify, EvidenceShow, Completion>;

struct Invocation {
    Command command;
    bool json = false;
    bool no_input = false;  // never ask
};

}  // namespace carepost::ctl
