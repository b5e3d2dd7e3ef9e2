#pragma once
// How carepostctl speaks: results on stdout (for people, or as JSON, one object a line), everything else on stderr.
// Single-threaded.

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/error.h"

namespace carepost::ctl {

// A moment and a size are shown to people as such, and to programs as plain numbers (milliseconds, bytes).
struct Moment {
    UnixMillis ms = 0;
};
struct Size {
    std::uint64_t bytes = 0;
};
using Value = std::variant<std::string, std::uint64_t, bool, Moment, Size>;
struct Field {
    std::string name;  // snake_case; shown with spaces
    Value value;
};
using Row = std::vector<Field>;  // rows of one list have the same names in the same order

class Printer {
public:
    // Borrows both streams. `colour` concerns stderr alone.
    Printer(std::ostream& out, std::ostream& err, bool json, bool colour)
        : out_(out), err_(err), json_(json), colour_(colour) {}

    bool json() const { return json_; }

    // One result: a line a field, or one JSON object.
    void record(const Row& row);
    // A table with a heading, or one JSON object a line. An empty list prints `nothing` on stderr.
    void list(const std::vector<Row>& rows, std::string_view nothing);
    // Text that is part of the result for people; left out with --json.
    void text(std::string_view line);
    // A result that programs want exactly as it is, in both modes (a note, a code, export lines).
    void raw(std::string_view bytes);
    // What goes on, on stderr.
    void note(std::string_view line);
    void warning(std::string_view line);
    // "carepostctl: message", then the hint on a line of its own.
    void error(const Error& error);

private:
    void flush();
    std::ostream& out_;
    std::ostream& err_;
    bool json_;
    bool colour_;
};

std::string moment_text(UnixMillis ms);      // "2026-03-01 14:02:11Z"; "-" for 0
std::string size_text(std::uint64_t bytes);  // "248 KiB"

// sysexits(3) as product-wide: docs/man/carepostctl.1.scd, "EXIT STATUS".
int exit_code_of(ErrorCode code);

}  // namespace carepost::ctl
