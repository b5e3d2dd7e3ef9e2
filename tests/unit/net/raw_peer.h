#pragma once
// A peer that speaks ZMTP 3.0 and CurveZMQ (RFC 23, RFC 26) byte by byte, so that it can misbehave as no library would.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost::test {

struct CurvePair {
    CurvePair() { crypto_box_keypair(key.bytes.data(), secret.reveal_mutable().data()); }
    TransportKey key;
    Secret<32> secret;
};

class RawPeer {
public:
    explicit RawPeer(std::uint16_t port, const char* from = "127.0.0.1")
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        auto own = address(from, 0);
        auto there = address("127.0.0.1", port);
        if (::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
            ::connect(socket_, reinterpret_cast<sockaddr*>(&there), sizeof there) != 0) {
            ::close(socket_);
            throw std::runtime_error("no connection");
        }
    }
    ~RawPeer() { ::close(socket_); }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;

    // False once the other side has cut the connection, or takes nothing for five seconds.
    bool write(ByteView bytes) {
        while (!bytes.empty()) {
            if (!ready(POLLOUT)) return false;
            const auto put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (put < 0 && errno == EAGAIN) continue;
            if (put <= 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return true;
    }
    // Empty when the connection ended before.
    Bytes read(std::size_t size) {
        Bytes out(size);
        std::size_t have = 0;
        while (have < size) {
            if (!ready(POLLIN)) return {};
            const auto got = ::recv(socket_, out.data() + have, size - have, 0);
            if (got <= 0) return {};
            have += static_cast<std::size_t>(got);
        }
        return out;
    }
    // Reads on until the other side ends the connection; false when it is still open after five silent seconds.
    bool ended() {
        std::uint8_t byte[4096];
        while (ready(POLLIN)) {
            if (::recv(socket_, byte, sizeof byte, 0) <= 0) return true;
        }
        return false;
    }

    bool greet(std::string_view mechanism) {
        Bytes greeting(64);
        greeting[0] = 0xFF;
        greeting[9] = 0x7F;
        greeting[10] = 3;
        std::copy(mechanism.begin(), mechanism.end(), greeting.begin() + 12);
        return write(greeting) && read(64).size() == 64;
    }
    // One ZMTP frame; flags: 1 more, 4 command.
    bool frame(std::uint8_t flags, ByteView body) {
        Bytes out;
        if (body.size() > 255) {
            ByteWriter(out).u8(flags | 2U).u64(body.size());
        } else {
            ByteWriter(out).u8(flags).u8(static_cast<std::uint8_t>(body.size()));
        }
        out.insert(out.end(), body.begin(), body.end());
        return write(out);
    }
    // Shakes hands as `own` with `server`; false when refused. `metadata` comes besides socket type and identity.
    bool handshake(const CurvePair& own, const TransportKey& server, const Bytes& metadata = {}) {
        if (!greet("CURVE") || !hello(server) || !welcome(server)) return false;
        return initiate(own, server, metadata) && command().starts_with("\x05READY");
    }
    // One frame of a message inside the box.
    bool message(ByteView payload, bool more) {
        Bytes plain;
        ByteWriter(plain).u8(more ? 1 : 0).raw(payload);
        if (shared_.empty()) {
            shared_.resize(crypto_box_BEFORENMBYTES);
            if (crypto_box_beforenm(shared_.data(), peer_.key.bytes.data(), short_.secret.reveal().data()) != 0)
                return false;
        }
        Bytes counter;
        ByteWriter(counter).u64(++nonce_);
        Bytes nonce = copy_of(view_of("CurveZMQMESSAGEC"));
        nonce.insert(nonce.end(), counter.begin(), counter.end());
        Bytes sealed(plain.size() + crypto_box_MACBYTES);
        if (crypto_box_easy_afternm(sealed.data(), plain.data(), plain.size(), nonce.data(), shared_.data()) != 0)
            return false;
        Bytes body;
        ByteWriter(body).raw(view_of("\x07MESSAGE")).raw(counter).raw(sealed);
        return frame(0, body);
    }
    static void property(Bytes& out, std::string_view name, std::string_view value) {
        ByteWriter(out).u8(static_cast<std::uint8_t>(name.size())).raw(view_of(name)).prefixed(view_of(value));
    }

private:
    static sockaddr_in address(const char* host, std::uint16_t port) {
        sockaddr_in out{};
        out.sin_family = AF_INET;
        out.sin_port = htons(port);
        inet_pton(AF_INET, host, &out.sin_addr);
        return out;
    }
    bool ready(short events) const {
        const bool writing = events == POLLOUT;  // to somebody who has hung up there is nothing to write
        pollfd item{socket_, static_cast<short>(writing ? POLLOUT | POLLRDHUP : events), 0};
        return ::poll(&item, 1, 5'000) == 1 && !(writing && (item.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
    }
    static Bytes box(ByteView plain, std::string_view nonce_prefix, ByteView nonce_rest, const TransportKey& to,
                     const Secret<32>& from) {
        Bytes nonce = copy_of(view_of(nonce_prefix));
        nonce.insert(nonce.end(), nonce_rest.begin(), nonce_rest.end());
        Bytes out(plain.size() + crypto_box_MACBYTES);
        if (crypto_box_easy(out.data(), plain.data(), plain.size(), nonce.data(), to.bytes.data(),
                            from.reveal().data()) != 0)
            throw std::runtime_error("no box");
        return out;
    }
    // Name, short nonce, box.
    Bytes boxed(std::string_view name, std::string_view nonce_prefix, ByteView plain, const TransportKey& to) {
        Bytes counter;
        ByteWriter(counter).u64(++nonce_);
        Bytes out;
        ByteWriter(out).raw(view_of(name)).raw(counter).raw(box(plain, nonce_prefix, counter, to, short_.secret));
        return out;
    }
    std::string command() {
        const auto head = read(2);
        if (head.size() != 2) return {};
        return std::string(text_of(read(head[1])));
    }
    bool hello(const TransportKey& server) {
        Bytes counter;
        ByteWriter(counter).u64(++nonce_);
        Bytes body;
        ByteWriter(body).raw(view_of("\x05HELLO")).u8(1).u8(0).raw(Bytes(72)).raw(short_.key.view()).raw(counter);
        ByteWriter(body).raw(box(Bytes(64), "CurveZMQHELLO---", counter, server, short_.secret));
        return frame(4, body);
    }
    bool welcome(const TransportKey& server) {
        const auto body = command();
        if (body.size() != 168) return false;
        const auto bytes = view_of(body);
        Bytes nonce = copy_of(view_of("WELCOME-"));
        nonce.insert(nonce.end(), bytes.begin() + 8, bytes.begin() + 24);
        Bytes plain(128);
        if (crypto_box_open_easy(plain.data(), bytes.data() + 24, 144, nonce.data(), server.bytes.data(),
                                 short_.secret.reveal().data()) != 0)
            return false;
        peer_.key = *TransportKey::from(ByteView(plain).first(32));
        cookie_ = copy_of(ByteView(plain).last(96));
        return true;
    }
    bool initiate(const CurvePair& own, const TransportKey& server, const Bytes& metadata) {
        Bytes vouch_nonce(16);
        randombytes_buf(vouch_nonce.data(), vouch_nonce.size());
        Bytes vouch = copy_of(short_.key.view());
        vouch.insert(vouch.end(), server.bytes.begin(), server.bytes.end());
        Bytes plain;
        ByteWriter(plain).raw(own.key.view()).raw(vouch_nonce);
        ByteWriter(plain).raw(box(vouch, "VOUCH---", vouch_nonce, peer_.key, own.secret));
        property(plain, "Socket-Type", "DEALER");
        property(plain, "Identity", "");
        ByteWriter(plain).raw(metadata);
        std::string name = "\x08INITIATE";
        name += text_of(cookie_);
        return frame(4, boxed(name, "CurveZMQINITIATE", plain, peer_.key));
    }

    int socket_;
    CurvePair short_;
    struct {
        TransportKey key;
    } peer_;
    Bytes cookie_;
    Bytes shared_;  // key of both short keys, once it is needed
    std::uint64_t nonce_ = 0;
};

}  // namespace carepost::test
