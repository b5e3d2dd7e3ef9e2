#include "tests/fault/crash_images/recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>
#include <utility>

namespace carepost::fault {
namespace {

constexpr std::size_t kDescriptors = 4096;
constexpr std::size_t kCalls = 5;

struct Node {
    bool directory = false;
    std::map<std::string, NodeId> children;
};

// What is known while recording. A function's static, because libc calls us before other statics are made.
struct State {
    std::mutex mutex;
    bool recording = false;
    std::string folder;
    std::vector<Op> ops;
    std::vector<Node> nodes;  // by id
    std::array<NodeId, kDescriptors> descriptors{};
    std::array<unsigned, kCalls> seen{};
    std::optional<Injection> injection;
    unsigned counted = 0;
    unsigned fired = 0;
};
State& state() {
    static State it;
    return it;
}

// The shared-memory index and the lock hold nothing that a crash could lose.
bool is_volatile(std::string_view name) { return name.ends_with("-shm") || name == "lock"; }

std::string absolute(int at, const char* path) {
    if (path[0] == '/') return path;
    std::array<char, 4096> target{};
    const std::string link = at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(at);
    const auto size = ::readlink(link.c_str(), target.data(), target.size());
    return std::string(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0) + "/" + path;
}

// A place below the folder: the directory that holds it, and its name there ("" for the folder itself).
struct Place {
    NodeId parent;
    std::string name;
};

// With the mutex held.
std::optional<Place> place_of(State& all, const std::string& path) {
    if (!all.recording || !path.starts_with(all.folder)) return std::nullopt;
    std::string_view rest = std::string_view(path).substr(all.folder.size());
    Place place{kRoot, ""};
    while (!rest.empty()) {
        const auto slash = rest.find('/');
        const std::string part(rest.substr(0, slash));
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
        if (part.empty() || part == ".") continue;
        if (!place.name.empty()) {
            const auto& children = all.nodes[place.parent].children;
            const auto found = children.find(place.name);
            if (found == children.end()) return std::nullopt;
            place.parent = found->second;
        }
        place.name = part;
    }
    if (is_volatile(place.name)) return std::nullopt;
    return place;
}

NodeId node_at(const State& all, const Place& place) {
    if (place.name.empty()) return kRoot;
    const auto& children = all.nodes[place.parent].children;
    const auto found = children.find(place.name);
    return found == children.end() ? 0 : found->second;
}

NodeId create(State& all, const Place& place, bool directory) {
    const auto node = static_cast<NodeId>(all.nodes.size());
    all.nodes.push_back({directory, {}});
    all.nodes[place.parent].children[place.name] = node;
    all.ops.emplace_back(Create{place.parent, place.name, node, directory});
    return node;
}

NodeId node_of(const State& all, int descriptor) {
    const auto index = static_cast<std::size_t>(descriptor);
    return all.recording && descriptor >= 0 && index < kDescriptors ? all.descriptors[index] : 0;
}

// Counts a call below the folder; true: it is to fail, and errno says how. With the mutex held.
bool fails(State& all, Call call) {
    ++all.seen[static_cast<std::size_t>(call)];
    if (!all.injection || all.injection->call != call) return false;
    ++all.counted;
    const bool hit = all.injection->for_ever ? all.counted >= all.injection->nth : all.counted == all.injection->nth;
    if (!hit) return false;
    ++all.fired;
    errno = all.injection->error;
    return true;
}

int open_at(int at, const char* path, int flags, mode_t mode) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const auto place = all.recording ? place_of(all, absolute(at, path)) : std::nullopt;
    if (place && fails(all, Call::open)) return -1;
    const auto descriptor = static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
    if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= kDescriptors) return descriptor;
    NodeId node = place ? node_at(all, *place) : 0;
    if (place && node == 0 && (flags & O_CREAT) != 0) node = create(all, *place, false);
    if (node != 0 && (flags & O_TRUNC) != 0) all.ops.emplace_back(Resize{node, 0});
    all.descriptors[static_cast<std::size_t>(descriptor)] = node;
    return descriptor;
}

ssize_t write_at(int descriptor, const void* bytes, std::size_t size, off_t offset, bool positioned) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const NodeId node = node_of(all, descriptor);
    if (node != 0 && fails(all, Call::write)) return -1;
    if (node != 0 && !positioned) offset = ::syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
    const auto put = positioned ? ::syscall(SYS_pwrite64, descriptor, bytes, size, offset)
                                : ::syscall(SYS_write, descriptor, bytes, size);
    if (node == 0 || put <= 0) return put;
    const ByteView view(static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(put));
    all.ops.emplace_back(Write{node, static_cast<std::uint64_t>(offset), copy_of(view)});
    return put;
}

int sync_one(int descriptor, long call) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const NodeId node = node_of(all, descriptor);
    if (node != 0 && fails(all, Call::sync)) return -1;
    const auto answer = static_cast<int>(::syscall(call, descriptor));
    if (node != 0 && answer == 0) all.ops.emplace_back(Sync{node});
    return answer;
}

int resize(int descriptor, std::uint64_t size) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const NodeId node = node_of(all, descriptor);
    if (node != 0 && fails(all, Call::resize)) return -1;
    const auto answer = static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
    if (node != 0 && answer == 0) all.ops.emplace_back(Resize{node, size});
    return answer;
}

int remove_at(int at, const char* path, int flags) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const auto place = all.recording ? place_of(all, absolute(at, path)) : std::nullopt;
    if (place && fails(all, Call::remove)) return -1;
    const auto answer = static_cast<int>(::syscall(SYS_unlinkat, at, path, flags));
    if (answer != 0 || !place) return answer;
    if (const NodeId node = node_at(all, *place); node != 0) {
        all.ops.emplace_back(Remove{place->parent, place->name, node});
        all.nodes[place->parent].children.erase(place->name);
    }
    return answer;
}

int make_directory_at(int at, const char* path, mode_t mode) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const auto answer = static_cast<int>(::syscall(SYS_mkdirat, at, path, mode));
    if (answer != 0 || !all.recording) return answer;
    if (const auto place = place_of(all, absolute(at, path)); place && !place->name.empty()) {
        create(all, *place, true);
    }
    return answer;
}

int rename_one(const char* from, const char* to) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    const auto source = all.recording ? place_of(all, absolute(AT_FDCWD, from)) : std::nullopt;
    const auto target = all.recording ? place_of(all, absolute(AT_FDCWD, to)) : std::nullopt;
    const auto answer = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
    if (answer != 0 || !source || !target) return answer;
    const NodeId node = node_at(all, *source);
    all.ops.emplace_back(Rename{source->parent, source->name, target->parent, target->name, node});
    all.nodes[source->parent].children.erase(source->name);
    all.nodes[target->parent].children[target->name] = node;
    return answer;
}

}  // namespace

void start_recording(const std::filesystem::path& folder) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    all.recording = true;
    all.folder = folder.string();
    all.ops.clear();
    all.nodes.assign(2, Node{true, {}});
    all.descriptors.fill(0);
    all.seen.fill(0);
    all.injection.reset();
    all.fired = 0;
}

std::vector<Op> stop_recording() {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    all.recording = false;
    all.injection.reset();
    return std::exchange(all.ops, {});
}

void mark(std::uint32_t number) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    if (all.recording) all.ops.emplace_back(Mark{number});
}

void inject(const Injection& injection) {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    all.injection = injection;
    all.counted = 0;
    all.fired = 0;
}

unsigned injections_fired() {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    return all.fired;
}

std::vector<unsigned> calls_seen() {
    State& all = state();
    const std::lock_guard lock(all.mutex);
    return {all.seen.begin(), all.seen.end()};
}

}  // namespace carepost::fault

// The functions themselves, found before those of libc by every library of this program.
#define CAREPOST_SEEN extern "C" __attribute__((visibility("default")))
namespace fault = carepost::fault;

namespace {
mode_t mode_of(int flags, std::va_list& arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}
}  // namespace

CAREPOST_SEEN int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fault::open_at(AT_FDCWD, path, flags, mode);
}
CAREPOST_SEEN int open64(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fault::open_at(AT_FDCWD, path, flags, mode);
}
CAREPOST_SEEN int openat(int at, const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return fault::open_at(at, path, flags, mode);
}
CAREPOST_SEEN ssize_t write(int descriptor, const void* bytes, std::size_t size) {
    return fault::write_at(descriptor, bytes, size, 0, false);
}
CAREPOST_SEEN ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
    return fault::write_at(descriptor, bytes, size, offset, true);
}
CAREPOST_SEEN ssize_t pwrite64(int descriptor, const void* bytes, std::size_t size, off64_t offset) {
    return fault::write_at(descriptor, bytes, size, offset, true);
}
CAREPOST_SEEN int fsync(int descriptor) { return fault::sync_one(descriptor, SYS_fsync); }
CAREPOST_SEEN int fdatasync(int descriptor) { return fault::sync_one(descriptor, SYS_fdatasync); }
CAREPOST_SEEN int ftruncate(int descriptor, off_t size) noexcept {
    return fault::resize(descriptor, static_cast<std::uint64_t>(size));
}
CAREPOST_SEEN int ftruncate64(int descriptor, off64_t size) noexcept {
    return fault::resize(descriptor, static_cast<std::uint64_t>(size));
}
CAREPOST_SEEN int posix_fallocate(int descriptor, off_t offset, off_t size) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return errno;
    if (status.st_size >= offset + size) return 0;
    return fault::resize(descriptor, static_cast<std::uint64_t>(offset + size)) == 0 ? 0 : errno;
}
CAREPOST_SEEN int unlink(const char* path) noexcept { return fault::remove_at(AT_FDCWD, path, 0); }
CAREPOST_SEEN int unlinkat(int at, const char* path, int flags) noexcept { return fault::remove_at(at, path, flags); }
CAREPOST_SEEN int rmdir(const char* path) noexcept { return fault::remove_at(AT_FDCWD, path, AT_REMOVEDIR); }
CAREPOST_SEEN int remove(const char* path) noexcept {
    struct stat status{};
    if (::lstat(path, &status) != 0) return -1;
    return fault::remove_at(AT_FDCWD, path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}
CAREPOST_SEEN int mkdir(const char* path, mode_t mode) noexcept {
    return fault::make_directory_at(AT_FDCWD, path, mode);
}
CAREPOST_SEEN int rename(const char* from, const char* to) noexcept { return fault::rename_one(from, to); }
