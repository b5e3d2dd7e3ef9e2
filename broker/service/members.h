#pragma once
// The members of a mailbox among themselves: their keys of single epochs, packets of epoch secrets, and newcomers that ask to
// join (docs/protocol.md, "Members and packets", "Pairing"). The broker keeps what it cannot open; who may be given a packet
// the members decide from the chain.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// One per worker; not thread-safe. All requests are about the caller's own mailbox.
class MembersService {
public:
    MembersService(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}

    // The caller's own keys, signed by it. A key for a published epoch is a wish: other members are told. Errors:
    // invalid_signature for a key that is not the caller's own, not_found for an epoch that is destroyed or too far ahead,
    // not_allowed for a recovery kit, too_many.
    void publish_sealing_keys(const auth::Identity& member, const codec::op::PublishSealingKeys& keys,
                              Done<codec::reply::PublishSealingKeys> done);
    Result<codec::reply::SealingKeys> sealing_keys(const auth::Identity& member, const codec::op::SealingKeys& asked);

    // Packets of an epoch still to be published are staged for the caller's own publication (`manage`); of a published one
    // they go to members that have none (`read`). Errors: not_found for an epoch or a reader without a key, not_allowed,
    // too_many. A packet for somebody who has one is left alone.
    void put_packets(const auth::Identity& member, const codec::op::PutPackets& packets,
                     Done<codec::reply::PutPackets> done);
    Result<codec::reply::Packets> packets(const auth::Identity& member, const codec::op::Packets& asked);

    // Lets a newcomer's one-time key in. Errors: expired, bad_argument as malformed_request for more than a day,
    // already_exists for a key that is somebody's, too_many newcomers at once.
    void open_pairing(const auth::Identity& manager, const codec::op::OpenPairing& open,
                      Done<codec::reply::OpenPairing> done);
    // By the newcomer. Repeating the request tells how it stands; once it was told that it is a member, its one-time key ends
    // within a minute. Errors: invalid_signature, expired, conflict with another request by the same key.
    void pair(const auth::Identity& newcomer, const codec::op::Pair& pair, Done<codec::reply::Pair> done);
    Result<codec::reply::Pairings> pairings(const auth::Identity& manager);

private:
    Status check_request(const auth::Identity& newcomer, const Bytes& request, MemberId& member);
    Result<codec::reply::PairingState> state_of(const store::Pairing& pairing);

    Environment& environment_;
    store::Reader& reader_;
};

}  // namespace carepost::service
