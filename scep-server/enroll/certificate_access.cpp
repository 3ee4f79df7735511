#include "scep-server/enroll/certificate_access.h"

#include <algorithm>

#include "scep-server/enroll/policy_refusal.h"
#include "scep-server/policy_host/module_answer.h"

namespace ndes::scep {
namespace {

Outcome refused(const Attempt& attempt, FailInfo info) {
    Outcome outcome;
    outcome.kind = OutcomeKind::refused;
    outcome.fail_info = info;
    outcome.request_id = attempt.request_id();
    return outcome;
}

Outcome found(const Attempt& attempt) {
    Outcome outcome;
    outcome.kind = OutcomeKind::issued;
    outcome.request_id = attempt.request_id();
    return outcome;
}

// The text goes into the log; the device learns no difference between absent and not its own.
Outcome refuse_certificate(const CertificateQuery& query, const Attempt& attempt,
                           std::string cause) {
    attempt.note(Severity::warning, kFailToGetCertificate, "refused: GetCert",
                 {{"cause", std::move(cause)}, {"serial", query.wanted.serial}});
    return refused(attempt, FailInfo::bad_cert_id);
}

}  // namespace

bool CertificateAccess::names_this_ca(const CertificateQuery& query, const Attempt& attempt) const {
    const auto ca = issuer_.ca_chain().front().subject();
    if (ca && ca->same_names(query.wanted.issuer)) return true;
    attempt.note(Severity::warning, kNoMatch, "refused: the issuer named is not this CA",
                 {{"issuer", query.wanted.issuer.to_text()}, {"serial", query.wanted.serial}});
    return false;
}

Result<void> CertificateAccess::check_device(const CertificateQuery& query) const {
    if (!query.by_device) return fail(ErrorCode::forbidden, "the signer is no device of this CA");
    auto reason = revocation_.reason_of(query.signer);
    if (!reason) return pass_on(reason);
    if (!*reason) return {};
    return fail(ErrorCode::forbidden,
                "the signing certificate is revoked: " + std::string(to_string(**reason)));
}

Outcome CertificateAccess::get_certificate(const CertificateQuery& query,
                                           const Attempt& attempt) const {
    if (!names_this_ca(query, attempt)) return refused(attempt, FailInfo::bad_cert_id);
    auto entry = journal_.find_serial(profile_, query.wanted.serial);
    if (!entry) {
        attempt.note(
            Severity::error, kFailToGetCertificate, "the journal cannot be read",
            {{"cause", entry.error().text}, {"error_code", hex_of(result_of(entry.error().code))}});
        return {};
    }
    if (!*entry) return refuse_certificate(query, attempt, "no certificate has this serial number");
    Outcome outcome = found(attempt);
    for (const Bytes& der : (*entry)->certificates)
        if (auto certificate = Certificate::from_der(der))
            outcome.certificates.push_back(std::move(*certificate));
    if (outcome.certificates.empty())
        return refuse_certificate(query, attempt, "the journal holds no certificate");
    const bool own_key = outcome.certificates.front().spki_sha256() == query.signer.spki_sha256();
    if (!own_key) {
        if (const auto device = check_device(query); !device) {
            Outcome refusal = refuse_certificate(
                query, attempt, "the certificate is not the signer's, and " + device.error().text);
            return is_retryable(device.error().code) ? Outcome{} : refusal;
        }
    }
    attempt.note(Severity::info, kNoEvent, "answered GetCert", {{"serial", query.wanted.serial}});
    return outcome;
}

Outcome CertificateAccess::get_crl(const CertificateQuery& query, const Attempt& attempt) const {
    if (!names_this_ca(query, attempt)) return refused(attempt, FailInfo::bad_cert_id);
    const auto device = check_device(query);
    auto crl = device ? issuer_.crl() : Result<Bytes>(Failure(device.error()));
    if (crl) {
        attempt.note(Severity::info, kNoEvent, "answered GetCRL");
        Outcome outcome = found(attempt);
        outcome.crl = std::move(*crl);
        return outcome;
    }
    const Error& error = crl.error();
    attempt.note(Severity::warning, kGetCrlFailed, "refused: GetCRL",
                 {{"cause", error.text},
                  {"detail", error.detail},
                  {"error_code", hex_of(result_of(error.code))},
                  {"key_id", issuer_.ca_chain().front().serial()},
                  {"ca", issuer_.name()}});
    return is_retryable(error.code) ? Outcome{} : refused(attempt, FailInfo::bad_request);
}

}  // namespace ndes::scep
