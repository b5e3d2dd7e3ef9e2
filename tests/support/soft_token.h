#pragma once
// A SoftHSM2 token of its own for one test: a real PKCS#11 module, its storage in a private folder.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace carepost::test {

class SoftToken {
public:
    explicit SoftToken(const std::string& label = "Desk") {
        std::filesystem::create_directory(folder_ / "tokens");
        std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << (folder_ / "tokens").string()
                                                 << "\nobjectstore.backend = file\nlog.level = ERROR\n";
        ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
        made_ = tool("softhsm2-util --init-token --free --label '" + label + "' --pin 1234 --so-pin 123456");
        std::ofstream(folder_ / "pin") << "1234\n";
        std::ofstream(folder_ / "wrong-pin") << "9999\n";
        for (const char* secret : {"pin", "wrong-pin"}) {
            std::filesystem::permissions(folder_ / secret,
                                         std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        }
    }

    // False when softhsm2 is not installed (cmake/setup --test brings it): the test has to say "skipped".
    bool made() const { return made_; }
    static std::string module() { return "/usr/lib/softhsm/libsofthsm2.so"; }
    std::filesystem::path pin() const { return folder_ / "pin"; }
    std::filesystem::path wrong_pin() const { return folder_ / "wrong-pin"; }
    // Takes the token out, for this process and those it starts.
    void remove() const { std::filesystem::remove_all(folder_ / "tokens"); }
    static bool tool(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

private:
    TemporaryFolder folder_;
    bool made_ = false;
};

}  // namespace carepost::test
