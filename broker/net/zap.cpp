#include "broker/net/zap.h"

namespace carepost::net {
namespace {

// RFC 27: version, request id, domain, address, routing id, mechanism, credentials.
enum : std::size_t { kVersion, kRequestId, kDomain, kAddress, kRoutingId, kMechanism, kKey, kFrames };

Bytes text(std::string_view value) { return copy_of(view_of(value)); }

}  // namespace

std::shared_ptr<const auth::Identity> ZapHandler::admitted(const std::vector<ByteView>& request) {
    if (request.size() != kFrames || text_of(request[kVersion]) != "1.0") return nullptr;
    if (text_of(request[kDomain]) != kZapDomain || text_of(request[kMechanism]) != "CURVE") return nullptr;
    auto key = TransportKey::from(request[kKey]);
    if (!key) return nullptr;
    std::string address(text_of(request[kAddress]));
    if (handshakes_.take(address, 1, clock_.monotonic()).count() != 0) return nullptr;
    return sessions_.find(*key);
}

std::vector<Bytes> ZapHandler::answer(const std::vector<ByteView>& request) {
    auto identity = admitted(request);
    Bytes id = request.size() > kRequestId ? copy_of(request[kRequestId]) : Bytes{};
    if (!identity) {
        observe::count(counters_.handshakes_refused);
        auto key = request.size() > kKey ? TransportKey::from(request[kKey]) : std::nullopt;
        trail_.stranger_refused(key.value_or(TransportKey{}));
        return {text("1.0"), std::move(id), text("400"), text("refused"), {}, {}};
    }
    trail_.session_opened(*identity);
    return {text("1.0"), std::move(id), text("200"), text("OK"), text(auth::user_id_of(identity->key)), {}};
}

}  // namespace carepost::net
