#include "client-lib/src/client.h"

#include "client-lib/src/directory/follow.h"
#include "client-lib/src/directory/witness.h"
#include "client-lib/src/events/watcher.h"
#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/members/join.h"
#include "client-lib/src/members/members.h"
#include "client-lib/src/members/vault.h"
#include "client-lib/src/receipts/export.h"
#include "client-lib/src/receipts/status.h"
#include "client-lib/src/receive/download.h"
#include "client-lib/src/send/sender.h"

namespace carepost::client {

// The parts in the order in which they need each other; the watcher's thread ends first.
struct Client::Impl {
    explicit Impl(std::unique_ptr<Core> opened)
        : core(std::move(opened)),
          membership(*core),
          members(*core, membership),
          receipts(*core),
          sender(*core, membership, receipts),
          reader(*core, membership, receipts),
          watcher(std::make_unique<Watcher>(*core, membership)) {}
    ~Impl() {
        core->connection->close();
        watcher.reset();
        // Stops the connection's thread before what it calls goes.
        core->directory.reset();
        core->checkpoints.reset();
        core->connection.reset();
    }

    std::unique_ptr<Core> core;
    Membership membership;
    Members members;
    ReceiptStore receipts;
    Sender sender;
    Reader reader;
    std::unique_ptr<Watcher> watcher;
};

Result<Cosigned> Client::cosign(Witness& witness, Call call) {
    return witness.cosign(*impl_->core, impl_->core->timeout_of(call));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(Options options) {
    TRY_ASSIGN(auto core, open_core(std::move(options)));
    return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(std::move(core))));
}

Result<EnrolOutcome> Client::enrol(Options options, const EnrolInput& input, Call call) {
    return client::enrol(std::move(options), input, call);
}

void Client::close() {
    impl_->core->connection->close();
    impl_->watcher->close();
}

// --- oneself and others -----------------------------------------------------------------------------------------------

Result<Identity> Client::whoami() const { return impl_->membership.whoami(); }

Status Client::take_broker_file(const std::string& path) {
    TRY_ASSIGN(const auto next, load_broker_file(path));
    return take_edition(*impl_->core, next);
}

std::vector<Warning> Client::alarms() const { return client::alarms(*impl_->core); }

Result<EnrolOutcome> Client::enrolment_status(Call call) {
    return impl_->membership.status(impl_->core->timeout_of(call));
}

Result<CheckOutcome> Client::check(const std::string& address, Call call) {
    return check_address(*impl_->core, impl_->membership, address, impl_->core->timeout_of(call));
}

Result<CheckOutcome> Client::accept_reset(const std::string& address, Call call) {
    return check_address(*impl_->core, impl_->membership, address, impl_->core->timeout_of(call), true);
}

Result<FoundPage> Client::find(const std::string& text, const std::string& quality, const std::string& after,
                               std::uint32_t limit, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY(impl_->membership.contact(timeout));
    TRY_ASSIGN(const auto reply, impl_->core->connection->ask<codec::reply::Search>(
                                     codec::op::Search{text, quality, after, limit}, timeout));
    if (reply.hits.size() > limit)
        return fail(ErrorCode::malformed_request, "the broker found more than it was asked for");
    FoundPage page;
    page.more = reply.more;
    for (const auto& hit : reply.hits)
        page.items.push_back({hit.address, hit.name, hit.mailbox});
    return page;
}

// --- members and keys -------------------------------------------------------------------------------------------------

Result<JoinOutcome> Client::join(Options options, const JoinInput& input, Call call) {
    return client::join(std::move(options), input, call);
}

Result<std::vector<MemberInfo>> Client::members(Call call) {
    return impl_->members.list(impl_->core->timeout_of(call));
}

Result<AddOutcome> Client::add_member(const AddInput& input, Call call) {
    return impl_->members.add(input, impl_->core->timeout_of(call));
}

Result<std::vector<MemberInfo>> Client::revoke_members(const std::vector<std::string>& who, const std::string& reason,
                                                       Call call) {
    return impl_->members.revoke(who, reason, impl_->core->timeout_of(call));
}

Result<MemberInfo> Client::change_rights(const std::string& who, std::uint32_t rights, std::optional<UnixMillis> until,
                                         Call call) {
    return impl_->members.change_rights(who, rights, until, impl_->core->timeout_of(call));
}

Result<KeyFacts> Client::key_facts(bool ask_broker, Call call) {
    if (ask_broker) TRY(impl_->membership.contact(impl_->core->timeout_of(call)));
    return impl_->members.key_facts();
}

Result<KeyFacts> Client::rotate_epochs(Call call) {
    return impl_->members.rotate_epochs(impl_->core->timeout_of(call));
}

Status Client::veto_reset(const Hash& reset, Call call) {
    return impl_->members.veto(reset, impl_->core->timeout_of(call));
}

Result<KeyFacts> Client::rotate_member(Options options, Call call) {
    return client::rotate_member(std::move(options), call);
}
Result<KeyFacts> Client::rotate_identity(Options options, Call call) {
    return client::rotate_identity(std::move(options), call);
}
Status Client::backup(Options options, const BackupInput& input) { return client::backup(std::move(options), input); }
Result<Identity> Client::restore(Options options, const BackupInput& input) {
    return client::restore(std::move(options), input);
}
Result<KitOutcome> Client::make_kit(Options options, const KitInput& input, Call call) {
    return client::make_kit(std::move(options), input, call);
}
Result<JoinOutcome> Client::restore_by_kit(Options options, const RecoveryInput& input, Call call) {
    return client::restore_by_kit(std::move(options), input, call);
}

// --- sending ----------------------------------------------------------------------------------------------------------

Result<SendOutcome> Client::send(const SendInput& input, Call call) {
    return impl_->sender.send(input, impl_->core->timeout_of(call));
}

Result<std::vector<Outgoing>> Client::outgoing() const { return impl_->sender.outgoing(); }

Result<SendOutcome> Client::resume(const MessageId& id, ProgressCallback progress, Call call) {
    return impl_->sender.resume(id, progress, impl_->core->timeout_of(call));
}

Status Client::discard(const MessageId& id) { return impl_->sender.discard(id); }

// --- receiving --------------------------------------------------------------------------------------------------------

Result<MessagePage> Client::list(const ListInput& input, Call call) {
    return impl_->reader.list(input, impl_->core->timeout_of(call));
}

Result<Message> Client::show(const Which& which, Call call) {
    TRY_ASSIGN(auto item, impl_->reader.fetch(which, impl_->core->timeout_of(call)));
    return std::move(item.message);
}

Result<GetOutcome> Client::get(const GetInput& input, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY_ASSIGN(auto item, impl_->reader.fetch_opened(input.which, timeout));
    GetOutcome out;
    TRY_ASSIGN(out.files, Download(*impl_->core, item, input, timeout).run());
    out.receipt_given = item.message.received;
    if (input.give_receipt && !item.message.own && !item.message.received) {
        // The content is safe: what the receipt lacks is told, and can be made up for by `acknowledge`.
        const auto given = impl_->reader.give_received(item, out.warnings, timeout);
        out.receipt_given = given.has_value();
        if (!given) out.warnings.push_back({given.error().code, "no receipt was given: " + given.error().message});
    }
    item.message.received = out.receipt_given;
    out.message = std::move(item.message);
    return out;
}

Status Client::acknowledge(const Which& which, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY_ASSIGN(const auto item, impl_->reader.fetch_opened(which, timeout));
    if (item.message.received) return {};
    std::vector<Warning> warnings;
    return impl_->reader.give_received(item, warnings, timeout);
}

Result<SendOutcome> Client::give_read_receipt(const Which& which, bool always, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY_ASSIGN(const auto item, impl_->reader.fetch_opened(which, timeout));
    if (item.message.own || item.message.is_receipt) {
        return fail(ErrorCode::bad_argument, "a read receipt is for messages of others",
                    "choose a message of the inbox");
    }
    if (!item.message.wants_read_receipt && !always) {
        return fail(ErrorCode::bad_argument, "the sender did not ask for a read receipt",
                    "say explicitly that it is to be given all the same");
    }
    TRY_ASSIGN(Bytes receipt, impl_->reader.statement(item, codec::StatementKind::read));
    return impl_->sender.send_receipt(item.message.sender.mailbox, item.message.sender.address, item.message.id,
                                      std::move(receipt), timeout);
}

Result<std::vector<std::optional<Error>>> Client::delete_for_good(const std::vector<std::uint64_t>& seqs, Call call) {
    constexpr std::size_t kAtOnce = 1'000;
    const auto timeout = impl_->core->timeout_of(call);
    std::vector<std::optional<Error>> out;
    while (out.size() < seqs.size()) {
        const auto from = seqs.begin() + static_cast<std::ptrdiff_t>(out.size());
        const auto count = std::min(kAtOnce, seqs.size() - out.size());
        codec::op::Delete operation{{from, from + static_cast<std::ptrdiff_t>(count)}};
        TRY_ASSIGN(auto reply, impl_->core->connection->ask<codec::reply::Delete>(std::move(operation), timeout));
        if (reply.results.size() != count)
            return fail(ErrorCode::malformed_request, "the broker answered for another number of items");
        for (auto& result : reply.results)
            out.push_back(std::move(result));
    }
    return out;
}

// --- what changes -----------------------------------------------------------------------------------------------------

Result<ChangePage> Client::changes(std::uint64_t after, std::uint32_t limit, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    return fetch_changes(*impl_->core->connection, after, limit, timeout);
}

Status Client::watch(std::optional<std::uint64_t> after, Call call) {
    return impl_->watcher->watch(after, impl_->core->timeout_of(call));
}
int Client::event_descriptor() const { return impl_->watcher->event_descriptor(); }
Result<std::optional<Event>> Client::next_event(std::chrono::milliseconds timeout) {
    return impl_->watcher->next_event(timeout);
}
void Client::on_event(std::function<void(const Event&)> callback) { impl_->watcher->on_event(std::move(callback)); }

// --- receipts ---------------------------------------------------------------------------------------------------------

Result<MessageStatus> Client::status(const MessageId& id, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY(impl_->membership.contact(timeout));
    return status_of(*impl_->core, impl_->receipts, id, timeout);
}

Result<RecallOutcome> Client::recall(const MessageId& id, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY(impl_->membership.contact(timeout));
    return recall_message(*impl_->core, id, timeout);
}

Result<ExportOutcome> Client::export_evidence(const std::vector<MessageId>& messages, const std::string& file,
                                              bool binary, Call call) {
    const auto timeout = impl_->core->timeout_of(call);
    TRY(impl_->membership.contact(timeout));
    return client::export_evidence(*impl_->core, messages, file, binary, timeout);
}

Result<std::vector<SavedReceipt>> Client::receipts(const std::optional<MessageId>& message) const {
    return impl_->receipts.list(message);
}

Result<ReceiptFacts> Client::verify_receipt(const std::string& receipt_file, const std::string& broker_file) {
    TRY_ASSIGN(const auto broker, load_broker_file(broker_file));
    return verify_receipt_file(receipt_file, PinnedBroker(broker));
}

Result<ReceiptFacts> Client::verify_receipt(const std::string& receipt_file) const {
    return verify_receipt_file(receipt_file, impl_->core->broker);
}

}  // namespace carepost::client
