#include "proto/base/address.h"

#include <algorithm>
#include <array>

#include "proto/base/hash.h"

namespace carepost {
namespace {

// The qualities of the Belgian eHealth platform, by the kind of number they go with
// (docs/protocol.md, "Addresses").
constexpr std::string_view kProfessionals[] = {"AMBULANCE_RESCUER",
                                               "APPLIED_PSYCH_BACHELOR",
                                               "AUDICIEN",
                                               "AUDIOLOGIST",
                                               "DENTIST",
                                               "DIETICIAN",
                                               "DOCTOR",
                                               "FAMILY_SCIENCE_BACHELOR",
                                               "GERONTOLOGY_MASTER",
                                               "IMAGING_TECHNOLOGIST",
                                               "IMPLANTPROVIDER",
                                               "LAB_TECHNOLOGIST",
                                               "LOGOPEDIST",
                                               "MIDWIFE",
                                               "NURSE",
                                               "OCCUPATIONAL_THERAPIST",
                                               "OPTICIEN",
                                               "ORTHOPEDAGOGIST_MASTER",
                                               "ORTHOPEDIST",
                                               "ORTHOPTIST",
                                               "PEDIATRIC_NURSE",
                                               "PHARMACIST",
                                               "PHARMACIST_ASSISTANT",
                                               "PHYSIOTHERAPIST",
                                               "PODOLOGIST",
                                               "PRACTICALNURSE",
                                               "PSYCHOLOGIST",
                                               "PSYCHOMOTOR_THERAPY",
                                               "READAPTATION_BACHELOR",
                                               "SOCIAL_WORKER",
                                               "SPECIALIZED_EDUCATOR",
                                               "TRUSS_MAKER"};
constexpr std::string_view kCitizens[] = {"CITIZEN"};
constexpr std::string_view kCareOrganisations[] = {
    "HOSPITAL",      "PHARMACY",        "OTD_PHARMACY",   "LABO",
    "GROUP",         "GROUP_DOCTORS",   "GUARD_POST",     "HOME_SERVICES",
    "MEDICAL_HOUSE", "OFFICE_DENTISTS", "OFFICE_DOCTORS", "OF_BAND",
    "OF_PHYSIOS",    "PALLIATIVE_CARE", "PROT_ACC",       "PSYCH_HOUSE",
    "REEDUCATION",   "RETIREMENT"};
constexpr std::string_view kEnterprises[] = {"INSTITUTION", "CONSORTIUM", "TREATMENT_CENTER"};
constexpr std::string_view kPlatformOrganisations[] = {"INSTITUTION_EHP", "CTRL_ORGANISM"};

struct TypeRule {
    NumberType type;
    std::string_view name;
    std::string_view lengths;  // for people
};
constexpr std::array kTypeRules = {
    TypeRule{NumberType::nihii, "nihii", "8 or 11 digits"},
    TypeRule{NumberType::ssin, "ssin", "11 digits"},
    TypeRule{NumberType::cbe, "cbe", "10 digits, the first 0 or 1"},
    TypeRule{NumberType::ehp, "ehp", "10 digits"},
};

constexpr std::size_t kLongestText = 128;  // far above any address: a stranger's text is cut off early
constexpr std::size_t kNihiiForLife = 8;   // the digits that identify a provider for life
constexpr std::string_view kShape = "write it as <type>:<number>/<QUALITY>, for example nihii:19234011/DOCTOR";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string mapped(std::string_view text, char (*map)(char)) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), map);
    return out;
}

// Error messages repeat what was typed; control characters in it must not reach a terminal.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, 48));
    std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return "\"" + out + "\"";
}

std::uint64_t to_number(std::string_view digits) {
    std::uint64_t value = 0;
    for (const char c : digits)
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    return value;
}

// The last two digits are `modulus` minus the remainder of those before them.
bool check_digits_fit(std::string_view digits, std::uint64_t modulus, std::uint64_t added = 0) {
    const std::uint64_t body = to_number(digits.substr(0, digits.size() - 2)) + added;
    return to_number(digits.substr(digits.size() - 2)) == modulus - body % modulus;
}

bool length_fits(NumberType type, std::string_view digits) {
    switch (type) {
        case NumberType::nihii:
            return digits.size() == kNihiiForLife || digits.size() == 11;
        case NumberType::ssin:
            return digits.size() == 11;
        case NumberType::cbe:
            return digits.size() == 10 && digits[0] <= '1';
        case NumberType::ehp:
            return digits.size() == 10;
    }
    return false;
}

bool number_is_genuine(NumberType type, std::string_view digits) {
    switch (type) {
        case NumberType::nihii: {
            const std::string_view for_life = digits.substr(0, kNihiiForLife);
            return check_digits_fit(for_life, 97) || check_digits_fit(for_life, 89);  // 89: issued since 2012 and 2019
        }
        case NumberType::ssin:
            return check_digits_fit(digits, 97) || check_digits_fit(digits, 97, 2'000'000'000);  // births since 2000
        case NumberType::cbe:
            return check_digits_fit(digits, 97);
        case NumberType::ehp:
            return true;  // no public rule
    }
    return false;
}

Result<TypeRule> parse_type(std::string_view text) {
    const std::string name = mapped(text, lower);
    const auto rule =
        std::find_if(kTypeRules.begin(), kTypeRules.end(), [&](const TypeRule& r) { return r.name == name; });
    if (rule == kTypeRules.end()) {
        return fail(ErrorCode::bad_address, "unknown number type " + shown(text),
                    "the types are nihii, ssin, cbe and ehp");
    }
    return *rule;
}

Result<std::string> parse_number(const TypeRule& rule, std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == '.' || c == '-' || c == ' ') continue;
        if (!is_digit(c)) {
            return fail(ErrorCode::bad_address, "the number " + shown(text) + " has something else than digits in it",
                        "only dots, dashes and spaces may stand between the digits");
        }
        digits.push_back(c);
    }
    const std::string what = std::string(rule.name) + " number " + shown(text);
    if (!length_fits(rule.type, digits)) {
        return fail(ErrorCode::bad_address, what + " has the wrong length or beginning",
                    "a " + std::string(rule.name) + " number has " + std::string(rule.lengths));
    }
    if (!number_is_genuine(rule.type, digits)) {
        return fail(ErrorCode::bad_address, "the check digits of " + what + " are wrong",
                    "compare the number with its source: a digit is mistyped");
    }
    if (rule.type == NumberType::nihii) digits.resize(kNihiiForLife);
    return digits;
}

Result<std::string> parse_quality(const TypeRule& rule, std::string_view text) {
    const std::string name = mapped(text, upper);
    const auto& all = qualities();
    const auto quality = std::find_if(all.begin(), all.end(), [&](const Quality& q) { return q.name == name; });
    if (quality == all.end()) {
        return fail(ErrorCode::bad_address, "unknown quality " + shown(text),
                    "the qualities are listed in docs/protocol.md, for example DOCTOR, HOSPITAL, CITIZEN");
    }
    const auto& types = quality->number_types;
    if (std::find(types.begin(), types.end(), rule.type) == types.end()) {
        std::string wanted;
        for (const NumberType type : types) {
            if (!wanted.empty()) wanted += " or ";
            wanted += kTypeRules.at(static_cast<std::size_t>(type)).name;
        }
        return fail(ErrorCode::bad_address,
                    "quality " + name + " does not go with a " + std::string(rule.name) + " number",
                    name + " goes with a number of type " + wanted);
    }
    return name;
}

void append(std::vector<Quality>& out, std::span<const std::string_view> names, const std::vector<NumberType>& types,
            bool organisation) {
    for (const std::string_view name : names)
        out.push_back({name, types, organisation});
}

}  // namespace

const std::vector<Quality>& qualities() {
    static const std::vector<Quality> all = [] {
        std::vector<Quality> out;
        append(out, kProfessionals, {NumberType::nihii, NumberType::ssin}, false);
        append(out, kCitizens, {NumberType::ssin}, false);
        append(out, kCareOrganisations, {NumberType::nihii}, true);
        append(out, kEnterprises, {NumberType::cbe}, true);
        append(out, kPlatformOrganisations, {NumberType::ehp}, true);
        return out;
    }();
    return all;
}

Result<Address> Address::parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::size_t slash = text.find('/');
    if (text.size() > kLongestText || colon == std::string_view::npos || slash == std::string_view::npos ||
        slash < colon) {
        return fail(ErrorCode::bad_address, shown(text) + " is not an address", std::string(kShape));
    }
    TRY_ASSIGN(const TypeRule rule, parse_type(text.substr(0, colon)));
    Address out;
    out.type_ = rule.type;
    TRY_ASSIGN(out.number_, parse_number(rule, text.substr(colon + 1, slash - colon - 1)));
    TRY_ASSIGN(out.quality_, parse_quality(rule, text.substr(slash + 1)));
    out.text_ = std::string(rule.name) + ":" + out.number_ + "/" + out.quality_;
    return out;
}

Label label_of(const Address& address) {
    Label out;
    out.bytes = sha256(view_of(address.text())).bytes;
    return out;
}

}  // namespace carepost
