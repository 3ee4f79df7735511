// /api/v1/policies: the MDM's policies.
#include "crp-service/enrollment/policy_check.h"
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_calls.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

const RecordKind<Policy> kPolicy{"policy",
                                 policy_from_json,
                                 to_json,
                                 &Store::find_policy,
                                 &Store::put_policy,
                                 &Store::delete_policy,
                                 &Store::list_policies,
                                 check_policy};

}  // namespace

Answer put_policy(const Call& call) { return put_record(call, kPolicy); }
Answer get_policy(const Call& call) { return get_record(call, kPolicy); }
Answer delete_policy(const Call& call) { return delete_record(call, kPolicy); }
Answer list_policies(const Call& call) { return list_records(call, kPolicy); }

}  // namespace ndes::crp
