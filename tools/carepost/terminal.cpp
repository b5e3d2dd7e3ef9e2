#include "tools/carepost/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tools/carepost/output.h"
#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

constexpr double kQuiet = 0.5;    // seconds without a bar: short work needs none
constexpr double kBetween = 0.1;  // seconds between two drawings

class Terminal {
public:
    Terminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}
    ~Terminal() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    bool is_open() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

    void say(const std::string& text) const { static_cast<void>(!::write(descriptor_, text.data(), text.size())); }
    // One line without its end.
    std::string line() const {
        std::string out;
        for (char c = 0; ::read(descriptor_, &c, 1) == 1 && c != '\n';)
            out.push_back(c);
        return out;
    }

private:
    int descriptor_;
};

// Typed characters stay invisible while this lives.
class Silence {
public:
    explicit Silence(int descriptor) : descriptor_(descriptor), changed_(::tcgetattr(descriptor, &before_) == 0) {
        if (!changed_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(descriptor_, TCSAFLUSH, &silent) == 0;
    }
    ~Silence() {
        if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    int descriptor_;
    termios before_{};
    bool changed_;
};

Error no_terminal() {
    return error(CAREPOST_ERROR_BAD_ARGUMENT, "there is no terminal to ask on",
                 "give --passphrase-file, --passphrase-command or --passphrase-fd");
}

std::size_t columns_of(int descriptor) {
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string_view verb(int phase) {
    switch (phase) {
        case CAREPOST_PHASE_SEALING:
            return "sealing";
        case CAREPOST_PHASE_SENDING:
            return "sending";
        default:
            return "fetching";
    }
}

}  // namespace

Result<std::string> ask_secret(const std::string& question) {
    const Terminal terminal;
    if (!terminal.is_open()) return no_terminal();
    terminal.say(question);
    std::string answer;
    {
        const Silence silence(terminal.descriptor());
        answer = terminal.line();
    }
    terminal.say("\n");
    return answer;
}

Result<bool> ask_yes(const std::string& question) {
    const Terminal terminal;
    if (!terminal.is_open())
        return error(CAREPOST_ERROR_BAD_ARGUMENT, "there is no terminal to ask on", "give --yes if you are sure");
    terminal.say(question);
    const std::string answer = terminal.line();
    return answer == "y" || answer == "yes";
}

ProgressBar::ProgressBar(bool wanted)
    : wanted_(wanted && ::isatty(STDERR_FILENO) == 1), began_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
    if (drawn_at_ > 0) static_cast<void>(!::write(STDERR_FILENO, "\r\033[K", 4));
}

Progress ProgressBar::callback() {
    if (!wanted_) return {};
    return [this](int phase, std::uint64_t done, std::uint64_t total) {
        update(phase, done, total);
        return true;
    };
}

void ProgressBar::update(int phase, std::uint64_t done, std::uint64_t total) {
    if (!wanted_) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    if (phase != phase_) {
        phase_ = phase;
        phase_began_ = seconds;
    }
    const bool last = total > 0 && done >= total;
    if (seconds < kQuiet || (drawn_at_ > 0 && seconds < drawn_at_ + kBetween && !last)) return;
    drawn_at_ = seconds;
    const std::string line = progress_line(phase, done, total, seconds - phase_began_, columns_of(STDERR_FILENO));
    const std::string drawn = "\r" + line + "\033[K";
    static_cast<void>(!::write(STDERR_FILENO, drawn.data(), drawn.size()));
}

std::string progress_line(int phase, std::uint64_t done, std::uint64_t total, double seconds, std::size_t columns) {
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    const std::string speed = human_size(static_cast<std::uint64_t>(rate)) + "/s";
    if (total == 0) return fmt::format("{} {}  {}", verb(phase), human_size(done), speed);
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const std::string head = fmt::format("{} {:3.0f} % of {}  {}", verb(phase), part * 100, human_size(total), speed);
    if (columns < head.size() + 14) return head;
    const std::size_t width = std::min<std::size_t>(40, columns - head.size() - 4);
    const auto full = static_cast<std::size_t>(part * static_cast<double>(width));
    return fmt::format("{} [{}{}]", head, std::string(full, '#'), std::string(width - full, '.'));
}

}  // namespace carepost::command
