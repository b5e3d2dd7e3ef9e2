#include "broker/observe/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace carepost::observe {
namespace {

constexpr unsigned kRepeatsPerSecond = 20;
constexpr std::size_t kValueMost = 200;

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

struct Repeats {
    std::chrono::steady_clock::time_point second;
    unsigned written = 0;
    unsigned held = 0;
};

}  // namespace

std::string encode_value(std::string_view text) {
    std::string out;
    bool quote = text.empty();
    for (char c : text.substr(0, kValueMost)) {
        auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            quote = quote || c == ' ' || c == '=';
            out += c;
        }
    }
    if (text.size() > kValueMost) out += "...";
    return quote ? '"' + out + '"' : out;
}

struct StderrLog::State {
    std::shared_ptr<spdlog::logger> logger;
    std::mutex mutex;
    std::map<std::string, Repeats, std::less<>> repeats;  // events are fixed sentences: few

    // How many were held back before this one, or nothing when this one is held back too.
    std::optional<unsigned> pass(std::string_view event) {
        auto now = std::chrono::steady_clock::now();
        std::lock_guard lock(mutex);
        auto found = repeats.find(event);
        if (found == repeats.end()) found = repeats.emplace(std::string(event), Repeats{now, 0, 0}).first;
        auto& r = found->second;
        unsigned held = 0;
        if (now - r.second >= std::chrono::seconds(1)) {
            held = r.held;
            r = {now, 0, 0};
        }
        if (++r.written <= kRepeatsPerSecond) return held;
        ++r.held;
        return std::nullopt;
    }
};

StderrLog::StderrLog(Level level) : state_(new State) {
    state_->logger = std::make_shared<spdlog::logger>("carepostd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    state_->logger->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    state_->logger->set_level(level_of(level));
    state_->logger->flush_on(spdlog::level::info);
}

StderrLog::~StderrLog() { delete state_; }

void StderrLog::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!state_->logger->should_log(level_of(level))) return;
    auto held = state_->pass(event);
    if (!held) return;
    std::string line(event);
    for (const auto& field : fields)
        line += fmt::format(" {}={}", field.name, encode_value(field.value));
    if (*held != 0) line += fmt::format(" repeats_not_shown={}", *held);
    state_->logger->log(level_of(level), "{}", line);
}

}  // namespace carepost::observe
