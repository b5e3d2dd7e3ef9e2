#pragma once
// The broker without its sockets: services over the real store in a folder of its own, a clock that tests move, and practices
// that were admitted the way everybody is.

#include <atomic>
#include <future>
#include <map>

#include "broker/service/certificate_writes.h"
#include "broker/service/enrolment.h"
#include "broker/service/evidence.h"
#include "proto/base/hash.h"
#include "proto/codec/content_layout.h"
#include "proto/codec/envelope.h"
#include "proto/trust/evidence.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/trust_world.h"

namespace carepost::test {

class FakeClock final : public Clock {
public:
    UnixMillis now_ms() const override { return wall.load(); }
    std::chrono::nanoseconds monotonic() const override { return std::chrono::nanoseconds(steady.load()); }
    void pass(std::chrono::milliseconds time) {
        wall += static_cast<UnixMillis>(time.count());
        steady += std::chrono::nanoseconds(time).count();
    }
    std::atomic<UnixMillis> wall{kNow};
    std::atomic<std::int64_t> steady{1'000'000'000};
};

// Remembers what was pushed.
class RememberedPushes final : public service::PushSink {
public:
    void push(auth::SessionId session, std::uint64_t change) override {
        std::lock_guard lock(mutex_);
        pushes_.emplace_back(session, change);
    }
    std::vector<std::pair<auth::SessionId, std::uint64_t>> all() {
        std::lock_guard lock(mutex_);
        return pushes_;
    }

private:
    std::mutex mutex_;
    std::vector<std::pair<auth::SessionId, std::uint64_t>> pushes_;
};

// The value, or a failed test that says why there is none.
template <typename T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// For chains without a take-over.
inline trust::ChainRules chain_rules(UnixMillis now_ms = kNow) {
    return {.registrars = {}, .sandbox = true, .now_ms = now_ms};
}

// A mailbox with one member, from before its enrolment on.
struct Practice {
    Practice(World& world, std::uint8_t number, const std::string& text, std::uint32_t rights = codec::right::kAll)
        : identity_key(SigningKey::generate(world.random)),
          member_key(SigningKey::generate(world.random)),
          address(Address::parse(text).value()),
          mailbox(world.random.id<MailboxId>()) {
        member = {.id = world.random.id<MemberId>(),
                  .signing_key = member_key.verify_key(),
                  .transport_key = some_transport_key(static_cast<std::uint8_t>(number + 20)),
                  .rights = rights,
                  .name = "front desk"};
        chain = {must(trust::make_genesis(mailbox, member, identity_key, kNow))};
        state.push_back(trust::MailboxState::begin(chain.front(), chain_rules()).value());
        for (std::uint8_t week = 0; week < 2; ++week) {
            chain.push_back(next_epoch(kNow + 7 * kDay * week));
            if (auto ok = state.back().append(chain.back(), chain_rules()); !ok)
                throw std::runtime_error(ok.error().message);
        }
    }
    codec::SignedObject next_epoch(UnixMillis from) const {
        return must(trust::make_epoch(state.back(), some_sealing_key(), from, trust::empty_root(), member_key, kNow));
    }
    codec::EnrolmentRequest request() const {
        return {.address = address,
                .name = "Dr. Example",
                .mailbox = mailbox,
                .identity_key = identity_key.verify_key(),
                .chain = chain,
                .nonce = {},
                .created_ms = kNow,
                .expires_ms = kNow + kDay,
                .sandbox = true};
    }
    Bytes signed_request() const {
        return codec::encode(must(trust::make_enrolment_request(request(), identity_key, member_key))).value();
    }
    codec::Certificate certificate() const {
        return {.serial = Serial{{member.transport_key.bytes[0]}},
                .address = address,
                .name = "Dr. Example",
                .mailbox = mailbox,
                .label = label_of(address),
                .identity_key = identity_key.verify_key(),
                .not_before_ms = kNow - kDay,
                .not_after_ms = kNow + 90 * kDay,
                .sandbox = true};
    }
    Bytes certificate_by(const SigningKey& registrar) const {
        return codec::encode(must(trust::issue(certificate(), registrar))).value();
    }

    SigningKey identity_key;
    SigningKey member_key;
    Address address;
    MailboxId mailbox;
    codec::Member member;
    std::vector<codec::SignedObject> chain;
    std::vector<trust::MailboxState> state;  // one
    auth::Identity who;                      // once admitted
};

// Waits for the answer of an operation that answers after its commit; `internal` when it died unanswered.
template <typename T, typename Start>
Result<T> answer_of(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    start(service::Done<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
    promise.reset();
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready)
        return fail(ErrorCode::deadline_exceeded, "no answer");
    try {
        return future.get();
    } catch (const std::future_error&) {
        return fail(ErrorCode::internal, "unanswered");
    }
}

// A message as the broker sees one: sealed parts are any bytes.
struct Letter {
    codec::Routing routing;
    codec::op::Submit submit;
    Bytes contents;

    // To `to`, each with an epoch; the sender's own copy is not added.
    Letter(const Practice& from, std::uint8_t number, const std::vector<std::pair<MailboxId, std::uint32_t>>& to,
           std::size_t plain = 100) {
        submit.header = Bytes(300, number);
        submit.signature = Bytes(200, 2);
        contents = Bytes(codec::ContentLayout::from_plain(plain)->sealed_length(), number);
        routing.message_id = MessageId{{number, 1}};
        routing.sender_mailbox = from.mailbox;
        routing.sender_member = from.member.id;
        routing.created_ms = kNow;
        routing.expires_ms = kNow + 10 * kDay;
        routing.commitment = Hash{{1}};
        routing.contents = {{contents.size(), content_root()}};
        address_to(to);
        close();
    }
    void address_to(const std::vector<std::pair<MailboxId, std::uint32_t>>& to) {
        std::vector<Hash> leaves;
        submit.stanzas.clear();
        for (const auto& [mailbox, epoch] : to) {
            codec::Stanza stanza;
            stanza.mailbox = mailbox;
            stanza.epoch = epoch;
            const auto bytes = codec::encode(stanza);
            submit.stanzas.insert(submit.stanzas.end(), bytes.begin(), bytes.end());
            leaves.push_back(trust::leaf_hash(bytes));
        }
        routing.stanza_count = static_cast<std::uint32_t>(to.size());
        routing.stanza_root = trust::root_of_leaves(leaves);
    }
    std::vector<Hash> content_leaves() const {
        std::vector<Hash> leaves;
        const auto layout = *codec::ContentLayout::from_sealed(contents.size());
        for (std::uint64_t part = 0; part < layout.parts(); ++part) {
            leaves.push_back(
                trust::leaf_hash(ByteView(contents).subspan(layout.part_offset(part), layout.part_size(part))));
        }
        return leaves;
    }
    Hash content_root() const { return trust::root_of_leaves(content_leaves()); }
    // Writes header and routing down; to be called after every change.
    void close() {
        routing.header_length = static_cast<std::uint32_t>(submit.header.size());
        routing.header_hash = sha256(submit.header);
        submit.routing = codec::encode(routing).value();
    }
};

class BrokerWorld {
public:
    BrokerWorld() { open(); }
    ~BrokerWorld() { close(); }

    void open() {
        store = must(store::open_sqlite({folder.path() / "data", mailbox_bytes, 1000, true, 1ULL << 20}, sealer));
        parts_reader = store->reader();
        reader = store->reader();
        environment.emplace(
            service::Environment{settings,
                                 *store,
                                 *parts_reader,
                                 sessions,
                                 watchers,
                                 clock,
                                 world.random,
                                 world.statement,
                                 [this]() -> Result<std::vector<trust::Registrar>> { return world.registrars(); },
                                 counters,
                                 log,
                                 trail,
                                 {{"sandbox.example/directory", world.directory.verify_key()}, witnesses, {}}});
    }
    void close() {
        environment.reset();
        reader.reset();
        parts_reader.reset();
        store.reset();
    }

    Result<service::Admitted> admit(const Bytes& certificate, const Bytes& request) {
        service::EnrolmentService enrolment(*environment, *reader);
        return answer_of<service::Admitted>(
            [&](auto done) { enrolment.admit({certificate, request}, std::move(done)); });
    }
    // Admitted as by an administrator; its member has a session identity then.
    void admit(Practice& practice) {
        must(admit(practice.certificate_by(world.registrar), practice.signed_request()));
        practice.who = *sessions.find(practice.member.transport_key);
    }
    Result<std::uint64_t> revoke(const Practice& practice, const SigningKey& by) {
        const codec::Certificate certificate = practice.certificate();
        const codec::Revocation revocation{
            .mailbox = certificate.mailbox, .serial = certificate.serial, .time_ms = kNow, .reason = "lost"};
        const auto bytes = codec::encode(trust::issue(revocation, by).value()).value();
        return answer_of<std::uint64_t>(
            [&](auto done) { service::write_revocation(*environment, *reader, bytes, std::move(done)); });
    }

    World world;
    TemporaryFolder folder;
    std::uint64_t mailbox_bytes = 1ULL << 30;
    FakeClock clock;
    std::vector<trust::Cosigner> witnesses;
    service::Settings settings{.sandbox = true};
    service::EvidenceSealer sealer{{"sandbox.example/directory", world.directory},
                                   {"sandbox.example/evidence", world.evidence},
                                   {"sandbox.example/audit", world.audit},
                                   world.random,
                                   clock};
    auth::SessionDirectory sessions{clock};
    RememberedPushes pushes;
    service::Watchers watchers{pushes};
    observe::Counters counters;
    observe::SilentLog log;
    auth::NoTrail trail;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::Reader> parts_reader;
    std::unique_ptr<store::Reader> reader;
    std::optional<service::Environment> environment;
};

}  // namespace carepost::test
