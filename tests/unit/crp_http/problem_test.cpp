// From Error to answer, and the table of problems.
#include "crp-service/http/problem.h"

#include <set>

#include "common/strict_json.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

Error error(ErrorCode code) { return {code, "the text", "the detail", std::nullopt}; }

Json body_of(const http::Response& response) { return parse_json(response.body).value(); }

}  // namespace

TEST_CASE("each error code has its status") {
    const auto [code, status] = GENERATE(table<ErrorCode, int>({
        {ErrorCode::bad_request, 400},
        {ErrorCode::not_found, 404},
        {ErrorCode::conflict, 409},
        {ErrorCode::precondition, 412},
        {ErrorCode::forbidden, 403},
        {ErrorCode::too_large, 413},
        {ErrorCode::unavailable, 503},
        {ErrorCode::timeout, 503},
        {ErrorCode::storage, 503},
        {ErrorCode::configuration, 500},
        {ErrorCode::internal, 500},
    }));
    INFO(to_string(code));
    const http::Response response = to_response(Problem(error(code)), "urn:uuid:1");
    CHECK(response.status == status);
    CHECK(body_of(response)["status"] == status);
    CHECK(body_of(response)["retryable"] == is_retryable(code));
}

TEST_CASE("the caller's mistakes are explained, our own failures are not") {
    CHECK(Problem(error(ErrorCode::bad_request)).detail == "the text");
    for (ErrorCode code : {ErrorCode::internal, ErrorCode::storage, ErrorCode::configuration}) {
        const Problem problem(error(code));
        CHECK(problem.detail.find("the text") == std::string::npos);
        CHECK(problem.operator_detail == "the text: the detail");
    }
}

TEST_CASE("a problem is answered with all members of the contract") {
    Problem problem(ProblemCode::method_not_allowed, "the path has GET");
    problem.allow = "GET";
    const http::Response response = to_response(problem, "urn:uuid:42");
    CHECK(response.content_type == "application/problem+json");
    const Json expected = {{"type", "urn:ndes-crp:problem:MethodNotAllowed"},
                           {"title", "The path does not have this method"},
                           {"status", 405},
                           {"detail", "the path has GET"},
                           {"instance", "urn:uuid:42"},
                           {"reason", "MethodNotAllowed"},
                           {"hint", "Use a method of the Allow header."},
                           {"retryable", false}};
    CHECK(body_of(response) == expected);
    REQUIRE(response.headers.size() == 1);
    CHECK(response.headers[0] == std::pair<std::string, std::string>("Allow", "GET"));
}

TEST_CASE("what may be repeated says when") {
    Error busy = error(ErrorCode::unavailable);
    busy.retry_after = std::chrono::seconds(17);
    const http::Response told = to_response(Problem(busy), "");
    REQUIRE(told.headers.size() == 1);
    CHECK(told.headers[0] == std::pair<std::string, std::string>("Retry-After", "17"));
    const http::Response untold = to_response(Problem(error(ErrorCode::storage)), "");
    REQUIRE(untold.headers.size() == 1);
    CHECK(untold.headers[0].second == "5");
}

TEST_CASE("no reason is used twice, and each has title and hint") {
    std::set<std::string_view> reasons;
    for (const ProblemKind& kind : all_problems()) {
        INFO(kind.reason);
        CHECK(reasons.insert(kind.reason).second);
        CHECK_FALSE(kind.title.empty());
        CHECK_FALSE(kind.hint.empty());
        CHECK(kind.retryable == (kind.status == 503));
    }
}

TEST_CASE("hostile text in a detail cannot break the answer") {
    const http::Response response =
        to_response(Problem(ProblemCode::bad_request, "a\"b\x01\xff}"), "");
    CHECK(body_of(response)["reason"] == "BadRequest");
}
