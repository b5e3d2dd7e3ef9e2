#include "broker/dispatch/routes.h"

#include <array>
#include <variant>

#include "proto/base/limits.h"
#include "proto/codec/admin.h"
#include "proto/codec/wire.h"

namespace carepost::dispatch {
namespace {

constexpr std::uint8_t kMember = static_cast<std::uint8_t>(auth::Kind::member);
constexpr std::uint8_t kInvitation = static_cast<std::uint8_t>(auth::Kind::invitation);
constexpr std::uint8_t kPairing = static_cast<std::uint8_t>(auth::Kind::pairing);
constexpr std::uint8_t kAdmin = static_cast<std::uint8_t>(auth::Kind::admin);
constexpr std::uint8_t kAnyone = kMember | kInvitation | kPairing;
constexpr std::size_t kSmall = 1024;
constexpr std::size_t kFrame = limits::kFrame;
constexpr std::size_t kPartFrame = limits::kPart + limits::kStreamHeader;

using enum RateClass;
using auth::kManage;
using auth::kRead;
using auth::kSend;

// clang-format off
constexpr Route kWireRoutes[] = {
    // name                 sessions               right    message cap              raw cap                 cost
    {"hello",               kAnyone,               0,       kSmall,                  0,                      light},
    {"enrol",               kInvitation,           0,       limits::kEnrolmentRequest + kSmall, 0,           heavy},
    {"enrolment status",    kInvitation,           0,       kSmall,                  0,                      light},
    {"lookup",              kMember | kInvitation, 0,       16 * kSmall,             0,                      heavy},
    {"search",              kMember,               0,       kSmall,                  0,                      heavy},
    {"checkpoint",          kAnyone,               0,       kSmall,                  0,                      light},
    {"consistency",         kAnyone,               0,       kSmall,                  0,                      normal},
    {"log leaves",          kMember,               0,       kSmall,                  0,                      normal},
    {"publish",             kMember,     kRead | kManage,   limits::kEntry + kSmall, 0,                      heavy},
    {"submit",              kMember,               kSend,   kFrame,                  limits::kInlineContent, normal},
    {"put part",            kMember,               kSend,   kSmall,                  kPartFrame,             normal},
    {"list",                kMember,               kRead,   kSmall,                  0,                      normal},
    {"changes",             kMember,               kRead,   kSmall,                  0,                      light},
    {"fetch envelope",      kMember,               kRead,   kSmall,                  0,                      light},
    {"fetch part",          kMember,               kRead,   kSmall,                  0,                      light},
    {"watch",               kMember,     kRead | kManage,   kSmall,                  0,                      light},
    {"give receipt",        kMember,               kRead,   kSmall,                  0,                      normal},
    {"receipts",            kMember,               kSend,   kSmall,                  0,                      normal},
    {"delete",              kMember,               kRead,   16 * kSmall,             0,                      normal},
    {"recall",              kMember,               kSend,   kSmall,                  0,                      normal},
    {"publish sealing keys", kMember,              0,       kFrame,                  0,                      heavy},
    {"sealing keys",        kMember,     kRead | kManage,   kSmall,                  0,                      normal},
    {"put packets",         kMember,     kRead | kManage,   kFrame,                  0,                      heavy},
    {"packets",             kMember,               kRead,   kSmall,                  0,                      normal},
    {"open pairing",        kMember,               kManage, kSmall,                  0,                      heavy},
    {"pair",                kPairing,              0,       limits::kPairingRequest + kSmall, 0,             heavy},
    {"pairings",            kMember,               kManage, kSmall,                  0,                      normal},
    {"take broker file",    kAnyone,               0,       kSmall,                  0,                      heavy},
    {"add cosignature",     kMember,               0,       limits::kCheckpoint + kSmall, 0,                 heavy},
};
constexpr Route kAdminRoutes[] = {
    {"admin status",              kAdmin, 0, kSmall, 0, light},
    {"admin add invitation",      kAdmin, 0, kSmall, 0, light},
    {"admin pending enrolments",  kAdmin, 0, kSmall, 0, light},
    {"admin admit",               kAdmin, 0, kFrame, 0, light},
    {"admin refuse",              kAdmin, 0, 4 * kSmall, 0, light},
    {"admin list mailboxes",      kAdmin, 0, kSmall, 0, light},
    {"admin show mailbox",        kAdmin, 0, kSmall, 0, light},
    {"admin revoke",              kAdmin, 0, limits::kEntry + kSmall, 0, light},
    {"admin checkpoint",          kAdmin, 0, kSmall, 0, light},
    {"admin log leaves",          kAdmin, 0, kSmall, 0, light},
    {"admin log entries",         kAdmin, 0, kSmall, 0, light},
    {"admin stop",                kAdmin, 0, kSmall, 0, light},
    {"admin audit",               kAdmin, 0, kSmall, 0, light},
    {"admin prune audit",         kAdmin, 0, kSmall, 0, light},
    {"admin reset",               kAdmin, 0, limits::kEntry + kSmall, 0, light},
    {"admin renew",               kAdmin, 0, limits::kEntry + kSmall, 0, light},
    {"admin evidence",            kAdmin, 0, kSmall, 0, light},
};
// clang-format on
static_assert(std::size(kWireRoutes) == std::variant_size_v<codec::Operation>);
static_assert(std::size(kAdminRoutes) == std::variant_size_v<codec::AdminOperation>);

}  // namespace

std::span<const Route> wire_routes() { return kWireRoutes; }
std::span<const Route> admin_routes() { return kAdminRoutes; }

bool permits(const Route& route, const auth::Identity& identity) {
    if ((route.kinds & static_cast<std::uint8_t>(identity.kind)) == 0) return false;
    return identity.kind != auth::Kind::member || route.right == 0 || (identity.rights & route.right) != 0;
}

}  // namespace carepost::dispatch
