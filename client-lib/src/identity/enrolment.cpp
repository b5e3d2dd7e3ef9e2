#include "client-lib/src/identity/enrolment.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/directory/follow.h"
#include "client-lib/src/directory/scanner.h"
#include "client-lib/src/identity/epochs.h"
#include "client-lib/src/identity/take_over.h"
#include "client-lib/src/members/upkeep.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/trust/armor.h"
#include "proto/trust/chain_entries.h"
#include "proto/trust/enrolment.h"
#include "proto/trust/invitation.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kRequestPin = "enrolment-request";
constexpr std::string_view kAdmittedPin = "admitted";
constexpr std::string_view kInvitationPin = "invitation";
constexpr std::string_view kJoinedPin = "joined";  // which mailbox a device that joined is a member of
constexpr UnixMillis kRequestLife = std::chrono::milliseconds(std::chrono::days(30)).count();
constexpr milliseconds kPollPause{500};

struct Wanted {
    Address address;
    std::optional<trust::InvitationText> invitation;
};

// Which address, by the input or by the invitation; they must agree.
Result<Wanted> wanted_of(const EnrolInput& input) {
    std::optional<Address> address;
    if (!input.address.empty()) {
        TRY_ASSIGN(address, Address::parse(input.address));
    }
    std::optional<trust::InvitationText> invitation;
    if (!input.invitation.empty()) {
        TRY_ASSIGN(invitation, trust::parse_invitation(input.invitation));
        if (address && invitation->address && *address != *invitation->address) {
            return fail(ErrorCode::bad_argument, fmt::format("the invitation is for {}", invitation->address->text()),
                        "leave the address out, or ask for another invitation");
        }
        if (!address) address = invitation->address;
    }
    if (!address)
        return fail(ErrorCode::bad_argument, "no address was given",
                    "say which address is to be enrolled, e.g. nihii:19234011/DOCTOR");
    return Wanted{std::move(*address), std::move(invitation)};
}

Result<MemberKeys> keys_for(const Paths& paths, const EnrolInput& input, const Address& address,
                            const Unlocker& unlocker, Random& random) {
    if (!file_exists(paths.member_key())) {
        const std::string name = input.name.empty() ? address.text() : input.name;
        NewIdentity fresh =
            make_identity(address, name, input.member_name.empty() ? "owner" : input.member_name, random);
        TRY(save_identity(paths, fresh, unlocker, random));
        return std::move(fresh.member);
    }
    TRY_ASSIGN(MemberKeys keys, load_member_keys(paths, unlocker));
    if (keys.address != address) {
        return fail(ErrorCode::already_exists,
                    fmt::format("there is an identity here already, for {}", keys.address.text()),
                    "give the new identity a folder of its own (--home)");
    }
    return keys;
}

// Genesis, first epochs, both signatures.
Result<codec::SignedObject> make_request(Core& core, const SigningKey& identity) {
    const MemberKeys& keys = core.keys;
    const UnixMillis now = core.clock.now_ms();
    const codec::Member owner{keys.member, keys.signing.verify_key(), keys.transport, codec::right::kAll,
                              keys.member_name};
    TRY_ASSIGN(auto genesis, trust::make_genesis(keys.mailbox, owner, identity, now));
    TRY_ASSIGN(auto state, trust::MailboxState::begin(genesis, rules_of(core.broker, now)));
    TRY_ASSIGN(auto epochs, make_missing_epochs(state, *core.keyring, keys.signing, rules_of(core.broker, now)));
    codec::EnrolmentRequest request{keys.address,
                                    keys.name,
                                    keys.mailbox,
                                    keys.identity_key,
                                    {},
                                    core.random.id<codec::EnrolmentNonce>(),
                                    now,
                                    now + kRequestLife,
                                    core.broker.file.sandbox};
    request.chain.push_back(std::move(genesis));
    for (auto& epoch : epochs)
        request.chain.push_back(std::move(epoch));
    return trust::make_enrolment_request(request, identity, keys.signing);
}

// The request kept from before, while it has not expired; else a new one, kept.
Result<codec::SignedObject> request_for(Core& core, const Unlocker& unlocker) {
    TRY_ASSIGN(const auto kept, core.archive->get(RecordKind::pin, view_of(kRequestPin)));
    if (kept) {
        TRY_ASSIGN(auto request, codec::decode_signed_object(kept->reveal(), limits::kEnrolmentRequest));
        if (trust::verify_enrolment_request(request, core.broker.file.sandbox, core.clock.now_ms())) return request;
    }
    TRY_ASSIGN(const SigningKey identity, load_identity_key(core.paths.identity_key(), unlocker));
    TRY_ASSIGN(auto request, make_request(core, identity));
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    TRY(core.archive->put(RecordKind::pin, view_of(kRequestPin), bytes));
    return request;
}

EnrolOutcome outcome_of(const Core& core, EnrolState state) {
    EnrolOutcome out;
    out.state = state;
    out.address = core.keys.address.text();
    out.mailbox = core.keys.mailbox;
    out.broker_name = core.broker.file.name;
    out.broker_fingerprint = core.broker.fingerprint;
    return out;
}

// What an enrolled one is told about: the certificate has to be for these keys, by a registrar of the pinned root.
Status check_certificate(const Core& core, ByteView bytes) {
    TRY_ASSIGN(const auto object, codec::decode_signed_object(bytes));
    TRY_ASSIGN(const auto certificate, trust::verify_certificate(object, core.broker.registrars,
                                                                 core.broker.file.sandbox, core.clock.now_ms()));
    const codec::Certificate& content = certificate.certificate();
    if (content.mailbox == core.keys.mailbox && content.identity_key == core.keys.identity_key &&
        content.address == core.keys.address) {
        return {};
    }
    return fail(ErrorCode::certificate_invalid,
                "the broker handed over a certificate for other keys or another address",
                "do not go on; tell the registrar");
}

// One question to the broker with an invitation's one-time key.
Result<codec::reply::Enrol> ask_as_invited(const Core& core, const trust::InvitationKeys& keys,
                                           codec::Operation operation, milliseconds timeout) {
    const codec::BrokerFile& file = core.broker.file;
    Connection connection(
        PeerKeys{file.endpoint, file.transport_key, keys.transport_key, keys.transport_secret.clone()},
        core.options.software);
    return connection.ask<codec::reply::Enrol>(std::move(operation), timeout);
}

Result<EnrolOutcome> settle_reply(Core& core, const codec::reply::Enrol& reply) {
    switch (reply.state) {
        case codec::reply::EnrolmentState::pending:
            return outcome_of(core, EnrolState::pending);
        case codec::reply::EnrolmentState::refused: {
            EnrolOutcome out = outcome_of(core, EnrolState::refused);
            out.reason = reply.reason;
            return out;
        }
        case codec::reply::EnrolmentState::admitted:
            break;
    }
    TRY(check_certificate(core, reply.certificate));
    TRY(core.archive->put(RecordKind::pin, view_of(kAdmittedPin), reply.certificate));
    TRY(core.archive->erase(RecordKind::pin, view_of(kInvitationPin)));
    return outcome_of(core, EnrolState::admitted);
}

// Brings the request in and waits for the registrar until the deadline.
Result<EnrolOutcome> enrol_by_invitation(Core& core, const trust::InvitationCode& code,
                                         const codec::SignedObject& request, const Unlocker& unlocker,
                                         milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const trust::InvitationKeys keys = trust::derive(code);
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    TRY(core.archive->put(RecordKind::pin, view_of(kInvitationPin), code.secret().reveal()));
    codec::Operation operation = codec::op::Enrol{bytes, trust::invitation_mac(keys.mac_key, bytes)};
    while (true) {
        const auto rest = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
        auto reply = ask_as_invited(core, keys, operation, std::max(rest, milliseconds{1}));
        if (!reply && reply.error().code == ErrorCode::not_allowed) {
            // With the admission the one-time key is gone: if so, the member's own key gets in.
            Membership membership(core);
            if (membership.contact(std::max(rest, kPollPause))) return outcome_of(core, EnrolState::admitted);
            return fail(ErrorCode::expired, "the broker does not know this invitation",
                        "it has expired, was used, or is for another broker: ask the registrar for a new one");
        }
        // A mailbox behind the address: it may have been reset for the keys of this place.
        if (!reply && reply.error().code == ErrorCode::already_exists) {
            reply = take_over(core, unlocker, keys, std::max(rest, milliseconds{1}));
        }
        if (!reply) return fail(std::move(reply).error());
        TRY_ASSIGN(auto outcome, settle_reply(core, *reply));
        if (outcome.state != EnrolState::pending || rest <= kPollPause) return outcome;
        Wake never;
        wait_for(never.descriptor(), kPollPause);
        operation = codec::op::EnrolmentStatus{core.keys.mailbox};
    }
}

}  // namespace

Result<trust::TrustedBroker> settle_broker(const Paths& paths, const std::string& given, bool allow_sandbox) {
    const bool kept = file_exists(paths.broker_file());
    if (given.empty() && !kept) {
        return fail(ErrorCode::bad_argument, "no broker file was given",
                    "name the broker.carepost that came with the invitation");
    }
    TRY_ASSIGN(auto broker, load_broker_file(given.empty() ? paths.broker_file() : std::filesystem::path(given)));
    if (broker.file().sandbox && !allow_sandbox) {
        return fail(ErrorCode::broker_untrusted, "this is a sandbox broker: it protects nothing",
                    "use a production broker's file");
    }
    if (given.empty()) return broker;
    if (kept) {
        TRY_ASSIGN(const auto known, load_broker_file(paths.broker_file()));
        TRY(trust::check_successor(known, broker));
    }
    TRY(write_file_atomic(paths.broker_file(), view_of(trust::format_broker_file(broker)), kSecretFile,
                          Existing::replace));
    return broker;
}

Result<EnrolOutcome> enrol(Options options, const EnrolInput& input, Call call) {
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    TRY_ASSIGN(Wanted wanted, wanted_of(input));
    TRY(make_private_directory(paths.config));
    TRY(make_private_directory(paths.data));
    TRY_ASSIGN(IdentityLock lock, IdentityLock::take(paths.lock()));
    TRY_ASSIGN(const auto broker, settle_broker(paths, input.broker_file, options.allow_sandbox));
    TRY_ASSIGN(const Unlocker unlocker, Unlocker::make(options.unlock));
    SystemRandom system_random;
    Random& random = options.random != nullptr ? *options.random : system_random;
    TRY_ASSIGN(MemberKeys keys, keys_for(paths, input, wanted.address, unlocker, random));
    TRY_ASSIGN(const auto core, assemble_core(std::move(options), std::move(paths), std::move(lock),
                                              PinnedBroker(broker), std::move(keys)));
    Membership membership(*core);
    if (membership.state() == EnrolState::admitted) {
        return fail(ErrorCode::already_exists, fmt::format("{} is enrolled already", core->keys.address.text()),
                    "see `carepost whoami`");
    }
    TRY_ASSIGN(const auto request, request_for(*core, unlocker));
    const std::string fingerprint = trust::fingerprint(request.object);
    if (wanted.invitation) {
        TRY_ASSIGN(auto outcome,
                   enrol_by_invitation(*core, wanted.invitation->code, request, unlocker, core->timeout_of(call)));
        outcome.fingerprint = fingerprint;
        return outcome;
    }
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    const std::string text = trust::armor(trust::armor_kind::kEnrolmentRequest, bytes);
    const std::filesystem::path file =
        input.request_file.empty() ? core->paths.request() : std::filesystem::path(input.request_file);
    TRY(write_file_atomic(file, view_of(text), kPublicFile,
                          input.request_file.empty() ? Existing::replace : Existing::keep));
    EnrolOutcome outcome = outcome_of(*core, EnrolState::pending);
    outcome.request_file = file.string();
    outcome.fingerprint = fingerprint;
    return outcome;
}

// --- the own entry ----------------------------------------------------------------------------------------------------

EnrolState Membership::state() const {
    const auto admitted = core_.archive->get(RecordKind::pin, view_of(kAdmittedPin));
    return admitted && *admitted ? EnrolState::admitted : EnrolState::pending;
}

Result<Identity> Membership::whoami() const {
    const MemberKeys& keys = core_.keys;
    Identity out{keys.address.text(),
                 keys.name,
                 keys.mailbox,
                 keys.member,
                 keys.identity_key,
                 state(),
                 core_.broker.file.sandbox,
                 0,
                 0,
                 0,
                 core_.broker.file.name,
                 core_.broker.file.endpoint,
                 core_.paths.config.string(),
                 core_.paths.data.string()};
    if (const Known known = core_.directory->kept(keys.mailbox)) {
        out.name = known->certificate.name;
        out.certificate_not_before = known->certificate.not_before_ms;
        out.certificate_not_after = known->certificate.not_after_ms;
        if (!known->state.epochs().empty()) out.epochs_until = known->state.epochs().back().not_after_ms;
    }
    return out;
}

Result<EnrolOutcome> Membership::status(milliseconds timeout) {
    auto contacted = contact(timeout);
    if (contacted) return outcome_of(core_, EnrolState::admitted);
    if (contacted.error().code != ErrorCode::not_enrolled) return fail(std::move(contacted).error());
    TRY_ASSIGN(const auto code, core_.archive->get(RecordKind::pin, view_of(kInvitationPin)));
    if (!code) return outcome_of(core_, EnrolState::pending);
    TRY_ASSIGN(const auto invitation, trust::InvitationCode::from_secret(code->reveal()));
    auto reply =
        ask_as_invited(core_, trust::derive(invitation), codec::op::EnrolmentStatus{core_.keys.mailbox}, timeout);
    if (!reply) return fail(std::move(reply).error());
    return settle_reply(core_, *reply);
}

Status Membership::greet(milliseconds timeout) {
    auto hello = core_.connection->hello(timeout);
    if (!hello && hello.error().code == ErrorCode::not_allowed) return fail(refusal());
    if (!hello) return fail(std::move(hello).error());
    const bool joining = core_.keys.mailbox.is_zero();
    if (hello->sandbox != core_.broker.file.sandbox || (!joining && hello->mailbox != core_.keys.mailbox)) {
        return fail(ErrorCode::broker_untrusted,
                    "the broker greets as another broker, or takes this key for another mailbox's",
                    "do not go on: compare broker.carepost with the broker's administrator");
    }
    // First the broker itself: after a restart its logs have other names.
    TRY(follow_broker(core_, timeout));
    TRY(core_.checkpoints->adopt(hello->directory_checkpoint, timeout));
    TRY(core_.checkpoints->adopt_evidence(hello->evidence_checkpoint, timeout));
    TRY(compare_receipt_checkpoint(core_, timeout));
    return joining ? complete_join(hello->mailbox.value_or(MailboxId{}), timeout) : Status{};
}

// Unknown, wrong and removed keys look the same from outside; what was here before tells which it is.
Error Membership::refusal() const {
    const std::string& address = core_.keys.address.text();
    if (state() == EnrolState::admitted) {
        return {ErrorCode::not_allowed,
                fmt::format("this device is no longer a member of {}: it was removed, or its time is over", address),
                "ask somebody who manages the mailbox; if it should be a member, join again in a new folder: `carepost "
                "enrol --join`",
                std::nullopt};
    }
    const bool joining = core_.keys.mailbox.is_zero();
    return {ErrorCode::not_enrolled, fmt::format("{} has not been admitted yet", joining ? "this device" : address),
            joining ? "somebody who manages " + address + " has to let it in: `carepost member add CODE`"
                    : "the registrar has to admit the enrolment request first",
            std::nullopt};
}

// The first contact of a device that was let in: the address it wanted leads to the mailbox, and the mailbox's own chain to its keys.
Status Membership::complete_join(const MailboxId& told, milliseconds timeout) {
    TRY_ASSIGN(const auto found, core_.directory->look_up({core_.keys.address}, timeout));
    const KnownMailbox& own = *found.front();
    const auto& members = own.state.members();
    const VerifyKey key = core_.keys.signing.verify_key();
    const auto self = std::ranges::find(members, key, &codec::Member::signing_key);
    if (own.id() != told || self == members.end()) {
        return fail(ErrorCode::broker_untrusted,
                    fmt::format("the broker lets this device in, but not as a member of {}", core_.keys.address.text()),
                    "do not go on; tell those who manage the mailbox");
    }
    RecordWriter out;
    out.id(own.id()).id(self->id).id(own.state.identity_key());
    TRY(core_.archive->put(RecordKind::pin, view_of(kJoinedPin), out.finish().reveal()));
    return take_joined(core_);
}

Status take_joined(Core& core) {
    if (!core.keys.mailbox.is_zero()) return {};
    TRY_ASSIGN(const auto kept, core.archive->get(RecordKind::pin, view_of(kJoinedPin)));
    if (!kept) return {};
    RecordReader in(kept->reveal());
    const auto mailbox = in.id<MailboxId>();
    const auto member = in.id<MemberId>();
    const auto identity = in.id<VerifyKey>();
    if (!in.whole()) return fail(ErrorCode::damaged_file, "the record of having joined a mailbox cannot be read");
    core.keys.mailbox = mailbox;
    core.keys.member = member;
    core.keys.identity_key = identity;
    return {};
}

Status Membership::forget_join() { return core_.archive->erase(RecordKind::pin, view_of(kJoinedPin)); }

Status Membership::check_own(const KnownMailbox& own) const {
    const codec::Member* member = own.state.member(core_.keys.member);
    if (own.certificate.address == core_.keys.address && member == nullptr) return fail(refusal());
    // An identity key that the chain itself replaced is still the own one's successor.
    const auto& identities = own.state.identities();
    if (std::ranges::find(identities, core_.keys.identity_key) == identities.end() ||
        own.certificate.address != core_.keys.address || member->signing_key != core_.keys.signing.verify_key() ||
        member->transport_key != core_.keys.transport) {
        return fail(ErrorCode::certificate_invalid, "the directory shows other keys for this mailbox than its own",
                    "do not go on; tell the registrar at once");
    }
    return {};
}

Status Membership::contact(milliseconds timeout) {
    constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
    const std::lock_guard lock(contact_mutex_);
    const UnixMillis now = core_.clock.now_ms();
    if (contacted_ && now < *contacted_ + kDay) return {};
    TRY(greet(timeout));
    TRY(publish_lost_entries(core_, timeout));
    TRY_ASSIGN(const auto found, core_.directory->look_up({core_.keys.mailbox}, timeout));
    TRY(check_own(*found.front()));
    if (state() != EnrolState::admitted) {
        TRY_ASSIGN(const Bytes certificate, codec::encode(found.front()->certificate_object));
        TRY(core_.archive->put(RecordKind::pin, view_of(kAdmittedPin), certificate));
        TRY(core_.archive->erase(RecordKind::pin, view_of(kInvitationPin)));
    }
    TRY_ASSIGN(const Known own, Upkeep(core_).run(found.front(), timeout));
    TRY(Scanner(*core_.archive, *core_.connection, *core_.checkpoints).scan(*own, timeout));
    contacted_ = now;
    return {};
}

void Membership::tend(milliseconds timeout) {
    const std::lock_guard lock(contact_mutex_);
    if (!contacted_) return;
    const auto found = core_.directory->look_up({core_.keys.mailbox}, timeout);
    if (found) [[maybe_unused]]
        const auto done = Upkeep(core_).run(found->front(), timeout);
}

Result<Known> Membership::own() const {
    Known known = core_.directory->kept(core_.keys.mailbox);
    if (known) return known;
    return fail(ErrorCode::not_enrolled, "this identity has had no contact with the broker yet",
                "repeat the call when the broker can be reached");
}

}  // namespace carepost::client
