// Runs files of test vectors, or folders of them: one line a file with the cases passed and failed. A file that no
// format recognises, that cannot be read, or in which nothing could be checked, is an error.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/vectors/formats.h"

namespace carepost::vectors {

namespace {

constexpr std::size_t kFailuresShown = 5;

std::vector<Format> all_formats() {
    std::vector<Format> out;
    for (auto formats : {primitive_formats, chunked_formats, hpke_formats, merkle_formats, envelope_formats}) {
        for (Format& format : formats())
            out.push_back(std::move(format));
    }
    return out;
}

bool report_error(const std::string& path, const std::string& what) {
    std::printf("ERROR  %s: %s\n", path.c_str(), what.c_str());
    return false;
}

bool report(const std::string& path, const char* format, const Tally& tally) {
    if (tally.passed + tally.failures.size() == 0) {
        return report_error(path, std::string(format) + ", but nothing in it could be checked (" +
                                      std::to_string(tally.unsupported) + " cases of unsupported suites)");
    }
    const bool good = tally.failures.empty();
    std::printf("%s  %s: %s: %zu passed, %zu failed", good ? "ok   " : "FAILED", path.c_str(), format, tally.passed,
                tally.failures.size());
    if (tally.unsupported > 0) std::printf(", %zu of unsupported suites", tally.unsupported);
    std::printf("\n");
    for (std::size_t i = 0; i < std::min(tally.failures.size(), kFailuresShown); ++i) {
        std::printf("         failed: %s\n", tally.failures[i].c_str());
    }
    return good;
}

bool run_file(const std::vector<Format>& formats, const std::filesystem::path& path) {
    try {
        std::ifstream stream(path);
        if (!stream) return report_error(path.string(), "cannot be read");
        const Json file = Json::parse(stream);
        const auto format =
            std::find_if(formats.begin(), formats.end(), [&file](const Format& f) { return f.recognises(file); });
        if (format == formats.end()) return report_error(path.string(), "not a format of test vectors known here");
        return report(path.string(), format->name, format->run(file));
    } catch (const std::exception& error) {
        return report_error(path.string(), error.what());
    }
}

// Everything below a folder but its explanations; a file named on the command line is taken as it is.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
    if (!std::filesystem::is_directory(path)) return {path};
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file() && entry.path().extension() != ".md") out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
}

int run_all(int count, char** paths) {
    const std::vector<Format> formats = all_formats();
    std::size_t good = 0;
    std::size_t bad = 0;
    for (int i = 0; i < count; ++i) {
        const auto files = files_of(paths[i]);
        if (files.empty()) {
            report_error(paths[i], "a folder without vectors");
            ++bad;
        }
        for (const auto& file : files)
            ++(run_file(formats, file) ? good : bad);
    }
    std::printf("%zu passed, %zu failed\n", good, bad);
    return bad == 0 && good > 0 ? 0 : 1;
}

}  // namespace
}  // namespace carepost::vectors

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: carepost_vectors PATH...   (tests/vectors/run knows where the vectors are)\n", stderr);
        return 64;
    }
    try {
        return carepost::vectors::run_all(argc - 1, argv + 1);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "carepost_vectors: %s\n", error.what());
        return 70;
    }
}
