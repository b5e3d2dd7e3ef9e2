#include "broker/service/members_writes.h"

#include <algorithm>

#include "broker/service/simple_op.h"

namespace carepost::service {
namespace {

constexpr UnixMillis kHour = 3'600'000;
constexpr UnixMillis kDay = 24 * kHour;
constexpr UnixMillis kToldGrace = 60'000;  // for an answer that was lost on its way

// Who has access is asked again here: the chain may have moved since the request was let through.
const store::Member* living(const std::vector<store::Member>& members, const MemberId& id, std::uint32_t one_of,
                            UnixMillis now) {
    const auto found = std::ranges::find(members, id, &store::Member::id);
    if (found == members.end() || found->revoked || (found->rights & one_of) == 0) return nullptr;
    if (found->until != 0 && found->until <= now) return nullptr;
    return &*found;
}
std::unexpected<Error> not_allowed() { return fail(ErrorCode::not_allowed, "not allowed"); }

bool is_kept(const std::vector<store::EpochTimes>& epochs, std::uint32_t number) {
    return std::ranges::binary_search(epochs, number, {}, &store::EpochTimes::number);
}
bool is_ahead(std::uint32_t number, std::uint32_t newest) {
    return number > newest && number - newest <= limits::kEpochsAhead;
}
std::unexpected<Error> no_epoch(std::uint32_t number) {
    return fail(ErrorCode::not_found, "epoch " + std::to_string(number) + " is destroyed, or too far ahead",
                "look at the mailbox's chain");
}

// --- sealing keys ---------------------------------------------------------------------------------------------------

class SealingKeysOp final : public store::WriteOp {
public:
    SealingKeysOp(Environment& environment, const auth::Identity& member, std::vector<store::NewSealingKey> keys,
                  Done<codec::reply::PublishSealingKeys> done)
        : environment_(environment), member_(member), keys_(std::move(keys)), done_(std::move(done)) {}

    std::size_t bytes() const override { return keys_.size() * limits::kMemberSealingKey; }

    Status apply(store::Transaction& transaction) override {
        change_ = 0;
        TRY_ASSIGN(const auto members, transaction.members(member_.mailbox_key));
        const auto* own = living(members, member_.member, UINT32_MAX, environment_.clock.now_ms());
        if (own == nullptr) return not_allowed();
        if (own->kind == store::MemberKind::recovery_kit) {
            return fail(ErrorCode::not_allowed, "a recovery kit has one static key", "publish no keys for it");
        }
        TRY_ASSIGN(const auto epochs, transaction.epochs(member_.mailbox_key));
        TRY_ASSIGN(const auto newest, transaction.newest_epoch(member_.mailbox_key));
        for (const auto& key : keys_) {
            if (!is_kept(epochs, key.epoch) && !is_ahead(key.epoch, newest)) return no_epoch(key.epoch);
        }
        TRY_ASSIGN(const auto fresh, transaction.put_sealing_keys(member_.mailbox_key, member_.member, keys_));
        const bool wishes = std::ranges::any_of(fresh, [newest](std::uint32_t epoch) { return epoch <= newest; });
        if (!wishes) return {};
        TRY_ASSIGN(change_, transaction.call(member_.mailbox_key, store::ChangeKind::packets));
        return {};
    }

    void committed(const store::Settled&) override {
        done_(codec::reply::PublishSealingKeys{});
        if (change_ != 0) environment_.watchers.changed(member_.mailbox_key, change_);
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    auth::Identity member_;
    std::vector<store::NewSealingKey> keys_;
    Done<codec::reply::PublishSealingKeys> done_;
    std::uint64_t change_ = 0;
};

// --- packets --------------------------------------------------------------------------------------------------------

class PacketsOp final : public store::WriteOp {
public:
    PacketsOp(Environment& environment, const auth::Identity& member, std::vector<store::PacketRow> packets,
              Done<codec::reply::PutPackets> done)
        : environment_(environment), member_(member), packets_(std::move(packets)), done_(std::move(done)) {}

    std::size_t bytes() const override { return packets_.size() * limits::kPacket; }

    Status apply(store::Transaction& transaction) override {
        change_ = 0;
        served_.clear();
        TRY_ASSIGN(const auto members, transaction.members(member_.mailbox_key));
        const auto* maker = living(members, member_.member, auth::kRead | auth::kManage, environment_.clock.now_ms());
        if (maker == nullptr) return not_allowed();
        TRY_ASSIGN(const auto epochs, transaction.epochs(member_.mailbox_key));
        TRY_ASSIGN(const auto newest, transaction.newest_epoch(member_.mailbox_key));
        std::vector<store::PacketRow> staged;
        for (const auto& packet : packets_) {
            TRY(check_receiver(transaction, members, packet));
            if (is_ahead(packet.epoch, newest)) {
                staged.push_back(packet);
                continue;
            }
            if (!is_kept(epochs, packet.epoch)) return no_epoch(packet.epoch);
            TRY_ASSIGN(const bool added, transaction.add_packet(member_.mailbox_key, packet));
            if (added) served_.push_back(packet.member);
        }
        if (!served_.empty()) {
            TRY_ASSIGN(change_, transaction.call(member_.mailbox_key, store::ChangeKind::packets));
        }
        if (staged.empty()) return {};
        if ((maker->rights & auth::kManage) == 0) return not_allowed();
        return transaction.stage_packets(member_.mailbox_key, member_.member, staged, environment_.clock.now_ms());
    }

    void committed(const store::Settled&) override {
        done_(codec::reply::PutPackets{});
        std::ranges::sort(served_);
        const auto repeated = std::ranges::unique(served_);
        served_.erase(repeated.begin(), repeated.end());
        for (const auto& member : served_)
            environment_.watchers.changed_for(member_.mailbox_key, member, change_);
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Status check_receiver(store::Transaction& transaction, const std::vector<store::Member>& members,
                          const store::PacketRow& packet) const {
        const auto* reader = living(members, packet.member, auth::kRead, environment_.clock.now_ms());
        if (reader == nullptr)
            return fail(ErrorCode::not_found, "member " + packet.member.hex() + " does not read this mailbox");
        if (reader->kind == store::MemberKind::recovery_kit) return {};
        TRY_ASSIGN(const bool has_key, transaction.has_sealing_key(member_.mailbox_key, packet.epoch, packet.member));
        if (has_key) return {};
        return fail(ErrorCode::not_found,
                    "member " + packet.member.hex() + " has published no key for epoch " + std::to_string(packet.epoch),
                    "ask for the sealing keys again");
    }

    Environment& environment_;
    auth::Identity member_;
    std::vector<store::PacketRow> packets_;
    Done<codec::reply::PutPackets> done_;
    std::vector<MemberId> served_;
    std::uint64_t change_ = 0;
};

}  // namespace

void write_sealing_keys(Environment& environment, const auth::Identity& member, std::vector<store::NewSealingKey> keys,
                        Done<codec::reply::PublishSealingKeys> done) {
    environment.store.write(std::make_unique<SealingKeysOp>(environment, member, std::move(keys), std::move(done)));
}

void write_packets(Environment& environment, const auth::Identity& member, std::vector<store::PacketRow> packets,
                   Done<codec::reply::PutPackets> done) {
    environment.store.write(std::make_unique<PacketsOp>(environment, member, std::move(packets), std::move(done)));
}

// --- newcomers ------------------------------------------------------------------------------------------------------

void write_pairing_key(Environment& environment, const auth::Identity& manager, const TransportKey& key,
                       UnixMillis expires, Done<codec::reply::OpenPairing> done) {
    auth::Identity newcomer;
    newcomer.kind = auth::Kind::pairing;
    newcomer.key = key;
    newcomer.mailbox_key = manager.mailbox_key;
    newcomer.mailbox = manager.mailbox;
    newcomer.expires = expires;
    auto change = [newcomer](store::Transaction& transaction) -> Status {
        TRY_ASSIGN(auto known, transaction.pairing(newcomer.key));
        store::Pairing row;
        if (known) row = std::move(*known);
        const bool elsewhere = known && known->mailbox_key != newcomer.mailbox_key;
        if (elsewhere) row = {};
        row.transport_key = newcomer.key;
        row.mailbox_key = newcomer.mailbox_key;
        row.expires = newcomer.expires;
        return transaction.put_pairing(row);
    };
    write_simply(environment.store, 1024, std::move(change),
                 [&sessions = environment.sessions, newcomer, done = std::move(done)](Status status) mutable {
                     if (!status) return done(fail(std::move(status.error())));
                     sessions.put(std::move(newcomer));
                     done(codec::reply::OpenPairing{});
                 });
}

namespace {

class PairOp final : public store::WriteOp {
public:
    PairOp(Environment& environment, const auth::Identity& newcomer, const MemberId& member, Bytes request,
           Done<codec::reply::Pair> done)
        : environment_(environment),
          newcomer_(newcomer),
          member_(member),
          request_(std::move(request)),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return request_.size() + 256; }

    Status apply(store::Transaction& transaction) override {
        change_ = 0;
        TRY_ASSIGN(auto row, transaction.pairing(newcomer_.key));
        if (!row) return not_allowed();
        if (row->request == request_) return {};
        if (!row->request.empty()) {
            return fail(ErrorCode::conflict, "another request came with this code", "pair with a new code");
        }
        row->member = member_;
        row->request = request_;
        TRY(transaction.put_pairing(*row));
        TRY_ASSIGN(change_, transaction.call(newcomer_.mailbox_key, store::ChangeKind::pairing));
        return {};
    }

    void committed(const store::Settled&) override {
        done_(codec::reply::Pair{});
        if (change_ != 0) environment_.watchers.changed(newcomer_.mailbox_key, change_);
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    auth::Identity newcomer_;
    MemberId member_;
    Bytes request_;
    Done<codec::reply::Pair> done_;
    std::uint64_t change_ = 0;
};

}  // namespace

void write_pairing_request(Environment& environment, const auth::Identity& newcomer, const MemberId& member,
                           Bytes request, Done<codec::reply::Pair> done) {
    environment.store.write(
        std::make_unique<PairOp>(environment, newcomer, member, std::move(request), std::move(done)));
}

void forget_pairing(Environment& environment, const TransportKey& key) {
    write_simply(
        environment.store, 256, [key](store::Transaction& transaction) { return transaction.remove_pairing(key); },
        [&environment, key](const Status& status) {
            // When it could not be forgotten it still ends by its own date.
            if (status) environment.sessions.expire(key, environment.clock.now_ms() + kToldGrace);
        });
}

// --- time passes ----------------------------------------------------------------------------------------------------

void sweep_members(Environment& environment) {
    const auto now = environment.clock.now_ms();
    const auto kept = environment.settings.retention_days * kDay;
    auto more = std::make_shared<bool>(false);
    write_simply(
        environment.store, limits::kBatchBytes,
        [more, now, kept](store::Transaction& transaction) -> Status {
            TRY_ASSIGN(*more, transaction.sweep_members(now - kDay, now - kept, now));
            return {};
        },
        [&environment, more](const Status& status) {
            if (!status) environment.log.warning("old packets were not destroyed", {{"what", status.error().message}});
            if (status && *more) sweep_members(environment);
        });
}

}  // namespace carepost::service
