// Problem: what the API answers instead of a result (RFC 9457, application/problem+json).
// The one place where an Error becomes an HTTP status. A verdict of "no" is not a problem: it is a
// result. Constant data and value types; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "common/error.h"
#include "common/http_server/http_message.h"

namespace ndes::crp {

enum class ProblemCode {
    // 400
    bad_request,
    request_malformed,
    id_malformed,
    query_malformed,
    // 401, 403
    credentials_missing,
    credentials_invalid,
    token_expired,
    signature_missing,
    signature_invalid,
    client_certificate_missing,
    client_certificate_invalid,
    client_certificate_expired,
    client_certificate_not_yet_valid,
    client_certificate_self_signed,
    client_certificate_untrusted,
    client_certificate_usage,
    client_certificate_revoked,
    client_crl_expired,
    client_crl_missing,
    caller_unknown,
    caller_not_in_force,
    role_not_permitted,
    generation_not_permitted,
    template_not_permitted,
    record_of_another,
    service_online,
    forbidden,
    // 404, 405, 406, 408, 409, 412, 413, 414, 415, 417, 422, 431
    path_unknown,
    record_unknown,
    method_not_allowed,
    not_acceptable,
    request_timeout,
    conflict,
    challenge_in_use,
    precondition_failed,
    too_large,
    target_too_long,
    content_type_unsupported,
    expectation_failed,
    device_unknown,
    user_unknown,
    policy_unknown,
    policy_not_assigned,
    template_mismatch,
    idempotency_key_reused,
    header_too_large,
    // 500, 501, 503, 505: the call could not be carried out; says nothing about a device
    internal_fault,
    configuration_fault,
    not_implemented,
    unavailable,
    timeout,
    storage_failed,
    clock_set_back,
    version_unsupported,
};

// One row of the table behind the API's `reason` words, which are never reused.
struct ProblemKind {
    ProblemCode code;
    std::string_view reason;  // "ClientCertificateMissing"
    int status;
    std::string_view title;  // the same for every occurrence
    std::string_view hint;   // what the caller can do
    bool retryable;          // repeating the call unchanged may help
};
std::span<const ProblemKind> all_problems();
const ProblemKind& kind_of(ProblemCode code);

struct Problem {
    ProblemCode code = ProblemCode::internal_fault;
    std::string detail;           // shown to the caller: names the field or step
    std::string operator_detail;  // for our log only
    std::optional<std::chrono::seconds> retry_after;
    std::string allow;  // 405: the methods that are allowed
    // Of a token endpoint: the word of RFC 6749 section 5.2 that stands beside `reason`.
    std::string_view oauth_error = {};

    Problem(ProblemCode problem_code, std::string text)
        : code(problem_code), detail(std::move(text)) {}
    // By the error's code; text of internal and configuration errors stays inside.
    Problem(Error error);  // NOLINT: every error is a problem
};

// `instance` identifies this occurrence and stands in our log, too.
http::Response to_response(const Problem& problem, std::string_view instance);

// What the transport says with this status to a request that it cannot take.
Problem transport_problem(int status);

// What a handler returns.
using Answer = tl::expected<http::Response, Problem>;
tl::unexpected<Problem> refuse(ProblemCode code, std::string text);
template <class T>
tl::unexpected<Problem> refuse(Result<T>& failed) {
    return tl::unexpected<Problem>(Problem(std::move(failed.error())));
}

}  // namespace ndes::crp
