#include "broker/store/fail_point.h"

#ifdef CAREPOST_FAIL_POINTS
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

namespace carepost::store {
namespace {

struct Armed {
    std::string name;
    bool kill = false;
    unsigned passing = 1;
};

std::mutex mutex;
bool environment_read = false;
Armed armed;
unsigned passed = 0;

void arm_locked(std::string_view text) {
    environment_read = true;
    armed = {};
    passed = 0;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return;
    armed.name = text.substr(0, equals);
    auto action = text.substr(equals + 1);
    if (const auto at = action.find('@'); at != std::string_view::npos) {
        const auto number = action.substr(at + 1);
        std::from_chars(number.data(), number.data() + number.size(), armed.passing);
        action = action.substr(0, at);
    }
    armed.kill = action == "kill";
}

}  // namespace

void arm_fail_point(std::string_view text) {
    const std::lock_guard lock(mutex);
    arm_locked(text);
}

bool pass_fail_point(std::string_view name) {
    const std::lock_guard lock(mutex);
    if (!environment_read) {
        const char* text = std::getenv("CAREPOST_FAIL_POINT");
        arm_locked(text == nullptr ? "" : text);
    }
    if (armed.name != name || ++passed < armed.passing) return false;
    if (armed.kill) std::raise(SIGKILL);
    return true;
}

}  // namespace carepost::store
#endif
