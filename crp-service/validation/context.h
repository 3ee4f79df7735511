// Context: all facts about one request that rules judge. Filled by facts.cpp, read by rules.
// Rules never read a clock, the store or a key themselves, so each can be tested with plain values.
// One thread; dies with the request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/certificate_contents.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/csr.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/domain/records.h"
#include "crp-service/validation/expected_contents.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {

struct Context {
    // Both references outlive the context.
    Context(const VerifyInput& request, const ValidationOptions& validation, WallTime time)
        : input(request), options(validation), now(time) {}

    const VerifyInput& input;
    std::string_view challenge_instead;  // simulation: stands for the CSR's own; else empty
    const ValidationOptions& options;
    WallTime now;

    // ---- known once the request is read (phase 1)
    std::string csr_sha256;                 // of the octets as received, also of unreadable ones
    std::string signing_sha256;             // renewal; else empty
    std::optional<CertificateRequest> csr;  // absent: unreadable, csr_fault says why
    std::string csr_fault;
    std::optional<Certificate> signer;  // renewal; absent: unreadable
    std::string signer_fault;
    std::optional<OpenedChallenge> opened;  // initial requests whose CSR carries a challenge

    // ---- known before phase 2: for whom, from claims, record or renewed certificate; else empty
    std::string device_id;
    std::string user_id;
    std::string policy_id;
    std::string owner;  // of the challenge or renewed certificate, as soon as it is known; "": none

    // ---- from the store (posted: `challenge` before phase 2; all else before phase 3)
    std::optional<Challenge> challenge;
    bool is_first_seen = false;  // sealed: `challenge` was made of its claims, not yet on record
    std::optional<WallTime> last_restore;      // of the store; looked for if is_first_seen
    std::optional<IssuedCertificate> renewed;  // record of the signing certificate
    std::optional<TemplateRecord> template_record;
    std::optional<Device> device;
    std::optional<User> user;
    std::optional<Policy> policy;
    std::optional<KeyHolder> key_of_other_device;
    // What the certificate shall say; present once device and policy are.
    std::optional<ExpectedContents> expected;

    bool is_renewal() const { return input.signing_certificate.has_value(); }
};

}  // namespace ndes::crp
