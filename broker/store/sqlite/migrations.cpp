#include "broker/store/sqlite/migrations.h"

#include <string>

#include "broker/store/fail_point.h"
#include "broker/store/sqlite/statement.h"

namespace carepost::store {
namespace {

Status apply_steps(Database& database, int from, int application_id) {
    const auto steps = schema_steps();
    for (auto i = static_cast<std::size_t>(from); i < steps.size(); ++i)
        TRY(database.run(steps[i]));
    if (CAREPOST_FAIL_POINT("store.migration")) {
        return fail(ErrorCode::storage_failed, "the migration was made to fail");
    }
    // Both stand in the file's header and commit with the steps.
    TRY(database.run(("PRAGMA application_id=" + std::to_string(application_id)).c_str()));
    return database.run(("PRAGMA user_version=" + std::to_string(newest_schema())).c_str());
}

}  // namespace

int newest_schema() { return static_cast<int>(schema_steps().size()); }

Status migrate(Database& database, int application_id) {
    TRY_ASSIGN(const auto version,
               Statement(database, "PRAGMA user_version").one([](Row& row) { return row.integer(0); }));
    if (version == newest_schema()) return {};
    TRY(database.run("BEGIN IMMEDIATE"));
    auto applied = apply_steps(database, static_cast<int>(version.value_or(0)), application_id);
    if (applied) applied = database.run("COMMIT");
    if (!applied && database.in_transaction()) {
        auto error = std::move(applied).error();
        TRY(database.run("ROLLBACK"));
        return fail(std::move(error));
    }
    return applied;
}

}  // namespace carepost::store
