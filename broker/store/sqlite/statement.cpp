#include "broker/store/sqlite/statement.h"

#include <sqlite3.h>

#include <stdexcept>

namespace carepost::store {

std::int64_t Row::integer(int column) {
    if (sqlite3_column_type(handle_, column) != SQLITE_INTEGER) damaged_ = true;
    return sqlite3_column_int64(handle_, column);
}

bool Row::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

std::string Row::text(int column) {
    if (sqlite3_column_type(handle_, column) != SQLITE_TEXT) damaged_ = true;
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return text == nullptr ? std::string() : std::string(text, size);
}

ByteView Row::view(int column) {
    if (sqlite3_column_type(handle_, column) != SQLITE_BLOB) damaged_ = true;
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return data == nullptr ? ByteView() : ByteView(data, size);
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
    const int code = sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
    if (code != SQLITE_OK) {
        throw std::runtime_error(std::string("cannot prepare \"") + sql + "\": " + sqlite3_errmsg(database.handle()));
    }
}

// The code repeats the last step's error, which was noted then.
Statement::~Statement() { static_cast<void>(sqlite3_finalize(handle_)); }

void Statement::check_bind(int code) {
    if (code != SQLITE_OK) bind_error_ = code;
}

void Statement::bind(int position, std::nullptr_t) { check_bind(sqlite3_bind_null(handle_, position)); }

void Statement::bind(int position, std::string_view value) {
    check_bind(sqlite3_bind_text64(handle_, position, value.data() == nullptr ? "" : value.data(), value.size(),
                                   SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int position, ByteView value) {
    static constexpr std::uint8_t kNothing = 0;  // a null pointer would bind NULL
    const auto* data = value.data() == nullptr ? &kNothing : value.data();
    check_bind(sqlite3_bind_blob64(handle_, position, data, value.size(), SQLITE_STATIC));
}

void Statement::bind_integer(int position, std::int64_t value) {
    check_bind(sqlite3_bind_int64(handle_, position, value));
}

Result<bool> Statement::step() {
    int code = std::exchange(bind_error_, SQLITE_OK);
    if (code == SQLITE_OK) code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    database_.note(code);
    return fail(database_.error(code, sqlite3_sql(handle_)));
}

void Statement::reset() {
    // Both repeat what step() has reported.
    static_cast<void>(sqlite3_reset(handle_));
    static_cast<void>(sqlite3_clear_bindings(handle_));
}

std::int64_t Statement::changes() const { return sqlite3_changes64(database_.handle()); }

std::unexpected<Error> Statement::damage() {
    database_.note(SQLITE_CORRUPT);
    return fail(ErrorCode::storage_failed,
                std::string("a row of the database is damaged; met in \"") + sqlite3_sql(handle_) + "\"",
                "restore the data directory from a backup");
}

}  // namespace carepost::store
