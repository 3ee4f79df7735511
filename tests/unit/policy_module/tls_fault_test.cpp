// What the HTTP library and OpenSSL say, in the operator's words and the original's numbers.
#include "policy-module/crp_client/tls_fault.h"

#include <openssl/x509_vfy.h>

#include "tests/catch.h"

namespace {

using namespace ndes::policy;

}  // namespace

TEST_CASE("a refused server certificate decides, whatever the library says") {
    const auto [verify_error, number, flag,
                advice] = GENERATE(table<int, int, std::string, std::string>({
        {X509_V_ERR_CERT_HAS_EXPIRED, 12037, "CERT_DATE_INVALID", "clock"},
        {X509_V_ERR_CERT_NOT_YET_VALID, 12037, "CERT_DATE_INVALID", "clock"},
        {X509_V_ERR_HOSTNAME_MISMATCH, 12175, "CERT_CN_INVALID", "crp.urls"},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, 12175, "CERT_CN_INVALID", "crp.urls"},
        {X509_V_ERR_INVALID_PURPOSE, 12175, "CERT_WRONG_USAGE", "serverAuth"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 12175, "INVALID_CA", "crp.server_ca_file"},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 12175, "INVALID_CA", "crp.server_ca_file"},
    }));
    const Fault fault = fault_of_call("Failed to read HTTP status line", true, verify_error);
    CHECK(original_error_number(fault.kind) == number);
    CHECK(fault.callback_flag == "WINHTTP_CALLBACK_STATUS_FLAG_" + flag);
    CHECK(fault.advice.find(advice) != std::string::npos);
    CHECK_FALSE(is_retryable(fault.kind));
}

TEST_CASE("the library's texts tell the phases apart") {
    const auto [text, kind, number] = GENERATE(table<std::string, FaultKind, int>({
        {"Error resolving address", FaultKind::name_unknown, 12007},
        {"Failed to connect to any resolved endpoint", FaultKind::cannot_connect, 12029},
        {"Error in SSL handshake", FaultKind::secure_failure, 12175},
        {"Failed to read HTTP status line", FaultKind::invalid_response, 12152},
        {"Failed to write request body", FaultKind::invalid_response, 12152},
        {"something new", FaultKind::invalid_response, 12152},
    }));
    const Fault fault = fault_of_call(text, false, std::nullopt);
    CHECK(fault.kind == kind);
    CHECK(original_error_number(fault.kind) == number);
    CHECK_FALSE(fault.advice.empty());
    CHECK(fault_of_call(text, true, std::nullopt).kind == FaultKind::timeout);
}

TEST_CASE("our own dates are told under our thumbprint") {
    ClientIdentity identity;
    identity.thumbprint = "0123456789abcdef0123456789abcdef01234567";
    const Fault fault = fault_of_own_dates(identity);
    CHECK(fault.kind == FaultKind::certificate_date);
    CHECK(fault.not_sent == identity.thumbprint);
    CHECK(fault.final_for_now);
    CHECK(original_error_number(fault_of_deadline().kind) == 12002);
}
