// Writes the known-answer files of tests/vectors/envelope: make_envelopes FOLDER. The same files come out every time.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/seeded_random.h"
#include "tests/vectors/envelope_case.h"

namespace carepost::vectors {
namespace {

constexpr std::size_t kRandomFirst = 32;         // content key
constexpr std::size_t kRandomContent = 24 + 32;  // salt, and an attachment's key
constexpr std::size_t kRandomStanza = 64;        // X-Wing encapsulation

Json mailbox(test::SeededRandom& random, const std::string& address, std::uint32_t epoch, std::uint64_t seq) {
    return {{"address", address},
            {"mailbox", to_hex(random.bytes(16))},
            {"epoch", epoch},
            {"epoch_secret", to_hex(random.bytes(32))},
            {"head_seq", 3 + epoch},
            {"head_hash", to_hex(random.bytes(32))},
            {"seq", seq},
            {"previous", seq == 1 ? std::string(64, '0') : to_hex(random.bytes(32))}};
}

Json sender(test::SeededRandom& random) {
    Json out = mailbox(random, "nihii:71032209/HOSPITAL", 7, 41);
    out["member"] = to_hex(random.bytes(16));
    out["signing_seed"] = to_hex(random.bytes(32));
    out["certificate_hash"] = to_hex(random.bytes(32));
    return out;
}

Json meta(const std::string& subject) {
    return {{"created_ms", 1'780'000'000'000},
            {"expires_ms", 1'787'776'000'000},
            {"collect_by_ms", 0},
            {"flags", 0},
            {"log_size", 1234},
            {"kind", 0},
            {"audience", ""},
            {"subject", subject},
            {"type", ""},
            {"format", ""},
            {"patient", ""},
            {"conversation", ""},
            {"reply_to", ""},
            {"replaces", ""},
            {"metadata", Json::array()},
            {"checkpoint", ""},
            {"receipt", ""}};
}

Json content(const std::string& name, const std::string& type, const std::string& repeat, std::size_t size) {
    return {{"name", name}, {"media_type", type}, {"repeat", to_hex(view_of(repeat))}, {"size", size}};
}

Json small(test::SeededRandom& random) {
    const std::string text = "Haemoglobin 13.9 g/dL";
    Json out;
    out["sender"] = sender(random);
    out["recipients"] = Json::array({mailbox(random, "nihii:19234011/DOCTOR", 3, 1)});
    out["meta"] = meta("Lab result");
    out["contents"] = Json::array({content("", "text/plain", text, text.size())});
    out["shown"] = {0, 1};
    return out;
}

// Every field in use; attachments around the borders of chunk and part.
Json full(test::SeededRandom& random) {
    Json out;
    out["sender"] = sender(random);
    out["recipients"] = Json::array({mailbox(random, "nihii:19234011/DOCTOR", 3, 8),
                                     mailbox(random, "cbe:0403019261/INSTITUTION", 12, 1),
                                     mailbox(random, "ssin:85073003328/CITIZEN", 1, 2)});
    Json said = meta("R\u00e9sultat d'analyse \u2014 \u4e00");
    said["collect_by_ms"] = 1'780'600'000'000;
    said["flags"] = 7;
    said["type"] = "lab-result";
    said["format"] = "fhir-r4";
    said["patient"] = "85073003328";
    for (const char* member : {"conversation", "reply_to", "replaces"})
        said[member] = to_hex(random.bytes(16));
    said["metadata"] = Json::array({Json::array({"laboratory", "Ghent"}), Json::array({"urgency", "routine"})});
    said["checkpoint"] = to_hex(view_of("example.test/log\n1234\nAAAA\n"));
    out["meta"] = said;
    out["contents"] = Json::array(
        {content("report.json", "application/fhir+json", "{\"resourceType\":\"Bundle\"}", 16'384),
         content("empty.txt", "text/plain", "", 0), content("scan.pdf", "application/pdf", "%PDF-1.7 ", 131'073)});
    out["shown"] = {0, 1, 2, 3};
    return out;
}

Json broadcast(test::SeededRandom& random) {
    Json out;
    out["sender"] = sender(random);
    for (std::uint64_t i = 0; i < 501; ++i) {
        out["recipients"].push_back(mailbox(random, "nihii:19234011/DOCTOR", 3, i + 1));
    }
    out["meta"] = meta("Heat wave");
    out["meta"]["audience"] = "All general practitioners of Ghent";
    out["contents"] = Json::array({content("", "text/plain", "Drink water. ", 1000)});
    out["shown"] = {0, 1, 500, 501};
    return out;
}

void write(const std::filesystem::path& path, const std::string& comment, Json inputs, test::SeededRandom& random) {
    inputs["message_id"] = to_hex(random.bytes(16));
    const std::size_t stanzas = 1 + inputs["recipients"].size();
    inputs["random"] =
        to_hex(random.bytes(kRandomFirst + inputs["contents"].size() * kRandomContent - 32 + stanzas * kRandomStanza));
    const Json file{
        {"format", "carepost-envelope-v1"}, {"comment", comment}, {"inputs", inputs}, {"outputs", outputs_of(inputs)}};
    std::ofstream stream(path);
    stream << file.dump(1) << '\n';
    if (!stream) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace
}  // namespace carepost::vectors

int main(int argc, char** argv) {
    using namespace carepost::vectors;
    if (argc != 2) {
        std::fputs("usage: make_envelopes FOLDER\n", stderr);
        return 64;
    }
    try {
        const std::filesystem::path folder(argv[1]);
        carepost::test::SeededRandom random(1);
        write(folder / "small.json", "one addressee, a text", small(random), random);
        write(folder / "full.json", "three addressees, every field, three contents", full(random), random);
        write(folder / "broadcast.json", "501 addressees: an audience instead of names", broadcast(random), random);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_envelopes: %s\n", error.what());
        return 70;
    }
}
