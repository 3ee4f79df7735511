// A small SCEP client (RFC 8894) for the end-to-end check: key, request, message, reply. RSA,
// AES-128, SHA-256. Knows no HTTP. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes::crp::cli::doctor {

Result<EvpPkeyPtr> make_device_key();  // RSA 2048

// PKCS#10, DER. `subject`: RFC 4514; an empty challenge: none.
Result<Bytes> make_request(EVP_PKEY* key, const std::string& subject, const std::string& challenge);

// GetCACert's answer: one certificate (x-x509-ca-cert) or a degenerate SignedData.
Result<std::vector<Certificate>> read_ca_certificates(ByteView answer);

// The one of GetCACert that requests are encrypted to; not_found.
Result<Certificate> encryption_certificate(const std::vector<Certificate>& certificates);

// One enrolment: a self-signed certificate, and what the reply has to repeat.
class ScepExchange {
  public:
    // A PKCSReq around `request`, for the owner of `recipient`. `key` outlives this object.
    static Result<ScepExchange> begin(EVP_PKEY* key, const std::string& subject, ByteView request,
                                      const Certificate& recipient);
    const Bytes& message() const { return message_; }
    const std::string& transaction_id() const { return transaction_id_; }

    struct Reply {
        std::string status;     // "0" success, "2" failure, "3" pending
        std::string fail_info;  // of a failure
        std::optional<Certificate> certificate;
    };
    // Verifies that one of `signers` signed it and that it answers this message.
    Result<Reply> read(ByteView reply, const std::vector<Certificate>& signers) const;

  private:
    ScepExchange(EVP_PKEY* key, Certificate own) : key_(key), own_(std::move(own)) {}

    EVP_PKEY* key_;
    Certificate own_;
    std::string transaction_id_;
    Bytes nonce_;
    Bytes message_;
};

}  // namespace ndes::crp::cli::doctor
