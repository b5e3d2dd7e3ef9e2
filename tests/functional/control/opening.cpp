// Makes the linker take in what a broker must never have.
#include "client-lib/seal/envelope.h"

extern "C" const void* carepost_control_opening();
const void* carepost_control_opening() {
    static const auto opens = &carepost::seal::open_message;
    return reinterpret_cast<const void*>(&opens);
}
