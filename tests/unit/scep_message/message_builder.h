// SCEP requests written octet by octet, right and wrong, apart from the code under test. Only the
// content encryption of right ones is OpenSSL's.
#pragma once

#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "scep-server/message/pki_message.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes::scep::test {

using namespace ndes::test;

// The RA of these tests: two pairs, made once per process.
const RaIdentity& ra();
// A self-signed certificate of a client (key rsa_key(2)), as SCEP clients make for their first
// request.
const Certificate& client();

// A PKCS#10 request with challenge "secret".
Bytes client_csr();

// EnvelopedData of `content` for each of `recipients` in "aes-128-cbc", …, "des-cbc".
Bytes make_envelope(const Bytes& content, const std::vector<Certificate>& recipients,
                    const char* cipher = "aes-128-cbc");
// The same for the RA's encryption certificate and client_csr().
Bytes good_envelope(const char* cipher = "aes-128-cbc");

// EnvelopedData of which nothing is encrypted: for tests of shape.
struct EnvelopeParts {
    Bytes type;        // of ContentInfo; default envelopedData
    Bytes recipients;  // elements of the SET; default one for rsaEncryption
    Bytes cipher;      // AlgorithmIdentifier; default aes-128-cbc
    Bytes data_type;   // default data
    Bytes encrypted;   // element; default [0] with 32 octets
    Bytes trailing;    // elements behind EncryptedContentInfo
};
Bytes make_envelope_of(const EnvelopeParts& parts);
// One KeyTransRecipientInfo, for the named key encryption algorithm (AlgorithmIdentifier).
Bytes recipient_info(const Bytes& algorithm);
Bytes algorithm(const char* oid, const Bytes& parameters = {});

struct MessageParts {
    Bytes content = {};  // default good_envelope()
    std::string digest = "SHA256";
    bool pss = false;
    bool ber = false;         // indefinite lengths, content in pieces
    EVP_PKEY* key = nullptr;  // default the client's
    const Certificate* signer = nullptr;
    std::vector<Bytes> attributes =
        {};  // besides contentType and messageDigest; default scep_attributes()
    std::vector<Bytes> certificates = {};  // DER; default the signer's
    Bytes unsigned_attributes = {};        // elements of [1]
    Bytes signature_algorithm = {};        // default what fits the key
};
Bytes make_message(const MessageParts& parts = {});

// Attributes of SCEP.
Bytes message_type(std::string_view digits, std::uint8_t tag = kPrintable);
Bytes transaction_id(std::string_view text, std::uint8_t tag = kPrintable);
Bytes sender_nonce(const Bytes& nonce = Bytes(16, 0x5A));
std::vector<Bytes> scep_attributes(std::string_view type = "19");

// The SignedData above, from its parts, for tests of shape.
Bytes content_info(const char* type_oid, const Bytes& content);

inline constexpr const char* kOidData = "1.2.840.113549.1.7.1";
inline constexpr const char* kOidSignedData = "1.2.840.113549.1.7.2";
inline constexpr const char* kOidEnvelopedData = "1.2.840.113549.1.7.3";
inline constexpr const char* kOidRsaEncryption = "1.2.840.113549.1.1.1";

}  // namespace ndes::scep::test
