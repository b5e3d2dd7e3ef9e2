#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/terminal.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

bool write_standard_output(const void* data, std::size_t size) {
    const char* next = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t wrote = ::write(STDOUT_FILENO, next, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        next += wrote;
        size -= static_cast<std::size_t>(wrote);
    }
    return true;
}

void print(const Message& message, const std::vector<std::string>& paths, std::size_t first, const Context& context) {
    const auto contents = message.contents();
    std::vector<Json> files;
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < paths.size() && first + i < contents.size(); ++i) {
        const auto& content = contents[first + i];
        rows.push_back({paths[i], human_size(content.size)});
        files.push_back(std::move(Json()
                                      .text("path", paths[i])
                                      .text("name", content.name)
                                      .text("media_type", content.media_type)
                                      .number("size", content.size)));
    }
    if (context.output.json())
        context.output.result(Json().text("id", message.id()).objects("files", std::move(files)));
    else
        context.output.result(table(rows));
}

Result<ExitCode> get_all(Client& client, const Message& message, const GetOptions& options, const Context& context) {
    const std::string directory = options.directory.empty() ? "." : options.directory;
    auto paths = [&] {
        ProgressBar bar(context.settings.progress);
        return client.get(message, directory, !options.no_receipt, bar.callback());
    }();
    if (!paths) return paths.error();
    print(message, *paths, 0, context);
    return ExitCode::ok;
}

Status fetch_to_standard_output(Client& client, const Message& message, std::size_t content, ProgressBar& bar) {
    int problem = 0;
    const auto write = [&problem](const void* data, std::size_t size) {
        if (write_standard_output(data, size)) return true;
        problem = errno;
        return false;
    };
    auto fetched = client.get_to_writer(message, content, write, bar.callback());
    if (problem == 0) return fetched;
    return error(CAREPOST_ERROR_IO_FAILED, std::string("standard output cannot be written: ") + std::strerror(problem),
                 "what was written so far is not whole: discard it, make room, and repeat the command");
}

Status fetch_one(Client& client, const Message& message, const GetOptions& options, const Context& context) {
    ProgressBar bar(context.settings.progress);
    if (options.output == "-") return fetch_to_standard_output(client, message, options.content, bar);
    return client.get_to_file(message, options.content, options.output, options.force, bar.callback());
}

// Whoever takes the only content of a message has received it; with attachments left at the broker that would be a lie.
Result<ExitCode> get_one(Client& client, const Message& message, const GetOptions& options, const Context& context) {
    if (auto fetched = fetch_one(client, message, options, context); !fetched) return fetched.error();
    if (options.output != "-") print(message, {options.output}, options.content, context);
    const bool whole = message.contents().size() == 1;
    if (whole && !options.no_receipt && message.folder() == CAREPOST_FOLDER_INBOX) {
        if (auto told = client.acknowledge(message); !told) return told.error();
    }
    return ExitCode::ok;
}

}  // namespace

Result<ExitCode> run(const GetOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto message = (**session).message(options.id);
    if (!message) return message.error();
    if (const auto problem = message->problem()) return *problem;
    context.output.warnings(message->warnings());
    return options.output.empty() ? get_all(**session, *message, options, context)
                                  : get_one(**session, *message, options, context);
}

}  // namespace carepost::command
