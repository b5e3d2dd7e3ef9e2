#pragma once
// The composition root: builds every part, in order, and takes them down again.

#include <filesystem>
#include <memory>

#include "broker/app/config.h"
#include "proto/base/result.h"

namespace carepost::app {

// Main thread only.
class Broker {
public:
    // Opens (or, in a directory without a broker file, first makes) the data directory, and starts everything. When it returns,
    // strangers were proven to be refused and clients may connect. Errors name what is wrong and what to do.
    static Result<std::unique_ptr<Broker>> start(const std::filesystem::path& directory, const Config& config,
                                                 observe::Log& log);
    virtual ~Broker() = default;  // stops in order: no new requests, taken ones finished and on disk, answers out

    virtual const std::string& endpoint() const = 0;
    // Every few seconds: removes what has expired. An error means: exit.
    virtual Status every_round() = 0;
    // Once a minute: proves again that strangers are refused, and sweeps. An error means: exit.
    virtual Status every_minute() = 0;
    // Whether the administrator asked it to stop.
    virtual bool stop_asked() const = 0;
};

}  // namespace carepost::app
