// CarePost's own known-answer files of the envelope: sealed again from their randomness, and opened.

#include "tests/vectors/envelope_case.h"

namespace carepost::vectors {
namespace {

Tally run_envelope(const Json& file) {
    const Json& outputs = file.at("outputs");
    const Json ours = outputs_of(file.at("inputs"));
    Tally tally = open_all(file.at("inputs"), outputs);
    for (const auto& [member, value] : ours.items()) {
        tally.count(outputs.contains(member) && outputs.at(member) == value, "outputs." + member);
    }
    tally.count(outputs.size() == ours.size(), "number of outputs");
    return tally;
}

}  // namespace

std::vector<Format> envelope_formats() {
    return {{"CarePost envelope",
             [](const Json& file) { return file.is_object() && file.value("format", "") == "carepost-envelope-v1"; },
             run_envelope}};
}

}  // namespace carepost::vectors
