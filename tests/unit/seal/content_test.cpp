// Contents: streaming in and out, random access, padding, and sources and sinks that fail.

#include <catch2/catch_test_macros.hpp>

#include "client-lib/seal/chunked.h"
#include "client-lib/seal/message_keys.h"
#include "client-lib/seal/padme.h"
#include "tests/unit/seal/practices.h"

using namespace carepost;
using namespace carepost::test;
using namespace carepost::seal;

namespace {

constexpr std::uint32_t kDoctor = 1;

// A message with a body of several parts, opened by its addressee.
struct Opened {
    SeededRandom random{7};
    Practice lab{"nihii:71032209/HOSPITAL", random};
    Practice doctor{"nihii:19234011/DOCTOR", random};
    Bytes body = random.bytes(3 * kPartPlain + 777);
    Stored stored = seal_message(lab, {&doctor}, {body}, random);
    OpenedMessage message = open_as(doctor, lab, Fetched(stored, kDoctor)).value();
    Bytes leaves = stored.leaves(0);
    ContentOpener opener = message.content(0, leaves).value();

    ByteView plain_of_part(std::uint64_t part) const {
        const ByteView all(body);
        const std::size_t begin = std::min<std::size_t>(part * kPartPlain, all.size());
        return all.subspan(begin, std::min(kPartPlain, all.size() - begin));
    }
};

bool is_cannot_open(const auto& result) { return !result && result.error().code == ErrorCode::cannot_open; }
bool is_bad_argument(const auto& result) { return !result && result.error().code == ErrorCode::bad_argument; }

// Hands out its bytes in small pieces and fails at the n-th call, if that comes.
class FailingSource final : public ByteSource {
public:
    FailingSource(Bytes bytes, std::size_t piece, std::size_t fails_at)
        : bytes_(std::move(bytes)), rest_(bytes_), piece_(piece), fails_at_(fails_at) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        if (++calls_ == fails_at_) return fail(ErrorCode::io_failed, "the disk is gone");
        const std::size_t size = std::min({out.size(), piece_, rest_.size()});
        std::copy_n(rest_.begin(), size, out.begin());
        rest_ = rest_.subspan(size);
        return size;
    }
    std::size_t calls() const { return calls_; }

private:
    Bytes bytes_;
    ByteView rest_;
    std::size_t piece_;
    std::size_t fails_at_;
    std::size_t calls_ = 0;
};

class FailingSink final : public ByteSink {
public:
    explicit FailingSink(std::size_t fails_at) : fails_at_(fails_at) {}
    Status write(ByteView bytes) override {
        if (++calls_ == fails_at_) return fail(ErrorCode::disk_full, "no room");
        size_ += bytes.size();
        return {};
    }
    std::size_t calls() const { return calls_; }

private:
    std::size_t fails_at_;
    std::size_t calls_ = 0;
    std::size_t size_ = 0;
};

constexpr std::size_t kNever = 0;

}  // namespace

TEST_CASE("content: parts open in any order once part 0 was there") {
    Opened o;
    REQUIRE(o.opener.layout().parts() >= 4);
    CHECK(o.opener.size() == o.body.size());
    CHECK(is_bad_argument(o.opener.open_part(2, o.stored.part(0, 2))));
    for (const std::uint64_t part : {0U, 3U, 1U, 2U, 0U, 3U}) {
        const Bytes sealed = o.stored.part(0, part);
        const auto plain = o.opener.open_part(part, sealed);
        REQUIRE(plain);
        CHECK(equal(*plain, o.plain_of_part(part)));
    }
}

TEST_CASE("content: a download goes on at a later part with the kept stream header") {
    Opened o;
    CHECK(is_bad_argument(o.opener.stream_header()));
    REQUIRE(o.opener.open_part(0, o.stored.part(0, 0)));
    Bytes kept = o.opener.stream_header().value();

    ContentOpener later = o.message.content(0, o.leaves).value();
    REQUIRE(later.resume(kept));
    const Bytes sealed = o.stored.part(0, 2);
    const auto plain = later.open_part(2, sealed);
    REQUIRE(plain);
    CHECK(equal(*plain, o.plain_of_part(2)));

    kept[5] ^= 1;
    ContentOpener other = o.message.content(0, o.leaves).value();
    CHECK(is_cannot_open(other.resume(kept)));
    kept.pop_back();
    CHECK(is_cannot_open(other.resume(kept)));
}

TEST_CASE("content: parts in another place, cut, lengthened or altered are refused") {
    Opened o;
    REQUIRE(o.opener.open_part(0, o.stored.part(0, 0)));
    CHECK(is_cannot_open(o.opener.open_part(1, o.stored.part(0, 2))));
    CHECK(is_cannot_open(o.opener.open_part(2, o.stored.part(0, 1))));
    CHECK(is_bad_argument(o.opener.open_part(99, o.stored.part(0, 1))));
    Bytes part = o.stored.part(0, 1);
    for (std::size_t i = 0; i < part.size(); i += 997) {
        part[i] ^= 4;
        CHECK(is_cannot_open(o.opener.open_part(1, part)));
        part[i] ^= 4;
    }
    CHECK(o.opener.open_part(1, part));
    part.push_back(0);
    CHECK(is_cannot_open(o.opener.open_part(1, part)));
    part.resize(part.size() - 2);
    CHECK(is_cannot_open(o.opener.open_part(1, part)));
}

TEST_CASE("content: leaf hashes must make up the root") {
    Opened o;
    CHECK(is_cannot_open(o.message.content(0)));
    Bytes leaves = o.leaves;
    leaves[40] ^= 1;
    CHECK(is_cannot_open(o.message.content(0, leaves)));
    CHECK(is_cannot_open(o.message.content(0, ByteView(o.leaves).first(64))));
    std::swap_ranges(o.leaves.begin(), o.leaves.begin() + 32, o.leaves.begin() + 32);
    CHECK(is_cannot_open(o.message.content(0, o.leaves)));
    CHECK(is_bad_argument(o.message.content(1, o.leaves)));
}

TEST_CASE("content: padding that hides something is refused, and nothing of the part is released") {
    // A sender of ill will seals 2,000 bytes in which those beyond the stated size are not zero.
    SeededRandom random(9);
    Practice lab("nihii:71032209/HOSPITAL", random);
    Practice doctor("nihii:19234011/DOCTOR", random);
    for (const bool hidden : {false, true}) {
        auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
        const Bytes state = copy_of(sealer.state().reveal());
        const auto key = Secret<32>::from_view(ByteView(state).subspan(1 + 16, 32)).value();
        Bytes plain(padme(1500), 0);
        std::fill_n(plain.begin(), 1500, std::uint8_t{'x'});
        if (hidden) plain.back() = 1;
        auto cipher =
            ChunkedSealer::create(body_key(key, sealer.id()), content_context(sealer.id(), 0), random).value();
        Stored stored;
        Bytes sealed(kPartSealedMost);
        sealed.resize(cipher.seal_part(plain, sealed).value());
        stored.contents.push_back(sealed);
        stored.sealed.push_back({1500, sealed.size(), trust::leaf_hash(sealed), {trust::leaf_hash(sealed)}});
        // The state after this body, written by hand: one item of 1,500 bytes.
        Bytes forged(state.begin(), state.end() - 4);
        ByteWriter(forged)
            .u32(1)
            .prefixed({})
            .prefixed({})
            .u64(1500)
            .prefixed({})
            .u64(sealed.size())
            .raw(stored.sealed[0].root.view());
        auto forger = MessageSealer::restore(forged, random).value();
        std::vector<Recipient> recipients{doctor.as_recipient()};
        RecipientList list(recipients);
        BytesSink stanzas(stored.stanzas);
        stored.envelope = forger.finish(some_meta(), lab.as_sender(), list, stanzas).value();
        const auto message = open_as(doctor, lab, Fetched(stored, kDoctor));
        REQUIRE(message);
        const auto read = read_content(*message, stored, 0);
        CHECK(is_cannot_open(read) == hidden);
        if (!hidden) CHECK(read->size() == 1500);
    }
}

TEST_CASE("sealer: a source that fails at its n-th read fails the message, with its own error") {
    SeededRandom random(11);
    const Bytes body = random.bytes(kPartPlain + 5000);
    std::size_t calls = 0;
    for (std::size_t n = 1; n == 1 || n <= calls + 1; ++n) {
        auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
        FailingSource source(body, 30'000, n > calls + 1 ? kNever : n);
        FailingSink sink(kNever);
        const auto sealed = sealer.add_content({"", "", {}}, source, sink);
        if (sealed) {
            CHECK(n == calls + 1);
            CHECK(sealed->size == body.size());
            break;
        }
        calls = n;
        CHECK(sealed.error().code == ErrorCode::io_failed);
        ViewSource good(body);
        CHECK(is_bad_argument(sealer.add_content({"", "", {}}, good, sink)));
    }
    CHECK(calls > 4);
}

TEST_CASE("sealer: a sink that fails at its n-th write fails the message, with its own error") {
    SeededRandom random(12);
    const Bytes body = random.bytes(2 * kPartPlain);
    for (std::size_t n = 1; n <= 3; ++n) {
        auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
        ViewSource source(body);
        FailingSink sink(n);
        const auto sealed = sealer.add_content({"", "", {}}, source, sink);
        REQUIRE(!sealed);
        CHECK(sealed.error().code == ErrorCode::disk_full);
    }
    auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
    ViewSource source(body);
    FailingSink sink(kNever);
    REQUIRE(sealer.add_content({"", "", {}}, source, sink));
    CHECK(sink.calls() == 3);  // two full parts and the last one with nothing but the final chunk

    Practice lab("nihii:71032209/HOSPITAL", random);
    std::vector<Recipient> recipients{lab.as_recipient()};
    for (std::size_t n = 1; n <= 1; ++n) {
        RecipientList list(recipients);
        FailingSink stanzas(n);
        const auto finished = sealer.finish(some_meta(), lab.as_sender(), list, stanzas);
        REQUIRE(!finished);
        CHECK(finished.error().code == ErrorCode::disk_full);
    }
}

TEST_CASE("sealer: a file that grew or shrank since it was looked at is told as changed") {
    SeededRandom random(13);
    const Bytes body = random.bytes(5000);
    for (const std::uint64_t stated : {4999U, 5001U}) {
        auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
        ViewSource source(body);
        FailingSink sink(kNever);
        const auto sealed = sealer.add_content({"", "", stated}, source, sink);
        REQUIRE(!sealed);
        CHECK(sealed.error().code == ErrorCode::file_changed);
    }
}

TEST_CASE("sealer: the message limit is over all contents together") {
    SeededRandom random(14);
    SealLimits limits;
    limits.message_bytes = 10'000;
    auto sealer = MessageSealer::begin(random.id<MessageId>(), random, limits).value();
    FailingSink sink(kNever);
    const Bytes body = random.bytes(6000);
    ViewSource first(body);
    REQUIRE(sealer.add_content({"", "", {}}, first, sink));
    ViewSource second(body);
    const auto sealed = sealer.add_content({"more.bin", "", {}}, second, sink);
    REQUIRE(!sealed);
    CHECK(sealed.error().code == ErrorCode::too_large);
}

TEST_CASE("sealer: no more than a hundred attachments, no recipient twice, no message without a body or a recipient") {
    SeededRandom random(15);
    Practice lab("nihii:71032209/HOSPITAL", random);
    Practice doctor("nihii:19234011/DOCTOR", random);
    auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
    FailingSink sink(kNever);
    std::vector<Recipient> twice{doctor.as_recipient(), doctor.as_recipient()};
    RecipientList early(twice);
    CHECK(is_bad_argument(sealer.finish(some_meta(), lab.as_sender(), early, sink)));
    for (std::size_t i = 0; i <= limits::kAttachments; ++i) {
        ViewSource source(view_of("x"));
        REQUIRE(sealer.add_content({"a" + std::to_string(i), "text/plain", 1}, source, sink));
    }
    ViewSource source(view_of("x"));
    const auto over = sealer.add_content({"b", "", 1}, source, sink);
    REQUIRE(!over);
    CHECK(over.error().code == ErrorCode::too_many);
    RecipientList list(twice);
    CHECK(is_bad_argument(sealer.finish(some_meta(), lab.as_sender(), list, sink)));
    RecipientList nobody(std::span<const Recipient>{});
    CHECK(is_bad_argument(sealer.finish(some_meta(), lab.as_sender(), nobody, sink)));
    RecipientList one(std::span<const Recipient>(twice).first(1));
    CHECK(sealer.finish(some_meta(), lab.as_sender(), one, sink));
}

TEST_CASE("sealer: texts that could deceive are not sent") {
    SeededRandom random(16);
    Practice lab("nihii:71032209/HOSPITAL", random);
    Practice doctor("nihii:19234011/DOCTOR", random);
    for (const char* name : {"../secret", "a/b", "c:d", "tab\there", "gpj.\u202Eexe", "\xff", ".."}) {
        CAPTURE(name);
        auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
        FailingSink sink(kNever);
        ViewSource body(view_of("x"));
        REQUIRE(sealer.add_content({"", "", 1}, body, sink));
        ViewSource file(view_of("x"));
        const bool added = sealer.add_content({name, "", 1}, file, sink).has_value();
        std::vector<Recipient> recipients{doctor.as_recipient()};
        RecipientList list(recipients);
        CHECK(is_bad_argument(sealer.finish(some_meta(), lab.as_sender(), list, sink)));
        CHECK(!added);
    }
    auto sealer = MessageSealer::begin(random.id<MessageId>(), random).value();
    FailingSink sink(kNever);
    ViewSource body(view_of("x"));
    REQUIRE(sealer.add_content({"", "", 1}, body, sink));
    MessageMeta meta = some_meta();
    meta.header.subject = "line\nbreak";
    std::vector<Recipient> recipients{doctor.as_recipient()};
    RecipientList list(recipients);
    CHECK(is_bad_argument(sealer.finish(meta, lab.as_sender(), list, sink)));
}
