// Enrollment: the answer to one PKIOperation: reads the message, lets identical concurrent requests
// share one issuance, and puts the outcome into a CertRep (RFC 8894 section 3.3.2). The one place
// that turns outcomes into pkiStatus and failInfo.
// Knows no HTTP. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "scep-server/enroll/attempt.h"
#include "scep-server/enroll/certificate_access.h"
#include "scep-server/enroll/enroll_observer.h"
#include "scep-server/enroll/issuance.h"
#include "scep-server/enroll/outcome.h"
#include "scep-server/enroll/ra_material.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/enroll/single_flight.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {

struct EnrollmentAnswer {
    enum class Kind {
        cert_rep,     // `message` goes to the device, whatever it says
        malformed,    // not even a reply could be addressed
        unavailable,  // repeat after `retry_after`
    };
    Kind kind = Kind::malformed;
    Bytes message;
    std::chrono::seconds retry_after{0};
    std::string transaction_id;  // empty if unknown
    std::string request_id;
};

// Since start; for health.
struct EnrollmentCounters {
    std::uint64_t issued = 0;  // answered with a certificate, anew or again
    std::uint64_t refused = 0;
    std::uint64_t pending = 0;
    std::uint64_t unavailable = 0;
    std::uint64_t malformed = 0;
};

struct EnrollmentRules {
    AlgorithmPolicy algorithms;
    ReadRules reading;
    std::string fail_info_text;                  // with every FAILURE; empty: none
    std::chrono::milliseconds patience{20'000};  // for an identical request that is at work
};

class Enrollment {
  public:
    // The references outlive the Enrollment.
    Enrollment(EnrollmentRules rules, const CurrentRa& ra, const Issuance& issuance,
               const CertificateAccess& access, Log& log, const Clock& clock, Random& random,
               EnrollObserver& observer = no_observer());

    // `message`: DER or BER of the CMS message. `device_address`: numeric.
    EnrollmentAnswer answer(ByteView message, std::string_view device_address);

    EnrollmentCounters counters() const;

  private:
    EnrollmentAnswer answer_read(ByteView message, std::string_view device_address,
                                 std::string_view& message_name);
    Outcome decide(const SignedRequest& message, const RaIdentity& ra, const Attempt& attempt);
    Outcome enrol(const SignedRequest& message, const RaIdentity& ra, const Attempt& attempt);
    Outcome poll(const SignedRequest& message, const RaIdentity& ra, const Attempt& attempt);
    Outcome look_up(const SignedRequest& message, const RaIdentity& ra, const Attempt& attempt);
    Outcome share(const RequestKey& key, const std::function<Outcome()>& work,
                  const Attempt& attempt);
    EnrollmentAnswer refuse_unread(const Refusal& refusal, const RaIdentity& ra, Attempt& attempt);
    EnrollmentAnswer reply(const Outcome& outcome, const SignedRequest& message,
                           const RaIdentity& ra, const Attempt& attempt);
    EnrollmentAnswer reply_with_contents(const Outcome& outcome, const SignedRequest& message,
                                         const ReplyContext& context, const RaIdentity& ra,
                                         const Attempt& attempt);
    EnrollmentAnswer finish(Result<Bytes> cert_rep, const Attempt& attempt,
                            NdesEvent event = kFailToSign);
    EnrollmentAnswer unavailable(std::chrono::seconds retry_after, const Attempt& attempt);

    EnrollmentRules rules_;
    const CurrentRa& ra_;
    const Issuance& issuance_;
    const CertificateAccess& access_;
    Log& log_;
    const Clock& clock_;
    Random& random_;
    EnrollObserver& observer_;
    SingleFlight<RequestKey, Outcome> flights_;
    std::atomic<std::uint64_t> issued_{0}, refused_{0}, pending_{0}, unavailable_{0}, malformed_{0};
};

}  // namespace ndes::scep
