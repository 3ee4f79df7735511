#include "scep-server/enroll/pending_record.h"

#include <utility>

#include "common/crp_protocol/certificate_contents_json.h"

namespace ndes::scep {
namespace {

SealContext csr_context(const RequestKey& key, std::string_view request_id) {
    return {key.transaction_id, request_id, "request"};
}

}  // namespace

Result<PendingRequest> make_pending(const EnrollmentRequest& request,
                                    const CertificateContents& contents, const PendingFacts& facts,
                                    const ChallengeSeal& seal) {
    auto sealed = seal.seal(as_text(request.csr.der), csr_context(request.key, facts.request_id));
    if (!sealed) return pass_on(sealed);
    PendingRequest pending;
    pending.key = request.key;
    pending.state = facts.state;
    pending.request_id = facts.request_id;
    pending.csr_sealed = std::move(*sealed);
    pending.signing_certificate = request.signer.der();
    pending.signer_spki = request.signer.spki_sha256();
    pending.contents_json = crp_protocol::to_json(contents);
    pending.decision_id = facts.decision_id;
    pending.template_name = request.template_name;
    pending.subject = contents.subject;
    pending.device_address = facts.device_address;
    pending.text = facts.text;
    pending.created_at = facts.created_at;
    pending.expires_at = facts.expires_at;
    return pending;
}

Result<EnrollmentRequest> restore_request(const PendingRequest& pending,
                                          const ChallengeSeal& seal) {
    auto opened = seal.open(pending.csr_sealed, csr_context(pending.key, pending.request_id));
    if (!opened) return pass_on(opened, "pending request");
    auto csr = parse_csr(opened->expose());
    if (!csr) return fail(ErrorCode::storage, "pending request: holds no PKCS#10 request");
    auto signer = Certificate::from_der(pending.signing_certificate);
    if (!signer) return fail(ErrorCode::storage, "pending request: holds no signing certificate");
    EnrollmentRequest request;
    request.names_key_usage = csr->key_usage.has_value();
    request.csr = std::move(*csr);
    request.signer = std::move(*signer);
    request.renewal = !pending.key.signing_sha256.empty();
    request.template_name = pending.template_name;
    request.key = pending.key;
    return request;
}

Result<CertificateContents> restore_contents(const PendingRequest& pending) {
    auto json = parse_json(pending.contents_json);
    if (!json) return fail(ErrorCode::storage, "pending request: its contents are no JSON");
    auto contents = crp_protocol::certificate_contents_from_json(*json, "contents.");
    if (!contents) return fail(ErrorCode::storage, "pending request: " + contents.error().text);
    return contents;
}

Result<PendingNotify> make_notify(const EnrollmentRequest& request, NotifyFacts facts,
                                  const ChallengeSeal& seal) {
    PendingNotify notify;
    notify.transaction_id = request.key.transaction_id;
    notify.request_id = std::move(facts.request_id);
    notify.disposition = facts.disposition;
    notify.last_result = facts.last_result;
    notify.certificate = std::move(facts.certificate);
    notify.profile = request.key.profile;
    if (request.renewal || !request.csr.challenge) return notify;
    auto sealed = seal.seal(*request.csr.challenge, {notify.transaction_id, notify.request_id});
    if (!sealed) return pass_on(sealed);
    notify.challenge_sealed = std::move(*sealed);
    return notify;
}

}  // namespace ndes::scep
