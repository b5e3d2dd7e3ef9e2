#pragma once
// The data directory of a broker: which files `carepostctl init` writes and carepostd reads (docs/operations.md). Thread-safe: no
// state; one process at a time may write a directory (carepostd holds the lock).
//
//   carepostd.toml        configuration, commented
//   broker.carepost       what clients pin; public
//   root.key              the root: to be moved away once the registrar is certified; the broker never reads it
//   keys/transport.key  keys/directory-log.key  keys/evidence-log.key  keys/statement.key
//   keys/audit-log.key     all 0600

#include <filesystem>

#include "proto/trust/broker_file.h"
#include "proto/trust/key_file.h"

namespace carepost::trust {

namespace home {
inline constexpr const char* kConfiguration = "carepostd.toml";
inline constexpr const char* kBrokerFile = "broker.carepost";
inline constexpr const char* kRootKey = "root.key";
inline constexpr const char* kKeys = "keys";
inline constexpr const char* kAdminSocket = "admin.sock";
}  // namespace home

inline constexpr std::string_view kDefaultEndpoint = "tcp://127.0.0.1:7420";

// What a new broker is called and where clients reach it.
struct NewBroker {
    std::string name = "CarePost broker";
    std::string endpoint = std::string(kDefaultEndpoint);  // "tcp://host:port"
    bool sandbox = false;                                  // for ever
};

// The configuration of a new broker, all keys with their defaults as comments. It listens where `endpoint` points: on the loopback
// address itself, else on that port of all addresses.
std::string configuration_text(std::string_view endpoint);

// Writes all files above into an existing directory that holds none of them. The first edition names no registrar. Errors: bad_argument (name or
// endpoint), already_exists, cannot_create, disk_full, io_failed; files written before an error stay, so make it in a
// directory that is given its name afterwards.
Result<TrustedBroker> make_broker_home(const std::filesystem::path& directory, const NewBroker& broker,
                                       const Unlock& root_unlock, Random& random, UnixMillis now);

// Whether a broker was made here: its broker file, which is written last, exists.
bool is_broker_home(const std::filesystem::path& directory);

// What the running broker needs. Move-only.
struct BrokerKeys {
    Secret<32> transport_secret;
    TransportKey transport_key;
    SigningKey directory_log;
    SigningKey evidence_log;
    SigningKey statement;
    std::optional<SigningKey> audit_log;  // nothing in a home made before there was an audit log, until `add_audit_key`
};
// Errors: as read_key_file; damaged_file when a key is not the one that `broker` names.
Result<BrokerKeys> load_broker_keys(const std::filesystem::path& directory, const TrustedBroker& broker);
// Makes keys/audit-log.key in a home whose broker file names none; does nothing where there is one already.
Status add_audit_key(const std::filesystem::path& directory, const TrustedBroker& broker, Random& random);
// The origin of the audit log: as the broker file says, or that of the directory log ending in "audit".
std::string audit_origin_of(const codec::BrokerFile& file);
// The file itself, or the one in this directory. Errors: as parse_broker_file and read_file_limited.
Result<TrustedBroker> load_broker_file(const std::filesystem::path& file_or_directory);

// A key file that holds one Ed25519 seed of this type. Errors: as write_key_file and read_key_file; damaged_file for another kind of key.
Status write_signing_key(const std::filesystem::path& path, std::uint16_t type, const SigningKey& key,
                         const Unlock& unlock, Random& random);
Result<SigningKey> read_signing_key(const std::filesystem::path& path, std::uint16_t type, const Unlock& unlock);

// The next edition, with one registrar more, signed by the root and put in the place of `path`. Errors: bad_argument (another root
// key, the wrong mode, too many registrars), cannot_create, disk_full, io_failed.
Result<TrustedBroker> add_registrar(const std::filesystem::path& path, const codec::SignedObject& certificate,
                                    const SigningKey& root, UnixMillis now);

// What is left of both logs after a restore, and why they go on under new names.
struct RestoredLogs {
    std::string directory_head;  // newest signed checkpoints as restored
    std::string evidence_head;
    std::string reason;
};
// The next edition after `known`: both logs under new origins and their old keys, with the statements that clients verify; put in the place of
// `path`. Errors: as add_registrar; log_unverified (heads of other logs).
Result<TrustedBroker> restart_logs(const std::filesystem::path& path, const TrustedBroker& known,
                                   const RestoredLogs& restored, const SigningKey& root, UnixMillis now);

}  // namespace carepost::trust
