// AdapterLab: the API with every adapter switched on and one caller for each; sends what the other
// products send.
#pragma once

#include <string>

#include "tests/unit/crp_http/api_lab.h"

namespace ndes::test {

inline constexpr const char* kWebhookId = "5f6a2b1c-scep";
inline constexpr const char* kClientId = "a81bc81b-ca-client";
inline constexpr const char* kClientSecret = "correct horse+battery&staple";
inline constexpr const char* kMdmUser = "jamf";
inline constexpr const char* kMdmPassword = "pass:word-of-an-mdm";

class AdapterLab : public ApiLab {
  public:
    AdapterLab();

    // The parts with all callers and adapters, not yet in force.
    std::shared_ptr<crp::LiveParts> adapter_parts();
    // A peer that presents no client certificate.
    static http::Peer bare_peer();

    // Records of an admin, which every MDM may use: alice, her devices SN0001 and SN0002, wifi.
    void make_shared_records();

    // A CSR of the device's key, or of `key`.
    Bytes request(const std::string& challenge, const std::string& subject = "CN=alice@example.org",
                  EVP_PKEY* key = nullptr);
    // A certificate of the device's key.
    Bytes certificate();

    // Signed as step-ca signs, and sent to /step-ca/PATH.
    http::Response step_ca(const std::string& path, const std::string& body);
    Json step_ca_question(const Bytes& csr, const std::string& challenge,
                          const std::string& transaction_id) const;
    Json step_ca_notice(const std::string& transaction_id) const;
    static std::string step_ca_signature(const std::string& body);

    http::Response ask_token(const std::string& client_id, const std::string& secret);
    std::string token();
    // `headers` beside Authorization, api-version and client-request-id.
    http::Response intune(const std::string& action, const Json& body,
                          const std::string& request_id);
    static Json intune_question(const Bytes& csr, const std::string& transaction_id);
    Json intune_success(const Bytes& csr, const Bytes& certificate,
                        const std::string& transaction_id) const;

    http::Response mdm_webhook(const std::string& policy_id, const Json& body,
                               const std::string& password = kMdmPassword);
};

}  // namespace ndes::test
