// The commands that need no broker, on real files: init, registrar new, registrar sign, log verify.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/broker_home.h"
#include "tests/support/soft_token.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/trust_world.h"
#include "tools/carepostctl/context.h"

using namespace carepost;
using namespace carepost::ctl;
using test::kDay;
using test::kNow;
namespace fs = std::filesystem;

namespace {

class FixedClock final : public Clock {
public:
    UnixMillis now_ms() const override { return now; }
    std::chrono::nanoseconds monotonic() const override { return {}; }
    UnixMillis now = kNow;
};

// A broker's directory and a registrar's desk, made by the commands themselves.
struct Office {
    test::TemporaryFolder folder;
    test::World world;
    FixedClock clock;
    std::atomic<bool> stop{false};
    std::ostringstream out;
    std::ostringstream err;
    Printer print{out, err, true, false};
    Context context{print, world.random, clock, true, stop};
    fs::path data = folder.path() / "broker";
    fs::path desk = folder.path() / "registrar";

    Status make_broker(bool sandbox = true) {
        return run(Init{data, "Test", "tcp://127.0.0.1:7777", sandbox, {}}, context);
    }
    Status make_desk() { return run(RegistrarNew{data, desk, "Registrar", {}, std::chrono::days(365), {}}, context); }
    fs::path write_request() {
        const auto request =
            trust::make_enrolment_request(world.request_content(), world.identity, world.member_key).value();
        const fs::path file = folder.path() / "doctor.request";
        std::ofstream(file) << "Good morning,\n"
                            << trust::armor(trust::armor_kind::kEnrolmentRequest, codec::encode(request).value());
        return file;
    }
    Sign sign(const fs::path& request) { return {desk, request, {}, "", std::chrono::days(30), true, {}}; }
    nlohmann::json last() const {
        std::istringstream lines(out.str());
        std::string line;
        std::string newest;
        while (std::getline(lines, line))
            newest = line;
        return nlohmann::json::parse(newest);
    }
    // What lies in the folder, for "nothing half-made remains".
    std::size_t entries() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
    }
};

}  // namespace

TEST_CASE("init: makes a broker and tells its fingerprint") {
    Office office;
    REQUIRE(office.make_broker());
    const auto broker = trust::load_broker_file(office.data).value();
    CHECK(office.last()["fingerprint"] == broker.fingerprint());
    CHECK(office.last()["sandbox"] == true);
    CHECK(fs::exists(office.data / "carepostd.toml"));
}

TEST_CASE("init: an existing directory is refused, a failed one leaves nothing") {
    Office office;
    fs::create_directory(office.data);
    CHECK(office.make_broker().error().code == ErrorCode::cannot_create);
    CHECK(fs::is_empty(office.data));
    const fs::path other = office.folder.path() / "other";
    CHECK(run(Init{other, "Test", "nonsense", false, {}}, office.context).error().code == ErrorCode::bad_argument);
    CHECK(run(Init{other, "", "tcp://127.0.0.1:7777", false, {}}, office.context).error().code ==
          ErrorCode::bad_argument);
    CHECK(office.entries() == 1);
}

TEST_CASE("registrar new: the broker's file gets a next edition, which the desk keeps too") {
    Office office;
    REQUIRE(office.make_broker());
    REQUIRE(office.make_desk());
    CHECK(trust::load_broker_file(office.data)->file().number == 2);
    CHECK(trust::load_broker_file(office.desk)->registrars().size() == 1);
}

TEST_CASE("registrar new: without the root key nothing changes") {
    Office office;
    REQUIRE(office.make_broker());
    fs::remove(office.data / "root.key");
    CHECK(office.make_desk().error().code == ErrorCode::no_such_file);
    CHECK(office.entries() == 1);
    CHECK(trust::load_broker_file(office.data)->file().number == 1);
}

TEST_CASE("registrar sign: the certificate verifies, and the request goes with it unchanged") {
    Office office;
    REQUIRE(office.make_broker());
    REQUIRE(office.make_desk());
    const fs::path request = office.write_request();
    REQUIRE(run(office.sign(request), office.context));
    const Bytes before = read_file_limited(request, 1 << 20).value();
    const Bytes after = read_file_limited(request.string() + ".signed", 1 << 20).value();
    namespace kind = trust::armor_kind;
    CHECK(trust::unarmor(kind::kEnrolmentRequest, text_of(before), "").value() ==
          trust::unarmor(kind::kEnrolmentRequest, text_of(after), "").value());
    const Bytes bytes = trust::unarmor(kind::kCertificate, text_of(after), "").value();
    const auto broker = trust::load_broker_file(office.data).value();
    const auto certificate =
        trust::verify_certificate(codec::decode_signed_object(bytes).value(), broker.registrars(), true, kNow);
    REQUIRE(certificate);
    CHECK(certificate->certificate().mailbox == office.world.mailbox);
    CHECK(office.last()["fingerprint"].get<std::string>().size() == 32);
}

TEST_CASE("registrar: the key may stay in a PKCS#11 token, for every command") {
    const test::SoftToken soft;
    if (!soft.made()) SKIP("softhsm2 is not installed");
    Office office;
    REQUIRE(office.make_broker());
    RegistrarNew make{office.data, office.desk, "Registrar", {}, std::chrono::days(365), {}};
    make.token = TokenChoice{test::SoftToken::module(), "Desk"};
    make.unlock.pin_file = soft.pin();
    REQUIRE(run(make, office.context));
    CHECK_FALSE(fs::exists(office.desk / "registrar.key"));
    Sign sign = office.sign(office.write_request());
    CHECK(run(sign, office.context).error().code == ErrorCode::wrong_passphrase);  // nobody gives the PIN
    sign.unlock.pin_file = soft.wrong_pin();
    CHECK(run(sign, office.context).error().code == ErrorCode::wrong_passphrase);
    CHECK_FALSE(fs::exists(sign.request.string() + ".signed"));
    sign.unlock.pin_file = soft.pin();
    REQUIRE(run(sign, office.context));
    const Bytes text = read_file_limited(sign.request.string() + ".signed", 1 << 20).value();
    const Bytes bytes = trust::unarmor(trust::armor_kind::kCertificate, text_of(text), "").value();
    const auto broker = trust::load_broker_file(office.data).value();
    CHECK(trust::verify_certificate(codec::decode_signed_object(bytes).value(), broker.registrars(), true, kNow));
}

TEST_CASE("registrar: a token whose key was replaced under the same name is refused") {
    const test::SoftToken soft;
    if (!soft.made()) SKIP("softhsm2 is not installed");
    Office office;
    REQUIRE(office.make_broker());
    RegistrarNew make{office.data, office.desk, "Registrar", {}, std::chrono::days(365), {}};
    make.token = TokenChoice{test::SoftToken::module(), "Desk"};
    make.unlock.pin_file = soft.pin();
    REQUIRE(run(make, office.context));
    const fs::path file = office.desk / "registrar.token";
    std::string text(text_of(read_file_limited(file, 8192).value()));
    const std::size_t key = text.find("\nkey ") + 5;
    text.replace(key, 64, office.world.identity.verify_key().hex());
    std::ofstream(file, std::ios::trunc) << text;
    Sign sign = office.sign(office.write_request());
    sign.unlock.pin_file = soft.pin();
    CHECK(run(sign, office.context).error().code == ErrorCode::certificate_invalid);
    std::ofstream(file, std::ios::trunc) << "carepost token 1\n";
    CHECK(run(sign, office.context).error().code == ErrorCode::damaged_file);
}

TEST_CASE("registrar sign: asks before it signs, and refuses when nobody can be asked") {
    Office office;
    REQUIRE(office.make_broker());
    REQUIRE(office.make_desk());
    Sign sign = office.sign(office.write_request());
    sign.yes = false;
    CHECK(run(sign, office.context).error().code == ErrorCode::bad_argument);
    CHECK(office.err.str().find("Fingerprint") != std::string::npos);
    CHECK_FALSE(fs::exists(sign.request.string() + ".signed"));
}

TEST_CASE("registrar sign: damaged, expired and foreign requests are refused, and nothing is written") {
    Office office;
    bool sandbox = true;
    ErrorCode wanted = ErrorCode::damaged_file;
    SECTION("no request") {}
    SECTION("expired") {
        wanted = ErrorCode::expired;
        office.clock.now = kNow + 10 * kDay;
    }
    SECTION("a sandbox's request at a real registrar") {
        wanted = ErrorCode::certificate_invalid;
        sandbox = false;
    }
    REQUIRE(office.make_broker(sandbox));
    REQUIRE(office.make_desk());
    const fs::path request = office.write_request();
    if (wanted == ErrorCode::damaged_file) std::ofstream(request) << "Good morning,\nhere is nothing.\n";
    CHECK(run(office.sign(request), office.context).error().code == wanted);
    CHECK_FALSE(fs::exists(request.string() + ".signed"));
}

TEST_CASE("registrar: a desk whose certificate is over, or that is none, is told") {
    Office office;
    REQUIRE(office.make_broker());
    CHECK(run(office.sign(office.write_request()), office.context).error().code == ErrorCode::no_such_file);
    REQUIRE(office.make_desk());
    office.clock.now = kNow + 400 * kDay;
    CHECK(run(office.sign(office.write_request()), office.context).error().code == ErrorCode::certificate_invalid);
}

TEST_CASE("commands that need the broker say so when it is down, and exit with 69") {
    Office office;
    REQUIRE(office.make_broker());
    REQUIRE(office.make_desk());
    const Status status = run(BrokerStatus{office.data}, office.context);
    REQUIRE_FALSE(status);
    CHECK(exit_code_of(status.error().code) == 69);
    const Invite invite{office.data, office.desk, "nihii:19234011/DOCTOR", "Dr. Ann Peeters", std::chrono::hours(1)};
    CHECK(run(invite, office.context).error().code == ErrorCode::broker_unreachable);
    CHECK_FALSE(fs::exists(office.desk / "invitations"));
    CHECK(run(MailboxShow{office.data, "nihii:19234012/DOCTOR"}, office.context).error().code ==
          ErrorCode::bad_address);
}
