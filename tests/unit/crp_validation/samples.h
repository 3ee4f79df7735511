// One device, user, policy and template that fit together, and requests made for them. Tests change
// one thing and see who notices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/crypto/certificate.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/domain/records.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes::test {

inline constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr const char* kSid = "S-1-5-21-1-2-3-1001";

crp::User sample_user();                // alice
crp::Device sample_device();            // phone-1
crp::Policy sample_policy();            // wifi: CN=UPN,O=Example; DNS = device name
crp::TemplateRecord sample_template();  // GeneralPurpose: everybody
crp::Challenge sample_challenge(WallTime now);

// What a client puts into its PKCS#10. The defaults fit the sample policy.
struct RequestParts {
    std::vector<std::pair<const char*, std::string>> subject{{"2.5.4.10", "Example"},
                                                             {"2.5.4.3", "alice@example.org"}};
    std::optional<std::string> challenge;
    std::vector<std::string> dns_names{"phone-1.example.org"};
    std::vector<std::string> upns;
    std::vector<std::string> uris;
    std::optional<Bytes> key_usage = Bytes{0x05, 0xA0};  // digitalSignature, keyEncipherment
    std::vector<const char*> extended_key_usage{kClientAuth};
    bool ca = false;
    const char* critical_extension = nullptr;
    std::string sid;
    std::string digest = "SHA256";
    Bytes spki;  // empty: of the signing key
};
Bytes make_request(EVP_PKEY* key, const RequestParts& parts);

// A certificate as the sample CA would have issued it: what the sample policy says, and what CAs
// add of their own.
struct CertificateParts {
    std::string subject = "CN=alice@example.org,O=Example";
    std::string dns_name = "phone-1.example.org";
    std::string uri = {};
    // As in openssl.cnf; "" leaves the extension out.
    std::string key_usage = "critical,digitalSignature,keyEncipherment";
    std::string extended_key_usage = "clientAuth";
    std::string basic_constraints = "critical,CA:FALSE";
    std::string sid = {};
    long serial = 77;
    WallTime not_before{};
    WallTime not_after{};
};
Certificate issue(EVP_PKEY* key, const CertificateParts& parts);

}  // namespace ndes::test
