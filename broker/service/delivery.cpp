#include "broker/service/delivery.h"

#include "broker/service/refusal.h"
#include "broker/service/submission.h"

namespace carepost::service {
namespace {

using codec::reply::Missing;

store::UploadPlan plan_of(const Submission& submission) {
    const auto& routing = submission.routing;
    store::UploadPlan plan{
        routing.sender_mailbox, routing.message_id, submission.routing_hash, 0, routing.stanza_root, {}};
    if (submission.parts.stanzas.empty()) plan.stanza_bytes = std::uint64_t{routing.stanza_count} * limits::kStanza;
    for (const auto& content : routing.contents)
        plan.contents.push_back({content.sealed_length, content.root});
    return plan;
}

// Parts thread: what is missing, or the write when nothing is.
Result<std::vector<Missing>> go_on_with_upload(Environment& environment, store::Uploads& uploads,
                                               Submission& submission) {
    TRY_ASSIGN(auto streams, uploads.begin(plan_of(submission)));
    std::vector<Missing> missing;
    for (const auto& stream : streams) {
        missing.push_back({static_cast<codec::Stream>(stream.kind), stream.content, stream.have, stream.want});
    }
    if (!missing.empty()) return missing;
    if (submission.parts.stanzas.empty()) {
        TRY_ASSIGN(submission.parts.stanzas,
                   uploads.stanzas(submission.routing.sender_mailbox, submission.routing.message_id));
        EpochTable epochs;
        TRY(check_stanzas(submission, environment.parts_reader, epochs, environment.clock.now_ms()));
    }
    submission.content.upload = true;
    return missing;
}

}  // namespace

void Delivery::submit(const auth::Identity& sender, codec::op::Submit submit, Bytes contents,
                      Done<codec::reply::Submit> done) {
    auto now = environment_.clock.now_ms();
    done = with_refusal(environment_, sender, submit.routing, std::move(done));
    auto submission = check_submit(environment_.settings, sender, std::move(submit));
    if (!submission) return done(fail(std::move(submission.error())));
    auto before = stored_before(reader_, sender.mailbox, submission->routing.message_id, submission->routing_hash);
    if (!before) return done(fail(std::move(before.error())));
    if (*before) return done(std::move(**before));
    if (auto ok = check_times(environment_.settings, submission->routing, now); !ok)
        return done(fail(std::move(ok.error())));
    if (!submission->parts.stanzas.empty()) {
        if (auto ok = check_stanzas(*submission, reader_, epochs_, now); !ok) return done(fail(std::move(ok.error())));
    }
    if (!contents.empty()) {
        if (submission->parts.stanzas.empty() || contents.size() != submission->content_bytes) {
            return done(
                fail(ErrorCode::malformed_request, "contents travel along whole and with all stanzas, or not at all"));
        }
        if (auto ok = check_inline_contents(submission->routing, contents); !ok)
            return done(fail(std::move(ok.error())));
        submission->content.inline_bytes = std::move(contents);
        return write_submission(environment_, std::move(*submission), std::move(done));
    }
    // The answer waits in a holder of its own, so that a full queue can still be told of.
    auto answer = std::make_shared<Done<codec::reply::Submit>>(std::move(done));
    auto task = [&environment = environment_, submission = std::move(*submission),
                 answer](store::Uploads& uploads) mutable {
        auto missing = go_on_with_upload(environment, uploads, submission);
        if (!missing) return (*answer)(fail(std::move(missing.error())));
        if (!missing->empty()) return (*answer)(codec::reply::Submit{{}, std::move(*missing), false});
        write_submission(environment, std::move(submission), std::move(*answer));
    };
    if (!environment_.store.on_parts_thread(0, std::move(task))) (*answer)(parts_busy());
}

void Delivery::put_part(const auth::Identity& sender, const codec::op::PutPart& part, Bytes bytes,
                        Done<codec::reply::PutPart> done) {
    if (bytes.empty()) return done(fail(ErrorCode::malformed_request, "a part without bytes"));
    auto answer = std::make_shared<Done<codec::reply::PutPart>>(std::move(done));
    std::size_t size = bytes.size();
    auto task = [sender = sender.mailbox, part, bytes = std::move(bytes), answer](store::Uploads& uploads) {
        auto have = uploads.put(sender, part.message, static_cast<store::StreamKind>(part.stream), part.content,
                                part.offset, bytes);
        if (!have) return (*answer)(fail(std::move(have.error())));
        (*answer)(codec::reply::PutPart{*have});
    };
    if (!environment_.store.on_parts_thread(size, std::move(task))) (*answer)(parts_busy());
}

}  // namespace carepost::service
