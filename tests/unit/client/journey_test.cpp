// The whole journey through the real daemon: enrol, send, receive, verify, interrupted and repeated.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/seeded_random.h"
#include "tests/unit/client/live_broker.h"

using namespace carepost;
using namespace carepost::client;
using carepost::test::LiveBroker;
using namespace std::chrono_literals;

namespace {

constexpr auto kHospital = "nihii:71032209/HOSPITAL";
constexpr auto kDoctor = "nihii:19234011/DOCTOR";

struct Practices {
    Practices() {
        broker.enrol("hospital", kHospital);
        broker.enrol("doctor", kDoctor);
    }
    std::unique_ptr<Client> open(const std::string& who) const {
        auto client = Client::open(broker.options(who));
        if (!client) throw std::runtime_error(client.error().message);
        return std::move(*client);
    }
    LiveBroker broker;
};

SendInput letter(Bytes body, std::vector<Bytes> attachments = {}) {
    SendInput input;
    input.to = {kDoctor};
    input.subject = "Lab result";
    input.type = "lab-result";
    input.body = {std::move(body), "report.json", {}};
    for (Bytes& bytes : attachments)
        input.attachments.push_back({std::move(bytes), "scan.pdf", {}});
    return input;
}

Bytes content_of(const std::string& path) { return copy_of(view_of(LiveBroker::read(path))); }

std::size_t entries_of(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

#define REQUIRE_OK(result)                                                                                   \
    do {                                                                                                     \
        if (!(result)) UNSCOPED_INFO(error_name((result).error().code) << ": " << (result).error().message); \
        REQUIRE(result);                                                                                     \
    } while (false)

}  // namespace

TEST_CASE("journey: small and large messages arrive byte-equal, with receipts that verify") {
    Practices practices;
    test::SeededRandom random(5);
    auto hospital = practices.open("hospital");
    auto doctor = practices.open("doctor");
    CHECK(Client::open(practices.broker.options("doctor")).error().code == ErrorCode::identity_in_use);

    const Bytes small = random.bytes(1'024);
    const Bytes large = random.bytes(5 << 20);
    auto first = hospital->send(letter(small));
    REQUIRE_OK(first);
    CHECK(first->recipients == 1);
    CHECK(first->bytes == small.size());
    CHECK_FALSE(first->repeated);
    auto second = hospital->send(letter(small, {large}));
    REQUIRE_OK(second);
    CHECK(hospital->outgoing().value().empty());

    auto inbox = doctor->list();
    REQUIRE_OK(inbox);
    REQUIRE(inbox->items.size() == 2);
    for (const Message& message : inbox->items) {
        if (message.problem) UNSCOPED_INFO(message.problem->message);
        for (const Warning& warning : message.warnings)
            UNSCOPED_INFO(warning.text);
        CHECK_FALSE(message.problem);
        CHECK(message.warnings.empty());
        CHECK(message.subject == "Lab result");
        CHECK(message.sender.address == kHospital);
    }
    const auto folder = practices.broker.path("received");
    std::filesystem::create_directory(folder);
    GetInput get;
    get.which = second->id;
    get.directory = folder.string();
    auto got = doctor->get(get);
    REQUIRE_OK(got);
    REQUIRE(got->files.size() == 2);
    CHECK(content_of(got->files[0].path) == small);
    CHECK(content_of(got->files[1].path) == large);
    CHECK(got->receipt_given);
    for (const Warning& warning : got->warnings)
        UNSCOPED_INFO(warning.text);
    CHECK(got->warnings.empty());
    CHECK(entries_of(folder) == 2);
    auto again = doctor->get(get);
    REQUIRE_OK(again);
    CHECK(std::filesystem::path(again->files[1].path).filename() == "scan (2).pdf");

    auto status = hospital->status(second->id);
    REQUIRE_OK(status);
    REQUIRE(status->recipients.size() == 1);
    if (status->recipients[0].problem) UNSCOPED_INFO(status->recipients[0].problem->message);
    CHECK_FALSE(status->recipients[0].problem);
    CHECK(status->recipients[0].state == DeliveryState::received);
    CHECK(status->recipients[0].received > 0);
    CHECK(status->recipients[0].handed_over > 0);
    auto waiting = hospital->status(first->id);
    REQUIRE_OK(waiting);
    CHECK(waiting->recipients[0].state == DeliveryState::waiting);

    practices.broker.stop();
    const std::string broker_file = practices.broker.data() + "/broker.carepost";
    const auto receipts = hospital->receipts(second->id).value();
    CHECK(receipts.size() == 3);
    for (const SavedReceipt& receipt : receipts) {
        auto facts = Client::verify_receipt(receipt.file, broker_file);
        REQUIRE_OK(facts);
        CHECK(facts->message == second->id);
        CHECK(facts->kind == receipt.kind);
    }
}

TEST_CASE("journey: the same id again gives the first receipt, with other content a conflict") {
    Practices practices;
    auto hospital = practices.open("hospital");
    SendInput input = letter({1, 2, 3});
    input.id = MessageId{{42}};
    auto first = hospital->send(input);
    REQUIRE_OK(first);
    auto second = hospital->send(input);
    REQUIRE_OK(second);
    CHECK(second->repeated);
    CHECK(second->receipt == first->receipt);
    input.subject = "Another";
    CHECK(hospital->send(input).error().code == ErrorCode::conflict);
    CHECK(practices.open("doctor")->list().value().items.size() == 1);
}

TEST_CASE("journey: a send stopped half-way goes on where it stopped, even after the broker was killed") {
    Practices practices;
    test::SeededRandom random(6);
    const Bytes large = random.bytes(8 << 20);
    SendInput input = letter({}, {large});
    input.id = MessageId{{43}};
    auto hospital = practices.open("hospital");
    input.progress = [](const Progress& progress) {
        return progress.phase == Phase::sealing || progress.done < progress.total / 2;
    };
    CHECK(hospital->send(input).error().code == ErrorCode::cancelled);
    REQUIRE(hospital->outgoing().value().size() == 1);
    CHECK(hospital->outgoing().value().front().subject == "Lab result");
    hospital.reset();
    practices.broker.kill();
    practices.broker.start();

    hospital = practices.open("hospital");
    std::uint64_t first_told = 0;
    auto sent = hospital->resume(*input.id, [&first_told](const Progress& progress) {
        if (first_told == 0) first_told = progress.done;
        return true;
    });
    REQUIRE_OK(sent);
    CHECK(first_told > large.size() / 3);
    CHECK(hospital->outgoing().value().empty());

    auto doctor = practices.open("doctor");
    const auto folder = practices.broker.path("received");
    std::filesystem::create_directory(folder);
    GetInput get;
    get.which = *input.id;
    get.directory = folder.string();
    get.progress = [](const Progress& progress) { return progress.done < progress.total - 100'000; };
    CHECK(doctor->get(get).error().code == ErrorCode::cancelled);
    doctor = nullptr;
    doctor = practices.open("doctor");
    std::uint64_t resumed_at = 0;
    get.progress = [&resumed_at](const Progress& progress) {
        if (resumed_at == 0) resumed_at = progress.done;
        return true;
    };
    auto got = doctor->get(get);
    REQUIRE_OK(got);
    CHECK(resumed_at > 0);
    CHECK(content_of(got->files[1].path) == large);
    CHECK(entries_of(folder) == 2);
}

TEST_CASE("journey: arrivals become events, read receipts reach the sender, deletion is for good") {
    Practices practices;
    auto hospital = practices.open("hospital");
    auto doctor = practices.open("doctor");
    const auto watching = doctor->watch();
    REQUIRE_OK(watching);
    SendInput input = letter({9});
    input.read_receipt = true;
    const auto sent = hospital->send(input);
    REQUIRE_OK(sent);
    std::optional<Event> arrived;
    for (int tries = 0; tries < 20 && (!arrived || arrived->kind != EventKind::arrived); ++tries)
        arrived = doctor->next_event(1s).value();
    REQUIRE(arrived);
    CHECK(arrived->kind == EventKind::arrived);
    CHECK(arrived->message == sent->id);

    const auto read = doctor->give_read_receipt(sent->id);
    REQUIRE_OK(read);
    const auto inbox = hospital->list();
    REQUIRE_OK(inbox);
    REQUIRE(inbox->items.size() == 1);
    CHECK(inbox->items[0].is_receipt);
    CHECK(inbox->items[0].receipt_for == sent->id);
    CHECK(hospital->status(sent->id).value().recipients[0].state == DeliveryState::read);

    const auto deleted = doctor->delete_for_good({arrived->seq, 999'999});
    REQUIRE_OK(deleted);
    CHECK_FALSE(deleted->at(0));
    CHECK(deleted->at(1));
    CHECK(doctor->show(arrived->seq).error().code == ErrorCode::not_found);
}

TEST_CASE("journey: wrong input is told apart") {
    Practices practices;
    auto hospital = practices.open("hospital");
    SendInput input = letter({1});
    input.to = {"nihii:19234012/DOCTOR"};
    CHECK(hospital->send(input).error().code == ErrorCode::bad_address);
    input.to = {"cbe:0403019261/INSTITUTION"};
    const auto unknown = hospital->send(input);
    CHECK(error_name(unknown.error().code) == error_name(ErrorCode::unknown_recipient));
    input = letter({1});
    input.attachments.push_back({FileInput{"/nowhere/at/all"}, {}, {}});
    CHECK(hospital->send(input).error().code == ErrorCode::no_such_file);
    const auto checked = hospital->check(kDoctor);
    REQUIRE_OK(checked);
    CHECK(checked->epoch == 1);
    CHECK(checked->sandbox);
    CHECK(checked->size_limit > 0);
    CHECK(hospital->whoami().value().address == kHospital);
    const auto found = hospital->find("doctor");
    REQUIRE_OK(found);
    CHECK(found->items.size() == 1);
}

TEST_CASE("journey: the broker takes no message whose id is zero") {
    Practices practices;
    auto hospital = practices.open("hospital");
    SendInput input = letter(Bytes(10));
    input.id = MessageId{};
    auto sent = hospital->send(input);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == ErrorCode::malformed_request);
    CHECK(sent.error().message.find("zero") != std::string::npos);
}
