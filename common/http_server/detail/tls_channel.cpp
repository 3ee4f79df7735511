#include <climits>

#include <openssl/err.h>
#include <sys/socket.h>

#include "common/http_server/detail/channel.h"

namespace ndes::http {
namespace {

using SslPtr = std::unique_ptr<SSL, OpensslFree<::SSL_free>>;

class TlsChannel final : public Channel {
  public:
    TlsChannel(int socket, SslPtr ssl) : socket_(socket), ssl_(std::move(ssl)) {}

    IoStatus handshake() override {
        ::ERR_clear_error();  // SSL_get_error looks at the thread's queue
        return status_of(::SSL_accept(ssl_.get()));
    }

    IoStatus read(char* buffer, std::size_t size, std::size_t& count) override {
        ::ERR_clear_error();
        return status_of(::SSL_read_ex(ssl_.get(), buffer, size, &count));
    }

    IoStatus write(std::string_view data, std::size_t& count) override {
        ::ERR_clear_error();
        return status_of(::SSL_write_ex(ssl_.get(), data.data(), data.size(), &count));
    }

    bool has_buffered_input() const override { return ::SSL_has_pending(ssl_.get()) == 1; }

    void end_output() override {
        // After a fatal error SSL_shutdown must not be called; the alert has been sent by then.
        if (!broken_ && ::SSL_is_init_finished(ssl_.get()) == 1) ::SSL_shutdown(ssl_.get());
        ::ERR_clear_error();
        ::shutdown(socket_, SHUT_WR);
    }

    void describe(Peer& peer) const override {
        peer.tls =
            std::string(::SSL_get_version(ssl_.get())) + " " + ::SSL_get_cipher_name(ssl_.get());
        X509* const certificate = ::SSL_get0_peer_certificate(ssl_.get());
        if (certificate == nullptr) return;
        auto read = Certificate::from_handle(certificate);
        if (read) peer.spki_sha256 = read->spki_sha256();
        // The context lets a handshake end well whose client certificate does not verify.
        const long verdict = ::SSL_get_verify_result(ssl_.get());
        if (verdict != X509_V_OK) {
            ClientVerdict why = client_verdict(verdict);
            peer.certificate_fault = why.fault;
            peer.certificate_error = std::move(why.text);
            return;
        }
        if (read) {
            peer.certificate = std::make_shared<const Certificate>(std::move(*read));
            peer.certificate_chain = presented_chain();
        } else {
            peer.certificate_fault = ClientFault::other;
            peer.certificate_error = read.error().text;
        }
    }

  private:
    // Null when the client sent its certificate alone, as most do.
    std::shared_ptr<const std::vector<Certificate>> presented_chain() const {
        const STACK_OF(X509)* const sent = ::SSL_get_peer_cert_chain(ssl_.get());
        if (sent == nullptr || sk_X509_num(sent) == 0) return nullptr;
        auto chain = std::make_shared<std::vector<Certificate>>();
        for (int i = 0; i < sk_X509_num(sent); ++i) {
            if (auto one = Certificate::from_handle(sk_X509_value(sent, i))) {
                chain->push_back(std::move(*one));
            }
        }
        return chain;
    }

    IoStatus status_of(int result) {
        if (result == 1) return IoStatus::done;
        switch (::SSL_get_error(ssl_.get(), result)) {
            case SSL_ERROR_WANT_READ: return IoStatus::want_read;
            case SSL_ERROR_WANT_WRITE: return IoStatus::want_write;
            case SSL_ERROR_ZERO_RETURN: return IoStatus::closed;
            default:
                broken_ = true;
                ::ERR_clear_error();
                return IoStatus::failed;
        }
    }

    int socket_;
    SslPtr ssl_;
    bool broken_ = false;
};

}  // namespace

std::unique_ptr<Channel> make_tls_channel(int socket, SSL_CTX& context) {
    SslPtr ssl(::SSL_new(&context));
    // OpenSSL writes with write(2), which may raise SIGPIPE: IoThread blocks all signals.
    if (!ssl || ::SSL_set_fd(ssl.get(), socket) != 1) {
        ::ERR_clear_error();
        return nullptr;
    }
    ::SSL_set_accept_state(ssl.get());
    // A repeated write may come from another address (the output moves) and be partly done.
    ::SSL_set_mode(ssl.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    ::SSL_set_read_ahead(ssl.get(), 1);  // one recv per record instead of two
    return std::make_unique<TlsChannel>(socket, std::move(ssl));
}

}  // namespace ndes::http
