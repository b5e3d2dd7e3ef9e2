#pragma once
// What every command is given, and the commands themselves: one function a command, one file a command or group.

#include <atomic>

#include "proto/base/clock.h"
#include "proto/base/random.h"
#include "proto/base/result.h"
#include "tools/carepostctl/options.h"
#include "tools/carepostctl/printer.h"

namespace carepost::ctl {

// Borrowed by commands for the time of their call.
struct Context {
    Printer& print;
    Random& random;
    const Clock& clock;
    bool no_input = false;
    const std::atomic<bool>& stop;  // set by SIGINT and SIGTERM; commands that wait look at it
};

Status run(const Init& options, Context& context);
Status run(const Sandbox& options, Context& context);
Status run(const BrokerStatus& options, Context& context);
Status run(const Doctor& options, Context& context);
Status run(const RegistrarNew& options, Context& context);
Status run(const Invite& options, Context& context);
Status run(const Serve& options, Context& context);
Status run(const Pending& options, Context& context);
Status run(const Sign& options, Context& context);
Status run(const AdmitFile& options, Context& context);
Status run(const RefuseRequest& options, Context& context);
Status run(const RevokeMailbox& options, Context& context);
Status run(const MakeReset& options, Context& context);
Status run(const Countersign& options, Context& context);
Status run(const MailboxList& options, Context& context);
Status run(const MailboxShow& options, Context& context);
Status run(const LogCheckpoint& options, Context& context);
Status run(const LogLeaves& options, Context& context);
Status run(const LogVerify& options, Context& context);
Status run(const AuditShow& options, Context& context);
Status run(const AuditTrace& options, Context& context);
Status run(const AuditVerify& options, Context& context);
Status run(const AuditExport& options, Context& context);
Status run(const AuditPrune& options, Context& context);
Status run(const LogExport& options, Context& context);
Status run(const VerifyProof& options, Context& context);
Status run(const LogRestart& options, Context& context);
Status run(const EvidenceVerify& options, Context& context);
Status run(const EvidenceShow& options, Context& context);
Status run(const Completion& options, Context& context);

}  // namespace carepost::ctl
