// Door: one way in which a request reaches the CRP, as the other product's messages make it:
// VerifyRequest and Notify, step-ca's webhooks, Intune's API. One thread.
#pragma once

#include <string>
#include <utility>

#include "tests/catch.h"
#include "tests/support/scep_client.h"
#include "tests/unit/adapters/adapter_lab.h"

namespace ndes::test {

struct Verdict {
    bool verified = false;
    std::string reason;
};

// One way in. Each call has a name of its own, so that none is taken for a repetition.
class Door {
  public:
    explicit Door(AdapterLab& lab) : lab_(lab) {}
    virtual ~Door() = default;
    virtual Verdict verify(const Bytes& csr, const std::string& challenge,
                           const std::string& transaction) = 0;
    // HTTP status.
    virtual int issued(const Bytes& csr, const Bytes& certificate,
                       const std::string& transaction) = 0;
    virtual int failed(const Bytes& csr, const std::string& transaction) = 0;
    virtual std::string caller() const = 0;

  protected:
    std::string next_id() { return "call-" + std::to_string(++calls_); }
    AdapterLab& lab_;

  private:
    int calls_ = 0;
};

inline constexpr std::int32_t kFailure = -2147467259;

class NdesDoor final : public Door {
  public:
    using Door::Door;
    Verdict verify(const Bytes& csr, const std::string&, const std::string& transaction) override {
        const Json answer = json_of(post("VerifyRequest", {{"transactionId", transaction},
                                                           {"requestId", next_id()},
                                                           {"certificateRequest", to_base64(csr)},
                                                           {"signingCertificate", nullptr},
                                                           {"template", "Phones"},
                                                           {"caName", ""},
                                                           {"deviceAddress", ""}}));
        return {answer.at("verified"), answer.at("reason")};
    }
    int issued(const Bytes&, const Bytes& certificate, const std::string& transaction) override {
        return notify(transaction, 0, 0, to_base64(certificate));
    }
    int failed(const Bytes&, const std::string& transaction) override {
        return notify(transaction, 2, kFailure, nullptr);
    }
    std::string caller() const override { return "ndes"; }

  private:
    http::Response post(const std::string& verb, const Json& body) {
        return lab_.call("ndes", "POST", "/CMCertificateRegistration/Certificate/" + verb,
                         body.dump());
    }
    // 200 for 204: the other doors answer with a body.
    int notify(const std::string& transaction, int disposition, std::int32_t hresult,
               const Json& certificate) {
        const int status = post("Notify", {{"transactionId", transaction},
                                           {"requestId", next_id()},
                                           {"challenge", nullptr},
                                           {"disposition", disposition},
                                           {"hResult", hresult},
                                           {"certificate", certificate}})
                               .status;
        return status == 204 ? 200 : status;
    }
};

class StepCaDoor final : public Door {
  public:
    using Door::Door;
    Verdict verify(const Bytes& csr, const std::string& challenge,
                   const std::string& transaction) override {
        Json body = lab_.step_ca_question(csr, challenge, transaction);
        body["timestamp"] = next_id();
        const Json answer = json_of(lab_.step_ca("scepchallenge", body.dump()));
        if (answer.at("allow").get<bool>()) return {true, "Success"};
        return {false, answer.at("error").at("code")};
    }
    int issued(const Bytes&, const Bytes& certificate, const std::string& transaction) override {
        Json body = lab_.step_ca_notice(transaction);
        body["timestamp"] = next_id();
        body["x509Certificate"] = {{"raw", to_base64(certificate)}};
        return lab_.step_ca("notifying", body.dump()).status;
    }
    int failed(const Bytes&, const std::string& transaction) override {
        Json body = lab_.step_ca_notice(transaction);
        body["timestamp"] = next_id();
        return lab_.step_ca("notifying", body.dump()).status;
    }
    std::string caller() const override { return "step_ca-caller"; }
};

class IntuneDoor final : public Door {
  public:
    using Door::Door;
    Verdict verify(const Bytes& csr, const std::string&, const std::string& transaction) override {
        const Json answer = json_of(lab_.intune(
            "validateRequest", AdapterLab::intune_question(csr, transaction), next_id()));
        if (answer.at("code") == "Success") return {true, "Success"};
        // "REASON: detail"; the code is the same word or Unknown.
        const std::string text = answer.at("errorDescription");
        std::string reason = text.substr(0, text.find(':'));
        CHECK((answer.at("code") == reason || answer.at("code") == "Unknown"));
        return {false, std::move(reason)};
    }
    int issued(const Bytes& csr, const Bytes& certificate,
               const std::string& transaction) override {
        return lab_
            .intune("successNotification", lab_.intune_success(csr, certificate, transaction),
                    next_id())
            .status;
    }
    int failed(const Bytes& csr, const std::string& transaction) override {
        return lab_
            .intune("failureNotification",
                    {{"notification",
                      {{"transactionId", transaction},
                       {"certificateRequest", to_base64(csr)},
                       {"hResult", kFailure},
                       {"errorDescription", ""},
                       {"callerInfo", ""}}}},
                    next_id())
            .status;
    }
    std::string caller() const override { return "intune-caller"; }
};

}  // namespace ndes::test
