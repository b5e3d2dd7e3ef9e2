#include "tools/carepostctl/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <functional>

#include "proto/base/version.h"

namespace carepost::ctl {
namespace {

constexpr std::string_view kDefaultEndpoint = "tcp://127.0.0.1:7420";

struct Parser {
    CLI::App app{"Administers a CarePost broker. Commands that need the broker talk to DIR/admin.sock."};
    Invocation invocation;
    std::string data = "/var/lib/carepost";
    std::string registrar = "registrar";

    // Declares a subcommand whose options fill `T`, the command when it is chosen.
    template <typename T>
    CLI::App* command(CLI::App* parent, const std::string& name, const std::string& what, const std::string& example,
                      const std::function<void(CLI::App*, T&)>& options) {
        CLI::App* sub = parent->add_subcommand(name, what);
        auto value = std::make_shared<T>();
        options(sub, *value);
        sub->footer("Example:\n  " + example);
        sub->callback([this, value] { invocation.command = *value; });
        return sub;
    }
    void add_data(CLI::App* sub, Path& target, const std::string& what = "Data directory of the broker") {
        target = data;
        sub->add_option("--data", target, what)->envname("CAREPOST_DATA")->type_name("DIR")->capture_default_str();
    }
    void add_registrar(CLI::App* sub, Path& target) {
        target = registrar;
        sub->add_option("--registrar", target, "The registrar's directory")
            ->envname("CAREPOST_REGISTRAR")
            ->type_name("DIR")
            ->capture_default_str();
    }
};

void add_unlock(CLI::App* sub, KeyUnlock& unlock, const std::string& key) {
    sub->add_option("--passphrase-file", unlock.passphrase_file, "File whose first line is the passphrase of " + key)
        ->type_name("FILE");
}

// For the registrar's key, in a file or in a token.
void add_registrar_unlock(CLI::App* sub, KeyUnlock& unlock) {
    add_unlock(sub, unlock, "registrar.key");
    sub->add_option("--pin-file", unlock.pin_file, "File whose first line is the PIN of the registrar's token")
        ->type_name("FILE");
    sub->add_option("--pin-fd", unlock.pin_fd, "Open descriptor that gives the PIN of the registrar's token")
        ->type_name("N");
}

void add_x509(CLI::App* sub, X509Options& x509) {
    sub->add_option("--anchors", x509.anchors,
                    "Certificates (PEM) of the authorities whose certificates prove who asks")
        ->type_name("FILE");
    sub->add_option("--crl", x509.crls, "Revocation list (PEM or DER) of such an authority; may be repeated")
        ->type_name("FILE");
}

void add_period(CLI::App* sub, const std::string& name, std::chrono::seconds& target, const std::string& standard,
                const std::string& what) {
    target = *parse_period(standard);
    sub->add_option_function<std::string>(
           name,
           [&target, name](const std::string& text) {
               const auto period = parse_period(text);
               if (!period || period->count() == 0) {
                   throw CLI::ValidationError(name, "'" + text + "' is no period; write for example 12h, 7d or 2y");
               }
               target = *period;
           },
           what + " [" + standard + "]")
        ->type_name("PERIOD");
}

void add_broker_commands(Parser& p) {
    p.command<Init>(
        &p.app, "init", "Make a broker: keys, configuration and broker.carepost",
        "carepostctl init --data /var/lib/carepost --name 'Hospital group' --endpoint tcp://post.example.org:7420",
        [&p](CLI::App* sub, Init& o) {
            p.add_data(sub, o.data, "Directory to make; it may not exist");
            o.name = "CarePost broker";
            o.endpoint = kDefaultEndpoint;
            sub->add_option("--name", o.name, "Name shown to people")->capture_default_str();
            sub->add_option("--endpoint", o.endpoint, "Where clients reach the broker")
                ->type_name("tcp://HOST:PORT")
                ->capture_default_str();
            sub->add_flag("--sandbox", o.sandbox, "For trials: marked for ever, refused by production clients");
            add_unlock(sub, o.unlock, "root.key");
        });
    p.command<Sandbox>(
        &p.app, "sandbox", "Start a broker with two practices to play with; Ctrl-C ends it", "carepostctl sandbox",
        [](CLI::App* sub, Sandbox& o) {
            o.user = "";
            sub->add_option("--data", o.data, "Keep everything in this directory, and go on with it next time")
                ->type_name("DIR");
            sub->add_option("--port", o.port, "Port on 127.0.0.1; a free one by default")->type_name("PORT");
            sub->add_option("--user", o.user, "As root: the user the broker runs as [carepost or nobody]")
                ->type_name("USER");
        });
    p.command<BrokerStatus>(&p.app, "status", "How the broker is doing", "carepostctl status --json",
                            [&p](CLI::App* sub, BrokerStatus& o) { p.add_data(sub, o.data); });
    p.command<Doctor>(&p.app, "doctor", "Look for what commonly goes wrong, and say what to do", "carepostctl doctor",
                      [&p](CLI::App* sub, Doctor& o) { p.add_data(sub, o.data); });
}

void add_revocation(Parser& p, CLI::App* group, std::uint8_t kind, const std::string& name, const std::string& what,
                    const std::string& example) {
    p.command<RevokeMailbox>(group, name, what, example, [&p, kind](CLI::App* sub, RevokeMailbox& o) {
        o.kind = kind;
        sub->add_option("ADDRESS", o.address, "Address of the mailbox")->required();
        sub->add_option("--reason", o.reason, "Kept in the log for ever")->required();
        sub->add_flag("--yes", o.yes, "Do not ask");
        p.add_data(sub, o.data);
        p.add_registrar(sub, o.registrar);
        add_registrar_unlock(sub, o.unlock);
    });
}

void add_resets(Parser& p, CLI::App* group) {
    p.command<MakeReset>(
        group, "reset", "Give a mailbox whose identity is lost to a new one: the first registrar's part",
        "carepostctl registrar reset nihii:19234011/DOCTOR --identity peeters.request --reason 'laptop stolen'",
        [&p](CLI::App* sub, MakeReset& o) {
            o.out = "reset.carepost";
            sub->add_option("ADDRESS", o.address, "Address of the mailbox")->required();
            sub->add_option("--identity", o.identity, "What `carepost enrol --request-file` wrote for the new owner")
                ->required()
                ->type_name("FILE");
            sub->add_option("--reason", o.reason, "Shown to all correspondents, kept in the log for ever")->required();
            sub->add_option("--name", o.name, "Name the certificate will show [as until now]");
            sub->add_option("--out", o.out, "File to write for the second registrar")
                ->type_name("FILE")
                ->capture_default_str();
            add_period(sub, "--delay", o.delay, "5d",
                       "Until it takes effect; 72 hours after the announcement at least");
            add_period(sub, "--certificate-valid", o.certificate_valid, "2y", "Validity of the certificate");
            sub->add_flag("--yes", o.yes, "The fingerprint was compared: do not ask");
            p.add_data(sub, o.data);
            p.add_registrar(sub, o.registrar);
            add_registrar_unlock(sub, o.unlock);
        });
    p.command<Countersign>(group, "countersign", "Sign a reset too: the second registrar's part; needs no broker",
                           "carepostctl registrar countersign reset.carepost", [&p](CLI::App* sub, Countersign& o) {
                               sub->add_option("FILE", o.file, "What `registrar reset` wrote")->required();
                               sub->add_option("--out", o.out, "File to write [FILE.countersigned]")->type_name("FILE");
                               sub->add_flag("--yes", o.yes, "The owner was checked: do not ask");
                               p.add_registrar(sub, o.registrar);
                               add_registrar_unlock(sub, o.unlock);
                           });
}

void add_registrar_online(Parser& p, CLI::App* group) {
    p.command<Invite>(
        group, "invite", "Make an invitation code for an address",
        "carepostctl registrar invite nihii:19234011/DOCTOR --name 'Dr. Ann Peeters'", [&p](CLI::App* sub, Invite& o) {
            sub->add_option("ADDRESS", o.address, "Address the invitation is for")->required();
            auto* name = sub->add_option("--name", o.name, "Name the certificate will show");
            auto* x509 = sub->add_flag("--x509", o.x509, "The code is no proof: an X.509 certificate has to be");
            sub->parse_complete_callback([name, x509] {
                if (name->count() + x509->count() == 0) throw CLI::RequiredError("--name or --x509");
            });
            add_period(sub, "--valid", o.valid, "7d", "How long the code can be used");
            p.add_data(sub, o.data);
            p.add_registrar(sub, o.registrar);
        });
    p.command<Serve>(group, "serve", "Check enrolments against invitations, sign and admit them, until Ctrl-C",
                     "carepostctl registrar serve\n  carepostctl registrar serve --admit x509 --anchors belgium.pem "
                     "--crl citizen.crl",
                     [&p](CLI::App* sub, Serve& o) {
                         add_period(sub, "--certificates-valid", o.certificate_valid, "2y", "Validity of certificates");
                         sub->add_flag("--once", o.once, "Treat what is pending now, then end");
                         sub->add_option("--admit", o.admit, "x509: admit also whom an X.509 certificate proves")
                             ->check(CLI::IsMember({"x509"}));
                         add_x509(sub, o.x509);
                         sub->add_option("--admit-quality", o.x509.qualities,
                                         "Quality to admit on the number alone, e.g. DOCTOR; may be repeated");
                         p.add_data(sub, o.data);
                         p.add_registrar(sub, o.registrar);
                         add_registrar_unlock(sub, o.unlock);
                     });
    p.command<Pending>(group, "pending", "List enrolments that wait for a registrar", "carepostctl registrar pending",
                       [&p](CLI::App* sub, Pending& o) { p.add_data(sub, o.data); });
    p.command<AdmitFile>(group, "admit", "Bring a signed request in; the mailbox goes live",
                         "carepostctl registrar admit peeters.request.signed", [&p](CLI::App* sub, AdmitFile& o) {
                             sub->add_option("FILE", o.file, "What `registrar sign` wrote")->required();
                             p.add_data(sub, o.data);
                         });
    p.command<RefuseRequest>(group, "refuse", "Refuse a pending enrolment",
                             "carepostctl registrar refuse nihii:19234011/DOCTOR --reason 'unknown here'",
                             [&p](CLI::App* sub, RefuseRequest& o) {
                                 sub->add_option("WHICH", o.which, "Address or mailbox id of the request")->required();
                                 sub->add_option("--reason", o.reason, "Told to the applicant")->required();
                                 p.add_data(sub, o.data);
                             });
    add_revocation(p, group, 0, "revoke", "Withdraw a mailbox's certificate for good; it stops sending and receiving",
                   "carepostctl registrar revoke nihii:19234011/DOCTOR --reason 'practice closed'");
}

void add_token(CLI::App* sub, RegistrarNew& o) {
    static const std::string kModule = "Keep the key in a PKCS#11 token: its library";
    auto choice = std::make_shared<TokenChoice>();
    auto* module = sub->add_option("--pkcs11", choice->module, kModule)->type_name("MODULE");
    const auto more = [&](const std::string& name, std::string& target, const std::string& what) {
        return sub->add_option(name, target, what)->needs(module);
    };
    more("--token", choice->token, "Label of the token [the only one there is]")->type_name("LABEL");
    more("--key-label", choice->label, "Label of the key; made if it is not there")->capture_default_str();
    more("--key-id", choice->id, "Id of the key, in hexadecimal")->type_name("HEX");
    sub->add_option("--pin-file", o.unlock.pin_file, "File whose first line is the PIN of the token")
        ->type_name("FILE");
    sub->add_option("--pin-fd", o.unlock.pin_fd, "Open descriptor that gives the PIN of the token")->type_name("N");
    sub->parse_complete_callback([choice, &o] {
        if (!choice->module.empty()) o.token = *choice;
    });
}

void add_registrar_offline(Parser& p, CLI::App* group) {
    p.command<RegistrarNew>(
        group, "new", "Make a registrar and have the root certify it",
        "carepostctl registrar new --out registrar\n"
        "  carepostctl registrar new --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token Desk",
        [&p](CLI::App* sub, RegistrarNew& o) {
            o.out = p.registrar;
            o.name = "Registrar";
            sub->add_option("--out", o.out, "Directory to make for the registrar")
                ->envname("CAREPOST_REGISTRAR")
                ->type_name("DIR")
                ->capture_default_str();
            sub->add_option("--name", o.name, "Name of the registrar")->capture_default_str();
            sub->add_option("--root-key", o.root_key, "The root's key file [DIR/root.key]")->type_name("FILE");
            add_period(sub, "--valid", o.valid, "5y", "Validity of the registrar's certificate");
            p.add_data(sub, o.data);
            add_unlock(sub, o.unlock, "root.key and of the new registrar.key");
            add_token(sub, o);
        });
    p.command<Sign>(group, "sign", "Sign an enrolment request by hand; needs no broker",
                    "carepostctl registrar sign peeters.request", [&p](CLI::App* sub, Sign& o) {
                        sub->add_option("FILE", o.request, "What `carepost enrol --request-file` wrote")->required();
                        sub->add_option("--out", o.out, "File to write [FILE.signed]")->type_name("FILE");
                        sub->add_option("--name", o.name, "Name the certificate will show [as requested]");
                        add_period(sub, "--certificate-valid", o.certificate_valid, "2y",
                                   "Validity of the certificate");
                        sub->add_flag("--yes", o.yes, "The fingerprint was compared: do not ask");
                        add_x509(sub, o.x509);
                        p.add_registrar(sub, o.registrar);
                        add_registrar_unlock(sub, o.unlock);
                    });
}

void add_mailbox_commands(Parser& p) {
    CLI::App* group = p.app.add_subcommand("mailbox", "Mailboxes of this broker")->require_subcommand(1);
    p.command<MailboxList>(group, "list", "All mailboxes", "carepostctl mailbox list --json",
                           [&p](CLI::App* sub, MailboxList& o) { p.add_data(sub, o.data); });
    p.command<MailboxShow>(group, "show", "One mailbox and its members",
                           "carepostctl mailbox show nihii:19234011/DOCTOR", [&p](CLI::App* sub, MailboxShow& o) {
                               sub->add_option("ADDRESS", o.address, "Address of the mailbox")->required();
                               p.add_data(sub, o.data);
                           });
}

void add_evidence_commands(Parser& p) {
    CLI::App* group = p.app.add_subcommand("evidence", "What the broker stated about messages")->require_subcommand(1);
    p.command<EvidenceVerify>(
        group, "verify", "Judge a file of evidence, offline",
        "carepostctl evidence verify evidence.txt --broker broker.carepost", [](CLI::App* sub, EvidenceVerify& o) {
            sub->add_option("FILE", o.file, "File of `carepost receipts export --output`; - is standard input")
                ->required();
            auto* broker =
                sub->add_option("--broker", o.broker, "The broker's file, from a source you trust")->type_name("FILE");
            auto* keys = sub->add_option("--key", o.keys, "Or the verifier keys of its evidence and directory logs")
                             ->type_name("VKEY");
            auto* print =
                sub->add_option("--fingerprint", o.fingerprint, "Or the fingerprint of the broker")->type_name("CODE");
            broker->excludes(keys)->excludes(print);
            keys->excludes(print);
        });
    p.command<EvidenceShow>(group, "show", "What was stated about a message",
                            "carepostctl evidence show 7f3a92c1d0e4b5a69788f00112233445",
                            [&p](CLI::App* sub, EvidenceShow& o) {
                                sub->add_option("MESSAGE-ID", o.message, "All 32 digits")->required();
                                p.add_data(sub, o.data);
                            });
}

void add_log_commands(Parser& p) {
    CLI::App* group = p.app.add_subcommand("log", "The broker's two Merkle logs")->require_subcommand(1);
    const std::string evidence = "The evidence log instead of the directory log";
    p.command<LogCheckpoint>(group, "checkpoint", "The log's newest signed head",
                             "carepostctl log checkpoint >checkpoint", [&](CLI::App* sub, LogCheckpoint& o) {
                                 sub->add_flag("--evidence", o.evidence, evidence);
                                 p.add_data(sub, o.data);
                             });
    p.command<LogLeaves>(group, "leaves", "The log's leaves, one a line in hexadecimal",
                         "carepostctl log leaves >leaves", [&](CLI::App* sub, LogLeaves& o) {
                             sub->add_flag("--evidence", o.evidence, evidence);
                             sub->add_option("--start", o.start, "Number of the first leaf")->capture_default_str();
                             sub->add_option("--limit", o.limit, "How many at most [all]");
                             p.add_data(sub, o.data);
                         });
    p.command<LogVerify>(
        group, "verify", "Recompute the root from all leaves and check the signed head against it",
        "carepostctl log verify leaves --checkpoint checkpoint --broker broker.carepost",
        [&](CLI::App* sub, LogVerify& o) {
            auto* leaves = sub->add_option(
                "LEAVES", o.leaves, "File of `log leaves`, or folder of `log export`; without it the broker is asked");
            auto* note = sub->add_option("--checkpoint", o.checkpoint, "File of `log checkpoint`")->type_name("FILE");
            note->needs(leaves);
            auto* online = sub->add_flag("--online", o.online, "Ask the broker (as without LEAVES)");
            online->excludes(leaves);
            sub->add_option("--broker", o.broker, "Trusted broker file [DIR/broker.carepost]")->type_name("FILE");
            sub->add_flag("--evidence", o.evidence, evidence);
            p.add_data(sub, o.data);
        });
    p.command<LogExport>(
        group, "export", "Write the log as C2SP tiles that foreign tools read", "carepostctl log export tiles",
        [&](CLI::App* sub, LogExport& o) {
            sub->add_option("FOLDER", o.folder, "Folder to make; it may not exist")->required();
            sub->add_flag("--evidence", o.evidence, evidence);
            sub->add_option("--broker", o.broker, "Trusted broker file [DIR/broker.carepost]")->type_name("FILE");
            p.add_data(sub, o.data);
        });
    p.command<VerifyProof>(group, "verify-proof", "Judge a fraud proof that a client has written; needs no broker",
                           "carepostctl log verify-proof 3f9a1c07d2b4e680.proof --broker broker.carepost",
                           [&](CLI::App* sub, VerifyProof& o) {
                               sub->add_option("FILE", o.file, "The proof")->required();
                               sub->add_option("--broker", o.broker, "The broker it must be about")->type_name("FILE");
                           });
    p.command<LogRestart>(
        group, "restart", "After a restore from backup: state with the root key that the logs go on under new names",
        "carepostctl log restart --heads heads --reason 'restored from the backup of 3 May' --root-key root.key",
        [&](CLI::App* sub, LogRestart& o) {
            sub->add_option("--heads", o.heads, "What `carepostd --heads` has printed")->type_name("FILE")->required();
            sub->add_option("--reason", o.reason, "Shown to everybody")->required();
            sub->add_option("--root-key", o.root_key, "The root's key file [DIR/root.key]")->type_name("FILE");
            sub->add_option("--broker", o.broker, "Newest edition of the broker file, if the restored one is older")
                ->type_name("FILE");
            p.add_data(sub, o.data);
            add_unlock(sub, o.unlock, "root.key");
        });
}

void add_audit_filter(CLI::App* sub, AuditFilterOptions& filter) {
    sub->add_option("--mailbox", filter.mailbox, "Address or id of a mailbox");
    sub->add_option("--member", filter.member, "Id of a member")->type_name("ID");
    sub->add_option("--message", filter.message, "Id of a message")->type_name("ID");
    sub->add_option("--since", filter.since, "From this date or moment (UTC) on, or 12h, 7d ago");
    sub->add_option("--until", filter.until, "Before this date or moment");
}

void add_audit_reading(Parser& p, CLI::App* group) {
    p.command<AuditShow>(group, "show", "Rows of the audit log",
                         "carepostctl audit show --since 7d --mailbox nihii:19234011/DOCTOR",
                         [&p](CLI::App* sub, AuditShow& o) {
                             add_audit_filter(sub, o.filter);
                             sub->add_flag("--follow", o.follow, "Go on with what happens, until Ctrl-C");
                             p.add_data(sub, o.data);
                         });
    p.command<AuditTrace>(group, "trace", "What happened to one message, in order of time",
                          "carepostctl audit trace 6a1f0c9d6a1f0c9d6a1f0c9d6a1f0c9d",
                          [&p](CLI::App* sub, AuditTrace& o) {
                              sub->add_option("MESSAGE-ID", o.message, "Id of the message")->required();
                              p.add_data(sub, o.data);
                          });
    p.command<AuditVerify>(
        group, "verify", "Check every row against its leaf, and all leaves against the signed head",
        "carepostctl audit verify --since-checkpoint last-month --save-checkpoint this-month",
        [&p](CLI::App* sub, AuditVerify& o) {
            sub->add_option("FILE", o.file, "A bundle of `audit export`; without it the broker is asked");
            sub->add_option("--broker", o.broker, "Trusted broker file [DIR/broker.carepost]")->type_name("FILE");
            sub->add_option("--key", o.key, "The audit log's key, instead of the broker file's")
                ->type_name("NAME+ID+KEY");
            sub->add_option("--since-checkpoint", o.since_checkpoint,
                            "Older signed head: the log may only have grown since")
                ->type_name("FILE");
            sub->add_option("--save-checkpoint", o.save_checkpoint, "Keep the verified signed head here")
                ->type_name("FILE");
            p.add_data(sub, o.data);
        });
}

void add_audit_commands(Parser& p) {
    CLI::App* group = p.app.add_subcommand("audit", "Who did what, and when")->require_subcommand(1);
    add_audit_reading(p, group);
    p.command<AuditExport>(
        group, "export", "Write rows for other programs",
        "carepostctl audit export --format syslog --since 1d --output audit.log", [&p](CLI::App* sub, AuditExport& o) {
            o.format = "json";
            o.enterprise = 32473;
            add_audit_filter(sub, o.filter);
            sub->add_option("--format", o.format,
                            "json lines, syslog (RFC 5424), or a bundle that `audit verify` checks")
                ->check(CLI::IsMember({"json", "syslog", "bundle"}))
                ->capture_default_str();
            sub->add_option("--output", o.output, "File to write; - for standard output")
                ->required()
                ->type_name("FILE");
            sub->add_option("--host", o.host, "Host name in syslog lines [this machine's]");
            sub->add_option("--enterprise", o.enterprise,
                            "Your private enterprise number in syslog lines; 32473 is reserved for examples")
                ->capture_default_str();
            p.add_data(sub, o.data);
        });
    p.command<AuditPrune>(
        group, "prune", "Erase old rows; their leaves stay, and everything still verifies",
        "carepostctl audit prune --before 2025-01-01", [&p](CLI::App* sub, AuditPrune& o) {
            sub->add_option("--before", o.before, "Date, moment (UTC), or how long ago: 2y")->required();
            p.add_data(sub, o.data);
        });
}

void declare(Parser& p) {
    p.app.name("carepostctl");
    p.app.set_version_flag("--version", std::string("carepostctl ") + kVersion);
    p.app.add_flag("--json", p.invocation.json, "Results as JSON, one object a line");
    p.app.add_flag("--no-input", p.invocation.no_input, "Never ask; fail where a question would be needed");
    p.app.require_subcommand(1);
    p.app.fallthrough();  // --json may stand anywhere
    p.app.footer("Each command has its own --help with an example. Manual: man carepostctl");
    add_broker_commands(p);
    CLI::App* registrar = p.app.add_subcommand("registrar", "Who may have a mailbox")->require_subcommand(1);
    add_registrar_offline(p, registrar);
    add_registrar_online(p, registrar);
    add_resets(p, registrar);
    add_mailbox_commands(p);
    add_log_commands(p);
    add_audit_commands(p);
    add_evidence_commands(p);
    p.command<Completion>(&p.app, "completion", "Completion script for a shell",
                          "carepostctl completion bash >/etc/bash_completion.d/carepostctl",
                          [](CLI::App* sub, Completion& o) {
                              sub->add_option("SHELL", o.shell, "bash, zsh or fish")
                                  ->required()
                                  ->check(CLI::IsMember({"bash", "zsh", "fish"}));
                          });
    p.app.fallthrough();
}

std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames())
            names.push_back("--" + name);
    }
    return names;
}

// "registrar invite" -> its words; groups list their commands, commands their options.
void collect_words(const CLI::App& app, const std::string& path,
                   std::vector<std::pair<std::string, std::string>>& words) {
    std::string line;
    for (const CLI::App* sub : app.get_subcommands(nullptr)) {
        line += (line.empty() ? "" : " ") + sub->get_name();
        collect_words(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), words);
    }
    for (const std::string& option : options_of(app))
        line += (line.empty() ? "" : " ") + option;
    words.emplace_back(path, line);
}

std::string bash_script(const std::vector<std::pair<std::string, std::string>>& words) {
    std::string out =
        "_carepostctl() {\n"
        "    local path='' word\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "        case $word in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n"
        "    done\n"
        "    local words=''\n"
        "    case $path in\n";
    for (const auto& [path, line] : words) {
        if (path.empty()) out += "        '') words='" + line + "' ;;\n";
        // What follows a command's name may be its arguments.
        else if (path.find(' ') == std::string::npos)
            out += "        '" + path + "') words='" + line + "' ;;\n";
        else
            out += "        '" + path + "'*) words='" + line + "' ;;\n";
    }
    out +=
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
        "}\n"
        "complete -o default -F _carepostctl carepostctl\n";
    return out;
}

std::string fish_script(const std::vector<std::pair<std::string, std::string>>& words) {
    std::string out = "complete -c carepostctl -e\n";
    for (const auto& [path, line] : words) {
        std::string condition;
        std::string word;
        for (std::istringstream parts(path); parts >> word;) {
            condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
        }
        if (condition.empty()) condition = "__fish_use_subcommand";
        for (std::istringstream parts(line); parts >> word;) {
            out += "complete -c carepostctl -n '" + condition + "' ";
            out += word.starts_with("--") ? "-l " + word.substr(2) + "\n" : "-f -a " + word + "\n";
        }
    }
    return out;
}

}  // namespace

std::expected<Invocation, int> parse_command_line(int argc, char** argv) {
    Parser parser;
    declare(parser);
    try {
        parser.app.parse(argc, argv);
    } catch (const CLI::CallForHelp& e) {
        parser.app.exit(e);
        return std::unexpected(0);
    } catch (const CLI::CallForVersion& e) {
        parser.app.exit(e);
        return std::unexpected(0);
    } catch (const CLI::ParseError& e) {
        std::cerr << "carepostctl: " << e.what() << "\n  Try --help after the command.\n";
        return std::unexpected(64);
    }
    return std::move(parser.invocation);
}

std::expected<std::string, std::string> completion_script(const std::string& shell) {
    Parser parser;
    declare(parser);
    std::vector<std::pair<std::string, std::string>> words;
    collect_words(parser.app, "", words);
    if (shell == "bash") return bash_script(words);
    // zsh reads bash's completions through its own compatibility layer.
    if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(words);
    if (shell == "fish") return fish_script(words);
    return std::unexpected("no completion for the shell " + shell);
}

std::optional<std::chrono::seconds> parse_period(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end + 1 != text.data() + text.size() || number < 0 || number > 1'000'000) return {};
    switch (*end) {
        case 's':
            return std::chrono::seconds(number);
        case 'm':
            return std::chrono::minutes(number);
        case 'h':
            return std::chrono::hours(number);
        case 'd':
            return std::chrono::days(number);
        case 'w':
            return std::chrono::weeks(number);
        case 'y':
            return std::chrono::days(365 * number);
        default:
            return {};
    }
}

}  // namespace carepost::ctl
