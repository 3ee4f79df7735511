#include "crp-service/http/challenge_fault.h"

namespace ndes::crp {

namespace {

ProblemCode problem_for(ChallengeFault::Kind kind) {
    using Kind = ChallengeFault::Kind;
    switch (kind) {
        case Kind::device_unknown: return ProblemCode::device_unknown;
        case Kind::user_unknown: return ProblemCode::user_unknown;
        case Kind::policy_unknown: return ProblemCode::policy_unknown;
        case Kind::policy_not_assigned: return ProblemCode::policy_not_assigned;
        case Kind::template_mismatch: return ProblemCode::template_mismatch;
        case Kind::template_not_permitted: return ProblemCode::template_not_permitted;
        case Kind::challenge_in_use: return ProblemCode::challenge_in_use;
        case Kind::idempotency_key_reused: return ProblemCode::idempotency_key_reused;
        case Kind::failed: break;
    }
    return ProblemCode::internal_fault;
}

}  // namespace

tl::unexpected<Problem> refuse(ChallengeFault fault) {
    if (fault.kind == ChallengeFault::Kind::failed) {
        return tl::unexpected<Problem>(Problem(std::move(fault.error)));
    }
    return refuse(problem_for(fault.kind), std::move(fault.error.text));
}

}  // namespace ndes::crp
