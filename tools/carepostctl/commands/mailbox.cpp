#include "proto/base/address.h"
#include "proto/codec/directory.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 500;

Row row_of(const codec::admin_reply::MailboxRow& mailbox) {
    return {{"address", mailbox.address},
            {"name", mailbox.name},
            {"state", std::string(mailbox.suspended ? "suspended"
                                  : mailbox.live    ? "live"
                                                    : "revoked")},
            {"messages", mailbox.messages},
            {"stored", Size{mailbox.bytes}},
            {"certificate_until", Moment{mailbox.certificate_not_after}},
            {"keys_until", Moment{mailbox.epochs_until}},
            {"mailbox", mailbox.mailbox.hex()}};
}

std::string rights_text(std::uint32_t rights) {
    std::string text;
    const auto add = [&](std::uint32_t bit, std::string_view name) {
        if ((rights & bit) != 0) text += (text.empty() ? "" : ",") + std::string(name);
    };
    add(codec::right::kRead, "read");
    add(codec::right::kSend, "send");
    add(codec::right::kManage, "manage");
    return text;
}

std::string kind_text(codec::MemberKind kind) {
    switch (kind) {
        case codec::MemberKind::device:
            return "device";
        case codec::MemberKind::delegate:
            return "delegate";
        case codec::MemberKind::recovery_kit:
            return "recovery kit";
    }
    return "?";
}

Row row_of(const codec::admin_reply::MemberRow& member) {
    return {{"member", member.member.hex()},
            {"name", member.name},
            {"kind", kind_text(member.kind)},
            {"rights", member.removed ? std::string("removed") : rights_text(member.rights)},
            {"until", Moment{member.until}},
            {"connected", member.connected}};
}

}  // namespace

Status run(const MailboxList& options, Context& context) {
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    std::vector<Row> rows;
    std::string after;
    for (bool more = true; more;) {
        TRY_ASSIGN(const auto page,
                   broker.ask<codec::admin_reply::ListMailboxes>(codec::admin::ListMailboxes{after, kPage}));
        for (const auto& mailbox : page.mailboxes)
            rows.push_back(row_of(mailbox));
        more = page.more && !page.mailboxes.empty();
        if (more) after = page.mailboxes.back().address;
    }
    context.print.list(rows, "There are no mailboxes yet. Invite somebody: carepostctl registrar invite --help");
    return {};
}

Status run(const MailboxShow& options, Context& context) {
    TRY_ASSIGN(const Address address, Address::parse(options.address));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto shown,
               broker.ask<codec::admin_reply::ShowMailbox>(codec::admin::ShowMailbox{address.text()}));
    context.print.record(row_of(shown.mailbox));
    std::vector<Row> rows;
    for (const auto& member : shown.members)
        rows.push_back(row_of(member));
    context.print.text("");
    context.print.list(rows, "It has no members.");
    return {};
}

}  // namespace carepost::ctl
