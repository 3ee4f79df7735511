// VerifyService: judges one VerifyRequest: retries first, then the phases, then the commit.
// Wire-neutral: every adapter (NDES module, later step-ca, Intune) comes in through here.
// Knows no HTTP or JSON. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/domain/decision.h"
#include "crp-service/store/store.h"
#include "crp-service/validation/phases.h"
#include "crp-service/validation/verify_observer.h"

namespace ndes::crp {

struct Context;
struct Findings;
struct Simulation;
class RequestLog;

// Who calls, as found by http/peer_identity.
struct Caller {
    std::string name;
    std::string address;
    std::uint16_t port = 0;
    std::string tls = {};                 // version and suite of the connection
    std::string spki_sha256 = {};         // of its certificate
    std::string certificate_serial = {};  // hex
};

struct VerifyInput {
    std::string transaction_id;
    std::string request_id;
    Bytes certificate_request;
    std::optional<Bytes> signing_certificate;
    std::string template_name;
    std::string ca_name;
    std::string device_address;
};

// What a caller tells of an issued certificate that it cannot send (Intune's notifications).
struct NamedCertificate {
    std::string sha1;         // 40 lower-case hexadecimal digits
    std::string serial;       // lower-case hexadecimal
    std::string issuer;       // as told
    std::string spki_sha256;  // of the request that it answers
    WallTime not_after{};
};

struct NotifyInput {
    std::string transaction_id;
    std::string request_id;
    std::int32_t disposition = -1;  // X509SCEPDisposition
    std::int32_t hresult = 0;
    std::optional<Bytes> certificate;
    // In place of `certificate`. It is recorded under "sha1:" and its SHA-1, so it renews nothing.
    std::optional<NamedCertificate> named_certificate = {};
    std::string error_text = {};  // what was told of a failure, for the audit; may be empty
};

// For `explain`: a device, its user (may be empty) and a policy.
struct EntitlementQuestion {
    std::string device_id;
    std::string user_id;
    std::string policy_id;
};

struct ValidationOptions {
    bool skip_template_check = false;  // SkipTemplateCheck
    bool skip_template_check_if_access_denied =
        false;                                  // SkipTemplateCheckOnlyIfAccountAccessDenied
    std::chrono::seconds clock_tolerance{300};  // for not-before only; expiry has none
    std::string crp_name;                       // the audience that sealed challenges must name
    // By owner: the templates that its challenges and renewals may be for; absent: all.
    std::map<std::string, std::vector<std::string>, std::less<>> templates_of = {};
    // For the audit: by which program and which settings it was decided.
    std::string software = {};
    std::string config_hash = {};
    bool seals_state_messages = false;  // the inbox signs and encrypts: the log tells as the
                                        // original does
};

class VerifyService {
  public:
    // All references outlive the service, `observer` as well; it may be null.
    VerifyService(Store& store, const ChallengeCodec& codec, const Clock& clock, Random& random,
                  Log& log, ValidationOptions options, VerifyObserver* observer = nullptr);

    // The verdict, already durable. An Error means the check could not be made (never a no).
    Result<Decision> verify(const VerifyInput& input, const Caller& caller);

    // Records an outcome. not_found: nothing verified under that transaction; conflict: contradicts
    // what is recorded or the certificate has another key than the request; bad_request.
    Result<void> notify(const NotifyInput& input, const Caller& caller);

    // What verify would answer now, rule by rule (simulation.h): the same rules over the same
    // facts, but nothing is recorded, spent or logged. `challenge`: stands for the request's own,
    // if not empty.
    Result<Simulation> simulate(const VerifyInput& input, std::string_view challenge) const;

    // Who may have a certificate of a policy, and what it would say (simulation.h).
    Result<Simulation> explain(const EntitlementQuestion& question) const;

  private:
    // A decision that stands already and is to be answered instead.
    using FindEarlier = std::function<Result<std::optional<Decision>>()>;

    Result<std::optional<Decision>> run_all_phases(Context& context, Findings& findings,
                                                   const FindEarlier& find_earlier,
                                                   RequestLog& log) const;
    Result<Decision> judge(Context& context, const Caller& caller, RequestLog& log);
    Result<std::optional<Decision>> find_same_call(const Context& context, const Caller& caller);
    Result<std::optional<Decision>> find_standing(Context& context, Findings& findings);
    Result<Decision> record(const Context& context, Findings& findings, const Caller& caller,
                            RequestLog& log);
    void tell_times(const Findings& findings) const;
    // Records a decision and tells the observer how long that took.
    Result<DecisionOutcome> write(const DecisionCommit& commit);
    Result<void> take_notice(const NotifyInput& input, const Caller& caller, RequestLog& log);

    Store& store_;
    const ChallengeCodec& codec_;
    const Clock& clock_;
    Random& random_;
    Log& log_;
    ValidationOptions options_;
    VerifyObserver* observer_;
};

}  // namespace ndes::crp
