#pragma once
// What members change among themselves, as operations for the writer.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// What has been checked before it is handed to the writer.
void write_sealing_keys(Environment& environment, const auth::Identity& member, std::vector<store::NewSealingKey> keys,
                        Done<codec::reply::PublishSealingKeys> done);
void write_packets(Environment& environment, const auth::Identity& member, std::vector<store::PacketRow> packets,
                   Done<codec::reply::PutPackets> done);
void write_pairing_key(Environment& environment, const auth::Identity& manager, const TransportKey& key,
                       UnixMillis expires, Done<codec::reply::OpenPairing> done);
void write_pairing_request(Environment& environment, const auth::Identity& newcomer, const MemberId& member,
                           Bytes request, Done<codec::reply::Pair> done);
// The newcomer knows that it is a member: its one-time key has served.
void forget_pairing(Environment& environment, const TransportKey& key);

// Hourly: drops staged packets, epochs past retention, newcomers that did not come.
void sweep_members(Environment& environment);

}  // namespace carepost::service
