// TLS contexts for servers and clients, built from files and never weaker than asked.
// Knows nothing of roles or callers. build_* are pure; the contexts may be shared between threads.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

struct TlsServerFiles {
    std::filesystem::path certificate;  // PEM, leaf first, then its chain
    std::filesystem::path key;          // PEM, see load_private_key
    std::filesystem::path client_ca;    // PEM trust list for client certificates; empty: ask none
    std::filesystem::path client_crl;   // PEM, optional; when given every client is checked
    bool allow_tls12 = true;            // false: TLS 1.3 only
};

// A server context: TLS 1.2 with ECDHE+AEAD or 1.3, no renegotiation, compression, tickets or
// resumption (so that identity is looked at anew on each connection). With `client_ca` a client
// certificate is *requested*; one that is presented must be valid for clientAuth and chain to
// the list, or the handshake still ends well and `peer_certificate_error` of the connection says
// why it does not count. configuration on failure, naming the file.
Result<std::shared_ptr<SSL_CTX>> build_server_context(const TlsServerFiles& files);

struct TlsClientFiles {
    std::filesystem::path certificate;  // PEM, leaf first; empty: none presented
    std::filesystem::path key;
    std::filesystem::path server_ca;  // PEM; the only trust anchors used
};

// A client context trusting `server_ca` alone (never the system's store), TLS 1.2 or 1.3.
Result<std::shared_ptr<SSL_CTX>> build_client_context(const TlsClientFiles& files);

}  // namespace ndes
