#include <unistd.h>

#include <sstream>
#include <thread>

#include "proto/base/address.h"
#include "proto/base/file.h"
#include "proto/trust/broker_home.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/audit_bundle.h"
#include "tools/carepostctl/audit_format.h"
#include "tools/carepostctl/audit_replay.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 500;
constexpr auto kFollow = std::chrono::seconds(1);

using codec::admin_reply::AuditRecord;

template <typename Id>
Result<Id> id_of(const std::string& text, std::string_view what) {
    if (auto id = Id::from_hex_text(text)) return *id;
    return fail(ErrorCode::bad_argument, "'" + text + "' is no " + std::string(what),
                "Write it in hexadecimal, as `carepostctl audit show` does.");
}

Result<MailboxId> mailbox_of(const std::string& text, AdminClient& broker) {
    if (auto id = MailboxId::from_hex_text(text)) return *id;
    TRY_ASSIGN(const Address address, Address::parse(text));
    TRY_ASSIGN(const auto shown,
               broker.ask<codec::admin_reply::ShowMailbox>(codec::admin::ShowMailbox{address.text()}));
    return shown.mailbox.mailbox;
}

Result<UnixMillis> moment_of(const std::string& text, UnixMillis now) {
    if (const auto moment = parse_moment(text, now)) return *moment;
    return fail(ErrorCode::bad_argument, "'" + text + "' is no moment",
                "Write a date such as 2026-03-01, a moment such as 2026-03-01T14:00:00Z, or how long ago: 12h, 7d.");
}

Result<codec::admin::Audit> request_of(const AuditFilterOptions& filter, AdminClient& broker, UnixMillis now) {
    codec::admin::Audit out{
        .start = 0, .limit = kPage, .mailbox = {}, .member = {}, .message = {}, .from = 0, .until = 0, .proofs = false};
    if (!filter.mailbox.empty()) {
        TRY_ASSIGN(out.mailbox, mailbox_of(filter.mailbox, broker));
    }
    if (!filter.member.empty()) {
        TRY_ASSIGN(out.member, id_of<MemberId>(filter.member, "member id"));
    }
    if (!filter.message.empty()) {
        TRY_ASSIGN(out.message, id_of<MessageId>(filter.message, "message id"));
    }
    if (!filter.since.empty()) {
        TRY_ASSIGN(out.from, moment_of(filter.since, now));
    }
    if (!filter.until.empty()) {
        TRY_ASSIGN(out.until, moment_of(filter.until, now));
    }
    return out;
}

// All rows that match, page by page; `request.start` is led on past the last one.
Status each_row(AdminClient& broker, codec::admin::Audit& request, const std::function<Status(AuditRecord)>& visit) {
    for (bool more = true; more;) {
        TRY_ASSIGN(auto page, broker.ask<codec::admin_reply::Audit>(request));
        more = page.more && !page.records.empty();
        for (auto& record : page.records) {
            request.start = record.index + 1;
            TRY(visit(std::move(record)));
        }
    }
    return {};
}

Status show_row(AuditRecord record, Printer& print) {
    TRY_ASSIGN(const AuditEntry entry, audit_entry(record));
    if (print.json()) {
        print.record(audit_fields(entry));
    } else {
        print.text(audit_line(entry));
    }
    return {};
}

// The pinned key: of the broker file, or as said.
Result<trust::NoteVerifier> log_key(const Path& data, const std::optional<Path>& broker_file, const std::string& key) {
    if (!key.empty()) return trust::parse_note_verifier(key);
    TRY_ASSIGN(const trust::TrustedBroker broker,
               trust::load_broker_file(broker_file.value_or(data / trust::home::kBrokerFile)));
    if (auto log = broker.audit_log()) return *log;
    TRY_ASSIGN(const trust::BrokerKeys keys, trust::load_broker_keys(data, broker));
    if (keys.audit_log) return trust::NoteVerifier{trust::audit_origin_of(broker.file()), keys.audit_log->verify_key()};
    return fail(ErrorCode::bad_argument, "the broker file names no key of an audit log",
                "It was made before there was one: start the broker once, or give the key with --key.");
}

Status read_older(AuditReplay& replay, const trust::NoteVerifier& log, const std::optional<Path>& file) {
    if (!file) return {};
    TRY_ASSIGN(const Bytes note, read_file_limited(*file, trust::kNoteMost));
    return replay.since(log, text_of(note));
}

Status report(AuditReplay& replay, const trust::NoteVerifier& log, const std::optional<Path>& save, Printer& print,
              std::string_view note) {
    TRY(replay.finish());
    if (save) TRY(write_file_atomic(*save, view_of(note), kPublicFile, Existing::replace));
    print.record({{"verified", true},
                  {"origin", replay.checkpoint().origin},
                  {"rows", replay.rows()},
                  {"erased", replay.erased()},
                  {"left_out", replay.withheld()},
                  {"leaves", replay.checkpoint().size},
                  {"root", replay.checkpoint().root.hex()},
                  {"key", trust::to_text(log)}});
    return {};
}

Status verify_bundle(const AuditVerify& options, const trust::NoteVerifier& log, Context& context) {
    std::optional<AuditReplay> replay;
    std::string note;
    const auto head = [&](const BundleHead& said) -> Status {
        note = said.checkpoint;
        TRY_ASSIGN(replay, AuditReplay::begin(log, note));
        replay->rows_may_be_left_out();
        return read_older(*replay, log, options.since_checkpoint);
    };
    TRY(read_bundle(*options.file, head, [&](const AuditRecord& record) -> Status {
        replay->add(record, false);
        return {};
    }));
    if (!replay) return fail(ErrorCode::damaged_file, options.file->string() + " is empty");
    return report(*replay, log, options.save_checkpoint, context.print, note);
}

Status verify_online(const AuditVerify& options, const trust::NoteVerifier& log, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto heads, broker.ask<codec::admin_reply::Checkpoint>(codec::admin::Checkpoint{}));
    const std::string note(text_of(heads.audit));
    TRY_ASSIGN(AuditReplay replay, AuditReplay::begin(log, note));
    TRY(read_older(replay, log, options.since_checkpoint));
    codec::admin::Audit request;
    request.limit = kPage;
    request.proofs = true;
    // Also past the head: the log grows while it is read, but no row may lie where nothing was signed yet.
    std::uint64_t covered = replay.checkpoint().size;
    for (bool more = true; more;) {
        TRY_ASSIGN(auto page, broker.ask<codec::admin_reply::Audit>(request));
        TRY_ASSIGN(const auto now, trust::verify_checkpoint(text_of(page.checkpoint), log));
        covered = std::max(covered, now.size);
        more = page.more && !page.records.empty();
        for (auto& record : page.records) {
            request.start = record.index + 1;
            replay.add(record, record.index < covered);
        }
    }
    return report(replay, log, options.save_checkpoint, context.print, note);
}

std::string host_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "-";
    return name;
}

class Output {
public:
    explicit Output(const AuditExport& options) : options_(options) {}
    void add(std::string line) { text_ += std::move(line); }
    Status finish(Printer& print) {
        if (options_.output == "-") {
            print.raw(text_);
            return {};
        }
        // It tells who did what: for the administrator alone.
        TRY(write_file_atomic(options_.output, view_of(text_), kSecretFile, Existing::keep));
        print.note("written: " + options_.output.string());
        return {};
    }

private:
    const AuditExport& options_;
    std::string text_;
};

std::string json_line(const AuditEntry& entry) {
    std::ostringstream out;
    std::ostringstream nothing;
    Printer(out, nothing, true, false).record(audit_fields(entry));
    return out.str();
}

Status export_lines(const AuditExport& options, AdminClient& broker, Context& context) {
    TRY_ASSIGN(auto request, request_of(options.filter, broker, context.clock.now_ms()));
    const SyslogSource source{options.host.empty() ? host_name() : options.host, options.enterprise};
    Output output(options);
    TRY(each_row(broker, request, [&](const AuditRecord& record) -> Status {
        TRY_ASSIGN(const AuditEntry entry, audit_entry(record));
        output.add(options.format == "syslog" ? syslog_line(entry, source) + "\n" : json_line(entry));
        return {};
    }));
    return output.finish(context.print);
}

bool matches(const AuditRecord& record, const codec::admin::Audit& filter) {
    const auto row = codec::decode_audit_row(record.row);
    if (!row) return false;
    return (!filter.mailbox || row->mailbox == filter.mailbox) && (!filter.member || row->member == filter.member) &&
           (!filter.message || row->message_id == filter.message) && row->time_ms >= filter.from &&
           (filter.until == 0 || row->time_ms < filter.until);
}

// All leaves of one signed head, and the rows that match.
Status export_bundle(const AuditExport& options, AdminClient& broker, Context& context) {
    TRY_ASSIGN(const trust::NoteVerifier log, log_key(options.data, std::nullopt, {}));
    TRY_ASSIGN(const auto filter, request_of(options.filter, broker, context.clock.now_ms()));
    TRY_ASSIGN(const auto heads, broker.ask<codec::admin_reply::Checkpoint>(codec::admin::Checkpoint{}));
    TRY_ASSIGN(const auto head, trust::verify_checkpoint(text_of(heads.audit), log));
    Output output(options);
    output.add(bundle_head(trust::to_text(log), text_of(heads.audit)));
    codec::admin::Audit request;
    request.limit = kPage;
    request.proofs = true;
    TRY(each_row(broker, request, [&](const AuditRecord& record) -> Status {
        if (record.index < head.size) output.add(bundle_line(record, matches(record, filter)));
        return {};
    }));
    return output.finish(context.print);
}

}  // namespace

Status run(const AuditShow& options, Context& context) {
    codec::admin::Audit request;
    {
        TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
        TRY_ASSIGN(request, request_of(options.filter, broker, context.clock.now_ms()));
    }
    std::uint64_t rows = 0;
    const auto show = [&](AuditRecord record) -> Status {
        ++rows;
        return show_row(std::move(record), context.print);
    };
    for (;;) {
        {  // a connection of its own each time: the administration's socket serves one at a time
            TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
            TRY(each_row(broker, request, show));
        }
        if (!options.follow || context.stop) break;
        std::this_thread::sleep_for(kFollow);
    }
    if (rows == 0 && !options.follow) context.print.note("No row matches.");
    return {};
}

Status run(const AuditVerify& options, Context& context) {
    TRY_ASSIGN(const trust::NoteVerifier log, log_key(options.data, options.broker, options.key));
    return options.file ? verify_bundle(options, log, context) : verify_online(options, log, context);
}

Status run(const AuditExport& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    return options.format == "bundle" ? export_bundle(options, broker, context)
                                      : export_lines(options, broker, context);
}

Status run(const AuditPrune& options, Context& context) {
    TRY_ASSIGN(const UnixMillis before, moment_of(options.before, context.clock.now_ms()));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    std::uint64_t rows = 0;
    for (bool more = true; more && !context.stop;) {
        TRY_ASSIGN(const auto erased, broker.ask<codec::admin_reply::PruneAudit>(codec::admin::PruneAudit{before}));
        rows += erased.rows;
        more = erased.more;
    }
    context.print.record({{"erased", rows}, {"before", Moment{before}}});
    return {};
}

}  // namespace carepost::ctl
