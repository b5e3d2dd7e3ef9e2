#pragma once
// The broker's log: one line an event, on stderr, for the service manager to keep. No personal data: mailbox ids at most,
// never addresses, names or content. Thread-safe.

#include <initializer_list>
#include <string>
#include <string_view>

namespace carepost::observe {

enum class Level { debug, info, warning, error };

// One piece of context. Values are encoded: nothing a peer sends can begin a new line or colour a terminal.
struct Field {
    std::string_view name;
    std::string value;
};

class Log {
public:
    virtual ~Log() = default;
    // `event` is a fixed sentence of our own, e.g. "request refused".
    virtual void write(Level level, std::string_view event, std::initializer_list<Field> fields) = 0;

    void debug(std::string_view event, std::initializer_list<Field> fields = {}) { write(Level::debug, event, fields); }
    void info(std::string_view event, std::initializer_list<Field> fields = {}) { write(Level::info, event, fields); }
    void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
        write(Level::warning, event, fields);
    }
    void error(std::string_view event, std::initializer_list<Field> fields = {}) { write(Level::error, event, fields); }
};

// To stderr through spdlog; below `level` nothing. Repeats of one event beyond 20 a second are counted, not written.
class StderrLog final : public Log {
public:
    explicit StderrLog(Level level);
    ~StderrLog() override;
    void write(Level level, std::string_view event, std::initializer_list<Field> fields) override;

private:
    struct State;
    State* state_;
};

// For tests.
class SilentLog final : public Log {
public:
    void write(Level, std::string_view, std::initializer_list<Field>) override {}
};

// Printable ASCII as it is, everything else as \xHH; cut after 200 characters; quoted when it holds spaces.
std::string encode_value(std::string_view text);

}  // namespace carepost::observe
