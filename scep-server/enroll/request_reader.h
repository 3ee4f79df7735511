// RequestReader: from a SCEP message whose outside has been verified to an enrolment request that
// may be put to the policy module. Checks go by cost: the message type before any private key is
// used, then envelope, PKCS#10, proof of possession, signer.
// Knows no journal, module or issuer. Pure functions over const material; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/csr.h"
#include "scep-server/config.h"
#include "scep-server/enroll/ndes_event.h"
#include "scep-server/journal/journal.h"
#include "scep-server/message/issuer_and_serial.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {

// A no that needs nobody else's opinion. The device is told `fail_info` alone.
struct Refused {
    FailInfo fail_info = FailInfo::bad_request;
    NdesEvent event;
    std::string text;    // for the operator
    std::string detail;  // likewise; may be empty
};

struct ReadRules {
    bool allow_renewal = true;
    TemplateConfig templates;
    std::vector<Certificate> ca_chain;  // the issuing CA first; it keeps its name and key
    bool require_password = true;       // EnforcePassword
    bool match_renewal_names = true;    // not DisableRenewalSubjectNameMatch
    std::string profile;                // of the SCEP URL; empty: the first
    int minimum_rsa_bits = 2048;        // of the key that a certificate is asked for
};

struct EnrollmentRequest {
    CertificateRequest csr;
    Certificate signer;            // of the message: the reply is encrypted to its key
    bool renewal = false;          // the signer is a certificate of ours and vouches for it
    int usage = 0xa0;              // 0x80 signature, 0x20 encryption, 0xa0 both or none named
    std::string template_name;     // by usage
    bool names_key_usage = false;  // false: event 39, both usages are assumed
    RequestKey key;
};

// RenewalReq goes on to decryption where renewal is allowed; what is no request at all read_signed
// has refused.
tl::expected<void, Refused> check_message_type(const SignedRequest& message,
                                               const ReadRules& rules);

// Why `signer` is no certificate that this CA has issued to a device and that is valid now;
// nothing if it is one. Whether it is revoked RevocationCheck tells.
std::optional<std::string> fault_of_device_certificate(const Certificate& signer,
                                                       const RaIdentity& ra, const ReadRules& rules,
                                                       WallTime now);

// Opens and reads what check_message_type let through. Whatever is wrong inside the envelope, from
// its padding to the PKCS#10 signature, is told as badMessageCheck: what differs could be used to
// decrypt a recorded request.
//
// The signer decides the kind (RFC 8894 section 2.3): a certificate that the issuing CA has signed
// and that is valid now makes it a renewal of the same names, also with message type 19; everyone
// else must have signed with the very key that the PKCS#10 asks a certificate for and must bring a
// challenge (unless EnforcePassword is 0).
tl::expected<EnrollmentRequest, Refused> read_request(const SignedRequest& message,
                                                      const RaIdentity& ra, const ReadRules& rules,
                                                      WallTime now);

// CertPoll (RFC 8894 section 3.3.3): the envelope must open; what it names does not count, since
// the transaction ID says which request is meant.
tl::expected<void, Refused> read_poll(const SignedRequest& message, const RaIdentity& ra);

// GetCert and GetCRL (section 3.3.4). Who signed is not judged here, but the reply must be
// possible: an EC key has no challenge that it could be encrypted under.
tl::expected<IssuerAndSerial, Refused> read_certificate_query(const SignedRequest& message,
                                                              const RaIdentity& ra);

}  // namespace ndes::scep
