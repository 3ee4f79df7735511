// Mutations: a good request of each kind with all its records, and one field of it changed.
// Every field of every record is listed by name, so that a new field does not compile until it has
// its line, and fails the test until it has its case. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crp-service/domain/records.h"
#include "crp-service/validation/simulation.h"
#include "tests/unit/crp_validation/world.h"

namespace ndes::test {

enum class RequestKind { minted, posted, renewal };

// What is put into the store and sent. Its defaults are verified, whatever the kind.
struct Scene {
    Scene();

    crp::User user;
    crp::Device device;
    crp::Policy policy;
    crp::TemplateRecord template_record;
    crp::Challenge challenge;  // the record; the challenge string claims what the good one says
    RequestParts request;
    crp::VerifyInput input;  // without CSR, challenge and signer, which are made from `request`
    std::size_t key = 0;     // the CSR's, of rsa_key()
};

// Judges the scene. A renewal's certificate was issued before the mutation.
crp::Decision judge(const std::function<void(Scene&)>& mutation, RequestKind kind);

// What `explain` says of the scene's device, user and policy.
crp::Simulation explain(const std::function<void(Scene&)>& mutation);

struct Mutation {
    const char* field;    // "user.groups"
    const char* how;      // "absent", "changed", "extra", "duplicated", …
    const char* initial;  // reason, or "Success" where the field has no say
    const char* renewal;  // the same for a renewal; null: as initial
    std::function<void(Scene&)> apply;
    const char* posted = nullptr;  // for a posted challenge, when it differs from a minted one
};

std::vector<Mutation> record_mutations();   // user, device, policy, template
std::vector<Mutation> request_mutations();  // challenge record, CSR, call

// Names of all fields: "user.id", …
std::vector<std::string> all_fields();

}  // namespace ndes::test
