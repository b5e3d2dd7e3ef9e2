#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

namespace fs = std::filesystem;

const char* word(int kind) {
    switch (static_cast<enum carepost_receipt_kind>(kind)) {
        case CAREPOST_RECEIPT_STORED:
            return "stored";
        case CAREPOST_RECEIPT_HANDED_OVER:
            return "handed over";
        case CAREPOST_RECEIPT_RECEIVED:
            return "received";
        case CAREPOST_RECEIPT_READ:
            return "read";
        case CAREPOST_RECEIPT_DELETED:
            return "deleted";
        case CAREPOST_RECEIPT_RECALLED:
            return "recalled";
        case CAREPOST_RECEIPT_EXPIRED:
            return "expired";
        case CAREPOST_RECEIPT_STAND_BY:
            return "stand-by";
        case CAREPOST_RECEIPT_PLACED:
            return "placed";
        case CAREPOST_RECEIPT_REFUSED:
            return "refused";
    }
    return "unknown";
}

// A list looks at no signature: it says nothing of `verified` rather than false.
Json json_of(const Receipt& r) {
    Json json;
    json.text("file", r.file);
    if (r.verified) json.boolean("verified", true);
    json.text("kind", word(r.kind)).text("id", r.message_id);
    json.time("time", r.time).text_if("mailbox", r.mailbox).text_if("sender_mailbox", r.sender_mailbox);
    json.text_if("routing_hash", r.routing_hash).text_if("log", r.log_origin);
    if (!r.log_origin.empty()) json.number("log_index", r.log_index).number("log_size", r.log_size);
    return json;
}

std::string proven(const Receipt& r) {
    if (r.log_origin.empty()) return fmt::format("signed by a member of mailbox {}", short_id(r.mailbox));
    return fmt::format("entry {} of {} in {}", r.log_index, r.log_size, r.log_origin);
}

std::string line_of(const Receipt& r) {
    return clean(fmt::format("{}: good: message {} {} {}, {}", r.file, short_id(r.message_id), word(r.kind),
                             iso_time(r.time), proven(r))) +
           '\n';
}

bool same_content(const std::string& one, const fs::path& other) {
    std::ifstream a(one, std::ios::binary), b(other, std::ios::binary);
    std::istreambuf_iterator<char> at(a), of(b), end;
    return a && b && std::equal(at, end, of, end);
}

// Copies into `directory`. Files are never overwritten; a copy that is there already is what was wanted.
Result<std::string> copy_into(const std::string& file, const fs::path& directory) {
    const fs::path target = directory / fs::path(file).filename();
    std::error_code problem;
    if (same_content(file, target)) return target.string();
    if (fs::exists(target, problem))
        return error(CAREPOST_ERROR_CANNOT_CREATE, target.string() + " exists already", "choose another folder");
    const fs::path beside = directory / ('.' + target.filename().string() + ".part");
    fs::copy_file(file, beside, fs::copy_options::overwrite_existing, problem);
    if (!problem) fs::rename(beside, target, problem);
    if (!problem) return target.string();
    std::error_code ignored;
    fs::remove(beside, ignored);
    return error(CAREPOST_ERROR_CANNOT_CREATE, target.string() + " cannot be made: " + problem.message(),
                 "choose another folder");
}

// The receipts whose message id begins with `id`; there is at least one, and all are of the same message.
Result<std::vector<Receipt>> of_one_message(std::vector<Receipt> receipts, const std::string& id) {
    std::erase_if(receipts, [&](const Receipt& r) { return !r.message_id.starts_with(id); });
    if (receipts.empty())
        return error(CAREPOST_ERROR_NOT_FOUND, "no receipt of a message " + id + " is kept here",
                     "carepost status " + id + " brings those the broker has");
    for (const auto& r : receipts)
        if (r.message_id != receipts.front().message_id)
            return error(CAREPOST_ERROR_BAD_ARGUMENT, "several messages begin with " + id,
                         "give more digits of the id");
    return receipts;
}

Result<ExitCode> export_evidence(const ReceiptsExportOptions& options, Client& client, const Context& context) {
    std::vector<std::string> ids;
    if (!options.all) ids.push_back(options.id);
    auto made = client.export_evidence(ids, options.output, options.binary);
    if (!made) return made.error();
    if (context.output.json()) {
        context.output.result(
            Json().text("file", options.output).number("items", made->items).number("bytes", made->bytes));
    } else {
        context.output.result(
            clean(fmt::format("{}: {} statements, {} bytes\n", options.output, made->items, made->bytes)));
    }
    return ExitCode::ok;
}

}  // namespace

Result<ExitCode> run(const ReceiptsVerifyOptions& options, const Context& context) {
    ExitCode code = ExitCode::ok;
    for (const auto& file : options.files) {
        auto receipt = verify_receipt(library_options(context.settings), file, options.broker_file);
        if (!receipt) {
            context.output.failure(receipt.error());
            code = exit_code_of(receipt.error().code, static_cast<int>(receipt.error().kind));
        } else if (context.output.json()) {
            context.output.result(json_of(*receipt));
        } else {
            context.output.result(line_of(*receipt));
        }
    }
    return code;
}

Result<ExitCode> run(const ReceiptsListOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto receipts = (**session).receipts();
    if (!receipts) return receipts.error();
    std::vector<std::vector<std::string>> rows;
    for (const auto& r : *receipts) {
        if (!r.message_id.starts_with(options.id)) continue;
        if (context.output.json())
            context.output.result(json_of(r));
        else
            rows.push_back({short_id(r.message_id), word(r.kind), minute_time(r.time), short_id(r.mailbox), r.file});
    }
    context.output.result(table(rows));
    return ExitCode::ok;
}

Result<ExitCode> run(const ReceiptsExportOptions& options, const Context& context) {
    if (options.id.empty() && !options.all)
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "nothing was named to export",
                     "give a message id, or --all with --output FILE");
    auto session = Session::open(context);
    if (!session) return session.error();
    if (!options.output.empty()) return export_evidence(options, **session, context);
    // Offline: what is kept here is handed on; `status` brings newer ones.
    auto kept = (**session).receipts();
    if (!kept) return kept.error();
    auto receipts = of_one_message(std::move(*kept), options.id);
    if (!receipts) return receipts.error();
    std::vector<std::string> made;
    for (const auto& r : *receipts) {
        auto path = copy_into(r.file, options.directory.empty() ? "." : options.directory);
        if (!path) return path.error();
        made.push_back(*path);
        if (!context.output.json()) context.output.result(clean(*path) + '\n');
    }
    if (context.output.json())
        context.output.result(Json().text("id", receipts->front().message_id).texts("files", made));
    return ExitCode::ok;
}

}  // namespace carepost::command
