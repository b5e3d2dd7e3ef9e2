#pragma once
// Where words go: results to standard output, everything else to standard error.

#include <string>
#include <string_view>
#include <vector>

#include "carepost/result.hpp"
#include "tools/carepost/exit_codes.h"
#include "tools/carepost/json.h"

namespace carepost::command {

// An error of the command itself, in the form of the library's.
Error error(int code, std::string message, std::string hint = {});

// Prints results as text or, with --json, as lines of JSON. One per process; main thread only.
class Output {
public:
    explicit Output(bool json) : json_(json) {}
    bool json() const { return json_; }

    // Exactly these characters to standard output; `text` ends its own lines and was cleaned.
    void result(std::string_view text);
    // One object as a line.
    void result(const Json& object);
    // A remark for people, to standard error. Cleaned here.
    void note(std::string_view text);
    // "carepost: MESSAGE", then "hint: HINT" on its own line. With --json standard error stays for people.
    void failure(const Error& problem);
    void warnings(const std::vector<std::string>& warnings);

    // Everything written has reached standard output. Errors: io_failed.
    Status finish();

private:
    bool json_;
    bool broken_ = false;
};

}  // namespace carepost::command
