// crash_images [--images N] [--calls N] [--seed S]: power cuts and failing calls under the real store, then the same with
// mistakes seeded into the store, which have to be found. One "key=value" a line; the last line is "N passed, N failed".

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "tests/fault/crash_images/trials.h"

namespace {

using namespace carepost::fault;

struct Settings {
    std::uint64_t images = 3'000;
    std::uint64_t calls = 150;
    std::uint64_t seed = 1;
};

struct Control {
    const char* bug;
    std::uint64_t images;
};
constexpr Control kControls[] = {
    {"bug.acknowledge_before_commit", 400},
    {"bug.synchronous_normal", 400},
    {"bug.parts_unsynced", 400},
    {"bug.directory_unsynced", 400},
};

class Score {
public:
    void check(const char* sentence, bool right) {
        std::printf("%s: %s\n", right ? "ok" : "FAILED", sentence);
        ++(right ? passed_ : failed_);
    }
    int finish() const {
        std::printf("%d passed, %d failed\n", passed_, failed_);
        return failed_ == 0 ? 0 : 1;
    }

private:
    int passed_ = 0;
    int failed_ = 0;
};

void print(const char* name, const Tally& tally, std::chrono::steady_clock::time_point begun) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const auto line = [&](const char* what, std::uint64_t value) {
        std::printf("%s.%s=%llu\n", name, what, static_cast<unsigned long long>(value));
    };
    line("trials", tally.trials);
    line("fired", tally.fired);
    line("invalid", tally.invalid);
    line("wrong", tally.wrong);
    line("acknowledged_checked", tally.promised);
    line("durable_unacknowledged", tally.durable_unpromised);
    line("late_acknowledgements", tally.late_promises);
    std::printf("%s.wall_s=%.1f\n", name, took.count());
}

bool valid(const Tally& tally) { return tally.trials > 0 && tally.invalid * 100 <= tally.trials; }

void try_power_cuts(const Settings& settings, Score& score) {
    const auto begun = std::chrono::steady_clock::now();
    const Tally tally = power_cuts({.seed = settings.seed, .trials = settings.images, .bug = "", .talk = true});
    print("images", tally, begun);
    score.check("power cuts: nothing acknowledged is lost, nothing is there by half", tally.wrong == 0);
    score.check("power cuts: at most one trial in a hundred was invalid", valid(tally));
    score.check("power cuts: the window between commit and answer was hit", tally.durable_unpromised > 0);
}

void try_failing_calls(const Settings& settings, Score& score) {
    const auto begun = std::chrono::steady_clock::now();
    const Tally tally = failing_calls({.seed = settings.seed, .trials = settings.calls, .bug = "", .talk = true});
    print("calls", tally, begun);
    score.check("failing calls: no acknowledgement after the first failed write or sync", tally.late_promises == 0);
    score.check("failing calls: nothing acknowledged is lost, nothing is there by half", tally.wrong == 0);
    score.check("failing calls: at most one trial in a hundred was invalid", valid(tally));
}

void try_controls(const Settings& settings, Score& score) {
    int caught = 0;
    for (const Control& control : kControls) {
        const Tally tally =
            power_cuts({.seed = settings.seed, .trials = control.images, .bug = control.bug, .talk = false});
        std::printf("control %s: %llu of %llu images wrong\n", control.bug,
                    static_cast<unsigned long long>(tally.wrong), static_cast<unsigned long long>(tally.trials));
        if (tally.wrong > 0) ++caught;
    }
    std::printf("controls caught %d/%zu\n", caught, std::size(kControls));
    score.check("each seeded mistake is found", caught == static_cast<int>(std::size(kControls)));
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Power cuts and failing calls under the real store.");
    app.add_option("--images", settings.images, "images of the disk after power cuts");
    app.add_option("--calls", settings.calls, "workloads in which one call to the disk fails");
    app.add_option("--seed", settings.seed, "makes workloads, moments and losses");
    CLI11_PARSE(app, argc, argv);
    Score score;
    if (settings.images > 0) try_power_cuts(settings, score);
    if (settings.calls > 0) try_failing_calls(settings, score);
    try_controls(settings, score);
    return score.finish();
}
