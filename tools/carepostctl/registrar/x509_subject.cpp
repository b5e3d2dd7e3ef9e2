#include "tools/carepostctl/registrar/x509_subject.h"

#include <algorithm>
#include <array>
#include <utility>

namespace carepost::ctl {
namespace {

constexpr std::size_t kNationalDigits = 11;

struct Form {
    std::string_view name;
    NumberType type;
    std::string_view address_type;
};
constexpr std::array<Form, 4> kForms{{{"SSIN", NumberType::ssin, "ssin"},
                                      {"NIHII", NumberType::nihii, "nihii"},
                                      {"CBE", NumberType::cbe, "cbe"},
                                      {"EHP", NumberType::ehp, "ehp"}}};

std::unexpected<Error> unclear(std::string what) {
    return fail(ErrorCode::certificate_invalid, std::move(what),
                "use a certificate that states the number of the address");
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A quality that such numbers may have, so that the address parser judges length and check digits.
std::string quality_for(NumberType type) {
    for (const Quality& quality : qualities()) {
        if (std::ranges::find(quality.number_types, type) != quality.number_types.end()) {
            return std::string(quality.name);
        }
    }
    return {};
}

Result<HolderNumber> canonical(const Form& form, std::string_view digits, std::string kind) {
    const auto address =
        Address::parse(std::string(form.address_type) + ":" + std::string(digits) + "/" + quality_for(form.type));
    if (!address) {
        return unclear("the certificate states " + std::string(form.name) + " " + std::string(digits) +
                       ", which is no such number");
    }
    return HolderNumber{form.type, address->number(), std::move(kind)};
}

// "NIHII-HOSPITAL=71032209, APPLICATION"; nothing when the text has another form.
std::optional<Result<HolderNumber>> read_form(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = text.substr(0, equals);
    std::string_view digits = text.substr(equals + 1);
    digits = digits.substr(0, digits.find(','));
    const std::size_t dash = name.find('-');
    const auto form = std::ranges::find(kForms, name.substr(0, dash), &Form::name);
    if (form == kForms.end() || !all_digits(digits)) return {};
    return canonical(*form, digits, dash == std::string_view::npos ? "" : std::string(name.substr(dash + 1)));
}

Status add(std::vector<HolderNumber>& numbers, HolderNumber one) {
    const auto same = std::ranges::find(numbers, one.type, &HolderNumber::type);
    if (same == numbers.end()) {
        numbers.push_back(std::move(one));
    } else if (same->number != one.number) {
        return unclear("the certificate states two numbers of one type, " + same->number + " and " + one.number);
    } else if (same->kind.empty()) {
        same->kind = std::move(one.kind);
    }
    return {};
}

}  // namespace

Result<std::vector<HolderNumber>> numbers_of(const std::vector<SubjectPart>& subject) {
    std::vector<HolderNumber> numbers;
    for (const SubjectPart& part : subject) {
        const bool may_hold_one =
            part.kind == SubjectPart::Kind::common_name || part.kind == SubjectPart::Kind::organizational_unit;
        if (!may_hold_one) continue;
        auto found = read_form(part.text);
        if (!found) continue;
        TRY_ASSIGN(HolderNumber one, std::move(*found));
        TRY(add(numbers, std::move(one)));
    }
    if (!numbers.empty()) return numbers;
    for (const SubjectPart& part : subject) {
        const bool national = part.kind == SubjectPart::Kind::serial_number && part.text.size() == kNationalDigits;
        if (!national || !all_digits(part.text)) continue;
        TRY_ASSIGN(HolderNumber one, canonical(kForms[0], part.text, {}));
        TRY(add(numbers, std::move(one)));
    }
    if (numbers.empty()) return unclear("the certificate states no national, NIHII, CBE or EHP number");
    return numbers;
}

std::string name_of(const std::vector<SubjectPart>& subject) {
    using enum SubjectPart::Kind;
    std::string given;
    std::string surname_text;
    std::string organisation;
    for (const SubjectPart& part : subject) {
        if (part.kind == given_name && given.empty()) given = part.text;
        if (part.kind == surname && surname_text.empty()) surname_text = part.text;
        const bool named = part.kind == organizational_unit && part.text.find('=') == std::string::npos &&
                           !part.text.starts_with("eHealth-platform");
        if (named && organisation.empty()) organisation = part.text;
    }
    if (!surname_text.empty()) return given.empty() ? surname_text : given + " " + surname_text;
    return organisation;
}

Status check_holder(const X509Holder& holder, const Address& address) {
    std::string stated;
    for (const HolderNumber& one : holder.numbers) {
        if (one.type == address.type() && one.number == address.number()) return {};
        const auto form = std::ranges::find(kForms, one.type, &Form::type);
        stated += (stated.empty() ? "" : ", ") + std::string(form == kForms.end() ? "?" : form->address_type) + ":" +
                  one.number;
    }
    return fail(ErrorCode::certificate_invalid,
                "the certificate states " + stated + ", but the address asked for is " + address.text(),
                "ask for the address of the certificate's own number, or use the right certificate");
}

bool vouches_for_quality(const X509Holder& holder, const Address& address) {
    if (address.is_citizen()) return address.type() == NumberType::ssin;
    const auto fits = [&address](const HolderNumber& one) {
        return one.type == address.type() && one.number == address.number() && one.kind == address.quality();
    };
    return std::ranges::any_of(holder.numbers, fits);
}

}  // namespace carepost::ctl
