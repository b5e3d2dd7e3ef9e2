#include "tests/vectors/formats.h"

#include <algorithm>
#include <stdexcept>

namespace carepost::vectors {

Bytes hex_of(const Json& object, const char* member) {
    auto bytes = from_hex(object.at(member).get_ref<const std::string&>());
    if (!bytes) throw std::invalid_argument(std::string(member) + " is not hex");
    return std::move(*bytes);
}

void GivenRandom::fill(std::span<std::uint8_t> out) {
    if (bytes_.size() - used_ < out.size()) throw std::invalid_argument("the given random bytes are used up");
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), out.size(), out.begin());
    used_ += out.size();
}

}  // namespace carepost::vectors
