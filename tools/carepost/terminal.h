#pragma once
// The terminal: questions, and a progress bar on standard error.

#include <chrono>
#include <cstdint>
#include <string>

#include "carepost/message.hpp"

namespace carepost::command {

// Asks on the controlling terminal without showing what is typed. Errors: bad_argument when there is no terminal.
Result<std::string> ask_secret(const std::string& question);
// Asks on the controlling terminal; only "yes" or "y" is a yes. Errors: as above.
Result<bool> ask_yes(const std::string& question);

// A bar for work that takes longer than half a second. Draws nothing unless standard error is a terminal.
class ProgressBar {
public:
    explicit ProgressBar(bool wanted);
    ~ProgressBar();  // wipes the line
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    // For the library: always goes on. Borrows this bar.
    Progress callback();
    void update(int phase, std::uint64_t done, std::uint64_t total);

private:
    bool wanted_;
    int phase_ = 0;
    double phase_began_ = 0;  // seconds after the beginning, as the next
    double drawn_at_ = 0;     // 0: not yet
    std::chrono::steady_clock::time_point began_;
};
// One line as it is drawn, for a terminal of `columns`; `seconds` since the start.
std::string progress_line(int phase, std::uint64_t done, std::uint64_t total, double seconds, std::size_t columns);

}  // namespace carepost::command
