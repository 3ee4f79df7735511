#include "common/error.h"

#include "tests/catch.h"

TEST_CASE("an error gains context on its way up") {
    ndes::Result<int> failed = ndes::fail(ndes::ErrorCode::configuration, "cannot read ra.key");
    ndes::Result<int> above = ndes::pass_on(failed, "RA signing key");
    REQUIRE_FALSE(above.has_value());
    CHECK(above.error().text == "RA signing key: cannot read ra.key");
    CHECK(above.error().code == ndes::ErrorCode::configuration);
}

TEST_CASE("only failures that may pass by themselves are retryable") {
    CHECK(ndes::is_retryable(ndes::ErrorCode::unavailable));
    CHECK(ndes::is_retryable(ndes::ErrorCode::timeout));
    CHECK(ndes::is_retryable(ndes::ErrorCode::storage));
    CHECK_FALSE(ndes::is_retryable(ndes::ErrorCode::bad_request));
    CHECK_FALSE(ndes::is_retryable(ndes::ErrorCode::conflict));
}
