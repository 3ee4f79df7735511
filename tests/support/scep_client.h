// A SCEP client for tests: makes keys, requests and messages, reads replies. Independent of
// scep-server/message, so that the two can disagree. Throws std::runtime_error on its own faults.
// Value types; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes::test {

EvpPkeyPtr make_rsa_key(int bits = 2048);
EvpPkeyPtr make_ec_key(const char* curve = "P-256");

struct CsrOptions {
    std::string subject;                                 // RFC 4514 text; empty: an empty name
    std::string challenge;                               // empty: no attribute
    std::vector<SubjectAltName> subject_alt_names = {};  // empty: no extension
    std::string key_usage = {};  // OpenSSL syntax, e.g. "critical,digitalSignature"; empty: none
    std::string extended_key_usage = {};  // OpenSSL syntax, e.g. "clientAuth"; empty: none
    const char* digest = "SHA256";
};
Bytes make_csr(EVP_PKEY* key, const CsrOptions& options);

// The self-signed certificate a device signs its first request with.
Certificate make_signer(EVP_PKEY* key, const std::string& subject);

struct MessageOptions {
    std::string message_type = "19";
    std::string transaction_id = {};  // empty: random
    Bytes sender_nonce = {};          // empty: random
    const char* cipher = "AES-128-CBC";
    const char* digest = "SHA256";
};

// EnvelopedData of `content` to each recipient.
Bytes make_envelope(ByteView content, const std::vector<Certificate>& recipients,
                    const char* cipher = "AES-128-CBC");
// A message around `envelope`, right or wrong.
Bytes sign_envelope(ByteView envelope, EVP_PKEY* key, const Certificate& signer,
                    const MessageOptions& options);
// Envelopes `content` to each recipient and signs it.
Bytes make_message(ByteView content, EVP_PKEY* key, const Certificate& signer,
                   const std::vector<Certificate>& recipients, const MessageOptions& options);

struct Reply {
    std::string pki_status;  // "0", "2", "3"
    std::string fail_info;   // "" if absent
    std::string transaction_id;
    Bytes recipient_nonce;
    bool has_content = false;               // an eContent OCTET STRING, empty or not
    std::vector<Certificate> certificates;  // of a SUCCESS
};

// Verifies the signature with the signer in the message and, on SUCCESS, opens the envelope.
Reply read_reply(ByteView message, EVP_PKEY* key, const Certificate& signer);

// The same, for a reply under a password (PasswordRecipientInfo), read by the openssl command line.
Reply read_reply_under(ByteView message, const std::string& password);

// The one CRL (DER) of a SUCCESS to GetCRL; empty if there is none.
Bytes read_crl_reply(ByteView message, EVP_PKEY* key, const Certificate& signer);

// IssuerAndSerialNumber of a certificate (GetCert, GetCRL).
Bytes make_issuer_and_serial(const Certificate& certificate);

// pkiStatus found by its place in the octets alone: for load tests, where opening each reply would
// cost the client more than the server. "" if there is none.
std::string peek_pki_status(ByteView message);

// The certificates of a degenerate SignedData (GetCACert).
std::vector<Certificate> read_certificate_list(ByteView message);

}  // namespace ndes::test
