#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/commands/support.h"
#include "tools/carepost/terminal.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

std::int64_t read_standard_input(void* buffer, std::size_t size) {
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer, size);
        if (got >= 0 || errno != EINTR) return got;
    }
}

Status add_metadata(Draft& draft, const std::vector<std::string>& pairs) {
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            return error(CAREPOST_ERROR_BAD_ARGUMENT, "--meta is not KEY=VALUE: " + pair,
                         "such as --meta order=2026-118");
        draft.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return {};
}

Result<Draft> draft_of(const SendOptions& options) {
    Draft draft;
    draft.id = options.id;
    draft.to = options.to;
    draft.subject = options.subject;
    draft.type = options.type;
    draft.format = options.format;
    draft.patient = options.patient;
    draft.reply_to = options.reply_to;
    draft.conversation = options.conversation;
    draft.replaces = options.replaces;
    draft.important = options.important;
    draft.read_receipt = options.read_receipt;
    draft.body = options.document == "-" ? Content::reader(read_standard_input, {}, options.media_type)
                                         : Content::file(options.document, options.media_type);
    for (const auto& path : options.attachments)
        draft.attachments.push_back(Content::file(path));
    if (!options.expires.empty()) {
        auto time = end_of_day(options.expires, "--expires");
        if (!time) return time.error();
        draft.expires_at = *time;
    }
    if (auto added = add_metadata(draft, options.metadata); !added) return added.error();
    return draft;
}

// A draft whose id is known before anything is sent, so that an error can say how to repeat it.
Status choose_id(Draft& draft) {
    if (!draft.id.empty()) return {};
    detail::DraftHandle fresh(carepost_draft_new());
    if (!fresh) return error(CAREPOST_ERROR_IO_FAILED, "no memory or no randomness for a message id", "try again");
    draft.id = carepost_draft_id(fresh.get());
    return {};
}

void print(const Sent& sent, const Context& context) {
    if (context.output.json()) {
        context.output.result(Json()
                                  .text("id", sent.id)
                                  .number("recipients", sent.recipients)
                                  .number("size", sent.size)
                                  .time("stored", sent.stored_at)
                                  .boolean("repeated", sent.repeated)
                                  .text("receipt", sent.receipt_file)
                                  .texts("warnings", sent.warnings));
        return;
    }
    context.output.result(fmt::format("sent {}…  to {}, {}, stored {}   ({}receipt saved)\n", short_id(sent.id),
                                      counted(sent.recipients, "mailbox", "mailboxes"), human_size(sent.size),
                                      clock_time(sent.stored_at), sent.repeated ? "stored before; " : ""));
}

// After an error that leaves the message to be sent again, the id is what makes it safe.
Error repeatable(Error problem, const std::string& id) {
    if (problem.kind == ErrorClass::permanent && problem.code != CAREPOST_ERROR_CANCELLED) return problem;
    problem.hint += problem.hint.empty() ? "" : "; ";
    problem.hint += "repeat the command with --id " + id + ": nothing is sent twice";
    return problem;
}

}  // namespace

Result<ExitCode> run(const SendOptions& options, const Context& context) {
    auto draft = draft_of(options);
    if (!draft) return draft.error();
    if (auto chosen = choose_id(*draft); !chosen) return chosen.error();
    auto session = Session::open(context);
    if (!session) return session.error();
    Result<Sent> sent = [&] {
        ProgressBar bar(context.settings.progress);
        draft->progress = bar.callback();
        return (**session).send(*draft);
    }();
    if (!sent) return repeatable(sent.error(), draft->id);
    print(*sent, context);
    context.output.warnings(sent->warnings);
    return ExitCode::ok;
}

}  // namespace carepost::command
