#include "policy-module/crp_client/tls_fault.h"

#include <openssl/x509_vfy.h>

namespace ndes::policy {
namespace {

constexpr const char* kSlow = "Look whether crpd is overloaded or a firewall drops packets.";

Fault fault_of_server_certificate(int verify_error) {
    Fault fault;
    fault.kind = FaultKind::secure_failure;
    fault.text = std::string("the CRP's certificate is refused: ") +
                 ::X509_verify_cert_error_string(verify_error);
    switch (verify_error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            fault.kind = FaultKind::certificate_date;
            fault.advice = "Renew the CRP's certificate, or set this machine's clock right.";
            fault.callback_flag = "WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID";
            break;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            fault.advice =
                "Write a name in crp.urls that is in the subjectAltName of the CRP's certificate.";
            fault.callback_flag = "WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID";
            break;
        case X509_V_ERR_INVALID_PURPOSE:
            fault.advice = "Have the CRP's certificate issued for serverAuth.";
            fault.callback_flag = "WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE";
            break;
        default:
            fault.advice =
                "Put the issuer of the CRP's certificate into crp.server_ca_file; no other trust "
                "store is used.";
            fault.callback_flag = "WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA";
    }
    return fault;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

Fault fault_of_call(const std::string& text, bool timed_out, std::optional<int> verify_error) {
    if (verify_error) return fault_of_server_certificate(*verify_error);
    if (timed_out) return {FaultKind::timeout, "no answer in time (" + text + ")", kSlow};
    // The library's error numbers mix several categories; only its texts tell the phases apart.
    if (has(text, "SSL handshake"))
        return {FaultKind::secure_failure, "the TLS handshake failed",
                "Look whether this address speaks TLS 1.2 or later; the CRP's log says whether it "
                "refused us."};
    if (has(text, "resolving"))
        return {FaultKind::name_unknown, text,
                "Look whether the name in crp.urls is right and this machine can resolve it."};
    if (has(text, "connect"))
        return {FaultKind::cannot_connect, text,
                "Look whether crpd runs and address and port in crp.urls are right."};
    // TLS 1.3 servers tell a refused client certificate after the handshake.
    return {FaultKind::invalid_response, "the connection broke off (" + text + ")",
            "If this happens on every call, the CRP, or something before it, may be refusing our "
            "client certificate: see its log."};
}

Fault fault_of_own_dates(const ClientIdentity& identity) {
    Fault fault{FaultKind::certificate_date,
                "our client certificate is valid from " + to_rfc3339(identity.not_before) + " to " +
                    to_rfc3339(identity.not_after),
                "Renew the certificate in " + identity.file.string() +
                    "; it is read again within seconds."};
    fault.not_sent = identity.thumbprint;
    fault.final_for_now = true;
    return fault;
}

Fault fault_of_deadline() {
    return {FaultKind::timeout, "no answer within the time allowed", kSlow};
}

}  // namespace ndes::policy
