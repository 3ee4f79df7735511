#include "common/tls/client_certificate.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace ndes {
namespace {

bool names_client_auth(X509* certificate) {
    const bool has_extension =
        (::X509_get_extension_flags(certificate) & static_cast<std::uint32_t>(EXFLAG_XKUSAGE)) != 0;
    return has_extension && (::X509_get_extended_key_usage(certificate) &
                             static_cast<std::uint32_t>(XKU_SSL_CLIENT)) != 0;
}

ClientFault fault_for(long x509_error) {
    switch (x509_error) {
        case X509_V_OK: return ClientFault::none;
        case X509_V_ERR_CERT_HAS_EXPIRED: return ClientFault::expired;
        case X509_V_ERR_CERT_NOT_YET_VALID: return ClientFault::not_yet_valid;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return ClientFault::self_signed;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_UNTRUSTED: return ClientFault::untrusted;
        case X509_V_ERR_INVALID_PURPOSE: return ClientFault::wrong_usage;
        case X509_V_ERR_CERT_REVOKED: return ClientFault::revoked;
        case X509_V_ERR_CRL_HAS_EXPIRED: return ClientFault::crl_expired;
        case X509_V_ERR_UNABLE_TO_GET_CRL: return ClientFault::crl_missing;
        default: return ClientFault::other;
    }
}

}  // namespace

ClientVerdict client_verdict(long x509_error) {
    if (x509_error == X509_V_OK) return {};
    return {fault_for(x509_error), ::X509_verify_cert_error_string(x509_error)};
}

void verify_client_chain(X509_STORE_CTX* verification) {
    const bool verified = ::X509_verify_cert(verification) == 1;
    if (!verified && ::X509_STORE_CTX_get_error(verification) == X509_V_OK) {
        ::X509_STORE_CTX_set_error(verification, X509_V_ERR_UNSPECIFIED);
    }
    if (verified && !names_client_auth(::X509_STORE_CTX_get0_cert(verification))) {
        ::X509_STORE_CTX_set_error(verification, X509_V_ERR_INVALID_PURPOSE);
    }
}

ClientVerdict ClientVerifier::verify_now(const Certificate& certificate,
                                         const std::vector<Certificate>* presented) const {
    using ChainPtr = std::unique_ptr<STACK_OF(X509), OpensslFree<[](STACK_OF(X509) * chain) {
                                         sk_X509_free(chain);  // borrows its members
                                     }>>;
    const ChainPtr chain(sk_X509_new_null());
    const X509StoreCtxPtr verification(::X509_STORE_CTX_new());
    bool ready = chain && verification;
    for (std::size_t i = 0; ready && presented && i < presented->size(); ++i) {
        ready = sk_X509_push(chain.get(), (*presented)[i].handle()) > 0;
    }
    ready = ready &&
            ::X509_STORE_CTX_init(verification.get(), ::SSL_CTX_get_cert_store(context_.get()),
                                  certificate.handle(), chain.get()) == 1 &&
            ::X509_STORE_CTX_set_default(verification.get(), "ssl_client") == 1;
    if (!ready) {
        ::ERR_clear_error();
        return client_verdict(X509_V_ERR_UNSPECIFIED);
    }
    ::X509_VERIFY_PARAM_set_auth_level(::X509_STORE_CTX_get0_param(verification.get()),
                                       ::SSL_CTX_get_security_level(context_.get()));
    verify_client_chain(verification.get());
    ::ERR_clear_error();
    return client_verdict(::X509_STORE_CTX_get_error(verification.get()));
}

ClientVerdict ClientVerifier::verify(const Certificate& certificate,
                                     const std::vector<Certificate>* presented) const {
    const std::string key = certificate.sha256();
    const SteadyTime now = clock_.steady_now();
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = kept_.find(key);
        if (found != kept_.end() && now < found->second.until) return found->second.verdict;
    }
    ClientVerdict verdict = verify_now(certificate, presented);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (kept_.size() >= kMostKept) kept_.clear();
    kept_[key] = {verdict, now + kKept};
    return verdict;
}

}  // namespace ndes
