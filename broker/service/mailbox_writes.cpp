#include "broker/service/mailbox_writes.h"

#include "broker/service/audit.h"
#include "broker/service/endings.h"
#include "broker/service/evidence.h"
#include "proto/base/hash.h"
#include "proto/trust/evidence.h"

namespace carepost::service {
namespace {

codec::EvidenceRow row_about(codec::EvidenceType type, const auth::Identity& member, const store::Item& item,
                             UnixMillis now) {
    codec::EvidenceRow row;
    row.type = type;
    row.time_ms = now;
    row.message_id = item.id;
    row.routing_hash = sha256(item.routing);
    row.sender_mailbox = item.sender;
    row.mailbox = member.mailbox;
    row.member = member.member;
    return row;
}

Status check_receipt(const auth::Identity& member, const store::Item& item, ByteView bytes) {
    TRY_ASSIGN(auto receipt, codec::decode_member_receipt(bytes));
    TRY_ASSIGN(auto said, trust::verify_member_receipt(receipt, member.signing_key));
    bool same = said.kind == codec::StatementKind::received && said.message_id == item.id &&
                said.mailbox == member.mailbox && said.member == member.member &&
                said.routing_hash == sha256(item.routing);
    if (!same) return fail(ErrorCode::invalid_signature, "the receipt is about another message, mailbox or member");
    return {};
}

class ReceiptOp final : public store::WriteOp {
public:
    ReceiptOp(Environment& environment, const auth::Identity& member, store::EvidenceDraft draft, std::uint64_t seq,
              std::int64_t message_key, Bytes receipt, codec::AuditRow audit, Done<codec::reply::GiveReceipt> done)
        : environment_(environment),
          mailbox_key_(member.mailbox_key),
          mailbox_(member.mailbox),
          draft_(std::move(draft)),
          seq_(seq),
          message_key_(message_key),
          receipt_(std::move(receipt)),
          audit_(std::move(audit)),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return receipt_.size() + draft_.row.size(); }

    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(received_, transaction.mark_received(mailbox_key_, seq_, receipt_));
        if (!received_.first) return {};
        TRY(log_audit(transaction, audit_));
        return transaction.link_hand_over(mailbox_key_, seq_, transaction.log_evidence(draft_));
    }

    void committed(const store::Settled& settled) override {
        if (!received_.first) return answer_repeat();
        auto receipt = receipt_of(settled.evidence.front(), settled.evidence_checkpoint);
        if (!receipt) return done_(fail(receipt.error()));
        done_(codec::reply::GiveReceipt{std::move(*receipt)});
        if (received_.sender_change != 0) environment_.watchers.changed(received_.sender_key, received_.sender_change);
    }

    void failed(const Error& error) override { done_(fail(error)); }

private:
    // The first hand-over's receipt is read back where reading is allowed.
    void answer_repeat() {
        auto answer = std::make_shared<Done<codec::reply::GiveReceipt>>(std::move(done_));
        auto ask = [&reader = environment_.parts_reader, mailbox = mailbox_, message = message_key_,
                    answer](store::Uploads&) {
            auto& done = *answer;
            auto rows = reader.recipients(message);
            if (!rows) return done(fail(rows.error()));
            for (const auto& row : *rows) {
                if (row.mailbox != mailbox || !row.evidence_index) continue;
                auto receipt = rebuild_receipt(reader, *row.evidence_index);
                if (!receipt) return done(fail(receipt.error()));
                return done(codec::reply::GiveReceipt{std::move(*receipt)});
            }
            done(fail(ErrorCode::not_found, "the hand-over of this message is no longer recorded"));
        };
        if (!environment_.store.on_parts_thread(0, std::move(ask))) (*answer)(parts_busy());
    }

    Environment& environment_;
    std::int64_t mailbox_key_;
    MailboxId mailbox_;
    store::EvidenceDraft draft_;
    std::uint64_t seq_;
    std::int64_t message_key_;
    Bytes receipt_;
    codec::AuditRow audit_;
    Done<codec::reply::GiveReceipt> done_;
    store::Transaction::Received received_{};
};

class DeleteOp final : public store::WriteOp {
public:
    DeleteOp(Environment& environment, const auth::Identity& member, codec::op::Delete items,
             Done<codec::reply::Delete> done)
        : environment_(environment), member_(member), seqs_(std::move(items.seqs)), done_(std::move(done)) {}

    std::size_t bytes() const override { return seqs_.size() * 256; }

    Status apply(store::Transaction& transaction) override {
        results_.clear();
        last_change_ = 0;
        told_.clear();
        for (auto seq : seqs_) {
            TRY_ASSIGN(auto item, transaction.item(member_.mailbox_key, seq));
            std::uint64_t change = 0;
            bool deleted = false;
            if (item) {
                TRY_ASSIGN(deleted, transaction.delete_item(member_.mailbox_key, seq, change));
            }
            if (!deleted) {
                results_.push_back(Error{
                    ErrorCode::not_found, "no message " + std::to_string(seq) + " in this mailbox", {}, std::nullopt});
                continue;
            }
            TRY_ASSIGN(auto draft,
                       draft_of(row_about(codec::EvidenceType::deleted, member_, *item, environment_.clock.now_ms())));
            const auto position = transaction.log_evidence(std::move(draft));
            TRY(transaction.link_deletion(item->message_key, item->stanza_index, position));
            results_.push_back(std::nullopt);
            last_change_ = change;
        }
        if (last_change_ == 0) return {};
        return let_in_with_evidence(transaction, member_.mailbox_key, environment_.clock.now_ms(), told_);
    }

    void committed(const store::Settled&) override {
        done_(codec::reply::Delete{std::move(results_)});
        if (last_change_ != 0) environment_.watchers.changed(member_.mailbox_key, last_change_);
        for (const auto& one : told_)
            environment_.watchers.changed(one.mailbox_key, one.change);
    }

    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    auth::Identity member_;
    std::vector<std::uint64_t> seqs_;
    Done<codec::reply::Delete> done_;
    std::vector<std::optional<Error>> results_;
    std::uint64_t last_change_ = 0;
    std::vector<Told> told_;
};

}  // namespace

void write_receipt(Environment& environment, const auth::Identity& member, const codec::op::GiveReceipt& give,
                   const store::Item& item, Done<codec::reply::GiveReceipt> done) {
    if (auto ok = check_receipt(member, item, give.receipt); !ok) return done(fail(std::move(ok.error())));
    auto draft = draft_of(row_about(codec::EvidenceType::handed_over, member, item, environment.clock.now_ms()));
    if (!draft) return done(fail(std::move(draft.error())));
    auto row = audit_row(codec::AuditType::handed_over, environment.clock.now_ms(), member.mailbox);
    row.member = member.member;
    row.message_id = item.id;
    environment.store.write(std::make_unique<ReceiptOp>(environment, member, std::move(*draft), give.seq,
                                                        item.message_key, give.receipt, std::move(row),
                                                        std::move(done)));
}

void write_deletion(Environment& environment, const auth::Identity& member, codec::op::Delete items,
                    Done<codec::reply::Delete> done) {
    environment.store.write(std::make_unique<DeleteOp>(environment, member, std::move(items), std::move(done)));
}

}  // namespace carepost::service
