#pragma once
// Brings a spooled message to the broker: Submit, whatever it says is missing, Submit again, until it answers with the receipt.
// Nothing it has already is sent again (docs/protocol.md, "Sending").

#include "client-lib/src/connection/pipeline.h"
#include "client-lib/src/send/spool.h"

namespace carepost::client {

struct Uploaded {
    Bytes receipt;  // not verified yet
    bool repeated = false;
};

// One thread. Errors: those of the connection and the broker, stale_epoch among them; cancelled by `progress`; io_failed (the spool).
class Uploader {
public:
    Uploader(Connection& connection, const SpoolRecord& record, SpoolFolder folder, std::chrono::milliseconds timeout,
             ProgressCallback progress);
    Result<Uploaded> run();

private:
    Result<codec::reply::Submit> submit();
    Status bring(const codec::reply::Missing& missing);
    Status check(const codec::reply::Missing& missing, std::uint64_t actual) const;
    Status settle_one();
    Status report(std::uint64_t more);
    std::uint64_t step(const codec::reply::Missing& missing, std::uint64_t offset) const;
    std::filesystem::path file_of(const codec::reply::Missing& missing) const;
    std::uint64_t total_sealed() const;

    Connection& connection_;
    const SpoolRecord& record_;
    SpoolFolder folder_;
    std::chrono::milliseconds timeout_;
    ProgressCallback progress_;
    Pipeline pipeline_;
    std::deque<std::uint64_t> sizes_;  // of the content parts under way
    std::uint64_t done_ = 0;
};

}  // namespace carepost::client
