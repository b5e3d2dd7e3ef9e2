// carepost.h, "Receiving": contents, acknowledging, deleting.

#include <filesystem>
#include <system_error>

#include "client-lib/src/c_abi/handles.h"
#include "client-lib/src/platform/files.h"

using namespace carepost::c_abi;
using carepost::ByteView;
using carepost::Error;
using carepost::ErrorCode;
using carepost::fail;
using carepost::Result;
using carepost::Status;
namespace client = carepost::client;
namespace fs = std::filesystem;

struct carepost_files {
    std::vector<std::string> paths;
};

namespace {

client::GetInput input_for(const carepost_message& message, carepost_progress_fn progress, void* user) {
    client::GetInput input;
    input.which = message.message.seq;
    input.give_receipt = false;
    input.progress = progress_callback(progress, user);
    return input;
}

Result<std::uint32_t> content_index(const carepost_message& message, std::size_t content) {
    if (content < message.message.contents.size()) return static_cast<std::uint32_t>(content);
    return fail(ErrorCode::bad_argument, "message " + message.id + " has no content " + std::to_string(content),
                "0 is the document, then the attachments");
}

Error exists_already(const std::string& path) {
    return {ErrorCode::cannot_create, path + " exists already", "choose another name, or allow it to be replaced",
            std::nullopt};
}

Status move_into_place(const fs::path& from, const fs::path& to, bool overwrite) {
    std::error_code problem;
    if (fs::equivalent(from, to, problem)) return {};
    Status moved = client::rename_file(from, to, overwrite);
    if (moved) return moved;
    TRY(client::remove_tree(from));
    if (moved.error().code == ErrorCode::already_exists) return fail(exists_already(to.string()));
    return moved;
}

}  // namespace

carepost_error* carepost_get_to_directory(carepost_client* client, const carepost_message* message,
                                          const char* directory, int acknowledge, carepost_progress_fn progress,
                                          void* user, std::uint32_t deadline_ms, carepost_files** files) {
    if (files != nullptr) *files = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(message);
        REQUIRE_ARGUMENT(directory);
        REQUIRE_ARGUMENT(files);
        auto input = input_for(*message, progress, user);
        input.directory = directory;
        input.give_receipt = acknowledge != 0;
        TRY_ASSIGN(auto outcome, client->client->get(input, call_of(deadline_ms)));
        auto made = std::make_unique<carepost_files>();
        for (auto& file : outcome.files)
            made->paths.push_back(std::move(file.path));
        *files = made.release();
        return {};
    });
}
std::size_t carepost_files_count(const carepost_files* files) { return files == nullptr ? 0 : files->paths.size(); }
const char* carepost_files_path(const carepost_files* files, std::size_t index) {
    return index < carepost_files_count(files) ? files->paths[index].c_str() : "";
}
void carepost_files_free(carepost_files* files) { delete files; }

carepost_error* carepost_get_to_file(carepost_client* client, const carepost_message* message, std::size_t content,
                                     const char* path, int overwrite, carepost_progress_fn progress, void* user,
                                     std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(message);
        REQUIRE_ARGUMENT(path);
        auto input = input_for(*message, progress, user);
        TRY_ASSIGN(auto index, content_index(*message, content));
        input.contents = {index};
        const fs::path target(path);
        std::error_code ignored;
        if (overwrite == 0 && fs::exists(target, ignored)) return fail(exists_already(path));
        // Into the same folder, so that the last step is one rename.
        input.directory = target.has_parent_path() ? target.parent_path().string() : ".";
        TRY_ASSIGN(auto outcome, client->client->get(input, call_of(deadline_ms)));
        if (outcome.files.empty())
            return fail(ErrorCode::internal, "nothing was fetched", "this is a fault of the library: please report it");
        return move_into_place(outcome.files.front().path, target, overwrite != 0);
    });
}

carepost_error* carepost_get_to_writer(carepost_client* client, const carepost_message* message, std::size_t content,
                                       carepost_write_fn write, void* user, carepost_progress_fn progress,
                                       void* progress_user, std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(message);
        REQUIRE_ARGUMENT(write);
        auto input = input_for(*message, progress, progress_user);
        TRY_ASSIGN(auto index, content_index(*message, content));
        input.contents = {index};
        input.sinks.resize(message->message.contents.size());
        input.sinks[content] = [write, user](ByteView bytes) -> Status {
            if (write(user, bytes.data(), bytes.size()) == 0) return {};
            return fail(ErrorCode::io_failed, "the program could not take what was received",
                        "what was taken so far is not whole: discard it and fetch again");
        };
        TRY(client->client->get(input, call_of(deadline_ms)));
        return {};
    });
}

carepost_error* carepost_acknowledge(carepost_client* client, const carepost_message* message,
                                     std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(message);
        return client->client->acknowledge(message->message.seq, call_of(deadline_ms));
    });
}

carepost_error* carepost_delete(carepost_client* client, const carepost_message* message, std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(message);
        TRY_ASSIGN(auto results, client->client->delete_for_good({message->message.seq}, call_of(deadline_ms)));
        if (!results.empty() && results.front()) return fail(*results.front());
        return {};
    });
}
