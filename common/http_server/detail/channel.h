// Channel: octets to and from one client over a non-blocking socket, plain or through TLS.
// Talks to the socket directly instead of through asio's ssl::stream, which copies each octet twice
// more and keeps 34 KB per idle connection; asio only says when the socket is ready.
// Knows nothing of HTTP. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "common/crypto/openssl_ptr.h"
#include "common/http_server/http_message.h"

namespace ndes::http {

enum class IoStatus {
    done,
    want_read,   // call again when the socket can be read
    want_write,  // call again when the socket can be written
    closed,      // the client has ended its side in order
    failed,      // the connection is of no use any more
};

class Channel {
  public:
    virtual ~Channel() = default;
    virtual IoStatus handshake() = 0;
    // Moves at least one octet when done.
    virtual IoStatus read(char* buffer, std::size_t size, std::size_t& count) = 0;
    virtual IoStatus write(std::string_view data, std::size_t& count) = 0;
    // True if a read may give octets although the socket has none.
    virtual bool has_buffered_input() const = 0;
    // Tells the client that nothing more will come; best effort, never waits.
    virtual void end_output() = 0;
    // After the handshake: certificate, or why the one presented does not count.
    virtual void describe(Peer& peer) const = 0;
};

// `socket`: non-blocking descriptor, borrowed.
std::unique_ptr<Channel> make_plain_channel(int socket);

// Null if OpenSSL has no memory for it.
std::unique_ptr<Channel> make_tls_channel(int socket, SSL_CTX& context);

}  // namespace ndes::http
