#pragma once
// The commands. Each prints its results through the context's output and returns the exit code, or the error that main
// prints and maps to an exit code. A command that deals with several items prints the error of each and returns the code of the last.

#include "tools/carepost/exit_codes.h"
#include "tools/carepost/options.h"
#include "tools/carepost/session.h"

namespace carepost::command {

Result<ExitCode> run(const EnrolOptions& options, const Context& context);
Result<ExitCode> run(const WhoamiOptions& options, const Context& context);
Result<ExitCode> run(const CheckOptions& options, const Context& context);
Result<ExitCode> run(const FindOptions& options, const Context& context);
Result<ExitCode> run(const SendOptions& options, const Context& context);
Result<ExitCode> run(const ListOptions& options, const Context& context);
Result<ExitCode> run(const ShowOptions& options, const Context& context);
Result<ExitCode> run(const GetOptions& options, const Context& context);
Result<ExitCode> run(const WatchOptions& options, const Context& context);
Result<ExitCode> run(const StatusOptions& options, const Context& context);
Result<ExitCode> run(const ReceiptsVerifyOptions& options, const Context& context);
Result<ExitCode> run(const ReceiptsListOptions& options, const Context& context);
Result<ExitCode> run(const ReceiptsExportOptions& options, const Context& context);
Result<ExitCode> run(const RecallOptions& options, const Context& context);
Result<ExitCode> run(const DeleteOptions& options, const Context& context);
Result<ExitCode> run(const MemberListOptions& options, const Context& context);
Result<ExitCode> run(const MemberAddOptions& options, const Context& context);
Result<ExitCode> run(const MemberRevokeOptions& options, const Context& context);
Result<ExitCode> run(const MemberRightsOptions& options, const Context& context);
Result<ExitCode> run(const KeysShowOptions& options, const Context& context);
Result<ExitCode> run(const KeysRotateOptions& options, const Context& context);
Result<ExitCode> run(const KeysVetoOptions& options, const Context& context);
Result<ExitCode> run(const KeysBackupOptions& options, const Context& context);
Result<ExitCode> run(const KeysKitOptions& options, const Context& context);
Result<ExitCode> run(const KeysRestoreOptions& options, const Context& context);
Result<ExitCode> run(const CompletionOptions& options, const Context& context);

}  // namespace carepost::command
