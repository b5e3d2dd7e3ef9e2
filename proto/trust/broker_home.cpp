#include "proto/trust/broker_home.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/trust/checkpoint.h"

namespace carepost::trust {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBrokerFileTextMost = 2 * codec::kBrokerFileMost;  // in base64, with lines for people
constexpr std::string_view kScheme = "tcp://";
constexpr std::size_t kOriginKeyBytes = 4;

constexpr std::string_view kAuditLogKey = "audit-log.key";

constexpr std::string_view kConfigurationHead =
    R"(# Configuration of carepostd, the CarePost broker. Lines that begin with '#' show the defaults.
# An unknown key stops the broker with a message. Check with: carepostd --check-config --data DIR
# What clients are told (address, keys) stands signed in broker.carepost, not here.

# Where the broker listens; "tcp://*:PORT" for all addresses of the machine.
)";
constexpr std::string_view kConfigurationRest = R"(
[limits]
# message_bytes = 2147483648        # content of one message, before sealing
# recipients = 500                  # mailboxes in one message
# mailbox_bytes = 10737418240       # kept in one mailbox
# mailbox_messages = 100000
# evidence_days = 3650              # until rows of evidence are erased; their proofs stay. 0: never
# retention_days = 90               # until a message expires; at most 365
# connections = 10000               # at once
# connections_per_address = 1000    # at once, of one source address
# requests_per_second = 5000        # of one key
# requests_per_second_per_address = 50000

[directory]
# witnesses = []                    # keys of witnesses whose cosignatures are taken, "name+hash+base64" each

[audit]
# retention_days = 3650             # then the rows of the audit log are erased; its proofs stay

[log]
# level = "info"                    # error, warning, info, debug
)";

struct Endpoint {
    std::string host;
    std::string port;
};

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    if (!text.starts_with(kScheme)) return {};
    text.remove_prefix(kScheme.size());
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return {};
    const std::string_view port = text.substr(colon + 1);
    if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return {};
    const int number = std::stoi(std::string(port));
    if (number < 1 || number > 65535) return {};
    return Endpoint{std::string(text.substr(0, colon)), std::string(port)};
}

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "localhost" || host == "[::1]"; }

// Unique to this broker, and readable: "post.example.org/3fa9c1d2/directory".
std::string origin_of(const NewBroker& broker, const Endpoint& endpoint, const VerifyKey& key, std::string_view log) {
    const Hash hash = sha256(key.view());
    return (broker.sandbox ? "sandbox." : "") + endpoint.host + "/" + to_hex(hash.view().first(kOriginKeyBytes)) + "/" +
           std::string(log);
}

TransportKey public_half(const Secret<32>& secret) {
    TransportKey key;
    crypto_scalarmult_curve25519_base(key.bytes.data(), secret.reveal().data());  // of a fixed point: it cannot fail
    return key;
}

Status make_folder(const fs::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return {};
    return fail(ErrorCode::cannot_create, "cannot make " + path.string() + ": " + std::strerror(errno));
}

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

fs::path key_path(const fs::path& directory, std::string_view name) { return directory / home::kKeys / name; }

Status write_secret(const fs::path& path, std::uint16_t type, const Secret<32>& secret, const Unlock& unlock,
                    Random& random) {
    std::array<KeyItem, 1> items{KeyItem{type, SecretBytes::copy_from(secret.reveal())}};
    return write_key_file(path, items, unlock, random, false);
}

Result<Secret<32>> read_secret(const fs::path& path, std::uint16_t type, const Unlock& unlock) {
    TRY_ASSIGN(const std::vector<KeyItem> items, read_key_file(path, unlock));
    if (items.size() == 1 && items[0].type == type) {
        if (auto secret = Secret<32>::from_view(items[0].secret.reveal())) return std::move(*secret);
    }
    return fail(ErrorCode::damaged_file, path.string() + " holds another kind of key", "Is it the right file?");
}

std::unexpected<Error> other_key(const fs::path& path) {
    return fail(ErrorCode::damaged_file, path.string() + " is not the key that broker.carepost names",
                "Bring both files back from the same backup.");
}

// What the public side of a new broker says.
codec::BrokerFile first_edition(const NewBroker& broker, const Endpoint& endpoint, const BrokerKeys& keys,
                                const SigningKey& root, UnixMillis now) {
    return {.number = 1,
            .name = broker.name,
            .endpoint = broker.endpoint,
            .transport_key = keys.transport_key,
            .directory_origin = origin_of(broker, endpoint, keys.directory_log.verify_key(), "directory"),
            .directory_key = keys.directory_log.verify_key(),
            .evidence_origin = origin_of(broker, endpoint, keys.directory_log.verify_key(), "evidence"),
            .evidence_key = keys.evidence_log.verify_key(),
            .statement_key = keys.statement.verify_key(),
            .root_key = root.verify_key(),
            .registrars = {},
            .sandbox = broker.sandbox,
            .created_ms = now,
            .audit_origin = origin_of(broker, endpoint, keys.directory_log.verify_key(), "audit"),
            .audit_key = keys.audit_log->verify_key()};
}

Status write_keys(const fs::path& directory, const BrokerKeys& keys, Random& random) {
    TRY(make_folder(directory / home::kKeys));
    TRY(write_secret(key_path(directory, "transport.key"), key_type::kBrokerTransportSecret, keys.transport_secret,
                     NoUnlock{}, random));
    TRY(write_signing_key(key_path(directory, "directory-log.key"), key_type::kDirectoryLogSeed, keys.directory_log,
                          NoUnlock{}, random));
    TRY(write_signing_key(key_path(directory, "evidence-log.key"), key_type::kEvidenceLogSeed, keys.evidence_log,
                          NoUnlock{}, random));
    TRY(write_signing_key(key_path(directory, kAuditLogKey), key_type::kAuditLogSeed, *keys.audit_log, NoUnlock{},
                          random));
    return write_signing_key(key_path(directory, "statement.key"), key_type::kStatementSeed, keys.statement, NoUnlock{},
                             random);
}

Result<TrustedBroker> write_broker_file(const fs::path& path, const codec::BrokerFile& file, const SigningKey& root,
                                        Existing existing) {
    TRY_ASSIGN(const codec::SignedObject signed_object, sign_broker_file(file, root));
    TRY_ASSIGN(TrustedBroker trusted, verify_broker_file(signed_object));
    TRY(write_file_atomic(path, view_of(format_broker_file(trusted)), kPublicFile, existing));
    return trusted;
}

}  // namespace

std::string configuration_text(std::string_view endpoint) {
    const std::optional<Endpoint> where = parse_endpoint(endpoint);
    std::string listen(endpoint);
    if (where && !is_loopback(where->host)) listen = "tcp://*:" + where->port;
    return std::string(kConfigurationHead) + "listen = \"" + listen + "\"\n" + std::string(kConfigurationRest);
}

Result<TrustedBroker> make_broker_home(const fs::path& directory, const NewBroker& broker, const Unlock& root_unlock,
                                       Random& random, UnixMillis now) {
    const std::optional<Endpoint> endpoint = parse_endpoint(broker.endpoint);
    if (!endpoint) {
        return fail(ErrorCode::bad_argument, "'" + broker.endpoint + "' is no endpoint",
                    "Write it as tcp://HOST:PORT, for example tcp://post.example.org:7420.");
    }
    const SigningKey root = SigningKey::generate(random);
    Secret<32> transport = random.secret<32>();
    const TransportKey transport_key = public_half(transport);
    const BrokerKeys keys{std::move(transport),         transport_key,
                          SigningKey::generate(random), SigningKey::generate(random),
                          SigningKey::generate(random), SigningKey::generate(random)};
    TRY(write_keys(directory, keys, random));
    TRY(write_signing_key(directory / home::kRootKey, key_type::kRootSeed, root, root_unlock, random));
    TRY(write_file_atomic(directory / home::kConfiguration, view_of(configuration_text(broker.endpoint)), kPublicFile,
                          Existing::keep));
    return write_broker_file(directory / home::kBrokerFile, first_edition(broker, *endpoint, keys, root, now), root,
                             Existing::keep);
}

bool is_broker_home(const fs::path& directory) { return is_there(directory / home::kBrokerFile); }

Result<BrokerKeys> load_broker_keys(const fs::path& directory, const TrustedBroker& broker) {
    const codec::BrokerFile& file = broker.file();
    const fs::path transport_path = key_path(directory, "transport.key");
    TRY_ASSIGN(Secret<32> transport, read_secret(transport_path, key_type::kBrokerTransportSecret, NoUnlock{}));
    if (public_half(transport) != file.transport_key) return other_key(transport_path);
    const auto load = [&directory](std::string_view name, std::uint16_t type,
                                   const VerifyKey& named) -> Result<SigningKey> {
        const fs::path path = key_path(directory, name);
        TRY_ASSIGN(SigningKey key, read_signing_key(path, type, NoUnlock{}));
        if (key.verify_key() != named) return other_key(path);
        return key;
    };
    TRY_ASSIGN(SigningKey directory_log, load("directory-log.key", key_type::kDirectoryLogSeed, file.directory_key));
    TRY_ASSIGN(SigningKey evidence_log, load("evidence-log.key", key_type::kEvidenceLogSeed, file.evidence_key));
    TRY_ASSIGN(SigningKey statement, load("statement.key", key_type::kStatementSeed, file.statement_key));
    std::optional<SigningKey> audit_log;
    if (const fs::path path = key_path(directory, kAuditLogKey); file.audit_key || is_there(path)) {
        TRY_ASSIGN(audit_log, read_signing_key(path, key_type::kAuditLogSeed, NoUnlock{}));
        if (file.audit_key && audit_log->verify_key() != *file.audit_key) return other_key(path);
    }
    return BrokerKeys{std::move(transport),    file.transport_key,   std::move(directory_log),
                      std::move(evidence_log), std::move(statement), std::move(audit_log)};
}

Status add_audit_key(const fs::path& directory, const TrustedBroker& broker, Random& random) {
    const fs::path path = key_path(directory, kAuditLogKey);
    if (broker.file().audit_key || is_there(path)) return {};
    return write_signing_key(path, key_type::kAuditLogSeed, SigningKey::generate(random), NoUnlock{}, random);
}

std::string audit_origin_of(const codec::BrokerFile& file) {
    if (!file.audit_origin.empty()) return file.audit_origin;
    return file.directory_origin.substr(0, file.directory_origin.rfind('/')) + "/audit";
}

Result<TrustedBroker> load_broker_file(const fs::path& file_or_directory) {
    std::error_code ignored;
    const bool directory = fs::is_directory(file_or_directory, ignored);
    const fs::path path = directory ? file_or_directory / home::kBrokerFile : file_or_directory;
    TRY_ASSIGN(const Bytes text, read_file_limited(path, kBrokerFileTextMost));
    return parse_broker_file(text_of(text), path.string());
}

Status write_signing_key(const fs::path& path, std::uint16_t type, const SigningKey& key, const Unlock& unlock,
                         Random& random) {
    return write_secret(path, type, key.seed(), unlock, random);
}

Result<SigningKey> read_signing_key(const fs::path& path, std::uint16_t type, const Unlock& unlock) {
    TRY_ASSIGN(Secret<32> seed, read_secret(path, type, unlock));
    return SigningKey::from_seed(std::move(seed));
}

Result<TrustedBroker> add_registrar(const fs::path& path, const codec::SignedObject& certificate,
                                    const SigningKey& root, UnixMillis now) {
    TRY_ASSIGN(const TrustedBroker known, load_broker_file(path));
    if (known.file().root_key != root.verify_key()) {
        return fail(ErrorCode::bad_argument, "this root key is not that of " + path.string(),
                    "Give the broker's own root.key.");
    }
    codec::BrokerFile file = known.file();
    file.number += 1;
    file.created_ms = now;
    file.registrars.push_back(certificate);
    return write_broker_file(path, file, root, Existing::replace);
}

Result<TrustedBroker> restart_logs(const fs::path& path, const TrustedBroker& known, const RestoredLogs& restored,
                                   const SigningKey& root, UnixMillis now) {
    if (known.file().root_key != root.verify_key()) {
        return fail(ErrorCode::bad_argument, "this root key is not that of " + path.string(),
                    "Give the broker's own root.key.");
    }
    codec::BrokerFile file = known.file();
    file.number += 1;
    file.created_ms = now;
    const auto restart = [&](codec::RestartedLog log, std::string& origin, const VerifyKey& key,
                             const std::string& head) -> Status {
        TRY_ASSIGN(const Checkpoint checkpoint, verify_checkpoint(head, {origin, key}));
        // ".../directory" goes on as ".../directory/r2", then "/r3" ...
        const std::string base =
            origin.substr(0, origin.rfind("/r") == std::string::npos ? origin.size() : origin.rfind("/r"));
        const auto before = std::ranges::count_if(file.restarts, [log](const auto& one) { return one.log == log; });
        const std::string next = base + "/r" + std::to_string(before + 2);
        file.restarts.push_back({log, origin, key, head, next, checkpoint.size, now, restored.reason});
        origin = next;
        return {};
    };
    TRY(restart(codec::RestartedLog::directory, file.directory_origin, file.directory_key, restored.directory_head));
    TRY(restart(codec::RestartedLog::evidence, file.evidence_origin, file.evidence_key, restored.evidence_head));
    return write_broker_file(path, file, root, Existing::replace);
}

}  // namespace carepost::trust
