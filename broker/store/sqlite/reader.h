#pragma once
// The committed state, read-only, on a connection of its own.

#include <functional>
#include <memory>

#include "broker/store/fatal.h"
#include "broker/store/parts/layout.h"
#include "broker/store/sqlite/queries.h"

namespace carepost::store {

// What a reader needs beyond the database; outlives the store if a reader does.
struct ReaderContext {
    ContentPlaces places;
    std::shared_ptr<FatalLine> fatal;
    std::function<std::uint64_t()> unfinished_uploads;
};

// Opens a read-only connection. Errors: Database::open's.
Result<std::unique_ptr<Reader>> open_reader(const std::filesystem::path& database,
                                            std::shared_ptr<const ReaderContext> context);

}  // namespace carepost::store
