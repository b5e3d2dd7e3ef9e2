#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {

Status run(const BrokerStatus& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto status, broker.ask<codec::admin_reply::Status>(codec::admin::Status{}));
    context.print.record({{"version", status.version},
                          {"endpoint", status.endpoint},
                          {"sandbox", status.sandbox},
                          {"started", Moment{status.started}},
                          {"mailboxes", status.mailboxes},
                          {"messages", status.messages},
                          {"stored", Size{status.stored_bytes}},
                          {"disk_free", Size{status.disk_free_bytes}},
                          {"connections", status.connections},
                          {"requests", status.requests},
                          {"refused", status.refused},
                          {"pending_enrolments", status.pending_enrolments},
                          {"unfinished_uploads", status.unfinished_uploads},
                          {"directory_log", status.directory_size},
                          {"evidence_log", status.evidence_size}});
    return {};
}

}  // namespace carepost::ctl
