// A real full disk: a small tmpfs in a namespace of the child's own. Skipped where the system forbids such namespaces.
#include <sched.h>
#include <sys/mount.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>

#include "tests/unit/store/child_process.h"
#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

constexpr int kNoNamespace = 77;

enum Said : std::uint32_t { refused_for_room = 1, receipt_kept, deleted, nothing_lost, accepted_again, not_fatal };

bool say_to_kernel(const char* file, const std::string& text) {
    std::ofstream out(file);
    out << text << std::flush;
    return out.good();
}

bool mount_small_disk(const std::filesystem::path& path) {
    const auto user = std::to_string(::getuid());
    const auto group = std::to_string(::getgid());
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && say_to_kernel("/proc/self/uid_map", "0 " + user + " 1") &&
           say_to_kernel("/proc/self/setgroups", "deny") && say_to_kernel("/proc/self/gid_map", "0 " + group + " 1") &&
           ::mount("none", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=8m") == 0;
}

// Sends until the disk is full; returns how many were acknowledged.
std::uint32_t fill(StoreFixture& fixture, std::int64_t from, std::int64_t to, const Ledger& ledger) {
    std::uint32_t number = 0;
    for (; number < 10'000; ++number) {
        const auto outcome = fixture.run(fixture.submit(fixture.make_message(number, from, {to}, 20'000)));
        if (outcome.ok()) continue;
        if (outcome.code() == ErrorCode::disk_full) ledger.write(refused_for_room);
        break;
    }
    return number;
}

// Another program on the same disk leaves nothing.
void take_the_rest(const std::filesystem::path& path) {
    std::ofstream out(path);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush())
        continue;
}

bool delete_item(StoreFixture& fixture, std::int64_t mailbox, std::uint64_t seq) {
    return fixture
        .run([=](Transaction& transaction) -> Status {
            std::uint64_t change = 0;
            TRY(transaction.delete_item(mailbox, seq, change));
            transaction.log_evidence({pattern(100), 4, Hash{}, 1});
            return {};
        })
        .ok();
}

int live_on_a_full_disk(StoreFixture& fixture, const Ledger& ledger) {
    fixture.options.ballast_bytes = 2ULL << 20;  // more than the log can need to be folded back on such a disk
    if (!mount_small_disk(fixture.directory.path())) return kNoNamespace;
    fixture.open();
    bool fatal = false;
    fixture.store->on_fatal([&](const Error&) { fatal = true; });
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    const auto stored = fill(fixture, anna, ben, ledger);
    const auto hog = fixture.directory.path() / "of-another-program";
    take_the_rest(hog);
    const auto receipt = fixture.run([&](Transaction& transaction) -> Status {
        TRY(transaction.mark_received(ben, 1, pattern(250)));
        return transaction.link_hand_over(ben, 1, transaction.log_evidence({pattern(100), 3, Hash{}, 1}));
    });
    if (receipt.ok()) ledger.write(receipt_kept);
    bool all_there = true;
    bool all_deleted = true;
    const auto reader = fixture.store->reader();
    for (std::uint32_t i = 0; i < stored; ++i) {
        all_there = all_there && reader->item(ben, i + 1)->has_value();
    }
    for (std::uint32_t i = 0; i < stored; ++i) {
        all_deleted = all_deleted && delete_item(fixture, anna, i + 1) && delete_item(fixture, ben, i + 1);
    }
    if (all_there) ledger.write(nothing_lost);
    if (all_deleted) ledger.write(deleted);
    std::filesystem::remove(hog);
    if (fixture.run(fixture.submit(fixture.make_message(50'000, anna, {ben}, 20'000))).ok()) {
        ledger.write(accepted_again);
    }
    if (!fatal) ledger.write(not_fatal);
    return 0;
}

}  // namespace

TEST_CASE("disk full: submits are refused, receipts and deletes go on, and what they free is used again", "[store]") {
    StoreFixture fixture;
    const auto end = run_child([&](const Ledger& ledger) { return live_on_a_full_disk(fixture, ledger); });
    if (end.exit_code == kNoNamespace) SKIP("no mount namespace without privileges here");
    REQUIRE(end.exit_code == 0);
    CHECK(end.ledger ==
          std::vector<std::uint32_t>{refused_for_room, receipt_kept, nothing_lost, deleted, accepted_again, not_fatal});
}

}  // namespace carepost::test
