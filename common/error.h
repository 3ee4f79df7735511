// Error: the one error type that travels through all programs, and Result<T>, which carries it.
// Knows nothing of HTTP, SQL, SCEP or the plug-in ABI; each edge has one file that translates.
// Value types; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace ndes {

// What kind of failure it was. Callers decide on the code, never on the text.
// Fixed for ever: values are never renumbered or reused.
enum class ErrorCode {
    bad_request = 1,    // the caller's input is wrong; repeating it unchanged cannot help
    not_found = 2,      // the thing named does not exist
    conflict = 3,       // contradicts what is recorded (idempotency, ETag, state)
    forbidden = 4,      // the caller is known, or unknown, and may not do this
    too_large = 5,      // over a stated limit
    unavailable = 6,    // the other side is away or busy; retry later
    timeout = 7,        // a deadline passed; retry later
    storage = 8,        // our own store failed; nothing was recorded
    configuration = 9,  // a setting is wrong; an operator has to act
    internal = 10,      // our own fault; no detail leaves the process
    precondition = 11,  // the record is not the one the caller means to change (If-Match)
};

std::string_view to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string text;    // safe to show to the caller; names the field or step
    std::string detail;  // for the operator's log only; never a secret
    std::optional<std::chrono::seconds> retry_after;

    // Returns this error with "context: " put before its text, for use while going up.
    Error within(std::string_view context) &&;

    // "text (detail)": for the operator's log.
    std::string with_detail() const { return detail.empty() ? text : text + " (" + detail + ")"; }
};

// True for failures that an unchanged repetition may overcome (unavailable, timeout, storage).
bool is_retryable(ErrorCode code);

// A value or an Error. Ignoring one does not compile.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
    Result(tl::expected<T, Error> base) : tl::expected<T, Error>(std::move(base)) {}
};

using Failure = tl::unexpected<Error>;

// Shorthand: `return fail(ErrorCode::not_found, "no such device");`
inline Failure fail(ErrorCode code, std::string text, std::string detail = {}) {
    return Failure(Error{code, std::move(text), std::move(detail), std::nullopt});
}

// Shorthand for the commonest: `return bad_request("subject is empty");`
inline Failure bad_request(std::string text) {
    return fail(ErrorCode::bad_request, std::move(text));
}

// Hands an error up unchanged: `if (!key) return pass_on(key);`
template <class T>
Failure pass_on(Result<T>& failed) {
    return Failure(std::move(failed.error()));
}

// Hands an error up with context: `return pass_on(key, "RA signing key");`
template <class T>
Failure pass_on(Result<T>& failed, std::string_view context) {
    return Failure(std::move(failed.error()).within(context));
}

}  // namespace ndes
