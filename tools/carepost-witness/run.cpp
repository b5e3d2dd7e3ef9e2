#include "tools/carepost-witness/run.h"

#include <string.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "carepost/carepost.hpp"
#include "tools/carepost/json.h"
#include "tools/carepost/unlock.h"

namespace carepost::witness {
namespace {

// The library's options with the configured secret; wiped when it goes.
class Unlocked {
public:
    Unlocked(const command::Settings& settings, const command::UnlockSecret& secret) {
        options_.home = settings.home;
        options_.deadline = settings.timeout;
        options_.allow_sandbox = true;  // a witness vouches for no patient's data
        options_.software = std::string("carepost-witness ") + carepost_version_text();
        options_.passphrase = secret.passphrase;
        options_.unlock_key = secret.key;
    }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() {
        ::explicit_bzero(options_.passphrase.data(), options_.passphrase.size());
        if (!options_.unlock_key.empty()) ::explicit_bzero(options_.unlock_key.data(), options_.unlock_key.size());
    }
    const carepost::Options& operator*() const { return options_; }

private:
    carepost::Options options_;
};

void show_key(const Witness& witness, command::Output& output) {
    if (output.json()) {
        output.result(command::Json().text("key", witness.key()));
    } else {
        output.result(witness.key() + "\n");
    }
}

// Whole or not at all: a web server may be reading it.
Status publish(const std::string& path, const std::string& note) {
    const std::string beside = path + ".new";
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << note;
    file.close();
    if (file && std::rename(beside.c_str(), path.c_str()) == 0) return {};
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    return command::error(CAREPOST_ERROR_CANNOT_CREATE, "the note could not be written to " + path,
                          "look at the directory's owner and room");
}

Status look(const Witness& witness, const Client& client, const RunOptions& options, command::Output& output) {
    auto cosigned = witness.cosign(client);
    if (!cosigned) return cosigned.error();
    if (!options.output.empty()) {
        if (auto written = publish(options.output, cosigned->note); !written) return written;
    }
    if (output.json()) {
        output.result(command::Json()
                          .number("size", cosigned->size)
                          .text("root", cosigned->root)
                          .time("time", cosigned->time)
                          .text("note", cosigned->note));
    } else {
        output.result("cosigned " + std::to_string(cosigned->size) + " entries, root " + cosigned->root + "\n");
    }
    return {};
}

// Sleeps in small steps, so that a signal ends it at once.
void wait(std::chrono::seconds interval, const command::Signals& signals) {
    const auto until = std::chrono::steady_clock::now() + interval;
    while (signals.received() == 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

bool is_final(const Error& error) {
    return error.code == CAREPOST_ERROR_FRAUD_PROVEN || error.code == CAREPOST_ERROR_DAMAGED_FILE ||
           error.code == CAREPOST_ERROR_CANCELLED;
}

}  // namespace

Status run(const InitOptions& options, const Context& context) {
    auto secret = command::read_unlock_secret(context.settings);
    if (!secret) return secret.error();
    const Unlocked unlocked(context.settings, *secret);
    auto witness = Witness::make(*unlocked, options.name);
    if (!witness) return witness.error();
    show_key(*witness, context.output);
    context.output.note(
        "Give this key to the broker's administrator (directory.witnesses) and to those who shall rely on it.");
    return {};
}

Status run(const KeyOptions&, const Context& context) {
    auto secret = command::read_unlock_secret(context.settings);
    if (!secret) return secret.error();
    const Unlocked unlocked(context.settings, *secret);
    auto witness = Witness::open(*unlocked);
    if (!witness) return witness.error();
    show_key(*witness, context.output);
    return {};
}

Status run(const RunOptions& options, const Context& context) {
    auto secret = command::read_unlock_secret(context.settings);
    if (!secret) return secret.error();
    const Unlocked unlocked(context.settings, *secret);
    auto witness = Witness::open(*unlocked);
    if (!witness) return witness.error();
    auto client = Client::open(*unlocked);
    if (!client) return client.error();
    context.signals.guard(client->handle());
    Status done;
    do {
        done = look(*witness, *client, options, context.output);
        if (options.once || (!done && is_final(done.error()))) break;
        if (!done) context.output.failure(done.error());
        wait(options.interval, context.signals);
    } while (context.signals.received() == 0);
    context.signals.guard(nullptr);
    return done;
}

}  // namespace carepost::witness
