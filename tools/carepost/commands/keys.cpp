#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/commands/support.h"
#include "tools/carepost/terminal.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::size_t kWordsMost = 1024;  // bytes; 24 words have 240 at most

void print(const Keys& keys, const Context& context) {
    if (context.output.json()) {
        context.output.result(Json()
                                  .number("current_epoch", keys.current)
                                  .number("newest_epoch", keys.newest)
                                  .number("first_epoch", keys.first)
                                  .number("held", keys.held)
                                  .number("missing", keys.missing)
                                  .time("keys_until", keys.until)
                                  .time("oldest_destroyed", keys.destroyed_at)
                                  .boolean("identity_key_here", keys.has_identity)
                                  .text("identity_key", keys.identity_key)
                                  .text("signing_key", keys.signing_key));
        return;
    }
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"epoch", fmt::format("{} (published up to {})", keys.current, keys.newest)});
    rows.push_back({"keys until", date(keys.until)});
    rows.push_back({"secrets here", fmt::format("{} epochs{}", keys.held,
                                                keys.missing == 0 ? "" : fmt::format(", {} missing", keys.missing))});
    if (keys.destroyed_at != 0) rows.push_back({"oldest destroyed", date(keys.destroyed_at)});
    rows.push_back({"identity key", keys.identity_key + (keys.has_identity ? "" : " (kept elsewhere)")});
    rows.push_back({"signing key", keys.signing_key});
    context.output.result(table(rows));
}

// A new private file, whole or not at all.
Status write_words(const std::string& path, const std::string& words) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return error(CAREPOST_ERROR_CANNOT_CREATE, path + " cannot be made: " + std::strerror(errno),
                     "choose another name");
    const std::string line = words + '\n';
    const bool written =
        ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
    ::close(file);
    if (written) return {};
    ::unlink(path.c_str());
    return error(CAREPOST_ERROR_IO_FAILED, path + " cannot be written: " + std::strerror(errno));
}

// Typed without being shown, or from standard input where that is no terminal.
Result<std::string> read_words(const Context& context) {
    if (::isatty(STDIN_FILENO) == 1 && context.settings.input) return ask_secret("The 24 words: ");
    std::string words(kWordsMost, '\0');
    std::cin.read(words.data(), static_cast<std::streamsize>(words.size()));
    words.resize(static_cast<std::size_t>(std::cin.gcount()));
    return words;
}

Result<ExitCode> restore_backup(const KeysRestoreOptions& options, Options library, const Context& context) {
    auto secret =
        file_secret(options.passphrase_file, "Passphrase of the backup: ", "--backup-passphrase-file", false, context);
    if (!secret) return secret.error();
    if (auto restored = restore_keys(library, options.file, secret->passphrase); !restored) return restored.error();
    auto client = Client::open(library);
    if (!client) return client.error();
    auto identity = client->whoami();
    if (!identity) return identity.error();
    if (context.output.json())
        context.output.result(Json().text("address", identity->address).text("member", identity->member));
    else
        context.output.result(
            fmt::format("restored {} (member {})\n", clean(identity->address), short_id(identity->member)));
    context.output.note(
        "It works at once. Do not go on using the machine it was saved on: two copies of one member "
        "number their messages alike. `carepost keys rotate --member` locks the other copy out.");
    return ExitCode::ok;
}

Result<Joining> restore_kit(const KeysRestoreOptions& options, const Options& library, const Context& context) {
    if (options.broker_file.empty() || options.address.empty())
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "a kit says neither the broker nor the address",
                     "give --broker FILE and --address ADDRESS");
    if (options.words) {
        auto words = read_words(context);
        if (!words) return words.error();
        auto joining = restore_by_words(library, options.broker_file, options.address, options.name, *words);
        ::explicit_bzero(words->data(), words->size());
        return joining;
    }
    auto secret =
        file_secret(options.passphrase_file, "Passphrase of the kit: ", "--backup-passphrase-file", false, context);
    if (!secret) return secret.error();
    return restore_by_kit(library, options.broker_file, options.address, options.name, options.kit, secret->passphrase);
}

}  // namespace

Result<ExitCode> run(const KeysShowOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto keys = show_keys(**session, options.online);
    if (!keys) return keys.error();
    print(*keys, context);
    return ExitCode::ok;
}

Result<ExitCode> run(const KeysRotateOptions& options, const Context& context) {
    Result<Keys> keys = Keys();
    if (options.member || options.identity) {
        auto library = unlocked_options(context);
        if (!library) return library.error();
        keys = options.member ? rotate_member(*library) : rotate_identity(*library);
    } else {
        auto session = Session::open(context);
        if (!session) return session.error();
        keys = rotate_epochs(**session);
    }
    if (!keys) return keys.error();
    print(*keys, context);
    if (options.identity)
        context.output.note(
            "The certificate still names the old identity key: renew it with `carepost enrol --renew`.");
    return ExitCode::ok;
}

Result<ExitCode> run(const KeysVetoOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    if (auto vetoed = veto_reset(**session, options.reset); !vetoed) return vetoed.error();
    if (context.output.json())
        context.output.result(Json().text("vetoed", options.reset));
    else
        context.output.result("vetoed\n");
    return ExitCode::ok;
}

Result<ExitCode> run(const KeysBackupOptions& options, const Context& context) {
    auto library = unlocked_options(context);
    if (!library) return library.error();
    auto secret =
        file_secret(options.passphrase_file, "Passphrase for the backup: ", "--backup-passphrase-file", true, context);
    if (!secret) return secret.error();
    if (auto saved = backup_keys(*library, options.file, secret->passphrase); !saved) return saved.error();
    if (context.output.json())
        context.output.result(Json().text("file", options.file));
    else
        context.output.result(options.file + "\n");
    context.output.note(
        "Whoever has this file and its passphrase is this member, and keeps the keys of today even after "
        "they are destroyed here.");
    return ExitCode::ok;
}

Result<ExitCode> run(const KeysKitOptions& options, const Context& context) {
    auto library = unlocked_options(context);
    if (!library) return library.error();
    UnlockSecret secret;
    if (!options.file.empty()) {
        auto given =
            file_secret(options.passphrase_file, "Passphrase for the kit: ", "--kit-passphrase-file", true, context);
        if (!given) return given.error();
        secret = std::move(*given);
    }
    if (!options.output.empty() && ::access(options.output.c_str(), F_OK) == 0)
        return error(CAREPOST_ERROR_ALREADY_EXISTS, options.output + " exists already", "choose another name");
    auto kit = make_kit(*library, options.name, options.file, secret.passphrase);
    if (!kit) return kit.error();
    Status shown;
    if (!options.output.empty()) {
        shown = write_words(options.output, kit->words);
    } else if (context.output.json()) {
        Json json;
        json.text("member", kit->member)
            .text("name", kit->name)
            .text_if("words", kit->words)
            .text_if("file", options.file);
        context.output.result(json);
    } else {
        context.output.result((options.file.empty() ? kit->words : options.file) + "\n");
    }
    ::explicit_bzero(kit->words.data(), kit->words.size());
    if (!shown) return shown.error();
    context.output.note(
        "Keep it where you keep the deeds of the house. Whoever holds it can read this mailbox: the promise "
        "that keys of old epochs are destroyed does not hold against them.");
    context.output.note("It is a member named \"" + kit->name + "\"; `carepost member revoke " + short_id(kit->member) +
                        "` makes it worthless.");
    return ExitCode::ok;
}

Result<ExitCode> run(const KeysRestoreOptions& options, const Context& context) {
    if (options.file.empty() && !options.words && options.kit.empty())
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "neither a backup nor a recovery kit was named",
                     "give the backup's file, --words or --kit FILE");
    auto secret = new_secret(options.no_passphrase, context);
    if (!secret) return secret.error();
    Options library = library_options(context.settings);
    library.passphrase = secret->passphrase;
    library.unlock_key = secret->key;
    if (!options.file.empty()) return restore_backup(options, library, context);
    library.allow_sandbox = options.sandbox;
    auto joining = restore_kit(options, library, context);
    if (!joining) return joining.error();
    command::print(*joining, context);
    return ExitCode::ok;
}

}  // namespace carepost::command
