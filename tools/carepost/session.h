#pragma once
// What every command works with, and how it comes to an open client.

#include <chrono>
#include <string>

#include "carepost/carepost.hpp"
#include "tools/carepost/options.h"
#include "tools/carepost/output.h"
#include "tools/carepost/settings.h"
#include "tools/carepost/signals.h"

namespace carepost::command {

// Borrowed by the commands; main owns all of it.
struct Context {
    const Settings& settings;
    Output& output;
    Signals& signals;
};

// The library's options without secrets.
Options library_options(const Settings& settings);

// An open client that a signal cancels, for as long as this lives.
class Session {
public:
    // Opens the configured identity; asks for its passphrase if it needs one, none is configured and questions are allowed.
    static Result<Session> open(const Context& context);
    Session(Session&& other) noexcept;
    Session& operator=(Session&&) = delete;
    ~Session();

    Client& operator*() { return client_; }
    Client* operator->() { return &client_; }

private:
    Session(Client client, Signals& signals);
    Client client_;
    Signals* signals_;
};

}  // namespace carepost::command
