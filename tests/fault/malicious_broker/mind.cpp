#include "tests/fault/malicious_broker/mind.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace carepost::evil {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "malicious broker: %s\n", what);
    ::_exit(EXIT_FAILURE);
}

int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) give_up("the path of its mind's socket is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        give_up("its mind does not listen");
    return socket;
}

void write_all(int socket, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) give_up("its mind is gone");
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
}

Bytes read_exactly(int socket, std::size_t size) {
    Bytes out(size);
    for (std::size_t have = 0; have < size;) {
        const ssize_t got = ::recv(socket, out.data() + have, size - have, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) give_up("its mind is gone");
        have += static_cast<std::size_t>(got);
    }
    return out;
}

void put(Bytes& out, ByteView bytes) { ByteWriter(out).u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes); }

Bytes take(ByteReader& in) {
    const auto size = in.u32();
    const auto bytes = size ? in.raw(*size) : std::nullopt;
    if (!bytes) give_up("its mind makes no sense");
    return copy_of(*bytes);
}

std::vector<Frames> take_replies(ByteReader& in) {
    const auto count = in.u32();
    if (!count) give_up("its mind makes no sense");
    std::vector<Frames> out;
    for (std::uint32_t left = *count; left > 0; --left) {
        Bytes message = take(in);
        out.push_back({std::move(message), take(in)});
    }
    if (!in.done()) give_up("its mind says more than it should");
    return out;
}

Bytes question(std::uint8_t kind, const TransportKey& peer, const Frames& request) {
    Bytes out;
    ByteWriter(out).u8(kind).raw(peer.view());
    put(out, request.message);
    put(out, request.raw);
    return out;
}

}  // namespace

Mind::~Mind() {
    if (socket_ >= 0) ::close(socket_);
}

Bytes Mind::ask(const Bytes& question) {
    const std::lock_guard lock(mutex_);
    if (socket_ < 0) socket_ = connect_to(path_);
    Bytes framed;
    put(framed, question);
    write_all(socket_, framed);
    const Bytes head = read_exactly(socket_, 4);
    return read_exactly(socket_, *ByteReader(head).u32());
}

RequestVerdict Mind::request(const TransportKey& peer, Frames request) {
    if (path_.empty()) return {true, std::move(request), {}};
    const Bytes answer = ask(question('q', peer, request));
    ByteReader in(answer);
    const auto pass = in.u8();
    if (!pass) give_up("its mind makes no sense");
    Bytes message = take(in);
    Bytes raw = take(in);
    return {*pass != 0, {std::move(message), std::move(raw)}, take_replies(in)};
}

std::vector<Frames> Mind::reply(const TransportKey& peer, const Frames& request, Frames reply) {
    if (path_.empty()) {
        std::vector<Frames> same;
        same.push_back(std::move(reply));
        return same;
    }
    Bytes asked = question('r', peer, request);
    put(asked, reply.message);
    put(asked, reply.raw);
    const Bytes answer = ask(asked);
    ByteReader in(answer);
    return take_replies(in);
}

}  // namespace carepost::evil
