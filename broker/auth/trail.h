#pragma once
// What must be remembered of who came and who was turned away (docs/protocol.md, "Audit"). Declared here so that front and
// dispatcher can tell without knowing who keeps it; implemented by service/audit.

#include <string_view>

#include "broker/auth/session.h"
#include "proto/base/error.h"

namespace carepost::auth {

// Thread-safe. No call waits, writes or fails: a flood of events costs a look into one bounded table.
class Trail {
public:
    virtual ~Trail() = default;
    // A key proved itself.
    virtual void session_opened(const Identity& who) = 0;
    // A key that nobody knows, or a connection that came too often. Which key it was is not kept.
    virtual void stranger_refused(const TransportKey& key) = 0;
    // A known key was refused `operation`. `operation` is a name of the routes table: it outlives everything.
    virtual void request_refused(const Identity& who, std::string_view operation, ErrorCode why) = 0;
    // Another user tried the administration's socket.
    virtual void administration_refused(std::uint32_t uid) = 0;
    virtual void administration_read(std::uint32_t uid, std::string_view operation) = 0;
};

// For parts that are tried on their own.
class NoTrail final : public Trail {
public:
    void session_opened(const Identity&) override {}
    void stranger_refused(const TransportKey&) override {}
    void request_refused(const Identity&, std::string_view, ErrorCode) override {}
    void administration_refused(std::uint32_t) override {}
    void administration_read(std::uint32_t, std::string_view) override {}
};

}  // namespace carepost::auth
