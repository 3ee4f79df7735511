// Conditional requests (RFC 9110 section 13): from If-Match and If-None-Match to the premise that
// the store holds a write to. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "common/http_server/http_message.h"
#include "crp-service/http/problem.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// "\"17\"": strong, since a revision never comes again.
std::string etag_of(const std::string& revision);

// True if the request names a condition at all.
bool is_conditional(const http::Request& request);

// The premise of a write to a record that has `revision` now (nothing: there is none): that it is
// still so when it is written. precondition_failed if a condition does not hold now, bad_request
// if one cannot be read.
tl::expected<Precondition, Problem> premise_of(const http::Request& request,
                                               const std::optional<std::string>& revision);

// A read of `revision`: true if the caller has it already (answer 304).
tl::expected<bool, Problem> is_not_modified(const http::Request& request,
                                            const std::string& revision);

}  // namespace ndes::crp
