#include "tools/carepost/completion.h"

#include "tools/carepost/command_line.h"
#include "tools/carepost/commands/commands.h"

namespace carepost::command {

Result<ExitCode> run(const CompletionOptions& options, const Context& context) {
    context.output.result(completion_script(options.shell, summaries()));
    return ExitCode::ok;
}

}  // namespace carepost::command
