#include "proto/base/limits.h"
#include "proto/codec/directory.h"
#include "proto/trust/armor.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {
namespace {

struct Waiting {
    codec::EnrolmentRequest request;
    std::string fingerprint;
    UnixMillis received = 0;
    bool proof = false;
};

Result<std::vector<Waiting>> ask_pending(AdminClient& broker) {
    TRY_ASSIGN(const auto list, broker.ask<codec::admin_reply::PendingEnrolments>(codec::admin::PendingEnrolments{}));
    std::vector<Waiting> out;
    for (const auto& one : list.pending) {
        if (one.renewal) continue;
        TRY_ASSIGN(const codec::SignedObject signed_object,
                   codec::decode_signed_object(one.request, limits::kEnrolmentRequest));
        TRY_ASSIGN(codec::EnrolmentRequest request, codec::decode_enrolment_request(signed_object.object));
        out.push_back({std::move(request), trust::fingerprint(signed_object.object), one.received, !one.proof.empty()});
    }
    return out;
}

}  // namespace

Status run(const Pending& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const std::vector<Waiting> pending, ask_pending(broker));
    std::vector<Row> rows;
    for (const Waiting& one : pending) {
        rows.push_back({{"address", one.request.address.text()},
                        {"name", one.request.name},
                        {"received", Moment{one.received}},
                        {"fingerprint", one.fingerprint},
                        {"x509_proof", one.proof},
                        {"mailbox", one.request.mailbox.hex()}});
    }
    context.print.list(rows, "Nobody is waiting.");
    return {};
}

Status run(const RefuseRequest& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const std::vector<Waiting> pending, ask_pending(broker));
    const auto address = Address::parse(options.which);
    std::size_t refused = 0;
    for (const Waiting& one : pending) {
        const bool meant = address ? one.request.address == *address : one.request.mailbox.hex() == options.which;
        if (!meant) continue;
        TRY(broker.ask<codec::admin_reply::Done>(codec::admin::Refuse{one.request.mailbox, options.reason}));
        context.print.record({{"refused", one.request.address.text()}, {"mailbox", one.request.mailbox.hex()}});
        ++refused;
    }
    if (refused != 0) return {};
    return fail(ErrorCode::not_found, "nobody is waiting as " + options.which,
                "See who is: carepostctl registrar pending");
}

}  // namespace carepost::ctl
