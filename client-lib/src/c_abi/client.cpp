// carepost.h, "Enrolment" and "Client".

#include "client-lib/src/c_abi/handles.h"
#include "proto/base/file.h"
#include "proto/trust/broker_file.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_broker {
    std::string name, endpoint, fingerprint;
    bool sandbox = false;
};

struct carepost_enrolment {
    explicit carepost_enrolment(client::EnrolOutcome o) : outcome(std::move(o)), mailbox(outcome.mailbox.hex()) {}
    client::EnrolOutcome outcome;
    std::string mailbox;
};

struct carepost_identity {
    explicit carepost_identity(client::Identity i)
        : identity(std::move(i)),
          mailbox(identity.mailbox.hex()),
          member(identity.member.hex()),
          key(identity.identity_key.hex()) {}
    client::Identity identity;
    std::string mailbox, member, key;
};

namespace {

constexpr std::size_t kBrokerFile = 256 * 1024;  // a broker file with hundreds of registrars

Status enrol(const carepost_options& options, const client::EnrolInput& input, std::uint32_t deadline_ms,
             carepost_enrolment** enrolment) {
    TRY_ASSIGN(auto copy, options.clone(true));
    TRY_ASSIGN(auto outcome, client::Client::enrol(std::move(copy), input, call_of(deadline_ms)));
    *enrolment = new carepost_enrolment(std::move(outcome));
    return {};
}

}  // namespace

carepost_error* carepost_broker_read(const char* path, carepost_broker** broker) {
    if (broker != nullptr) *broker = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(path);
        REQUIRE_ARGUMENT(broker);
        TRY_ASSIGN(auto text, carepost::read_file_limited(path, kBrokerFile));
        TRY_ASSIGN(auto trusted, carepost::trust::parse_broker_file(carepost::text_of(text), path));
        const auto& file = trusted.file();
        *broker = new carepost_broker{file.name, file.endpoint, trusted.fingerprint(), file.sandbox};
        return {};
    });
}
const char* carepost_broker_name(const carepost_broker* b) { return b == nullptr ? "" : b->name.c_str(); }
const char* carepost_broker_endpoint(const carepost_broker* b) { return b == nullptr ? "" : b->endpoint.c_str(); }
const char* carepost_broker_fingerprint(const carepost_broker* b) { return b == nullptr ? "" : b->fingerprint.c_str(); }
int carepost_broker_is_sandbox(const carepost_broker* b) { return b == nullptr ? 0 : flag(b->sandbox); }
void carepost_broker_free(carepost_broker* broker) { delete broker; }

carepost_error* carepost_enrol_with_invitation(const carepost_options* options, const char* broker_file,
                                               const char* code, const char* address, const char* name,
                                               std::uint32_t deadline_ms, carepost_enrolment** enrolment) {
    if (enrolment != nullptr) *enrolment = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(broker_file);
        REQUIRE_ARGUMENT(code);
        REQUIRE_ARGUMENT(enrolment);
        client::EnrolInput input;
        input.broker_file = broker_file;
        input.invitation = code;
        input.address = text_or_empty(address);
        input.name = text_or_empty(name);
        if (input.invitation.empty())
            return carepost::fail(carepost::ErrorCode::bad_argument, "the invitation code is empty",
                                  "give the code that came with the invitation");
        return enrol(*options, input, deadline_ms, enrolment);
    });
}

carepost_error* carepost_enrol_by_request(const carepost_options* options, const char* broker_file, const char* address,
                                          const char* name, const char* request_file, carepost_enrolment** enrolment) {
    if (enrolment != nullptr) *enrolment = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(broker_file);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(name);
        REQUIRE_ARGUMENT(request_file);
        REQUIRE_ARGUMENT(enrolment);
        client::EnrolInput input;
        input.broker_file = broker_file;
        input.address = address;
        input.name = name;
        input.request_file = request_file;
        return enrol(*options, input, 0, enrolment);
    });
}

int carepost_enrolment_state(const carepost_enrolment* e) {
    return e == nullptr ? 0 : static_cast<int>(e->outcome.state);
}
const char* carepost_enrolment_reason(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.reason.c_str();
}
const char* carepost_enrolment_address(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.address.c_str();
}
const char* carepost_enrolment_mailbox(const carepost_enrolment* e) { return e == nullptr ? "" : e->mailbox.c_str(); }
const char* carepost_enrolment_fingerprint(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.fingerprint.c_str();
}
const char* carepost_enrolment_request_file(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.request_file.c_str();
}
const char* carepost_enrolment_broker_name(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.broker_name.c_str();
}
const char* carepost_enrolment_broker_fingerprint(const carepost_enrolment* e) {
    return e == nullptr ? "" : e->outcome.broker_fingerprint.c_str();
}
void carepost_enrolment_free(carepost_enrolment* enrolment) { delete enrolment; }

carepost_error* carepost_open(const carepost_options* options, carepost_client** client) {
    if (client != nullptr) *client = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(client);
        TRY_ASSIGN(auto copy, options->clone(false));
        TRY_ASSIGN(auto opened, client::Client::open(std::move(copy)));
        *client = new carepost_client{std::move(opened)};
        return {};
    });
}

void carepost_cancel(carepost_client* client) {
    if (client == nullptr) return;
    carepost_error_free(guarded([&]() -> Status {
        client->client->close();
        return {};
    }));
}

void carepost_close(carepost_client* client) { delete client; }

carepost_error* carepost_whoami(carepost_client* client, int ask_broker, std::uint32_t deadline_ms,
                                carepost_identity** identity) {
    if (identity != nullptr) *identity = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(identity);
        std::optional<client::EnrolState> told;
        if (ask_broker != 0) {
            TRY_ASSIGN(const auto outcome, client->client->enrolment_status(call_of(deadline_ms)));
            told = outcome.state;
        }
        TRY_ASSIGN(auto found, client->client->whoami());
        if (told) found.state = *told;  // a refusal is kept by the broker alone
        *identity = new carepost_identity(std::move(found));
        return {};
    });
}

const char* carepost_identity_address(const carepost_identity* i) {
    return i == nullptr ? "" : i->identity.address.c_str();
}
const char* carepost_identity_name(const carepost_identity* i) { return i == nullptr ? "" : i->identity.name.c_str(); }
const char* carepost_identity_mailbox(const carepost_identity* i) { return i == nullptr ? "" : i->mailbox.c_str(); }
const char* carepost_identity_member(const carepost_identity* i) { return i == nullptr ? "" : i->member.c_str(); }
const char* carepost_identity_key(const carepost_identity* i) { return i == nullptr ? "" : i->key.c_str(); }
int carepost_identity_state(const carepost_identity* i) {
    return i == nullptr ? 0 : static_cast<int>(i->identity.state);
}
int carepost_identity_is_sandbox(const carepost_identity* i) { return i == nullptr ? 0 : flag(i->identity.sandbox); }
std::int64_t carepost_identity_certificate_until(const carepost_identity* i) {
    return i == nullptr ? 0 : time_of(i->identity.certificate_not_after);
}
std::int64_t carepost_identity_keys_until(const carepost_identity* i) {
    return i == nullptr ? 0 : time_of(i->identity.epochs_until);
}
const char* carepost_identity_broker_name(const carepost_identity* i) {
    return i == nullptr ? "" : i->identity.broker_name.c_str();
}
const char* carepost_identity_broker_endpoint(const carepost_identity* i) {
    return i == nullptr ? "" : i->identity.broker_endpoint.c_str();
}
const char* carepost_identity_config_directory(const carepost_identity* i) {
    return i == nullptr ? "" : i->identity.config_dir.c_str();
}
const char* carepost_identity_data_directory(const carepost_identity* i) {
    return i == nullptr ? "" : i->identity.data_dir.c_str();
}
void carepost_identity_free(carepost_identity* identity) { delete identity; }
