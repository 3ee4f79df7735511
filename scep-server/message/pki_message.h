// PkiMessage: decode requests and encode replies (RFC 8894 section 3), CMS API of OpenSSL only.
// Decoding is in two steps, by cost: the signed outside, then (private key) the envelope.
// Knows no HTTP, policy or issuer. Pure functions over const RA material; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "scep-server/message/scep_types.h"

namespace ndes::scep {

// A certificate that was encrypted to before, and still opens requests until then.
struct OlderDecryption {
    Certificate certificate;
    std::shared_ptr<EVP_PKEY> key;
    WallTime until{};
};

// The RA's certificates and keys; signing and encryption may be the same pair.
struct RaIdentity {
    Certificate signing_certificate;
    std::shared_ptr<EVP_PKEY> signing_key;
    Certificate encryption_certificate;
    std::shared_ptr<EVP_PKEY> decryption_key;
    std::vector<OlderDecryption> older = {};
};

// What a request may use. The strict default follows RFC 8894 section 2.9.
struct AlgorithmPolicy {
    // The named switch `scep.legacy_des_sha1`: accept single DES and SHA-1 from clients.
    bool legacy_des_sha1 = false;
    bool allow_3des = true;
};

// The signed outside of a request, its signature verified with the signer's own certificate.
struct SignedRequest {
    std::string transaction_id;                        // 1..255 octets of PrintableString
    MessageType message_type = MessageType::pkcs_req;  // never cert_rep
    Bytes sender_nonce;                                // 16 octets (8..64 accepted)
    Certificate signer;        // of the message; self-signed at first, issued by us at renewal
    std::string digest_name;   // "SHA-256", …: of the signature, mirrored in the reply
    bool used_legacy = false;  // DES or SHA-1 was accepted through the switch
    Bytes envelope;            // EnvelopedData (ContentInfo, DER or BER), not yet opened
    std::string cipher_name;   // "aes-128-cbc", …: of the envelope, mirrored in the reply
};

// Why a request was refused, as the client shall be told. `error` is for the operator.
struct Refusal {
    FailInfo fail_info = FailInfo::bad_request;
    Error error;
    // What could be read before it was refused, so that a CertRep can be addressed; a message
    // without a transaction ID gets an HTTP 400 instead.
    std::string transaction_id;
    Bytes sender_nonce;
    std::optional<Certificate> signer;
    std::string digest_name;
    bool no_request = false;  // messageType is none of a request
};

// By cost: size, bounded ASN.1 pre-reader, attributes each exactly once, messageType that of a
// request (a forgotten one has cost other servers their authorisation), one signer, algorithms,
// shape of the envelope, signature.
tl::expected<SignedRequest, Refusal> read_signed(ByteView message, const AlgorithmPolicy& policy);

// Opens the envelope with the RA's decryption key, or an older one if the message names that; the
// content is the PKCS#10 request (17, 19) or
// the body of the other types, one SEQUENCE in any case. One error, badMessageCheck, for every way
// it can fail, whatever the cause (no decryption oracle); callers answer content that they cannot
// parse in the same way.
tl::expected<Bytes, Refusal> open_envelope(const SignedRequest& request, const RaIdentity& ra);

// What every reply repeats from the request.
struct ReplyContext {
    std::string transaction_id;
    Bytes recipient_nonce;  // the request's senderNonce
    Bytes sender_nonce;     // ours, 16 octets, fresh
    std::string digest_name = "SHA-256";
};

// Whom a reply is encrypted to (RFC 8894 section 3.1).
struct ReplyRecipient {
    const Certificate& certificate;  // the signer of the request
    std::string_view cipher_name;    // of the request; never weaker in the reply, DES becomes 3DES
    // The challenge: a key that cannot decrypt (EC) gets the content under it. Empty: such a key
    // cannot be answered.
    std::string_view password;
};

// True if a reply can be encrypted to `recipient`.
bool can_be_answered(const ReplyRecipient& recipient);

// EnvelopedData of `content` (a degenerate SignedData): KeyTransRecipientInfo for an RSA key, else
// PasswordRecipientInfo (RFC 5652 section 6.2.4: PBKDF2 and id-alg-PWRI-KEK).
Result<Bytes> encrypt_reply(const ReplyRecipient& recipient, ByteView content);

// CertRep SUCCESS around what encrypt_reply made, signed by the RA.
Result<Bytes> encode_success(const ReplyContext& context, const RaIdentity& ra, ByteView envelope);

// CertRep FAILURE, with an empty (not absent) content: certmonger needs it. `text` becomes
// failInfoText when not empty.
Result<Bytes> encode_failure(const ReplyContext& context, const RaIdentity& ra, FailInfo info,
                             std::string_view text = {});

// CertRep PENDING.
Result<Bytes> encode_pending(const ReplyContext& context, const RaIdentity& ra);

// GetCACert's degenerate SignedData (application/x-x509-ca-ra-cert).
Result<Bytes> encode_certificate_list(const std::vector<Certificate>& certificates);

// The same with one CRL (DER) and no certificate: GetCRL's content (RFC 8894 section 3.3.4).
Bytes encode_crl_list(ByteView crl);

}  // namespace ndes::scep
