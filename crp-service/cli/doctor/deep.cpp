// DR-39: one enrolment of a device of our own, from challenge to state message, through the public
// URL; then everything is revoked and removed. What the audit keeps of it stays.
#include <ctime>
#include <functional>

#include "common/http_server/url.h"
#include "common/random.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/scep_exchange.h"
#include "crp-service/cli/doctor/site.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr int kSteps = 9;
constexpr std::chrono::seconds kPatience{10};  // for Notify and the state message

// What the steps hand on.
class TestEnrolment {
  public:
    explicit TestEnrolment(Site& site)
        : site_(site), id_("crpctl-doctor-" + to_hex(system_random().bytes(6))) {}

    Result<void> make_records();
    Result<void> order_challenge();
    Result<void> simulate();
    Result<void> get_ca();
    Result<void> enrol();
    Result<void> check_certificate();
    Result<void> see_notify();
    Result<void> see_state_message();
    Result<void> revoke();
    // What could not be taken away again; empty: nothing is left.
    std::string clean_up();
    const std::string& note() const { return note_; }  // what was left out

  private:
    Result<void> make_policy(const std::string& name);
    Result<void> wait_for(const std::function<Result<bool>()>& condition, const char* what);

    Site& site_;
    std::string id_;  // of device and policy
    std::string challenge_;
    std::string challenge_id_;
    EvpPkeyPtr key_;
    Bytes request_;
    std::vector<Certificate> ca_;
    std::optional<ScepExchange> exchange_;
    std::optional<Certificate> issued_;
    bool device_made_ = false;
    bool policy_made_ = false;
    std::string note_;
};

std::string template_of(Site& site) {
    const auto& server = site.ndesd();
    return server ? server->profiles.front().mscep.templates.general_purpose
                  : std::string("GeneralPurpose");
}

Result<void> TestEnrolment::make_records() {
    auto made = site_.crp_call("PUT", item_path("/api/v1/devices", id_),
                               {{"deviceType", "test"}, {"name", id_}});
    if (!made) return pass_on(made);
    device_made_ = true;
    return make_policy(template_of(site_));
}

Result<void> TestEnrolment::make_policy(const std::string& name) {
    auto made = site_.crp_call("PUT", item_path("/api/v1/policies", id_),
                               {{"certificateRequestId", "ModelName=" + id_ + ";Version=1;Hash=1"},
                                {"template", name},
                                {"subjectFormat", "CN={{DeviceName}}"},
                                {"keyUsage", {"digitalSignature", "keyEncipherment"}},
                                {"extendedKeyUsage", {"1.3.6.1.5.5.7.3.2"}},
                                {"validityDays", 1},
                                {"assignments", {{"devices", {id_}}}}});
    if (!made) return pass_on(made);
    policy_made_ = true;
    return {};
}

Result<void> TestEnrolment::order_challenge() {
    auto made = site_.crp_call("POST", "/api/v1/challenges",
                               {{"deviceId", id_}, {"policyId", id_}, {"ttlSeconds", 300}});
    if (!made) return pass_on(made);
    challenge_ = made->value("challenge", "");
    challenge_id_ = made->value("challengeId", "");
    auto key = make_device_key();
    if (!key) return pass_on(key);
    key_ = std::move(*key);
    auto request = make_request(key_.get(), "CN=" + id_, challenge_);
    if (!request) return pass_on(request);
    request_ = std::move(*request);
    return {};
}

// The good request passes, one with another name does not; neither spends the challenge.
Result<void> TestEnrolment::simulate() {
    const auto ask = [&](ByteView csr) {
        return site_.crp_call(
            "POST", "/api/v1/simulate",
            {{"certificateRequest", to_base64(csr)}, {"template", template_of(site_)}});
    };
    auto good = ask(request_);
    if (!good) return pass_on(good);
    if (!good->value("verified", false))
        return ndes::fail(ErrorCode::forbidden,
                          "crpd would refuse it: " + good->value("reason", "") + ": " +
                              cell_text(good->value("detail", Json())));
    auto wrong = make_request(key_.get(), "CN=somebody-else", challenge_);
    if (!wrong) return pass_on(wrong);
    auto answer = ask(*wrong);
    if (!answer) return pass_on(answer);
    if (answer->value("verified", true))
        return ndes::fail(ErrorCode::internal,
                          "crpd would accept another subject than the policy's");
    return {};
}

Result<void> TestEnrolment::get_ca() {
    auto answer = probe(site_.public_order("operation=GetCACert"));
    if (!answer) return pass_on(answer);
    if (answer->status != 200)
        return ndes::fail(ErrorCode::unavailable,
                          "GetCACert is answered by " + std::to_string(answer->status));
    auto certificates = read_ca_certificates(as_bytes(answer->body));
    if (!certificates) return pass_on(certificates);
    ca_ = std::move(*certificates);
    return {};
}

Result<void> TestEnrolment::enrol() {
    auto recipient = encryption_certificate(ca_);
    if (!recipient) return pass_on(recipient);
    auto exchange = ScepExchange::begin(key_.get(), "CN=" + id_, request_, *recipient);
    if (!exchange) return pass_on(exchange);
    exchange_ = std::move(*exchange);
    auto order = site_.public_order("operation=PKIOperation", "POST");
    order.body = as_text(exchange_->message());
    order.deadline = std::chrono::seconds(30);
    auto answer = probe(order);
    if (!answer) return pass_on(answer);
    if (answer->status != 200)
        return ndes::fail(ErrorCode::unavailable,
                          "PKIOperation is answered by " + std::to_string(answer->status));
    auto reply = exchange_->read(as_bytes(answer->body), ca_);
    if (!reply) return pass_on(reply);
    if (reply->status == "3")
        return ndes::fail(ErrorCode::unavailable, "the request waits: crpctl pending approve");
    if (!reply->certificate)
        return ndes::fail(ErrorCode::forbidden, "CertRep FAILURE, failInfo " + reply->fail_info +
                                                    "; crpctl tx trace " +
                                                    exchange_->transaction_id());
    issued_ = reply->certificate;
    return {};
}

Result<void> TestEnrolment::check_certificate() {
    if (issued_->subject_text() != "CN=" + id_)
        return ndes::fail(ErrorCode::internal,
                          "the certificate says " + issued_->subject_text() + ", not CN=" + id_);
    for (const Certificate& one : ca_)
        if (issued_->is_issued_by(one)) return {};
    return ndes::fail(ErrorCode::internal, "no CA of GetCACert issued the certificate");
}

Result<void> TestEnrolment::wait_for(const std::function<Result<bool>()>& condition,
                                     const char* what) {
    const SteadyTime end = site_.clock().steady_now() + kPatience;
    for (;;) {
        auto met = condition();
        if (!met) return pass_on(met);
        if (*met) return {};
        if (site_.clock().steady_now() >= end)
            return ndes::fail(ErrorCode::timeout, std::string(what) + " within 10 s");
        constexpr timespec kPause{0, 100'000'000};
        ::nanosleep(&kPause, nullptr);
    }
}

Result<void> TestEnrolment::see_notify() {
    const std::string path = item_path("/api/v1/transactions", exchange_->transaction_id());
    return wait_for(
        [&]() -> Result<bool> {
            auto transaction = site_.crp_call("GET", path, Json());
            if (!transaction) return pass_on(transaction);
            return transaction->value("state", "") == "issued";
        },
        "crpd was not told of the certificate (crpctl notify list)");
}

// Oldest first is how they are told: a long list is not walked to its end.
Result<void> TestEnrolment::see_state_message() {
    return wait_for(
        [&]() -> Result<bool> {
            constexpr int kMostPages = 20;
            std::string after;
            for (int i = 0; i < kMostPages; ++i) {
                auto page =
                    site_.crp_call("GET", "/api/v1/state-messages?limit=1000" + after, Json());
                if (!page) return pass_on(page);
                for (const Json& item : page->value("items", Json::array()))
                    if (item.value("transactionId", "") == exchange_->transaction_id()) return true;
                const auto next = page->find("next");
                if (next == page->end() || !next->is_string()) return false;
                after = "&after=" + http::percent_encode(next->get<std::string>());
            }
            note_ = "; ours was not looked for among more than 20000 state messages";
            return true;
        },
        "crpd made no state message");
}

// At crpd; and at ndesd's own CA, where that keeps a CRL and its listener is known.
Result<void> TestEnrolment::revoke() {
    auto revoked =
        site_.crp_call("POST", item_path("/api/v1/certificates", issued_->sha256()) + "/revoke",
                       {{"reason", "cessationOfOperation"}});
    if (!revoked) return pass_on(revoked);
    RestTarget admin = site_.options().admin;
    admin.program = &kNdesdAdmin;
    if (!complete(admin)) {
        note_ += "; not revoked at the CA, for want of --admin-url";
        return {};
    }
    auto at_ca =
        call_rest(admin, "POST", item_path("/api/v1/issued", issued_->serial()) + "/revoke",
                  Json({{"reason", "cessationOfOperation"}}).dump());
    if (at_ca) return {};
    if (at_ca.error().code != ErrorCode::conflict) return pass_on(at_ca);
    note_ += "; not revoked at the CA, which makes no CRL (issuer.crl_lifetime)";
    return {};
}

std::string TestEnrolment::clean_up() {
    std::string left;
    const auto remove = [&](const std::string& path) {
        auto gone = site_.crp_call("DELETE", path, Json());
        if (!gone) left += (left.empty() ? "" : "; ") + path + ": " + gone.error().text;
    };
    if (!issued_ && !challenge_id_.empty()) remove(item_path("/api/v1/challenges", challenge_id_));
    if (policy_made_) remove(item_path("/api/v1/policies", id_));
    if (device_made_) remove(item_path("/api/v1/devices", id_));
    return left;
}

struct Step {
    const char* name;
    Hop hop;
    Result<void> (TestEnrolment::*act)();
};
constexpr Step kAll[kSteps] = {
    {"records of a test device", Hop::crp, &TestEnrolment::make_records},
    {"challenge", Hop::mdm, &TestEnrolment::order_challenge},
    {"dry run of the three phases", Hop::crp, &TestEnrolment::simulate},
    {"GetCACert", Hop::proxy, &TestEnrolment::get_ca},
    {"PKIOperation", Hop::ndesd, &TestEnrolment::enrol},
    {"certificate", Hop::ca, &TestEnrolment::check_certificate},
    {"Notify", Hop::module, &TestEnrolment::see_notify},
    {"state message", Hop::mdm, &TestEnrolment::see_state_message},
    {"revocation", Hop::ca, &TestEnrolment::revoke},
};

}  // namespace

Finding check_enrolment(Site& site) {
    if (!site.options().deep) return Finding::skipped("it enrols a test device: with --deep only");
    if (site.public_url().empty())
        return Finding::skipped("the URL that devices have is not known: --public-url");
    TestEnrolment test(site);
    Finding finding;
    std::string times;
    for (int i = 0; i < kSteps; ++i) {
        const Step& step = kAll[i];
        const SteadyTime begun = site.clock().steady_now();
        const Result<void> done = (test.*step.act)();
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            site.clock().steady_now() - begun);
        if (!done) {
            finding.fail("End-to-end enrolment failed at step " + std::to_string(i + 1) + " of " +
                             std::to_string(kSteps) + " (" + step.name + ", " +
                             std::string(to_string(step.hop)) + "): " + done.error().text +
                             (times.empty() ? "" : ". Before it:" + times),
                         "Devices fail there as well.",
                         "crpctl doctor --hop " + std::string(to_string(step.hop)));
            break;
        }
        times += " " + std::string(step.name) + " (" + std::string(to_string(step.hop)) + ") " +
                 std::to_string(took.count()) + " ms" + (i + 1 < kSteps ? "," : "");
    }
    if (const std::string left = test.clean_up(); !left.empty())
        finding.warn("The test device could not be removed: " + left,
                     "It stays on record; it can get no certificate without a challenge.",
                     "crpctl device list; crpctl device delete ID");
    finding.found("enrolled, told, revoked:" + times + test.note());
    return finding;
}

}  // namespace ndes::crp::cli::doctor
