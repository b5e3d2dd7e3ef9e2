#include <catch2/catch_test_macros.hpp>

#include <fstream>

#include "client-lib/src/archive/archive.h"
#include "client-lib/src/archive/fields.h"
#include "client-lib/src/directory/known_mailbox.h"
#include "client-lib/src/identity/epochs.h"
#include "client-lib/src/identity/keys.h"
#include "client-lib/src/platform/files.h"
#include "client-lib/src/receive/numbering.h"
#include "client-lib/src/receive/reader.h"
#include "client-lib/src/send/input.h"
#include "client-lib/src/send/spool.h"
#include "proto/base/file.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::client;
using carepost::test::kDay;
using carepost::test::kNow;
using carepost::test::SeededRandom;
using carepost::test::TemporaryFolder;

namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("archive: values come back, are replaced, and go") {
    const TemporaryFolder folder;
    SeededRandom random(1);
    auto archive = Archive::open(folder / "state.db", random.secret<32>(), random).value();
    REQUIRE(archive->put(RecordKind::pin, view_of("a"), view_of("first")));
    REQUIRE(archive->put(RecordKind::pin, view_of("a"), view_of("second")));
    CHECK(text_of(archive->get(RecordKind::pin, view_of("a")).value()->reveal()) == "second");
    CHECK_FALSE(archive->get(RecordKind::spool, view_of("a")).value());
    REQUIRE(archive->erase(RecordKind::pin, view_of("a")));
    CHECK_FALSE(archive->get(RecordKind::pin, view_of("a")).value());
}

TEST_CASE("archive: lists by order within a prefix") {
    const TemporaryFolder folder;
    SeededRandom random(1);
    auto archive = Archive::open(folder / "state.db", random.secret<32>(), random).value();
    REQUIRE(archive->put(RecordKind::receipt, view_of("x2"), view_of("later"), 9));
    REQUIRE(archive->put(RecordKind::receipt, view_of("x1"), view_of("latest"), 10));
    REQUIRE(archive->put(RecordKind::receipt, view_of("x3"), view_of("first"), 1));
    REQUIRE(archive->put(RecordKind::receipt, view_of("y"), view_of("other"), 0));
    const auto rows = archive->list(RecordKind::receipt, view_of("x")).value();
    REQUIRE(rows.size() == 3);
    CHECK(text_of(rows[0].value.reveal()) == "first");
    CHECK(text_of(rows[2].value.reveal()) == "latest");
}

TEST_CASE("archive: another key does not open it, and nothing readable is on the disk") {
    const TemporaryFolder folder;
    SeededRandom random(1);
    const auto key = random.secret<32>();
    {
        auto archive = Archive::open(folder / "state.db", key.clone(), random).value();
        REQUIRE(archive->put(RecordKind::spool, view_of("k"), view_of("a very recognisable subject")));
    }
    CHECK(content_of(folder / "state.db").find("recognisable") == std::string::npos);
    CHECK(Archive::open(folder / "state.db", random.secret<32>(), random).error().code == ErrorCode::damaged_file);
    CHECK(Archive::open(folder / "state.db", key.clone(), random));
}

TEST_CASE("identity lock: a second holder is told so, and it is free again afterwards") {
    const TemporaryFolder folder;
    {
        const auto lock = IdentityLock::take(folder / "lock");
        REQUIRE(lock);
        CHECK(IdentityLock::take(folder / "lock").error().code == ErrorCode::identity_in_use);
    }
    CHECK(IdentityLock::take(folder / "lock"));
}

TEST_CASE("keys: what is saved is loaded, with the right key only") {
    const TemporaryFolder folder;
    SeededRandom random(1);
    const Paths paths = resolve_paths(folder.path().string()).value();
    REQUIRE(make_private_directory(paths.config));
    Unlock unlock;
    unlock.key = random.secret<32>();
    const auto unlocker = Unlocker::make(unlock).value();
    const auto made = make_identity(Address::parse("nihii:19234011/DOCTOR").value(), "Dr. Example", "desk", random);
    REQUIRE(save_identity(paths, made, unlocker, random));
    const auto loaded = load_member_keys(paths, unlocker).value();
    CHECK(loaded.address == made.member.address);
    CHECK(loaded.mailbox == made.member.mailbox);
    CHECK(loaded.transport == made.member.transport);
    CHECK(loaded.signing.verify_key() == made.member.signing.verify_key());
    CHECK(loaded.local_key == made.member.local_key);
    CHECK(load_identity_key(paths.identity_key(), unlocker).value().verify_key() == made.member.identity_key);

    Unlock other;
    other.key = random.secret<32>();
    CHECK(load_member_keys(paths, Unlocker::make(other).value()).error().code == ErrorCode::wrong_passphrase);
    std::filesystem::permissions(paths.member_key(), std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    CHECK(load_member_keys(paths, unlocker).error().code == ErrorCode::unsafe_key_file);
    std::filesystem::remove(paths.member_key());
    CHECK(load_member_keys(paths, unlocker).error().code == ErrorCode::not_enrolled);
}

TEST_CASE("epochs: ten at first, topped up to ten ahead, nothing when all are there") {
    const TemporaryFolder folder;
    const test::World world;
    SeededRandom random(2);
    const auto local = random.secret<32>();
    auto keyring = Keyring::open(folder / "keyring", local, random).value();
    auto state = trust::MailboxState::begin(world.genesis(), test::World::rules()).value();
    CHECK(make_missing_epochs(state, *keyring, world.member_key, test::World::rules()).value().size() == 10);
    CHECK(make_missing_epochs(state, *keyring, world.member_key, test::World::rules(kNow + kDay)).value().empty());
    const UnixMillis later = kNow + 21 * kDay + 1;
    CHECK(state.epoch_for(later));  // closed for three weeks: still reachable
    CHECK(make_missing_epochs(state, *keyring, world.member_key, test::World::rules(later)).value().size() == 3);
    CHECK(state.epochs().size() == 13);
    // Every published key belongs to a secret that is on the disk.
    auto again = Keyring::open(folder / "keyring", local, random).value();
    for (const auto& epoch : state.epochs()) {
        const auto pair = seal::SealingKeyPair::from_epoch_secret(again->secret(epoch.number).value()).value();
        CHECK(pair.public_key == epoch.public_key);
    }
}

namespace {

codec::Epoch epoch_of(std::uint32_t number, const Secret<32>& secret, UnixMillis not_after) {
    return {number, seal::SealingKeyPair::from_epoch_secret(secret).value().public_key, not_after - 1, not_after, {},
            {}};
}

}  // namespace

TEST_CASE("keyring: of several attempts at an epoch the published one stays") {
    const TemporaryFolder folder;
    SeededRandom random(2);
    const auto local = random.secret<32>();
    auto keyring = Keyring::open(folder / "keyring", local, random).value();
    const std::vector<std::uint32_t> one{1};
    const auto first = keyring->prepare(one).value();
    CHECK(keyring->secret(1).value() == first[0]);
    const auto second = keyring->prepare(one).value();
    CHECK_FALSE(first[0] == second[0]);
    CHECK(keyring->secret(1).error().code == ErrorCode::not_found);  // which one was published is not known yet
    CHECK(keyring->held().empty());

    // A crash between publication and its answer: the next start sees the chain.
    keyring = Keyring::open(folder / "keyring", local, random).value();
    REQUIRE(keyring->settle(std::vector{epoch_of(1, first[0], kNow)}));
    CHECK(keyring->secret(1).value() == first[0]);
    CHECK(keyring->held() == std::set<std::uint32_t>{1});

    const std::vector<std::uint32_t> two{2};
    REQUIRE(keyring->prepare(two));
    REQUIRE(keyring->settle(std::vector{epoch_of(2, random.secret<32>(), kNow)}));
    CHECK(keyring->secret(2).error().code == ErrorCode::not_found);  // another manager was faster
}

TEST_CASE("keyring: secrets are destroyed after the longest retention told while they could be sealed to") {
    const TemporaryFolder folder;
    SeededRandom random(2);
    const auto local = random.secret<32>();
    auto keyring = Keyring::open(folder / "keyring", local, random).value();
    const std::vector<std::uint32_t> numbers{1, 2};
    const auto secrets = keyring->prepare(numbers).value();
    const std::vector chain{epoch_of(1, secrets[0], kNow), epoch_of(2, secrets[1], kNow + 7 * kDay)};
    REQUIRE(keyring->settle(chain));
    REQUIRE(keyring->note_retention(90, kNow));
    REQUIRE(keyring->note_retention(30, kNow + 1));   // shorter from now on, but what was stored before stays longer
    REQUIRE(keyring->note_retention(100, kNow + 1));  // epoch 1 can no longer be sealed to
    CHECK(keyring->destroy_expired(chain, 90, kNow + 90 * kDay).value() == 0);
    CHECK(keyring->destroy_expired(chain, 90, kNow + 90 * kDay + 1).value() == 1);
    CHECK(keyring->secret(1).error().code == ErrorCode::not_found);
    CHECK(keyring->destroy_expired(chain, 90, kNow + 107 * kDay).value() == 0);
    CHECK(keyring->destroy_expired(chain, 90, kNow + 107 * kDay + 1).value() == 1);
    CHECK(keyring->held().empty());
    CHECK(Keyring::open(folder / "keyring", random.secret<32>(), random).error().code == ErrorCode::damaged_file);
}

TEST_CASE("keyring: without a word from the broker a secret stays as long as any broker may keep a message") {
    const TemporaryFolder folder;
    SeededRandom random(2);
    auto keyring = Keyring::open(folder / "keyring", random.secret<32>(), random).value();
    const auto secret = random.secret<32>();
    const std::vector chain{epoch_of(1, secret, kNow)};
    std::vector<Keyring::Opened> opened;
    opened.push_back({chain[0], secret.clone()});
    REQUIRE(keyring->accept(std::move(opened), 0));
    CHECK(keyring->destroy_expired(chain, 0, kNow + 365 * kDay).value() == 0);
    CHECK(keyring->destroy_expired(chain, 0, kNow + 365 * kDay + 1).value() == 1);
}

TEST_CASE("keyring: a sealing key stays the same until its packet is opened, then it is gone") {
    const TemporaryFolder folder;
    SeededRandom random(2);
    const auto local = random.secret<32>();
    auto keyring = Keyring::open(folder / "keyring", local, random).value();
    const std::vector<std::uint32_t> numbers{4, 5};
    const auto keys = keyring->sealing_keys(numbers).value();
    keyring = Keyring::open(folder / "keyring", local, random).value();
    CHECK(keyring->sealing_keys(numbers).value() == keys);
    const auto secret = random.secret<32>();
    std::vector<Keyring::Opened> opened;
    opened.push_back({epoch_of(4, secret, kNow), secret.clone()});
    REQUIRE(keyring->accept(std::move(opened), 90));
    CHECK(keyring->sealing_seed(4).error().code == ErrorCode::not_found);
    CHECK(keyring->sealing_seed(5));
    CHECK(keyring->secret(4).value() == secret);
    // The sealing key of an epoch whose packet never came goes with the epoch's time.
    const std::vector chain{epoch_of(5, secret, kNow)};
    REQUIRE(keyring->destroy_expired(chain, 90, kNow + 90 * kDay + 1));
    CHECK(keyring->sealing_seed(5).error().code == ErrorCode::not_found);
}

TEST_CASE("keyring: the old bytes are overwritten where the file system lets a program do it") {
    const TemporaryFolder folder;
    SeededRandom random(2);
    auto keyring = Keyring::open(folder / "keyring", random.secret<32>(), random).value();
    const std::vector<std::uint32_t> one{1};
    REQUIRE(keyring->sealing_keys(one));
    std::filesystem::create_hard_link(folder / "keyring", folder / "old");  // keeps the replaced file in sight
    const std::vector<std::uint32_t> two{2};
    REQUIRE(keyring->sealing_keys(two));
    const Bytes old = read_file_limited(folder / "old", 4096).value();
    REQUIRE_FALSE(old.empty());
    CHECK(std::ranges::all_of(old, [](auto byte) { return byte == 0; }));
}

TEST_CASE("spool: a record survives writing and reading") {
    SpoolRecord record;
    record.id = MessageId{{7}};
    record.state = SpoolState::sealed;
    record.bytes = 42;
    record.meta.subject = "Lab result";
    record.meta.metadata = {{"k", "v"}};
    record.meta.reply_to = MessageId{{9}};
    record.recipients = {{"nihii:19234011/DOCTOR", MailboxId{{3}}, 5, Hash{{1}}}};
    record.contents = {{131'256, 1}};
    record.routing = {1, 2, 3};
    record.sealer = SecretBytes::copy_from(view_of("secret"));
    const auto read = decode_spool_record(encode(record).reveal()).value();
    CHECK(read.meta.subject == record.meta.subject);
    CHECK(read.meta.metadata == record.meta.metadata);
    CHECK(read.meta.reply_to == record.meta.reply_to);
    CHECK(read.recipients.front().seq == 5);
    CHECK(read.contents.front().sealed_length == 131'256);
    CHECK(read.routing == record.routing);
    CHECK(read.sealer == record.sealer);
    CHECK(decode_spool_record(view_of("nonsense")).error().code == ErrorCode::damaged_file);
}

TEST_CASE("input: a file that changes while it is read is file_changed") {
    const TemporaryFolder folder;
    std::ofstream(folder / "report.json") << "one";
    ContentInput input{FileInput{(folder / "report.json").string()}, {}, {}};
    auto reader = InputReader::open(input).value();
    CHECK(reader.name() == "report.json");
    CHECK(reader.media_type() == "application/json");
    CHECK(reader.size() == 3);
    std::ofstream(folder / "report.json") << "other";
    CHECK(reader.finish().error().code == ErrorCode::file_changed);
}

TEST_CASE("input: a missing file and a folder are told apart") {
    const TemporaryFolder folder;
    const ContentInput missing{FileInput{(folder / "nothing").string()}, {}, {}};
    CHECK(InputReader::open(missing).error().code == ErrorCode::no_such_file);
    const ContentInput directory{FileInput{folder.path().string()}, {}, {}};
    CHECK(InputReader::open(directory).error().code == ErrorCode::unreadable);
}

TEST_CASE("file names: nothing of a sender's choosing escapes the folder or hides in it") {
    CHECK(safe_file_name("scan.pdf", 1) == "scan.pdf");
    CHECK(safe_file_name("", 0) == "body");
    CHECK(safe_file_name("", 2) == "attachment-2");
    CHECK(safe_file_name(".bashrc", 1) == "bashrc");
    CHECK(safe_file_name("..", 1) == "attachment-1");
    CHECK(safe_file_name("../../etc/passwd", 1).find('/') == std::string::npos);
    CHECK(safe_file_name("-rf", 1) == "rf");
    CHECK(safe_file_name(std::string(300, 'a') + ".pdf", 1).size() <= 204);
    CHECK(safe_file_name(std::string(300, 'a') + ".pdf", 1).ends_with(".pdf"));
}

TEST_CASE("rename: an existing name is left alone unless it is to be replaced") {
    const TemporaryFolder folder;
    std::ofstream(folder / "a") << "new";
    std::ofstream(folder / "b") << "old";
    CHECK(rename_file(folder / "a", folder / "b", false).error().code == ErrorCode::already_exists);
    CHECK(content_of(folder / "b") == "old");
    REQUIRE(rename_file(folder / "a", folder / "b", true));
    CHECK(content_of(folder / "b") == "new");
}

TEST_CASE("numbering: gaps, repeats and replays are reported, and a gap that fills is forgotten") {
    const TemporaryFolder folder;
    SeededRandom random(3);
    auto archive = Archive::open(folder / "state.db", random.secret<32>(), random).value();
    Numbering numbering(*archive);
    Arrival one{MailboxId{{1}}, MemberId{{1}}, MessageId{{1}}, 10, 1, {}, Hash{{1}}};
    CHECK(numbering.note(one).value().empty());
    CHECK(numbering.note(one).value().empty());  // opened again
    Arrival three{MailboxId{{1}}, MemberId{{1}}, MessageId{{3}}, 11, 3, Hash{{2}}, Hash{{3}}};
    CHECK(numbering.note(three).value().size() == 1);
    const Arrival two{MailboxId{{1}}, MemberId{{1}}, MessageId{{2}}, 12, 2, Hash{{1}}, Hash{{2}}};
    CHECK(numbering.note(two).value().empty());
    CHECK(numbering.note(three).value().empty());
    Arrival replay = one;
    replay.own_seq = 99;
    CHECK(numbering.note(replay).value().size() == 1);
    const Arrival wrong_previous{MailboxId{{1}}, MemberId{{1}}, MessageId{{4}}, 13, 4, Hash{{77}}, Hash{{4}}};
    CHECK(numbering.note(wrong_previous).value().size() == 1);
    const Arrival same_number{MailboxId{{1}}, MemberId{{1}}, MessageId{{5}}, 14, 4, {}, Hash{{5}}};
    CHECK(numbering.note(same_number).value().size() == 1);
}

TEST_CASE("known mailbox: what is kept is verified again when it is read") {
    const test::World world;
    const auto broker = PinnedBroker(
        trust::verify_broker_file(trust::sign_broker_file(world.broker_content(), world.root).value()).value());
    const auto certificate = trust::issue(world.certificate_content(), world.registrar).value();
    auto known = verify_objects(certificate, world.chain(2), std::nullopt, broker, kNow).value();
    known.certificate_index = 4;
    known.chain_indexes = {5, 6, 7};
    known.checked_size = 8;
    known.head_time = kNow;
    const auto read = decode_known_mailbox(encode(known).reveal(), broker, kNow).value();
    CHECK(read.state.head_seq() == 2);
    CHECK(read.chain_indexes == known.chain_indexes);
    CHECK(read.certificate.address == known.certificate.address);
    CHECK(read.was_certified(6));
    CHECK_FALSE(read.was_certified(5));
    CHECK(read.held(world.member_id, codec::right::kSend, 8));
    CHECK_FALSE(read.held(world.member_id, codec::right::kSend, 5));

    test::World other;
    other.registrar = SigningKey::generate(other.random);
    const auto stranger = trust::issue(other.certificate_content(), other.registrar).value();
    CHECK(verify_objects(stranger, world.chain(2), std::nullopt, broker, kNow).error().code ==
          ErrorCode::certificate_invalid);
}
