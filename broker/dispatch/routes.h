#pragma once
// The one table of authority: which operation may be called by whom, how large it may be, and what it costs. What is not
// in this table cannot be called. Tests generate the unauthorised attempts from it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/auth/session.h"

namespace carepost::dispatch {

// Tokens taken from the buckets of key and address.
enum class RateClass : std::uint8_t { light = 1, normal = 2, heavy = 10 };

struct Route {
    std::string_view name;
    std::uint8_t kinds;       // auth::Kind bits: which sessions
    std::uint32_t right;      // a member needs one of these; 0: any member
    std::size_t message_cap;  // bytes of the protobuf frame
    std::size_t raw_cap;      // bytes of the raw frame; 0: none allowed
    RateClass rate;
};

// By index in codec::Operation.
std::span<const Route> wire_routes();
// By index in codec::AdminOperation.
std::span<const Route> admin_routes();

// Whether this identity may use this route now.
bool permits(const Route& route, const auth::Identity& identity);

}  // namespace carepost::dispatch
