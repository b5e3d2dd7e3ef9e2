#include "tools/carepost/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "carepost/carepost.h"
#include "tools/carepost/exit_codes.h"

namespace carepost::command {
namespace {

// A command line being read: each command fills its own options and names itself as the one that was chosen.
struct Reading {
    CommandLine result;
    CLI::App app{"Sealed, proven messages between care providers.", "carepost"};
};

// Adds a command whose options are `Options`; the object lives as long as the parser's callback.
template <typename Options>
std::pair<CLI::App*, std::shared_ptr<Options>> add(Reading& reading, CLI::App& parent, const std::string& name,
                                                   const std::string& description, const std::string& example) {
    auto options = std::make_shared<Options>();
    CLI::App* command = parent.add_subcommand(name, description);
    command->fallthrough();
    command->footer("Example:\n" + example + "\n\nOptions of all commands: carepost --help");
    command->callback([&reading, options] { reading.result.command = *options; });
    return {command, options};
}

// An empty name is a script's unset variable. Taken for "not given", it would send files to the wrong place.
std::string not_empty(const std::string& text) { return text.empty() ? "an empty name" : ""; }

// The parser itself takes -1, and numbers too large, for the largest number there is.
template <typename Number>
CLI::Option* counted(CLI::App* command, const std::string& name, Number& value, const std::string& description,
                     Number least = 0) {
    const auto check = [least](const std::string& text) -> std::string {
        Number number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = problem == std::errc() && end == text.data() + text.size();
        return whole && number >= least ? "" : "\"" + text + "\" is not a number from " + std::to_string(least);
    };
    return command->add_option(name, value, description)->check(check, {});
}

// An option that may be given several times, each time with one value.
template <typename Values>
CLI::Option* repeatable(CLI::App* command, const std::string& name, Values& values, const std::string& description) {
    return command->add_option(name, values, description)->allow_extra_args(false)->take_all();
}

void add_common(Reading& reading) {
    auto& app = reading.app;
    auto& common = reading.result.common;
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", "Show this help");
    app.set_version_flag("--version", std::string("carepost ") + carepost_version_text());
    app.add_flag("--json", common.json, "Results as JSON; lists as one object a line");
    app.add_option("--home", common.home, "Folder of the identity (default: the XDG directories)")->type_name("DIR");
    app.add_option("--config", common.config, "Read this configuration instead of the usual files")->type_name("FILE");
    app.add_option("--timeout", common.timeout_seconds,
                   "How long to wait for the broker; for contents: without progress")
        ->type_name("SECONDS");
    app.add_option("--passphrase-file", common.passphrase_file, "Read the passphrase from this file")
        ->type_name("FILE");
    app.add_option("--passphrase-command", common.passphrase_command, "Read the passphrase from this command's output")
        ->type_name("CMD");
    app.add_option("--passphrase-fd", common.passphrase_fd, "Read the passphrase from this open descriptor")
        ->type_name("N");
    app.add_option("--unlock-key-file", common.unlock_key_file, "File with the 32-byte key of a service's identity")
        ->type_name("FILE");
    app.add_option("--witness", common.witnesses, "Key of a witness of the broker's log; may be repeated")
        ->type_name("KEY");
    app.add_option("--require-witnesses", common.require_witnesses,
                   "Seal only by what so many witnesses have cosigned within a day")
        ->type_name("N");
    app.add_flag("--no-input", common.no_input, "Never ask");
    app.add_flag("--no-progress", common.no_progress, "Never draw a progress bar");
    app.footer(
        "Example:\n  carepost send --to nihii:19234011/DOCTOR --subject \"Lab result\" --type lab-result report.json "
        "--attach scan.pdf\n\nExit codes, files and environment: man carepost");
}

void add_enrol(Reading& reading) {
    auto [command, options] = add<EnrolOptions>(
        reading, reading.app, "enrol", "Make keys and bring this practice in",
        "  carepost enrol --broker broker.carepost --invite K7QM-2F9X-...\n"
        "  carepost enrol --broker broker.carepost --address nihii:19234011/DOCTOR --name \"Dr. Peeters\" \\\n"
        "                 --request-file request.carepost\n"
        "  carepost enrol --broker broker.carepost --join nihii:19234011/DOCTOR --name \"front desk\"");
    command->add_option("--broker", options->broker_file, "The file broker.carepost that came with the invitation")
        ->required()
        ->type_name("FILE");
    auto* invite = command->add_option("--invite", options->invite, "Invitation code; - reads it from standard input")
                       ->type_name("CODE");
    auto* request = command
                        ->add_option("--request-file", options->request_file,
                                     "Without a network: write the request for the registrar here")
                        ->type_name("FILE");
    auto* join =
        command
            ->add_option(
                "--join", options->join,
                "Join the mailbox of this address as one more member: shows the code to give to who manages it")
            ->type_name("ADDRESS");
    invite->excludes(request)->excludes(join);
    command->add_option("--rights", options->rights, "With --join: wished rights (default read,send)");
    command->add_option("--address", options->address, "Address of the mailbox, where the code does not name it");
    command->add_option("--name", options->name, "Name as shown to people");
    command->add_flag("--no-passphrase", options->no_passphrase, "Protect the keys by file permissions alone");
    command->add_flag("--sandbox", options->sandbox, "Accept a sandbox: never for real patients");
    command->add_flag("-y,--yes", options->yes, "The broker's fingerprint was compared already");
}

void add_directory(Reading& reading) {
    auto [whoami, whoami_options] =
        add<WhoamiOptions>(reading, reading.app, "whoami", "Show this identity", "  carepost whoami --online");
    whoami->add_flag("--online", whoami_options->online, "Ask the broker too");
    auto [check, check_options] =
        add<CheckOptions>(reading, reading.app, "check", "Check that an address can be written to",
                          "  carepost check nihii:19234011/DOCTOR\n"
                          "  carepost check nihii:19234011/DOCTOR --accept-reset   # after a telephone call");
    check->add_option("address", check_options->address, "Address: type:number/QUALITY")->required();
    check->add_flag("--accept-reset", check_options->accept_reset,
                    "The address changed hands, and its owner has confirmed it by another way");
    auto [find, find_options] = add<FindOptions>(reading, reading.app, "find", "Search the directory by name or number",
                                                 "  carepost find peeters --quality DOCTOR");
    find->add_option("text", find_options->words, "Beginnings of words of the name, or of the number")->required();
    find->add_option("--quality", find_options->quality, "Only this quality, such as DOCTOR");
    counted(find, "--limit", find_options->limit, "At most so many (default 100)", std::uint32_t{1});
}

void add_send(Reading& reading) {
    auto [command, options] = add<SendOptions>(
        reading, reading.app, "send", "Seal and send a document",
        "  carepost send --to nihii:19234011/DOCTOR --subject \"Lab result\" --type lab-result report.json "
        "--attach scan.pdf\n  hl7-export | carepost send --to nihii:19234011/DOCTOR --subject Export -");
    repeatable(command, "--to", options->to, "Address of a recipient; may be repeated")
        ->required()
        ->type_name("ADDRESS");
    command->add_option("document", options->document, "The document; - is standard input")->required();
    repeatable(command, "--attach", options->attachments, "A file to attach; may be repeated")->type_name("FILE");
    command->add_option("--subject", options->subject, "Subject, at most 400 characters");
    command->add_option("--type", options->type, "What it is, such as lab-result");
    command->add_option("--format", options->format, "Its format, such as fhir-r4");
    command->add_option("--media-type", options->media_type, "Media type of the document (default: by its name)");
    command->add_option("--patient", options->patient, "Whom it is about");
    command->add_option("--id", options->id, "Message id, 32 hexadecimal digits: repeating it never sends twice");
    command->add_option("--reply-to", options->reply_to, "Id of the message it answers");
    command->add_option("--conversation", options->conversation, "Id of the conversation it belongs to");
    command->add_option("--replaces", options->replaces, "Id of the message it supersedes");
    repeatable(command, "--meta", options->metadata, "Further data as KEY=VALUE; may be repeated")
        ->type_name("KEY=VALUE");
    command->add_option("--expires", options->expires, "Last day it is kept, YYYY-MM-DD");
    command->add_flag("--important", options->important, "Mark it as important");
    command->add_flag("--read-receipt", options->read_receipt, "Ask for a read receipt");
}

void add_list(Reading& reading, const std::string& name, int folder, const std::string& description) {
    auto [command, options] =
        add<ListOptions>(reading, reading.app, name, description, "  carepost " + name + " --json | jq -r .subject");
    options->folder = folder;
    counted(command, "--after", options->after, "Only messages after this number")->type_name("NUMBER");
    counted(command, "--limit", options->limit, "At most so many (default: all)", std::uint64_t{1});
    if (folder == CAREPOST_FOLDER_INBOX)
        command->add_flag("--new", options->only_new, "Only what was not received yet");
}

void add_receiving(Reading& reading) {
    add_list(reading, "inbox", CAREPOST_FOLDER_INBOX, "List received messages");
    add_list(reading, "sent", CAREPOST_FOLDER_SENT, "List sent messages");
    auto [show, show_options] =
        add<ShowOptions>(reading, reading.app, "show", "Show one message", "  carepost show 7f3a92c1");
    show->add_option("id", show_options->id, "Message id, or its first digits (at least 4)")->required();
    auto [get, get_options] =
        add<GetOptions>(reading, reading.app, "get", "Fetch the files of a message and sign for them",
                        "  carepost get 7f3a92c1 --to ~/received\n  carepost get 7f3a92c1 -o - | fhir-import");
    get->add_option("id", get_options->id, "Message id, or its first digits (at least 4)")->required();
    auto* to =
        get->add_option("--to", get_options->directory, "All files into this folder (default: here)")->type_name("DIR");
    auto* output = get->add_option("-o,--output", get_options->output, "One file under this name; - is standard output")
                       ->type_name("FILE");
    to->excludes(output)->check(not_empty, {});
    output->check(not_empty, {});
    counted(get, "--content", get_options->content, "With -o: which; 0 is the document (default), then the attachments")
        ->type_name("N");
    get->add_flag("--force", get_options->force, "With -o: replace an existing file");
    get->add_flag("--no-receipt", get_options->no_receipt, "Do not sign for having received it");
    auto [remove, remove_options] = add<DeleteOptions>(
        reading, reading.app, "delete", "Delete messages from this mailbox", "  carepost delete --for-good 7f3a92c1");
    repeatable(remove, "ids", remove_options->ids, "Message ids")->required()->allow_extra_args(true);
    remove->add_flag("--for-good", remove_options->for_good, "There is no way back");
}

void add_watch(Reading& reading) {
    auto [command, options] =
        add<WatchOptions>(reading, reading.app, "watch", "Wait for new messages, one event a line",
                          "  carepost watch --to /var/spool/lab --exec "
                          R"('jq -r ".files[].path" | xargs -d "\n" lab-import')");
    command
        ->add_option("--exec", options->exec, "Run this for each event, with the event as JSON on its standard input")
        ->type_name("CMD");
    command->add_option("--to", options->directory, "Fetch the files of each new message into DIR/ID first")
        ->type_name("DIR")
        ->check(not_empty, {});
    command->add_flag("--all", options->all, "Receipts and deletions too, not only new messages");
    command->add_flag("--from-now", options->from_now, "Forget the remembered position; skip what is there already");
}

void add_proof(Reading& reading) {
    auto [status, status_options] = add<StatusOptions>(
        reading, reading.app, "status", "Show what became of a sent message", "  carepost status 7f3a92c1");
    status->add_option("id", status_options->id, "Message id, or its first digits (at least 4)")->required();

    CLI::App* receipts = reading.app.add_subcommand("receipts", "List, hand on and verify receipts");
    receipts->require_subcommand(1)->fallthrough();
    receipts->footer("Example:\n  carepost receipts verify 7f3a92c1.receipt");
    auto [verify, verify_options] = add<ReceiptsVerifyOptions>(
        reading, *receipts, "verify", "Verify receipt files offline",
        "  carepost receipts verify *.receipt\n  carepost receipts verify --broker broker.carepost evidence.receipt");
    repeatable(verify, "files", verify_options->files, "Receipt files")
        ->required()
        ->allow_extra_args(true)
        ->type_name("FILE");
    verify->add_option("--broker", verify_options->broker_file, "Broker file (default: the one of this identity)")
        ->type_name("FILE");
    auto [list, list_options] = add<ReceiptsListOptions>(reading, *receipts, "list", "List the receipts kept here",
                                                         "  carepost receipts list 7f3a92c1");
    list->add_option("id", list_options->id, "Only those of this message");
    auto [save, save_options] =
        add<ReceiptsExportOptions>(reading, *receipts, "export", "Copy the receipts of a message, for a third party",
                                   "  carepost receipts export 7f3a92c1 --output evidence.txt\n"
                                   "  carepost receipts export --all --binary --output evidence.bin\n"
                                   "  carepostctl evidence verify evidence.txt --broker broker.carepost");
    auto* id = save->add_option("id", save_options->id, "Message id, or its first digits (at least 4)");
    auto* to =
        save->add_option("--to", save_options->directory, "Folder for copies of the files kept here (default: here)")
            ->type_name("DIR")
            ->check(not_empty, {});
    auto* output = save->add_option("--output", save_options->output,
                                    "One file with all evidence that a third party needs, online")
                       ->type_name("FILE")
                       ->check(not_empty, {})
                       ->excludes(to);
    save->add_flag("--all", save_options->all, "Of all messages whose sent copy is there")->needs(output)->excludes(id);
    save->add_flag("--binary", save_options->binary, "Smaller than text; for many messages")->needs(output);

    auto [recall, recall_options] =
        add<RecallOptions>(reading, reading.app, "recall", "Take a sent message back from all who have not received it",
                           "  carepost recall 7f3a92c1");
    repeatable(recall, "ids", recall_options->ids, "Message ids, or their first digits (at least 4)")
        ->required()
        ->allow_extra_args(true)
        ->type_name("ID");
}

void add_members(Reading& reading) {
    CLI::App* member =
        reading.app.add_subcommand("member", "Members of this mailbox: devices, delegates, recovery kits");
    member->require_subcommand(1)->fallthrough();
    member->footer("Example:\n  carepost member list");
    add<MemberListOptions>(reading, *member, "list", "List the members", "  carepost member list --json");
    auto [adding, add_options] = add<MemberAddOptions>(
        reading, *member, "add", "Let a new device in, by the code that it shows",
        "  carepost member add K7QM-2XWA-BQ3D-77PL-ZZ4M-SK6T-QA --rights read,send\n"
        "  carepost member add --request desk.request --rights read --until 2027-01-31 --epochs all");
    adding->add_option("code", add_options->code, "The 26 characters that the new device shows");
    adding->add_option("--request", add_options->request_file, "The request that the new device wrote")
        ->type_name("FILE");
    adding->add_option("--rights", add_options->rights, "read, send, manage; with commas (default read,send)");
    adding->add_option("--until", add_options->until, "Last day of its rights, YYYY-MM-DD");
    adding->add_option("--epochs", add_options->epochs, "Which earlier mail it may read (default current)")
        ->check(CLI::IsMember({"none", "current", "all"}));
    auto [revoke, revoke_options] =
        add<MemberRevokeOptions>(reading, *member, "revoke", "Remove members, and begin a new epoch at once",
                                 "  carepost member revoke \"front desk\" --reason \"laptop stolen\"");
    repeatable(revoke, "who", revoke_options->who, "Id, its first digits, or name")->required()->allow_extra_args(true);
    revoke->add_option("--reason", revoke_options->reason, "Shown to all members");
    auto [rights, rights_options] =
        add<MemberRightsOptions>(reading, *member, "rights", "Change what a member may do, or until when",
                                 "  carepost member rights \"front desk\" read,send,manage");
    rights->add_option("who", rights_options->who, "Id, its first digits, or name")->required();
    rights->add_option("rights", rights_options->rights, "read, send, manage; with commas")->required();
    rights->add_option("--until", rights_options->until, "Last day of its rights, YYYY-MM-DD, or never");
}

void add_keys(Reading& reading) {
    CLI::App* keys = reading.app.add_subcommand("keys", "This member's keys: backup, recovery kit, renewal");
    keys->require_subcommand(1)->fallthrough();
    keys->footer("Example:\n  carepost keys show");
    auto [show, show_options] =
        add<KeysShowOptions>(reading, *keys, "show", "Show which keys are here", "  carepost keys show --online");
    show->add_flag("--online", show_options->online, "Ask the broker first");
    auto [rotate, rotate_options] =
        add<KeysRotateOptions>(reading, *keys, "rotate", "Begin a new epoch at once, or make new keys of one's own",
                               "  carepost keys rotate\n  carepost keys rotate --member");
    auto* own = rotate->add_flag("--member", rotate_options->member, "New signing and transport keys for this member");
    rotate->add_flag("--identity", rotate_options->identity, "A new identity key for the mailbox")->excludes(own);
    auto [veto, veto_options] = add<KeysVetoOptions>(
        reading, *keys, "veto", "Refuse a reset of this mailbox's identity",
        "  carepost keys veto 3f0c...9a  # 64 digits, as `carepost check` of the own address shows them");
    veto->add_option("reset", veto_options->reset, "The reset, 64 hexadecimal digits")->required();
    auto [backup, backup_options] =
        add<KeysBackupOptions>(reading, *keys, "backup", "Write all keys into one file under a passphrase",
                               "  carepost keys backup /media/usb/practice.backup");
    backup->add_option("file", backup_options->file, "The new file")->required()->check(not_empty, {});
    backup
        ->add_option("--backup-passphrase-file", backup_options->passphrase_file, "Read its passphrase from this file")
        ->type_name("FILE");
    auto [kit, kit_options] =
        add<KeysKitOptions>(reading, *keys, "recovery-kit", "Make a recovery kit: 24 words on paper, or a file",
                            "  carepost keys recovery-kit\n  carepost keys recovery-kit --kit /media/usb/practice.kit");
    kit->add_option("--name", kit_options->name, "Its name in the list of members (default \"recovery kit\")");
    auto* words =
        kit->add_option("--output", kit_options->output, "Write the words to this new file")->type_name("FILE");
    kit->add_option("--kit", kit_options->file, "Instead of words: a file under a passphrase")
        ->type_name("FILE")
        ->excludes(words);
    kit->add_option("--kit-passphrase-file", kit_options->passphrase_file, "Read its passphrase from this file")
        ->type_name("FILE");
    auto [restore, restore_options] = add<KeysRestoreOptions>(
        reading, *keys, "restore", "Bring back a backup, or a mailbox by its recovery kit",
        "  carepost keys restore /media/usb/practice.backup\n"
        "  carepost keys restore --words --broker broker.carepost --address nihii:19234011/DOCTOR");
    auto* file = restore->add_option("file", restore_options->file, "A backup");
    auto* typed = restore->add_flag("--words", restore_options->words, "By the 24 words: typed, or on standard input");
    restore->add_option("--kit", restore_options->kit, "By a recovery kit's file")
        ->type_name("FILE")
        ->excludes(typed)
        ->excludes(file);
    typed->excludes(file);
    restore->add_option("--backup-passphrase-file", restore_options->passphrase_file, "Passphrase of the backup or kit")
        ->type_name("FILE");
    restore->add_option("--broker", restore_options->broker_file, "With a kit: the file broker.carepost")
        ->type_name("FILE");
    restore->add_option("--address", restore_options->address, "With a kit: the address of the mailbox");
    restore->add_option("--name", restore_options->name, "With a kit: name of the new member");
    restore->add_flag("--no-passphrase", restore_options->no_passphrase, "Protect the keys by file permissions alone");
    restore->add_flag("--sandbox", restore_options->sandbox, "Accept a sandbox");
}

void add_completion(Reading& reading) {
    auto [command, options] =
        add<CompletionOptions>(reading, reading.app, "completion", "Print a shell's completion script",
                               "  carepost completion bash > /etc/bash_completion.d/carepost");
    command->add_option("shell", options->shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

void add_commands(Reading& reading) {
    add_common(reading);
    add_enrol(reading);
    add_directory(reading);
    add_send(reading);
    add_receiving(reading);
    add_watch(reading);
    add_proof(reading);
    add_members(reading);
    add_keys(reading);
    add_completion(reading);
}

// Help of the innermost command that was named.
std::string help_of(const CLI::App& root) {
    const CLI::App* app = &root;
    std::string before;
    while (!app->get_subcommands().empty()) {
        before += (before.empty() ? "" : " ") + app->get_name();
        app = app->get_subcommands().front();
    }
    return app->help(before);
}

CommandSummary summary_of(const CLI::App& app, const std::string& name) {
    CommandSummary summary{name, app.get_description(), {}};
    for (const CLI::Option* option : app.get_options()) {
        if (option == app.get_help_ptr() && app.get_parent() != nullptr) continue;  // in the common ones already
        for (const auto& text : option->get_lnames())
            summary.options.push_back("--" + text);
        for (const auto& text : option->get_snames())
            summary.options.push_back("-" + text);
    }
    return summary;
}

void collect(const CLI::App& app, const std::string& prefix, std::vector<CommandSummary>& out) {
    for (const CLI::App* command : app.get_subcommands({})) {
        const std::string name = prefix.empty() ? command->get_name() : prefix + ' ' + command->get_name();
        out.push_back(summary_of(*command, name));
        collect(*command, name, out);
    }
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    Reading reading;
    add_commands(reading);
    try {
        reading.app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return {{}, std::nullopt, help_of(reading.app), 0};
    } catch (const CLI::CallForVersion& version) {
        return {{}, std::nullopt, std::string(version.what()) + '\n', 0};
    } catch (const CLI::RequiredError& problem) {
        // What is not understood comes first: it may be the required option, misspelt.
        const auto unknown = reading.app.remaining(true);
        const std::string text = unknown.empty() ? problem.what() : "unexpected argument: " + unknown.front();
        return {{}, std::nullopt, text, static_cast<int>(ExitCode::usage)};
    } catch (const CLI::Error& problem) {
        return {{}, std::nullopt, problem.what(), static_cast<int>(ExitCode::usage)};
    }
    return std::move(reading.result);
}

std::vector<CommandSummary> summaries() {
    Reading reading;
    add_commands(reading);
    std::vector<CommandSummary> out{summary_of(reading.app, "")};
    collect(reading.app, "", out);
    return out;
}

}  // namespace carepost::command
