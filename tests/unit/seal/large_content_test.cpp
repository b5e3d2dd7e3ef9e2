// The largest content in constant memory. Hidden: run by a stage of its own, `seal_test "[large]"`.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>
#include <iostream>

#include "client-lib/seal/chunked.h"
#include "tests/unit/seal/practices.h"

using namespace carepost;
using namespace carepost::test;
using namespace carepost::seal;

namespace {

constexpr std::uint64_t kSize = limits::kMessage;   // 2 GiB
constexpr std::uint64_t kMemoryMost = 24ULL << 20;  // of the whole test program

std::uint64_t most_memory_ever() {  // VmHWM, bytes
    std::ifstream status("/proc/self/status");
    std::string word;
    std::uint64_t kib = 0;
    while (status >> word) {
        if (word == "VmHWM:") status >> kib;
    }
    return kib * 1024;
}

// Bytes that differ from place to place without being kept: each 8 bytes hold their own offset.
void fill_pattern(std::uint64_t offset, std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t at = offset + i;
        out[i] = static_cast<std::uint8_t>((at / 8) >> (8 * (at % 8)));
    }
}

class PatternSource final : public ByteSource {
public:
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), kSize - at_));
        fill_pattern(at_, out.first(size));
        at_ += size;
        return size;
    }

private:
    std::uint64_t at_ = 0;
};

class NoSink final : public ByteSink {
public:
    Status write(ByteView) override { return {}; }
};

// Takes each part as it is sealed, opens it, and compares it with the pattern.
class OpeningSink final : public ByteSink {
public:
    explicit OpeningSink(ContentOpener& opener) : opener_(opener), expected_(kPartPlain) {}
    Status write(ByteView part) override {
        TRY_ASSIGN(const ByteView plain, opener_.open_part(next_++, part));
        const std::span<std::uint8_t> expected = std::span(expected_).first(plain.size());
        fill_pattern(opened_, expected);
        if (!equal(plain, expected)) return fail(ErrorCode::cannot_open, "other bytes than those sealed");
        opened_ += plain.size();
        return {};
    }
    std::uint64_t opened() const { return opened_; }

private:
    ContentOpener& opener_;
    Bytes expected_;
    std::uint64_t next_ = 0;
    std::uint64_t opened_ = 0;
};

}  // namespace

TEST_CASE("large content: 2 GiB are sealed and opened in constant memory", "[.][large]") {
    using Seconds = std::chrono::duration<double>;
    SeededRandom people(1);
    Practice lab("nihii:71032209/HOSPITAL", people);
    Practice doctor("nihii:19234011/DOCTOR", people);
    const auto begin = std::chrono::steady_clock::now();
    SeededRandom random(2);
    Stored stored;
    auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
    PatternSource source;
    NoSink nowhere;
    stored.sealed.push_back(sealer.add_content({"", "", kSize}, source, nowhere).value());
    const auto sealed = std::chrono::steady_clock::now();
    std::vector<Recipient> recipients{doctor.as_recipient()};
    RecipientList list(recipients);
    BytesSink stanzas(stored.stanzas);
    stored.envelope = sealer.finish(some_meta(), lab.as_sender(), list, stanzas).value();
    const auto message = open_as(doctor, lab, Fetched(stored, 1)).value();
    auto opener = message.content(0, stored.leaves(0)).value();

    // The same randomness seals the same bytes again; this time somebody opens them.
    SeededRandom again(2);
    auto repeated = MessageSealer::begin(again.id<MessageId>(), again).value();
    PatternSource second;
    OpeningSink opening(opener);
    const auto result = repeated.add_content({"", "", kSize}, second, opening);
    REQUIRE(result);
    CHECK(opening.opened() == kSize);
    const std::uint64_t memory = most_memory_ever();
    CHECK(memory < kMemoryMost);
    std::cout << "sealing 2 GiB: " << Seconds(sealed - begin).count()
              << " s; sealing and opening: " << Seconds(std::chrono::steady_clock::now() - sealed).count()
              << " s; memory at most " << memory / 1024 << " KiB\n";
}
