#include "broker/app/broker.h"

#include <sysexits.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "broker/app/restart.h"
#include "broker/dispatch/admin_dispatcher.h"
#include "broker/net/admin_socket.h"
#include "broker/net/front.h"
#include "broker/net/self_test.h"
#include "broker/net/worker_pool.h"
#include "broker/service/audit.h"
#include "broker/service/evidence.h"
#include "broker/service/log_trust.h"
#include "broker/service/members_writes.h"
#include "broker/service/retention.h"
#include "proto/base/file.h"
#include "proto/base/version.h"
#include "proto/trust/broker_home.h"

namespace carepost::app {
namespace {

namespace fs = std::filesystem;

constexpr auto kSelfTestPatience = std::chrono::seconds(10);
constexpr UnixMillis kStampAgeMs = 30ULL * 60 * 1000;  // well within the promised hour
constexpr UnixMillis kDayMs = 24ULL * 3600 * 1000;
constexpr std::uint64_t kUploadAgeMs = 7ULL * 24 * 3600 * 1000;  // unfinished uploads are forgotten after a week

// Pushes as replies with id 0.
class OutboxPushes final : public service::PushSink {
public:
    explicit OutboxPushes(net::Outbox& outbox) : outbox_(outbox) {}
    void push(auth::SessionId session, std::uint64_t change) override {
        outbox_.send(session, 0, {codec::encode_reply({0, codec::reply::Push{change}}), {}});
    }

private:
    net::Outbox& outbox_;
};

// "The broker started": the first statement of each run. It also makes the first checkpoints of a new directory.
class StartedOp final : public store::WriteOp {
public:
    StartedOp(UnixMillis now, std::promise<Status>& done) : now_(now), done_(done) {}
    std::size_t bytes() const override { return 64; }
    Status apply(store::Transaction& transaction) override {
        codec::EvidenceRow row;
        row.type = codec::EvidenceType::broker_started;
        row.time_ms = now_;
        TRY_ASSIGN(auto draft, service::draft_of(row));
        transaction.log_evidence(std::move(draft));
        return {};
    }
    void committed(const store::Settled&) override { done_.set_value({}); }
    void failed(const Error& error) override { done_.set_value(fail(error)); }

private:
    UnixMillis now_;
    std::promise<Status>& done_;
};

Result<trust::TrustedBroker> open_home(const fs::path& directory, Random& random, const Clock& clock,
                                       observe::Log& log) {
    std::error_code error;
    if (!fs::exists(directory / trust::home::kBrokerFile, error)) {
        fs::create_directories(directory, error);
        if (error) return fail(ErrorCode::cannot_create, "cannot make " + directory.string() + ": " + error.message());
        auto made = trust::make_broker_home(directory, {}, trust::NoUnlock{}, random, clock.now_ms());
        if (!made) return made;
        log.info("new data directory: move root.key to a safe place offline once a registrar is certified");
        return made;
    }
    return trust::load_broker_file(directory / trust::home::kBrokerFile);
}

class RunningBroker final : public Broker {
public:
    RunningBroker(fs::path directory, const Config& config, observe::Log& log, trust::TrustedBroker file,
                  trust::BrokerKeys keys)
        : directory_(std::move(directory)),
          config_(config),
          log_(log),
          file_(std::move(file)),
          keys_(std::move(keys)),
          sealer_({file_.file().directory_origin, keys_.directory_log},
                  {file_.file().evidence_origin, keys_.evidence_log},
                  {trust::audit_origin_of(file_.file()), *keys_.audit_log}, random_, clock_),
          sessions_(clock_),
          pushes_(outbox_),
          watchers_(pushes_) {
        settings_.sandbox = file_.file().sandbox;
        settings_.message_bytes = config.message_bytes;
        settings_.recipients = config.recipients;
        settings_.retention_days = config.retention_days;
        settings_.evidence_days = config.evidence_days;
        settings_.software = std::string("carepostd ") + std::string(kVersion);
    }
    ~RunningBroker() override { stop(); }

    Status open() {
        TRY(open_store());
        TRY(go_over_to_restarted_logs(*store_, file_, keys_.directory_log, clock_.now_ms()));
        TRY(load_sessions());
        TRY(say_started());
        TRY(stamp_if_old());
        try {
            start_threads();
        } catch (const std::runtime_error& error) {
            return fail(ErrorCode::broker_unreachable, error.what(),
                        "choose another endpoint, or stop what uses this one");
        }
        TRY(write_file_atomic(directory_ / "endpoint", view_of(endpoint() + "\n"), kPublicFile, Existing::replace));
        return prove_strangers_refused();
    }

    const std::string& endpoint() const override { return front_->endpoint(); }
    bool stop_asked() const override { return stop_asked_.load(); }

    Status every_round() override { return retention_->round(); }

    Status every_minute() override {
        if (++minutes_ % 60 == 1) {
            sweep();
            service::sweep_members(*environment_);
        }
        TRY(stamp_if_old());
        auto proven = prove_strangers_refused();
        if (proven || proven.error().code != ErrorCode::busy) return proven;
        log_.warning("the self-test was not answered in time; once more");  // a machine under load, perhaps
        return prove_strangers_refused();
    }

private:
    Status prove_strangers_refused() {
        return net::prove_strangers_refused(endpoint(), file_.file().transport_key, kSelfTestPatience,
                                            [this](const TransportKey& key) { trail_->expect_stranger(key); });
    }

    Status open_store() {
        store::Options options;
        options.directory = directory_;
        options.mailbox_bytes = config_.mailbox_bytes;
        options.mailbox_messages = config_.mailbox_messages;
        options.sandbox = settings_.sandbox;
        TRY_ASSIGN(store_, store::open_sqlite(options, sealer_));
        // After doubt about storage nothing more may be acknowledged: the process ends here and recovers at its next start.
        store_->on_fatal([&log = log_](const Error& error) {
            log.error("storage failed, the broker ends", {{"what", error.message}});
            _exit(EX_IOERR);
        });
        parts_reader_ = store_->reader();
        retention_reader_ = store_->reader();
        sweep();
        return {};
    }

    Status load_sessions() {
        auto reader = store_->reader();
        TRY(reader->each_member([this](const store::Member& member) {
            if (member.revoked) return;
            auth::Identity identity;
            identity.kind = auth::Kind::member;
            identity.key = member.transport_key;
            identity.mailbox_key = member.mailbox_key;
            identity.mailbox = member.mailbox;
            identity.member = member.id;
            identity.signing_key = member.signing_key;
            identity.rights = member.rights;
            identity.expires = member.until;
            sessions_.put(std::move(identity));
        }));
        TRY(reader->each_invitation([this](const store::Invitation& invitation) {
            auth::Identity identity;
            identity.kind = auth::Kind::invitation;
            identity.key = invitation.transport_key;
            identity.address = invitation.address;
            identity.expires = invitation.expires;
            sessions_.put(std::move(identity));
        }));
        TRY(reader->each_pairing([this](const store::Pairing& pairing) {
            auth::Identity identity;
            identity.kind = auth::Kind::pairing;
            identity.key = pairing.transport_key;
            identity.mailbox_key = pairing.mailbox_key;
            identity.mailbox = pairing.mailbox;
            identity.expires = pairing.expires;
            sessions_.put(std::move(identity));
        }));
        TRY_ASSIGN(auto waiting, reader->pending_enrolments(100'000));
        for (const auto& enrolment : waiting)
            sessions_.claim_invitation(enrolment.invitation, enrolment.mailbox);
        return {};
    }

    Status say_started() {
        std::promise<Status> done;
        auto answer = done.get_future();
        store_->write(std::make_unique<StartedOp>(clock_.now_ms(), done));
        TRY(answer.get());
        TRY(audit_about(codec::AuditType::broker_started, settings_.software));
        return audit_about(codec::AuditType::configuration, describe(config_));
    }

    Status audit_about(codec::AuditType type, std::string detail) {
        codec::AuditRow row;
        row.type = type;
        row.time_ms = clock_.now_ms();
        row.detail = std::move(detail);
        return service::write_audit(*store_, std::move(row));
    }

    void start_threads() {
        trail_ = std::make_unique<service::AuditTrail>(*store_, clock_, log_, kDayMs * config_.audit_retention_days);
        environment_ = std::make_unique<service::Environment>(
            service::Environment{settings_,
                                 *store_,
                                 *parts_reader_,
                                 sessions_,
                                 watchers_,
                                 clock_,
                                 random_,
                                 keys_.statement,
                                 [this] { return registrars_now(); },
                                 counters_,
                                 log_,
                                 *trail_,
                                 {file_.directory_log(), config_.witnesses,
                                  [this](std::uint64_t known) { return newer_broker_file(known); }}});
        retention_ = std::make_unique<service::Retention>(*environment_, *retention_reader_);
        auto cores = std::max(1U, std::thread::hardware_concurrency());
        workers_ = std::make_unique<net::WorkerPool>(cores, *environment_, outbox_);
        net::FrontOptions options;
        options.endpoint = config_.listen;
        options.per_key = {static_cast<double>(config_.requests_per_second), 2.0 * config_.requests_per_second};
        options.per_address = {static_cast<double>(config_.requests_per_second_per_address),
                               2.0 * config_.requests_per_second_per_address};
        options.guard.connections = config_.connections;
        options.guard.connections_per_address = config_.connections_per_address;
        front_ = std::make_unique<net::Front>(
            options, keys_.transport_secret, sessions_, outbox_, [this](net::Job& job) { return workers_->take(job); },
            [this](auth::SessionId session) { watchers_.remove(session); }, clock_, counters_, log_, *trail_);
        service::AboutBroker about{front_->endpoint(), directory_, clock_.now_ms()};
        auto make_handler = [this, about] {
            auto dispatcher =
                std::make_shared<dispatch::AdminDispatcher>(*environment_, about, [this] { ask_to_stop(); });
            return [dispatcher](ByteView request, std::uint32_t uid) { return dispatcher->handle(request, uid); };
        };
        admin_ =
            std::make_unique<net::AdminSocket>(directory_ / trust::home::kAdminSocket, make_handler, log_, *trail_);
    }

    // Registrars are added by new editions of the broker file while the broker runs.
    Result<std::vector<trust::Registrar>> registrars_now() const {
        TRY_ASSIGN(auto now, trust::load_broker_file(directory_ / trust::home::kBrokerFile));
        TRY(trust::check_successor(file_, now));
        return now.registrars();
    }

    // Editions under another log origin wait for the restart of this process, which goes over to them.
    Result<Bytes> newer_broker_file(std::uint64_t known) const {
        TRY_ASSIGN(auto now, trust::load_broker_file(directory_ / trust::home::kBrokerFile));
        TRY(trust::check_successor(file_, now));
        if (now.file().number <= known || now.file().directory_origin != file_.file().directory_origin) return Bytes{};
        return codec::encode(now.signed_object());
    }

    // A log that does not grow says all the same, at least hourly, that it is alive.
    Status stamp_if_old() {
        const trust::NoteVerifier log = file_.directory_log();
        auto reader = store_->reader();
        TRY_ASSIGN(const Bytes note, reader->log_checkpoint(store::Log::directory));
        if (service::stamped_at(note, log) + kStampAgeMs > clock_.now_ms()) return {};
        std::promise<Status> done;
        auto answer = done.get_future();
        service::write_stamp(*store_, log, keys_.directory_log, clock_.now_ms(),
                             [&done](Status status) { done.set_value(std::move(status)); });
        const Status written = answer.get();
        // Clients wait a day before they warn: a full disk or a full queue is no reason to stop here.
        if (!written) log_.warning("the directory log was not time-stamped", {{"what", written.error().message}});
        return {};
    }

    void sweep() {
        store_->on_parts_thread(0, [&clock = clock_, &log = log_](store::Uploads& uploads) {
            if (auto done = uploads.sweep(clock.now_ms(), kUploadAgeMs); !done)
                log.warning("uploads were not swept", {{"what", done.error().message}});
        });
    }

    void say_stopped() {
        if (auto said = audit_about(codec::AuditType::broker_stopped, {}); !said)
            log_.warning("the end of this run is not in the audit log", {{"what", said.error().message}});
    }

    void ask_to_stop() {
        stop_asked_.store(true);
        ::kill(::getpid(), SIGTERM);  // wakes the main thread
    }

    void stop() {
        if (front_) front_->refuse_new();
        admin_.reset();
        if (workers_) workers_->stop();
        if (trail_) trail_->write_rest();
        if (store_ && environment_) say_stopped();
        retention_.reset();
        retention_reader_.reset();
        parts_reader_.reset();
        store_.reset();  // settles what was taken; its answers go to the outbox
        if (front_)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));  // let ZeroMQ write them out: LINGER is 0
        front_.reset();
        workers_.reset();
        trail_.reset();
    }

    fs::path directory_;
    Config config_;
    observe::Log& log_;
    trust::TrustedBroker file_;
    trust::BrokerKeys keys_;
    service::Settings settings_;
    SystemClock clock_;
    SystemRandom random_;
    observe::Counters counters_;
    service::EvidenceSealer sealer_;
    auth::SessionDirectory sessions_;
    net::Outbox outbox_;
    OutboxPushes pushes_;
    service::Watchers watchers_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<store::Reader> parts_reader_;
    std::unique_ptr<service::AuditTrail> trail_;
    std::unique_ptr<store::Reader> retention_reader_;
    std::unique_ptr<service::Environment> environment_;
    std::unique_ptr<service::Retention> retention_;
    std::unique_ptr<net::WorkerPool> workers_;
    std::unique_ptr<net::Front> front_;
    std::unique_ptr<net::AdminSocket> admin_;
    std::uint64_t minutes_ = 0;
    std::atomic<bool> stop_asked_{false};
};

}  // namespace

Result<std::unique_ptr<Broker>> Broker::start(const fs::path& directory, const Config& config, observe::Log& log) {
    SystemRandom random;
    SystemClock clock;
    TRY_ASSIGN(auto file, open_home(directory, random, clock, log));
    TRY(trust::add_audit_key(directory, file, random));
    TRY_ASSIGN(auto keys, trust::load_broker_keys(directory, file));
    auto broker = std::make_unique<RunningBroker>(directory, config, log, std::move(file), std::move(keys));
    TRY(broker->open());
    return broker;
}

}  // namespace carepost::app
