#include <fmt/format.h>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/commands/support.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr std::chrono::minutes kPatience{2};  // until the new device asks

const char* kind_word(int kind) {
    switch (kind) {
        case CAREPOST_MEMBER_DELEGATE:
            return "delegate";
        case CAREPOST_MEMBER_RECOVERY_KIT:
            return "recovery kit";
        default:
            return "device";
    }
}

Json json_of(const Member& member) {
    Json json;
    json.text("id", member.id).text("name", member.name).text("rights", rights_text(member.rights));
    json.text("kind", kind_word(member.kind)).time("joined", member.joined_at).time("until", member.until);
    json.boolean("self", member.self).number("missing_keys", member.missing_keys);
    return json;
}

std::vector<std::string> row_of(const Member& member) {
    std::string remark = member.self ? "this one" : "";
    if (member.missing_keys != 0) {
        remark +=
            (remark.empty() ? "" : ", ") + fmt::format("waits for {}", counted(member.missing_keys, "key", "keys"));
    }
    return {short_id(member.id),
            member.name,
            rights_text(member.rights),
            kind_word(member.kind),
            date(member.joined_at),
            member.until == 0 ? "" : "until " + minute_time(member.until),
            remark};
}

void print(const std::vector<Member>& members, const Context& context) {
    std::vector<std::vector<std::string>> rows;
    for (const Member& member : members) {
        if (context.output.json())
            context.output.result(json_of(member));
        else
            rows.push_back(row_of(member));
    }
    if (!rows.empty()) context.output.result(table(rows));
}

int epochs_of(const std::string& word) {
    if (word == "none") return CAREPOST_EPOCHS_NONE;
    return word == "all" ? CAREPOST_EPOCHS_ALL : CAREPOST_EPOCHS_CURRENT;
}

}  // namespace

Result<ExitCode> run(const MemberListOptions& options, const Context& context) {
    static_cast<void>(options);
    auto session = Session::open(context);
    if (!session) return session.error();
    auto members = list_members(**session);
    if (!members) return members.error();
    print(*members, context);
    return ExitCode::ok;
}

Result<ExitCode> run(const MemberAddOptions& options, const Context& context) {
    if (options.code.empty() && options.request_file.empty())
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "neither a code nor a request was given",
                     "give the code that the new device shows, or --request FILE");
    auto rights = rights_of(options.rights);
    if (!rights) return rights.error();
    std::int64_t until = 0;
    if (!options.until.empty()) {
        auto end = end_of_day(options.until, "--until");
        if (!end) return end.error();
        until = *end;
    }
    auto session = Session::open(context);
    if (!session) return session.error();
    const auto wait = context.settings.timeout.count() > 0 ? context.settings.timeout : kPatience;
    auto added =
        add_member(**session, options.code, options.request_file, *rights, until, epochs_of(options.epochs), wait);
    if (!added) return added.error();
    print({added->member}, context);
    if (!added->keys_given)
        context.output.note(
            "It gets the keys to read once it has been online, and this member or another one after it.");
    return ExitCode::ok;
}

Result<ExitCode> run(const MemberRevokeOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    auto removed = revoke_members(**session, options.who, options.reason);
    if (!removed) return removed.error();
    print(*removed, context);
    context.output.note(
        "Removed. They cannot log in, nor open what is sealed from now on; what they could read before, they may have "
        "kept.");
    return ExitCode::ok;
}

Result<ExitCode> run(const MemberRightsOptions& options, const Context& context) {
    auto rights = rights_of(options.rights);
    if (!rights) return rights.error();
    std::int64_t until = -1;
    if (options.until == "never") until = 0;
    if (!options.until.empty() && until != 0) {
        auto end = end_of_day(options.until, "--until");
        if (!end) return end.error();
        until = *end;
    }
    auto session = Session::open(context);
    if (!session) return session.error();
    auto changed = change_rights(**session, options.who, *rights, until);
    if (!changed) return changed.error();
    print({*changed}, context);
    return ExitCode::ok;
}

}  // namespace carepost::command
