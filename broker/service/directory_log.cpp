#include "broker/service/directory_log.h"

#include <algorithm>

#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::service {

Result<std::uint64_t> log_entry(store::Transaction& transaction, std::int64_t mailbox_key, const NewEntry& entry,
                                Random& random) {
    auto salt = random.id<Salt>();
    trust::DirectoryLeaf leaf{static_cast<codec::LeafType>(entry.type), entry.label, entry.seq,
                              trust::entry_hash(salt, entry.object.object)};
    auto bytes = trust::encode(leaf);
    TRY_ASSIGN(auto object, codec::encode(entry.object));
    store::LogEntry row{entry.type, entry.label, entry.seq, std::move(object), copy_of(salt.view()), 0};
    return transaction.add_log_entry(mailbox_key, row, trust::leaf_hash(bytes), bytes);
}

UnixMillis epochs_until(const trust::MailboxState& state) {
    UnixMillis until = 0;
    for (const auto& epoch : state.epochs()) {
        if (epoch.number >= state.first_live_epoch()) until = std::max(until, epoch.not_after_ms);
    }
    return until;
}

Result<ChainJudge> ChainJudge::make(Environment& environment) {
    ChainJudge out;
    TRY_ASSIGN(out.registrars_, environment.registrars());
    out.sandbox_ = environment.settings.sandbox;
    out.now_ = environment.clock.now_ms();
    return out;
}

Result<trust::MailboxState> stored_chain(store::Reader& reader, std::int64_t mailbox_key,
                                         const trust::ChainRules& rules) {
    TRY_ASSIGN(auto rows, reader.chain(mailbox_key, 0));
    std::vector<codec::SignedObject> chain;
    chain.reserve(rows.size());
    for (const auto& row : rows) {
        TRY_ASSIGN(auto object, codec::decode_signed_object(row.signed_object));
        chain.push_back(std::move(object));
    }
    return trust::MailboxState::verify(chain, rules);
}

std::unexpected<Error> not_verified(Error error) {
    if (error.code == ErrorCode::certificate_invalid) error.code = ErrorCode::invalid_signature;
    return fail(std::move(error));
}

}  // namespace carepost::service
