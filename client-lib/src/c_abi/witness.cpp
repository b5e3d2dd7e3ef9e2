// carepost.h, "Witnesses".

#include "client-lib/src/directory/witness.h"

#include "client-lib/src/c_abi/handles.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_witness {
    std::unique_ptr<client::Witness> witness;
};

struct carepost_cosigned {
    client::Cosigned cosigned;
    std::string root;
};

carepost_error* carepost_witness_make(const carepost_options* options, const char* name, carepost_witness** witness) {
    if (witness != nullptr) *witness = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(name);
        REQUIRE_ARGUMENT(witness);
        TRY_ASSIGN(const auto copy, options->clone(true));
        TRY_ASSIGN(auto made, client::Witness::make(copy, name));
        *witness = new carepost_witness{std::move(made)};
        return {};
    });
}

carepost_error* carepost_witness_open(const carepost_options* options, carepost_witness** witness) {
    if (witness != nullptr) *witness = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(witness);
        TRY_ASSIGN(const auto copy, options->clone(false));
        TRY_ASSIGN(auto opened, client::Witness::open(copy));
        *witness = new carepost_witness{std::move(opened)};
        return {};
    });
}

const char* carepost_witness_key(const carepost_witness* w) { return w == nullptr ? "" : w->witness->key().c_str(); }

carepost_error* carepost_witness_cosign(carepost_witness* witness, carepost_client* client, std::uint32_t deadline_ms,
                                        carepost_cosigned** cosigned) {
    if (cosigned != nullptr) *cosigned = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(witness);
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(cosigned);
        TRY_ASSIGN(auto made, client->client->cosign(*witness->witness, call_of(deadline_ms)));
        auto root = made.root.hex();
        *cosigned = new carepost_cosigned{std::move(made), std::move(root)};
        return {};
    });
}

void carepost_witness_free(carepost_witness* witness) { delete witness; }
const char* carepost_cosigned_note(const carepost_cosigned* c) { return c == nullptr ? "" : c->cosigned.note.c_str(); }
std::uint64_t carepost_cosigned_size(const carepost_cosigned* c) { return c == nullptr ? 0 : c->cosigned.size; }
const char* carepost_cosigned_root(const carepost_cosigned* c) { return c == nullptr ? "" : c->root.c_str(); }
std::int64_t carepost_cosigned_time(const carepost_cosigned* c) { return c == nullptr ? 0 : time_of(c->cosigned.time); }
void carepost_cosigned_free(carepost_cosigned* cosigned) { delete cosigned; }
