#pragma once
// A temporary directory of one test.

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

class Scratch {
public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "carepostctl-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};
