// /api/v1/certificates: issued certificates, newest first; one of them; its revocation.
#include <algorithm>
#include <array>

#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

// RFC 5280 section 5.3.1, those that make sense for a device's certificate and are final.
constexpr std::array<std::string_view, 6> kRevocationReasons = {
    "unspecified", "keyCompromise",        "affiliationChanged",
    "superseded",  "cessationOfOperation", "privilegeWithdrawn"};

constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha1Digits = 40;
constexpr std::string_view kNamedBySha1 = "sha1:";  // see NamedCertificate

bool is_digest(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Another owner's certificate is answered as one that does not exist.
tl::expected<IssuedCertificate, Problem> find_own_certificate(const Call& call) {
    const std::string& digest = call.parameter;
    const bool is_named =
        digest.starts_with(kNamedBySha1) &&
        is_digest(std::string_view(digest).substr(kNamedBySha1.size()), kSha1Digits);
    if (!is_named && !is_digest(digest, kSha256Digits)) {
        return refuse(ProblemCode::id_malformed,
                      "the identifier must be the certificate's SHA-256: 64 lower-case "
                      "hexadecimal digits");
    }
    auto found = call.store.find_certificate(digest);
    if (!found) return refuse(found);
    if (!*found || !call.may_see((*found)->owner)) {
        return refuse(ProblemCode::record_unknown, "there is no such certificate");
    }
    return std::move(**found);
}

Result<std::string> read_reason(const Json& body) {
    JsonReader reader(body);
    std::string reason = reader.optional_text("reason", 32).value_or("unspecified");
    if (std::find(kRevocationReasons.begin(), kRevocationReasons.end(), reason) ==
        kRevocationReasons.end()) {
        reader.fault("reason",
                     "must be unspecified, keyCompromise, affiliationChanged, superseded, "
                     "cessationOfOperation or privilegeWithdrawn");
    }
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return reason;
}

Result<StateMessage> message_of(const Call& call, const IssuedCertificate& certificate,
                                const Revocation& revocation) {
    auto policy = call.store.find_policy(certificate.policy_id);
    if (!policy) return pass_on(policy);
    StateMessage message;
    message.id = make_uuid(call.clock, call.random);
    message.state = StateId::revoked;
    message.transaction_id = certificate.transaction_id;
    message.decision_id = certificate.decision_id;
    message.device_id = certificate.device_id;
    message.user_id = certificate.user_id;
    if (*policy) message.certificate_request_id = (*policy)->certificate_request_id;
    message.reason = revocation.reason;
    message.certificate_sha1 = certificate.sha1;
    message.certificate_serial = certificate.serial;
    message.created_at = revocation.now;
    message.owner = certificate.owner;
    return message;
}

}  // namespace

Answer list_certificates(const Call& call) {
    auto query = call.list_query({"deviceId", "expiringBefore"});
    if (!query) return tl::unexpected(std::move(query.error()));
    const auto before = query->time("expiringBefore");
    if (!before) return tl::unexpected(before.error());
    auto found = call.store.list_certificates(query->page, {query->text("deviceId"), *before});
    if (!found) return refuse(found);
    return page_response(call, *found, [](const IssuedCertificate& one) { return to_json(one); });
}

Answer get_certificate(const Call& call) {
    auto certificate = find_own_certificate(call);
    if (!certificate) return tl::unexpected(std::move(certificate.error()));
    return json_response(200, to_json(*certificate));
}

// The CRP's own word: its renewal rules refuse the certificate from then on, and the MDM is told.
// The CA's revocation list is the CA's business.
Answer revoke_certificate(const Call& call) {
    auto certificate = find_own_certificate(call);
    if (!certificate) return tl::unexpected(std::move(certificate.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto reason = read_reason(*body);
    if (!reason) return refuse(reason);
    Revocation revocation;
    revocation.certificate_sha256 = certificate->sha256;
    revocation.reason = std::move(*reason);
    revocation.now = call.clock.now();
    auto message = message_of(call, *certificate, revocation);
    if (!message) return refuse(message);
    revocation.messages.push_back(std::move(*message));
    revocation.audit = call.audit("revoke-certificate");
    revocation.audit.transaction_id = certificate->transaction_id;
    revocation.audit.facts = {{"certificate_sha256", certificate->sha256},
                              {"device_id", certificate->device_id},
                              {"revocation_reason", revocation.reason}};
    auto revoked = call.store.revoke_certificate(revocation);
    if (!revoked) return refuse(revoked);
    return get_certificate(call);  // also of a repeated call, with the first one's reason
}

}  // namespace ndes::crp
