#include "common/tls/tls_context.h"

#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/crypto/certificate.h"
#include "common/crypto/key.h"
#include "common/file.h"
#include "common/tls/client_certificate.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr int kSecurityLevel = 2;  // 112 bits: RSA from 2048, no SHA-1 signatures
constexpr std::size_t kMaxCrlFile = 16UL * 1024 * 1024;

Failure library_failure(std::string text) {
    return fail(ErrorCode::configuration, std::move(text), take_openssl_errors());
}

// What both kinds of context have in common (security level, protocol, ciphers, groups).
Result<SslCtxPtr> make_context(const SSL_METHOD* method, int least_version) {
    SslCtxPtr context(::SSL_CTX_new(method));
    if (!context) return library_failure("TLS context");
    ::SSL_CTX_set_security_level(context.get(), kSecurityLevel);
    ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                             SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    // The chain sent is the one in the file, never one that OpenSSL finds in the trust list.
    ::SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    const bool set =
        SSL_CTX_set_min_proto_version(context.get(), least_version) == 1 &&
        ::SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
        // P-384 last: TLS 1.2 refuses certificates on a curve that is not in this list.
        SSL_CTX_set1_groups_list(context.get(), "X25519:P-256:P-384") == 1 &&
        ::SSL_CTX_set_num_tickets(context.get(), 0) == 1;
    if (!set) return library_failure("TLS protocol settings");
    return context;
}

Result<void> use_identity(SSL_CTX* context, const fs::path& certificate_path,
                          const fs::path& key_path) {
    auto chain = load_certificates(certificate_path);
    if (!chain) return pass_on(chain);
    auto key = load_private_key(key_path);
    if (!key) return pass_on(key);
    if (!chain->front().matches(key->get())) {
        return fail(ErrorCode::configuration, key_path.string() +
                                                  ": is not the key of the first certificate in " +
                                                  certificate_path.string());
    }
    bool used = ::SSL_CTX_use_certificate(context, chain->front().handle()) == 1;
    for (std::size_t i = 1; used && i < chain->size(); ++i) {
        used = SSL_CTX_add1_chain_cert(context, (*chain)[i].handle()) == 1;
    }
    used = used && ::SSL_CTX_use_PrivateKey(context, key->get()) == 1;
    if (!used) return library_failure(certificate_path.string() + ": not usable for TLS");
    return {};
}

// Makes the certificates of `path` the only anchors of `context`. Each is trusted as it stands,
// also one that is not self-signed, so that a list may name just the issuing CA.
Result<std::vector<Certificate>> use_anchors(SSL_CTX* context, const fs::path& path) {
    auto anchors = load_certificates(path);
    if (!anchors) return anchors;
    X509_STORE* const store = ::SSL_CTX_get_cert_store(context);
    for (const auto& anchor : *anchors) {
        if (::X509_STORE_add_cert(store, anchor.handle()) != 1) {
            return library_failure(path.string() + ": not usable as trust list");
        }
    }
    ::X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return anchors;
}

// Every CRL of the PEM file. From then on a client whose issuer has no current CRL is refused.
Result<void> use_crls(SSL_CTX* context, const fs::path& path) {
    auto text = read_file(path, kMaxCrlFile);
    if (!text) return pass_on(text);
    const std::string pem = std::move(*text);
    const BioPtr source(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    X509_STORE* const store = ::SSL_CTX_get_cert_store(context);
    int count = 0;
    for (;; ++count) {
        const X509CrlPtr crl(::PEM_read_bio_X509_CRL(source.get(), nullptr, nullptr, nullptr));
        if (!crl) break;
        if (::X509_STORE_add_crl(store, crl.get()) != 1) {
            return library_failure(path.string() + ": CRL not usable");
        }
    }
    // The end of the file is the one error expected here.
    const bool at_end = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (count == 0 || !at_end) return library_failure(path.string() + ": not a PEM list of CRLs");
    ::ERR_clear_error();
    ::X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return {};
}

// Lets the handshake go on in any case: the verdict stays in SSL_get_verify_result, for an answer
// that can say what is wrong.
int verify_client(X509_STORE_CTX* verification, void* /*unused*/) {
    verify_client_chain(verification);
    return 1;
}

Result<void> request_client_certificate(SSL_CTX* context, const TlsServerFiles& files) {
    auto anchors = use_anchors(context, files.client_ca);
    if (!anchors) return pass_on(anchors, "client CA");
    for (const auto& anchor : *anchors) {
        // Names the acceptable issuers, by which a client picks among its certificates.
        if (::SSL_CTX_add_client_CA(context, anchor.handle()) != 1) {
            return library_failure(files.client_ca.string() + ": not usable as list of issuers");
        }
    }
    if (!files.client_crl.empty()) {
        auto used = use_crls(context, files.client_crl);
        if (!used) return pass_on(used, "client CRL");
    }
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    ::SSL_CTX_set_cert_verify_callback(context, verify_client, nullptr);
    return {};
}

std::shared_ptr<SSL_CTX> shared(SslCtxPtr context) {
    return {context.release(), OpensslFree<::SSL_CTX_free>()};
}

}  // namespace

Result<std::shared_ptr<SSL_CTX>> build_server_context(const TlsServerFiles& files) {
    auto context =
        make_context(::TLS_server_method(), files.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (!context) return pass_on(context);
    auto identity = use_identity(context->get(), files.certificate, files.key);
    if (!identity) return pass_on(identity, "TLS server");
    if (files.client_ca.empty() && !files.client_crl.empty()) {
        return fail(ErrorCode::configuration,
                    files.client_crl.string() + ": a client CRL needs a client CA");
    }
    if (!files.client_ca.empty()) {
        auto requested = request_client_certificate(context->get(), files);
        if (!requested) return pass_on(requested, "TLS server");
    }
    return shared(std::move(*context));
}

Result<std::shared_ptr<SSL_CTX>> build_client_context(const TlsClientFiles& files) {
    auto context = make_context(::TLS_client_method(), TLS1_2_VERSION);
    if (!context) return pass_on(context);
    if (!files.certificate.empty()) {
        auto identity = use_identity(context->get(), files.certificate, files.key);
        if (!identity) return pass_on(identity, "TLS client");
    }
    auto anchors = use_anchors(context->get(), files.server_ca);
    if (!anchors) return pass_on(anchors, "TLS client: server CA");
    ::SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
    return shared(std::move(*context));
}

}  // namespace ndes
