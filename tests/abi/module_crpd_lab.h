// ndes_policy_crp.so as ndesd loads it, told to ask real crpd processes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scep-server/policy_host/policy.h"
#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"
#include "tests/support/recording_log.h"

namespace ndes::test {

inline const std::string kModuleVerify = "/CMCertificateRegistration/Certificate/VerifyRequest";

// Where to ask, and as whom; the files are those that crpctl would be given.
struct ModuleSettings {
    std::vector<std::string> urls;
    std::string certificate;
    std::string key;
    std::string server_ca;
    std::string more;

    ModuleSettings(CrpdLab& lab, std::uint16_t port, const std::string& caller = "ndes",
                   const std::string& host = "localhost")
        : urls{url_of(port, host)}, server_ca(lab.ca().certificate_file()) {
        const auto options = lab.rest_options(caller);
        certificate = options.at(5);
        key = options.at(7);
    }
    static std::string url_of(std::uint16_t port, const std::string& host = "localhost") {
        return "https://" + host + ":" + std::to_string(port) + "/CMCertificateRegistration";
    }
};

class CrpdModule {
  public:
    CrpdModule(CrpdLab& lab, const ModuleSettings& settings) {
        const auto file = lab.path("module.toml");
        write_text_file(file, "[crp]\nurls = " + Json(settings.urls).dump() +
                                  "\ncertificate_file = \"" + settings.certificate +
                                  "\"\nkey_file = \"" + settings.key + "\"\nserver_ca_file = \"" +
                                  settings.server_ca + "\"\n" + settings.more);
        auto loaded =
            scep::load_policy_module({program("ndes_policy_crp.so"), file, "Lab CA"}, log);
        if (loaded)
            policy = std::move(*loaded);
        else
            refusal = loaded.error().text;
    }

    // The request of a body that CrpdLab made.
    Result<scep::PolicyAnswer> verify(const Json& body) {
        const Bytes csr = from_base64(body["certificateRequest"].get<std::string>()).value();
        const std::string transaction_id = body["transactionId"];
        const std::string request_id = body["requestId"];
        return policy->verify(
            {csr, {}, "Phones", transaction_id, request_id, "Lab CA", "198.51.100.7"});
    }
    // "0x80072f05" of a verb that could not be carried out; "" when it could.
    std::string hresult_of_verify(const Json& body) {
        const auto answer = verify(body);
        if (answer) return {};
        return answer.error().detail.substr(answer.error().detail.rfind(' ') + 1);
    }
    bool logged(const std::string& text) const { return log.all().find(text) != std::string::npos; }

    RecordingLog log;
    std::unique_ptr<scep::Policy> policy;  // null when it could not be loaded
    std::string refusal;
};

}  // namespace ndes::test
