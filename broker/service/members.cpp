#include "broker/service/members.h"

#include <algorithm>

#include "broker/service/members_writes.h"
#include "proto/base/hash.h"
#include "proto/trust/pairing.h"

namespace carepost::service {

using namespace codec;  // NOLINT(google-build-using-namespace): replies are codec's own words

namespace {

constexpr UnixMillis kDay = 86'400'000;
constexpr std::uint32_t kKeysInPage = 128;     // about 1.4 KiB each: below limits::kPageBytes
constexpr std::uint32_t kPacketsInPage = 150;  // about 1.2 KiB each
constexpr std::uint32_t kMissingMost = 10'000;

// A member's signed key, if it is this member's own.
Result<store::NewSealingKey> own_key(const auth::Identity& member, const Bytes& bytes) {
    TRY_ASSIGN(const auto object, decode_signed_object(bytes, limits::kMemberSealingKey));
    TRY_ASSIGN(const auto key, decode_member_sealing_key(object.object));
    const bool own = key.mailbox == member.mailbox && key.member == member.member &&
                     trust::is_signed_by(object, label::kMemberSealingKey, member.signing_key);
    if (!own) return fail(ErrorCode::invalid_signature, "a sealing key is not this member's own");
    return store::NewSealingKey{key.epoch, sha256(object.object), bytes};
}

}  // namespace

// --- sealing keys ---------------------------------------------------------------------------------------------------

void MembersService::publish_sealing_keys(const auth::Identity& member, const op::PublishSealingKeys& keys,
                                          Done<reply::PublishSealingKeys> done) {
    std::vector<store::NewSealingKey> rows;
    rows.reserve(keys.keys.size());
    for (const auto& bytes : keys.keys) {
        auto row = own_key(member, bytes);
        if (!row) return done(fail(std::move(row.error())));
        rows.push_back(std::move(*row));
    }
    write_sealing_keys(environment_, member, std::move(rows), std::move(done));
}

Result<reply::SealingKeys> MembersService::sealing_keys(const auth::Identity& member, const op::SealingKeys& asked) {
    std::optional<store::SealingKeyPlace> place;
    if (asked.after_member) place = store::SealingKeyPlace{asked.after_epoch, *asked.after_member};
    TRY_ASSIGN(auto rows,
               reader_.sealing_keys(member.mailbox_key, asked.first_epoch, asked.last_epoch, place, kKeysInPage + 1));
    reply::SealingKeys out;
    out.more = rows.size() > kKeysInPage;
    if (out.more) rows.pop_back();
    for (auto& row : rows)
        out.keys.push_back(std::move(row.signed_object));
    return out;
}

// --- packets --------------------------------------------------------------------------------------------------------

void MembersService::put_packets(const auth::Identity& member, const op::PutPackets& packets,
                                 Done<reply::PutPackets> done) {
    std::vector<store::PacketRow> rows;
    rows.reserve(packets.packets.size());
    for (const auto& bytes : packets.packets) {
        auto packet = decode_packet(bytes);
        if (!packet) return done(fail(std::move(packet.error())));
        rows.push_back({packet->epoch, packet->member, bytes});
    }
    write_packets(environment_, member, std::move(rows), std::move(done));
}

Result<reply::Packets> MembersService::packets(const auth::Identity& member, const op::Packets& asked) {
    reply::Packets out;
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(auto rows,
                   reader_.packets(member.mailbox_key, member.member, asked.first_epoch, kPacketsInPage + 1));
        out.more = rows.size() > kPacketsInPage;
        if (out.more) rows.pop_back();
        for (auto& row : rows)
            out.packets.push_back(std::move(row.packet));
        TRY_ASSIGN(const auto missing,
                   reader_.missing_packets(member.mailbox_key, environment_.clock.now_ms(), kMissingMost));
        for (const auto& one : missing) {
            if (one.member != member.member) out.wanted.push_back(one.epoch);
        }
        return {};
    }));
    std::ranges::sort(out.wanted);
    const auto repeated = std::ranges::unique(out.wanted);
    out.wanted.erase(repeated.begin(), repeated.end());
    out.wanted.resize(std::min(out.wanted.size(), limits::kListPage));
    return out;
}

// --- newcomers ------------------------------------------------------------------------------------------------------

void MembersService::open_pairing(const auth::Identity& manager, const op::OpenPairing& open,
                                  Done<reply::OpenPairing> done) {
    const auto now = environment_.clock.now_ms();
    if (open.expires <= now) return done(fail(ErrorCode::expired, "this code has expired already"));
    if (open.expires > now + kDay)
        return done(fail(ErrorCode::malformed_request, "a code may wait for a day at most", "let it expire earlier"));
    write_pairing_key(environment_, manager, open.transport_key, open.expires, std::move(done));
}

Status MembersService::check_request(const auth::Identity& newcomer, const Bytes& request, MemberId& member) {
    TRY_ASSIGN(const auto object, decode_signed_object(request, limits::kPairingRequest));
    auto verified = trust::verify_pairing_request(object, environment_.settings.sandbox, environment_.clock.now_ms());
    if (!verified) {
        auto error = std::move(verified.error());
        if (error.code == ErrorCode::certificate_invalid) error.code = ErrorCode::invalid_signature;
        return fail(std::move(error));
    }
    // A new device knows the address alone: it names no mailbox.
    const MailboxId& wanted = verified->request().mailbox;
    if (!wanted.is_zero() && wanted != newcomer.mailbox)
        return fail(ErrorCode::not_allowed, "this code is for another mailbox", "pair with a new code");
    member = verified->request().member.id;
    return {};
}

Result<reply::PairingState> MembersService::state_of(const store::Pairing& pairing) {
    TRY_ASSIGN(const auto members, reader_.members(pairing.mailbox_key));
    const auto found = std::ranges::find(members, pairing.member, &store::Member::id);
    if (found == members.end()) return reply::PairingState::waiting;
    return found->revoked ? reply::PairingState::refused : reply::PairingState::member;
}

void MembersService::pair(const auth::Identity& newcomer, const op::Pair& pair, Done<reply::Pair> done) {
    auto known = reader_.pairing(newcomer.key);
    if (!known) return done(fail(std::move(known.error())));
    if (*known && (*known)->request == pair.request) {
        auto state = state_of(**known);
        if (!state) return done(fail(std::move(state.error())));
        if (*state != reply::PairingState::waiting) forget_pairing(environment_, newcomer.key);
        return done(reply::Pair{*state});
    }
    MemberId member;
    if (auto ok = check_request(newcomer, pair.request, member); !ok) return done(fail(std::move(ok.error())));
    write_pairing_request(environment_, newcomer, member, pair.request, std::move(done));
}

Result<reply::Pairings> MembersService::pairings(const auth::Identity& manager) {
    reply::Pairings out;
    const auto now = environment_.clock.now_ms();
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(const auto members, reader_.members(manager.mailbox_key));
        TRY_ASSIGN(auto waiting, reader_.pairings(manager.mailbox_key));
        for (auto& pairing : waiting) {
            const bool joined = std::ranges::find(members, pairing.member, &store::Member::id) != members.end();
            if (!pairing.request.empty() && pairing.expires > now && !joined)
                out.requests.push_back(std::move(pairing.request));
        }
        TRY_ASSIGN(const auto missing, reader_.missing_packets(manager.mailbox_key, now, kMissingMost));
        for (const auto& one : missing) {
            if (out.missing.empty() || out.missing.back().member != one.member) out.missing.push_back({one.member, {}});
            auto& epochs = out.missing.back().epochs;
            if (epochs.size() < limits::kListPage) epochs.push_back(one.epoch);
        }
        return {};
    }));
    return out;
}

}  // namespace carepost::service
