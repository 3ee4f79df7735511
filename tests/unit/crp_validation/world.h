// A CRP in one object: sample records in a memory store, a codec, a clock to set, a log to read.
#pragma once

#include <memory>
#include <string>

#include "crp-service/validation/verify_service.h"
#include "tests/unit/crp_validation/fakes.h"
#include "tests/unit/crp_validation/samples.h"
#include "tests/unit/crp_validation/watched_store.h"

namespace ndes::test {

struct World {
    explicit World(crp::ValidationOptions options = {}, crp::SealedReader sealed = {});

    // Records a challenge for the sample device and policy; returns the challenge string.
    std::string mint(crp::Challenge challenge = {});
    std::string post(const std::string& password);

    // An initial request with the sample key and this challenge. `change` before it is made.
    crp::VerifyInput request(const std::string& challenge, RequestParts parts = {},
                             std::size_t key = 0);
    // The same as a renewal signed by `signer`; keeps the key.
    crp::VerifyInput renewal(const Certificate& signer, RequestParts parts = {},
                             std::size_t key = 0);
    crp::NotifyInput issued(const crp::VerifyInput& input, const Certificate& certificate);
    crp::NotifyInput outcome(const crp::VerifyInput& input, std::int32_t disposition,
                             std::int32_t hresult);

    // Enrols through Verify and Notify; the certificate is valid for 100 days from now.
    Certificate enrol(crp::Challenge challenge = {}, RequestParts parts = {});

    crp::Decision verify(const crp::VerifyInput& input);  // REQUIREs that it could be made
    crp::Challenge challenge(const std::string& id);
    std::vector<crp::StateMessage> messages();
    std::vector<crp::AuditRecord> audit();
    std::vector<int> states();  // state IDs in order

    FakeClock clock;
    SeededRandom random;
    KeepingLog log;
    WatchedStore store;
    crp::ChallengeCodec codec;
    crp::VerifyService service;
    crp::Caller caller{"ndes-1", "192.0.2.7"};
    int counter = 0;
};

}  // namespace ndes::test
