#include "tools/carepostctl/command_line.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {

Status run(const Completion& options, Context& context) {
    const auto script = completion_script(options.shell);
    if (!script) return fail(ErrorCode::bad_argument, script.error());
    context.print.raw(*script);
    return {};
}

}  // namespace carepost::ctl
