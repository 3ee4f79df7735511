// The API's handlers; routes.cpp says which path leads to which. Each is called with a call whose
// caller, role and content type are right, and turns wire into domain and back; nothing else.
#pragma once

#include "crp-service/http/call.h"

namespace ndes::crp {

// service_handler.cpp
Answer tell_service_is_online(const Call& call);

// verify_handler.cpp, notify_handler.cpp, generate_challenge_handler.cpp
Answer verify_request(const Call& call);
Answer notify(const Call& call);
Answer generate_challenge(const Call& call);

// users_handler.cpp, devices_handler.cpp, policies_handler.cpp, templates_handler.cpp
Answer put_user(const Call& call);
Answer get_user(const Call& call);
Answer delete_user(const Call& call);
Answer list_users(const Call& call);
Answer put_device(const Call& call);
Answer get_device(const Call& call);
Answer delete_device(const Call& call);
Answer list_devices(const Call& call);
Answer put_policy(const Call& call);
Answer get_policy(const Call& call);
Answer delete_policy(const Call& call);
Answer list_policies(const Call& call);
Answer put_template(const Call& call);
Answer get_template(const Call& call);
Answer delete_template(const Call& call);
Answer list_templates(const Call& call);

// challenges_handler.cpp
Answer create_challenges(const Call& call);
Answer list_challenges(const Call& call);
Answer get_challenge(const Call& call);
Answer revoke_challenge(const Call& call);

// transactions_handler.cpp, certificates_handler.cpp, state_messages_handler.cpp,
// audit_handler.cpp
Answer list_transactions(const Call& call);
Answer get_transaction(const Call& call);
Answer list_certificates(const Call& call);
Answer get_certificate(const Call& call);
Answer revoke_certificate(const Call& call);
Answer list_state_messages(const Call& call);
// dead_letters_handler.cpp
Answer list_dead_letters(const Call& call);
Answer replay_state_messages(const Call& call);
Answer list_audit(const Call& call);
Answer list_audit_checkpoints(const Call& call);
Answer record_audit_verification(const Call& call);

// keys_handler.cpp, simulate_handler.cpp
Answer list_keys(const Call& call);
Answer simulate_request(const Call& call);
Answer explain_entitlement(const Call& call);
// status_handler.cpp, openapi_handler.cpp
Answer show_status(const Call& call);
Answer show_openapi_json(const Call& call);
Answer show_openapi_yaml(const Call& call);

}  // namespace ndes::crp
