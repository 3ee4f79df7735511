// What every store backend must do, as one suite (store_*_contract.cpp) that runs once per backend.
// A backend takes part by one line in store_backends.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crp-service/store/store.h"
#include "tests/catch.h"

namespace ndes::test {

// A fresh, empty store of one backend.
class StoreFixture {
  public:
    virtual ~StoreFixture() = default;
    virtual crp::Store& store() = 0;
    // Closes and opens again; a backend that forgets keeps its store.
    virtual void reopen() = 0;
};

struct StoreBackend {
    std::string name;
    std::function<std::unique_ptr<StoreFixture>()> make;
};

const std::vector<StoreBackend>& store_backends();

// Samples. `number` makes identifiers differ; everything else is the same in all of them.
WallTime noon();                                   // when everything happens
std::string hex_id(unsigned number);               // 32 digits
crp::Challenge sample_challenge(unsigned number);  // issued, expires an hour after noon
crp::Decision sample_yes(unsigned number, const crp::Challenge& challenge);
crp::Decision sample_no(unsigned number, const crp::Challenge& challenge);
crp::StateMessage sample_message(unsigned number, const crp::Decision& decision);
crp::IssuedCertificate sample_certificate(unsigned number, const crp::Decision& decision);
crp::AuditRecord sample_audit(const std::string& event);

// A decision with one message and its audit record.
crp::DecisionCommit commit_of(const crp::Decision& decision, unsigned number,
                              bool counts_as_refusal = false);
crp::NotifyCommit issued(const crp::Decision& decision, const crp::IssuedCertificate& certificate,
                         unsigned number);
crp::NotifyCommit not_issued(const crp::Decision& decision, crp::TransactionState outcome,
                             unsigned number);

// The following require success.
void post(crp::Store& store, const crp::Challenge& challenge);
crp::DecisionOutcome decide(crp::Store& store, const crp::DecisionCommit& commit);
crp::ChallengeState state_of(crp::Store& store, const crp::Challenge& challenge);
std::int64_t audit_length(crp::Store& store);  // and the chain is whole

}  // namespace ndes::test

// One case of the suite: `fixture` is a fresh store of each backend in turn.
#define STORE_CONTRACT(case_name)                                                \
    static void case_name(ndes::test::StoreFixture& fixture);                    \
    TEST_CASE("store contract: " #case_name) {                                   \
        const auto backend = GENERATE(from_range(ndes::test::store_backends())); \
        INFO("backend " << backend.name);                                        \
        const auto made = backend.make();                                        \
        case_name(*made);                                                        \
    }                                                                            \
    static void case_name(ndes::test::StoreFixture& fixture)
