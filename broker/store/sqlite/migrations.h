#pragma once
// The schema, step by step: file sql/000N_*.sql leads from version N-1 to N. Embedded by CMake.

#include <span>

#include "broker/store/sqlite/database.h"

namespace carepost::store {

// The steps in order; made from sql/ by CMake.
std::span<const char* const> schema_steps();
int newest_schema();

// Brings the database to the newest schema in one transaction, and marks a new one as ours.
Status migrate(Database& database, int application_id);

}  // namespace carepost::store
