#include "broker/net/frame.h"

#include <cerrno>
#include <memory>
#include <stdexcept>

namespace carepost::net {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what + ": " + zmq_strerror(zmq_errno())); }

}  // namespace

Frame::Frame(Bytes bytes) {
    if (bytes.empty()) {
        zmq_msg_init(&message_);
        return;
    }
    auto owned = std::make_unique<Bytes>(std::move(bytes));
    auto release = [](void*, void* hint) { delete static_cast<Bytes*>(hint); };
    if (zmq_msg_init_data(&message_, owned->data(), owned->size(), release, owned.get()) != 0) throw std::bad_alloc();
    static_cast<void>(owned.release());  // released by ZeroMQ from now on
}

Socket::Socket(void* context, int type) : socket_(zmq_socket(context, type)) {
    if (socket_ == nullptr) refuse("a ZeroMQ socket cannot be made");
}

void Socket::set(int option, int value, const char* name) {
    if (zmq_setsockopt(socket_, option, &value, sizeof value) != 0)
        refuse(std::string("ZeroMQ refuses the option ") + name);
}

void Socket::set(int option, ByteView value, const char* name) {
    if (zmq_setsockopt(socket_, option, value.data(), value.size()) != 0) {
        refuse(std::string("ZeroMQ refuses the option ") + name);
    }
}

void Socket::bind(const std::string& endpoint) {
    if (zmq_bind(socket_, endpoint.c_str()) != 0) refuse("cannot listen on " + endpoint);
}

void Socket::connect(const std::string& endpoint) {
    if (zmq_connect(socket_, endpoint.c_str()) != 0) refuse("cannot connect to " + endpoint);
}

std::string Socket::last_endpoint() const {
    char text[512] = {};
    std::size_t size = sizeof text;
    if (zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, text, &size) != 0) refuse("ZeroMQ does not say where it listens");
    return text;
}

bool Socket::receive(Frame& frame, bool wait) {
    for (;;) {
        if (zmq_msg_recv(frame.raw(), socket_, wait ? 0 : ZMQ_DONTWAIT) >= 0) return true;
        if (zmq_errno() != EINTR) return false;
    }
}

int Socket::send(Frame frame, bool more) {
    for (;;) {
        if (zmq_msg_send(frame.raw(), socket_, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0) return 0;
        if (zmq_errno() != EINTR) return zmq_errno();
    }
}

Context::Context() : context_(zmq_ctx_new()) {
    if (context_ == nullptr) throw std::runtime_error("ZeroMQ cannot be started");
    zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, 64);
    zmq_ctx_set(context_, ZMQ_BLOCKY, 0);
}

Context::~Context() { zmq_ctx_term(context_); }

}  // namespace carepost::net
