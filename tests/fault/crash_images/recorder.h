#pragma once
// Sees every change this process makes to files below one folder, SQLite's included, because the program itself offers the
// functions of libc that make them (recorder.cpp). What was seen can be played back up to any point with the losses that a
// power cut may bring (image.h), and single calls can be made to fail. Thread-safe.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"

namespace carepost::fault {

// Files and directories by number; the folder itself is 1.
using NodeId = std::uint32_t;
inline constexpr NodeId kRoot = 1;

struct Create {
    NodeId parent;
    std::string name;
    NodeId node;
    bool directory;
};
struct Rename {
    NodeId from_parent;
    std::string from;
    NodeId to_parent;
    std::string to;
    NodeId node;
};
struct Remove {
    NodeId parent;
    std::string name;
    NodeId node;
};
struct Write {
    NodeId node;
    std::uint64_t offset;
    Bytes bytes;
};
struct Resize {
    NodeId node;
    std::uint64_t size;
};
struct Sync {  // of a file's content, or of a directory's entries
    NodeId node;
};
struct Mark {  // said by the harness: something was begun or promised
    std::uint32_t number;
};
using Op = std::variant<Create, Rename, Remove, Write, Resize, Sync, Mark>;

// One recording at a time in a process; the folder exists and is empty.
void start_recording(const std::filesystem::path& folder);
std::vector<Op> stop_recording();
void mark(std::uint32_t number);

// Which call fails, and how.
enum class Call : std::uint8_t { write, sync, open, resize, remove };
struct Injection {
    Call call{};
    unsigned nth = 1;  // of its kind below the folder, from 1
    int error = 0;     // errno
    bool for_ever = false;
};
// While recording. Counts from now on.
void inject(const Injection& injection);
// How often a call was made to fail.
unsigned injections_fired();
// How many calls of each kind there were since the recording began, by Call.
std::vector<unsigned> calls_seen();

}  // namespace carepost::fault
