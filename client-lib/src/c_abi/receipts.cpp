// carepost.h, "Receipts".

#include "client-lib/src/c_abi/handles.h"
#include "client-lib/src/platform/paths.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_receipt {
    client::ReceiptFacts facts;
    std::string id, mailbox, file, routing_hash, sender_mailbox;
    bool verified = false;
};

struct carepost_receipts {
    std::vector<carepost_receipt> receipts;
};

namespace {

std::string hex_or_empty(const carepost::MailboxId& id) { return id.is_zero() ? std::string() : id.hex(); }

carepost_receipt saved_receipt(client::SavedReceipt saved) {
    carepost_receipt receipt;
    receipt.facts.kind = saved.kind;
    receipt.facts.time = saved.time;
    receipt.id = saved.message.hex();
    receipt.mailbox = hex_or_empty(saved.mailbox);
    receipt.file = std::move(saved.file);
    return receipt;
}

carepost_receipt verified_receipt(client::ReceiptFacts facts, const char* path) {
    carepost_receipt receipt;
    receipt.id = facts.message.hex();
    receipt.mailbox = hex_or_empty(facts.mailbox);
    receipt.file = path;
    receipt.routing_hash = facts.routing_hash.is_zero() ? std::string() : facts.routing_hash.hex();
    receipt.sender_mailbox = hex_or_empty(facts.sender);
    receipt.verified = true;
    receipt.facts = std::move(facts);
    return receipt;
}

}  // namespace

carepost_error* carepost_receipts_list(carepost_client* client, const char* id, carepost_receipts** receipts) {
    if (receipts != nullptr) *receipts = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(receipts);
        std::optional<carepost::MessageId> message;
        if (id != nullptr) {
            TRY_ASSIGN(message, message_id(id));
        }
        TRY_ASSIGN(auto saved, client->client->receipts(message));
        auto made = std::make_unique<carepost_receipts>();
        for (auto& one : saved)
            made->receipts.push_back(saved_receipt(std::move(one)));
        *receipts = made.release();
        return {};
    });
}
std::size_t carepost_receipts_count(const carepost_receipts* r) { return r == nullptr ? 0 : r->receipts.size(); }
const carepost_receipt* carepost_receipts_at(const carepost_receipts* r, std::size_t index) {
    return r == nullptr || index >= r->receipts.size() ? nullptr : &r->receipts[index];
}
void carepost_receipts_free(carepost_receipts* receipts) { delete receipts; }

carepost_error* carepost_receipt_verify(const carepost_options* options, const char* broker_file, const char* path,
                                        carepost_receipt** receipt) {
    if (receipt != nullptr) *receipt = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(path);
        REQUIRE_ARGUMENT(receipt);
        TRY_ASSIGN(auto paths, client::resolve_paths(options->options.home));
        const std::string broker = broker_file == nullptr ? paths.broker_file().string() : std::string(broker_file);
        TRY_ASSIGN(auto facts, client::Client::verify_receipt(path, broker));
        *receipt = new carepost_receipt(verified_receipt(std::move(facts), path));
        return {};
    });
}

int carepost_receipt_kind(const carepost_receipt* r) { return r == nullptr ? 0 : static_cast<int>(r->facts.kind); }
const char* carepost_receipt_message_id(const carepost_receipt* r) { return r == nullptr ? "" : r->id.c_str(); }
std::int64_t carepost_receipt_time(const carepost_receipt* r) { return r == nullptr ? 0 : time_of(r->facts.time); }
const char* carepost_receipt_mailbox(const carepost_receipt* r) { return r == nullptr ? "" : r->mailbox.c_str(); }
const char* carepost_receipt_file(const carepost_receipt* r) { return r == nullptr ? "" : r->file.c_str(); }
int carepost_receipt_is_verified(const carepost_receipt* r) { return r == nullptr ? 0 : flag(r->verified); }
const char* carepost_receipt_routing_hash(const carepost_receipt* r) {
    return r == nullptr ? "" : r->routing_hash.c_str();
}
const char* carepost_receipt_sender_mailbox(const carepost_receipt* r) {
    return r == nullptr ? "" : r->sender_mailbox.c_str();
}
std::uint32_t carepost_receipt_recipients(const carepost_receipt* r) { return r == nullptr ? 0 : r->facts.recipients; }
std::uint64_t carepost_receipt_size(const carepost_receipt* r) { return r == nullptr ? 0 : r->facts.size; }
const char* carepost_receipt_log_origin(const carepost_receipt* r) {
    return r == nullptr ? "" : r->facts.log_origin.c_str();
}
std::uint64_t carepost_receipt_log_index(const carepost_receipt* r) { return r == nullptr ? 0 : r->facts.log_index; }
std::uint64_t carepost_receipt_log_size(const carepost_receipt* r) { return r == nullptr ? 0 : r->facts.log_size; }
void carepost_receipt_free(carepost_receipt* receipt) { delete receipt; }
