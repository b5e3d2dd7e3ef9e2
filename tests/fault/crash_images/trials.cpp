#include "tests/fault/crash_images/trials.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "broker/store/fail_point.h"
#include "tests/fault/crash_images/image.h"
#include "tests/fault/crash_images/workload.h"

namespace carepost::fault {
namespace {

constexpr unsigned kProcesses = 2;
constexpr std::uint64_t kImagesPerWorkload = 2'000;
constexpr std::uint64_t kSendAgainEvery = 25;
constexpr std::size_t kSentencesMost = 3;

// A workload as it was: what reached the disk, and what was said meanwhile.
struct Recorded {
    std::vector<Op> ops;
    std::vector<Step> steps;
    bool failed = false;
    unsigned late_promises = 0;
    unsigned fired = 0;
    std::vector<unsigned> calls;
};

void set_up(test::StoreFixture& fixture, const std::filesystem::path& folder) {
    fixture.options.directory = folder;
    fixture.options.ballast_bytes = 4096;
}

Recorded record(std::uint64_t seed, const std::optional<Injection>& injection, const std::string& bug) {
    test::StoreFixture fixture;
    set_up(fixture, fixture.directory / "recorded");
    std::filesystem::create_directory(fixture.options.directory);
    std::filesystem::permissions(fixture.options.directory, std::filesystem::perms::owner_all);
    Workload workload(seed);
    store::arm_fail_point(bug.empty() ? "" : bug + "=error");
    start_recording(fixture.options.directory);
    if (injection) inject(*injection);
    workload.run(fixture);
    fixture.store.reset();
    Recorded out;
    out.fired = injections_fired();
    out.calls = calls_seen();
    out.ops = stop_recording();
    store::arm_fail_point("");
    out.steps = workload.steps();
    out.failed = workload.failed();
    out.late_promises = workload.late_promises();
    return out;
}

// Opens what lies in `folder` and compares it.
Findings judge(const std::filesystem::path& folder, std::span<const Step> steps, bool again) {
    test::StoreFixture fixture;
    set_up(fixture, folder);
    auto opened = fixture.try_open();
    if (!opened) return {{"the store does not open: " + opened.error().message}, 0, 0};
    fixture.store = std::move(*opened);
    return compare(fixture, steps, again);
}

void count(Tally& tally, const Findings& findings) {
    tally.promised += findings.promised;
    tally.durable_unpromised += findings.durable_unpromised;
    if (!findings.wrong.empty()) ++tally.wrong;
}

void tell(const Findings& findings, const std::string& what, const Tally& tally) {
    if (findings.wrong.empty() || tally.wrong > kSentencesMost) return;
    std::printf("WRONG: %s\n", what.c_str());
    for (std::size_t i = 0; i < std::min(findings.wrong.size(), kSentencesMost); ++i)
        std::printf("    %s\n", findings.wrong[i].c_str());
    std::fflush(stdout);
}

struct Cut {
    std::size_t after = 0;  // operations
    std::uint64_t number = 0;
};

std::size_t steps_before(std::span<const Op> ops, std::size_t count) {
    for (std::size_t i = count; i > 0; --i) {
        if (const auto* mark = std::get_if<Mark>(&ops[i - 1])) return mark->number + std::size_t{1};
    }
    return 0;
}

Tally cut_power(const Plan& plan, const Recorded& recorded, std::uint64_t workload_seed, std::span<const Cut> cuts) {
    Tally tally;
    Disk disk(recorded.ops);
    for (const Cut& cut : cuts) {
        disk.advance(cut.after);
        std::mt19937_64 random(workload_seed * 1'000'003 + cut.number);
        const auto loss = static_cast<Loss>(std::min<std::uint64_t>(random() % 6, 2));
        const test::TemporaryFolder folder;
        disk.write_image(folder.path(), loss, random);
        const auto steps = std::span(recorded.steps).first(steps_before(recorded.ops, cut.after));
        const Findings findings = judge(folder.path(), steps, cut.number % kSendAgainEvery == 0);
        ++tally.trials;
        ++tally.fired;
        count(tally, findings);
        if (plan.talk) {
            tell(findings,
                 "power cut after operation " + std::to_string(cut.after) + " of " +
                     std::to_string(recorded.ops.size()) + ", image " + std::to_string(cut.number) +
                     ", workload seed " + std::to_string(workload_seed),
                 tally);
        }
    }
    return tally;
}

// Runs `part` in kProcesses children, each with its number, and adds up what they say. A child that dies counts as invalid.
template <typename Part>
Tally in_children(Part part) {
    int ends[kProcesses][2];
    for (unsigned i = 0; i < kProcesses; ++i) {
        if (::pipe(ends[i]) != 0) throw std::runtime_error("no pipe");
        std::fflush(stdout);
        const auto child = ::fork();
        if (child < 0) throw std::runtime_error("no process");
        if (child != 0) {
            ::close(ends[i][1]);
            continue;
        }
        const Tally tally = part(i);
        const bool told = ::write(ends[i][1], &tally, sizeof tally) == sizeof tally;
        ::_exit(told ? 0 : 1);
    }
    Tally sum;
    for (auto& end : ends) {
        Tally tally;
        if (::read(end[0], &tally, sizeof tally) != sizeof tally) tally = {.trials = 1, .invalid = 1};
        ::close(end[0]);
        sum.add(tally);
    }
    while (::wait(nullptr) > 0) {
    }
    return sum;
}

Tally cuts_of_one_workload(const Plan& plan, std::uint64_t workload_seed, std::uint64_t images) {
    const Recorded recorded = record(workload_seed, std::nullopt, plan.bug);
    if (recorded.failed) return {.trials = images, .invalid = images};
    std::vector<Cut> cuts(images);
    std::mt19937_64 random(workload_seed);
    for (std::uint64_t i = 0; i < images; ++i)
        cuts[i] = {random() % recorded.ops.size() + 1, i};
    std::ranges::sort(cuts, {}, &Cut::after);
    return in_children([&](unsigned child) {
        std::vector<Cut> own;
        for (std::size_t i = child; i < cuts.size(); i += kProcesses)
            own.push_back(cuts[i]);
        return cut_power(plan, recorded, workload_seed, own);
    });
}

// One trial with a failing call, in a process of its own.
Tally fail_one_call(const Plan& plan, std::uint64_t seed, const Injection& injection) {
    const Recorded recorded = record(seed, injection, plan.bug);
    Tally tally{.trials = 1, .fired = recorded.fired > 0 ? 1U : 0U};
    if (recorded.fired == 0) tally.invalid = 1;
    const bool ends_promises =
        injection.error == EIO && (injection.call == Call::write || injection.call == Call::sync);
    if (ends_promises) tally.late_promises = recorded.late_promises;
    Disk disk(recorded.ops);
    disk.advance(recorded.ops.size());
    std::mt19937_64 random(seed);
    for (const Loss loss : {Loss::nothing, Loss::everything, Loss::some}) {
        const test::TemporaryFolder folder;
        disk.write_image(folder.path(), loss, random);
        const Findings findings = judge(folder.path(), recorded.steps, loss == Loss::nothing);
        count(tally, findings);
        if (plan.talk) {
            tell(findings,
                 "call kind " + std::to_string(static_cast<int>(injection.call)) + " number " +
                     std::to_string(injection.nth) + " failed with errno " + std::to_string(injection.error) +
                     (injection.for_ever ? " for ever" : " once") + ", seed " + std::to_string(seed),
                 tally);
        }
    }
    if (tally.late_promises > 0 && plan.talk) {
        std::printf("WRONG: %llu promises after call kind %d number %u failed, seed %llu\n",
                    static_cast<unsigned long long>(tally.late_promises), static_cast<int>(injection.call),
                    injection.nth, static_cast<unsigned long long>(seed));
        std::fflush(stdout);
    }
    tally.wrong = tally.wrong > 0 || tally.late_promises > 0 ? 1 : 0;
    return tally;
}

Injection draw(std::mt19937_64& random, const std::vector<unsigned>& calls) {
    constexpr Call kKinds[] = {Call::write, Call::write,  Call::sync,  Call::sync,
                               Call::open,  Call::resize, Call::remove};
    Injection out;
    out.call = kKinds[random() % std::size(kKinds)];
    // How many calls there are differs a little from run to run: the last quarter might not come.
    const unsigned most = std::max(1U, calls[static_cast<std::size_t>(out.call)] * 3 / 4);
    out.nth = static_cast<unsigned>(random() % most) + 1;
    out.for_ever = (random() & 1) != 0;
    out.error = out.call == Call::write && random() % 3 == 0 ? ENOSPC : EIO;
    if (out.call == Call::open && (random() & 1) != 0) out.error = EMFILE;
    return out;
}

}  // namespace

void Tally::add(const Tally& other) {
    trials += other.trials;
    fired += other.fired;
    invalid += other.invalid;
    wrong += other.wrong;
    promised += other.promised;
    durable_unpromised += other.durable_unpromised;
    late_promises += other.late_promises;
}

Tally power_cuts(const Plan& plan) {
    Tally sum;
    for (std::uint64_t done = 0, workload = 0; done < plan.trials; ++workload) {
        const std::uint64_t images = std::min(kImagesPerWorkload, plan.trials - done);
        sum.add(cuts_of_one_workload(plan, plan.seed + workload, images));
        done += images;
    }
    return sum;
}

Tally failing_calls(const Plan& plan) {
    const Recorded clean = record(plan.seed, std::nullopt, "");
    if (clean.failed) return {.trials = 1, .invalid = 1};
    return in_children([&](unsigned child) {
        std::mt19937_64 random(plan.seed + child);
        Tally sum;
        for (std::uint64_t i = child; i < plan.trials; i += kProcesses)
            sum.add(fail_one_call(plan, plan.seed, draw(random, clean.calls)));
        return sum;
    });
}

}  // namespace carepost::fault
