// /api/v1/policies: the MDM's policies.
#include "crp-service/enrollment/policy_check.h"
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_calls.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

tl::expected<void, Problem> check_put(const Call& call, const Policy& policy) {
    if (auto sound = check_policy(policy); !sound) return refuse(sound);
    if (call.caller.may_use_template(policy.template_name)) return {};
    return refuse(ProblemCode::template_not_permitted,
                  "template: the caller may not use template \"" + policy.template_name + "\"");
}

const RecordKind<Policy> kPolicy{"policy",
                                 policy_from_json,
                                 to_json,
                                 &Store::find_policy,
                                 &Store::put_policy,
                                 &Store::delete_policy,
                                 &Store::list_policies,
                                 check_put};

}  // namespace

Answer put_policy(const Call& call) { return put_record(call, kPolicy); }
Answer get_policy(const Call& call) { return get_record(call, kPolicy); }
Answer delete_policy(const Call& call) { return delete_record(call, kPolicy); }
Answer list_policies(const Call& call) { return list_records(call, kPolicy); }

}  // namespace ndes::crp
