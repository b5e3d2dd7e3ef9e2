#include <fmt/format.h>
#include <unistd.h>

#include "tools/carepost/commands/support.h"
#include "tools/carepost/qr.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::chrono::minutes kPatience{10};

void show(const std::string& code, const Context& context) {
    if (::isatty(STDERR_FILENO) == 1) {
        if (const std::string picture = qr_blocks(code); !picture.empty())
            static_cast<void>(!::write(STDERR_FILENO, picture.data(), picture.size()));
    }
    context.output.note("Code of this device: " + code);
    context.output.note("Give it to somebody who manages the mailbox: carepost member add " + code);
}

}  // namespace

void print(const Joining& joining, const Context& context) {
    const bool admitted = joining.state == EnrolmentState::admitted;
    if (context.output.json()) {
        context.output.result(Json()
                                  .text("state", admitted ? "admitted" : "pending")
                                  .text("code", joining.code)
                                  .text("address", joining.address)
                                  .text_if("mailbox", joining.mailbox)
                                  .text("member", joining.member)
                                  .text_if("rights", rights_text(joining.rights))
                                  .text_if("request_file", joining.request_file)
                                  .text("broker", joining.broker_name)
                                  .text("broker_fingerprint", joining.broker_fingerprint));
        return;
    }
    if (admitted) {
        context.output.result(fmt::format("member {} of {} ({})\n", short_id(joining.member), clean(joining.address),
                                          rights_text(joining.rights)));
    } else {
        context.output.result(fmt::format("pending {} (code {})\n", clean(joining.address), joining.code));
    }
    if (!joining.request_file.empty()) context.output.result(fmt::format("request {}\n", clean(joining.request_file)));
}

Result<ExitCode> run_join(const EnrolOptions& options, const Options& library, const Context& context) {
    auto rights = rights_of(options.rights);
    if (!rights) return rights.error();
    const auto wait = context.settings.timeout.count() > 0 ? context.settings.timeout : kPatience;
    auto joining = join(
        library, options.broker_file, options.join, options.name, *rights, options.request_file,
        [&context](const std::string& code) { show(code, context); }, wait);
    if (!joining) return joining.error();
    print(*joining, context);
    if (joining->state == EnrolmentState::admitted) return ExitCode::ok;
    context.output.note(
        options.request_file.empty()
            ? "Nobody has let this device in yet; repeat the command, or any other once it is let in."
            : "Bring the request to somebody who manages the mailbox: carepost member add --request FILE.");
    return options.request_file.empty() ? ExitCode::temporary : ExitCode::ok;
}

}  // namespace carepost::command
