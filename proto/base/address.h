#pragma once
// Addresses: `<type>:<number>/<QUALITY>`, with the check digits of Belgian identifiers verified.

#include <string>
#include <string_view>
#include <vector>

#include "proto/base/ids.h"

namespace carepost {

enum class NumberType : std::uint8_t { nihii, ssin, cbe, ehp };

// A valid address in canonical form: digits only, a nihii number cut to its first 8 digits, a known quality that
// goes with the type. Numbers are text, always. A value type; made only by `parse`.
class Address {
public:
    // Accepts dots, dashes and spaces in the number and any case in type and quality. Errors: bad_address, naming the
    // part that is wrong (type, length, check digits, quality) and what would be right.
    static Result<Address> parse(std::string_view text);

    NumberType type() const { return type_; }
    const std::string& number() const { return number_; }    // digits, leading zeros kept
    const std::string& quality() const { return quality_; }  // e.g. "DOCTOR"
    const std::string& text() const { return text_; }        // "nihii:19234011/DOCTOR"
    bool is_citizen() const { return quality_ == "CITIZEN"; }
    auto operator<=>(const Address&) const = default;

private:
    Address() = default;
    NumberType type_{};
    std::string number_;
    std::string quality_;
    std::string text_;
};

struct Quality {
    std::string_view name;
    std::vector<NumberType> number_types;
    bool organisation;
};
// All qualities, in the order of docs/protocol.md.
const std::vector<Quality>& qualities();

// The label of a professional or enterprise address in the directory log: SHA-256 of its canonical text. Labels of
// CITIZEN addresses are random instead (national numbers are guessable).
Label label_of(const Address& address);

}  // namespace carepost

template <>
struct std::hash<carepost::Address> {
    std::size_t operator()(const carepost::Address& a) const noexcept { return std::hash<std::string>{}(a.text()); }
};
