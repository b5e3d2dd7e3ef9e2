#include "tools/carepost/session.h"

#include <string.h>

#include <iostream>
#include <utility>

#include "tools/carepost/terminal.h"
#include "tools/carepost/unlock.h"

namespace carepost::command {
namespace {

Result<Client> open_with(const Settings& settings, const UnlockSecret& secret) {
    Options options = library_options(settings);
    options.passphrase = secret.passphrase;
    options.unlock_key = secret.key;
    auto client = Client::open(options);
    ::explicit_bzero(options.passphrase.data(), options.passphrase.size());
    if (!options.unlock_key.empty()) ::explicit_bzero(options.unlock_key.data(), options.unlock_key.size());
    return client;
}

Result<Client> open_client(const Context& context) {
    auto secret = read_unlock_secret(context.settings);
    if (!secret) return secret.error();
    auto client = open_with(context.settings, *secret);
    const bool locked = !client && client.error().code == CAREPOST_ERROR_WRONG_PASSPHRASE && secret->empty();
    if (!locked || !context.settings.input) return client;
    auto typed = ask_secret("Passphrase: ");
    if (!typed) return client;  // nobody to ask: the first error says what is missing
    secret->passphrase = std::move(*typed);
    return open_with(context.settings, *secret);
}

}  // namespace

Options library_options(const Settings& settings) {
    Options options;
    options.home = settings.home;
    options.deadline = settings.timeout;
    options.witnesses = settings.witnesses;
    options.require_witnesses = settings.require_witnesses;
    options.software = std::string("carepost ") + carepost_version_text();
    return options;
}

Session::Session(Client client, Signals& signals) : client_(std::move(client)), signals_(&signals) {
    signals_->guard(client_.handle());
}
Session::Session(Session&& other) noexcept
    : client_(std::move(other.client_)), signals_(std::exchange(other.signals_, nullptr)) {}
Session::~Session() {
    if (signals_ == nullptr) return;
    // After the command, so that what it found out is among them.
    for (const std::string& alarm : client_.alarms())
        std::cerr << "carepost: ATTENTION: " << alarm << '\n';
    signals_->guard(nullptr);
}

Result<Session> Session::open(const Context& context) {
    auto client = open_client(context);
    if (!client) return client.error();
    return Session(std::move(*client), context.signals);
}

}  // namespace carepost::command
