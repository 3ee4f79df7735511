// How a request is put into the journal to wait, and taken out again; and the Notify that goes
// with every outcome. Knows no issuer and no policy. Pure functions over const material; any
// thread.
#pragma once

#include <string>

#include "common/certificate_contents.h"
#include "common/clock.h"
#include "common/error.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/journal/journal_entries.h"
#include "scep-server/journal/pending_requests.h"

namespace ndes::scep {

// What a pending request needs beside the request itself.
struct PendingFacts {
    PendingState state = PendingState::waiting;
    std::string request_id;
    std::string device_address;
    std::string decision_id;
    std::string text;
    WallTime created_at{};
    WallTime expires_at{};
};

// The request with its CSR sealed: it holds the challenge.
Result<PendingRequest> make_pending(const EnrollmentRequest& request,
                                    const CertificateContents& contents, const PendingFacts& facts,
                                    const ChallengeSeal& seal);

// The inverse. storage when the journal's key has changed, or the row was tampered with.
Result<EnrollmentRequest> restore_request(const PendingRequest& pending, const ChallengeSeal& seal);
Result<CertificateContents> restore_contents(const PendingRequest& pending);

struct NotifyFacts {
    std::string request_id;  // of the attempt that was verified
    std::int32_t disposition = -1;
    std::int32_t last_result = 0;
    Bytes certificate;  // with disposition success
};

// With the challenge sealed; without one for a renewal.
Result<PendingNotify> make_notify(const EnrollmentRequest& request, NotifyFacts facts,
                                  const ChallengeSeal& seal);

}  // namespace ndes::scep
