#include "client-lib/src/core.h"

#include "client-lib/src/directory/follow.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/trust/key_file.h"

namespace carepost::client {

Core::Core(Options given, Paths where, IdentityLock held, PinnedBroker pinned, MemberKeys own)
    : options(std::move(given)),
      paths(std::move(where)),
      lock(std::move(held)),
      clock(options.clock != nullptr ? *options.clock : system_clock),
      random(options.random != nullptr ? *options.random : system_random),
      broker(std::move(pinned)),
      keys(std::move(own)) {}

Result<std::unique_ptr<Core>> open_core(Options options) {
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    if (!file_exists(paths.member_key())) {
        return fail(ErrorCode::not_enrolled,
                    "there is no identity here (" + paths.member_key().string() + " does not exist)",
                    "enrol first: `carepost enrol`");
    }
    TRY(make_private_directory(paths.data));
    TRY_ASSIGN(IdentityLock lock, IdentityLock::take(paths.lock()));
    TRY_ASSIGN(const auto broker, load_broker_file(paths.broker_file()));
    TRY_ASSIGN(const Unlocker unlocker, Unlocker::make(options.unlock));
    TRY_ASSIGN(MemberKeys keys, load_member_keys(paths, unlocker));
    // Seldom needed and often kept elsewhere; but if it lies here, it must not lie open.
    if (file_exists(paths.identity_key())) {
        TRY_ASSIGN([[maybe_unused]] const auto unopened, read_secret_file(paths.identity_key(), trust::kKeyFileMost));
    }
    return assemble_core(std::move(options), std::move(paths), std::move(lock), PinnedBroker(broker), std::move(keys));
}

Result<std::unique_ptr<Core>> assemble_core(Options options, Paths paths, IdentityLock lock, PinnedBroker broker,
                                            MemberKeys keys) {
    auto core = std::make_unique<Core>(std::move(options), std::move(paths), std::move(lock), std::move(broker),
                                       std::move(keys));
    TRY_ASSIGN(core->keyring, Keyring::open(core->paths.keyring(), core->keys.local_key, core->random));
    TRY_ASSIGN(core->archive, Archive::open(core->paths.state(), core->keys.local_key.clone(), core->random));
    TRY(take_joined(*core));
    const codec::BrokerFile& file = core->broker.file;
    Core* self = core.get();
    core->connection = std::make_unique<Connection>(
        PeerKeys{file.endpoint, file.transport_key, core->keys.transport, core->keys.transport_secret.clone()},
        core->options.software,
        ConnectionEvents{[self](std::uint64_t change) {
                             if (self->on_push) self->on_push(change);
                         },
                         [self](bool connected) {
                             if (self->on_state) self->on_state(connected);
                         }});
    TRY_ASSIGN(WitnessRule rule, witness_rule(core->options.witnesses, core->options.witnesses_required));
    TRY_ASSIGN(core->checkpoints, Checkpoints::open(core->broker, *core->archive, *core->connection,
                                                    core->paths.fraud(), core->clock, std::move(rule)));
    core->directory =
        std::make_unique<Directory>(core->broker, *core->archive, *core->connection, *core->checkpoints, core->clock);
    if (core->checkpoints->restarted()) TRY(settle_restart(*core));
    return core;
}

}  // namespace carepost::client
