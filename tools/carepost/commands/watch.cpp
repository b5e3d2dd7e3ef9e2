#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/message_view.h"
#include "tools/carepost/text.h"
#include "tools/carepost/watch_support.h"

namespace carepost::command {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kWait{60'000};  // then it waits again; a signal ends it sooner

const char* word(int kind) {
    switch (static_cast<enum carepost_event_kind>(kind)) {
        case CAREPOST_EVENT_ARRIVED:
            return "arrived";
        case CAREPOST_EVENT_RECEIPT:
            return "receipt";
        case CAREPOST_EVENT_DELETED:
            return "deleted";
        case CAREPOST_EVENT_CONNECTED:
            return "connected";
        case CAREPOST_EVENT_DISCONNECTED:
            return "disconnected";
    }
    return "unknown";
}

// Names of what an interrupted fetch had finished; the rest goes on where it stopped, and these come again.
void clear_finished(const fs::path& folder) {
    std::error_code ignored;
    for (const auto& item : fs::directory_iterator(folder, ignored))
        if (!item.path().filename().string().starts_with('.')) fs::remove(item.path(), ignored);
}

// A sender can seal contents that nobody can open. That is told like a header that does not open: one such message must not
// keep all that come after it waiting for ever.
bool damages_only_itself(const Error& problem) {
    return problem.code == CAREPOST_ERROR_CANNOT_OPEN || problem.code == CAREPOST_ERROR_PART_MISMATCH ||
           problem.code == CAREPOST_ERROR_INVALID_SIGNATURE;
}

// All contents of a message in DIRECTORY/ID, which appears only when it is whole. Repeating it gives the same folder.
Result<fs::path> fetch(Client& client, const Message& message, const std::string& directory) {
    const fs::path target = fs::path(directory) / message.id(), partial = fs::path(directory) / ('.' + message.id());
    std::error_code problem;
    if (fs::exists(target, problem)) return target;
    fs::create_directories(partial, problem);
    if (problem)
        return error(CAREPOST_ERROR_CANNOT_CREATE, partial.string() + " cannot be made: " + problem.message(),
                     "check the folder of --to");
    fs::permissions(partial, fs::perms::owner_all, problem);  // names of files tell of patients, too
    clear_finished(partial);
    auto paths = client.get(message, partial.string(), false);
    if (!paths && damages_only_itself(paths.error())) fs::remove_all(partial, problem);
    if (!paths) return paths.error();
    fs::rename(partial, target, problem);
    if (problem) return error(CAREPOST_ERROR_IO_FAILED, target.string() + " cannot be made: " + problem.message());
    return target;
}

void tell_of(Json& json, const Error& problem) {
    json.object("error", std::move(Json().text("code", problem.name).text("message", problem.message)));
}

std::vector<Json> files_in(const fs::path& folder) {
    std::vector<Json> files;
    std::error_code ignored;
    for (const auto& item : fs::directory_iterator(folder, ignored)) {
        const auto name = item.path().filename().string();
        if (!name.starts_with('.'))
            files.push_back(std::move(
                Json().text("path", item.path().string()).text("name", name).number("size", item.file_size(ignored))));
    }
    return files;
}

class Watch {
public:
    Watch(Client& client, const WatchOptions& options, const Context& context, Position position)
        : client_(client), options_(options), context_(context), position_(std::move(position)) {}

    Status start() {
        std::uint64_t after = std::numeric_limits<std::uint64_t>::max();
        if (!options_.from_now) {
            auto known = position_.load();
            if (!known) return known.error();
            after = known->value_or(0);
        }
        return client_.watch(after);
    }

    // Until a signal or an error ends it.
    Status run() {
        for (;;) {
            auto event = client_.next_event(kWait);
            if (!event) return event.error();
            if (!*event) continue;
            if (auto done = handle(**event); !done) return done;
        }
    }

private:
    // One event; its position is kept only when all was done.
    Status handle(const Event& event) {
        if (event.number == 0) {  // the connection's own coming and going
            if (event.kind == CAREPOST_EVENT_DISCONNECTED)
                context_.output.note("The connection broke; it is being repaired.");
            return {};
        }
        if (event.kind == CAREPOST_EVENT_ARRIVED || options_.all) {
            if (auto done = deal_with(event); !done) return done;
        }
        return position_.save(event.number);
    }

    Status deal_with(const Event& event) {
        Json json;
        json.text("event", word(event.kind)).number("event_number", event.number).text("id", event.message_id);
        if (event.kind != CAREPOST_EVENT_ARRIVED) return hand_over(json);
        auto message = client_.message(event.message_id);
        if (!message && message.error().code == CAREPOST_ERROR_NOT_FOUND) return {};  // deleted meanwhile
        if (!message) return message.error();
        if (message->folder() == CAREPOST_FOLDER_SENT && !options_.all) return {};  // our own copy
        json.object("message", message_json(*message));
        if (options_.directory.empty() || message->problem() || message->folder() == CAREPOST_FOLDER_SENT)
            return hand_over(json);
        auto folder = fetch(client_, *message, options_.directory);
        if (!folder && damages_only_itself(folder.error())) {
            tell_of(json, folder.error());
            return hand_over(json);
        }
        if (!folder) return folder.error();
        json.text("folder", folder->string()).objects("files", files_in(*folder));
        if (auto handed = hand_over(json); !handed) return handed;
        return client_.acknowledge(*message);
    }

    Status hand_over(const Json& json) {
        if (options_.exec.empty()) {
            context_.output.result(json);
            return context_.output.finish();
        }
        auto code = run_with_input(options_.exec, json.line() + '\n');
        if (!code) return code.error();
        if (*code == 0) return {};
        return error(CAREPOST_ERROR_IO_FAILED, fmt::format("the command ended with {}", *code),
                     "start watch again: it goes on with the same event");
    }

    Client& client_;
    const WatchOptions& options_;
    const Context& context_;
    Position position_;
};

}  // namespace

Result<ExitCode> run(const WatchOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto identity = (**session).whoami();
    if (!identity) return identity.error();
    Watch watch(**session, options, context, Position(fs::path(identity->data_directory) / "watch.position"));
    if (auto started = watch.start(); !started) return started.error();
    return watch.run().error();
}

}  // namespace carepost::command
