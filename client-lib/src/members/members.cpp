#include "client-lib/src/members/members.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/members/history.h"
#include "client-lib/src/members/pairing_code.h"
#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/pairing.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis kPairingOpen = milliseconds(std::chrono::hours(1)).count();
constexpr milliseconds kPollPause{500};
constexpr std::size_t kIdPrefixLeast = 4;

// Waits a moment; false when `deadline` is over.
bool pause(std::chrono::steady_clock::time_point deadline) {
    if (std::chrono::steady_clock::now() + kPollPause >= deadline) return false;
    Wake never;
    wait_for(never.descriptor(), kPollPause);
    return true;
}

bool reads(const codec::Member& member) { return (member.rights & codec::right::kRead) != 0; }

}  // namespace

Result<Known> Members::contact(milliseconds timeout) {
    TRY(membership_.contact(timeout));
    return publisher_.look_again(timeout);
}

Status Members::check_manage(const KnownMailbox& own) const {
    if (own.state.holds(core_.keys.member, codec::right::kManage, core_.clock.now_ms())) return {};
    return fail(ErrorCode::not_allowed,
                fmt::format("this member of {} may not manage it", own.certificate.address.text()),
                "ask somebody who may: `carepost member list` shows who");
}

MemberInfo Members::info_of(const KnownMailbox& own, const codec::Member& member) const {
    const MemberHistory history = history_of(own.chain_objects);
    const auto joined = history.joined().find(member.id);
    return {member.id,
            member.name,
            member.rights,
            static_cast<MemberKind>(member.kind),
            joined == history.joined().end() ? 0 : joined->second,
            member.until_ms,
            member.id == core_.keys.member,
            0};
}

Result<codec::Member> Members::find(const KnownMailbox& own, const std::string& who) const {
    std::vector<codec::Member> found;
    for (const codec::Member& member : own.state.members()) {
        const bool by_id = who.size() >= kIdPrefixLeast && member.id.hex().starts_with(who);
        if (by_id || member.name == who) found.push_back(member);
    }
    if (found.size() == 1) return found.front();
    return fail(found.empty() ? ErrorCode::not_found : ErrorCode::bad_argument,
                found.empty() ? fmt::format("{} has no member \"{}\"", own.certificate.address.text(), who)
                              : fmt::format("\"{}\" stands for {} members", who, found.size()),
                "take the id from `carepost member list`");
}

Result<std::vector<MemberInfo>> Members::list(milliseconds timeout) {
    TRY_ASSIGN(const Known own, contact(timeout));
    std::vector<MemberInfo> out;
    for (const codec::Member& member : own->state.members())
        out.push_back(info_of(*own, member));
    if (!check_manage(*own)) return out;
    // Who waits for keys is the broker's word alone, so without it the list is still right.
    const auto reply = core_.connection->ask<codec::reply::Pairings>(codec::op::Pairings{}, timeout);
    if (!reply) return out;
    for (const auto& missing : reply->missing) {
        const auto member = std::ranges::find(out, missing.member, &MemberInfo::id);
        if (member != out.end()) member->missing = static_cast<std::uint32_t>(missing.epochs.size());
    }
    return out;
}

// --- letting in -------------------------------------------------------------------------------------------------------

Status Members::check_request(const codec::SignedObject& request) const {
    TRY_ASSIGN(const auto verified,
               trust::verify_pairing_request(request, core_.broker.file.sandbox, core_.clock.now_ms()));
    if (verified.request().address == core_.keys.address) return {};
    return fail(ErrorCode::bad_argument,
                fmt::format("the new device wants to join {}, not {}", verified.request().address.text(),
                            core_.keys.address.text()),
                "repeat it on the new device with the right address");
}

Result<codec::SignedObject> Members::read_request(const std::string& file) const {
    TRY_ASSIGN(const Bytes text, read_file_limited(file, limits::kPairingRequest * 4));
    TRY_ASSIGN(const Bytes bytes, trust::unarmor(trust::armor_kind::kPairingRequest, text_of(text), file));
    return codec::decode_signed_object(bytes, limits::kPairingRequest);
}

// Lets the code's key in, and waits for the one request that has this code: the machine compares, no secret is typed.
Result<codec::SignedObject> Members::await_request(const AddInput& input, milliseconds timeout) {
    TRY_ASSIGN(const PairingCode code, PairingCode::parse(input.code));
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const codec::op::OpenPairing open{derive(code).key, core_.clock.now_ms() + kPairingOpen};
    TRY(core_.connection->ask<codec::reply::OpenPairing>(open, timeout));
    while (true) {
        TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::Pairings>(codec::op::Pairings{}, timeout));
        for (const Bytes& bytes : reply.requests) {
            auto request = codec::decode_signed_object(bytes, limits::kPairingRequest);
            if (request && PairingCode::of(request->object) == code) return std::move(*request);
        }
        if (!pause(deadline)) {
            return fail(ErrorCode::deadline_exceeded, "the new device has not asked to join yet",
                        "check that it waits and shows this very code; then repeat the command");
        }
    }
}

Result<AddOutcome> Members::add(const AddInput& input, milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const Known own, contact(timeout));
    TRY(check_manage(*own));
    TRY_ASSIGN(const auto request,
               input.request_file.empty() ? await_request(input, timeout) : read_request(input.request_file));
    if (!input.request_file.empty() && !input.code.empty()) {
        TRY_ASSIGN(const PairingCode code, PairingCode::parse(input.code));
        if (PairingCode::of(request.object) != code) {
            return fail(ErrorCode::bad_argument, fmt::format("the request in {} has another code", input.request_file),
                        "compare it with the code that the new device shows");
        }
    }
    TRY(check_request(request));
    return admit(request, input, timeout);
}

Result<AddOutcome> Members::admit(const codec::SignedObject& request, const AddInput& input, milliseconds timeout) {
    TRY_ASSIGN(const auto content, codec::decode_pairing_request(request.object));
    codec::Member member = content.member;
    member.rights = input.rights;
    member.until_ms = input.until;
    // What the newcomer may not read must be sealed to keys it never had; where its time ends, an epoch has to.
    const bool at_once = reads(member) && (input.epochs == GivenEpochs::none || input.until != 0);
    const trust::Grant grant{input.rights, input.until, std::nullopt};
    Publisher::After after;
    if (at_once) {
        after = [&](const trust::MailboxState& state) -> Result<std::vector<codec::Member>> {
            std::vector<codec::Member> members = state.members();
            members.push_back(member);
            return members;
        };
    }
    TRY_ASSIGN(const Known before, publisher_.look_again(timeout));
    if (before->state.member(member.id) == nullptr) {
        TRY(publisher_.publish(
            [&](const trust::MailboxState& state, const auto& epoch, UnixMillis now) {
                return trust::make_add_member(state, request, {grant.rights, grant.until_ms, epoch}, core_.keys.signing,
                                              now);
            },
            after, timeout));
    }
    if (reads(member) && input.epochs != GivenEpochs::none) {
        const auto current = before->state.epoch_for(core_.clock.now_ms());
        TRY(upkeep_.grant(member.id, input.epochs == GivenEpochs::all || !current ? 1 : current->number));
    }
    TRY(settle(timeout));
    AddOutcome out;
    TRY_ASSIGN(const Known own, membership_.own());
    const codec::Member* added = own->state.member(member.id);
    out.member = info_of(*own, added == nullptr ? member : *added);
    TRY_ASSIGN(out.keys_given, give_keys(member.id, input, timeout));
    return out;
}

// The newcomer waits on its side and publishes its sealing keys as soon as it is let in.
Result<bool> Members::give_keys(const MemberId& member, const AddInput& input, milliseconds timeout) {
    constexpr milliseconds kPatience{10'000};
    TRY_ASSIGN(Known own, membership_.own());
    const codec::Member* added = own->state.member(member);
    if (added == nullptr || !reads(*added)) return true;
    const bool by_hand = !input.request_file.empty();
    const auto deadline = std::chrono::steady_clock::now() + std::min(timeout, by_hand ? milliseconds{0} : kPatience);
    while (true) {
        TRY_ASSIGN(
            const auto keys,
            publisher_.fetch_keys(own->state, 1, static_cast<std::uint32_t>(own->state.epochs().size()), timeout));
        const bool published =
            std::ranges::any_of(keys, [&](const auto& epoch) { return epoch.second.contains(member); });
        if (published) {
            TRY(upkeep_.serve(own, 1, timeout));
            return true;
        }
        if (!pause(deadline)) return false;
    }
}

// --- taking out, changing ---------------------------------------------------------------------------------------------

// The epochs that a new one made void are made again, and everybody gets what is missing.
Status Members::settle(milliseconds timeout) {
    TRY_ASSIGN(Known own, publisher_.look_again(timeout));
    TRY(upkeep_.run(std::move(own), timeout));
    return {};
}

Result<std::vector<MemberInfo>> Members::revoke(const std::vector<std::string>& who, const std::string& reason,
                                                milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const Known own, contact(timeout));
    TRY(check_manage(*own));
    if (who.empty()) return fail(ErrorCode::bad_argument, "no member was named", "see `carepost member list`");
    std::vector<MemberId> ids;
    std::vector<MemberInfo> out;
    bool reader = false;
    for (const std::string& name : who) {
        TRY_ASSIGN(const auto member, find(*own, name));
        if (member.id == core_.keys.member) {
            return fail(ErrorCode::bad_argument, "a member cannot take itself out: it would make the keys that follow",
                        "let another member do it that may manage");
        }
        ids.push_back(member.id);
        out.push_back(info_of(*own, member));
        reader = reader || reads(member);
    }
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    Publisher::After after;
    if (reader) {
        after = [&](const trust::MailboxState& state) -> Result<std::vector<codec::Member>> {
            std::vector<codec::Member> members = state.members();
            std::erase_if(members, [&](const codec::Member& m) { return std::ranges::binary_search(ids, m.id); });
            return members;
        };
    }
    TRY(publisher_.publish(
        [&](const trust::MailboxState& state, const auto& epoch, UnixMillis now) {
            return trust::make_remove_members(state, ids, epoch, reason, core_.keys.signing, now);
        },
        after, timeout));
    TRY(settle(timeout));
    return out;
}

Result<MemberInfo> Members::change_rights(const std::string& who, std::uint32_t rights, std::optional<UnixMillis> until,
                                          milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const Known own, contact(timeout));
    TRY(check_manage(*own));
    TRY_ASSIGN(const auto member, find(*own, who));
    const UnixMillis end = until.value_or(member.until_ms);
    const bool taken = reads(member) && ((rights & codec::right::kRead) == 0 || end != member.until_ms);
    Publisher::After after;
    if (taken) {
        after = [&](const trust::MailboxState& state) -> Result<std::vector<codec::Member>> {
            std::vector<codec::Member> members = state.members();
            for (codec::Member& other : members) {
                if (other.id != member.id) continue;
                other.rights = rights;
                other.until_ms = end;
            }
            return members;
        };
    }
    TRY(publisher_.publish(
        [&](const trust::MailboxState& state, const auto& epoch, UnixMillis now) {
            return trust::make_change_rights(state, member.id, {rights, end, epoch}, core_.keys.signing, now);
        },
        after, timeout));
    TRY(settle(timeout));
    TRY_ASSIGN(const Known now, membership_.own());
    const codec::Member* changed = now->state.member(member.id);
    return info_of(*now, changed == nullptr ? member : *changed);
}

Result<KeyFacts> Members::rotate_epochs(milliseconds timeout) {
    {
        const std::lock_guard lock(mutex_);
        TRY_ASSIGN(const Known own, contact(timeout));
        TRY(check_manage(*own));
        TRY(publisher_.publish(
            [&](const trust::MailboxState& state, const auto& epoch, UnixMillis now) {
                return trust::make_remove_members(state, {}, epoch, {}, core_.keys.signing, now);
            },
            [](const trust::MailboxState& state) -> Result<std::vector<codec::Member>> { return state.members(); },
            timeout));
        TRY(settle(timeout));
    }
    return key_facts();
}

Status Members::veto(const Hash& reset, milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const Known own, contact(timeout));
    TRY(check_manage(*own));
    if (own->state.is_vetoed(reset)) return {};
    TRY(publisher_.publish([&](const trust::MailboxState& state, const auto&,
                               UnixMillis now) { return trust::make_veto(state, reset, core_.keys.signing, now); },
                           {}, timeout));
    return {};
}

Result<KeyFacts> Members::key_facts() {
    TRY_ASSIGN(const Known own, membership_.own());
    const UnixMillis now = core_.clock.now_ms();
    KeyFacts out;
    const auto held = core_.keyring->held();
    out.epochs_held = static_cast<std::uint32_t>(held.size());
    for (const codec::Epoch& epoch : own->state.epochs()) {
        if (!held.contains(epoch.number) && epoch.not_after_ms > now && epoch.number >= own->state.first_live_epoch())
            ++out.epochs_missing;
    }
    if (const auto current = own->state.epoch_for(now)) out.current_epoch = current->number;
    out.newest_epoch = static_cast<std::uint32_t>(own->state.epochs().size());
    out.first_live_epoch = own->state.first_live_epoch();
    out.oldest_until = core_.keyring->next_destruction();
    if (!own->state.epochs().empty()) out.epochs_until = own->state.epochs().back().not_after_ms;
    out.identity_key_here = file_exists(core_.paths.identity_key());
    out.identity_key = own->state.identity_key();
    out.signing_key = core_.keys.signing.verify_key();
    return out;
}

}  // namespace carepost::client
