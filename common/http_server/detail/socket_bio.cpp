#include "common/http_server/detail/socket_bio.h"

#include <cerrno>
#include <cstdint>

#include <sys/socket.h>

namespace ndes::http {
namespace {

int socket_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio)));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int write_socket(BIO* bio, const char* data, int size) {
    ::BIO_clear_retry_flags(bio);
    const auto moved = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (moved < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(moved);
}

int read_socket(BIO* bio, char* buffer, int size) {
    ::BIO_clear_retry_flags(bio);
    const auto moved = ::recv(socket_of(bio), buffer, static_cast<std::size_t>(size), 0);
    if (moved < 0 && would_block()) BIO_set_retry_read(bio);
    if (moved == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(moved);
}

long control_socket(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    // Nothing is held back, so a flush has succeeded before it is asked for.
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct BioMethodFree {
    void operator()(BIO_METHOD* method) const { ::BIO_meth_free(method); }
};

BIO_METHOD* make_method() {
    BIO_METHOD* method =
        ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    if (method == nullptr) return nullptr;
    ::BIO_meth_set_write(method, write_socket);
    ::BIO_meth_set_read(method, read_socket);
    ::BIO_meth_set_ctrl(method, control_socket);
    return method;
}

}  // namespace

BioPtr make_socket_bio(int socket) {
    static const std::unique_ptr<BIO_METHOD, BioMethodFree> method(make_method());
    BioPtr bio(method ? ::BIO_new(method.get()) : nullptr);
    if (!bio) return nullptr;
    ::BIO_set_data(bio.get(), reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    ::BIO_set_init(bio.get(), 1);
    return bio;
}

}  // namespace ndes::http
