#pragma once
// Prepared statements with typed parameters and columns; every return code is checked and noted.

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "broker/store/sqlite/database.h"
#include "proto/base/bytes.h"
#include "proto/base/ids.h"

struct sqlite3_stmt;

namespace carepost::store {

// The columns of the current row; valid during the visit only. A value of another type or size than asked is damage:
// it is noted, and the query ends with an error.
class Row {
public:
    std::int64_t integer(int column);
    std::uint64_t number(int column) { return static_cast<std::uint64_t>(integer(column)); }
    std::uint32_t small(int column) { return static_cast<std::uint32_t>(integer(column)); }
    bool flag(int column) { return integer(column) != 0; }
    bool is_null(int column) const;
    std::string text(int column);
    ByteView view(int column);
    Bytes bytes(int column) { return copy_of(view(column)); }
    template <typename Id>
    Id id(int column) {
        auto id = Id::from(view(column));
        if (!id) damaged_ = true;
        return id.value_or(Id{});
    }
    bool damaged() const { return damaged_; }

private:
    friend class Statement;
    explicit Row(sqlite3_stmt* handle) : handle_(handle) {}
    sqlite3_stmt* handle_;
    bool damaged_ = false;
};

// One prepared statement of one connection, which outlives it. Parameters are bound by reference and released before the
// call returns.
class Statement {
public:
    // Throws std::runtime_error when the statement does not compile: schema and program do not agree.
    Statement(Database& database, const char* sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Runs a statement without rows; returns how many rows it changed.
    template <typename... Args>
    Result<std::int64_t> run(const Args&... args) {
        TRY(each([](Row&) {}, args...));
        return changes();
    }

    // Visits every row; a visitor that returns bool stops with false.
    template <typename Visit, typename... Args>
    Status each(Visit&& visit, const Args&... args) {
        int position = 0;
        (bind(++position, args), ...);
        const Reset reset{*this};
        for (;;) {
            TRY_ASSIGN(const bool more, step());
            if (!more) return {};
            Row row(handle_);
            bool go_on = true;
            if constexpr (std::is_same_v<std::invoke_result_t<Visit, Row&>, bool>) {
                go_on = visit(row);
            } else {
                visit(row);
            }
            if (row.damaged()) return damage();
            if (!go_on) return {};
        }
    }

    // The first row as `make` reads it, or nothing.
    template <typename Make, typename... Args>
    auto one(Make&& make, const Args&... args) -> Result<std::optional<std::invoke_result_t<Make, Row&>>> {
        std::optional<std::invoke_result_t<Make, Row&>> found;
        TRY(each(
            [&found, &make](Row& row) {
                found = make(row);
                return false;
            },
            args...));
        return found;
    }

private:
    struct Reset {
        Statement& statement;
        ~Reset() { statement.reset(); }
    };
    template <typename Number>
        requires std::is_integral_v<Number> || std::is_enum_v<Number>
    void bind(int position, Number value) {
        bind_integer(position, static_cast<std::int64_t>(value));
    }
    void bind(int position, std::nullptr_t);
    void bind(int position, std::string_view value);
    void bind(int position, const std::string& value) { bind(position, std::string_view(value)); }
    void bind(int position, ByteView value);
    void bind(int position, const Bytes& value) { bind(position, ByteView(value)); }
    template <typename Tag, std::size_t N>
    void bind(int position, const FixedBytes<Tag, N>& value) {
        bind(position, value.view());
    }
    template <typename T>
    void bind(int position, const std::optional<T>& value) {
        if (value) {
            bind(position, *value);
        } else {
            bind(position, nullptr);
        }
    }
    void bind_integer(int position, std::int64_t value);
    void check_bind(int code);
    Result<bool> step();  // true: a row
    void reset();
    std::int64_t changes() const;
    std::unexpected<Error> damage();

    Database& database_;
    sqlite3_stmt* handle_ = nullptr;
    int bind_error_ = 0;
};

}  // namespace carepost::store
