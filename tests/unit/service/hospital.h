#pragma once
// A hospital whose mailbox has many members, in a broker without sockets: they join, publish keys and packets, and go, by the
// entries and requests that real ones make.

#include "broker/service/chain_members.h"
#include "broker/service/directory.h"
#include "broker/service/members.h"
#include "broker/service/members_writes.h"
#include "broker/service/simple_op.h"
#include "proto/trust/packets.h"
#include "proto/trust/pairing.h"
#include "tests/support/broker_world.h"

namespace carepost::test {

// A member beside the owner.
struct Colleague {
    SigningKey key;
    codec::Member member;
    auth::Identity who;
};

class Hospital : public BrokerWorld {
public:
    Hospital() { admit(owner); }

    service::MembersService members() { return {*environment, *reader}; }
    trust::MailboxState& state() { return owner.state.back(); }
    UnixMillis now() const { return clock.now_ms(); }

    Result<codec::reply::Publish> publish(const codec::SignedObject& entry, const auth::Identity& by) {
        service::DirectoryService directory(*environment, *reader);
        const auto bytes = codec::encode(entry).value();
        auto published =
            answer_of<codec::reply::Publish>([&](auto done) { directory.publish(by, {bytes}, std::move(done)); });
        if (!published) return published;
        if (auto ok = state().append(entry, chain_rules(now())); !ok) throw std::runtime_error(ok.error().message);
        return published;
    }
    Result<codec::reply::Publish> publish(const codec::SignedObject& entry) { return publish(entry, owner.who); }

    Colleague colleague(codec::MemberKind kind = codec::MemberKind::device) {
        ++count_;
        Colleague out{SigningKey::generate(world.random), {}, {}};
        TransportKey transport;
        transport.bytes = {static_cast<std::uint8_t>(count_), static_cast<std::uint8_t>(count_ >> 8U), 77};
        out.member = {.id = world.random.id<MemberId>(),
                      .signing_key = out.key.verify_key(),
                      .transport_key = transport,
                      .rights = codec::right::kRead,
                      .name = "colleague " + std::to_string(count_),
                      .kind = kind};
        if (kind == codec::MemberKind::recovery_kit) out.member.sealing_key = some_sealing_key(3);
        return out;
    }
    codec::SignedObject request_of(const Colleague& colleague) {
        return must(trust::make_pairing_request({.mailbox = owner.mailbox,
                                                 .address = owner.address,
                                                 .member = colleague.member,
                                                 .nonce = {},
                                                 .created_ms = now(),
                                                 .expires_ms = now() + kHour,
                                                 .sandbox = true},
                                                colleague.key));
    }
    Bytes request_bytes(const Colleague& colleague) { return codec::encode(request_of(colleague)).value(); }
    // Added by the owner.
    Colleague join(std::uint32_t rights, UnixMillis until = 0, codec::MemberKind kind = codec::MemberKind::device) {
        auto out = colleague(kind);
        let_in(out, rights, until);
        return out;
    }
    void let_in(Colleague& out, std::uint32_t rights, UnixMillis until = 0) {
        must(publish(must(trust::make_add_member(state(), request_of(out), {.rights = rights, .until_ms = until},
                                                 owner.member_key, now()))));
        out.who = *sessions.find(out.member.transport_key);
    }

    codec::SignedObject sealing_key(const Colleague& by, std::uint32_t epoch, std::uint8_t seed = 1) {
        return must(trust::make_sealing_key({owner.mailbox, by.member.id, epoch, some_sealing_key(seed)}, by.key));
    }
    Result<codec::reply::PublishSealingKeys> put_keys(const Colleague& by, const std::vector<std::uint32_t>& epochs,
                                                      std::uint8_t seed = 1) {
        codec::op::PublishSealingKeys keys;
        for (auto epoch : epochs)
            keys.keys.push_back(codec::encode(sealing_key(by, epoch, seed)).value());
        return put_keys(by.who, keys);
    }
    Result<codec::reply::PublishSealingKeys> put_keys(const auth::Identity& who,
                                                      const codec::op::PublishSealingKeys& keys) {
        auto service = members();
        return answer_of<codec::reply::PublishSealingKeys>(
            [&](auto done) { service.publish_sealing_keys(who, keys, std::move(done)); });
    }

    // What stands in it does not matter to a broker.
    static codec::Packet packet(const MemberId& member, std::uint32_t epoch, std::uint8_t seed = 1) {
        codec::Packet out;
        out.member = member;
        out.epoch = epoch;
        out.enc.bytes[0] = seed;
        return out;
    }
    Result<codec::reply::PutPackets> put(const auth::Identity& who, const std::vector<codec::Packet>& packets) {
        codec::op::PutPackets put;
        for (const auto& packet : packets)
            put.packets.push_back(codec::encode(packet).value());
        auto service = members();
        return answer_of<codec::reply::PutPackets>([&](auto done) { service.put_packets(who, put, std::move(done)); });
    }
    // The next dated epoch, as the owner makes it for these packets.
    codec::SignedObject epoch_for(const std::vector<codec::Packet>& packets) {
        const auto from = state().epochs().back().not_before_ms + 7 * kDay;
        return must(trust::make_epoch(state(), some_sealing_key(), from, must(trust::packets_root(packets)),
                                      owner.member_key, now()));
    }
    std::vector<codec::Packet> fetch(const auth::Identity& who) {
        auto service = members();
        std::vector<codec::Packet> out;
        const auto reply = must(service.packets(who, {0}));
        for (const auto& bytes : reply.packets)
            out.push_back(must(codec::decode_packet(bytes)));
        return out;
    }
    std::uint32_t next_epoch() { return static_cast<std::uint32_t>(state().epochs().size()) + 1; }

    Practice owner{world, 1, "nihii:71032209/HOSPITAL"};

private:
    unsigned count_ = 0;
};

template <typename T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode{} : result.error().code;
}

}  // namespace carepost::test
