// /api/v1/users: the MDM's users.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_calls.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

const RecordKind<User> kUser{
    "user",           user_from_json,      to_json,           &Store::find_user,
    &Store::put_user, &Store::delete_user, &Store::list_users};

}  // namespace

Answer put_user(const Call& call) { return put_record(call, kUser); }
Answer get_user(const Call& call) { return get_record(call, kUser); }
Answer delete_user(const Call& call) { return delete_record(call, kUser); }
Answer list_users(const Call& call) { return list_records(call, kUser); }

}  // namespace ndes::crp
